"""Notices and their procedures: found by the ladder, proven later, and put right by hand."""

from __future__ import annotations

import json
import re
import threading

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from alerting import commands
from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import NoticeKind, RawLot, RawNotice, RawTime
from alerting.errors import UnknownIdError
from alerting.pipeline.compose import COMPOSE_LOCK
from alerting.pipeline.load import load_documents
from alerting.store.database import lock
from alerting.store.tables import digests


KEY = "7f0c2a4e-5b1d-4c39-9a66-0d1e2f3a4b5c"
ROOF = "Réfection de la toiture de l'école"


def ann(
    number: str,
    *,
    title: str = ROOF,
    folder: str | None = None,
    refers: str | None = None,
    also: str | None = None,
    deadline: str = "2026-04-02T12:00:00",
    reference: str | None = None,
    published: str = "2026-03-01",
) -> str:
    """Return a BOAMP document: a call, or a correction of the notices it refers to."""
    nature = "APPEL_OFFRE" if refers is None else "RECTIFICATIF"
    earlier = "".join(
        f"<ANNONCE_ANTERIEUR><IDWEB>{each}</IDWEB></ANNONCE_ANTERIEUR>" for each in (refers, also) if each
    )
    form = "rectificatif" if refers else "initial"
    prose = "<infosRectif>La date limite de réception des offres est reportée au 22 avril 2026 à 12h00.</infosRectif>"
    own = "<codeIdentificationNational>17590003400026</codeIdentificationNational>" if reference else ""
    known = (
        f"<communication><identifiantInterne>{reference}</identifiantInterne></communication>"
        if reference
        else ""
    )
    body = (
        f"<MAPA><organisme><acheteurPublic>Ville de Kerlann</acheteurPublic>{own}</organisme><{form}><description><objet>"
        f"{title}</objet></description>{prose if refers else ''}{known}<delais>"
        f"{'' if refers else f'<receptionOffres>{deadline}</receptionOffres>'}</delais></{form}></MAPA>"
    )
    if folder is not None:
        body = (
            f"<EFORMS><ContractNotice><ID>{number}</ID><ContractFolderID>{folder}</ContractFolderID>"
            "<NoticeTypeCode listName='competition'>cn-standard</NoticeTypeCode><NoticeLanguageCode>FRA</NoticeLanguageCode>"
            f"<ProcurementProject><Name languageID='FRA'>{title}</Name></ProcurementProject></ContractNotice></EFORMS>"
        )
    return (
        f"<ann><DONNEES>{body}</DONNEES><GESTION><REFERENCE><IDWEB>{number}</IDWEB><TYPE_AVIS><NATURE><{nature}/>"
        f"</NATURE><STATUT><{'RECTIFICATIF' if refers else 'INITIAL'}/></STATUT></TYPE_AVIS>{earlier}</REFERENCE>"
        f"<INDEXATION><DATE_PUBLICATION>{published}</DATE_PUBLICATION></INDEXATION></GESTION></ann>"
    )


def without_result(call: str) -> str:
    """Return the document that says that nothing came of a call."""
    ended = call.replace("<APPEL_OFFRE/>", "<ATTRIBUTION/>").replace("initial>", "attribution>")
    result = "<attribution><resultat><sansSuite/></resultat></attribution>"
    return re.sub("<delais>.*</delais>", result, ended)


@pytest.fixture
def publish(subscribed, authority, add_feed, clock):
    """How to publish one document as a feed of its own, and let everything run."""

    def run(name: str, document: str) -> dict[str, dict[str, int]]:
        add_feed(subscribed, authority, feed_id=name, path=f"/{name}")
        authority.publish(f"/{name}", document)
        clock.go_on(minutes=10)
        return commands.run_all(parts=subscribed)

    return run


def shown(parts, name: str) -> list[tuple[int, str, str]]:
    """Return procedure, source id and step of every notice of a procedure."""
    return [
        (row["procedure_id"], row["source_id"], row["step"])
        for row in commands.show_notices(name, parts=parts)
    ]


def changes_told(parts) -> list[tuple[str, str | None, str | None]]:
    """Return the changes in the digests of the roofers, the oldest first."""
    with parts.database.begin() as connection:
        rows = connection.execute(select(digests.c.content).order_by(digests.c.digest_id)).scalars()
        return [
            (change["field"], change["before"], change["after"])
            for content in rows
            for entry in content["items"]
            for change in entry["changes"]
        ]


