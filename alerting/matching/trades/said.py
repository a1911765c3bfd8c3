"""Part the texts of a notice or a lot by what they are for, and tell what they ask for.

In:   title and description, analysed.
Out:  ``Said``: titles, what they say is bought, the beginning of a description that leads where a title names
      no trade, and the rest; and its act.
"""

from __future__ import annotations

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
# What a description says before it says what is bought: "accord-cadre à bons de commande pour l'exécution".
_FORMULA = compile_french(
    r"\s*(?:l[ea]s?\s+|l['’]\s*)?(?:présente?s?\s+)?(?:accords?[- ]cadres?|marchés?|consultation|procédure)\b"
    r"[^.;:]{0,120}?(?:\bpour (?:l['’]exécution|la réalisation|objet)\b|\bportent? sur\b|\bconcernent?\b"
    r"|\brelati(?:f|ve)s? (?:à|aux?)\b)"
)
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
    end = min(_formula_length(text) + LEAD_STEMS, next(besides, len(text.stems)))
    return text if len(text.stems) <= end else slice_text(text, 0, end)


def _formula_length(text: AnalysedText) -> int:
    """Return how many words a description spends before it says what is bought: "le marché a pour objet"."""
    formula = _FORMULA.match(text.text)
    return sum(start < formula.end() for start, _ in text.spans) if formula is not None else 0


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
