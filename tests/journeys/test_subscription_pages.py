"""The pages that mails link to, asked for as mail providers, link scanners and people ask, over real HTTP."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
import uvicorn

from alerting import bootstrap, commands
from alerting.delivery.tokens import LinkPurpose, sign_lift_link, sign_profile_link
from alerting.domain.suppression import SuppressionKind
from alerting.local.ports import free_port, is_listening
from alerting.store import suppressions
from alerting.web.app import MAXIMUM_BYTES
from alerting.web.server import config


NOTICE = ("7", "Réfection de la toiture de l'école")
LATER = ("8", "Couverture en ardoise du lavoir")
ONE_CLICK = {
    "application/x-www-form-urlencoded": b"List-Unsubscribe=One-Click",
    "multipart/form-data; boundary=b": (
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    ),
}
SAFE_HEADERS = {
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


class Page(HTMLParser):
    """What a browser without scripts makes of a page: its words, its forms, its links, its language."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.address = address
        self.forms = []
        self.tags = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append((given["method"].upper(), urljoin(self.address, given["action"])))

    def handle_data(self, data):
        if self.lasttag != "style":
            self.words += data.replace("\N{NO-BREAK SPACE}", " ")


class Site:
    """A client without cookies: every request over a connection of its own."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(
        self,
        method: str,
        address: str,
        body: bytes = b"",
        media: str | None = None,
        wanted: str | None = None,
    ):
        sent = {"Content-Type": media, "Accept-Language": wanted}
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        path = urlsplit(address).path if "://" in address else address
        connection.request(method, path, body, {name: value for name, value in sent.items() if value})
        answer = connection.getresponse()
        text = answer.read().decode()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        connection.close()
        return answer.status, headers, text

    def page(self, method: str, address: str, **fields: str) -> Page:
        status, _, text = self.ask(
            method, address, urlencode(fields).encode(), "application/x-www-form-urlencoded"
        )
        assert status == 200
        return Page(urljoin(self.url, urlsplit(address).path), text)


@contextmanager
def served(parts):
    """Serve the pages on loopback over the parts of a test."""
    server = uvicorn.Server(config(parts, host="127.0.0.1", port=0))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield Site(listening.getsockname()[1])
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def site(parts):
    """The pages over the database of the test."""
    with served(parts) as site:
        yield site


@pytest.fixture
def told(subscribed, authority, rss):
    """Two recipients of a firm got a digest."""
    authority.publish("/avis", rss(NOTICE))
    commands.run_all(parts=subscribed)
    return subscribed


@pytest.fixture
def leave(told, links):
    """Yann's link to leave the profile of roofs, as his mail has it."""
    return links(told)["yann@legoff.example"]


@pytest.fixture(name="links")
def links_fixture(mails_in):
    """How to read each recipient's one-click link from the last mail."""

    def read(parts) -> dict[str, str]:
        found = {}
        for mail in mails_in(parts.settings.maildir):
            [found[str(mail["To"])]] = re.findall(r"<(https?:[^>]+)>", str(mail["List-Unsubscribe"]))
        return found

    return read


def standing(parts) -> list[tuple[str, str | None, str]]:
    """Return address, profile and kind of every order that stands."""
    rows = commands.list_suppressions(parts=parts)
    return [(row["email"], row["profile_id"], row["kind"]) for row in rows]


