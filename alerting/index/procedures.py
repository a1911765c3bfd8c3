"""The searchable copy: procedures in a generation behind an alias.

In:   procedures, analysed.
Out:  documents under a strict mapping; what Elasticsearch refuses is reported item by item.

Search asks the alias.  A generation is built beside the one that serves, and takes its place in one
step; deleting them all loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from elasticsearch import ApiError
from elasticsearch.helpers import streaming_bulk

from alerting.domain.analysed import AnalysedNotice
from alerting.domain.procedure import Procedure
from alerting.domain.search import SearchRequest
from alerting.index import search
from alerting.index.client import (
    TOO_LARGE,
    UNGUARDED,
    Access,
    connect,
    index_errors,
    is_document_at_fault,
    reason_of,
    refusal_of,
)
from alerting.index.documents import MAPPING, document_of, mapping_hash
from alerting.index.generations import Generation, Generations
from alerting.index.serializers import write_json


# A second node gets a copy by itself; what is being built is made visible when it is whole.
_SETTINGS = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "-1"}
_TOO_LARGE = "too large for one request: raise http.max_content_length"
_RETRIES = 3
# Elasticsearch gives no more at once.
_PAGE = 10_000
_CHUNK_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadProcedure:
    """A procedure as it was read.

    Args:
        procedure: As it stands.
        analysed: Its view.
        content_hash: Of what the database held when it was read.
        source: Its document in JSON; None: made when it is put.
    """

    procedure: Procedure
    analysed: AnalysedNotice
    content_hash: str
    source: bytes | None = None

    def document(self) -> dict[str, Any]:
        """Return it as it is written."""
        return document_of(self.procedure, self.analysed, content_hash=self.content_hash)

    def written(self) -> ReadProcedure:
        """Return it with its document made, so that putting it is sending it."""
        return replace(self, source=write_json(self.document()))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A procedure that Elasticsearch would not take, and what it said."""

    procedure_id: int
    problem: str


