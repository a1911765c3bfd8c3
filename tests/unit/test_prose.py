"""What corrections say in French about the deadline: the new one, the old one beside it, or nothing."""

from __future__ import annotations

import pytest

from alerting.domain.notice import Clock, RawChange, RawTime
from alerting.feeds.formats.prose import find_new_deadlines, read_changes
from alerting.text.lot_words import find_lots
from tests.capitals import in_capitals


OLD, NEW = "2026-10-05", "2026-10-12"


def _told(text):
    return [(new.before, new.after, new.lots) for new in find_new_deadlines(text)]


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("La date limite de remise des offres est reportée au 12 octobre 2026 à midi.", None, f"{NEW}T12:00"),
        ("La date limite de remise des offres est reportée au 12 octobre 2026 à minuit.", None, NEW),
        ("La remise des plis est repoussée au lundi 12 octobre 2026, 12 heures 30.", None, f"{NEW}T12:30"),
        ("Remise des offres au plus tard le 12/10/26 à 17h.", None, f"{NEW}T17:00"),
        ("Le délai de réception des plis est prolongé jusqu'au 12.10.2026 (12h00).", None, f"{NEW}T12:00"),
        ("Nouvelle date limite de dépôt des offres : 2026-10-12 12:00", None, f"{NEW}T12:00"),
        ("La réception des offres est prorogée au 12 oct. 2026 à 16 h 00.", None, f"{NEW}T16:00"),
        ("Date limite de remise des plis : 12 - 10 - 2026, heure limite : 11h30", None, f"{NEW}T11:30"),
        ("La date limite de réception des offres du 5 octobre 2026 devient le 12 octobre", None, None),
        ("La remise des offres du 5 octobre 2026 est repoussée au 12/10 à 12h.", None, None),
        ("La date limite de réception des offres du 5 octobre 2026 est reportée sine die.", None, None),
        ("La date limite de réception des offres était fixée au 5 octobre 2026.", None, None),
        ("La date limite de remise des plis initialement prévue le 5 octobre 2026 est annulée.", None, None),
        ("La date limite de remise des offres est le 30 février 2026.", None, None),
        ("Date limite de remise des offres : 5/10/2026 ou 12/10/2026.", None, None),
        ("La date limite de remise des offres du lot n° 2 est reportée au 12 octobre 2026.", None, NEW),
        ("Visite obligatoire avant la remise des offres : 12 octobre 2026.", None, None),
        ("La date limite de validité des offres est portée au 12 octobre 2026.", None, None),
        ("Les questions sont reçues jusqu'au 12 octobre 2026.", None, None),
        ("Le CCTP est modifié en date du 12 octobre 2026.", None, None),
        ("La date limite de remise des plis du 5 octobre 2026 est remplacée par le 12 octobre 2026.", OLD, NEW),
        ("La date limite de remise des plis du 5 octobre 2026 est désormais fixée au 12 octobre 2026.", OLD, NEW),
        ("La date limite de dépôt des offres du 5/10/2026 est prorogée au 12/10/2026.", OLD, NEW),
        ("La date limite de dépôt des offres du 5/10/2026 passe au 12/10/2026.", OLD, NEW),
        ("La date limite de dépôt des plis, fixée au 5/10/26, est repoussée au 12/10/26.", OLD, NEW),
        ("La date limite de remise des offres est reportée du 5 octobre 2026 au 12 octobre 2026.", OLD, NEW),
        ("La date limite de remise des offres est décalée du 5 au 12 octobre 2026.", None, NEW),
        ("La remise des offres prévue le 5 octobre est reportée au 12 octobre 2026.", None, NEW),
        ("Date limite de réception des offres : au lieu du 5/10/2026, lire : 12/10/2026", OLD, NEW),
        ("Date limite de réception des offres : lire 12/10/2026 au lieu de 5/10/2026", OLD, NEW),
        ('« Remise des offres », au lieu de : "Lundi 5/10/2026" lire : "Lundi 12/10/2026".', OLD, NEW),
        ("« Remise des offres », au lieu de : “lundi 5/10/2026” lire : “lundi 12/10/2026”.", OLD, NEW),
        ('Date limite de remise des offres : remplacer "le 5/10/2026" par "le 12/10/2026"', OLD, NEW),
        ("Date limite de remise des offres : 5/10/2026 remplacée par 12/10/2026", OLD, NEW),
        ("La remise des offres du 5/10/2026 est annulée et remplacée par le 12/10/2026.", OLD, NEW),
        ("Date limite de réception des offres : 12/10/2026 et non pas 5/10/2026", OLD, NEW),
        (
            "Au lieu de :\nDate limite de réception des offres : 05/10/2026 12:00\nLire :\n12/10/2026 12:00",
            f"{OLD}T12:00",
            f"{NEW}T12:00",
        ),
        (
            "Au lieu de : Date limite de réception des offres : 05/10/2026. Lire : 12/10/2026. Le reste est inchangé.",
            OLD,
            NEW,
        ),
        ("Date limite de réception des offres :\n12/10/2026 à 12h", None, f"{NEW}T12:00"),
        ("Date limite de remise des offres : 5/10/2026.\nElle est reportée au 12/10/2026.", OLD, NEW),
        ("Ancienne date limite de remise des plis : 5/10/2026\nNouvelle date : 12/10/2026", OLD, NEW),
        ("Nouvelle date limite de remise des plis : 12/10/2026 (la date initiale était le 5/10/2026)", OLD, NEW),
        ("Suite à l'avis publié le 3/9/2026, la remise des plis est reportée au 12/10/2026.", None, NEW),
        ("Date limite de remise des offres : 5/10/2026.\nUn report est accordé au 12/10/2026.", None, None),
        ("Date limite de remise des offres : 5/10/2026\nRéception des plis : 12/10/2026", None, None),
    ],
)  # fmt: skip
def test_a_deadline_in_prose_is_the_new_one_or_none(text, before, after):
    """
    What held until now is never told as what holds; a date that lacks its year is seen, and not guessed.
    """
    found = next(iter(find_new_deadlines(text)), None)

    assert ((found.before, found.after) if found is not None else (None, None)) == (before, after)
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Le règlement de consultation relatif à la remise des offres a été remplacé le 12 octobre 2026.",
        "Le règlement relatif à la remise des offres est remplacé par celui du 12 octobre 2026.",
        "Un nouveau CCTP du 12 octobre 2026 est à prendre en compte pour la remise des offres.",
        "Le bordereau des prix joint pour la remise des offres est celui du 12 octobre 2026.",
        "Remise des offres : remplacer le plan du 5 octobre 2026 par celui du 12 octobre 2026.",
        "Remise des offres : le plan du 5 octobre 2026 est annulé et remplacé par celui du 12 octobre 2026.",
        "Les offres doivent être remises avec le formulaire du 12 octobre 2026.",
        "Les plis doivent être remis sous trois jours à compter du 12 octobre 2026.",
        "Les questions sont closes deux jours avant la DLRO, le 12 octobre 2026.",
        "Remise des offres fixée au 12 octobre 2026 annulée et remplacée par celle du RC.",
        "La consultation est annulée et remplacée par la consultation n° 4, remise des offres le 12 octobre 2026.",
        "Les prototypes accompagnant les offres doivent être remis au plus tard le 12 octobre 2026.",
        "DLRO - 8j : le 12 octobre 2026",
        "DLRO (J-6) : 12 octobre 2026",
        "S'il est retenu, le dépôt des plis est reporté au 12 octobre 2026.",
        "Suite au report de la date limite de remise des offres, l'oral est fixé au 12 octobre 2026.",
        "Supprimer : remise des offres le 12 octobre 2026.",
        'Remise des offres sur la plateforme.\nRemplacer "5 octobre 2026" par "12 octobre 2026" pour le comité.',
        "Un erratum daté du 12 octobre 2026 concerne la date limite de remise des offres.",
        "Suite à la réunion du 12 octobre 2026, la remise des offres est facilitée.",
        "La remise des offres se fera sur la plateforme à partir du 12 octobre 2026.",
        "La date limite de réception des offres est repoussée d'une semaine à compter du 12 octobre 2026.",
        "La date limite de dépôt des plis est prolongée de 7 jours à compter du 12 octobre 2026 12h00.",
        "La date limite de réception des offres ne sera pas reportée au 12 octobre 2026.",
        "La date limite de réception des offres ne sera pas reportée au-delà du 12 octobre 2026.",
        "La date limite de remise des offres ne peut être repoussée au 12 octobre 2026.",
        "Aucun report de la date limite de remise des offres du 12 octobre 2026 ne sera accordé.",
        "Date d'envoi du présent avis : 12 octobre 2026 Date limite de réception des offres",
        "Date limite de remise des offres et date d'envoi de l'avis : 12 octobre 2026",
        "Lot 2, 12 octobre 2026 : nouvelle date limite de remise des offres.",
        "Le marché est prolongé jusqu'au 12 octobre 2026, sans effet sur la remise des offres.",
        "Sans préjudice du code du 12.10.2026, la composition peut changer après la remise des candidatures.",
    ],
)
def test_a_date_that_no_words_lead_to_as_the_deadline_is_none(text):
    """
    Documents, meetings, dispatches, a move by so many days: the sentence speaks of the deadline, its date does not.
    """
    assert find_new_deadlines(text) == ()
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Report de la date limite au 12 octobre 2026 : les plans sont complétés.",
        "Suite à la demande d'un candidat, la date limite de remise de l'offre a été fixée au 12.10.2026 ;",
        "La date limite de réception des offres est repoussée d'une semaine, soit au 12 octobre 2026.",
        "Date limite de remise des candidatures et offres: 12.10.2026",
        "Date et heure limites de remise des plis (heure de Paris) : lundi 12 octobre 2026",
        "La date limite de réception des offres pour la réfection de l'école est portée au 12 octobre 2026.",
        "La date limite de remise des offres est modifiée comme suit : 12 octobre 2026.",
        "La remise des plis par voie électronique aura lieu le 12 octobre 2026.",
        "La DLRO est reportée au 12 octobre 2026.",
        "Remplacer la date limite de remise des offres par le 12 octobre 2026.",
        "Le présent avis annule et remplace l'avis n° 26-1 : la remise des offres est reportée au 12 octobre 2026.",
        "Les offres devront parvenir au plus tard le 12 octobre 2026.",
        "Les plis doivent être transmis par voie électronique au plus tard le 12 octobre 2026.",
    ],
)
def test_a_date_that_words_lead_to_as_the_deadline_is_the_new_one(text):
    """
    Little words alone stand between the date and what it is the date of, or the verb that moves it there.
    """
    assert [(new.after, new.lots) for new in find_new_deadlines(text)] == [(NEW, ())]
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("La date de remise des offres est prolongée d'une semaine, jusqu'au 12/10/2026 à 12h.", None),
        ("La remise des plis est repoussée de 8 jours calendaires, au 12 octobre 2026 à 12h.", None),
        ("Suite au DCE modifié en date du 2/10/2026, la date limite de remise des offres est portée au {}.", None),
        ("Suite à de nombreuses questions, la date limite de remise des offres est reportée au {}.", None),
        ("En raison d'une visite ajoutée le 2/10/2026, les plis sont attendus. Remise des offres : {}.", None),
        ("Les offres pourront être remises jusqu'au {}.", None),
        ("Les offres sont à remettre pour le {}.", None),
        ("Les plis sont à déposer au plus tard le {}.", None),
        ("Les offres doivent être déposées sur la plate-forme au plus tard le {}.", None),
        ("Le délai de remise des offres est prolongé. La nouvelle date est le {}.", None),
        ("Le délai pour déposer les offres est prolongé jusqu'au {}.", None),
        ("La date limite pour remettre une offre est reportée au {}.", None),
        ("Nouvelle date de remise : {}", None),
        ("La consultation est prolongée jusqu'au {}.", None),
        ("La clôture de la consultation est repoussée au {}.", None),
        ("Remise des offres : remplacer la date du 5/10/2026 par le 12/10/2026 à 12h.", OLD),
        ("La remise des offres est reportée au {} heure locale de Paris.", None),
        ("La remise des offres est reportée au {} (UTC+02:00).", None),
        ("La présente consultation est prolongée jusqu'au {}.", None),
        ("Accord-cadre à marchés subséquents : la remise des offres est reportée au {}.", None),
        ("Une erreur s'est glissée dans l'avis : la date limite de remise des offres est le {}.", None),
        ("La date limite de remise des offres est le {}, le règlement de la consultation a été modifié.", None),
        ("La date limite de remise des offres est le {} et le règlement de consultation est modifié.", None),
        ("Remise des offres : 5/10/2026. Cette date est erronée, lire {}.", OLD),
        ("L'avis indiquait le 5/10/2026 : la date limite de remise des offres est le {}.", OLD),
        ("Date limite de remise des offres : {} (anciennement 5/10/2026)", OLD),
        ("Date limite de remise des offres : {} (avant : 5/10/2026)", OLD),
        ("Date limite de remise des offres : {} en remplacement du 5/10/2026", OLD),
        ("Date limite de remise des offres : {} à la place du 5/10/2026", OLD),
        ("La remise des offres est reportée au {}.\nLa remise des offres du 5/10/2026 est reportée au {}.", OLD),
        ("Les offres doivent être remises avec le formulaire du 12/10/2026.\nRemise des plis : {}", None),
        ("Remise des offres : {}.\nAprès la négociation, les offres doivent être remises le 19/10/2026.", None),
    ],
)  # fmt: skip
def test_a_deadline_in_still_other_words_is_the_new_one(text, before):
    """
    What is said to explain the move, by how much it moves, where offers are handed in: none of it is in the way.
    """
    text = text.replace("{}", "12/10/2026 à 12h")

    assert [(new.before, new.after) for new in find_new_deadlines(text)] == [(before, f"{NEW}T12:00")]
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Changement dès le dépôt des plis : 12 octobre 2026",
        "Après la négociation, les offres doivent être remises le 12 octobre 2026.",
        "Section remise des offres et négociation, remplacer le 5 octobre 2026 par le 12 octobre 2026.",
        "La date limite de remise des offres finales est fixée au 12 octobre 2026.",
        "Les offres définitives doivent être remises le 12 octobre 2026.",
        "À l'issue de la phase 1, les offres doivent être remises le 12 octobre 2026.",
        "Deuxième phase : remise des offres le 12 octobre 2026.",
        "Dès réception des offres, le 12 octobre 2026, la commission se réunit.",
        "La clôture de la consultation des riverains est repoussée au 12 octobre 2026.",
        "Nouvelle date de remise des prototypes : 12 octobre 2026",
        "Le salon est reporté. Nouvelle date : 12 octobre 2026",
        "Nouvelle date : 12 octobre 2026",
        "Les offres peuvent être remises le 12 octobre 2026.",
        "Les échantillons sont à déposer au plus tard le 12 octobre 2026.",
    ],
)
def test_a_date_of_a_later_stage_or_another_thing_is_no_deadline(text):
    """
    Offers after a negotiation have a deadline of their own; "dès le dépôt" says from when.
    """
    assert find_new_deadlines(text) == ()
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    ("published", "field"),
    [
        pytest.param("2026-10-11", "deadline_at", id="the day before"),
        pytest.param("2026-10-12", "text", id="the same day"),
        pytest.param("2026-10-13T08:00:00", "text", id="the day after"),
    ],
)
def test_no_correction_moves_the_deadline_to_a_day_that_is_over(published, field):
    """
    A date that is not after the notice's own publication is another one's, or a slip: the words are told.
    """
    (change,) = read_changes([f"{MOVED}."], published=RawTime(published, Clock.PARIS))

    assert (change.field, change.evidence) == (field, f"{MOVED}.")