@pytest.mark.parametrize("media", ONE_CLICK)
def test_one_click_of_a_mail_provider_leaves_at_once_and_once(
    told, site, leave, authority, rss, clock, media
):
    """
    One POST, in either form that RFC 8058 knows, without cookies or a redirect; a second one changes nothing,
    and the next digest goes to the colleague alone.
    """
    answers = [site.ask("POST", leave, ONE_CLICK[media], media) for _ in range(2)]
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(minutes=10)
    report = commands.run_all(parts=told)

    assert [status for status, _, _ in answers] == [200, 200]
    assert all("set-cookie" not in headers for _, headers, _ in answers)
    assert standing(told) == [("yann@legoff.example", "toits", "unsubscribed")]
    assert report["deliver"]["sent"] == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_scanner_changes_nothing(told, site, leave, method):
    """
    However often it looks, and whatever link of the page it follows.
    """
    for _ in range(3):
        status, _, text = site.ask(method, leave)
        assert status == 200
    for _, address in Page(site.url, site.ask("GET", leave)[2]).forms:
        assert site.ask(method, address)[0] == 200

    assert standing(told) == []
    assert (text == "") is (method == "HEAD")


def test_a_person_leaves_and_takes_it_back(told, site, leave):
    """
    The page asks, the button leaves, the next page offers to come back, and that is how it was before.
    """
    asked = site.page("GET", leave)
    left = site.page(*asked.forms[0])
    between = standing(told)
    seen_later = site.page("GET", leave)
    back = site.page(*left.forms[0])

    assert "Ne plus recevoir « Toits » ?" in asked.words
    assert "Vous ne recevez plus « Toits »" in left.words
    assert between == [("yann@legoff.example", "toits", "unsubscribed")]
    assert "Vous ne recevez plus « Toits »" in seen_later.words
    assert "« Toits » reprend" in back.words
    assert standing(told) == []


def test_who_has_several_profiles_may_leave_all(told, site, leave, tmp_path):
    """
    One button more; it too can be taken back.
    """
    path = tmp_path / "more.toml"
    path.write_text(
        "[[firm]]\nid = 'le-goff'\nname = 'Couverture Le Goff'\nrecipients = [{ email = 'yann@legoff.example' }]\n"
        "profile = [{ id = 'toits', name = 'Toits', words = ['toiture'] },"
        " { id = 'bardage', name = 'Bardage', words = ['bardage'] }]\n"
    )
    commands.import_firms(str(path), parts=told)

    asked = site.page("GET", leave)
    left = site.page(*asked.forms[3])
    between = standing(told)
    site.page(*left.forms[0])

    assert "Vous ne recevez plus rien de nous" in left.words
    assert between == [("yann@legoff.example", None, "unsubscribed")]
    assert standing(told) == []


def test_less_often_is_for_all_who_read_the_profile(told, site, leave):
    """
    The page says so, shows what holds, and sending it twice is as once; what it does not offer is refused.
    """
    asked = site.page("GET", leave)
    change = asked.forms[1]
    weekly = site.page(*change, rhythm="weekly")
    again = site.page(*change, rhythm="weekly")
    status, _, text = site.ask("POST", change[1], b"rhythm=hourly", "application/x-www-form-urlencoded")

    assert "Ce choix vaut pour tous" in asked.words
    # A careless tap on the button changes nothing.
    assert ("option", {"value": "immediate", "selected": None}) in asked.tags
    assert "« Toits » arrive une fois par semaine" in weekly.words
    assert weekly.words == again.words
    assert ("option", {"value": "weekly", "selected": None}) in weekly.tags
    [profile] = [row for row in commands.list_profiles(parts=told) if row["profile_id"] == "toits"]
    assert profile["cadence"] == "weekly"
    assert (status, "Ce choix n’existe pas" in text) == (422, True)
    assert standing(told) == []


def test_a_pause_until_a_day_is_for_all_who_read_the_profile(told, site, leave, authority, rss, clock):
    """
    Nothing comes until that day begins in Paris; then what was missed, if the reader wants it.
    """
    asked = site.page("GET", leave)
    pause = asked.forms[2]
    paused = site.page(*pause, until="2026-03-09", catch_up="yes")
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(days=1)
    meanwhile = commands.run_all(parts=told)["deliver"]["sent"]
    seen_later = site.page("GET", leave)
    clock.go_on(days=6)
    after = commands.run_all(parts=told)["deliver"]["sent"]

    (shown,) = [row for row in commands.list_profiles(parts=told) if row["profile_id"] == "toits"]
    assert (shown["paused_until"], shown["leaves_out"]) == (None, None)
    assert "« Toits » est en pause" in paused.words
    assert "avant le lundi 9 mars 2026. Ce qui paraît entre-temps vous sera dit" in seen_later.words
    assert (meanwhile, after) == (0, 2)
    assert standing(told) == []


