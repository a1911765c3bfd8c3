"""What a match means: accepted or refused, on stated or unknown facts, with which lots, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerting.domain.cpv import cpv_covers
from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.match import Decision, Reason
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria


ROOF = Reason("words", "met", None, ("toiture",))


def notice(title: str = "Réfection de la toiture", **facts) -> Notice:
    """Return a call that says nothing but its title and the facts given."""
    return Notice("any", "1", None, facts.pop("kind", NoticeKind.CALL), title, **facts)


def decide_on(criteria: Criteria, published: Notice) -> Decision:
    """Decide as the engine does; how well it fits is looked at in test_fit.py."""
    return replace(decide(compile_criteria(criteria), analyse_notice(published)), fit=None)


def accepted(*reasons: Reason, lot_ids: tuple[str, ...] = (), score: float = 1.0) -> Decision:
    return Decision(accepted=True, lot_ids=lot_ids, reasons=reasons, score=score)


def refused(criterion: str, *facts: str) -> Decision:
    return Decision(accepted=False, reasons=(Reason(criterion, "refused", facts=facts),))


IN_BRITTANY = {"words": ("toiture",), "departements": ("35", "22")}
UP_TO_90_000 = {"words": ("toiture",), "minimum_cents": 1_000_000, "maximum_cents": 9_000_000}
FOR_VANNES = {"words": ("toiture",), "buyers": ("Vannes", "21350238800019")}


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        pytest.param(
            IN_BRITTANY,
            {"places": (Place(departement="35"),)},
            accepted(ROOF, Reason("place", "met", facts=("35",))),
            id="place met",
        ),
        pytest.param(
            IN_BRITTANY, {"places": (Place(departement="44"),)}, refused("place", "44"), id="place elsewhere"
        ),
        pytest.param(
            IN_BRITTANY,
            {"places": (Place(departement="44"), Place(departement="22"))},
            accepted(ROOF, Reason("place", "met", facts=("22",))),
            id="one place of two",
        ),
        pytest.param(
            IN_BRITTANY,
            {"places": (Place(nuts_code="FRH0"),)},
            accepted(ROOF, Reason("place", "met", facts=("FRH0",))),
            id="the whole region holds the département",
        ),
        pytest.param(
            IN_BRITTANY,
            {"places": (Place(nuts_code="FRG0"),)},
            refused("place", "FRG0"),
            id="another region does not",
        ),
        pytest.param(
            IN_BRITTANY,
            {"places": (Place(nuts_code="FR"),)},
            accepted(ROOF, Reason("country", "unknown"), score=0.75),
            id="the country may be there",
        ),
        pytest.param(
            IN_BRITTANY,
            {"buyer": Buyer("Mairie", departement="22")},
            accepted(ROOF, Reason("place", "met", facts=("22",))),
            id="the buyer's département where no place is stated",
        ),
        pytest.param(
            IN_BRITTANY,
            {"buyer": Buyer("Rectorat", departement="22"), "places": (Place(departement="44"),)},
            refused("place", "44"),
            id="the place of work before the buyer's",
        ),
        pytest.param(
            IN_BRITTANY, {}, accepted(ROOF, Reason("place", "unknown"), score=0.75), id="place unknown"
        ),
        pytest.param(
            IN_BRITTANY | {"pass_unknown": False},
            {},
            refused("place"),
            id="place unknown, which does not pass",
        ),
        pytest.param(
            UP_TO_90_000,
            {"value": Money(9_000_000, "EUR")},
            accepted(ROOF, Reason("value", "met", facts=("9000000",))),
            id="value at the upper end",
        ),
        pytest.param(
            UP_TO_90_000,
            {"value": Money(9_000_001, "EUR")},
            refused("value", "9000001"),
            id="value too large",
        ),
        pytest.param(
            UP_TO_90_000, {"value": Money(999_999, "EUR")}, refused("value", "999999"), id="value too small"
        ),
        pytest.param(
            UP_TO_90_000,
            {"value": Money(5_000_000, "GBP")},
            accepted(ROOF, Reason("value", "unknown"), score=0.75),
            id="a value in pounds is not known in euros",
        ),
        pytest.param(
            UP_TO_90_000, {}, accepted(ROOF, Reason("value", "unknown"), score=0.75), id="value unknown"
        ),
        pytest.param(
            UP_TO_90_000 | {"pass_unknown": False},
            {},
            refused("value"),
            id="value unknown, which does not pass",
        ),
        pytest.param(
            FOR_VANNES,
            {"buyer": Buyer("VILLE DE VANNES")},
            accepted(ROOF, Reason("buyer", "met", facts=("VILLE DE VANNES",))),
            id="buyer by name",
        ),
        pytest.param(
            FOR_VANNES,
            {"buyer": Buyer("Ville de Rennes", "21350238800019")},
            accepted(ROOF, Reason("buyer", "met", facts=("Ville de Rennes",))),
            id="buyer by SIRET",
        ),
        pytest.param(
            FOR_VANNES,
            {"buyer": Buyer("Ville de Lorient")},
            refused("buyer", "Ville de Lorient"),
            id="another buyer",
        ),
        pytest.param(
            FOR_VANNES,
            {"buyer": Buyer(departement="56")},
            accepted(ROOF, Reason("buyer", "unknown"), score=0.75),
            id="buyer unknown",
        ),
        pytest.param(
            FOR_VANNES | {"pass_unknown": False},
            {},
            refused("buyer"),
            id="buyer unknown, which does not pass",
        ),
        pytest.param(
            {"words": ("toiture",)},
            {"kind": NoticeKind.AWARD},
            refused("kind", "award"),
            id="an award is no call",
        ),
        pytest.param(
            {"words": ("toiture",)},
            {"kind": NoticeKind.CORRECTION},
            accepted(ROOF),
            id="a correction may be the first that is heard of a call",
        ),
        pytest.param(
            {"words": ("toiture",), "kinds": (NoticeKind.AWARD,)},
            {"kind": NoticeKind.AWARD},
            accepted(ROOF),
            id="who asks for awards gets them",
        ),
        pytest.param({"words": ("charpente",)}, {}, refused("topic"), id="another topic"),
        pytest.param(
            {"words": ("toiture",), "words_out": ("refections",)},
            {},
            refused("words_out", "Réfection"),
            id="a word that is not wanted",
        ),
    ],
)
def test_each_criterion_is_met_refused_or_unknown(asked, facts, expected):
    """
    The whole decision: a fact that is not stated passes only where the profile lets it, and counts half.
    """
    assert decide_on(Criteria(**asked), notice(**facts)) == expected


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        pytest.param(
            {"cpv_codes": ("45260000",)},
            {"cpv_main": "45261210", "cpv_additional": ("45262660", "45330000")},
            accepted(Reason("cpv", "met", None, ("45261210", "45262660"))),
            id="a code covers its subtree",
        ),
        pytest.param(
            {"cpv_codes": ("45261210",)},
            {"cpv_main": "45260000"},
            refused("topic"),
            id="not what is above it",
        ),
        pytest.param(
            {"cpv_codes": ("45261210",)},
            {},
            accepted(Reason("cpv", "unknown"), score=0.5),
            id="codes alone, and the notice has none",
        ),
        pytest.param(
            {"cpv_codes": ("45261210",), "pass_unknown": False},
            {},
            refused("topic"),
            id="codes alone, and unknown does not pass",
        ),
        pytest.param(
            {"cpv_codes": ("45261210",), "words": ("charpente",)},
            {},
            refused("topic"),
            id="codes and words: the text speaks",
        ),
        pytest.param(
            {"cpv_codes": ("45261210",), "words": ("toiture",)},
            {"cpv_main": "45261210"},
            accepted(Reason("cpv", "met", None, ("45261210",)), ROOF),
            id="codes and words, both met",
        ),
        pytest.param(
            {"trades": ("couvreur",)},
            {"cpv_main": "45261000", "description": "Ardoise et zinguerie."},
            accepted(
                Reason(
                    "trade",
                    "met",
                    None,
                    ("Couverture, zinguerie", "toiture", "Ardoise", "zinguerie", "45261000"),
                )
            ),
            id="a trade says its name, then words, then codes",
        ),
        pytest.param(
            {"words": ("réfection de toitures",)}, {}, refused("topic"), id="a phrase is its words in a row"
        ),
        pytest.param(
            {"words": ("refection de la toiture",)},
            {},
            accepted(Reason("words", "met", None, ("Réfection de la toiture",))),
            id="a phrase is shown as published",
        ),
    ],
)
def test_codes_words_and_trades_are_ways_to_say_the_topic(asked, facts, expected):
    """
    One of them is enough; only codes alone can be unknown, for a text always says something.
    """
    assert decide_on(Criteria(**asked), notice(**facts)) == expected


def lots(*titles: str, **facts) -> tuple[Lot, ...]:
    """Return lots numbered from 1; a fact is given for each of them."""
    return tuple(
        Lot(str(number), title, **{name: values[number - 1] for name, values in facts.items()})
        for number, title in enumerate(titles, start=1)
    )


def roof(lot_id: str | None, word: str = "Toiture") -> Reason:
    """Return the reason that a lot's word gives."""
    return Reason("words", "met", lot_id, (word,))


