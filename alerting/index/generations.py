"""Generations: indices of one kind behind an alias, each built beside the one before.

In:   an alias, a mapping, settings.
Out:  indices named after the alias and a number that grows; one of them serves: the alias leads to it.

An index that was made of something else is not current: its successor is built; nothing is changed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from alerting.errors import SearchError
from alerting.index.client import index_errors


_OPEN_OR_CLOSED = ["open", "closed"]


@dataclass(frozen=True, slots=True)
class Generation:
    """One index.

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


class Generations:
    """The indices behind one alias.

    Args:
        client: Where they are.
        alias: Their common name.
        mapping: Of those that are made now.
        settings: The same.
        made_of: Gives the hash of all that decides what their documents hold.
    """

    def __init__(
        self,
        client: Elasticsearch,
        alias: str,
        *,
        mapping: Mapping[str, Any],
        settings: Mapping[str, Any],
        made_of: Callable[[], str],
    ) -> None:
        self._client = client
        self._alias = alias
        self._mapping = mapping
        self._settings = settings
        self._made_of = made_of

    def known(self) -> tuple[Generation, ...]:
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

    def create(self, *, is_serving: bool, now: datetime) -> Generation:
        """Make an empty generation after all that there are; one that serves takes the alias from any other.

        Raises:
            SearchError: It does not take our documents, whatever we ask: a template of the cluster's.
        """
        known = self.known()
        number = int(known[-1].name.rpartition("-")[2]) + 1 if known else 1
        name = f"{self._alias}-{number:06d}"
        mapping = {**self._mapping, "_meta": self._notes(is_settled=False, served_from=None)}
        with index_errors(self._alias):
            self._client.indices.create(
                index=name, mappings=mapping, settings=self._settings, wait_for_active_shards="0"
            )
        made = self.get(name)
        if not made.is_current:
            self.drop(made)
            problem = f"the cluster changes its mapping; look for an index template that applies to {name!r}"
            raise SearchError(f"search index {self._alias!r}: {problem}")
        if is_serving:
            self._lead_to(made, now=now)
            self.settle(made, now=now)
        return self.get(name)

    def get(self, name: str) -> Generation:
        """Return one generation as it is now.

        Raises:
            SearchError: It is gone.
        """
        found = next((one for one in self.known() if one.name == name), None)
        if found is None:
            raise SearchError(f"search index {self._alias!r}: generation {name!r} is gone")
        return found

    def merge(self, generation: Generation) -> None:
        """Let Elasticsearch make one segment of a generation; a question looks into one place (ADR 12).

        Raises:
            SearchUnavailableError: It takes longer than an answer may; Elasticsearch goes on with it.
        """
        with index_errors(self._alias):
            self._client.indices.forcemerge(index=generation.name, max_num_segments=1)

    def serve(self, generation: Generation, *, now: datetime) -> None:
        """Let the alias lead to one generation and no other, in one step."""
        with index_errors(self._alias):
            self._client.indices.refresh(index=generation.name)
        self._lead_to(generation, now=now)

    def settle(self, generation: Generation, *, now: datetime) -> None:
        """Note that a generation holds what changed until it began to serve, too."""
        served_from = generation.served_from or now.isoformat()
        self._note(generation.name, self._notes(is_settled=True, served_from=served_from))

    def drop(self, generation: Generation) -> None:
        """Delete a generation."""
        with index_errors(self._alias):
            self._client.indices.delete(index=generation.name)

    def _lead_to(self, generation: Generation, *, now: datetime) -> None:
        name = generation.name
        with index_errors(self._alias):
            self._client.indices.put_settings(index=name, settings={"index.refresh_interval": None})
        self._note(name, self._notes(is_settled=False, served_from=now.isoformat()))
        away = {"remove": {"index": "*", "alias": self._alias, "must_exist": False}}
        here = {"add": {"index": name, "alias": self._alias, "is_write_index": True}}
        with index_errors(self._alias):
            self._client.indices.update_aliases(actions=[away, here])

    def _note(self, name: str, notes: Mapping[str, Any]) -> None:
        with index_errors(self._alias):
            self._client.indices.put_mapping(index=name, meta=dict(notes))

    def _notes(self, *, is_settled: bool, served_from: str | None) -> dict[str, Any]:
        return {"mapping_hash": self._made_of(), "is_settled": is_settled, "served_from": served_from}

    def _generation(self, name: str, found: Mapping[str, Any]) -> Generation:
        notes = found["mappings"].get("_meta", {})
        return Generation(
            name,
            notes.get("mapping_hash") == self._made_of() and self._has_our_fields(found["mappings"]),
            self._alias in found["aliases"],
            bool(notes.get("is_settled", True)),
            notes.get("served_from"),
        )

    def _has_our_fields(self, mapping: Mapping[str, Any]) -> bool:
        """Tell whether an index's mapping, as Elasticsearch shows it, is one that takes our documents."""
        return mapping.get("dynamic") == "strict" and _types(mapping) == _types(self._mapping)


def find_serving(generations: Sequence[Generation]) -> Generation | None:
    """Return the generation that the alias leads to, the newest if there are several."""
    return next((one for one in reversed(generations) if one.is_serving), None)


def _types(mapping: Mapping[str, Any]) -> dict[str, str]:
    # Elasticsearch does not show the type of an object.
    return {name: field.get("type", "object") for name, field in mapping.get("properties", {}).items()}