def test_a_pause_that_is_to_leave_out_does_so_though_it_ends_at_once(
    told, site, leave, authority, rss, clock
):
    """
    The page says that nothing of the pause is told; ended early, what came up before stays out, what comes after is news.
    """
    site.page(*site.page("GET", leave).forms[2], until="2026-03-09")
    authority.publish("/avis", rss(NOTICE, LATER))
    clock.go_on(days=1)
    meanwhile = commands.run_all(parts=told)["deliver"]["sent"]
    paused = site.page("GET", leave)
    (shown,) = [row for row in commands.list_profiles(parts=told) if row["profile_id"] == "toits"]
    site.page(*paused.forms[0])
    clock.go_on(hours=1)
    resumed = commands.run_all(parts=told)["deliver"]["sent"]
    commands.resume_profile("toits", catches_up=True, parts=told)
    caught_up = commands.run_all(parts=told)["deliver"]["sent"]

    assert (shown["paused_until"], shown["leaves_out"]) == ("2026-03-08T23:00:00+00:00", True)
    assert "Ce qui paraît entre-temps ne vous sera pas dit" in paused.words
    assert (meanwhile, resumed, caught_up) == (0, 0, 2)


def test_a_pause_can_be_ended_at_once(site, leave):
    """
    The page of a paused profile offers to go on, and to leave.
    """
    paused = site.page(*site.page("GET", leave).forms[2], until="2026-03-09")

    resumed = site.page(*paused.forms[0])

    assert "« Toits » reprend" in resumed.words
    assert "Ne plus recevoir « Toits » ?" in site.page("GET", leave).words
    assert "Vous ne recevez plus « Toits »" in site.page(*paused.forms[1]).words


@pytest.mark.parametrize(
    "until",
    [
        pytest.param("", id="no day"),
        pytest.param("2026-03-02", id="today"),
        pytest.param("2027-03-03", id="more than a year"),
        pytest.param("lundi", id="a word"),
        pytest.param("2026-02-30", id="no such day"),
    ],
)
def test_a_pause_that_ends_on_no_day_to_come_is_refused(told, site, leave, until):
    """
    One page says so, and nothing is paused.
    """
    _, address = site.page("GET", leave).forms[2]

    status, _, text = site.ask(
        "POST", address, urlencode({"until": until}).encode(), "application/x-www-form-urlencoded"
    )

    assert (status, "Ce choix n’existe pas" in text) == (422, True)
    assert "Ne plus recevoir « Toits » ?" in site.page("GET", leave).words
    assert standing(told) == []


def test_every_control_of_a_form_has_a_label(site, leave):
    """
    A person who hears the page knows what each choice is for.
    """
    page = site.page("GET", leave)

    controls = {given["id"] for name, given in page.tags if name in {"select", "input"}}
    labelled = {given["for"] for name, given in page.tags if name == "label"}
    assert controls == labelled != set()


def test_coming_back_lifts_nothing_that_a_server_said(told, site, leave):
    """
    The address bounced as well: the page says so, and the order stands.
    """
    commands.add_suppression("yann@legoff.example", why="moved", parts=told)
    site.ask("POST", leave)
    back = sign_profile_link(told.settings.secret, LinkPurpose.COME_BACK, 1, "toits")

    status, _, text = site.ask("POST", f"/come-back/{back}")

    assert status == 200
    assert "Votre adresse ne reçoit plus rien" in text
    assert standing(told) == [("yann@legoff.example", None, "operator")]