class SearchIndex:
    """Procedures behind one alias of one Elasticsearch.

    Args:
        url: Where it is.
        alias: Name that search asks; generations are called after it.
        access: How it is spoken to.
        pause_seconds: First pause when it is overloaded; each further one is twice as long.
        patience_seconds: How long an answer may take; a search may take a third of it.
    """

    def __init__(
        self,
        url: str,
        alias: str,
        *,
        access: Access = UNGUARDED,
        pause_seconds: float = 2,
        patience_seconds: float = 30,
    ) -> None:
        self._alias = alias
        self._client = connect(url, access, patience_seconds=patience_seconds)
        self._hurried = self._client.options(request_timeout=patience_seconds / 3)
        self._pause_seconds = pause_seconds
        self._generations = Generations(
            self._client, alias, mapping=MAPPING, settings=_SETTINGS, made_of=mapping_hash
        )
        # It says that it cannot before we stop listening.
        self._waits = f"{int(patience_seconds * 1000 * 2 / 3)}ms"

    def generations(self) -> tuple[Generation, ...]:
        """Return the generations there are, closed ones too, oldest first."""
        return self._generations.known()

    def create_generation(self, *, is_serving: bool, now: datetime) -> Generation:
        """Make an empty generation after all that there are; see ``Generations.create``."""
        return self._generations.create(is_serving=is_serving, now=now)

    def get_generation(self, name: str) -> Generation:
        """Return one generation as it is now; see ``Generations.get``."""
        return self._generations.get(name)

    def merge(self, generation: Generation) -> None:
        """Let one segment be made of a generation; see ``Generations.merge``."""
        self._generations.merge(generation)

    def serve(self, generation: Generation, *, now: datetime) -> None:
        """Let the alias lead to one generation and no other, in one step."""
        self._generations.serve(generation, now=now)

    def settle(self, generation: Generation, *, now: datetime) -> None:
        """Note that a generation holds what changed until it began to serve, too."""
        self._generations.settle(generation, now=now)

    def drop(self, generation: Generation) -> None:
        """Delete a generation."""
        self._generations.drop(generation)

    def put(self, batch: Sequence[ReadProcedure], *, into: str | None = None) -> tuple[Refusal, ...]:
        """Put procedures whole, each under its own id; return those that are refused.

        Args:
            batch: What to put.
            into: A generation's name, else the one that serves.

        Raises:
            SearchError: Elasticsearch refuses them all; nothing counts as put.
            SearchUnavailableError: It is away or overloaded; nothing counts as put.
        """
        with index_errors(self._alias):
            try:
                return self._put(batch, into or self._alias)
            except ApiError as error:
                if error.status_code != TOO_LARGE:
                    raise
        if len(batch) == 1:
            return (Refusal(batch[0].procedure.procedure_id, _TOO_LARGE),)
        half = len(batch) // 2
        return (*self.put(batch[:half], into=into), *self.put(batch[half:], into=into))

    def content_hashes(self, procedure_ids: Sequence[int], *, of: str) -> dict[int, str]:
        """Return the content hash of each of these procedures that a generation holds."""
        documents = self._documents(procedure_ids, of, ["content_hash"])
        return {number: document["content_hash"] for number, document in documents.items()}

    def whole_documents(self, procedure_ids: Sequence[int], *, of: str) -> dict[int, dict[str, Any]]:
        """Return the documents of these procedures that a generation holds."""
        return self._documents(procedure_ids, of, None)

    def count(self, *, of: str | None = None) -> int:
        """Return how many procedures can be found, those just put included."""
        name = of or self._alias
        with index_errors(self._alias):
            self._client.indices.refresh(index=name)
            return int(self._client.count(index=name)["count"])

    def search(self, request: SearchRequest, *, now: datetime) -> dict[str, Any]:
        """Answer a question; see ``alerting.index.search``."""
        with index_errors(self._alias):
            return search.search(self._hurried, self._alias, request, now=now)

    def numbers(self, query: Mapping[str, Any]) -> list[int]:
        """Return the number of every procedure that a query finds, those just put included, ascending."""
        found: list[int] = []
        asked: dict[str, Any] = {"size": _PAGE, "source": False, "track_total_hits": False}
        with index_errors(self._alias):
            self._client.indices.refresh(index=self._alias)
            while True:
                answer = self._client.search(
                    index=self._alias,
                    query={"bool": {"filter": [query]}},
                    sort=[{"procedure_id": "asc"}],
                    search_after=found[-1:] or None,
                    allow_partial_search_results=False,
                    **asked,
                )
                page = [int(hit["_id"]) for hit in answer["hits"]["hits"]]
                found += page
                if len(page) < _PAGE:
                    return found

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _put(self, batch: Sequence[ReadProcedure], name: str) -> tuple[Refusal, ...]:
        actions = (
            {"_id": one.procedure.procedure_id, "_source": one.source or one.document()} for one in batch
        )
        answers = streaming_bulk(
            self._client,
            actions,
            index=name,
            # An index by the alias's name, made by a document, would take its place.
            require_alias=name == self._alias,
            raise_on_error=False,
            max_retries=_RETRIES,
            initial_backoff=self._pause_seconds,
            max_chunk_bytes=_CHUNK_BYTES,
            timeout=self._waits,
        )
        refusals = []
        for accepted, answer in answers:
            item = answer["index"]
            if accepted:
                continue
            if not is_document_at_fault(item["status"], item["error"]):
                raise refusal_of(self._alias, item["status"], item)
            refusals.append(Refusal(int(item["_id"]), reason_of(item["error"])))
        return tuple(refusals)

    def _documents(
        self, procedure_ids: Sequence[int], name: str, fields: list[str] | None
    ) -> dict[int, dict[str, Any]]:
        with index_errors(self._alias):
            ids = [str(number) for number in procedure_ids]
            found = self._client.mget(index=name, ids=ids, source_includes=fields)["docs"]
        return {int(one["_id"]): one["_source"] for one in found if one.get("found")}
