"""TED's search API: notices in several languages, asked by POST, page by page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Nature, NoticeKind
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse, question_of
from alerting.feeds.formats.ted_api import FIELDS, next_page, question
from alerting.notices.normalise import normalise


ANSWER = (Path(__file__).parents[1] / "corpus" / "ted-api" / "answer.json").read_bytes()
URL = "https://ted.example/v3/notices/search?query=buyer-country+IN+%28FRA%29"


def test_a_notice_is_read_field_by_field():
    """
    French before other languages, repeated codes once, the earliest day, to its end in Paris.
    """
    raw, *_ = parse(ANSWER, feed_id="f").notices
    notice = normalise(raw)

    assert detect(ANSWER, feed_id="f") == "ted-api"
    assert (notice.source_id, notice.kind, notice.title) == (
        "123456-2026",
        NoticeKind.CALL,
        "Réfection de la toiture – école",
    )
    assert (notice.buyer.name, notice.nature) == ("Commune de Kerlann", Nature.WORKS)
    assert (notice.cpv_main, notice.cpv_additional) == ("45261210", ("45261000",))
    assert [(place.nuts_code, place.departement) for place in notice.places] == [("FRH01", "22")]
    assert notice.deadline_at.isoformat() == "2026-04-05T21:59:00+00:00"
    assert notice.value == Money(15_000_050, "EUR")
    assert notice.procedure_key == "170f9daa-0000-4d4e-a60f-66d3f5c8da5a"
    assert notice.notice_url == "https://ted.example/fr/123456-2026"


def test_what_says_little_is_kept_and_what_says_nothing_is_rejected():
    """
    A title of two parts is whole; the answer itself was cut short by its server.
    """
    parsed = parse(ANSWER, feed_id="f")

    second = normalise(parsed.notices[1])
    assert (second.title, second.kind, second.languages) == ("Dachy – i okna", NoticeKind.OTHER, ("pl",))
    assert second.notice_url == "https://ted.europa.eu/fr/notice/-/detail/7-2026"
    assert [(reject.where, reject.problem) for reject in parsed.rejects] == [
        ("notices[2]", "expected 'publication-number' and 'notice-title' (got none)"),
        ("timedOut", "the search was cut short by its server; expected a whole answer"),
    ]


def test_an_address_says_what_is_asked():
    """
    The query is the address's, the fields are ours, the token is the page's; no more than 250 a page.
    """
    asked = question(URL + "&limit=9999&iterationNextToken=abc%2B")

    body = json.loads(asked.body)
    assert asked.url == "https://ted.example/v3/notices/search"
    assert (body["query"], body["limit"], body["iterationNextToken"]) == (
        "buyer-country IN (FRA)",
        250,
        "abc+",
    )
    assert (body["fields"], body["paginationMode"]) == (list(FIELDS), "ITERATION")


def test_other_formats_are_asked_by_get():
    """
    The address is the question, also where the format is not known.
    """
    assert [question_of(name, URL).body for name in ("rss", "auto", "fax")] == [None, None, None]


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        (json.loads(ANSWER), URL + "&iterationNextToken=abc%2B%2F%3D"),
        ({"notices": [], "iterationNextToken": "abc"}, None),
        ({"notices": [{}], "iterationNextToken": None}, None),
        ({}, None),
    ],
)
def test_the_token_leads_to_the_next_page_until_a_page_is_empty(answer, page):
    """
    The token may still be there after the last notice.
    """
    assert next_page(json.dumps(answer).encode(), url=URL) == page


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b'{"notices": 1}'])
def test_what_is_no_answer_of_ted_is_refused_in_one_line(document):
    """
    An empty body, as the challenge of status 202 has it, is a failure and not "no notices".
    """
    with pytest.raises(FeedFormatError):
        parse(document, feed_id="f", format="ted-api")


def test_what_is_one_value_may_stand_in_a_list():
    """
    Which fields are lists differs from one answer to another: a call in a list was of no known kind, without a day.
    """
    item = {
        "publication-number": "123456-2026",
        "notice-title": {"fra": "France – Peinture – Salle des fêtes"},
        "notice-type": ["cn-standard"],
        "publication-date": ["2026-03-02+01:00"],
    }

    (raw,) = parse(json.dumps({"notices": [item]}).encode(), feed_id="f").notices

    assert (raw.kind, raw.published.text) == (NoticeKind.CALL, "2026-03-02+01:00")