def test_a_link_outlives_whom_it_was_for(told, site, leave, tmp_path):
    """
    The recipient left the firm: the link is no error, and there is nothing to do.
    """
    path = tmp_path / "fewer.toml"
    path.write_text(
        "[[firm]]\nid = 'le-goff'\nname = 'Couverture Le Goff'\n"
        "recipients = [{ email = 'bureau@legoff.example' }]\n"
        "profile = [{ id = 'toits', name = 'Toits', words = ['toiture'] }]\n"
    )
    commands.import_firms(str(path), parts=told)

    answers = [site.ask(method, leave) for method in ("GET", "POST")]

    assert [status for status, _, _ in answers] == [200, 200]
    assert all("Il n’y a plus rien à arrêter" in text for _, _, text in answers)
    assert standing(told) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_is_not_ours_is_one_clear_page(told, site, leave, method):
    """
    Tampered, cut, of another purpose: 400, the same page, and nothing that helps who guesses.
    """
    token = leave.rpartition("/")[2]
    wrong = [
        f"/unsubscribe/{token[:-1]}",
        f"/unsubscribe/{token[1:]}",
        f"/come-back/{token}",
        f"/try-again/{token}",
        "/unsubscribe/%00",
        "/unsubscribe/%C3%A9",
    ]

    answers = [site.ask(method, address) for address in wrong]

    assert {status for status, _, _ in answers} == {400}
    assert len({text for _, _, text in answers}) == 1
    assert "Ce lien ne fonctionne pas" in answers[0][2]
    assert "Traceback" not in answers[0][2]
    assert standing(told) == []


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        pytest.param("GET", "/", 404, id="no page"),
        pytest.param("GET", "/unsubscribe", 404, id="no token"),
        pytest.param("PUT", "/unsubscribe/x", 405, id="another method"),
        pytest.param("OPTIONS", "/unsubscribe/x", 405, id="a question before"),
        pytest.param("POST", "/health", 405, id="health is only looked at"),
    ],
)
def test_what_is_not_asked_for_well_is_refused(site, method, address, status):
    """
    The status says what is wrong, with the headers of every other page.
    """
    got, headers, text = site.ask(method, address)

    assert got == status
    assert "allow" in headers or status == 404
    assert "<h1>" in text
    assert {name: headers[name].partition(";")[0] for name in SAFE_HEADERS} == SAFE_HEADERS


def test_a_long_body_is_refused_and_does_nothing(told, site, leave):
    """
    Nobody has that much to say; a body of the longest allowed length acts.
    """
    status, _, text = site.ask("POST", leave, b"x" * (MAXIMUM_BYTES + 1))
    between = standing(told)

    assert (status, between) == (413, [])
    assert "La demande est trop longue" in text
    assert site.ask("POST", leave, b"x" * MAXIMUM_BYTES)[0] == 200
    assert standing(told) != []


def test_every_answer_keeps_its_token_to_itself(site, leave, capfd):
    """
    No referrer, no cache, no index, no frame, no script; no address of a person in the link; nothing of it
    in a log.
    """
    status, headers, text = site.ask("GET", leave)
    site.ask("POST", leave)

    logged = "".join(capfd.readouterr())
    assert status == 200
    assert {name: headers[name].partition(";")[0] for name in SAFE_HEADERS} == SAFE_HEADERS
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script" not in text
    assert "legoff.example" not in text
    assert "subscription_changed" in logged
    assert leave.rpartition("/")[2] not in logged
    assert "legoff.example" not in logged


