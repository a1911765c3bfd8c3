"""The searchable copy: one document a procedure, in a generation behind an alias.

In:   procedures.
Out:  documents under a strict mapping; what Elasticsearch refuses is reported item by item.

Texts arrive as stems (``alerting.text``) in whitespace-analysed fields, so the index knows no
language of its own.  Deleting it loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch.helpers import streaming_bulk

from alerting.domain.json import to_json
from alerting.domain.notice import Lot, Place
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.errors import SearchError, SearchUnavailableError
from alerting.text.analysis import stems


FIRST_GENERATION = "000001"
BUSY = frozenset({429, 503})
# The document's own fault; with any other answer it is the server's, and the document waits.
DOCUMENT_IS_AT_FAULT = frozenset({400, 413})
STEMS = {"type": "text", "analyzer": "whitespace", "norms": True}
KEYWORD = {"type": "keyword"}
STORED = {"type": "object", "enabled": False}
MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "procedure_id": {"type": "long"},
        "revision": {"type": "integer"},
        "state": KEYWORD,
        "kind": KEYWORD,
        "title": {"type": "keyword", "index": False, "doc_values": False},
        "title_stems": STEMS,
        "description_stems": STEMS,
        "lot_stems": STEMS,
        "buyer_stems": STEMS,
        "buyer_siret": KEYWORD,
        "cpv_codes": KEYWORD,
        "departements": KEYWORD,
        "nuts_codes": KEYWORD,
        "published_at": {"type": "date"},
        "deadline_at": {"type": "date"},
        "amount_cents": {"type": "long"},
        "currency": KEYWORD,
        "view": STORED,
    },
}
SEARCHED = ["title_stems^3", "lot_stems^2", "description_stems", "buyer_stems"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A procedure that Elasticsearch would not take, and what it said."""

    procedure_id: int
    problem: str


class SearchIndex:
    """Procedures behind one alias of one Elasticsearch."""

    def __init__(self, url: str, alias: str) -> None:
        self._alias = alias
        self._client = Elasticsearch(url, request_timeout=30, max_retries=0)

    def ensure(self) -> None:
        """Make the first generation and its alias where there is none.

        Raises:
            SearchUnavailableError: Elasticsearch is away or overloaded.
            SearchError: It refuses the mapping.
        """
        with _errors(self._alias):
            if not self._client.indices.exists_alias(name=self._alias):
                self._client.indices.create(
                    index=f"{self._alias}-{FIRST_GENERATION}",
                    mappings=MAPPING,
                    settings={"number_of_shards": 1, "number_of_replicas": 0},
                    aliases={self._alias: {}},
                )

    def put(self, procedures: Sequence[Procedure]) -> tuple[Refusal, ...]:
        """Put procedures whole, each under its own id; return those that are refused.

        Raises:
            SearchUnavailableError: Elasticsearch is away or overloaded; nothing counts as put.
        """
        actions = (
            {
                "_op_type": "index",
                "_index": self._alias,
                "_id": procedure.procedure_id,
                "_source": document_of(procedure),
            }
            for procedure in procedures
        )
        refusals = []
        with _errors(self._alias):
            for accepted, answer in streaming_bulk(
                self._client, actions, raise_on_error=False, max_retries=2
            ):
                item = answer["index"]
                if not accepted and item["status"] not in DOCUMENT_IS_AT_FAULT:
                    raise SearchUnavailableError(
                        f"search index {self._alias!r}: status {item['status']} ({_reason(item['error'])})"
                    )
                if not accepted:
                    refusals.append(Refusal(int(item["_id"]), _reason(item["error"])))
        return tuple(refusals)

    def count(self) -> int:
        """Return how many procedures can be found, those just put included."""
        with _errors(self._alias):
            self._client.indices.refresh(index=self._alias)
            return int(self._client.count(index=self._alias)["count"])

    def search(self, text: str, *, departement: str | None = None, size: int = 20) -> list[dict[str, Any]]:
        """Return the best *size* procedures for a text, each with its score, best first."""
        wanted = " ".join(stems(text))
        query: dict[str, Any] = {
            "bool": {
                "must": [
                    {
                        "multi_match": {
                            "query": wanted,
                            "fields": SEARCHED,
                            "type": "cross_fields",
                            "analyzer": "whitespace",
                        }
                    }
                ],
                "filter": [{"term": {"departements": departement}}] if departement is not None else [],
                # What became part of another procedure is found there.
                "must_not": [{"term": {"state": ProcedureState.MERGED.value}}],
            }
        }
        with _errors(self._alias):
            answer = self._client.search(index=self._alias, query=query, size=size)
        return [{"score": hit["_score"], **hit["_source"]["view"]} for hit in answer["hits"]["hits"]]

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


def document_of(procedure: Procedure) -> dict[str, Any]:
    """Return the document of a procedure, in the names of MAPPING."""
    view = procedure.view
    places = [*view.places, *(place for lot in view.lots for place in lot.places)]
    codes = [view.cpv_main, *view.cpv_additional, *(code for lot in view.lots for code in lot.cpv_codes)]
    return {
        "procedure_id": procedure.procedure_id,
        "revision": procedure.revision,
        "state": procedure.state.value,
        "kind": view.kind.value,
        "title": view.title,
        "title_stems": _stems(view.title),
        "description_stems": _stems(view.description),
        "lot_stems": [_lot_stems(lot) for lot in view.lots],
        "buyer_stems": _stems(view.buyer.name if view.buyer is not None else None),
        "buyer_siret": view.buyer.siret if view.buyer is not None else None,
        "cpv_codes": sorted({code for code in codes if code is not None}),
        "departements": _departements(places, view.buyer.departement if view.buyer is not None else None),
        "nuts_codes": sorted({place.nuts_code for place in places if place.nuts_code is not None}),
        "published_at": to_json(view.published_at),
        "deadline_at": to_json(view.deadline_at),
        "amount_cents": view.value.amount_cents if view.value is not None else None,
        "currency": view.value.currency if view.value is not None else None,
        "view": {"procedure_id": procedure.procedure_id, "state": procedure.state.value, **to_json(view)},
    }


def _stems(text: str | None) -> str | None:
    return " ".join(stems(text)) if text is not None else None


def _lot_stems(lot: Lot) -> str:
    return " ".join(stems(f"{lot.title or ''} {lot.description or ''}"))


def _departements(places: Sequence[Place], of_buyer: str | None) -> list[str]:
    """Return the départements of the work, else the buyer's."""
    stated = {place.departement for place in places if place.departement is not None}
    return sorted(stated) or ([of_buyer] if of_buyer is not None else [])


@contextmanager
def _errors(alias: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        line = f"search index {alias!r}: status {error.status_code} ({error.message})"
        raise (SearchUnavailableError if error.status_code in BUSY else SearchError)(line) from error
    except TransportError as error:
        raise SearchUnavailableError(f"search index {alias!r}: no answer ({type(error).__name__})") from error


def _reason(error: Any) -> str:
    return str(error.get("reason", error)) if isinstance(error, dict) else str(error)