def told(parts) -> list[tuple[str, int]]:
    """Return what the roofers were told, of which procedure, the oldest first."""
    rows = [row for row in commands.list_tellings(parts=parts) if row["profile_id"] == "toits"]
    return [(row["kind"], row["procedure_id"]) for row in reversed(rows)]


def test_a_correction_that_comes_first_waits_for_its_notice(subscribed, publish):
    """
    The call joins it, and is told with the deadline as corrected.
    """
    publish("correction", ann("26-70002", refers="26-70001"))
    publish("call", ann("26-70001"))

    assert shown(subscribed, "26-70001") == [
        (1, "26-70001", "reference given by the notice"),
        (1, "26-70002", "first notice"),
    ]
    (procedure,) = commands.why("le-goff", "26-70001", parts=subscribed)
    assert (procedure["state"], [row["kind"] for row in procedure["told"]]) == ("open", ["new"])


BROKEN = [
    pytest.param("UPDATE procedures SET view = view - 'kind' WHERE title LIKE 'Vitres%'", "TypeError", id="its view"),
    pytest.param("UPDATE notices SET kind = 'offer' WHERE title LIKE 'Vitres%'", "ValueError", id="its notice"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "raised"), BROKEN)
def test_a_procedure_that_cannot_be_read_keeps_no_notice_of_its_buyer_and_day_out(
    subscribed, publish, broken, raised
):
    """
    The copy of the other one's call joins that; what cannot be read is a reject, and the log says it once.
    """
    publish("call", ann("26-70001"))
    publish("glass", ann("26-70002", title="Vitres du gymnase"))
    with subscribed.database.begin() as connection:
        connection.execute(text(broken))

    with capture_logs() as logs:
        loaded = publish("copy", ann("2026-11111"))["load"]

    assert shown(subscribed, "26-70001") == [
        (1, "26-70001", "first notice"),
        (1, "2026-11111", "buyer, day and title"),
    ]
    assert (loaded["notices"], loaded["rejects"], loaded["refused"]) == (1, 1, 0)
    (line,) = [line for line in logs if line["event"] == "procedure_refused"]
    assert (line["log_level"], line["stage"], line["procedure_id"]) == ("error", "load", 2)
    (reject,) = commands.list_rejects(feed_id="glass", parts=subscribed)
    assert (reject["where"], reject["stage"]) == ("procedure 2", "load")
    assert reject["problem"].startswith(f"a bug of ours ({raised}: ")


@pytest.mark.parametrize(("broken", "raised"), BROKEN)
def test_a_copy_of_what_cannot_be_read_stands_alone(subscribed, publish, broken, raised):
    """
    Nobody can be told of what cannot be read: refused with it, its copy told nobody, and its reject named only the copy.
    """
    publish("glass", ann("26-70002", title="Vitres du gymnase"))
    with subscribed.database.begin() as connection:
        connection.execute(text(broken))

    loaded = publish("copy", ann("2026-11111", title="Vitres du gymnase"))["load"]

    assert shown(subscribed, "2026-11111") == [(2, "2026-11111", "first notice")]
    assert (loaded["notices"], loaded["rejects"], loaded["refused"]) == (1, 1, 0)
    (reject,) = [row for row in commands.list_rejects(parts=subscribed) if row["stage"] == "load"]
    assert (reject["feed_id"], reject["where"]) == ("glass", "procedure 1")
    assert reject["problem"].startswith(f"a bug of ours ({raised}: ")


def test_a_notice_that_cannot_be_read_keeps_none_of_its_number_out(subscribed, publish):
    """
    Any buyer in France may count "2026-T04"; and a copy under the number of what cannot be read stands alone.
    """
    publish("call", ann("26-70001", reference="2026-T04"))
    with subscribed.database.begin() as connection:
        connection.execute(text("UPDATE notices SET kind = 'offer'"))
    copy = ann("2026-11111", reference="2026-T04")
    other = copy.replace("2026-11111", "26-70003").replace("17590003400026", "21350238800019")

    loaded = [publish(name, each)["load"] for name, each in (("copy", copy), ("other", other))]

    assert [(one["notices"], one["rejects"], one["refused"]) for one in loaded] == [(1, 1, 0)] * 2
    (reject,) = [row for row in commands.list_rejects(parts=subscribed) if row["stage"] == "load"]
    assert (reject["where"], reject["seen_count"]) == ("procedure 1", 2)