def test_a_colleague_lets_an_address_be_tried_again(told, site):
    """
    His link shows which address, his button lifts the order once; a complaint has no such link.
    """
    with told.database.begin() as connection:
        bounced, complained = [
            suppressions.add_suppression(connection, email, kind=kind, reason="said so", now=told.now())
            for email, kind in [
                ("bureau@legoff.example", SuppressionKind.HARD_BOUNCE),
                ("anne@morvan.example", SuppressionKind.COMPLAINT),
            ]
        ]
    lift, other = [
        f"/try-again/{sign_lift_link(told.settings.secret, 1, number)}" for number in (bounced, complained)
    ]

    asked = site.page("GET", lift)
    before = standing(told)
    pages = [site.page(*asked.forms[0]), site.page("POST", lift), site.page("GET", lift)]
    gone = site.page("POST", other)

    assert "bureau@legoff.example" in asked.words
    assert len(before) == 2
    assert all("Nouvel essai" in page.words for page in pages)
    assert "Plus rien à changer" in gone.words
    assert standing(told) == [("anne@morvan.example", None, "complaint")]


def test_every_page_can_be_read_by_everybody(site, leave):
    """
    A language, a title, a width for phones, one heading of the first level, and no control without words.
    """
    for address in (leave, "/nowhere"):
        page = Page(site.url, site.ask("GET", address)[2])
        names = [name for name, _ in page.tags]
        assert ("html", {"lang": "fr", "dir": "ltr"}) in page.tags
        assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
        assert (names.count("h1"), names.count("title"), names.count("main")) == (1, 1, 1)
        assert re.search(r"<button[^>]*>\s*</button>", page.rawdata or "") is None


READS = {
    "fr": "Ne plus recevoir « Toits » ?",
    "en": "Stop getting “Toits”?",
    "br": "Paouez da resev « Toits » ?",
}
STEPS = {
    "fr": ("est en pause", "reprend", "arrive dès qu’un marché paraît", "Vous ne recevez plus", "reprend"),
    "en": ("is paused", "is back", "comes as soon as a contract appears", "You no longer get", "is back"),
    "br": (
        "Ehanet eo",
        "Adkregiñ a ra",
        "kerkent ha ma teu ur marc’had",
        "Ne resevit ket mui",
        "Adkregiñ a ra",
    ),
}


@pytest.mark.parametrize("code", READS)
def test_each_page_speaks_the_language_of_its_reader(subscribed, authority, rss, firms_file, links, code):
    """
    As his firm said it, whatever his browser asks for: what is asked, what was done, and the way back.
    """
    text = Path(firms_file).read_text().replace('name = "Yann"', f'name = "Yann", language = "{code}"')
    Path(firms_file).write_text(text)
    commands.import_firms(firms_file, parts=subscribed)
    authority.publish("/avis", rss(NOTICE))
    commands.run_all(parts=subscribed)
    address = links(subscribed)["yann@legoff.example"]

    with served(subscribed) as site:
        text = site.ask("GET", address, wanted="de, nl")[2]
        asked = Page(urljoin(site.url, urlsplit(address).path), text)
        leave, rhythm, pause = [form for _, form in asked.forms]
        first_day = next(given["min"] for tag, given in asked.tags if given.get("type") == "date")
        paused = site.page("POST", pause, until=first_day)
        pages = [
            paused,
            site.page(*paused.forms[0]),
            site.page("POST", rhythm, rhythm="immediate"),
            left := site.page("POST", leave),
            site.page(*left.forms[0]),
        ]

    assert all(given["lang"] == code for page in (asked, *pages) for tag, given in page.tags if tag == "html")
    assert READS[code] in asked.words
    assert [page.words for page, said in zip(pages, STEPS[code], strict=True) if said not in page.words] == []


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        pytest.param("en-GB, fr;q=0.5", "en", "There is nothing at this address", id="English"),
        pytest.param("br", "br", "N’eus netra er chomlec’h-mañ", id="Breton"),
        pytest.param("de", "fr", "Il n’y a rien à cette adresse", id="none of ours"),
    ],
)
def test_where_nobody_is_known_the_browser_says_the_language(site, wanted, code, said):
    """
    A page that is not there has no reader of ours; nor has a link to who is no more.
    """
    _, _, text = site.ask("GET", "/nowhere", wanted=wanted)
    page = Page(site.url, text)

    assert said in page.words
    assert ("html", {"lang": code, "dir": "ltr"}) in page.tags


