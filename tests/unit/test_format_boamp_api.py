"""BOAMP's API v2.1: JSON in strings, flat records, pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alerting.domain.feed import Question
from alerting.domain.money import Money
from alerting.domain.notice import NoticeKind
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse, question_of
from alerting.feeds.formats.boamp_api import next_page
from alerting.notices.normalise import normalise


PAGE = (Path(__file__).parents[1] / "corpus" / "boamp-api" / "page.json").read_bytes()
URL = "https://boamp.example/api/explore/v2.1/catalog/datasets/boamp/records"


def notices() -> dict:
    """Return the page's notices, cleaned, by number."""
    return {raw.source_id: normalise(raw) for raw in parse(PAGE, feed_id="f").notices}


def test_a_page_is_recognised_and_one_bad_record_costs_nothing_else():
    """
    The reject says which record, which field, and what is wrong in it.
    """
    parsed = parse(PAGE, feed_id="f")

    assert detect(PAGE, feed_id="f") == "boamp-api"
    assert len(parsed.notices) == 5
    (reject,) = parsed.rejects
    assert reject.where == "results[4]"
    assert reject.problem.startswith("gestion: not JSON (")


def test_every_schema_is_read_as_the_flux_is():
    """
    MAPA of 3.2.5, schema 230 with its lists and attributes, and eForms.
    """
    found = notices()

    mapa, old, eforms = found["26-70001"], found["15-70002"], found["26-70003"]
    assert (mapa.title, mapa.deadline_at.isoformat()) == (
        "Réfection de la toiture de l'école",
        "2026-04-02T10:00:00+00:00",
    )
    assert (mapa.places[0].postcode, mapa.internal_reference) == ("22350", "26-004")
    assert (old.cpv_main, old.cpv_additional, old.value) == (
        "45212000",
        ("45300000",),
        Money(5_000_000, "EUR"),
    )
    assert old.deadline_at.isoformat() == "2015-04-20T10:00:00+00:00"
    assert (eforms.title, eforms.cpv_main, eforms.procedure_key) == ("Chaufferie bois", "45331110", "k-1")
    assert [(lot.lot_id, lot.title) for lot in eforms.lots] == [("LOT-0001", "Chaudière"), ("LOT-0002", None)]


def test_a_correction_names_its_notice_once_and_moves_the_deadline():
    """
    The record and its content both name the notice.
    """
    correction = notices()["26-70004"]

    assert (correction.kind, correction.refers_to) == (NoticeKind.CORRECTION, ("26-70001",))
    assert [change.after for change in correction.changes] == ["2026-09-22T10:00:00+00:00"]


@pytest.mark.parametrize(
    ("published", "stated", "folder", "deadline"),
    [
        pytest.param("2026-03-02", "2026-07-02T12:00:00+00:00", None, "2026-07-02T10:00:00+00:00", id="Paris as UTC"),
        pytest.param("2019-06-02", "2019-07-02T11:00:00+00:00", None, "2019-07-02T10:00:00+00:00", id="summer, an hour off"),
        pytest.param("2019-01-02", "2019-02-02T11:00:00+00:00", None, "2019-02-02T11:00:00+00:00", id="winter"),
        pytest.param("2026-03-02", "2026-07-02T10:00:00+00:00", "k", "2026-07-02T10:00:00+00:00", id="eForms tells the truth"),
    ],
)  # fmt: skip
def test_a_flat_record_gives_noon_in_paris_however_it_is_written(published, stated, folder, deadline):
    """
    The offsets of the flat field lie in two ways, by the year.
    """
    record = {"idweb": "1", "objet": "Peinture", "dateparution": published, "datelimitereponse": stated}
    document = json.dumps([{**record, "contractfolderid": folder}]).encode()

    (raw,) = parse(document, feed_id="f").notices

    assert normalise(raw).deadline_at.isoformat() == deadline


@pytest.mark.parametrize(
    ("asked", "total", "expected"),
    [
        ("?limit=100&where=x", 950, "?limit=100&where=x&offset=6"),
        ("?limit=100&offset=100", 950, "?limit=100&offset=106"),
        ("?offset=944", 950, None),
        (
            "?where=dateparution>date'2026'&limit=100&offset=9900",
            20_000,
            "/exports/json?where=dateparution%3Edate%272026%27",
        ),
        (
            "?refine=dateparution:2026&limit=100&offset=9900",
            20_000,
            "/exports/json?refine=dateparution%3A2026",
        ),
        ("?where=x&limit=100&offset=9900", 2_000_000, None),
        ("?order_by=dateparution+desc&offset=9900", 2_000_000, None),
    ],
)
def test_a_page_leads_to_the_next_and_the_last_by_pages_to_the_export(asked, total, expected):
    """
    The API gives 100 records a page and 10,000 by pages; the rest only as an export, which must be of a window of dates.
    """
    answer = json.loads(PAGE) | {"total_count": total}

    found = next_page(json.dumps(answer).encode(), url=URL + asked)

    base = URL.removesuffix("/records") if expected is not None and "exports" in expected else URL
    assert found == (None if expected is None else base + expected)


