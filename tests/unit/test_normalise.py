"""Cleaning leaves alone what is clean, and says what it changed."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from alerting.domain.json import to_json
from alerting.domain.notice import (
    Normalisation,
    Place,
    RawChange,
    RawLot,
    RawMoney,
    RawNotice,
    RawPlace,
    RawTime,
)
from alerting.matching.locate import locate_notice
from alerting.notices.normalise import is_lost, normalise


def test_every_sign_is_folded_or_kept_as_in_any_other_text():
    """
    Whatever sign stands between two words, the name is that of its words with one space, without NUL and halves of
    signs, and what Windows means by a control: texts that need no cleaning are told from the others by a quick look,
    and it misses none.
    """
    windows = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0xA0)}
    meant = str.maketrans(windows | {0x85: "\x85"})
    signs = [chr(code) for code in (*range(0x3100), 0xD800, 0xDFFF, 0xFEFF, 0x1F600, sys.maxunicode)]
    communes = [f"a{sign}b {sign}c" for sign in signs]
    expected = [
        " ".join(each.replace("\x00", "").encode("utf-8", "ignore").decode().translate(meant).split())
        for each in communes
    ]

    kept = normalise(RawNotice("feed", "1", "Toiture", lots=tuple(map(_lot, communes)))).lots

    assert expected == [lot.places[0].commune for lot in kept]


def test_a_name_of_spaces_alone_is_none():
    """
    Leading, trailing and doubled spaces go; when nothing is left, nothing was stated.
    """
    communes = ("", " ", "  ", " Redon", "Redon ", "Saint  Malo")

    kept = normalise(RawNotice("feed", "1", "Toiture", lots=tuple(map(_lot, communes)))).lots

    assert [lot.places[0].commune for lot in kept] == [None, None, None, "Redon", "Redon", "Saint Malo"]


def _lot(commune: str) -> RawLot:
    return RawLot("1", places=(RawPlace(postcode="35600", commune=commune),))


def test_each_lot_lies_where_it_says_and_what_is_wrong_with_a_place_is_said_once():
    """
    Two lots state the place of the notice, a third another, a fourth none; a bad postcode is recorded once.
    """
    whole = (RawPlace(departement="35", postcode="3560"),)
    lots = (
        RawLot("1", places=whole),
        RawLot("2"),
        RawLot("3", places=(RawPlace("FRH01"),)),
        RawLot("4", places=whole),
    )

    notice = normalise(RawNotice("feed", "1", "Toiture", places=whole, lots=lots))

    kept = (Place(departement="35"),)
    assert (kept, [kept, (), (Place("FRH01", "22"),), kept]) == (
        notice.places,
        [lot.places for lot in notice.lots],
    )
    assert [Normalisation("places.postcode", "3560", None, "five digits")] == list(notice.normalisations)


@pytest.mark.parametrize(
    ("text", "kept", "rule"),
    [
        ("9999-12-31T23:59:59Z", None, "a year from 1990 to 2200"),
        ("9999-12-31", None, "a year from 1990 to 2200"),
        ("0001-01-01T00:00:00Z", None, "a year from 1990 to 2200"),
        ("2026-05-10T24:00:00+02:00", "2026-05-10T21:59:00+00:00", None),
        ("2026-05-10T9:00:00+02", "2026-05-10T07:00:00+00:00", None),
    ],
)
def test_a_year_that_is_none_is_no_date_and_a_day_may_end_at_24(text, kept, rule):
    """
    Year 9999 once stopped every feed for good: no calendar has its last day in Paris.
    """
    notice = normalise(RawNotice("feed", "1", "Toiture", deadlines=(RawTime(text),)))

    assert (notice.deadline_at and notice.deadline_at.isoformat()) == kept
    assert [each.rule for each in notice.normalisations] == ([rule] if rule else [])


def test_a_text_that_is_escaped_without_end_is_opened_a_few_times():
    """
    Each opening looks at the whole text: one of 600 kB once took forty seconds.
    """
    notice = normalise(RawNotice("feed", "1", f"a &{'amp;' * 7} b", description="x" * 300_000))

    assert notice.title == "a &amp;amp; b"
    assert notice.description == "x" * 100_000


def test_html_that_was_escaped_twice_is_text_as_well():
    """
    What is no tag stays: "surface < 20 m² et > 10" is what the source wrote.
    """
    texts = ["&lt;p&gt;Travaux&lt;/p&gt;", "a &lt;y et z&gt; w", "<p>Bac &amp; zinc</p>"]

    kept = [normalise(RawNotice("f", "1", "T", description=text, description_is_html=True)) for text in texts]

    assert [notice.description for notice in kept] == ["Travaux", "a <y et z> w", "Bac & zinc"]


def test_controls_that_windows_means_as_signs_are_those_signs():
    """
    Of awards that a platform of the state published in 2018, one title in thirty was written so: none of their "œ" was found.
    """
    raw = RawNotice("f", "1", "Ma\u00eetrise d\x92\x9cuvre \x96 GROS \x8cUVRE", description="Deux\x85lignes")

    notice = normalise(raw)

    assert notice.title == "Ma\u00eetrise d\u2019\u0153uvre \u2013 GROS \u0152UVRE"
    assert notice.description == "Deux lignes"
    assert [(each.field, each.rule) for each in notice.normalisations] == [("title", "signs of Windows-1252")]
    assert not any(map(is_lost, notice.normalisations))


def test_no_place_abroad_has_a_departement():
    """
    Madrid's 28001, Marburg's 35037 and Las Palmas's 35001 are no French postcodes.
    """
    raw = (RawPlace(None, None, "Madrid", "28001", "ES"), RawPlace("DE724", None, "Marburg", "35037"))
    french = RawPlace(None, None, "Redon", "35600", "FRA")

    notice = normalise(RawNotice("f", "1", "T", places=(*raw, french), buyer_place=raw[1]))

    assert [(place.nuts_code, place.departement) for place in notice.places] == [
        ("ES", None),
        ("DE724", None),
        (None, "35"),
    ]
    assert (notice.buyer.nuts_code, notice.buyer.departement) == ("DE724", None)
    assert locate_notice(notice).buyer.departements == ()


def test_a_country_in_three_letters_is_no_area_of_a_former_nomenclature():
    """
    FRA, once the areas overseas, is France; AUT begins with Australia's letters.
    """
    places = tuple(RawPlace(code) for code in ("FRA", "aut", "FRA40"))

    notice = normalise(RawNotice("f", "1", "T", places=places))

    assert [(place.nuts_code, place.departement) for place in notice.places] == [
        ("FR", None),
        ("AT", None),
        ("FRY40", "974"),
    ]


def test_a_departement_is_read_by_number_name_or_a_countrys_own_letters():
    """
    Mayotte was 985 until 2011, the islands overseas have letters of their own; 20 is both of Corse, and 00 none:
    a place of no département is unknown, where one of a number that is nobody's would be refused to all firms.
    """
    stated = ["Nouvelle-Calédonie", "Ille et Vilaine", "985", "69M", "1", "99", "20", "00"]
    places = (*(RawPlace(departement=one) for one in stated), RawPlace(country="NC"), RawPlace(country="PYF"))

    notice = normalise(RawNotice("f", "1", "T", places=places))

    assert [place.departement or place.nuts_code for place in notice.places] == [
        "988", "35", "976", "69", "01", "99", "FRM", "987",
    ]  # fmt: skip


def test_the_record_of_corses_old_number_says_what_it_became():
    """
    20 was recorded as lost where it was read as all of Corse, or as what the place states besides.
    """
    places = (
        RawPlace(departement="20"),
        RawPlace(departement="20", nuts_code="FR"),
        RawPlace(departement="20", postcode="20200"),
        RawPlace(departement="20", nuts_code="FRM01"),
        RawPlace(departement="20", country="Espagne"),
    )

    notice = normalise(RawNotice("f", "1", "T", places=places, buyer_place=RawPlace(departement="20")))

    corse = "what Corse became"
    assert {(each.field, each.before, each.after, each.rule) for each in notice.normalisations} == {
        ("places.departement", "20", "FRM", corse),
        ("places.departement", "20", "2B", corse),
        ("places.departement", "20", "2A", corse),
        ("places.departement", "20", None, "known of France alone"),
        ("buyer.departement", "20", "FRM", corse),
    }


def test_what_is_left_out_is_said():
    """
    Addresses, postcodes, départements, natures and CPV codes that mean nothing here.
    """
    raw = RawNotice(
        "f",
        "1",
        "T",
        document_url="mairie.example/dce.zip",
        submission_url="ftp://x.example/a",
        nature="divers",
        cpv_main="45261",
        places=(RawPlace(departement="Kerlann", postcode="3560"),),
    )

    notice = normalise(raw)

    assert {(each.field, each.before, each.after) for each in notice.normalisations} == {
        ("document_url", "mairie.example/dce.zip", None),
        ("submission_url", "ftp://x.example/a", None),
        ("nature", "divers", None),
        ("cpv_main", "45261", "45261000"),
        ("places.departement", "KERLANN", None),
        ("places.postcode", "3560", None),
    }


def test_no_text_of_a_notice_keeps_what_no_database_holds():
    """
    One NUL, in whatever field, once refused the whole document.
    """
    bad = "9\x00\ud800"
    place = RawPlace(bad, bad, bad, bad, bad)
    lot = RawLot(bad, bad, bad, (bad,), (place,), RawMoney(bad, bad), (RawTime(bad),))
    change = RawChange("text", bad, RawTime(bad), bad, bad)
    texts = [
        name
        for name, hint in RawNotice.__annotations__.items()
        if hint in {"str", "str | None"} and name != "feed_id"
    ]
    raw = RawNotice(
        **{"feed_id": "f"} | dict.fromkeys(texts, bad),
        languages=(bad,), cpv_additional=(bad,), refers_to=(bad,), places=(place,), lots=(lot,), changes=(change,),
        published=RawTime(bad), deadlines=(RawTime(bad),), value=RawMoney(bad, bad), buyer_place=place,
    )  # fmt: skip

    for is_html in (False, True):
        kept = repr(to_json(normalise(replace(raw, description_is_html=is_html))))
        assert ("\\x00" in kept, "\\ud800" in kept) == (False, False)


@pytest.mark.parametrize("stated", ["CS 64208 35042 CEDEX", "B.P. 90532 - 35042", "35042 TSA 10101"])
def test_the_number_of_a_box_is_no_postcode(stated):
    """
    A building in Rennes lay in the Pyrénées, or nowhere.
    """
    notice = normalise(RawNotice("f", "1", "T", places=(RawPlace(postcode=stated),)))

    assert notice.places == (Place(departement="35", postcode="35042"),)