THREE = lots("Maçonnerie", "Toiture", "Zinguerie et toitures")


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        pytest.param(
            {"words": ("toiture",)},
            {"lots": THREE},
            accepted(roof("2"), roof("3", "toitures"), lot_ids=("2", "3")),
            id="the lots that speak of it",
        ),
        pytest.param(
            {"words": ("groupe scolaire",)},
            {"lots": THREE},
            accepted(Reason("words", "met", None, ("groupe scolaire",))),
            id="only the whole speaks of it: no lot is named",
        ),
        pytest.param(
            {"words": ("toiture",), "words_out": ("zinguerie",)},
            {"lots": THREE},
            accepted(roof("2"), lot_ids=("2",)),
            id="a lot that is not wanted is left out",
        ),
        pytest.param(
            {"words": ("groupe scolaire",), "words_out": ("toiture", "maçonnerie")},
            {"lots": THREE},
            refused("words_out", "Maçonnerie", "Toiture", "toitures"),
            id="no lot is wanted",
        ),
        pytest.param(
            {"words": ("toiture",), "words_out": ("groupe scolaire",)},
            {"lots": THREE},
            refused("words_out", "groupe scolaire"),
            id="the whole is not wanted",
        ),
        pytest.param(
            {"words": ("toiture",), "departements": ("22",)},
            {
                "lots": lots(
                    "Toiture",
                    "Toiture",
                    "Toiture",
                    places=((Place(departement="35"),), (Place(departement="22"),), ()),
                )
            },
            accepted(roof("2"), roof("3"), Reason("place", "met", facts=("22",)), lot_ids=("2", "3")),
            id="a lot elsewhere is left out, one that does not say stays",
        ),
        pytest.param(
            {"words": ("toiture",), "maximum_cents": 100},
            {"lots": lots("Toiture", "Toiture", value=(Money(100, "EUR"), Money(101, "EUR")))},
            accepted(roof("1"), Reason("value", "met", facts=("100",)), lot_ids=("1",)),
            id="a lot that is too large is left out",
        ),
        pytest.param(
            {"words": ("toiture",), "maximum_cents": 100},
            {"lots": lots("Toiture", "Maçonnerie"), "value": Money(101, "EUR")},
            accepted(roof("1"), Reason("value", "unknown"), lot_ids=("1",), score=0.75),
            id="the value of the whole says nothing of one lot of two",
        ),
        pytest.param(
            {"words": ("toiture",), "maximum_cents": 100},
            {"lots": lots("Toiture"), "value": Money(101, "EUR")},
            refused("value", "101"),
            id="the value of the whole is that of its only lot",
        ),
        pytest.param(
            {"cpv_codes": ("45261000",)},
            {"lots": lots("A", "B", cpv_codes=(("45261210",), ("45330000",)))},
            accepted(Reason("cpv", "met", "1", ("45261210",)), lot_ids=("1",)),
            id="a lot's own codes",
        ),
        pytest.param(
            {"cpv_codes": ("45261000",)},
            {"lots": lots("A", "B", cpv_codes=((), ("45330000",)))},
            refused("topic"),
            id="one lot states another code: codes are stated",
        ),
    ],
)
def test_lots_are_judged_one_by_one(asked, facts, expected):
    """
    The decision names the lots that fit, in the notice's order, and each lot's own reason.
    """
    assert decide_on(Criteria(**asked), notice("Rénovation du groupe scolaire", **facts)) == expected


