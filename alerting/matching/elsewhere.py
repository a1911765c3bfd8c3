"""Leave out of a description what it says is bought elsewhere, or done by others.

"Les terrassements sont réalisés dans le cadre d'autres marchés" names a craft, and buys nothing of it.  Nor
does what becomes of things in passing: "le titulaire fournit les véhicules et assure leur nettoyage".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from alerting.domain.analysed import AnalysedText
from alerting.text.accents import compile_french


_SENTENCE = re.compile(r"[^.;!?\n•]+")
_OTHERS = (
    r"(?:régies?|services?|agents?|personnels?|tiers|équipes?|ville|commune|collectivité|communauté|métropole|"
    r"département|région|syndicat|établissement|office|bailleur|maître d['’]ouvrage|pouvoir adjudicateur|"
    r"acheteur|"
    r"organismes?|autres?|usagers?|locataires?|propriétaires?|\w+ de la régie|\w+ municipa\w+)"
)
_ELSEWHERE = compile_french(
    r"\bn(?:e\s+|['’])(?:font|fait|feront|fera|sont|est|seront|sera)\s+pas\s+"
    r"(?:partie|comprise?s?|incluse?s?|prévue?s?|concernée?s?|confiée?s?|à la charge)\b"
    r"|\b(?:hors|en dehors du(?: présent)?)\s+marché\b"
    r"|\b(?:d['’]|une?\s+)autres?\s+(?:marché|consultation|contrat|procédure)s?\b"
    r"|\b(?:marché|consultation|contrat|procédure)s?\s+(?:distincte?s?|à part|ultérieure?s?)\b"
    r"|\b(?:réalisé|exécuté|assuré|effectué|traité|mené|pris(?:e)? en charge)e?s?\s+(?:directement\s+)?"
    r"(?:en (?:interne|régie)\b"
    rf"|par\s+(?:l[ae]s?\s+|l['’]|des?\s+|une?\s+|ses\s+)?(?:propres\s+)?{_OTHERS}\b)"
    r"|\b(?:a|ont|avaient|avait)\s+(?:déjà\s+)?été\s+"
    r"(?:réalisé|exécuté|achevé|effectué|livré|rénové|remplacé|refait)e?s?\b"
)
# A lot of its own is what a purchase is divided into, and no other purchase.
_LOT = re.compile(r"\blots?\b", re.IGNORECASE)
_IN_PASSING = compile_french(
    r"(?<!objet )(?<!concerne )(?<!sur )\b(?:leurs?|son|sa|ses)\s+"
    r"((?:nettoyage|entretien|maintenance|lavage|réparation|dépannage|désinfection|vidange|transport|peinture)s?)\b"
)


def bought_here(text: AnalysedText) -> AnalysedText:
    """Return a description without what it leaves to other purchases, to other hands, or says in passing."""
    left = sorted((*_left_to_others(text.text), *_in_passing(text.text)))
    if not left:
        return text
    kept = [
        place
        for place, (start, _) in enumerate(text.spans)
        if not any(first <= start < last for first, last in left)
    ]
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for place, old in enumerate(kept):
        positions[text.stems[old]].append(place)
    return AnalysedText(
        text=text.text,
        stems=tuple(text.stems[place] for place in kept),
        spans=tuple(text.spans[place] for place in kept),
        positions={stem: tuple(places) for stem, places in positions.items()},
    )


def _left_to_others(text: str) -> Iterator[tuple[int, int]]:
    if _ELSEWHERE.search(text) is None:
        return
    for sentence in _SENTENCE.finditer(text):
        if _ELSEWHERE.search(sentence[0]) and not _LOT.search(sentence[0]):
            yield sentence.span()


def _in_passing(text: str) -> Iterator[tuple[int, int]]:
    return (found.span(1) for found in _IN_PASSING.finditer(text))