def test_the_next_page_keeps_every_filter_of_a_name():
    """
    Opendatasoft repeats "refine": a page that lost one would be of all France.
    """
    asked = "?limit=100&refine=code_departement:35&refine=dateparution:2026"
    answer = {"total_count": 30_000, "results": [{"idweb": "26-1"}] * 100}

    found = next_page(json.dumps(answer).encode(), url=URL + asked)
    last = next_page(json.dumps(answer).encode(), url=f"{URL}{asked}&offset=9900")

    assert found.endswith("refine=code_departement%3A35&refine=dateparution%3A2026&offset=100")
    assert last.endswith("/exports/json?refine=code_departement%3A35&refine=dateparution%3A2026")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param(URL, f"{URL}?limit=100&order_by=dateparution+desc", id="nothing is said"),
        pytest.param(
            f"{URL}?refine=code_departement:35&refine=type_marche:TRAVAUX&limit=20",
            f"{URL}?refine=code_departement:35&refine=type_marche:TRAVAUX&limit=20&order_by=dateparution+desc",
            id="a filter and a limit stand as they are written",
        ),
        pytest.param(
            f"{URL}?limit=100&order_by=idweb", f"{URL}?limit=100&order_by=idweb", id="an order of its own"
        ),
        pytest.param(
            URL.replace("/records", "/exports/json"), URL.replace("/records", "/exports/json"), id="an export"
        ),
    ],
)
def test_the_newest_are_asked_for_first(address, expected):
    """
    The API's own order is none: what is new could stand on any page.
    """
    assert question_of("boamp-api", address) == Question(expected)


def test_an_export_has_no_next_page():
    """
    It is a list, and whole.
    """
    assert next_page(b'[{"idweb": "1", "objet": "x"}]', url=URL) is None


@pytest.mark.parametrize("document", [b"", b"{", b"{}", b'{"results": 3}', b"[" * 100_000])
def test_what_is_no_answer_of_boamp_is_refused_in_one_line(document):
    """
    Broken JSON, JSON without records, JSON without an end.
    """
    with pytest.raises(FeedFormatError) as caught:
        parse(document, feed_id="f", format="boamp-api")

    assert len(str(caught.value).splitlines()) == 1


def test_content_that_xml_cannot_hold_is_left_out():
    """
    Control characters become spaces, names that are none are passed over, depth has an end.
    """
    deep = {"a": {}}
    for _ in range(300):
        deep = {"a": deep}
    content = {
        "MAPA": {"organisme": {"acheteurPublic": "Ker\u0001lann", "1 x": "y", "@é è": 1}, "initial": deep}
    }
    gestion = {"REFERENCE": {"IDWEB": "26-1"}, "INDEXATION": {"RESUME_OBJET": "Toiture"}}
    record = {"idweb": "26-1", "gestion": gestion, "donnees": json.dumps(content)}

    (raw,) = parse(json.dumps([record]).encode(), feed_id="f").notices

    assert (raw.title, raw.buyer_name) == ("Toiture", "Ker lann")


@pytest.mark.parametrize(
    ("written", "summary", "title"),
    [
        ("Maîtrise d'?uvre de l'école", "Maîtrise d'œuvre de l'école", "Maîtrise d'œuvre de l'école"),
        ("Maîtrise d'?uvre de l'école", "Maîtrise d'?uvre de l'école", "Maîtrise d'?uvre de l'école"),
        ("Quel toit pour l'école ?", "Toit de l'école", "Quel toit pour l'école ?"),
    ],
)
def test_letters_that_a_notice_lost_are_taken_from_the_record(written, summary, title):
    """
    Else no architect would find "maîtrise d'?uvre"; a question is a question.
    """
    content = {
        "MAPA": {"organisme": {"acheteurPublic": "Ville"}, "initial": {"description": {"objet": written}}}
    }
    record = {
        "idweb": "26-1", "objet": summary, "donnees": json.dumps(content),
        "gestion": json.dumps({"REFERENCE": {"IDWEB": "26-1"}}),
    }  # fmt: skip

    (raw,) = parse(json.dumps([record]).encode(), feed_id="boamp").notices

    assert raw.title == title


