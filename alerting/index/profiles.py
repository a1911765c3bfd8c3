"""Profiles as documents, notices as queries: who may want to hear of a notice, asked of the cluster.

In:   profiles with what they ask to meet; notices with what they have (``domain.evidence``).
Out:  for each notice the numbers of the criteria that it meets, page by page; what a number stands for.

Profiles that ask the same share a number, and the number alone travels: a few bytes for all of them.  An
answer that lacks a shard is no answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from elasticsearch.helpers import streaming_bulk

from alerting.domain.criteria import Criteria
from alerting.domain.evidence import NoticeEvidence
from alerting.domain.json import criteria_from_json
from alerting.errors import SearchUnavailableError
from alerting.index.client import NOT_FOUND, UNGUARDED, Access, connect, index_errors, refusal_of
from alerting.index.generations import Generation, Generations, find_serving
from alerting.index.profile_documents import (
    PROFILE_MAPPING,
    IndexedProfile,
    document_of_profile,
    profiles_hash,
    query_of_notice,
)
from alerting.index.serializers import NUMBERS_SERIALIZERS, NumbersAnswer, NumbersAnswers


Sums = dict[int, tuple[int, int]]
Some = TypeVar("Some")
_PAGE = 10_000
_BUCKETS = 1_000
_RETRIES = 3
_STILL_WAITING = 408
_RED = {"type": "no_shard_available_action_exception", "reason": "red"}
_CHUNK_BYTES = 10 * 1024 * 1024


class Asker(NamedTuple):
    """A profile that asks for what a number stands for.

    Args:
        criteria_number: Of what it asks.
        criteria_hash: The same, beyond doubt.
        profile_id: Its own.
    """

    criteria_number: int
    criteria_hash: str
    profile_id: str


class ProfileIndex:
    """Profiles behind one alias of one Elasticsearch.

    Args:
        url: Where it is.
        alias: Their name; generations are called after it.
        access: How it is spoken to.
        shards: Over how many parts of the cluster profiles are spread.
        page: How many numbers one answer holds.
        pause_seconds: First pause when it is overloaded; each further one is twice as long.
        patience_seconds: How long an answer may take.
    """

    def __init__(
        self,
        url: str,
        alias: str,
        *,
        access: Access = UNGUARDED,
        shards: int = 1,
        page: int = _PAGE,
        pause_seconds: float = 2,
        patience_seconds: float = 30,
    ) -> None:
        self._alias = alias
        self._client = connect(url, access, patience_seconds=patience_seconds)
        self._asking = connect(
            url, access, patience_seconds=patience_seconds, serializers=NUMBERS_SERIALIZERS
        )
        self._page = page
        self._pause_seconds = pause_seconds
        # It says that it cannot before we stop listening.
        self._waits = f"{int(patience_seconds * 1000 * 2 / 3)}ms"
        # A second node gets a copy by itself.
        settings = {"number_of_shards": shards, "auto_expand_replicas": "0-1"}
        self._generations = Generations(
            self._client,
            alias,
            mapping=PROFILE_MAPPING,
            settings=settings,
            made_of=lambda: profiles_hash(settings),
        )

    def generations(self) -> tuple[Generation, ...]:
        """Return the generations there are, oldest first."""
        return self._generations.known()

    def open_generation(self, *, now: datetime) -> Generation:
        """Return the generation to write into: the one that serves, else one that is to take its place."""
        known = self._generations.known()
        serving = find_serving(known)
        if serving is not None and serving.is_current:
            return serving
        if known and known[-1].is_current:
            return known[-1]
        made = self._generations.create(is_serving=False, now=now)
        with index_errors(self._alias):
            # Its shards start now; one that cannot is found when it is asked.
            self._client.options(ignore_status=_STILL_WAITING).cluster.health(
                index=made.name, wait_for_status="yellow", timeout=self._waits
            )
        return made

    def merge(self, generation: Generation) -> None:
        """Let one segment be made of a generation; see ``Generations.merge``."""
        self._generations.merge(generation)

    def serve(self, generation: Generation, *, now: datetime) -> None:
        """Let a generation serve, and delete all others."""
        self._generations.serve(generation, now=now)
        for other in self._generations.known():
            if other.name != generation.name:
                self._generations.drop(other)

    def drop(self, generation: Generation) -> None:
        """Delete a generation."""
        self._generations.drop(generation)

    def refresh(self, *, of: str) -> None:
        """Let everything that was put be found.

        Raises:
            SearchUnavailableError: A shard is away: a refresh would wait a minute for it.
        """
        with index_errors(self._alias):
            if self._client.cluster.health(index=of)["status"] == "red":
                raise refusal_of(self._alias, 503, {"error": _RED})
            self._client.indices.refresh(index=of)

    def put(self, profiles: Iterable[IndexedProfile], *, into: str) -> None:
        """Put profiles, each in the place of its last version.

        Raises:
            SearchUnavailableError: Elasticsearch is away, overloaded or lacks a shard.
            SearchError: It refuses a profile.
        """
        self._write(
            {"_op_type": "index", "_id": _id(one.profile_id), "_source": document_of_profile(one)}
            | {"_index": into}
            for one in profiles
        )

    def remove(self, profile_ids: Iterable[str], *, out_of: str) -> None:
        """Take profiles out; one that is not there is no error."""
        self._write({"_op_type": "delete", "_id": _id(one), "_index": out_of} for one in profile_ids)

    def sums(self, *, of: str) -> Sums:
        """Return for each bucket how many profiles are in it, and the sum of their fingerprints."""
        sums = {
            "buckets": {
                "terms": {"field": "bucket", "size": _BUCKETS},
                "aggs": {"sum": {"sum": {"field": "fingerprint"}}},
            }
        }
        found = self._search(of, {"size": 0, "aggs": sums})["aggregations"]["buckets"]["buckets"]
        return {one["key"]: (one["doc_count"], int(one["sum"]["value"])) for one in found}

    def fingerprints(self, buckets: Collection[int], *, of: str) -> dict[str, int]:
        """Return the fingerprint of every profile in some buckets."""
        wanted = {"terms": {"bucket": sorted(buckets)}}
        found = self._pages(of, wanted, ("profile_id", "fingerprint"))
        return {one["profile_id"]: one["fingerprint"] for one in found}

    def candidates(self, notices: Sequence[NoticeEvidence]) -> list[list[int]]:
        """Return for each notice the numbers of the criteria that it meets, ascending."""
        found: list[list[int]] = [[] for _ in notices]
        queries = [query_of_notice(notice) for notice in notices]
        left: list[tuple[int, int | None]] = [(at, None) for at in range(len(notices))]
        while left:
            answers = self._ask([self._question(queries[at], after) for at, after in left])
            for (at, _), numbers in zip(left, answers, strict=True):
                found[at] += numbers
            left = [
                (at, numbers[-1])
                for (at, _), numbers in zip(left, answers, strict=True)
                if len(numbers) == self._page
            ]
        return found

    def askers(self, numbers: Collection[int]) -> Iterator[Asker]:
        """Yield every profile that asks for what one of these numbers stands for."""
        for part in _parts(sorted(numbers), self._page):
            for one in self._pages(self._alias, {"terms": {"criteria_number": part}}, Asker._fields):
                yield Asker(**one)

    def criteria(self, profile_ids: Sequence[str]) -> Iterator[Criteria]:
        """Yield what each of these profiles asks for, in their order.

        Raises:
            SearchUnavailableError: One of them is gone.
        """
        for part in _parts(profile_ids, _BUCKETS):
            with index_errors(self._alias):
                found = self._client.mget(
                    index=self._alias, ids=[_id(one) for one in part], source_includes=["criteria"]
                )["docs"]
            for profile_id, one in zip(part, found, strict=True):
                if not one.get("found"):
                    raise SearchUnavailableError(
                        f"search index {self._alias!r}: profile {profile_id!r} is gone while it is read"
                    )
                yield criteria_from_json(one["_source"]["criteria"])

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self._asking.close()

    def _question(self, query: Mapping[str, Any], after: int | None) -> dict[str, Any]:
        """Return what is asked of one notice: the numbers after one, in their order."""
        if after is not None:
            beyond = {"range": {"criteria_number": {"gt": after}}}
            query = {"bool": {"filter": [query, beyond]}}
        numbers = {"terms": {"field": "criteria_number", "size": self._page, "order": {"_key": "asc"}}}
        return {
            "size": 0,
            "track_total_hits": False,
            "query": query,
            "aggs": {"numbers": numbers},
        }

    def _ask(self, questions: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        header = {"allow_partial_search_results": False}
        lines = [line for question in questions for line in (header, question)]
        with index_errors(self._alias):
            # To leave out of the answers what nobody reads (filter_path) costs the node more than to send it.
            answers: NumbersAnswers = self._asking.msearch(index=self._alias, searches=lines).body
        return [self._numbers(answer) for answer in answers.responses]

    def _numbers(self, answer: NumbersAnswer) -> list[int]:
        if answer.error is not None:
            raise refusal_of(self._alias, answer.status, {"error": answer.error})
        self._check_whole(is_late=answer.timed_out, failed_count=answer.shards.failed)
        return [bucket.key for bucket in answer.aggregations.numbers.buckets]

    def _check(self, answer: Mapping[str, Any]) -> None:
        """Refuse an answer that is an error, or lacks a part of the profiles."""
        if "error" in answer:
            raise refusal_of(self._alias, answer["status"], answer)
        self._check_whole(is_late=answer["timed_out"], failed_count=answer["_shards"]["failed"])

    def _check_whole(self, *, is_late: bool, failed_count: int) -> None:
        if is_late or failed_count:
            raise SearchUnavailableError(f"search index {self._alias!r}: it answers for a part of its shards")

    def _search(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        with index_errors(self._alias):
            answer = self._client.search(index=name, allow_partial_search_results=False, **body).body
        self._check(answer)
        return dict(answer)

    def _pages(self, name: str, query: Mapping[str, Any], fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield fields of all documents that a query finds, from doc values, page by page."""
        sources = [{field: {"terms": {"field": field}}} for field in fields]
        composite: dict[str, Any] = {"size": self._page, "sources": sources}
        while True:
            body = {"size": 0, "query": query, "aggs": {"pages": {"composite": composite}}}
            answer = self._search(name, body)["aggregations"]["pages"]
            yield from (bucket["key"] for bucket in answer["buckets"])
            if "after_key" not in answer:
                return
            composite = {**composite, "after": answer["after_key"]}

    def _write(self, actions: Iterable[dict[str, Any]]) -> None:
        with index_errors(self._alias):
            answers = streaming_bulk(
                self._client,
                actions,
                raise_on_error=False,
                max_retries=_RETRIES,
                initial_backoff=self._pause_seconds,
                max_chunk_bytes=_CHUNK_BYTES,
                timeout=self._waits,
            )
            for accepted, answer in answers:
                if not accepted:
                    self._refuse(*answer.values())

    def _refuse(self, item: Mapping[str, Any]) -> None:
        """Raise what became of an item; that something was gone before is no error."""
        if item["status"] != NOT_FOUND or "error" in item:
            raise refusal_of(self._alias, item["status"], item)


def _id(profile_id: str) -> str:
    """Return the document's id: Elasticsearch takes 512 bytes."""
    return sha256(profile_id.encode()).hexdigest()


def _parts(whole: Sequence[Some], size: int) -> Iterator[Sequence[Some]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