DAY = "5 octobre 2026"


@pytest.mark.parametrize(
    "text",
    [
        f"La date limite de réception des demandes de précisions est reportée au {DAY} à 12h00.",
        f"La date limite de réception des demandes d'informations complémentaires est reportée au {DAY} à 12h00.",
        f"La date limite de remise des prototypes est reportée au {DAY} à 12h00.",
        f"La date limite de remise des plans est reportée au {DAY} à 12h00.",
        f"La date limite de remise du mémoire est reportée au {DAY} à 12h00.",
        f"La date limite de dépôt des références est reportée au {DAY} à 12h00.",
        f"La date limite de remise des dossiers de consultation est reportée au {DAY} à 12h00.",
        f"La date limite des inscriptions est reportée au {DAY} à 12h00.",
        f"La date limite initiale de remise des prototypes est reportée au {DAY} à 12h00.",
        f"La date limite de remise des offres est inchangée mais la réunion est reportée au {DAY} à 9h.",
        f"La date limite de remise des offres est maintenue, mais la négociation est reportée au {DAY} à 9h.",
        f"Remise des offres : la date de retrait du DCE est reportée au {DAY} à 9h.",
        f"Remise des offres : la date de négociation est reportée au {DAY} à 9h.",
        f"Remise des offres : négociation reportée au {DAY} à 9h.",
        f"La date limite de remise des offres reste inchangée ; la date de retrait des dossiers est reportée au {DAY} à 9h",
        f"Suite au report de la date limite de remise des offres, la signature du marché est fixée au {DAY}",
        f"Suite au report de la date limite de remise des offres, les négociations sont fixées au {DAY}",
        f"Suite au report de la date limite de remise des offres, l'oral est fixé au {DAY} à 9h",
        f"La présentation préalable à la remise des offres est reportée au {DAY} à 9h.",
        f"Présentation préalable à la remise des offres : {DAY} à 9h.",
        f"La publication de la date limite de remise des offres est reportée au {DAY}.",
        f"Aucun report : la demande de report de la date limite de remise des offres au {DAY} est rejetée.",
        f"Suite à la demande de report de la date limite de remise des offres au {DAY}, le CCTP est complété.",
        f"Suite à la demande d'un candidat de reporter la date limite de remise des offres au {DAY}, voir le CCTP.",
        f"Les candidats demandent que la date limite de remise des offres soit reportée au {DAY} ; cette demande est refusée.",
        f"La date limite prévue pour la remise des prototypes est reportée au {DAY} à 12h00.",
        f"La date limite de remise des offres ne sera en aucun cas reportée au {DAY}",
        f"Il n'est pas prévu que la date limite de remise des offres soit reportée au {DAY}.",
        f"La date limite de remise des offres sera éventuellement reportée au {DAY}.",
        f"La date limite de remise des offres pourrait être reportée : elle serait fixée au {DAY}.",
        f"Si le CCTP change, la date limite de remise des offres est reportée au {DAY}.",
        f"Le report de la date limite de remise des offres au {DAY} est annulé.",
        f"La date limite de remise des offres étant prolongée, publication reportée au {DAY} à 12h.",
        f"La date limite de remise des offres, ainsi que celle des prototypes, est fixée au {DAY}.",
        f"La date limite de remise des offres avait été fixée au {DAY}.",
        f"La remise des offres, hors lot 3, est reportée au {DAY}.",
        f"Remise des offres inchangée. Nouvelle date : {DAY}.",
        f"Un candidat a demandé le report de la remise des offres au {DAY}.",
        f"Si les plans sont prêts ; la date limite de remise des offres sera reportée au {DAY}.",
        f"La date limite de remise des offres fixée au {DAY} est erronée.",
        f"La date limite de remise des offres fixée au {DAY} à 12h00 dans le règlement de consultation est erronée.",
        f"Date limite de remise des offres : {DAY} à 12h00. Cette date est erronée.",
        f"Date limite de remise des offres : {DAY} à 12h00 (date erronée)",
        f"Date limite de remise des offres : {DAY} à 12h00 (avant modification)",
        f"La date limite de remise des offres : {DAY} à 12h00 doit être remplacée.",
        f"C'est par erreur que la date limite de remise des offres a été fixée au {DAY} à 12h00.",
        f"Il a été indiqué par erreur que la date limite de remise des offres est le {DAY} à 12h00.",
        f"L'avis publié indiquait une date limite de remise des offres au {DAY} à 12h00.",
        f"La date limite de remise des offres fixée au {DAY} à 12h00 est suspendue.",
        f"La consultation dont la date limite de remise des offres est fixée au {DAY} est abandonnée.",
        f"Le rendez-vous sur site est décalé. Nouvelle date : {DAY} à 12h00",
        f"Date de démonstration modifiée : nouvelle date : {DAY} à 12h00",
        f"La date de remise des offres et de soutenance passe au {DAY} à 12h00.",
        f"La date limite de remise des offres des candidats sélectionnés est fixée au {DAY} à 12h00.",
        f"La date limite de remise des offres du marché subséquent est fixée au {DAY} à 12h00.",
        f"Une nouvelle consultation sera lancée avec une date limite de remise des offres au {DAY} à 12h00.",
    ],
)  # fmt: skip
def test_a_date_of_another_thing_or_one_refused_is_no_deadline(text):
    """
    Another noun behind "date limite de remise", another subject before the verb, a refusal, a wish: none is told.
    """
    assert find_new_deadlines(text) == ()
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    "end",
    [
        "à seize heures",
        "à 16 heures trente",
        "à midi et demi",
        "à 4h de l'après-midi",
        "(la plateforme ferme à 16h30)",
        "en fin de matinée",
        "de 9h à 12h",
        "à 9h ou 14h",
        "12.30",
        ", même heure",
        ". L'heure limite de remise reste fixée à 16h00.",
        ". Les plis sont attendus à la même heure.",
        "à 12h00 (Nouméa)",
        "à 12h00 (GMT+4)",
        "à 12h00 (GMT+11)",
        "à 12h00 UTC",
    ],
)
def test_a_day_whose_hour_cannot_be_read_is_no_deadline(end):
    """
    The day alone is told as its last minute, which would be later than the truth.
    """
    text = f"La date limite de remise des offres est fixée au lundi {DAY} {end}"

    assert find_new_deadlines(text) == find_new_deadlines(in_capitals(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"La date limite de remise des offres est fixée avant le {DAY}.",
        f"Remise des offres impérativement avant le lundi {DAY}.",
        f"La remise des offres est reportée à 16h le {DAY}.",
        f"La remise des offres est reportée à 16 heures, le {DAY}.",
    ],
)
def test_a_day_before_which_or_behind_its_hour_is_no_deadline(text):
    """
    "Avant le" a day without an hour may be the day before; an hour in front of the day is not read.
    """
    assert find_new_deadlines(text) == ()
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"La date limite de remise des offres est fixée au lundi {DAY} au plus tard à 16h30.", f"{OLD}T16:30"),
        (f"La date limite de remise des offres est fixée au {DAY}, dernier délai 16h30.", f"{OLD}T16:30"),
        (f"Date limite de remise des offres : {DAY} - heure : 16h00", f"{OLD}T16:00"),
        (f"La date limite de remise des offres est reportée au {DAY} pour 16h00.", f"{OLD}T16:00"),
        (f"La date limite de remise des offres est reportée au {DAY} à 16.30.", f"{OLD}T16:30"),
        (f"Les candidats sont informés que le dépôt des plis est décalé au {DAY}, à 9 heures.", f"{OLD}T09:00"),
        (f"La remise des candidatures est repoussée jusqu'au {DAY} avant 12h00.", f"{OLD}T12:00"),
        (f"Remise des plis avant le {DAY} à 12h.", f"{OLD}T12:00"),
        (f"Il a été décidé de reporter la date limite de réception des offres au {DAY} à 18h00.", f"{OLD}T18:00"),
        (f"Le délai de remise des candidatures est prolongé : il est porté au {DAY} 12:00.", f"{OLD}T12:00"),
        (f"Date limite de réception des demandes de participation : {DAY} à 12 h 00.", f"{OLD}T12:00"),
        (f"La date limite de remise des dossiers de candidature est reportée au {DAY} à 17h.", f"{OLD}T17:00"),
        (f"La date limite de remise de leurs offres est repoussée au {DAY} à 17h (heure de Paris).", f"{OLD}T17:00"),
        (f"La date limite de réponse est désormais fixée au {DAY} à 11h00.", f"{OLD}T11:00"),
        (f"La date limite pour la remise des propositions est avancée au {DAY} à 11h00.", f"{OLD}T11:00"),
        (f"Prolongation du délai de réception des offres au {DAY} à midi.", f"{OLD}T12:00"),
        (f"À la demande de plusieurs candidats, la remise des offres est différée au {DAY} à 14h30.", f"{OLD}T14:30"),
        (f"La remise des plis est reportée au {DAY} à 12h00, les autres dispositions étant inchangées.", f"{OLD}T12:00"),
        (f"La date limite de dépôt des offres, pour l'ensemble du chantier, passe au {DAY}.", OLD),
        (f"Au lieu de : remise des offres le 1er octobre 2026 à 12h. Lire : {DAY} à 12h.", f"{OLD}T12:00"),
        (f"Dépôt des offres : au lieu du 1er octobre 2026, il faut lire le {DAY}.", OLD),
        (f"La date limite est prorogée au {DAY} minuit.", OLD),
        (f"La date limite de remise des offres : elle est reportée au {DAY} à 10h15.", f"{OLD}T10:15"),
        (f"Remise des offres : au lieu de lire le 1er octobre 2026, lire le {DAY} à 10h15.", f"{OLD}T10:15"),
    ],
)  # fmt: skip
def test_a_deadline_in_other_words_is_read_with_its_hour(text, after):
    """
    How the hour is joined to its day, and who is told or asked for it, does not hide the deadline.
    """
    assert [new.after for new in find_new_deadlines(text)] == [after]
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


