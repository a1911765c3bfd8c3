"""What titles say is bought, without what goods are for, and where and for what else work is done.

In:   analysed titles, and the act that they ask for.
Out:  the parts of them that say what is bought.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from alerting.domain.analysed import AnalysedText
from alerting.domain.trade import Act
from alerting.matching.trades.acts import act_hits, place_of_purpose
from alerting.matching.trades.hits import content_places, slice_text
from alerting.matching.trades.named import names_trade, trade_hits
from alerting.text.accents import compile_french


# Where work is done and what it is done for, up to the next thing that is bought.
_OCCASION = compile_french(
    r"\b(?:autour|à proximité|au droit|aux abords|le long|au[- ]dessus|dans le cadre|en vue) d"
    r"|\by compris\b|\bdans l(?:es?\b|a\b|['’])|\bsituée?s?\b|\bsise?s?\b"
    r"|\b(?:en|sur|sur la|sur les) (?:toitures?|façades?)\b|\bsur l['’ ]ensemble d"
    r"|\bpour l(?:es?\b|a\b|['’])|\bafin d|\bnécessaires? (?:à|aux?)\b"
    r"|\b(?:après|avant|suite aux?|préalables? aux?) travaux\b|\b(?:des|dans les) ateliers\b|\bdu lot\b"
)
# What is left to others: "hors lot plomberie", "à l'exception de l'électricité".
_EXCEPT = compile_french(
    r"\b(?:hors|hormis|sauf|excepté|non compris|à l['’ ]ex(?:ception|clusion))\b"
    r"(?:\s+(?:de|du|des|le|la|les|lots?|travaux)\b)*"
)
_OCCASION_ENDS = compile_french(
    r"[,;:/+]|\s[-–—]\s"
    r"|\bet (?:travaux|pose|entretien|maintenance|nettoyage|réfection|rénovation|création)\b"
)


def what_is_bought(titles: Sequence[AnalysedText], act: Act | None) -> tuple[AnalysedText, ...]:
    """Return of titles what is bought: not what goods are for, nor where and for what else work is done."""
    if act is Act.SUPPLY:
        return tuple(map(_without_purpose, titles))
    kept = (part for title in titles for part in _without_exception(title))
    return tuple(part for title in kept for part in _without_occasion(title))


def _without_exception(title: AnalysedText) -> Iterable[AnalysedText]:
    """Yield a title without the trades that it leaves to others, up to the next comma: "hors électricité"."""
    starts = [start for start, _ in title.spans]
    for found in _EXCEPT.finditer(title.text):
        end = _OCCASION_ENDS.search(title.text, found.end())
        first = bisect_left(starts, found.start())
        excepted = bisect_left(starts, found.end())
        last = bisect_left(starts, end.start()) if end is not None else len(starts)
        hits = trade_hits(slice_text(title, excepted, last))
        if any(hit.start == 0 and hit.entry.points for hit in hits):
            rest = slice_text(title, last, len(starts))
            return (slice_text(title, 0, first), *(_without_exception(rest) if rest.stems else ()))
    return (title,)


def _without_occasion(title: AnalysedText) -> Iterable[AnalysedText]:
    """Yield a title without "autour du bassin" or "dans le cadre de ...", where a trade is named before."""
    found = _OCCASION.search(title.text)
    starts = [start for start, _ in title.spans]
    first = bisect_left(starts, found.start()) if found is not None else 0
    before = slice_text(title, 0, first)
    if found is None or not names_trade(before) or _is_amid_apart(title, first):
        return (title,)
    end = _OCCASION_ENDS.search(title.text, found.end())
    last = bisect_left(starts, end.start()) if end is not None else len(starts)
    return (before, slice_text(title, last, len(starts))) if last < len(starts) else (before,)


def _without_purpose(title: AnalysedText) -> AnalysedText:
    """Return a title without what goods are for: "denrées pour la restauration scolaire" is no caterer's."""
    first = next(iter(act_hits(title)), None)
    goods = content_places(title)[first.start] if first is not None else 0
    place = place_of_purpose(title, goods)
    return slice_text(title, 0, place) if place and not _is_amid_apart(title, place) else title


def _is_amid_apart(title: AnalysedText, place: int) -> bool:
    """Tell whether a place lies within words that stand apart: "boissons pour distributeurs"."""
    before = sum(each < place for each in content_places(title))
    return any(hit.start < before < hit.end for hit in trade_hits(title) if not hit.entry.points)