def test_what_a_notice_of_another_day_says_speaks_against_a_similar_one(subscribed, publish):
    """
    The call's number is another, though only the copy of its corrected call is due on that day.
    """
    moved = "2026-04-22T12:00:00"
    publish("call", ann("26-70001", reference="2026-T01"))
    publish("correction", ann("26-70002", title="Correctif", refers="26-70001"))
    publish("copy", ann("2026-11111", deadline=moved))
    publish("other", ann("26-70009", deadline=moved, reference="2026-T02"))

    assert {row[1] for row in shown(subscribed, "26-70001")} == {"26-70001", "26-70002", "2026-11111"}
    assert shown(subscribed, "26-70009") == [(2, "26-70009", "first notice")]


def test_two_procedures_that_a_notice_proves_one_become_one_and_nothing_is_told_twice(subscribed, publish):
    """
    The copy of another journal was told; the call that has its key and the correction's reference joins all.
    """
    publish("correction", ann("26-70002", title="Correctif", refers="26-70001"))
    publish("copy", ann("2026-11111", folder=KEY))
    before = told(subscribed)
    report = publish("call", ann("26-70001", folder=KEY))

    assert report["load"]["merged"] == 1
    assert {row[0] for row in shown(subscribed, "26-70002")} == {2}
    assert sorted(row[1] for row in shown(subscribed, "26-70001")) == ["2026-11111", "26-70001", "26-70002"]
    assert before == [("new", 2)]
    assert told(subscribed) == [("new", 2), ("corrected", 2)]
    assert changes_told(subscribed) == [("deadline_at", None, "2026-04-22T10:00:00+00:00")]
    with pytest.raises(UnknownIdError):
        commands.show_notices("1", parts=subscribed)


def test_what_a_merge_corrects_is_told_against_what_was_told(subscribed, publish):
    """
    Told of the second with the 9th; the first, never told, had the 2nd; one correction of both says the 22nd.
    """
    publish("one", ann("26-70001", title="Réfection de la charpente de l'école"))
    publish("two", ann("26-70005", deadline="2026-04-09T12:00:00"))
    publish("both", ann("26-70009", title="Correctif", refers="26-70001", also="26-70005"))

    assert told(subscribed) == [("new", 1), ("corrected", 1)]
    assert changes_told(subscribed) == [
        ("deadline_at", "2026-04-09T10:00:00+00:00", "2026-04-22T10:00:00+00:00")
    ]


def test_a_merged_purchase_that_had_news_of_its_own_is_corrected_once(subscribed, publish, authority):
    """
    Both were told; one moves, and in the same run both become one: one correction, of the one that stays.
    """
    publish("one", ann("26-70001"))
    publish("two", ann("26-70005", title="Toiture du gymnase", deadline="2026-04-09T12:00:00"))
    authority.publish("/two", ann("26-70005", title="Toiture du gymnase", deadline="2026-04-15T12:00:00"))
    publish("both", ann("26-70009", title="Correctif", refers="26-70001", also="26-70005"))

    assert told(subscribed) == [("new", 1), ("new", 2), ("corrected", 1)]


def test_a_purchase_that_became_part_of_another_takes_no_new_notices(subscribed, publish):
    """
    A third source repeats the call whose procedure was merged: it joins the one that stands, and nothing is told.
    """
    publish("one", ann("26-70001"))
    publish("two", ann("26-70005", title="Toiture du gymnase", deadline="2026-04-09T12:00:00"))
    publish("both", ann("26-70009", title="Correctif", refers="26-70001", also="26-70005"))
    before = told(subscribed)
    publish("three", ann("26-70011", title="Toiture du gymnase", deadline="2026-04-09T12:00:00"))

    assert sorted(shown(subscribed, "26-70011")) == [
        (1, "26-70001", "first notice"),
        (1, "26-70005", "reference given by the notice"),
        (1, "26-70009", "reference given by the notice"),
        (1, "26-70011", "buyer, day and title"),
    ]
    assert told(subscribed) == before