def test_a_refused_date_beside_a_deadline_makes_it_doubtful():
    """
    What a sentence refuses is not told, and is seen all the same: two dates compete.
    """
    assert find_new_deadlines(f"{MOVED}. La remise des offres ne sera pas reportée au 19 octobre 2026.") == ()


@pytest.mark.parametrize(
    "doubt",
    [
        "Date limite de remise des offres : 5/10/2026 ou 19/10/2026.",
        "Dépôt des plis : le 19/10 à midi.",
        "La remise des offres est confirmée pour le 19/10/2026.",
        "Remise des offres confirmée pour le 19/10.",
    ],
)
def test_a_sentence_that_states_two_deadlines_or_none_makes_another_doubtful(doubt):
    """
    What cannot be told of its deadline may be what another sentence says, or not.
    """
    assert find_new_deadlines(f"{doubt}\n{MOVED}.") == find_new_deadlines(f"{MOVED}.\n{doubt}") == ()


def test_a_long_text_is_looked_at_once():
    """
    With backtracking, or with sentences joined and searched again, this would take days.
    """
    blanks = " " * 100_000

    assert [new.after for new in find_new_deadlines(f"{MOVED}{blanks}x.")] == [NEW]
    assert find_new_deadlines("Remise des offres :\n" * 900) == ()
    assert find_new_deadlines("Remise des offres : (le) " * 500 + "12/10/2026")[0].after == NEW


