"""Say what the product knows of trades: which there are, what stands for one, which a text means.

In:   a trade's name, a text as a title would say it, or a code of NAF.
Out:  reports of plain values.  Nothing is stored.
"""

from __future__ import annotations

from typing import Any

from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.trade import POINTS_NEEDED, Strictness, TradeFinding
from alerting.errors import ProfileError
from alerting.matching.analyse import analyse_notice
from alerting.reference.cpv import cpv_label
from alerting.reference.naf import get_naf
from alerting.reference.trades import Trade, get_trade, trades, trades_of_naf, trades_version


Report = dict[str, Any]


def list_trades() -> list[Report]:
    """Return every trade: what it is called, the activities whose firms do it, and the table's version."""
    return [
        {
            "trade": trade.trade_id,
            "label": trade.label,
            "family": trade.family,
            "synonyms": trade.synonyms,
            "naf_codes": trade.naf_codes,
            "version": trades_version(),
        }
        for trade in trades()
    ]


def explain(name: str) -> Report:
    """Return all that stands for a trade, by any of its names.

    Raises:
        ProfileError: The name is no trade's, or several trades'.
    """
    trade = get_trade(name)
    return {
        "trade": trade.trade_id,
        "label": trade.label,
        "family": trade.family,
        "synonyms": trade.synonyms,
        "naf_codes": trade.naf_codes,
        "does": trade.acts,
        "cpv_codes": _labelled(trade.cpv_codes),
        "cpv_codes_out": _labelled(trade.cpv_codes_out),
        "words": trade.words,
        "hints": trade.hints,
        "deeds": trade.deeds,
        "objects": trade.objects,
        "apart": trade.apart,
        "words_out": trade.words_out,
        "beside": tuple(f"{other}: {', '.join(words)}" for other, words in trade.beside),
        "version": trades_version(),
    }


def trades_of_text(text: str) -> list[Report]:
    """Return the trades that a title asks for or names, the clearest first.

    Raises:
        ProfileError: It is empty.
    """
    if not text.strip():
        raise ProfileError(f"expected the words of a title (got {text!r})")
    notice = Notice("text", "text", None, NoticeKind.CALL, text)
    found = [finding for findings in analyse_notice(notice).findings.items() for finding in _each(*findings)]
    return sorted(found, key=lambda row: (row["told"] == "no", -row["points"], row["trade"]))


def trades_of_activity(code: str) -> list[Report]:
    """Return the trades of a code of NAF, those nearest to it first.

    Raises:
        ProfileError: There is no such code.
    """
    return [_row(trade, naf_code=code) for trade in trades_of_naf(get_naf(code))]


def _each(trade_id: str, findings: tuple[TradeFinding, ...]) -> list[Report]:
    trade = get_trade(trade_id)
    return [_row(trade, points=each.points, words=each.words, told=_told(each)) for each in findings]


def _row(trade: Trade, **facts: object) -> Report:
    return {"trade": trade.trade_id, "label": trade.label, **facts}


def _told(finding: TradeFinding) -> str:
    """Say to which profiles it would be told: "strict" are all of them."""
    if finding.act is not None:
        return "no"
    levels = (Strictness.STRICT, Strictness.NORMAL, Strictness.WIDE)
    return next((level.value for level in levels if finding.points >= POINTS_NEEDED[level]), "no")


def _labelled(codes: tuple[str, ...]) -> list[str]:
    return [f"{code} {cpv_label(code)}" for code in codes]