def test_a_deadline_that_is_taken_back_is_told(subscribed, publish):
    """
    The 2nd, the 9th, and the 2nd again, under one number and one address: the firm hears of both moves.
    """
    publish("one", ann("26-70001", deadline="2026-04-02T12:00:00"))
    publish("one", ann("26-70001", deadline="2026-04-09T12:00:00"))
    publish("one", ann("26-70001", deadline="2026-04-02T12:00:00"))
    publish("one", ann("26-70001", deadline="2026-04-02T12:00:00"))
    commands.replay_documents(also_read=True, parts=subscribed)
    commands.run_all(parts=subscribed)

    assert told(subscribed) == [("new", 1), ("corrected", 1), ("corrected", 1)]
    assert changes_told(subscribed) == [
        ("deadline_at", "2026-04-02T10:00:00+00:00", "2026-04-09T10:00:00+00:00"),
        ("deadline_at", "2026-04-09T10:00:00+00:00", "2026-04-02T10:00:00+00:00"),
    ]


def test_a_document_that_is_read_better_than_before_tells_nobody_again(subscribed, publish):
    """
    An older release lost the hour.  Read again, the purchase has it, and nobody hears of that; a date that its authority
    moves afterwards is told.
    """
    publish("one", ann("26-70001", deadline="2026-04-02T12:00:00"))
    lost = "2026-04-01T22:00:00+00:00"
    with subscribed.database.begin() as connection:
        connection.execute(
            text("UPDATE notices SET deadline_at = :lost, content_hash = 'of another release'"),
            {"lost": lost},
        )
        connection.execute(
            text(
                "UPDATE procedures SET deadline_at = CAST(:lost AS timestamptz),"
                " view = jsonb_set(view, '{deadline_at}', to_jsonb(CAST(:lost AS text)))"
            ),
            {"lost": lost},
        )

    commands.replay_documents(also_read=True, parts=subscribed)
    commands.run_all(parts=subscribed)
    with subscribed.database.begin() as connection:
        stored = connection.scalar(text("SELECT view->>'deadline_at' FROM procedures"))
    quiet = told(subscribed)
    publish("one", ann("26-70001", deadline="2026-04-09T12:00:00"))

    assert (stored, quiet) == ("2026-04-02T10:00:00+00:00", [("new", 1)])
    assert told(subscribed) == [("new", 1), ("corrected", 1)]


def test_a_purchase_that_a_town_hall_announces_in_words_alone_is_told_once(subscribed, publish):
    """
    Its RSS has no field for buyer and last day, its text has: the BOAMP's notice of the same purchase joins it.
    """
    text = "Acheteur : Ville de Kerlann &lt;br&gt; Date limite de remise des offres : 02/04/2026 à 12h00"
    item = f"<item><guid isPermaLink='false'>7</guid><title>{ROOF}</title><description>{text}</description></item>"
    publish("town", f"<rss version='2.0'><channel><title>Avis</title>{item}</channel></rss>")
    publish("one", ann("26-70001"))

    assert set(shown(subscribed, "26-70001")) == {
        (1, "7", "first notice"),
        (1, "26-70001", "buyer, day and title"),
    }
    assert told(subscribed) == [("new", 1)]


def test_a_buyers_number_links_in_whatever_marks_it_is_written(subscribed, publish):
    """
    "2026-T04" and "2026 t04" of one SIRET are one purchase.
    """
    publish("one", ann("26-70001", reference="2026-T04"))
    publish("two", ann("26-70005", title="Toiture école", reference="2026 t04"))

    assert [row[0] for row in shown(subscribed, "26-70005")] == [1, 1]


def test_a_purchase_that_is_called_again_under_its_number_is_told_as_new(subscribed, publish):
    """
    Nobody answered in time; the second call has the first one's number, and is another purchase.
    """
    publish("one", ann("26-70001", reference="2026-T04", deadline="2026-03-20T12:00:00"))
    publish("end", without_result(ann("26-70003", reference="2026-T04", published="2026-03-24")))
    again = ann(
        "26-70005",
        title=f"{ROOF} (relance)",
        reference="2026-T04",
        published="2026-03-28",
        deadline="2026-04-30T12:00:00",
    )
    publish("two", again)
    publish("end-again", without_result(ann("26-70007", reference="2026-T04", published="2026-05-04")))

    assert told(subscribed) == [("new", 1), ("cancelled", 1), ("new", 2), ("cancelled", 2)]
    assert [row[1] for row in shown(subscribed, "26-70005")] == ["26-70005", "26-70007"]