IN_35 = {"departements": ("35",)}
ELSEWHERE = (Place(departement="56"),)
AT_HOME = (Place(departement="35"),)
PLUMBING_ELSEWHERE = lots(
    "Plomberie", "Peinture", places=(ELSEWHERE, AT_HOME), cpv_codes=(("45330000",), ("45442100",))
)
WITH_ASBESTOS = lots("Plomberie avec désamiantage", "Peinture")


def refused_lot(criterion: str, lot_id: str | None, *facts: str) -> Decision:
    return Decision(accepted=False, reasons=(Reason(criterion, "refused", lot_id, facts),))


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        pytest.param({"words": ("plomberie",), **IN_35}, {"lots": PLUMBING_ELSEWHERE}, refused_lot("place", "1", "56"), id="words, elsewhere"),
        pytest.param({"cpv_codes": ("45330000",), **IN_35}, {"lots": PLUMBING_ELSEWHERE, "cpv_main": "45330000"}, refused_lot("place", "1", "56"), id="codes, elsewhere"),
        pytest.param({"trades": ("plombier",), **IN_35}, {"lots": PLUMBING_ELSEWHERE}, refused_lot("place", "1", "56"), id="a trade, elsewhere"),
        pytest.param({"words": ("plomberie",), "words_out": ("désamiantage",)}, {"lots": WITH_ASBESTOS}, refused_lot("words_out", "1", "désamiantage"), id="words, not wanted"),
        pytest.param({"trades": ("plombier",), "words_out": ("désamiantage",)}, {"lots": WITH_ASBESTOS}, refused_lot("words_out", "1", "désamiantage"), id="a trade, not wanted"),
        pytest.param(
            {"words": ("plomberie",), "words_out": ("désamiantage",), **IN_35},
            {"lots": lots("Plomberie", "Plomberie, désamiantage", places=(ELSEWHERE, AT_HOME))},
            refused_lot("place", "1", "56"),
            id="one elsewhere, one not wanted: the one that came furthest",
        ),
        pytest.param(
            {"words": ("plomberie",), **IN_35},
            {"lots": lots("Plomberie", "Plomberie", places=(ELSEWHERE, (Place(departement="22"),)))},
            refused_lot("place", None, "56", "22"),
            id="two elsewhere",
        ),
        pytest.param(
            {"words": ("plomberie",), **IN_35},
            {"lots": lots("Plomberie, école de Vannes", "École de Redon", places=(ELSEWHERE, AT_HOME))},
            accepted(Reason("words", "met", None, ("plomberie",)), Reason("place", "met", facts=("35",))),
            id="a lot that does not say what it is may be the one",
        ),
        pytest.param(
            {"words": ("plomberie",), **IN_35},
            {"lots": lots("Plomberie, école de Vannes", "École de Vitré", places=(ELSEWHERE, ELSEWHERE))},
            refused_lot("place", "1", "56"),
            id="not where it is elsewhere, too",
        ),
    ],
)  # fmt: skip
def test_a_lot_that_is_thrown_out_does_not_come_back_through_the_whole(asked, facts, expected):
    """
    A title names plumbing; the only lot of it is elsewhere, or not wanted: that is what decides.
    """
    assert decide_on(Criteria(**asked), notice("Travaux de plomberie et peinture", **facts)) == expected


