"""The searchable copy: procedures in a generation behind an alias.

In:   procedures, analysed.
Out:  documents under a strict mapping; what Elasticsearch refuses is reported item by item.

Search asks the alias.  A generation is built beside the one that serves, and takes its place in one
step; deleting them all loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elasticsearch import ApiError, Elasticsearch
from elasticsearch.helpers import streaming_bulk

from alerting.domain.criteria import AnalysedNotice
from alerting.domain.procedure import Procedure
from alerting.domain.search import SearchRequest
from alerting.errors import SearchError
from alerting.index import search
from alerting.index.client import TOO_LARGE, index_errors, is_document_at_fault, reason_of, refusal_of
from alerting.index.documents import MAPPING, document_of, has_our_fields, mapping_hash


# A second node gets a copy by itself; what is being built is made visible when it is whole.
_SETTINGS = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "-1"}
_OPEN_OR_CLOSED = ["open", "closed"]
_TOO_LARGE = "too large for one request: raise http.max_content_length"
_RETRIES = 3
_CHUNK_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadProcedure:
    """A procedure, its view analysed, and the hash of what the database held when it was read."""

    procedure: Procedure
    analysed: AnalysedNotice
    content_hash: str

    def document(self) -> dict[str, Any]:
        """Return it as it is written."""
        return document_of(self.procedure, self.analysed, content_hash=self.content_hash)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A procedure that Elasticsearch would not take, and what it said."""

    procedure_id: int
    problem: str


@dataclass(frozen=True, slots=True)
class Generation:
    """One index of the copy.

    Args:
        name: Its own; grows from one to the next.
        is_current: Whether documents as we write them now fit in, and are what it holds.
        is_serving: Whether the alias leads to it.
        is_settled: Whether it was compared with the database after it began to serve.
        served_from: When it began to serve; ISO 8601.
    """

    name: str
    is_current: bool
    is_serving: bool
    is_settled: bool
    served_from: str | None


class SearchIndex:
    """Procedures behind one alias of one Elasticsearch.

    Args:
        url: Where it is.
        alias: Name that search asks; generations are called after it.
        pause_seconds: First pause when it is overloaded; each further one is twice as long.
        patience_seconds: How long an answer may take; a search may take a third of it.
    """

    def __init__(
        self, url: str, alias: str, *, pause_seconds: float = 2, patience_seconds: float = 30
    ) -> None:
        self._alias = alias
        self._client = Elasticsearch(url, request_timeout=patience_seconds, max_retries=0)
        self._hurried = self._client.options(request_timeout=patience_seconds / 3)
        self._pause_seconds = pause_seconds
        # It says that it cannot before we stop listening.
        self._waits = f"{int(patience_seconds * 1000 * 2 / 3)}ms"

    def generations(self) -> tuple[Generation, ...]:
        """Return the generations there are, closed ones too, oldest first."""
        with index_errors(self._alias):
            found = self._client.indices.get(
                index=f"{self._alias}-*",
                features=["aliases", "mappings"],
                expand_wildcards=_OPEN_OR_CLOSED,
            )
        # Another alias may begin with the same words.
        own = re.compile(re.escape(self._alias) + r"-\d{6,}")
        return tuple(self._generation(name, found[name]) for name in sorted(found) if own.fullmatch(name))

    def create_generation(self, *, is_serving: bool, now: datetime) -> Generation:
        """Make an empty generation after all that there are; one that serves takes the alias from any other.

        Raises:
            SearchError: It does not take our documents, whatever we ask: a template of the cluster's.
        """
        known = self.generations()
        number = int(known[-1].name.rpartition("-")[2]) + 1 if known else 1
        name = f"{self._alias}-{number:06d}"
        mapping = {**MAPPING, "_meta": _notes(is_settled=False, served_from=None)}
        with index_errors(self._alias):
            self._client.indices.create(index=name, mappings=mapping, settings=_SETTINGS)
        made = self.get_generation(name)
        if not made.is_current:
            self.drop(made)
            problem = f"the cluster changes its mapping; look for an index template that applies to {name!r}"
            raise SearchError(f"search index {self._alias!r}: {problem}")
        if is_serving:
            self.serve(made, now=now)
            self.settle(made, now=now)
        return self.get_generation(name)

    def get_generation(self, name: str) -> Generation:
        """Return one generation as it is now.

        Raises:
            SearchError: It is gone.
        """
        found = next((one for one in self.generations() if one.name == name), None)
        if found is None:
            raise SearchError(f"search index {self._alias!r}: generation {name!r} is gone")
        return found

    def serve(self, generation: Generation, *, now: datetime) -> None:
        """Let the alias lead to one generation and no other, in one step."""
        name = generation.name
        with index_errors(self._alias):
            self._client.indices.put_settings(index=name, settings={"index.refresh_interval": None})
            self._client.indices.refresh(index=name)
        self._note(name, _notes(is_settled=False, served_from=now.isoformat()))
        away = {"remove": {"index": "*", "alias": self._alias, "must_exist": False}}
        here = {"add": {"index": name, "alias": self._alias, "is_write_index": True}}
        with index_errors(self._alias):
            self._client.indices.update_aliases(actions=[away, here])

    def settle(self, generation: Generation, *, now: datetime) -> None:
        """Note that a generation holds what changed until it began to serve, too."""
        served_from = generation.served_from or now.isoformat()
        self._note(generation.name, _notes(is_settled=True, served_from=served_from))

    def drop(self, generation: Generation) -> None:
        """Delete a generation."""
        with index_errors(self._alias):
            self._client.indices.delete(index=generation.name)

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

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _put(self, batch: Sequence[ReadProcedure], name: str) -> tuple[Refusal, ...]:
        actions = (
            {
                "_op_type": "index",
                "_index": name,
                "_id": one.procedure.procedure_id,
                "_source": one.document(),
                # An index by the alias's name, made by a document, would take its place.
                "require_alias": name == self._alias,
            }
            for one in batch
        )
        answers = streaming_bulk(
            self._client,
            actions,
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

    def _note(self, name: str, notes: Mapping[str, Any]) -> None:
        with index_errors(self._alias):
            self._client.indices.put_mapping(index=name, meta=dict(notes))

    def _generation(self, name: str, found: Mapping[str, Any]) -> Generation:
        notes = found["mappings"].get("_meta", {})
        return Generation(
            name,
            notes.get("mapping_hash") == mapping_hash() and has_our_fields(found["mappings"]),
            self._alias in found["aliases"],
            bool(notes.get("is_settled", True)),
            notes.get("served_from"),
        )


def _notes(*, is_settled: bool, served_from: str | None) -> dict[str, Any]:
    return {"mapping_hash": mapping_hash(), "is_settled": is_settled, "served_from": served_from}
