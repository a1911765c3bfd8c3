"""Part the texts of a notice or a lot by what they are for, and tell what they ask for.

In:   title and description, analysed.
Out:  ``Said``: titles, what they say is bought, the beginning of a description that leads where a title names
      no trade, and the rest; and its act.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from alerting.domain.analysed import AnalysedText
from alerting.domain.trade import Act
from alerting.matching.elsewhere import bought_here
from alerting.matching.trades.acts import always_hits, is_of_goods, last_act
from alerting.matching.trades.hits import slice_text
from alerting.matching.trades.lexicon import ACTS
from alerting.matching.trades.lots import LOT, SHORT_STEMS, numbered_parts
from alerting.matching.trades.named import holds_word, names_trade
from alerting.text.accents import compile_french
from alerting.text.analysis import stems


_Y, _COMPRIS = stems("y compris")
# What a description says before it says what is bought: "accord-cadre à bons de commande pour l'exécution",
# "marché passé selon l'article 25-I.1° du décret n° 2016-360 relatif aux marchés publics, relatif à".
_FORMULA = compile_french(
    r"\s*(?:l[ea]s?\s+|l['’]\s*)?(?:présente?s?\s+)?(?:accords?[- ]cadres?|marchés?|consultation|procédure)\b"
    r"(?:[^.;:]|\.(?=\S)|(?<=\b[LRD])\.){0,250}?(?:\bpour (?:l['’]exécution|la réalisation|objet)\b"
    r"|\bportent? sur\b|\bconcernent?\b|\brelati(?:f|ve)s? (?:à|aux?)\b(?! marchés publics))"
)
# Sentences that say how a purchase is made, and not what is bought.
_OF_PROCEDURE = compile_french(
    r"\b(?:décret|ordonnance|articles?|code de la commande publique|code des marchés|procédure|durée|montant"
    r"|appel d['’]offres|bons de commande|reconducti\w+|renouvelable|minimum|maximum|candidats?|alloti\w*"
    r"|groupement de commandes|prestations similaires|variantes|tranches?|pouvoir adjudicateur)\b"
)
_SENTENCE = re.compile(r"(?<=[^\W\d_]{2})[.;](?=\s|$)|(?<=[\d)°%€])\.(?=\s+[^\W\d_])|\n")
LEAD_STEMS = 25
MAY_BE_CORRECTED = frozenset({Act.WORK, Act.BUILDING})


@dataclass(frozen=True, slots=True)
class Said:
    """The texts of a notice or a lot by what they are for.

    Args:
        titles: Titles as they stand; they say the act.
        objects: What they say is bought: of one that ends in a lot, that lot.
        beginnings: First words of descriptions, where they stand in for titles.
        bodies: Descriptions.
    """

    titles: tuple[AnalysedText, ...]
    objects: tuple[AnalysedText, ...]
    beginnings: tuple[AnalysedText, ...]
    bodies: tuple[AnalysedText, ...]

    @property
    def leads(self) -> tuple[AnalysedText, ...]:
        """Return what says first what is bought: titles' objects, or a description's beginning."""
        return (*self.objects, *self.beginnings)

    def __add__(self, other: Said) -> Said:
        return Said(
            (*self.titles, *other.titles),
            (*self.objects, *other.objects),
            (*self.beginnings, *other.beginnings),
            (*self.bodies, *other.bodies),
        )


def split_texts(texts: Sequence[AnalysedText], *, has_title: bool) -> Said:
    """Part what says what is bought from the rest: a description leads where the title names no trade."""
    titles, bodies = tuple(texts[:has_title]), tuple(map(bought_here, texts[has_title:]))
    objects = tuple(map(_of_its_lot, titles))
    is_told = any(map(holds_word, objects)) or any(map(is_of_goods, titles))
    if bodies and is_short(bodies[0]) and not is_told:
        return Said(titles, objects, (_beginning(bodies[0]),), bodies[1:])
    if bodies and not is_told:
        return Said(titles, objects, (_beginning(bodies[0]),), bodies)
    return Said(titles, objects, (), bodies)


def is_short(body: AnalysedText) -> bool:
    """Tell whether a description is as short as a title."""
    return len(body.stems) <= SHORT_STEMS


def _of_its_lot(title: AnalysedText) -> AnalysedText:
    """Return of a title what it says after its lot's number, where that names a trade: "lot 5 marquage"."""
    if len(title.positions.get(LOT, ())) != 1:
        return title
    parts = numbered_parts(title)
    return parts[0] if parts and names_trade(parts[0]) else title