def release(number: int, tag: str, status: str, deadline: str) -> str:
    """Return a package of one OCDS release of a roof."""
    tender = {"title": ROOF, "status": status, "tenderPeriod": {"endDate": f"{deadline}T12:00:00+02:00"}}
    of_roof = {
        "ocid": "ocds-abc123-1",
        "id": f"{number}",
        "tag": [tag],
        "date": f"2026-03-{number:02}T08:00:00Z",
    }
    return json.dumps({"releases": [{**of_roof, "tender": tender}]})


def test_a_purchase_that_its_source_calls_again_is_open_and_told_once_a_turn(subscribed, publish):
    """
    Cancelled, active again for a later day, cancelled at last: the firm hears of each, and of no more.
    """
    for number, tag, status, deadline in (
        (1, "tender", "active", "2026-04-20"),
        (3, "tenderCancellation", "cancelled", "2026-04-20"),
        (5, "tenderUpdate", "active", "2026-05-20"),
        (6, "tenderUpdate", "active", "2026-05-20"),
        (9, "tenderCancellation", "cancelled", "2026-05-20"),
    ):
        publish("roofs", release(number, tag, status, deadline))

    assert told(subscribed) == [("new", 1), ("cancelled", 1), ("corrected", 1), ("cancelled", 1)]
    assert ("state", "cancelled", "open") in changes_told(subscribed)
    assert ("deadline_at", "2026-04-20T10:00:00+00:00", "2026-05-20T10:00:00+00:00") in changes_told(
        subscribed
    )


@pytest.mark.parametrize(
    ("awards", "changes"),
    [
        pytest.param([("1", "3")], [("awarded_lots", None, "1; 3")], id="two of three lots"),
        pytest.param([("1", "2", "3")], [], id="each lot"),
        pytest.param([()], [], id="the award names none: it is of the whole"),
        pytest.param([("1",), ("2", "3")], [("awarded_lots", None, "1")], id="the others later: told once"),
    ],
)
def test_an_award_in_part_is_told_with_its_lots(subscribed, authority, add_feed, clock, awards, changes):
    """
    A parser that finds lots in awards: what is told names them where they are not all.
    """

    def read(body: bytes, *, feed_id: str, **_: object) -> ParsedFeed:
        number, kind, lots = body.decode().removeprefix("<a>").removesuffix("</a>").split("/")
        raw = RawNotice(
            feed_id=feed_id,
            source_id=number,
            title=ROOF,
            kind=NoticeKind(kind),
            published=RawTime(f"2026-03-{int(number):02}T08:00:00Z"),
            deadlines=() if kind == "award" else (RawTime("2026-03-20T12:00:00Z"),),
            procedure_key=KEY,
            lots=tuple(RawLot(lot_id, title=f"Toiture {lot_id}") for lot_id in lots.split(",") if lot_id),
        )
        return ParsedFeed((raw,))

    documents = ["1/call/1,2,3", *(f"{day}/award/{','.join(lots)}" for day, lots in enumerate(awards, 22))]
    for number, document in enumerate(documents):
        add_feed(subscribed, authority, feed_id=f"f{number}", path=f"/{number}")
        authority.publish(f"/{number}", f"<a>{document}</a>")
        clock.go_on(minutes=10)
        commands.fetch_due_feeds(parts=subscribed)
        load_documents(subscribed.database, subscribed.archive, now=subscribed.now, read=read)
        commands.run_all(parts=subscribed)

    assert told(subscribed) == [("new", 1), ("awarded", 1)]
    assert [change for change in changes_told(subscribed) if change[0] == "awarded_lots"] == changes


def test_two_purchases_under_a_number_that_is_none_are_two(subscribed, publish):
    """
    "MAPA" is what the buyer writes beside each of its calls.
    """
    publish("one", ann("26-70001", reference="MAPA"))
    publish(
        "two",
        ann("26-70005", title="Couverture de la halle", reference="MAPA", deadline="2026-04-22T12:00:00"),
    )

    assert told(subscribed) == [("new", 1), ("new", 2)]