def test_two_lots_of_one_number_are_told_once():
    """
    A buyer numbered two lots alike: the number stands once, and so does its reason.
    """
    alike = (Lot("1", "Toiture"), Lot("1", "Toiture"))

    decision = decide_on(Criteria(words=("toiture",)), notice("Rénovation", lots=alike))

    assert decision == accepted(roof("1"), lot_ids=("1",))


AROUND_REDON = {"words": ("toiture",), "communes": ("35236",), "radius_km": 40}
OF_REDON = Buyer("Commune de Redon", departement="35", commune="Redon", postcode="35600")
EDF = Buyer("EDF SA", departement="75", commune="Paris", postcode="75008")
OF_TROYES = Buyer("Ville de Troyes", departement="10", commune="Troyes Cedex", postcode="10026")
ROOFS_OF_ONE_PLACE = lots("Toiture", "Toiture", places=((), (Place(commune="Redon", departement="35"),)))
ROOFS_SOMEWHERE = lots(
    *["Toiture"] * 3,
    places=(
        (Place("FR", commune="Savigneux."),),
        (Place("FR", commune="Redon."),),
        (Place("FR", commune="Ateliers."),),
    ),
)
OF_RENNES = Buyer("Département", departement="35", commune="Rennes", postcode="35042")
HALF = 0.75


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        pytest.param(
            AROUND_REDON,
            {"places": (Place(commune="LA GACILLY", postcode="56200"),), "buyer": OF_RENNES},
            accepted(ROOF, Reason("place", "met", facts=("La Gacilly, 12 km",))),
            id="a commune within the circle, in another département",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(commune="Redon (35)"),)},
            accepted(ROOF, Reason("place", "met", facts=("Redon",))),
            id="the centre itself",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(commune="Rennes", departement="35"),), "buyer": OF_REDON},
            refused("place", "Rennes, 59 km"),
            id="work far away for a buyer who is near",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(commune="Rennes (35)"), Place(postcode="35600"))},
            accepted(ROOF, Reason("place", "met", facts=("35600",))),
            id="the nearest of several, of a postcode with the centre in it",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(departement="35"),), "buyer": OF_REDON},
            accepted(ROOF, Reason("buyer_place", "met", facts=("Redon",), clarity=0.5), score=HALF),
            id="a département alone, its buyer near",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(departement="35"),), "buyer": OF_RENNES},
            refused("place", "35"),
            id="a département alone of which the circle holds too little",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(departement="56"),), "buyer": OF_RENNES},
            accepted(ROOF, Reason("area", "met", facts=("56",), clarity=0.5), score=HALF),
            id="a département alone of which the circle holds enough",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(departement="56"),), "buyer": OF_REDON},
            accepted(ROOF, Reason("area", "met", facts=("56",), clarity=0.5), score=HALF),
            id="the buyer's own place says nothing of another département",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place("FRH0"),)},
            accepted(ROOF, Reason("area", "met", facts=("FRH0",), clarity=0.5), score=HALF),
            id="anywhere in the region",
        ),
        pytest.param(AROUND_REDON, {"places": (Place("FRG01"),)}, refused("place", "44"), id="by NUTS alone"),
        pytest.param(AROUND_REDON, {"places": (Place("AT312"),)}, refused("place", "AT312"), id="abroad"),
        pytest.param(
            AROUND_REDON,
            {"buyer": OF_REDON},
            accepted(ROOF, Reason("buyer_place", "met", facts=("Redon",), clarity=0.5), score=HALF),
            id="no place of work, the buyer near",
        ),
        pytest.param(
            AROUND_REDON, {"buyer": OF_RENNES}, refused("place", "Rennes, 59 km"), id="the buyer far"
        ),
        pytest.param(
            AROUND_REDON,
            {"buyer": Buyer(departement="56")},
            accepted(ROOF, Reason("area", "met", facts=("56",), clarity=0.5), score=HALF),
            id="no more than the buyer's département",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place("FR"),), "buyer": EDF},
            accepted(ROOF, Reason("country", "unknown"), score=HALF),
            id="the country, for a buyer far away who buys for anywhere",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(commune="France entière"),), "buyer": EDF},
            accepted(ROOF, Reason("country", "unknown"), score=HALF),
            id="the country in words",
        ),
        pytest.param(
            AROUND_REDON | {"pass_unknown": False},
            {"places": (Place("FR"),), "buyer": EDF},
            refused("country"),
            id="the country, where unknown does not pass",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place("FR"), Place("FR101")), "buyer": EDF},
            refused("place", "Paris, 348 km"),
            id="the country beside a place says no more",
        ),
        pytest.param(
            AROUND_REDON,
            {
                "places": (Place("FR"),),
                "buyer": replace(EDF, commune="Redon", postcode="35600", departement="35"),
            },
            accepted(ROOF, Reason("buyer_place", "met", facts=("Redon",), clarity=0.5), score=HALF),
            id="the country, for a buyer who is near",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place("FR"),), "buyer": OF_TROYES},
            refused("place", "Troyes, 463 km"),
            id="the country, for a buyer that bears its town's name",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place("FR"),), "buyer": replace(OF_TROYES, name="Département de l'Aube")},
            refused("place", "10"),
            id="the country, for a buyer that bears its département's name",
        ),
        pytest.param(
            {"words": ("toiture",), "nuts_codes": ("AT3",)},
            {"places": (Place("FR"),), "buyer": EDF},
            refused("place", "FR"),
            id="the country, for a firm abroad",
        ),
        pytest.param(
            {"words": ("toiture",), "departements": ("42",)},
            {"places": (Place("FR", commune="Savigneux."),), "buyer": EDF},
            accepted(ROOF, Reason("namesake", "unknown", facts=("Savigneux",)), score=HALF),
            id="one of two communes of a name",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place("FR", commune="Savigneux."),), "buyer": EDF},
            refused("place", "Savigneux, 523 km"),
            id="two communes of a name, neither of them near",
        ),
        pytest.param(
            AROUND_REDON,
            {
                "places": (Place("FR", commune="Savigneux."),),
                "buyer": replace(OF_REDON, name="Ville de Redon"),
            },
            accepted(ROOF, Reason("buyer_place", "met", facts=("Redon",), clarity=0.5), score=HALF),
            id="a name of far away in a local buyer's notice is that of a quarter",
        ),
        *(
            pytest.param(
                {"words": ("toiture",), "communes": (city,)},
                {"places": (place,), "buyer": OF_REDON},
                accepted(ROOF, Reason("place", "met", facts=(said,))),
                id=f"{city}, no radius: {said} by {place}",
            )
            for city, place, said in (
                ("75056", Place(commune="Paris 12e"), "Paris 12e Arrondissement"),
                ("75056", Place(postcode="75012"), "Paris 12e Arrondissement"),
                ("75056", Place(departement="75"), "Paris"),
                ("75056", Place("FR101", "75"), "Paris"),
                ("75112", Place(commune="Paris"), "Paris"),
                ("75112", Place(departement="75"), "Paris"),
                ("69123", Place(commune="Lyon 3e"), "Lyon 3e Arrondissement"),
                ("13055", Place(postcode="13008"), "Marseille 8e Arrondissement"),
                ("13208", Place(commune="Marseille"), "Marseille"),
            )
        ),
        pytest.param(
            {"words": ("toiture",), "communes": ("69123",)},
            {"places": (Place("FRK26", "69"),)},
            accepted(ROOF, Reason("area", "met", facts=("69",), clarity=0.5), score=HALF),
            id="a city's département, a good part of which it is",
        ),
        pytest.param(
            {"words": ("toiture",), "communes": ("75056",)},
            {"places": (Place("FR10"),)},
            accepted(ROOF, Reason("area", "met", facts=("FR10",), clarity=0.5), score=HALF),
            id="a region around a city",
        ),
        pytest.param(
            {"words": ("toiture",), "communes": ("75112",)},
            {"places": (Place(commune="Paris 15e"),)},
            refused("place", "Paris 15e Arrondissement, 9 km"),
            id="another arrondissement",
        ),
        pytest.param(
            AROUND_REDON | {"pass_unknown": False},
            {"places": (Place(commune="Saint-Martin"),)},
            refused("place"),
            id="a homonym that nothing decides",
        ),
        pytest.param(
            AROUND_REDON | {"departements": ("22",)},
            {"places": (Place(commune="Saint-Brieuc", postcode="22000"),)},
            accepted(ROOF, Reason("place", "met", facts=("22",))),
            id="out of the circle, in a département wanted besides",
        ),
        pytest.param(
            {"words": ("toiture",), "communes": ("35236",)},
            {"places": (Place(commune="Redon", departement="35"),)},
            accepted(ROOF, Reason("place", "met", facts=("Redon",))),
            id="a commune without a radius",
        ),
        pytest.param(
            {"words": ("toiture",), "communes": ("35236",)},
            {"places": (Place(commune="Sainte-Marie", postcode="35600"),)},
            refused("place", "Sainte-Marie, 6 km"),
            id="the next commune, without a radius",
        ),
        pytest.param(
            {"words": ("toiture",), "nuts_codes": ("FRH0",)},
            {"places": (Place(commune="Redon (35)"),)},
            accepted(ROOF, Reason("place", "met", facts=("35",))),
            id="a region wanted, a commune stated",
        ),
        pytest.param(
            {"words": ("toiture",), "nuts_codes": ("AT3",)},
            {"places": (Place("AT312"),)},
            accepted(ROOF, Reason("place", "met", facts=("AT312",))),
            id="an area abroad",
        ),
        pytest.param(AROUND_REDON, {"places": (Place("LU"),)}, refused("place", "LU"), id="a country abroad"),
        pytest.param(
            {"words": ("toiture",), "nuts_codes": ("AT3",)},
            {"places": (Place("AT"),)},
            accepted(ROOF, Reason("place", "met", facts=("AT",))),
            id="a country that holds an area abroad",
        ),
        pytest.param(
            AROUND_REDON,
            {"places": (Place(commune="Nouméa", postcode="98800"),)},
            refused("place", "988"),
            id="overseas",
        ),
        pytest.param(
            {"words": ("toiture",), "departements": ("988",)},
            {"places": (Place(commune="Nouméa", postcode="98800"),)},
            accepted(ROOF, Reason("place", "met", facts=("988",))),
            id="overseas, where it is wanted",
        ),
        pytest.param(
            AROUND_REDON,
            {
                "lots": lots(
                    "Toiture", "Toiture", places=((Place(commune="Rennes"),), (Place(commune="Redon"),))
                ),
                "places": (Place(departement="44"),),
                "buyer": OF_RENNES,
            },
            accepted(roof("2"), Reason("place", "met", facts=("Redon",)), lot_ids=("2",)),
            id="a lot's place before the notice's",
        ),
        pytest.param(
            AROUND_REDON,
            {"lots": ROOFS_OF_ONE_PLACE, "places": (Place(commune="Paris"),)},
            accepted(roof("2"), Reason("place", "met", facts=("Redon",)), lot_ids=("2",)),
            id="a lot without a place of its own lies where the notice does",
        ),
        pytest.param(
            AROUND_REDON,
            {"lots": ROOFS_OF_ONE_PLACE},
            accepted(roof("1"), roof("2"), Reason("place", "met", facts=("Redon",)), lot_ids=("1", "2")),
            id="a lot without a place of its own, where the notice has none, lies where the others do",
        ),
        pytest.param(
            AROUND_REDON | {"departements": ("42",)},
            {"lots": ROOFS_SOMEWHERE, "buyer": EDF},
            accepted(roof("2"), Reason("place", "met", facts=("Redon",)), lot_ids=("2",)),
            id="beside a lot that is near, those that may be anywhere are left out",
        ),
        pytest.param(
            {"words": ("toiture",), "departements": ("42",)},
            {"lots": ROOFS_SOMEWHERE, "buyer": EDF},
            accepted(
                roof("1"),
                roof("3"),
                Reason("namesake", "unknown", facts=("Savigneux",)),
                lot_ids=("1", "3"),
                score=2.5 / 3,
            ),
            id="where no lot is near, those that may be are told",
        ),
    ],
)
def test_places_are_judged_by_distance_where_they_are_named(asked, facts, expected):
    """
    Work's place before the buyer's, a commune before its département; what is judged by an area is marked.
    """
    assert decide_on(Criteria(**asked), notice(**facts)) == expected


def test_an_empty_criterion_asks_nothing():
    """
    Criteria that ask nothing accept any call, for no reason: whoever stores profiles refuses them.
    """
    assert decide_on(Criteria(), notice()) == accepted()


@pytest.mark.parametrize(
    ("code", "other", "covered"),
    [
        ("45330000", "45330000", True),
        ("45330000", "45332200", True),
        ("45332200", "45330000", False),
        ("45000000", "45332200", True),
        ("30000000", "31000000", False),
        ("30000000", "30200000", True),
        ("45300000", "45310000", True),
    ],
)
def test_a_code_covers_its_subtree(code, other, covered):
    """
    Trailing zeros are not significant, but the first two digits always are: 30 is a division.
    """
    assert cpv_covers(code, other) is covered
