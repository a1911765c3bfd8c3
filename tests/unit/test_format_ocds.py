"""OCDS: packages of releases and of records, whatever they leave out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Nature, NoticeKind
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse
from alerting.feeds.formats.ocds import next_page
from alerting.notices.normalise import normalise


CORPUS = Path(__file__).parents[1] / "corpus" / "ocds"
PACKAGE = (CORPUS / "package.json").read_bytes()


def notices(document: bytes = PACKAGE) -> list:
    """Return the notices of a document, cleaned."""
    return [normalise(raw) for raw in parse(document, feed_id="f").notices]


def test_a_tender_is_read_field_by_field():
    """
    Codes of other vocabularies are no CPV; what an item says of a lot is the lot's alone.
    """
    tender, *_ = notices()

    assert detect(PACKAGE, feed_id="f") == "ocds"
    assert (tender.source_id, tender.kind, tender.procedure_key) == (
        "ocds-kerl-1/1-tender",
        NoticeKind.CALL,
        "ocds-kerl-1",
    )
    assert (tender.title, tender.description, tender.nature) == (
        "École",
        "Réfection de l'école",
        Nature.WORKS,
    )
    assert (tender.buyer.name, tender.buyer.siret, tender.buyer.departement) == (
        "Commune de Kerlann",
        "17590003400026",
        "22",
    )
    assert (tender.cpv_main, tender.cpv_additional) == ("45214210", ("45000000", "45400000"))
    assert [place.nuts_code for place in tender.places] == ["FRH01"]
    assert tender.value == Money(15_000_050, "EUR")
    assert tender.deadline_at.isoformat() == "2026-04-02T21:59:00+00:00"
    assert tender.question_deadline_at.isoformat() == "2026-03-20T12:00:00+00:00"
    assert (tender.document_url, tender.notice_url, tender.submission_url) == (
        "https://kerlann.example/dce",
        "https://kerlann.example/avis",
        "https://kerlann.example/repondre",
    )
    first, second = tender.lots
    assert (first.title, first.cpv_codes, first.value) == ("Toiture", ("45261210",), Money(9_000_000, "EUR"))
    assert [place.postcode for place in first.places] == ["22350"]
    assert (second.lot_id, second.title, second.cpv_codes) == ("L2", "Peinture", ())


def test_an_amendment_gives_the_old_deadline_and_the_new():
    """
    What has no property is told in words.
    """
    _, amendment, *_ = notices()

    deadline, words = amendment.changes
    assert amendment.kind is NoticeKind.CORRECTION
    assert (deadline.field, deadline.before, deadline.after, deadline.evidence) == (
        "deadline_at",
        "2026-04-02T10:00:00+00:00",
        "2026-04-09T10:00:00+00:00",
        "Report de la date",
    )
    assert (words.field, words.after) == ("text", "Le plan a été ajouté.")


def test_a_cancelled_tender_ends_whatever_its_tag_and_an_endless_number_is_no_value():
    """
    The status speaks before the tag; an amount nobody can pay is recorded and left out.
    """
    _, _, cancelled, award = notices()

    assert (cancelled.kind, award.kind, award.title) == (
        NoticeKind.CANCELLATION,
        NoticeKind.AWARD,
        "Peinture des salles",
    )
    assert award.value is None
    assert [entry.field for entry in award.normalisations] == ["value"]


def test_a_release_without_id_or_title_costs_nothing_else():
    """
    Each reject says which release, and what it lacks.
    """
    rejects = parse(PACKAGE, feed_id="f").rejects

    assert [(reject.where, reject.problem) for reject in rejects] == [
        ("releases[4]", "expected an 'ocid' (got none)"),
        ("releases[5]", "expected a title (got none)"),
        ("releases[6]", "expected an 'ocid' (got none)"),
    ]


def test_records_give_their_compiled_release_or_those_they_hold():
    """
    A compiled release with awards is an award; one that is only linked to is rejected.
    """
    document = (CORPUS / "records.json").read_bytes()

    compiled, planned = notices(document)

    assert (compiled.kind, compiled.title) == (NoticeKind.AWARD, "Chaufferie")
    assert (planned.kind, planned.title) == (NoticeKind.PLANNING, "Halle couverte")
    assert [reject.where for reject in parse(document, feed_id="f").rejects] == ["records[1].releases[1]"]


def test_a_bare_release_is_a_document_too():
    """
    Some platforms publish one file a release.
    """
    release = json.loads(PACKAGE)["releases"][0]

    assert [notice.title for notice in notices(json.dumps(release).encode())] == ["École"]


RELEASE = {
    "ocid": "ocds-1-1",
    "id": "r1",
    "date": "2026-09-15T12:00:00Z",
    "tag": ["tender"],
    "buyer": {"name": "Commune de Kerlann"},
    "tender": {
        "title": "Toiture",
        "classification": {"scheme": "CPV", "id": "45261210"},
        "value": {"amount": 1000.5, "currency": "EUR"},
        "tenderPeriod": {"endDate": "2026-10-12T12:00:00Z"},
        "items": [{"id": "1", "deliveryAddresses": [{"region": "FRH03"}]}],
    },
}
TENDER = RELEASE["tender"]


def with_tender(**changes: object) -> dict:
    """Return the release with another tender."""
    return {**RELEASE, "tender": {**TENDER, **changes}}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"version": "1.1", "releases": [RELEASE]}, id="a package"),
        pytest.param([RELEASE], id="a list of releases"),
        pytest.param([{"releases": [RELEASE]}], id="a list of packages"),
        pytest.param({"records": [{"ocid": "ocds-1-1", "releases": [RELEASE]}]}, id="a record"),
        pytest.param(
            {"records": [{"releases": [], "compiledRelease": {**RELEASE, "tag": ["compiled"]}}]},
            id="a compiled release",
        ),
        pytest.param([{"releases": [{"url": "x"}], "compiledRelease": RELEASE}], id="a list of records"),
        pytest.param({**RELEASE, "tag": "tender"}, id="a tag alone"),
        pytest.param({**RELEASE, "date": "2026-09-15T14:00:00.000+02:00"}, id="another offset"),
        pytest.param(with_tender(value={"amount": "1000.50", "currency": "EUR"}), id="an amount in quotes"),
        pytest.param(with_tender(classification={"scheme": "cpv", "id": "45261210-9"}), id="a check digit"),
        pytest.param(
            with_tender(
                classification=None,
                items=[{**TENDER["items"][0], "classification": {"scheme": "CPV", "id": "45261210"}}],
            ),
            id="the code of its item",
        ),
        pytest.param(with_tender(items=[{"deliveryAddress": {"region": "FRH03"}}]), id="one address"),
        pytest.param(
            {**RELEASE, "buyer": None, "parties": [{"name": "Commune de Kerlann", "roles": ["buyer"]}]},
            id="the buyer among the parties",
        ),
        pytest.param(
            {
                **RELEASE,
                "buyer": None,
                "parties": [{"name": "Commune de Kerlann", "roles": ["procuringEntity"]}],
            },
            id="the procuring entity among the parties",
        ),
    ],
)  # fmt: skip
def test_a_release_is_the_same_in_every_spelling(document):
    """
    Whatever holds it, and however its facts are written.
    """
    [expected] = notices(json.dumps(RELEASE).encode())

    [notice] = notices(json.dumps(document, indent=1).encode())

    assert replace(notice, normalisations=()) == expected


def test_json_lines_give_a_release_a_line():
    """
    A line that breaks off costs no other; blank ones do not count.
    """
    lines = [json.dumps({**RELEASE, "ocid": f"ocds-1-{number}"}).encode() for number in range(3)]

    parsed = parse(b"\xef\xbb\xbf" + b"\n\n".join(lines) + b"\n" + lines[0][:40], feed_id="f")

    assert [notice.procedure_key for notice in parsed.notices] == ["ocds-1-0", "ocds-1-1", "ocds-1-2"]
    [reject] = parsed.rejects
    assert (reject.where, reject.problem.partition(" (")[0]) == ("line 4", "not JSON")


def test_the_next_page_is_where_the_package_says():
    """
    An address without host is of the same one; the last package names none.
    """
    assert next_page(PACKAGE, url="https://ocds.example/releases") == "https://ocds.example/releases?page=2"
    assert next_page(b"{}", url="https://ocds.example/releases") is None


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b'{"releases": []}', b'{"ocid'])
def test_what_holds_nothing_is_refused(document):
    """
    An empty package is no news, and told apart from a broken one by its message.
    """
    with pytest.raises(FeedFormatError):
        parse(document, feed_id="f", format="ocds")