def test_a_notice_that_was_split_off_is_told_by_itself_and_stays_apart(subscribed, publish):
    """
    A false merge hid it; its next version follows it, though the key still says otherwise.
    """
    publish("first", ann("26-70001", folder=KEY))
    publish("second", ann("26-70009", title="Toiture de la salle des fêtes", folder=KEY))
    (_, wrong) = commands.show_notices("26-70001", parts=subscribed)

    report = commands.split_notice(wrong["notice_id"], why="une autre toiture", parts=subscribed)
    commands.run_all(parts=subscribed)
    publish("second", ann("26-70009", title="Toiture de la salle des fêtes, relance", folder=KEY))

    assert (report["procedure_id"], report["former_procedure_id"]) == (2, 1)
    assert told(subscribed) == [("new", 1), ("new", 2)]
    assert shown(subscribed, "2") == [(2, "26-70009", "by hand"), (2, "26-70009", "by hand")]
    assert commands.show_notices("2", parts=subscribed)[0]["evidence"] == "une autre toiture"
    assert shown(subscribed, "1") == [(1, "26-70001", "first notice")]


def test_a_notice_that_is_split_off_takes_its_versions_along(subscribed, publish):
    """
    It was published again with another date while it was hidden: both versions leave, and it is told once, as it is now.
    """
    hidden = "Toiture de la salle des fêtes"
    publish("first", ann("26-70001", folder=KEY))
    publish("second", ann("26-70009", title=hidden, folder=KEY))
    publish("second", ann("26-70009", title=hidden + ", relance", folder=KEY))
    (_, old, _) = commands.show_notices("26-70001", parts=subscribed)

    commands.split_notice(old["notice_id"], why="une autre toiture", parts=subscribed)
    commands.run_all(parts=subscribed)

    assert shown(subscribed, "2") == [(2, "26-70009", "by hand"), (2, "26-70009", "by hand")]
    assert shown(subscribed, "1") == [(1, "26-70001", "first notice")]
    assert told(subscribed) == [("new", 1), ("new", 2)]


def test_a_notice_that_is_joined_takes_its_versions_along(subscribed, publish):
    """
    It was corrected under its own number: its procedure is left empty and closed, and nothing is told again.
    """
    publish("first", ann("26-70001"))
    publish("second", ann("26-70009", title="Travaux de couverture du groupe scolaire"))
    publish("second", ann("26-70009", title="Travaux de couverture du groupe scolaire, relance"))
    (old, _) = commands.show_notices("26-70009", parts=subscribed)

    commands.join_notice(old["notice_id"], 1, why="la même école", parts=subscribed)
    commands.run_all(parts=subscribed)

    assert [step for number, _, step in shown(subscribed, "26-70009") if number == 1] == [
        "first notice",
        "by hand",
        "by hand",
    ]
    assert [kind for kind, _ in told(subscribed)] == ["new", "new"]


def test_the_notice_that_was_told_may_be_split_off_and_what_was_hidden_is_news(subscribed, publish):
    """
    What was told goes with it; the other, which nobody was told of, is told, and what the first says later corrects it.
    """
    publish("first", ann("26-70001", folder=KEY))
    publish("second", ann("26-70009", title="Toiture de la salle des fêtes", folder=KEY))
    (right, _) = commands.show_notices("26-70001", parts=subscribed)

    report = commands.split_notice(right["notice_id"], why="une autre toiture", parts=subscribed)
    commands.run_all(parts=subscribed)
    split = told(subscribed)
    publish("correction", ann("26-70011", refers="26-70001"))

    assert (report["procedure_id"], report["former_procedure_id"]) == (2, 1)
    assert (split, told(subscribed)[2:]) == ([("new", 2), ("new", 1)], [("corrected", 2)])


@pytest.mark.parametrize("name", ["26-70001", "26-70009"])
def test_what_was_told_of_two_that_were_joined_and_split_again_is_told_once(subscribed, publish, name):
    """
    Both were told as new, joined by mistake and corrected; whichever is split off, nothing is new, and each hears of its own.
    """
    publish("first", ann("26-70001"))
    publish("second", ann("26-70009", title="Travaux de couverture du groupe scolaire"))
    (other,) = commands.show_notices("26-70009", parts=subscribed)
    commands.join_notice(other["notice_id"], 1, why="la même école", parts=subscribed)
    publish("correction", ann("26-70011", refers="26-70001", published="2026-03-03"))
    before = told(subscribed)
    rows = commands.show_notices("26-70001", parts=subscribed)
    [wrong] = [row["notice_id"] for row in rows if row["source_id"] == name]

    commands.split_notice(wrong, why="deux écoles", parts=subscribed)
    commands.run_all(parts=subscribed)
    publish("later", ann("26-70012", refers="26-70009", published="2026-03-04"))

    assert [kind for kind, _ in before] == ["new", "new", "corrected"]
    assert sorted(number for kind, number in told(subscribed) if kind == "new") == [1, 3]
    assert told(subscribed)[-1] == ("corrected", 3 if name == "26-70009" else 1)


