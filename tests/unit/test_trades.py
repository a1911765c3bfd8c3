"""A trade stands for a craft's own codes and words, and is known by any of its names."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib import resources
from pathlib import Path

import pytest

from alerting.domain.cpv import cpv_covers
from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.notice import Lot, Nature, Notice, NoticeKind
from alerting.errors import ProfileError
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.reference.cpv import is_cpv
from alerting.reference.trades import (
    Trade,
    get_trade,
    get_trades,
    read_table,
    trades,
    trades_of_naf,
    trades_version,
)


EVERY = [pytest.param(trade, id=trade.trade_id) for trade in trades()]


def accepts(
    trade: str, *, lot: Lot, title: str = "Opération 2024-07", nature: Nature | None = Nature.WORKS
) -> bool:
    """Tell whether a profile of one trade accepts a notice of one lot."""
    notice = Notice("any", "1", None, NoticeKind.CALL, title, lots=(lot,), nature=nature)
    return decide(compile_criteria(Criteria(trades=(trade,))), analyse_notice(notice)).accepted


def finds(trade: Trade, text: str) -> bool:
    """Tell whether a text of its own gives a trade any points."""
    findings = analyse_notice(Notice("any", "1", None, NoticeKind.CALL, text)).findings
    return any(each.words for each in findings.get(trade.trade_id, ()))


@pytest.mark.parametrize(
    ("trade", "code", "accepted"),
    [
        pytest.param("menuisier", "45421132", True, id="windows are joinery"),
        pytest.param("menuisier", "45421000", True, id="joinery at large"),
        pytest.param("menuisier", "45421141", False, id="partitions are the plasterer's"),
        pytest.param("menuisier", "45421160", False, id="ironmongery is the metalworker's"),
        pytest.param("ebeniste", "45421153", True, id="built-in furniture is the cabinetmaker's"),
        pytest.param("plaquiste", "45421141", True, id="the plasterer gets partitions"),
        pytest.param("serrurier", "45421160", True, id="the metalworker gets ironmongery"),
        pytest.param("couvreur", "45260000", True, id="roofing and other special trades at large"),
        pytest.param("couvreur", "45261212", True, id="slates are roofing"),
        pytest.param("couvreur", "45262660", False, id="asbestos removal is no roofing"),
        pytest.param("couvreur", "45262510", False, id="stonework is no roofing"),
        pytest.param("electricien", "45312100", True, id="fire alarms are electrical"),
        pytest.param("electricien", "45313100", False, id="lifts are a craft of their own"),
        pytest.param("macon", "45262620", True, id="retaining walls are masonry"),
        pytest.param("terrassier", "45234122", False, id="an underground railway is no road"),
        pytest.param("facadier", "45453100", False, id="refurbishment at large is no façade"),
        pytest.param("reparateur-informatique", "50324200", False, id="anything is maintained preventively"),
        pytest.param(
            "reparateur-informatique", "50324100", False, id="systems are doors and sprinklers, too"
        ),
        pytest.param(
            "reparateur-informatique", "50323000", True, id="peripherals are the computer repairer's"
        ),
        pytest.param("terrassier", "45112410", False, id="graves are not the earthworker's"),
        pytest.param("pompes-funebres", "45112410", True, id="graves are the undertaker's"),
        pytest.param("terrassier", "45112450", False, id="excavating ruins is archaeology"),
        pytest.param("terrassier", "45111250", False, id="soil is investigated by engineers"),
        pytest.param("terrassier", "45233221", False, id="road marking is a craft of its own"),
        pytest.param("signalisation", "45233221", True, id="road marking"),
        pytest.param("imprimeur", "79822500", False, id="graphic design is no printing"),
    ],
)
def test_a_code_belongs_to_the_craft_that_does_the_work(trade, code, accepted):
    """
    The lot's words say nothing, its code alone decides.
    """
    assert accepts(trade, lot=Lot("1", "Lot technique", cpv_codes=(code,))) is accepted


@pytest.mark.parametrize(("trade", "is_told"), [("signalisation", True), ("signaletique", False)])
def test_goods_for_roads_are_who_marks_them(trade, is_told):
    """
    Buyers give road signs the code of "matériel de signalisation", not signs of shops.
    """
    lot = Lot("1", "Lot 2", cpv_codes=("34928471",))

    assert accepts(trade, lot=lot, nature=Nature.SUPPLIES) is is_told


def test_a_title_that_names_another_trade_outweighs_a_code():
    """
    The code of joinery at large on a lot of painting: the painter is told, the joiner is not.
    """
    lot = Lot("1", "Peinture", cpv_codes=("45421000",))

    assert accepts("peintre", lot=lot)
    assert not accepts("menuisier", lot=lot)


def test_a_word_that_means_something_else_outweighs_a_code():
    """
    A landfill's sealing bears the code of roof sealing.
    """
    assert not accepts("etancheur", lot=Lot("1", "Étanchéité par géomembrane", cpv_codes=("45261420",)))


def test_a_code_of_design_outweighs_a_title_that_only_says_construction():
    """
    "Construction d'un gymnase" under architects' services is to be drawn; the walls come later.
    """
    notice = Notice(
        "any", "1", None, NoticeKind.CALL, "Construction d'un gymnase en ossature bois", cpv_main="71221000"
    )

    (finding,) = analyse_notice(notice).findings["charpentier"]

    assert (finding.act, finding.act_word) == ("design", "71221000")


@pytest.mark.parametrize(
    ("code", "trades_told"),
    [
        pytest.param("80530000", set(), id="training"),
        pytest.param("66510000", set(), id="insurance"),
        pytest.param("45330000", {"plombier"}, id="the craft itself"),
    ],
)
def test_a_code_of_training_outweighs_a_title_that_says_work(code, trades_told):
    """
    "Entretien de chaudières" under a code of training is a course about them.
    """
    assert told("Entretien des chaudières", codes=(code,)) == trades_told


def test_a_code_of_who_is_named_says_nothing_against_who_is_named_beside():
    """
    Meals and cleaning are bought as one, under the code of the meals; under another's code meals alone are meant.
    """
    title = "Fourniture de repas et entretien ménager des offices"

    assert told(title, codes=("55523100",)) == {"traiteur", "nettoyage"}
    assert told("Entretien ménager des offices", codes=("55523100",)) == set()


def test_a_word_is_enough_where_the_code_is_another_craft_s():
    """
    Joinery and partitions in one lot, under the code of partitions: the joiner is told.
    """
    assert accepts("menuisier", lot=Lot("1", "Menuiseries intérieures, cloisons", cpv_codes=("45421141",)))


def test_a_description_makes_another_act_of_what_its_title_says():
    """
    The title says construction, the first words of the description that it is a contest of architects.
    """
    notice = Notice(
        "any",
        "1",
        None,
        NoticeKind.CALL,
        "Réhabilitation du lycée",
        description="Mission de maîtrise d'œuvre pour la réfection des toitures, avec diagnostic et suivi des travaux.",
    )

    (finding,) = analyse_notice(notice).findings["couvreur"]

    assert finding.act == "design"


def test_lots_that_name_no_trade_are_the_title_s():
    """
    Cleaning in three places, one of them with its windows: the cleaner hears of all three.
    """
    lots = (Lot("1", "Mairie"), Lot("2", "Écoles"), Lot("3", "Vitrerie"))
    notice = Notice("any", "1", None, NoticeKind.CALL, "Nettoyage des locaux communaux", lots=lots)

    assert decide(compile_criteria(Criteria(trades=("nettoyage",))), analyse_notice(notice)).accepted


def told(
    title: str, description: str | None = None, *, lots: tuple[Lot, ...] = (), codes: tuple[str, ...] = ()
) -> set[str]:
    """Return the trades that a works notice is told to."""
    notice = Notice(
        "any",
        "1",
        None,
        NoticeKind.CALL,
        title,
        description=description,
        lots=lots,
        nature=Nature.WORKS,
        cpv_main=codes[0] if codes else None,
        cpv_additional=codes[1:],
    )
    analysed = analyse_notice(notice)
    return {
        trade.trade_id
        for trade in trades()
        if decide(compile_criteria(Criteria(trades=(trade.trade_id,))), analysed).accepted
    }


def test_a_title_that_ends_in_its_lot_is_that_lot_s():
    """
    The operation stands before the number, what is bought behind it.
    """
    assert told("Travaux courants de voirie - Lot 22 - Éclairage extérieur") == {"electricien"}


def test_lots_listed_in_a_description_are_told_like_lots():
    """
    A planning notice has no lots yet, its description lists them.
    """
    description = (
        "Les travaux se feront en site occupé et sont répartis comme suit. Lot no 1 : gros œuvre ; Lot no 2 : "
        "charpente bois ; Lot no 3 : aménagements divers."
    )

    assert told("Réhabilitation de la cuisine du lycée", description) == {"macon", "charpentier"}


@pytest.mark.parametrize(
    ("title", "description", "trades_told"),
    [
        pytest.param(
            "Construction d'un pôle enfance",
            "Travaux répartis en 3 lots : 01 - Gros œuvre ; 02 - Espaces verts ; 03 - Plomberie. Visite obligatoire.",
            {"macon", "paysagiste", "plombier"}, id="numbers",
        ),
        pytest.param(
            "Construction d'un pôle enfance",
            "La consultation est allotie comme suit : - VRD, - gros œuvre, - menuiseries. La peinture est prévue en 2023.",
            {"terrassier", "macon", "menuisier"}, id="dashes",
        ),
        pytest.param(
            "Mission d'architecte pour un pôle enfance",
            "Les travaux sont répartis en 3 lots : 01 - Gros œuvre ; 02 - Charpente ; 03 - Plomberie.",
            set(), id="a study of them",
        ),
        pytest.param(
            "Pôle enfance - lot 2 charpente bois",
            "Les travaux sont répartis en 3 lots : 01 - Gros œuvre ; 02 - Charpente ; 03 - Plomberie.",
            {"charpentier"}, id="one of them is bought",
        ),
    ],
)  # fmt: skip
def test_lots_listed_without_the_word_before_each_are_told_like_lots(title, description, trades_told):
    """
    They were taken for a house bought as one, of which each craft is a part.
    """
    assert told(title, description) == trades_told


def test_a_description_that_speaks_of_one_trade_alone_tells_it_by_two_words():
    """
    "Marché similaire de sécurisation" says nothing; the description does, far behind its first words.
    """
    first = "Marché passé sans nouvelle publicité avec le titulaire du marché initial, pour les mêmes services, au même "
    prose = f"{first}prix et dans les mêmes conditions que le contrat en cours. Il comprend la "

    assert told("Marché similaire de sécurisation", f"{prose}vidéoprotection et l'anti-intrusion.") == {
        "electricien"
    }
    assert told("Marché similaire de sécurisation", f"{prose}vidéoprotection des abords.") == set()


def test_what_is_bought_besides_is_not_what_is_bought():
    """
    Behind "y compris" stands the side of a work, not its object.
    """
    description = "Fourniture et mise en œuvre d'un portique de lavage, y compris travaux de terrassement."

    assert told("Portique de lavage du dépôt", description) == set()


@pytest.mark.parametrize(
    ("title", "description"),
    [
        pytest.param(
            "Rénovation de l'école en tous corps d'état", "Maçonnerie et peinture.", id="by its word"
        ),
        pytest.param(
            "Plâtrerie, peinture, carrelage, plomberie, électricité, menuiseries", None, id="by its title"
        ),
        pytest.param(
            "Macro-lot",
            "Le lot comporte gros œuvre, couverture, menuiseries extérieures, plâtrerie, peinture, carrelage, "
            "plomberie et électricité.",
            id="by its description",
        ),
    ],
)
def test_a_whole_house_is_no_single_craft_s(title, description):
    """
    Its codes may name each craft: none of them can make the offer alone.
    """
    codes = ("45210000", "45262522", "45442100", "45330000")

    assert told(title, description, codes=codes) == set()


@pytest.mark.parametrize(
    ("title", "trades_told"),
    [
        pytest.param("Menuiseries extérieures PVC - occultations", {"menuisier"}, id="shutters of windows"),
        pytest.param("Stores et occultations", {"storiste", "menuisier"}, id="more than a side"),
        pytest.param("Occultations", {"storiste", "menuisier"}, id="by the same word alone"),
        pytest.param("Isolation thermique par l'extérieur - ravalement", {"facadier"}, id="of a façade"),
        pytest.param("Étanchéité et isolation des toitures-terrasses", {"etancheur"}, id="of a roof"),
        pytest.param("Plomberie - débouchage", {"plombier"}, id="of pipes"),
        pytest.param("Réparation de véhicules : freins, vidange", {"mecanicien"}, id="of oil"),
        pytest.param("Maintenance de l'éclairage public, entretien du parc", {"electricien"}, id="no park"),
    ],
)
def test_a_side_of_another_craft_s_work_is_that_craft_s(title, trades_told):
    """
    Where a title names the other, too, and nothing else of the trade.
    """
    assert told(title) == trades_told


@pytest.mark.parametrize("trade", EVERY)
def test_what_is_a_side_of_another_s_work_are_the_trade_s_own_words(trade):
    """
    Else the entry does nothing.
    """
    own = {*trade.words, *trade.objects}

    assert [word for _, words in trade.beside for word in words if word not in own] == []
    assert {other for other, _ in trade.beside} <= {each.trade_id for each in trades()} - {trade.trade_id}


@pytest.mark.parametrize(
    ("title", "description", "trades_told"),
    [
        pytest.param("Gardiennage et nettoyage des parties communes", None, {"nettoyage"}, id="joined"),
        pytest.param("Conduite, surveillance et entretien des chaudières", None, {"plombier"}, id="third"),
        pytest.param("Gardiennage - nettoyage exclu", None, set(), id="a dash joins nothing"),
        pytest.param("Aide à domicile : entretien des locaux", None, set(), id="nor does a colon"),
        pytest.param("Gestion et exploitation du camping et des espaces verts",
                     "Délégation de service public pour une durée de huit ans.", set(), id="conceded"),
        pytest.param("Entretien des espaces verts de la ZAC",
                     "Marché passé par le titulaire d'une concession d'aménagement.", {"paysagiste"},
                     id="conceded to the buyer"),
    ],
)  # fmt: skip
def test_work_joined_to_a_service_is_work(title, description, trades_told):
    """
    Guarding, watching and writing are no craft's; what is joined to them may be.  What is conceded is not bought.
    """
    assert told(title, description) == trades_told


@pytest.mark.parametrize(
    ("title", "trades_told"),
    [
        ("Désamiantage de la toiture", {"demolisseur"}),
        ("Désamiantage - couverture", {"demolisseur", "couvreur"}),
        ("Désamiantage et réfection de la toiture", {"demolisseur", "couvreur"}),
        ("Désamiantage et couverture de l'école", {"demolisseur", "couvreur"}),
        ("Désamiantage et peinture", {"demolisseur", "peintre"}),
        ("Curage et VRD", {"terrassier"}),
        ("Curage préventif des réseaux d'eaux usées", {"vidangeur"}),
        ("Nettoyage des gaines de ventilation", set()),
        ("Entretien et nettoyage des gaines de ventilation", {"plombier"}),
        ("Entretien, nettoyage des chaufferies", {"plombier", "nettoyage"}),
    ],
)
def test_what_another_does_to_a_craft_s_word_is_not_the_craft_s(title, trades_told):
    """
    Where it does so: a dash or "et" between them joins two crafts as equals, and a craft that does its own to the
    same thing is asked for.
    """
    assert told(title) == trades_told


@pytest.mark.parametrize(
    ("title", "trades_told"),
    [
        ("Entretien des espaces verts et compostage des déchets verts", {"paysagiste"}),
        ("Entretien et réparation des véhicules sanitaires", {"mecanicien"}),
    ],
)
def test_a_word_that_takes_a_notice_out_of_a_craft_takes_no_true_one(title, trades_told):
    """
    "Compostage" and "sanitaires" took out gardeners who compost, and garages that repair ambulances.
    """
    assert told(title) == trades_told


def test_salt_is_no_sealing():
    """
    "SEL" is a roofer's liquid sealing, and in small letters what is spread on roads.
    """
    assert told("Épandage de sel sur les parkings") == set()
    assert told("Réfection des balcons par étanchéité SEL") == {"etancheur"}


def test_a_macro_lot_of_technical_lots_lists_no_lots():
    """
    Each craft in it is one of several: no one of them can make the offer alone.
    """
    description = "Chauffage, ventilation, plomberie, électricité."

    assert told("Macro-lot C - Lots techniques", description) == set()


def test_a_further_code_tells_only_whom_the_title_names():
    """
    Buyers add codes by the dozen: the earthworks beside a weighbridge are not the earthmover's.
    """
    description = (
        "La pose du pont-bascule demande au titulaire des essais, un étalonnage et une formation des agents."
    )

    assert told("Pont-bascule de la déchèterie", description, codes=("42923200", "45112500")) == set()


def test_an_exact_code_is_enough_where_the_text_names_no_trade():
    """
    "Opération 12" says nothing, its main code what is to be done.
    """
    description = (
        "Le marché concerne la seconde tranche de l'opération conduite par le département sur ce site."
    )

    assert told(
        "Opération de la route de la mer, deuxième tranche ferme", description, codes=("45442100",)
    ) == {"peintre"}


@pytest.mark.parametrize(
    ("title", "trades_told"),
    [
        pytest.param("Fourniture de pneumatiques et entretien des pneumatiques", {"mecanicien"}, id="joined"),
        pytest.param("Fourniture de pneumatiques pour l'entretien des véhicules", set(), id="its purpose"),
        pytest.param("Acquisition et maintenance de véhicules", set(), id="kept in order by who sells"),
        pytest.param("Fourniture de denrées pour la restauration collective", set(), id="who cooks them"),
    ],
)
def test_work_joined_to_what_is_supplied_makes_it_work(title, trades_told):
    """
    Behind the object, too; what it is for is no work of the purchase.
    """
    assert told(title) == trades_told


@pytest.mark.parametrize("trade", EVERY)
def test_every_word_of_a_trade_finds_it(trade):
    """
    In capitals, after an article, and as it is written: a word that the analysis loses, or that a phrase
    apart or a word out swallows, stands for nothing.
    """
    lost = [
        word
        for word in (*trade.words, *trade.hints)
        if not finds(trade, f"Lot 1 {word.upper()}") or not finds(trade, word)
    ]

    assert len(trade.words) > 2
    assert lost == []


@pytest.mark.parametrize("trade", EVERY)
def test_every_object_of_a_trade_finds_it_beside_a_deed(trade):
    """
    By itself an object is nobody's: others sell, insure and count it.
    """
    found = {
        (deed, thing)
        for deed in trade.deeds
        for thing in trade.objects
        if finds(trade, f"{deed} des {thing}")
    }

    assert {deed for deed, _ in found} == set(trade.deeds)
    assert {thing for _, thing in found} == set(trade.objects)
    assert bool(trade.deeds) == bool(trade.objects)


@pytest.mark.parametrize(
    ("title", "trades_told"),
    [
        pytest.param("Réparation des deux petits bateaux", {"charpentier-naval"}, id="words between"),
        pytest.param("Entretien et révision des vélos", {"reparateur-de-cycles"}, id="a plural in -os"),
        pytest.param("Bateaux : réparation", {"charpentier-naval"}, id="behind, set off"),
        pytest.param("Bateaux de réparation", set(), id="behind, not set off"),
        pytest.param("Assurance des bateaux", set(), id="another deed"),
        pytest.param("Réfection de l'assise des fauteuils", {"tapissier"}, id="one word more"),
        pytest.param("Réfection d'une crèche rue du Port", set(), id="an address is not joined"),
        pytest.param(
            "Réfection de l'éclairage de la rue", {"electricien"}, id="another trade's word between"
        ),
        pytest.param("Fourniture de vaisselle pour cantine", set(), id="goods for an object"),
        pytest.param("Curage des réseaux d'assainissement", {"vidangeur"}, id="a deed of another"),
    ],
)
def test_a_deed_and_its_object_tell_a_trade(title, trades_told):
    """
    Neither alone does; nor do they where other things stand between.
    """
    assert told(title) == trades_told


def test_a_lot_that_names_an_object_has_the_notice_s_deed():
    """
    "Entretien et réparation" with lots "Véhicules légers", "Bateaux": as if each had said it; a purchase of
    them is none.
    """
    lots = (Lot("1", "Véhicules légers"), Lot("2", "Bateaux"))

    assert told("Entretien et réparation de la flotte municipale", lots=lots) == {
        "mecanicien", "charpentier-naval",
    }  # fmt: skip
    assert told("Assurance et entretien de la flotte municipale", lots=lots) == set()


@pytest.mark.parametrize(
    ("title", "trades_told"),
    [
        pytest.param(
            "Démolition d'un mur dans le cadre de travaux de plomberie", {"demolisseur"}, id="cause"
        ),
        pytest.param("Pose de clôtures autour du bassin de rétention", {"clotures", "serrurier"}, id="place"),
        pytest.param(
            "Photovoltaïque en toiture, étanchéité", {"electricien", "etancheur"}, id="up to a comma"
        ),
        pytest.param("Travaux situés en toiture", {"couvreur"}, id="no trade before it"),
    ],
)
def test_where_and_for_what_work_is_done_is_not_what_is_bought(title, trades_told):
    """
    Where a trade is named before: else the place is all that the title says.
    """
    assert told(title) == trades_told


def test_a_comma_parts_what_would_mean_something_else():
    """
    "Peinture sur toile" hangs in a museum, "peinture, toile de verre" on the wall of a school.
    """
    assert not finds(get_trade("peintre"), "Peinture sur toile")
    assert finds(get_trade("peintre"), "Peinture, toile de verre")


@pytest.mark.parametrize("trade", EVERY)
def test_every_phrase_apart_silences_the_word_within_it(trade):
    """
    "Couverture maladie" is no roof.
    """
    assert [phrase for phrase in trade.apart if finds(trade, phrase)] == []


def test_every_word_out_of_a_trade_silences_its_words():
    """
    A title with one of the trade's words and one of its words out is another's.
    """
    pairs = [(trade, trade.words[0], word) for trade in trades() for word in trade.words_out]

    assert len(pairs) > 5
    assert [pair for pair in pairs if finds(pair[0], f"{pair[1]}, {pair[2]}")] == []


def test_every_code_of_every_trade_exists():
    """
    A mistyped code would stand for nothing, in silence.
    """
    codes = [(trade.trade_id, code) for trade in trades() for code in trade.cpv_codes + trade.cpv_codes_out]

    assert len(codes) > 50
    assert [pair for pair in codes if not is_cpv(pair[1])] == []


def test_every_code_that_is_out_lies_in_a_branch_that_is_in():
    """
    One outside would stand for nothing, in silence.
    """
    found = [
        (trade.trade_id, code)
        for trade in trades()
        for code in trade.cpv_codes_out
        if not any(cpv_covers(wanted, code) for wanted in trade.cpv_codes)
    ]

    assert found == []


def test_every_name_is_one_trade_s_alone():
    """
    Id, label and synonyms, without accents and capitals: a name of two trades would mean one of them by chance.
    """
    names = {trade.trade_id: {*trade.synonyms, trade.trade_id, trade.label} for trade in trades()}

    found = {trade_id: {get_trade(name.upper()).trade_id for name in own} for trade_id, own in names.items()}

    assert found == {trade_id: {trade_id} for trade_id in names}


@pytest.mark.parametrize(
    ("name", "trade_id"),
    [
        ("Maçon", "macon"),
        ("MACONNERIE", "macon"),
        ("gros oeuvre", "macon"),
        (" plâtrier ", "plaquiste"),
        ("plombiers", "plombier"),
        ("Travaux de plomberie", "plombier"),
        ("entreprise de maçonnerie", "macon"),
        ("peintre en bâtiment", "peintre"),
        ("électricien(ne)", "electricien"),
        ("Coiffeuses", "coiffeur"),
        ("artisan carreleur", "carreleur"),
        ("élagueurs", "paysagiste"),
        ("éclairage", "electricien"),
        ("clim", "frigoriste"),
        ("transport de personnes", "taxi"),
    ],
)
def test_a_trade_is_known_by_any_of_its_names(name, trade_id):
    """
    Capitals, accents, ligatures, spaces, plurals, genders and what firms put before their craft do not matter.
    """
    assert get_trade(name).trade_id == trade_id


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param(
            "menuisier / ébéniste",
            "trade 'menuisier / ébéniste' may mean several (got menuisier, ebeniste), expected one of them",
            id="two crafts in one line",
        ),
        pytest.param(
            "bois",
            "trade 'bois' may mean several (got charpentier, menuisier, scieur), expected one of them",
            id="a matter that three crafts work",
        ),
    ],
)
def test_a_name_that_may_mean_several_trades_is_not_guessed(name, message):
    """
    The firm is asked which.
    """
    with pytest.raises(ProfileError) as caught:
        get_trade(name)

    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("name", "trade_ids"),
    [
        pytest.param("Charpentier-couvreur", ("charpentier", "couvreur"), id="a hyphen"),
        pytest.param("menuisier / ébéniste", ("menuisier", "ebeniste"), id="a stroke"),
        pytest.param("maçon et carreleur", ("macon", "carreleur"), id="and"),
        pytest.param("plombier-chauffagiste", ("plombier",), id="two names of one"),
        pytest.param("Plâtrier-plaquiste", ("plaquiste",), id="two names of one, as people write them"),
        pytest.param("sols souples", ("carreleur",), id="words of one trade alone"),
    ],
)
def test_a_name_that_joins_two_trades_means_both(name, trade_ids):
    """
    A firm that writes both does both; a hyphen within one craft's name does not part it.
    """
    assert tuple(trade.trade_id for trade in get_trades(name)) == trade_ids


@pytest.mark.parametrize(
    ("name", "like"),
    [
        pytest.param("couvreurr", " (nearest: couvreur)", id="a slip of the pen"),
        pytest.param("alarme", " (nearest: electricien)", id="what a craft works on"),
        pytest.param("placards", " (nearest: menuisier, ebeniste)", id="what several do"),
        pytest.param("pompage", " (nearest: foreur, vidangeur)", id="no undertaker's work"),
        pytest.param("architecte", "", id="what is like nothing"),
        pytest.param("verre", " (nearest: vitrier, vitrailliste)", id="glazed more often than stained"),
        pytest.param("facteur", " (nearest: facteur-d-instruments)", id="who brings letters"),
        pytest.param("travaux de maintenance", " (nearest: reparateur-de-machines)", id="of anything"),
        pytest.param("mobilier", " (nearest: ebeniste, demenageur, charpentier-naval)", id="made or moved"),
        pytest.param("sel", "", id="no liquid sealing"),
    ],
)
def test_an_unknown_trade_is_answered_with_the_nearest(name, like):
    """
    Trades whose letters alone were a little alike were named for what is no trade: "storiste" for "géomètre".
    """
    with pytest.raises(ProfileError) as caught:
        get_trade(name)

    expected = "expected one of `alerting trades list`, or words or cpv"
    assert str(caught.value) == f"trade {name!r} is not known{like}; {expected}"


@pytest.mark.parametrize("code", ["43.22A", "4322A", " 43.22a "])
def test_an_activity_means_the_trades_nearest_to_it(code):
    """
    However the code is written, the plumber comes first.
    """
    assert [trade.trade_id for trade in trades_of_naf(code)] == ["plombier", "piscinier"]


def test_the_version_is_documented_with_the_digest_of_what_it_names():
    """
    Whoever changes a word gives the table a new version, and says in docs/trades.md what changed.
    """
    data = resources.files("alerting.reference") / "data"
    sources = b"".join((data / name).read_bytes() for name in ("trades.toml", "acts.toml"))
    page = (Path(__file__).parents[2] / "docs" / "trades.md").read_text(encoding="utf-8")

    documented = re.findall(r"^\| (20[\d.]+) \| `(\w+)` \|", page, re.MULTILINE)

    assert documented[-1] == (trades_version(), sha256(sources).hexdigest()[:12])
    assert len({version for version, _ in documented}) == len(documented)


@pytest.mark.parametrize(
    ("text", "got"),
    [
        pytest.param("[plombier]", "None", id="none"),
        pytest.param("version = 2026.11", "2026.11", id="a number, which 2026.10 would not survive"),
        pytest.param('version = "2026.13"', "'2026.13'", id="a month that is none"),
    ],
)
def test_a_table_without_a_version_is_refused(text, got):
    """
    In one line, with what is expected.
    """
    with pytest.raises(ValueError, match=r"^trades") as caught:
        read_table(text)

    assert str(caught.value) == (
        f"trades.toml: version: expected one like '2026.11' or '2026.11.2' (got {got})"
    )