def test_a_text_that_is_too_long_has_no_date():
    """
    What nobody writes into a notice is not read; its words are told as they stand.
    """
    text = f"{MOVED}.\n" + "Le CCTP est complété.\n" * 1_000

    assert find_new_deadlines(text) == ()
    assert read_changes([text]) == (RawChange("text", None, text, text),)


MOVED = "La date limite de remise des offres est reportée au 12 octobre 2026"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{MOVED} pour le lot n° 2.", [(("2",), NEW)]),
        (f"Pour les lots 1, 3 et 4, {MOVED.lower()} à 12h.", [(("1", "3", "4"), f"{NEW}T12:00")]),
        (f"Lots 2 à 4 : {MOVED.lower()}.", [(("2", "3", "4"), NEW)]),
        ("Lot 2, nouvelle date limite de remise des offres : 12 octobre 2026.", [(("2",), NEW)]),
        (
            "Lot 1 : remise des offres reportée au 5 octobre 2026.\nLot 2 : remise des offres reportée au 12 octobre 2026.",
            [(("1",), OLD), (("2",), NEW)],
        ),
        (
            "Lot 1 : remise des offres reportée au 5 octobre 2026.\nLot 1 : remise des offres reportée au 12 octobre 2026.",
            [],
        ),
        (f"{MOVED} pour tous les lots.", [((), NEW)]),
        (f"{MOVED}. Le lot 3 comprend désormais la zinguerie.", [((), NEW)]),
        (f"{MOVED} pour le lot couverture.", []),
        (f"Rectificatif concernant le lot 2. {MOVED}.", []),
        (f"Ce rectificatif ne concerne que le lot 2. {MOVED}.", []),
        (f"Cette modification n'est applicable qu'au lot n° 3. {MOVED}.", []),
        (f"Lot n° 2 - Zinguerie\n{MOVED}.", []),
        (f"Le présent avis porte sur l'ensemble des lots. {MOVED}.", [((), NEW)]),
        (f"{MOVED}. Pour le lot 2, la remise des offres est reportée au 5 octobre 2026.", []),
        (f"{MOVED}. Pour le lot 2, la remise des offres est reportée au 12 octobre 2026.", []),
    ],
)  # fmt: skip
def test_a_lots_date_is_never_told_as_the_whole_purchases(text, told):
    """
    The lots are those that the sentence names; where nobody can tell which, there is no date.
    """
    found = find_new_deadlines(text)

    assert [(new.lots, new.after) for new in found] == told
    assert _told(in_capitals(text)) == _told(in_capitals(text).replace("'", " ")) == _told(text)