def luminance(colour: str) -> float:
    """Return the relative luminance of "#abc" or "#aabbcc" (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "page", 4.5),
        ("ink", "card", 4.5),
        ("soft", "page", 4.5),
        ("soft", "card", 4.5),
        ("link", "card", 4.5),
        ("on-button", "button", 4.5),
        ("good", "good-bg", 4.5),
        ("button", "card", 3),
        ("focus", "card", 3),
        ("focus", "page", 3),
    ],
)
def test_the_colours_can_be_told_apart(scheme, front, back, least):
    """
    Contrast AA (WCAG 2.2, 1.4.3 and 1.4.11), by day and by night.
    """
    style = (Path(__file__).parents[2] / "templates/web/page.css").read_text()
    light, dark = re.findall(r":root \{([^}]*)\}", style)
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", light if scheme == "light" else dark))

    lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= least


def test_health_says_whether_the_database_answers(site, settings):
    """
    200 while it does; 503, with when to come back, while it does not.
    """
    away = bootstrap.build(replace(settings, database_url="postgresql+psycopg://nobody@127.0.0.1:9/none"))

    well = site.ask("GET", "/health")
    with served(away) as other:
        ill = other.ask("GET", "/health")

    away.close()
    assert (well[0], well[2]) == (200, '{"status":"ok"}')
    assert (ill[0], ill[1]["retry-after"]) == (503, "120")
    assert "Nos serveurs ne répondent pas" in ill[2]


def run_web(settings, port: int) -> subprocess.Popen:
    """Start ``alerting web`` as an operator does."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url.replace("+psycopg", ""),
        "ALERTING_SECRET": settings.secret,
    }
    command = [Path(sys.executable).parent / "alerting", "web", "--port", str(port)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def test_the_verb_serves_until_it_is_asked_to_stop(settings):
    """
    The pages answer, and SIGTERM ends them without a word.
    """
    port = free_port()
    web = run_web(settings, port)
    until = time.monotonic() + 60
    while not is_listening(port):
        assert web.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)

    answer = Site(port).ask("GET", "/health")

    web.terminate()
    _, said = web.communicate(timeout=60)
    assert (answer[0], said) == (200, "")


def test_an_address_that_is_taken_is_one_line(settings):
    """
    Exit code 2: a person must act.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        web = run_web(settings, port)
        _, said = web.communicate(timeout=60)

    assert said == f"alerting: address 127.0.0.1:{port}: cannot be served at: address already in use\n"
    assert web.returncode == 2


def test_a_firm_of_a_list_says_yes_on_the_page_of_its_mail(parts, site, tmp_path, mails):
    """
    Showing asks, and changes nothing; the button's answer says what comes; the profile is then matched.
    """
    table = tmp_path / "list.csv"
    table.write_text(
        "siret,nom,ape,commune,e-mail\n73282932000074,<b>Kerléo</b>,4322A,Redon,bureau@kerleo.example\n"
    )
    commands.import_firms(str(table), parts=parts)
    commands.run_all(parts=parts)
    [(_, _, text)] = mails(parts.settings.maildir)
    link = re.search(r"https?://\S+/confirm/\S+", text)[0]

    shown = site.page("GET", link)
    before = commands.match_profiles(parts=parts)["profiles"]
    done = site.page(*shown.forms[0])
    again = site.page("GET", link)

    assert "<b>Kerléo</b>" in shown.words
    assert "40 km autour de Redon" in shown.words
    assert (before, commands.match_profiles(parts=parts)["profiles"]) == (0, 1)
    assert "C’est fait" in done.words
    assert "C’est fait" not in again.words
    assert (done.forms, again.forms) == ([], [])