def _beginning(text: AnalysedText) -> AnalysedText:
    """Return a description's first words that say something, up to what is bought besides: "y compris"."""
    besides = (
        place for place in text.positions.get(_Y, ()) if text.stems[place + 1 : place + 2] == (_COMPRIS,)
    )
    first = _procedure_length(text)
    end = min(first + _formula_length(text, first) + LEAD_STEMS, next(besides, len(text.stems)))
    return text if not first and len(text.stems) <= end else slice_text(text, first, max(first, end))


def _formula_length(text: AnalysedText, first: int) -> int:
    """Return how many words, from one on, come before a description says what is bought: "a pour objet"."""
    starts = [start for start, _ in text.spans]
    formula = _FORMULA.match(text.text, starts[first]) if starts else None
    return bisect_left(starts, formula.end()) - first if formula is not None else 0


def _procedure_length(text: AnalysedText) -> int:
    """Return how many words a description spends on sentences of procedure; 0 where it says nothing else."""
    starts = [start for start, _ in text.spans]
    ends = (bisect_left(starts, end.start()) for end in _SENTENCE.finditer(text.text))
    first = 0
    for last in (*ends, len(starts)):
        if last > first and not _is_of_procedure(slice_text(text, first, last)):
            return first
        first = max(first, last)
    return 0


def _is_of_procedure(sentence: AnalysedText) -> bool:
    """Tell whether a sentence speaks of how a purchase is made, names no trade, and asks for nothing else."""
    said = sentence.text[sentence.spans[0][0] : sentence.spans[-1][1]]
    if _OF_PROCEDURE.search(said) is None or holds_word(sentence):
        return False
    act = last_act((sentence,))
    return act is None or act[0] is Act.WORK


def act_of(said: Said) -> tuple[Act, str] | None:
    """Return what the last title that says it asks for; where they are mute, what a description begins with.

    "Construction d'une école" may be followed by "mission de maîtrise d'œuvre": what makes a title another
    act wherever it stands does so there, too.
    """
    of_titles = _act_of_titles(said)
    if of_titles is not None and of_titles[0] not in MAY_BE_CORRECTED:
        return of_titles
    conceded = _begins_with_concession(said)
    if conceded is not None:
        return conceded
    of_beginnings = last_act(said.beginnings or tuple(body for body in said.bodies[:1] if is_short(body)))
    if of_titles is None:
        return of_beginnings or _concession(said)
    is_sure = any(map(always_hits, said.beginnings))
    return of_beginnings if is_sure and of_beginnings is not None else of_titles


def _act_of_titles(said: Said) -> tuple[Act, str] | None:
    """Return what titles ask for; the lot that one ends in refines it: "travaux - lot 3 nettoyage"."""
    of_titles = last_act(said.titles)
    if of_titles is not None and of_titles[0] not in MAY_BE_CORRECTED:
        return of_titles
    of_objects = last_act(said.objects)
    if of_objects is None and of_titles is not None and said.objects != said.titles:
        return Act.WORK, of_titles[1]
    return of_objects or of_titles


def _concession(said: Said) -> tuple[Act, str] | None:
    """Return that a service is conceded: its title names the service alone ("distribution d'électricité")."""
    of_body = last_act(tuple(map(_beginning, said.bodies[:1])))
    return of_body if of_body is not None and of_body[0] is Act.CONCESSION else None


def _begins_with_concession(said: Said) -> tuple[Act, str] | None:
    """Return that a description begins with a concession, whatever its title names."""
    hits = (hit for body in (*said.beginnings, *said.bodies)[:1] for hit in always_hits(body))
    first = next((hit for hit in hits if hit.start == 0), None)
    return (Act.CONCESSION, first.words) if first and ACTS[first.entry.trade] is Act.CONCESSION else None
