"""Whether a firm can well answer what matches: said with its reasons, hiding nothing unasked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.digests.fit import say_fit
from alerting.digests.languages import find_language
from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.fit import FitVerdict, fit_at, verdict
from alerting.domain.match import Decision, Fit, FitKind, FitReason, Reason
from alerting.domain.money import Money
from alerting.domain.notice import Lot, Notice, NoticeKind, Place
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.reference.demands import demands


MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def decide_on(text: str | None = None, *, lots: tuple[Lot, ...] = (), asked=None, **facts) -> Decision:
    """Decide on a call for roofing, with what the description asks."""
    notice = Notice("any", "1", None, NoticeKind.CALL, "Toiture", description=text, lots=lots, **facts)
    criteria = Criteria(words=("toiture",), **(asked or {}))
    return decide(compile_criteria(criteria), analyse_notice(notice))


def against(decision: Decision) -> list[tuple[str, str]]:
    """Return the kind and the words of every reason that is not met."""
    return [(reason.kind.value, reason.words) for reason in decision.fit.reasons if not reason.is_met]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Qualification QUALIBAT 3111 ou équivalent.", [("qualification", "QUALIBAT")], id="Qualibat"
        ),
        pytest.param("Entreprise RGE exigée", [("qualification", "RGE")], id="RGE"),
        pytest.param(
            "Reconnue garante de l'environnement et QualiPV",
            [("qualification", "Reconnue garante de l'environnement"), ("qualification", "QualiPV")],
            id="in words, and a mark of one energy",
        ),
        pytest.param(
            "Travaux amiante en sous-section 4",
            [("qualification", "sous-section 4")],
            id="asbestos, by section",
        ),
        pytest.param("Certification MASE demandée", [("qualification", "Certification MASE")], id="MASE"),
        pytest.param(
            "Une visite des lieux est obligatoire.",
            [("visit", "visite des lieux est obligatoire")],
            id="visit",
        ),
        pytest.param("Visite obligatoire : non", [], id="a visit that is denied behind"),
        pytest.param("Visite non obligatoire", [], id="a visit that is denied between"),
        pytest.param(
            "Visite obligatoire. Pas de variante.",
            [("visit", "Visite obligatoire")],
            id="the next sentence denies something else",
        ),
        pytest.param(
            "Qualibat exigée.Non alloti.", [("qualification", "Qualibat")], id="without a space between"
        ),
        pytest.param(
            "Aucune variante ; visite obligatoire", [("visit", "visite obligatoire")], id="a clause before"
        ),
        pytest.param(
            "Sans variante\nVisite obligatoire\nNon alloti", [("visit", "Visite obligatoire")], id="lines"
        ),
        pytest.param("Visite obligatoire :\nNon", [], id="an answer on the next line"),
        pytest.param("Sans aucune\nvisite obligatoire", [], id="a line that was broken"),
        pytest.param("Sans l'art. Qualibat", [], id="an abbreviation ends nothing"),
        pytest.param("Aucune visite obligatoire.", [], id="a visit that is denied before"),
        pytest.param("Visite conseillée le 3 mars", [], id="a visit that is not mandatory"),
        pytest.param(
            "Visite libre. Qualibat obligatoire.",
            [("qualification", "Qualibat")],
            id="what the next sentence demands is no visit",
        ),
        pytest.param("Visite du site ; devis obligatoire", [], id="what the next clause demands"),
        pytest.param("Visite du site\nCertificats obligatoires", [], id="what the next line demands"),
        pytest.param(
            "Visite de l'art. 4 obligatoire",
            [("visit", "Visite de l'art. 4 obligatoire")],
            id="an abbreviation within",
        ),
        pytest.param(
            "Visite du site :\nObligatoire",
            [("visit", "Visite du site :\nObligatoire")],
            id="a colon goes on below",
        ),
        pytest.param(
            "La visite du site aura lieu le lundi 3 mars à neuf heures ; elle est obligatoire",
            [],
            id="words too far",
        ),
        pytest.param(
            "Marché réservé au titre de l'article L. 2113-12",
            [("reserved", "Marché réservé")],
            id="reserved, said twice",
        ),
        pytest.param(
            "Lot réservé à des entreprises adaptées",
            [("reserved", "Lot réservé")],
            id="reserved to adapted firms",
        ),
        pytest.param("Marché réservé : NON", [], id="not reserved"),
        pytest.param("Clause d'insertion sociale de 200 heures", [], id="a social clause reserves nothing"),
        pytest.param("Cautionnement exigé : 5 %", [("deposit", "Cautionnement")], id="a deposit"),
        pytest.param("Sans cautionnement", [], id="no deposit"),
        pytest.param(
            "Conception-réalisation d'un gymnase", [("size", "Conception-réalisation")], id="as a whole"
        ),
        pytest.param("Assurance décennale à jour", [], id="what every firm has by law"),
        pytest.param("Le RGEN du bâtiment", [], id="a word that only begins like one"),
    ],
)
def test_demands_are_found_where_they_are_made(text, expected):
    """
    In any inflection, with a few words between; never where the notice denies it.
    """
    decision = decide_on(text)

    assert decision.accepted
    assert sorted(against(decision)) == sorted(expected)


def test_every_demand_of_the_table_is_found_by_each_of_its_words():
    """
    A word that no notice could be found by would be a dead line of the table.
    """
    for demand in demands():
        for words in demand.words:
            found = decide_on(words.replace("…", "")).fit.reasons
            assert demand.label in {reason.label for reason in found}, words


@pytest.mark.parametrize(
    ("has", "text", "is_met"),
    [
        (("qualibat",), "Qualibat exigé", True),
        (("rge",), "Qualibat exigé", False),
        (("qualipv",), "RGE exigé", True),
        (("rge",), "QualiPV exigé", False),
        (("amiantess3",), "SS4", True),
        (("amiantess4",), "SS3", False),
        (("esat",), "Marché réservé", True),
        (("siae",), "Marché réservé", True),
        ((), "assurance décennale", True),
        (("qualibat",), "visite obligatoire", False),
    ],
)
def test_what_a_firm_has_meets_what_is_asked(has, text, is_met):
    """
    A mark of one energy is RGE, not the other way round; who may remove asbestos may work near it.
    """
    (reason,) = decide_on(text, asked={"qualifications": has}).fit.reasons

    assert reason.is_met is is_met


def test_a_lot_asks_for_itself():
    """
    What another lot asks stands against nobody; what the whole asks stands against all.
    """
    lots = (Lot("1", "Toiture", "Qualibat"), Lot("2", "Peinture", "Lot réservé"))

    assert against(decide_on("Visite obligatoire", lots=lots)) == [
        ("visit", "Visite obligatoire"),
        ("qualification", "Qualibat"),
    ]


@pytest.mark.parametrize(
    ("text", "lot_ids"),
    [
        pytest.param("Le lot 2 est réservé aux entreprises adaptées.", ["LOT-0002"], id="before"),
        pytest.param(
            "Le lot n° 1 est libre et le lot n° 2 réservé à l'insertion, le lot 3 non.",
            ["LOT-0002"],
            id="the last",
        ),
        pytest.param("Réservés à l'insertion : lots 1 et 3", ["LOT-0001", "LOT-0003"], id="behind"),
        pytest.param(
            "Le lot 3 est ouvert. Lot réservé (lot 1) ; lot 2 : Qualibat",
            ["LOT-0001"],
            id="its sentence alone",
        ),
        pytest.param("Marché réservé. Le lot 2 est une toiture.", [None], id="another sentence"),
        pytest.param(
            "Le lot 1 est réservé à des ESAT, le lot 3 réservé à des ESAT",
            ["LOT-0001", "LOT-0003"],
            id="said twice",
        ),
        pytest.param("Tous les lots sont réservés à l'insertion", [None], id="all of them"),
        pytest.param("Le lot 7 est réservé aux ESAT", ["7"], id="a lot that was not read"),
    ],
)
def test_what_the_whole_says_of_a_lot_is_that_lots(text, lot_ids):
    """
    A sentence that names lots by their numbers, however the source numbers them, asks nothing of the others.
    """
    lots = tuple(Lot(f"LOT-000{number}", "Toiture") for number in (1, 2, 3))
    notice = Notice("any", "1", None, NoticeKind.CALL, "Toiture", description=text, lots=lots)

    found = [one.lot_id for one in analyse_notice(notice).demands if one.kind is FitKind.RESERVED]
    assert found == lot_ids


def test_a_lot_that_the_whole_says_is_reserved_rules_out_no_other():
    """
    A firm that wants no reserved contract is still told of the two lots that anybody may answer.
    """
    lots = tuple(Lot(str(number), "Toiture") for number in (1, 2, 3))
    decision = decide_on("Le lot 2 est réservé aux ESAT.", lots=lots, asked={"fit_out": (FitKind.RESERVED,)})

    assert decision.lot_ids == ("1", "3")


def test_what_a_field_states_is_asked_without_a_word():
    """
    Of the whole, of a lot; a field that says no asks nothing, and one for all lots is theirs who say it.
    """
    one, two = Lot("1", "Toiture", asks_deposit=True), Lot("2", "Toiture", is_reserved=True)
    out = {"fit_out": (FitKind.RESERVED,)}

    assert against(decide_on(lots=(one, two))) == [
        ("deposit", "caution"),
        ("reserved", "structures d'insertion ou de travail adapté (articles L2113-12 à L2113-16)"),
    ]
    assert decide_on(lots=(one, two), asked=out).lot_ids == ("1",)
    assert decide_on(lots=(one, two), is_reserved=True, asked=out).lot_ids == ("1",)
    assert not decide_on(is_reserved=True, asked=out).accepted
    assert decide_on(is_reserved=True, asked=out | {"qualifications": ("esat",)}).accepted
    assert against(decide_on(is_reserved=False, asks_deposit=False)) == []


def test_nothing_is_hidden_but_where_the_profile_says_so():
    """
    A kind that is left out refuses the notice, names its words, and does not count what the firm has.
    """
    asked = {"fit_out": (FitKind.QUALIFICATION,)}
    refused = Decision(accepted=False, reasons=(Reason("fit", "refused", facts=("Qualibat",)),))

    assert decide_on("Qualibat", asked=asked) == refused
    assert decide_on("Qualibat", asked=asked | {"qualifications": ("qualibat",)}).accepted
    assert decide_on("Visite obligatoire", asked=asked).accepted


def test_a_lot_that_is_ruled_out_leaves_the_others():
    """
    Only when every lot that fits is ruled out the notice is refused.
    """
    lots = (Lot("1", "Toiture", "Lot réservé"), Lot("2", "Toiture"), Lot("3", "Peinture"))
    asked = {"fit_out": (FitKind.RESERVED,)}

    assert decide_on(lots=lots, asked=asked).lot_ids == ("2",)
    assert not decide_on(lots=lots[:1], asked=asked).accepted
    assert decide_on(lots=lots, asked=asked | {"qualifications": ("siae",)}).lot_ids == ("1", "2")


def test_what_is_not_stated_makes_no_certain_fit():
    """
    An unknown criterion, an area alone, and a whole that is too large with lots that state no value.
    """
    around = {"communes": ("35236",), "radius_km": 40}
    lots = (Lot("1", "Toiture"), Lot("2", "Peinture"))
    dear = decide_on(lots=lots, value=Money(20_000_000, "EUR"), asked={"maximum_cents": 9_000_000})

    assert against(decide_on(asked=around)) == [("unknown", "")]
    assert decide_on(asked=around, places=(Place("FRH0"),)).fit.reasons == (
        FitReason(FitKind.UNKNOWN, "area"),
    )
    assert [(reason.kind, reason.label) for reason in dear.fit.reasons] == [
        (FitKind.SIZE, "value"),
        (FitKind.UNKNOWN, "value"),
    ]


def test_the_clock_is_looked_at_when_it_is_told():
    """
    Fewer working days than the firm needs are one reason more; a deadline that has passed is none.
    """
    fit = Fit(working_days=5)
    friday, next_monday = MONDAY.replace(day=6), MONDAY.replace(day=9)

    assert [reason.kind for reason in fit_at(fit, friday, now=MONDAY).reasons] == [FitKind.TIME]
    assert verdict(fit_at(fit, friday, now=MONDAY)) is FitVerdict.PERHAPS
    assert fit_at(fit, next_monday, now=MONDAY) == fit
    assert fit_at(fit, None, now=MONDAY) == fit
    assert fit_at(fit, friday, now=next_monday) == fit
    assert verdict(fit) is FitVerdict.FOR_YOU


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        pytest.param((), "Pour vous, sans réserve", id="nothing is asked"),
        pytest.param(
            (FitReason(FitKind.QUALIFICATION, "Qualibat", is_met=True),),
            "Pour vous, qui avez ce qui est demandé : Qualibat",
            id="what the firm has",
        ),
        pytest.param(
            (
                FitReason(FitKind.QUALIFICATION, "Qualibat", is_met=True),
                FitReason(FitKind.QUALIFICATION, "RGE"),
                FitReason(FitKind.RESERVED, "x"),
                FitReason(FitKind.VISIT, "x"),
                FitReason(FitKind.DEPOSIT, "x"),
            ),
            "Peut-être, parce que : demandé : RGE ; réservé aux structures d’insertion ou de travail adapté ;"
            " la visite est obligatoire ; une caution est demandée",
            id="what it has not",
        ),
        pytest.param(
            (FitReason(FitKind.SIZE, "value"), FitReason(FitKind.SIZE, "x", "Entreprise\ngénérale")),
            "Peut-être, parce que : l’ensemble dépasse votre montant maximum, les lots ne sont pas chiffrés ;"
            " le marché est attribué en bloc (« Entreprise générale »)",
            id="what is large",
        ),
        pytest.param(
            (FitReason(FitKind.UNKNOWN, "place"), FitReason(FitKind.UNKNOWN, "area")),
            "Peut-être, parce que : lieu non précisé dans l’avis ; seul le département ou la région est précisé",
            id="what is not stated",
        ),
    ],
)
def test_a_fit_is_said_in_one_line(reasons, line):
    """
    The verdict first, then what stands against it, or what the firm has of what is asked.
    """
    said = say_fit(Fit(reasons), None, find_language("fr"), now=MONDAY)

    assert " ".join(said.split()) == line


def test_little_time_is_said_and_a_match_of_old_says_nothing():
    """
    Rows that were decided before there was a fit have none.
    """
    french = find_language("fr")

    assert say_fit(Fit(working_days=5), MONDAY.replace(day=4), french, now=MONDAY).endswith(
        "il reste peu de temps"
    )
    assert say_fit(None, None, french, now=MONDAY) is None
