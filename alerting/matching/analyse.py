"""Analyse a notice's texts, once, for every profile that will be held against it."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain

from alerting.domain.analysed import AnalysedNotice, AnalysedText
from alerting.domain.notice import Notice
from alerting.matching.demands import find_demands
from alerting.matching.locate import locate_notice
from alerting.matching.trades import find_trades
from alerting.text.analysis import analyse


def analyse_notice(notice: Notice) -> AnalysedNotice:
    """Return *notice* with its texts turned into stems, lot by lot, and its trades found."""
    buyer_name = notice.buyer.name if notice.buyer is not None else None
    texts = _texts(notice.title, notice.description)
    lot_texts = tuple(_texts(lot.title, lot.description) for lot in notice.lots)
    return AnalysedNotice(
        notice=notice,
        texts=texts,
        buyer_name=analyse_text(buyer_name) if buyer_name is not None else None,
        lot_texts=lot_texts,
        stems=frozenset().union(*(text.positions for text in (*texts, *chain.from_iterable(lot_texts)))),
        findings=find_trades(notice, texts, lot_texts),
        located=locate_notice(notice),
        demands=find_demands(notice, texts, lot_texts),
    )


def analyse_text(text: str) -> AnalysedText:
    """Return *text* with its stems, where each stands, and an index from stem to positions."""
    tokens = analyse(text)
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, token in enumerate(tokens):
        positions[token.stem].append(position)
    return AnalysedText(
        text=text,
        stems=tuple(token.stem for token in tokens),
        spans=tuple((token.start, token.end) for token in tokens),
        positions={stem: tuple(found) for stem, found in positions.items()},
    )


def _texts(*texts: str | None) -> tuple[AnalysedText, ...]:
    return tuple(analyse_text(text) for text in texts if text is not None)
