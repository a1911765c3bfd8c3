"""Bad input, one journey each: one clear line, stored or refused, counted, and its neighbour is told."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from alerting import commands
from alerting.errors import ProfileError
from alerting.feeds.formats import FORMATS


TOITURE = ("7", "Réfection de la toiture de l'école")
OTHER = ("8", "Couverture en ardoise du lavoir")
ANN = """<?xml version="1.0" encoding="UTF-8"?><ann><DONNEES><MAPA><organisme><nomOfficiel>Ville de Kerlann</nomOfficiel>
</organisme><initial><description><objet>Réfection de la couverture</objet></description></initial></MAPA></DONNEES>
<GESTION><REFERENCE><IDWEB>26-70001</IDWEB></REFERENCE></GESTION></ann>"""
BOMB = (
    "<!DOCTYPE ann [<!ENTITY a0 'toiture'>"
    + "".join(f"<!ENTITY a{level} '{f'&a{level - 1};' * 10}'>" for level in range(1, 10))
    + "]><ann>&a9;</ann>"
)
ROOFERS = ["bureau@legoff.example", "yann@legoff.example"]


@pytest.fixture
def run(subscribed, authority, add_feed, rss, mails):
    """How to run every step over a bad page beside a good feed; returns its report, rejects and mails."""

    def run_beside(body: bytes | str = b"", *, status: int = 200, media: str = "text/xml"):
        authority.publish("/avis", rss(TOITURE))
        if "/bad" not in authority.pages:
            authority.publish("/bad", body, status=status, media=media)
        add_feed(subscribed, authority, feed_id="bad", path="/bad")
        report = commands.run_all(parts=subscribed)
        rejected = [
            (row["feed_id"], row["stage"], row["where"], row["problem"], row["seen_count"])
            for row in commands.list_rejects(parts=subscribed)
        ]
        return report, rejected, mails(subscribed.settings.maildir)

    return run_beside


def assert_neighbour_is_told(found) -> None:
    """The good feed's notice, and nothing else, is in the mailbox of each of the roofer's recipients."""
    assert [recipient for recipient, _, _ in found] == ROOFERS
    assert all(TOITURE[1] in text and OTHER[1] not in text for _, _, text in found)


def assert_refused_at_load(report) -> None:
    """The bad document was kept, then refused whole."""
    assert report["fetch"] == {"feeds": 2, "unchanged": 0, "failed": 0, "documents": 2, "waiting": 2}
    assert {name: report["load"][name] for name in ("documents", "notices", "rejects", "refused")} == {
        "documents": 2, "notices": 1, "rejects": 1, "refused": 1,
    }  # fmt: skip


def assert_refused_at_fetch(report) -> None:
    """Nothing of the bad answer was kept; the feed counts as failed."""
    assert report["fetch"] == {"feeds": 2, "unchanged": 0, "failed": 1, "documents": 1, "waiting": 1}
    assert (report["load"]["documents"], report["load"]["rejects"]) == (1, 0)


@pytest.mark.parametrize(
    ("body", "media", "where", "problem"),
    [
        pytest.param(
            ANN[:200],
            "text/xml",
            "line 2",
            "not XML (expected '>', line 2, column 88)",
            id="half XML",
        ),
        pytest.param(
            ANN.encode("windows-1252"),
            "text/xml",
            "line 2",
            "not XML (Invalid bytes in character encoding, line 2, column 43)",
            id="wrong encoding",
        ),
        pytest.param(
            "<!DOCTYPE html><html><body><h1>Maintenance en cours</h1></body></html>",
            "text/html",
            "line 1",
            "an HTML page instead of a feed",
            id="an HTML error page with status 200",
        ),
        pytest.param(
            BOMB, "text/xml", "document type", "defines entities; expected none", id="an entity bomb"
        ),
        pytest.param(
            '<?xml version="1.0"?><annuaire><mairie/></annuaire>',
            "text/xml",
            "top level",
            "unknown format (got 'annuaire'); expected " + ", ".join(FORMATS),
            id="an unknown format",
        ),
        pytest.param(
            b"%PDF-1.7 avis",
            "application/pdf",
            "document",
            "a PDF document; expected a feed in XML or JSON",
            id="a PDF",
        ),
        pytest.param(
            "Avis du 3 mars",
            "text/plain",
            "document",
            "plain text; expected a feed in XML or JSON",
            id="no XML at all",
        ),
    ],
)
def test_a_document_that_cannot_be_read_is_one_reject_and_its_neighbour_is_told(
    run, body, media, where, problem
):
    """
    The document is kept as received, and one line says where and why nothing could be read of it.
    """
    report, rejected, found = run(body, media=media)

    assert rejected == [("bad", "load", where, problem, 1)]
    assert_refused_at_load(report)
    assert_neighbour_is_told(found)


def test_half_a_feed_is_told_up_to_where_it_breaks_off(run, rss):
    """
    The entry with half a title is rejected by its number; the whole one before it is told.
    """
    whole = rss(("9", "Toiture de la salle"), OTHER)

    report, rejected, found = run(whole[: whole.index(OTHER[1]) + 9])

    assert rejected == [("bad", "load", "entry 2", "cut short with its document; expected a whole entry", 1)]
    assert (report["load"]["notices"], report["load"]["rejects"], report["load"]["refused"]) == (2, 1, 0)
    assert [recipient for recipient, _, _ in found] == ROOFERS
    assert all("Toiture de la salle" in text and TOITURE[1] in text for _, _, text in found)


def test_an_entity_bomb_in_a_feed_is_refused_before_it_unfolds(run):
    """
    RSS is read by another parser than XML formats: it refuses them as well.
    """
    bomb = BOMB.replace("<ann>", "<rss version='2.0'><channel><item><title>").replace(
        "</ann>", "</title></item></channel></rss>"
    )

    report, rejected, found = run(bomb)

    assert rejected == [("bad", "load", "document type", "defines entities; expected none", 1)]
    assert_refused_at_load(report)
    assert_neighbour_is_told(found)


def test_202_without_a_body_is_a_failure_and_the_feed_is_read_when_it_is_back(
    run, subscribed, authority, clock, rss, mails
):
    """
    It is never taken for "no notices": the feed is due again, and then its notice is told.
    """
    report, rejected, found = run(b"", status=202)

    problem = "status 202 without a body: a challenge, not a feed; expected 200"
    assert rejected == [("bad", "fetch", authority.url + "/bad", problem, 1)]
    assert_refused_at_fetch(report)
    assert_neighbour_is_told(found)

    authority.publish("/bad", rss(OTHER))
    clock.go_on(minutes=10)
    again = commands.run_all(parts=subscribed)

    assert again["fetch"] == {"feeds": 2, "unchanged": 1, "failed": 0, "documents": 1, "waiting": 1}
    assert sum(OTHER[1] in text for _, _, text in mails(subscribed.settings.maildir)) == 2


def test_a_body_over_50_mb_is_refused_and_nothing_of_it_kept(run, authority):
    """
    The limit is the flow's own, 50 000 000 bytes; the archive holds the neighbour alone.
    """
    report, rejected, found = run(b"x" * 50_000_001)

    problem = "a body of more than 50000000 bytes; expected less"
    assert rejected == [("bad", "fetch", authority.url + "/bad", problem, 1)]
    assert_refused_at_fetch(report)
    assert_neighbour_is_told(found)


@pytest.fixture
def packed_server():
    """A server that sends 60 MB of blanks in 60 kB."""
    packed = gzip.compress(b" " * 60_000_000)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)

        def log_message(self, *arguments: object) -> None:
            del arguments

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/bad"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_small_answer_that_unpacks_to_more_than_50_mb_is_refused(
    subscribed, authority, packed_server, rss, mails
):
    """
    Bytes are counted unpacked.
    """
    authority.publish("/avis", rss(TOITURE))
    commands.add_feed("bad", authority="Kerlann", url=packed_server, is_local=True, parts=subscribed)

    report = commands.run_all(parts=subscribed)

    [row] = commands.list_rejects(parts=subscribed)
    assert (row["where"], row["problem"]) == (
        packed_server,
        "a body of more than 50000000 bytes; expected less",
    )
    assert_refused_at_fetch(report)
    assert_neighbour_is_told(mails(subscribed.settings.maildir))


def test_a_profile_that_matches_everything_is_refused_and_nothing_of_its_file_stored(
    subscribed, authority, rss, mails, tmp_path
):
    """
    The line says firm, profile and what is missing; firms that were here before are told as ever.
    """
    file = tmp_path / "greedy.toml"
    file.write_text(
        """
        [[firm]]
        id = "honest"
        name = "Zinguerie Honnête"
        recipients = [{ email = "paul@honest.example" }]
        [[firm.profile]]
        id = "zinc"
        name = "Zinc"
        words = ["toiture"]
        cadence = "immediate"
        [[firm]]
        id = "greedy"
        name = "Tous Travaux"
        recipients = [{ email = "tout@greedy.example" }]
        [[firm.profile]]
        id = "all"
        name = "Tout"
        departements = ["35"]
        cadence = "immediate"
        """
    )
    authority.publish("/avis", rss(TOITURE))

    with pytest.raises(ProfileError) as caught:
        commands.import_firms(str(file), parts=subscribed)
    report = commands.run_all(parts=subscribed)

    assert str(caught.value) == (
        "firm 'greedy', profile 'all': matches everything; expected at least one of trades, cpv, words, buyers"
    )
    assert [firm["firm_id"] for firm in commands.list_firms(parts=subscribed)] == ["le-goff", "morvan"]
    assert report["deliver"]["sent"] == 2
    assert_neighbour_is_told(mails(subscribed.settings.maildir))


def test_the_same_bad_document_again_is_neither_kept_nor_parsed_nor_counted_twice(run, clock):
    """
    What was refused once is "unchanged" while the server sends the same.
    """
    run("<annuaire/>")
    clock.go_on(minutes=10)

    report, rejected, found = run()

    assert report["fetch"] == {"feeds": 2, "unchanged": 2, "failed": 0, "documents": 0, "waiting": 0}
    assert (report["load"]["documents"], len(rejected), rejected[0][-1]) == (0, 1, 1)
    assert_neighbour_is_told(found)