def test_what_is_said_of_lots_is_a_change_each():
    """
    Each names its lot; the sentence is kept as evidence. Without a date that can be told the words remain.
    """
    unclear = f"{MOVED} pour le lot couverture."

    changes = read_changes([f"{MOVED} pour les lots 1 et 2.", unclear])

    sentence = f"{MOVED} pour les lots 1 et 2."
    after = RawTime(NEW, Clock.PARIS)
    assert changes == (
        RawChange("deadline_at", None, after, sentence, "1"),
        RawChange("deadline_at", None, after, sentence, "2"),
        RawChange("text", None, unclear, unclear),
    )


@pytest.mark.parametrize(
    ("text", "lots"),
    [
        ("La toiture", ()),
        ("lot unique", ()),
        ("chacun des lots", ()),
        ("le lot n°02", ("02",)),
        ("LOTS N° 1 ET N° 3", ("1", "3")),
        ("lots 1A, 1B", ("1A", "1B")),
        ("le lot B", ("B",)),
        ("lots 3-5", ("3", "4", "5")),
        ("LOTS 3 A 5", ("3", "4", "5")),
        ("LE LOT 3 A 5 NIVEAUX", ("3",)),
        ("LES LOTS 1 ET 2 A 8 JOURS", ("1", "2")),
        ("LOTS 1, 2 A 10H", ("1", "2")),
        ("lot 2 et lot 7", ("2", "7")),
        ("lot 2 - 12/10/2026", ("2",)),
        ("le lot 4 à 12h00", ("4",)),
        ("lots 1 à 999", ("1", *map(str, range(2, 200)), "999")),
        ("le lot concerné", None),
        ("trois lots", None),
    ],
)
def test_which_lots_a_text_names(text, lots):
    """
    Numbers and letters behind the word, ranges too; a date or an hour behind them is none.
    """
    assert find_lots(text) == lots