@pytest.mark.parametrize(
    ("record", "deadline"),
    [
        pytest.param({"idweb": "26-70009"}, "2026-10-12T15:00:00+00:00", id="no day of publication"),
        pytest.param({"idweb": "without"}, "2026-10-12T15:00:00+00:00", id="no year in its number either"),
        pytest.param(
            {"idweb": "17-70009", "datelimitereponse": "2017-06-12T10:00:00+00:00"},
            "2017-06-12T09:00:00+00:00",
            id="of an old number",
        ),
        pytest.param(
            {"idweb": "17-70009", "dateparution": "2017-05-02", "datelimitereponse": "2017-06-12"},
            "2017-06-12T21:59:00+00:00",
            id="an old day alone",
        ),
    ],
)
def test_a_flat_record_without_a_day_of_publication_is_read_by_its_number(record, deadline):
    """
    Asked for without that field, a record of 2026 ended an hour late; a day alone ended as it began.
    """
    asked = {"objet": "Peinture", "datelimitereponse": "2026-10-12T17:00:00+00:00", **record}

    (raw,) = parse(json.dumps({"results": [asked]}).encode(), feed_id="f").notices

    assert normalise(raw).deadline_at.isoformat() == deadline


def test_a_record_that_was_asked_for_without_its_index_is_read_by_its_flat_fields():
    """
    It was refused, though all that the index says is there: number, kind, day, département.
    """
    content = {
        "organisme": {"acheteurPublic": "Commune de Kerlann"},
        "initial": {
            "description": {"objet": "Peinture"},
            "delais": {"receptionOffres": "2026-10-12T12:00:00"},
        },
    }
    record = {
        "idweb": "26-70010",
        "objet": "PEINTURE",
        "dateparution": "2026-09-01",
        "code_departement_prestation": ["22"],
        "donnees": json.dumps({"MAPA": content}),
    }

    parsed = parse(json.dumps({"results": [record]}).encode(), feed_id="f")

    assert parsed.rejects == ()
    notice = normalise(parsed.notices[0])
    assert (notice.source_id, notice.kind, notice.title) == ("26-70010", NoticeKind.CALL, "Peinture")
    assert (notice.buyer.name, [place.departement for place in notice.places]) == (
        "Commune de Kerlann",
        ["22"],
    )
    assert (notice.published_at.isoformat(), notice.deadline_at.isoformat()) == (
        "2026-09-01T21:59:00+00:00",
        "2026-10-12T10:00:00+00:00",
    )


def mapa(**parts: dict) -> str:
    """Write the content of a MAPA notice."""
    return json.dumps({"MAPA": {"initial": {"description": {"objet": "Peinture"}, **parts}}})


MAPA = {
    "idweb": "24-70001",
    "objet": "Peinture",
    "dateparution": "2024-06-02",
    "datelimitereponse": "2024-07-02T12:00:00+00:00",
    "donnees": mapa(),
}


@pytest.mark.parametrize("stated", ["35,22", "35, 22", "35;22", "35 22", ["35", "22"]])
@pytest.mark.parametrize("fields", [{}, {"donnees": None}])
def test_several_departements_may_stand_in_one_text(stated, fields):
    """
    "35,22" was no département at all.
    """
    record = {**MAPA, **fields, "code_departement_prestation": stated}

    (raw,) = parse(json.dumps([record]).encode(), feed_id="f").notices

    assert [place.departement for place in normalise(raw).places] == ["35", "22"]


@pytest.mark.parametrize(
    ("fields", "deadline"),
    [
        pytest.param({}, "2024-07-02T10:00:00+00:00", id="a call that states none"),
        pytest.param({"nature": "ATTRIBUTION"}, None, id="an award has none"),
        pytest.param({"datelimitereponse": None}, None, id="nobody states one"),
        pytest.param(
            {"donnees": mapa(delais={"receptionOffres": "2024-07-09T17:00:00"})},
            "2024-07-09T15:00:00+00:00",
            id="its own stands",
        ),
    ],
)  # fmt: skip
def test_a_call_that_states_no_deadline_has_that_of_its_record(fields, deadline):
    """
    A record without its index had lost the deadline, though the flat field said it.
    """
    (raw,) = parse(json.dumps([{**MAPA, **fields}]).encode(), feed_id="f").notices
    notice = normalise(raw)

    assert (notice.deadline_at.isoformat() if notice.deadline_at else None) == deadline