def test_notices_that_were_joined_are_one_and_what_was_told_counts_as_told(subscribed, publish):
    """
    Both were told as new; the empty procedure is closed, and nothing is told again.
    """
    publish("first", ann("26-70001"))
    publish("second", ann("26-70009", title="Travaux de couverture du groupe scolaire"))
    (other,) = commands.show_notices("26-70009", parts=subscribed)

    report = commands.join_notice(other["notice_id"], 1, why="la même école", parts=subscribed)
    commands.run_all(parts=subscribed)

    assert (report["procedure_id"], report["former_procedure_id"]) == (1, 2)
    assert shown(subscribed, "26-70009") == [(1, "26-70001", "first notice"), (1, "26-70009", "by hand")]
    assert told(subscribed) == [("new", 1), ("new", 2)]
    assert commands.count_waiting(parts=subscribed)["to_compose"] == 0


def test_a_firm_that_was_told_of_the_closed_one_alone_is_not_told_again(subscribed, publish):
    """
    Its telling counts for the procedure that holds the notice now.
    """
    publish("bois", ann("26-70001", title="Menuiserie de l'école"))
    publish("toits", ann("26-70009", title="Menuiserie et toiture de l'école"))
    (other,) = commands.show_notices("26-70009", parts=subscribed)

    commands.join_notice(other["notice_id"], 1, why="la même école", parts=subscribed)
    commands.run_all(parts=subscribed)

    assert [kind for kind, _ in told(subscribed)].count("new") == 1


def test_a_telling_that_is_composed_while_its_procedure_is_closed_moves_with_it(
    subscribed, publish, wait_until_blocked
):
    """
    Closing waits until what is being composed is stored: then it finds it, and the firm is not told again.
    """
    publish("first", ann("26-70001", title="Menuiserie de la mairie"))
    publish("second", ann("26-70009", title="Menuiserie et toiture de la mairie"))
    (other,) = commands.show_notices("26-70009", parts=subscribed)
    with subscribed.database.begin() as connection:
        connection.execute(text("DELETE FROM tellings WHERE procedure_id = 2"))
        digest_id = connection.scalar(text("SELECT max(digest_id) FROM digests"))
    joining = threading.Thread(
        target=commands.join_notice,
        args=(other["notice_id"], 1),
        kwargs={"why": "la même", "parts": subscribed},
    )
    with subscribed.database.begin() as connection:
        lock(connection, COMPOSE_LOCK)
        joining.start()
        wait_until_blocked(joining, connection)
        connection.execute(
            text(
                """INSERT INTO tellings (profile_id, procedure_id, kind, revision, told_revision, digest_id, created_at)
                SELECT 'toits', 2, 'new', 1, 1, :digest_id, now()"""
            ),
            {"digest_id": digest_id},
        )
    joining.join()

    commands.run_all(parts=subscribed)

    assert told(subscribed) == [("new", 1)]


def test_what_is_not_there_cannot_be_moved(subscribed, publish):
    """
    One line each: no such notice, no such procedure, alone, there already.
    """
    publish("first", ann("26-70001"))
    (alone,) = commands.show_notices("26-70001", parts=subscribed)
    number = alone["notice_id"]

    for act, problem in (
        (
            lambda: commands.split_notice(999, why="x", parts=subscribed),
            "notice 999: no notice of that number",
        ),
        (lambda: commands.split_notice(number, why="x", parts=subscribed), "is alone in procedure 1"),
        (lambda: commands.join_notice(number, 1, why="x", parts=subscribed), "is in procedure 1 already"),
        (lambda: commands.join_notice(number, 99, why="x", parts=subscribed), "procedure 99: no procedure"),
        (lambda: commands.show_notices("nichts", parts=subscribed), "notice 'nichts'"),
    ):
        with pytest.raises(UnknownIdError, match=problem):
            act()
