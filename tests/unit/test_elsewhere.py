"""What of a whole notice is bought here, and what a description, a lot or a code says of other purchases."""

from __future__ import annotations

import pytest

from alerting.domain.notice import Lot, Nature, Notice, NoticeKind
from alerting.domain.trade import POINTS_NEEDED, Act, Strictness
from alerting.matching.analyse import analyse_notice, analyse_text
from alerting.matching.elsewhere import bought_here


def notice_of(title, description=None, *, lots=(), code=None, nature=None):
    """Return a notice with lots given as (title, description) or (title, description, code)."""
    return Notice(
        "any",
        "1",
        None,
        NoticeKind.CALL,
        title,
        description=description,
        nature=nature,
        cpv_main=code,
        lots=tuple(
            Lot(str(number), lot[0], lot[1], tuple(lot[2:])) for number, lot in enumerate(lots, start=1)
        ),
    )


def told(notice):
    """Return the trades that hear of a notice at normal strictness."""
    return {
        trade
        for trade, findings in analyse_notice(notice).findings.items()
        if any(each.act is None and each.points >= POINTS_NEEDED[Strictness.NORMAL] for each in findings)
    }


@pytest.mark.parametrize(
    ("description", "kept"),
    [
        pytest.param(
            "Pose de la voie. Les terrassements sont réalisés dans le cadre d'autres marchés.",
            "Pose de la voie",
            id="another purchase",
        ),
        pytest.param(
            "Les cloisons ne font pas partie du marché; livraison sur site.",
            "livraison sur site",
            id="no part of the purchase",
        ),
        pytest.param(
            "La tonte est assurée par les agents municipaux. Sablage et décompactage.",
            "Sablage et décompactage",
            id="the buyer's own people",
        ),
        pytest.param(
            "La peinture a été réalisée en 2015. Réfection des sols.", "Réfection des sols", id="done before"
        ),
        pytest.param(
            "Le titulaire fournit les cars et assure leur nettoyage",
            "Le titulaire fournit les cars et assure leur",
            id="in passing",
        ),
        pytest.param(
            "Le marché a pour objet leur nettoyage", "Le marché a pour objet leur nettoyage", id="the object"
        ),
        pytest.param(
            "Lot 1: plomberie; chaque lot fait l'objet d'un marché distinct",
            "Lot 1: plomberie; chaque lot fait l'objet d'un marché distinct",
            id="lots are no other purchase",
        ),
        pytest.param(
            "Les travaux de plomberie sont réalisés par le titulaire",
            "Les travaux de plomberie sont réalisés par le titulaire",
            id="the supplier's own work",
        ),
    ],
)
def test_a_description_is_read_without_what_it_leaves_to_others(description, kept):
    """
    What is left has the words of the rest, in order, where they stand in the text.
    """
    left = bought_here(analyse_text(description))

    assert left.stems == analyse_text(kept).stems
    words = [description[start:end] for start, end in left.spans]
    assert words == [kept[start:end] for start, end in analyse_text(kept).spans]
    assert all(left.stems[place] == stem for stem, places in left.positions.items() for place in places)


@pytest.mark.parametrize(
    ("title", "lots", "expected"),
    [
        pytest.param(
            "Formations aux métiers de la propreté",
            [("Agent de propreté", "Nettoyage des locaux"), ("Peintre", None)],
            set(),
            id="every lot of training is training",
        ),
        pytest.param(
            "Fourniture de matériaux pour la régie",
            [("Peintures et vernis", None), ("Plomberie sanitaire", None)],
            set(),
            id="the name of a craft makes no work of goods",
        ),
        pytest.param(
            "Fourniture de matériels horticoles",
            [("Tondeuses", None), ("Robots de tonte", None)],
            set(),
            id="what goods are for makes no work of them",
        ),
        pytest.param(
            "Fournitures et services pour les bâtiments",
            [("Produits d'entretien", None), ("Nettoyage des locaux", None)],
            {"nettoyage"},
            id="a lot may buy work all the same",
        ),
        pytest.param(
            "Travaux d'aménagement du quartier",
            [("VRD", None), ("Espaces verts et mobilier", None)],
            {"terrassier", "paysagiste"},
            id="goods beside the work of a lot",
        ),
        pytest.param(
            "Travaux d'aménagement du quartier",
            [("VRD", None), ("Mobilier pour les espaces verts", None)],
            {"terrassier"},
            id="a lot of goods",
        ),
    ],
)
def test_a_lot_buys_what_its_notice_buys_unless_it_says_better(title, lots, expected):
    """
    A notice's title says it for all lots; a deed in a lot's title unsays it, a craft's name does not.
    """
    assert told(notice_of(title, lots=lots)) == expected


def test_a_lot_named_for_several_crafts_is_nobodys_own():
    """
    "Second œuvre" with its crafts listed is told to none of them at normal strictness; one that names a craft, is.
    """
    crafts = "Plâtrerie, menuiseries intérieures, peinture"
    both = [("Second œuvre", crafts), ("Gros œuvre", None)]
    named = [("Second œuvre: plâtrerie", crafts), ("Gros œuvre", None)]

    assert told(notice_of("Maison de santé", lots=both)) == {"macon"}
    assert told(notice_of("Maison de santé", lots=named)) == {"macon", "plaquiste"}


def test_what_goods_are_said_to_do_is_bought_by_nobody():
    """
    A title that rents toilets says what is bought; that they are emptied and cleaned does not stand in for it.
    """
    description = "Vidange des cuves et nettoyage deux fois par jour."

    assert told(notice_of("Location et entretien de toilettes autonomes", description)) == set()
    assert "vidangeur" in told(notice_of("Marché 2019-12", description))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("45310000", {"electricien"}, id="a craft's code"),
        pytest.param("32323500", {"electricien"}, id="a code of goods that are installed"),
        pytest.param("71334000", set(), id="a code of studies"),
        pytest.param("80530000", set(), id="a code of training"),
    ],
)
def test_a_code_of_another_kind_of_purchase_outweighs_the_words(code, expected):
    """
    Nobody buys a craft's work under a code of studies or training, whatever the title says.
    """
    title = "Mise en conformité des installations électriques"

    assert told(notice_of(title, code=code)) == expected


def test_why_a_code_outweighs_is_told():
    """
    The finding keeps its words and says the act and the code that stood against them.
    """
    notice = notice_of("Mise en conformité des installations électriques", code="71334000")

    (finding,) = analyse_notice(notice).findings["electricien"]
    assert (finding.act, finding.act_word) == (Act.DESIGN, "71334000")
    assert finding.words


def test_a_lots_own_code_stands_before_that_of_its_notice():
    """
    A lot of works keeps its craft under a notice that bears a code of studies; one without code does not.
    """
    lots = [("Lot 1: peinture", None, "45442100"), ("Lot 2: plâtrerie", None)]

    assert told(
        notice_of("Travaux de l'hôtel de ville", lots=lots, code="71200000", nature=Nature.WORKS)
    ) == {"peintre"}
