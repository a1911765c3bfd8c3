"""DECP: what was awarded, by whom, where, for how much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Nature, NoticeKind, Place
from alerting.errors import FeedFormatError
from alerting.feeds.formats import detect, parse
from alerting.notices.normalise import normalise


CORPUS = Path(__file__).parents[1] / "corpus" / "decp"


def read(name: str):
    """Return the notices of a document, cleaned, and its rejects."""
    parsed = parse((CORPUS / name).read_bytes(), feed_id="f")
    return [normalise(raw) for raw in parsed.notices], parsed.rejects


def test_a_contract_is_an_award_known_by_buyer_and_number():
    """
    The check digit of the CPV goes, the postcode gives the département.
    """
    (roof, upkeep, cleaning, hall), rejects = read("contracts.json")

    assert detect((CORPUS / "contracts.json").read_bytes(), feed_id="f") == "decp"
    assert (roof.source_id, roof.kind, roof.title) == (
        "17590003400026-2026T012",
        NoticeKind.AWARD,
        "Réfection de la toiture",
    )
    assert (roof.buyer.siret, roof.cpv_main, roof.nature) == ("17590003400026", "45261210", Nature.WORKS)
    assert (roof.value, roof.internal_reference) == (Money(13_761_400, "EUR"), "2026T012")
    assert [(place.postcode, place.departement) for place in roof.places] == [("22350", "22")]
    assert (upkeep.nature, [place.departement for place in upkeep.places]) == (None, ["22"])
    assert ([place.departement for place in cleaning.places], cleaning.value) == (["974"], None)
    assert (hall.source_id, hall.nature) == ("17590003400026-C1", Nature.WORKS)
    assert [(reject.where, reject.problem) for reject in rejects] == [
        ("marche[3]", "expected 'id' and 'objet' (got none)")
    ]


def test_the_older_shape_with_flat_names_is_read_alike():
    """
    Names with a point are one name there; the commune's number leads with the département.
    """
    ((roof,), rejects) = read("older.json")

    assert (roof.source_id, roof.buyer.name, rejects) == ("175900034000262019_1", "Commune de Kerlann", ())
    assert [place.departement for place in roof.places] == ["35"]


@pytest.mark.parametrize("name", ["Code postal", "CODE POSTAL", "50340"])
def test_a_name_of_a_place_that_repeats_its_code_is_no_commune(name):
    """
    A firm would read that the work is done in "Code postal".
    """
    place = {"code": "50340", "typeCode": "Code postal", "nom": name}
    document = {"marches": [{"id": "1", "objet": "Toiture", "lieuExecution": place}]}

    [raw] = parse(json.dumps(document).encode(), feed_id="f").notices

    assert normalise(raw).places == (Place(departement="50", postcode="50340"),)


@pytest.mark.parametrize("document", [b"", b"{}", b'{"marches": {}}', b'{"marches": 1}', b"[]"])
def test_what_holds_no_contract_is_refused(document):
    """
    Nothing to read is said.
    """
    with pytest.raises(FeedFormatError):
        parse(document, feed_id="f", format="decp")


@pytest.mark.parametrize(
    ("code", "kind", "place"),
    [
        ("3120", "Code postal", Place(departement="03", postcode="03120")),
        (1004, "Code commune", Place(departement="01", commune="Ambérieu-en-Bugey")),
        ("2A004", "Code commune", Place(departement="2A", commune="Ajaccio")),
        ("01205", "Code commune", Place(departement="01", commune="Valserhône")),
        ("35999", "Code commune", Place(departement="35")),
        ("01100", "Code INSEE de la commune", Place(departement="01", commune="Cheignieu-la-Balme")),
        ("351", "Code arrondissement", Place(departement="35")),
        ("9711", "Code arrondissement", Place(departement="971")),
        ("3506", "Code canton", Place(departement="35")),
        ("53", "Code région", Place(nuts_code="FRH")),
        (4, "Code region", Place(nuts_code="FRY4")),
        ("82", "Code région", Place(nuts_code="FRK2")),
        ("ES", "Code pays", Place(nuts_code="ES")),
    ],
)
def test_each_code_of_a_place_is_read(code, kind, place):
    """
    Those of arrondissements, cantons, régions and countries said nothing; a spreadsheet loses the zero that leads Allier's codes.
    """
    contract = {"id": "1", "objet": "Peinture", "lieuExecution": {"code": code, "typeCode": kind}}

    (raw,) = parse(json.dumps({"marches": [contract]}).encode(), feed_id="f").notices

    assert normalise(raw).places == (place,)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Oyonnax", Place(departement="01", postcode="01100", commune="Oyonnax")),
        ("OYONNAX CEDEX", Place(departement="01", postcode="01100", commune="OYONNAX CEDEX")),
        ("Cheignieu-la-Balme", Place(departement="01", commune="Cheignieu-la-Balme")),
        ("Siège", Place(departement="01", commune="Siège")),
        (None, Place(departement="01")),
    ],
)
def test_a_postcode_that_is_called_a_communes_code_is_one_where_its_commune_is_named(name, place):
    """
    Oyonnax's postcode is the number of another commune of the Ain, which was told in its place; where neither
    is named, the département is all that is known.
    """
    stated = {"code": "01100", "typeCode": "Code commune", "nom": name}
    document = {"marches": [{"id": "1", "objet": "Peinture", "lieuExecution": stated}]}

    (raw,) = parse(json.dumps(document).encode(), feed_id="f").notices

    assert normalise(raw).places == (place,)


def test_a_number_that_is_none_costs_no_contract():
    """
    Programs that publish tables write NaN where a cell is empty; the whole file was refused for it.
    """
    contracts = b'{"id":"1","objet":"Peinture","montant":NaN},{"id":"2","objet":"Toiture","montant":10.5,"x":[-Infinity]}'

    parsed = parse(b'{"marches":[' + contracts + b"]}", feed_id="f")

    assert parsed.rejects == ()
    assert [(raw.internal_reference, normalise(raw).value) for raw in parsed.notices] == [
        ("1", None),
        ("2", Money(1050, "EUR")),
    ]


def test_half_a_character_is_refused_beside_a_number_that_is_none_too():
    """
    PostgreSQL keeps none: one contract would stop all that are loaded with it.
    """
    document = rb'{"marches": [{"id": "1", "objet": "Peinture \ud800", "montant": NaN}]}'

    with pytest.raises(FeedFormatError):
        parse(document, feed_id="f")
