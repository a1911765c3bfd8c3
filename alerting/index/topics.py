"""Which procedures may speak of what profiles ask for: a question to the search index.

In:   the topics of compiled criteria.
Out:  a query that finds every procedure which one of them can accept, and more; ``decide`` removes the rest.

It asks for what ``domain.evidence`` says that a profile and a notice must have in common of the topic, in the
fields that a procedure's document has anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alerting.domain.analysed import Phrase
from alerting.domain.criteria import CompiledCriteria
from alerting.domain.trade import POINTS_NEEDED, Strictness
from alerting.index.query import any_of, subtree


_FIELDS = ("title_stems", "lot_stems", "description_stems")
# Elasticsearch takes some thousands of clauses.
_MOST_CLAUSES = 500


def query_of_topics(profiles: Iterable[CompiledCriteria]) -> dict[str, Any] | None:
    """Return the query; None where a profile asks nothing of the topic, or all together too much."""
    asked = list(profiles)
    if not all(one.topic.asks for one in asked):
        return None
    own = [topic for one in asked for topic in one.topic.topics]
    clauses = [subtree(code) for code in sorted({code for topic in own for code in topic.cpv_codes})]
    # Evidence knows a phrase by its first two stems.
    clauses += [_phrase(found) for found in sorted({phrase[:2] for topic in own for phrase in topic.phrases})]
    for field, trade_ids in _trades(asked).items():
        clauses.append({"terms": {field: sorted(trade_ids)}})
    if any(one.topic.needs_codes and one.frame.pass_unknown for one in asked):
        clauses.append({"bool": {"must_not": [{"exists": {"field": "cpv_codes"}}]}})
    return any_of(clauses) if len(clauses) <= _MOST_CLAUSES else None


def _trades(asked: Iterable[CompiledCriteria]) -> dict[str, set[str]]:
    """Return the trades by the field in which a document that is clear enough names them."""
    found: dict[str, set[str]] = {"trade_ids": set(), "wide_trade_ids": set()}
    for one in asked:
        is_normal = one.topic.points_needed >= POINTS_NEEDED[Strictness.NORMAL]
        found["trade_ids" if is_normal else "wide_trade_ids"].update(one.topic.trades)
    return found


def _phrase(phrase: Phrase) -> dict[str, Any]:
    words = {"query": " ".join(phrase), "fields": _FIELDS, "type": "phrase", "analyzer": "whitespace"}
    return {"multi_match": words}
