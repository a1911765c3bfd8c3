"""Generations: indices of one kind behind an alias, each built beside the one before.

In:   an alias, a mapping and settings.
Out:  indices named after the alias and a number that grows; one of them serves: the alias leads to it.

An index that was made with another mapping or other settings is not current: its successor is built, and
nothing is changed by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from elasticsearch import Elasticsearch

from alerting.index.client import index_errors


@dataclass(frozen=True, slots=True)
class Generation:
    """One index.

    Args:
        name: Its own; grows from one to the next.
        is_current: Whether it was made with the mapping and the settings that we ask for now.
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
    """

    def __init__(
        self, client: Elasticsearch, alias: str, mapping: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        self._client = client
        self._alias = alias
        self._mapping = mapping
        self._settings = settings
        made_with = json.dumps([mapping, settings], sort_keys=True)
        self._mapping_hash = sha256(made_with.encode()).hexdigest()[:16]

    def known(self) -> tuple[Generation, ...]:
        """Return the generations there are, oldest first."""
        with index_errors(self._alias):
            found = self._client.indices.get(index=f"{self._alias}-*", features=["aliases", "mappings"])
        # Another alias may begin with the same words.
        own = re.compile(re.escape(self._alias) + r"-\d{6,}")
        return tuple(self._generation(name, found[name]) for name in sorted(found) if own.fullmatch(name))

    def create(self, *, is_serving: bool, now: datetime) -> Generation:
        """Make an empty generation after all that there are."""
        known = self.known()
        number = int(known[-1].name.rpartition("-")[2]) + 1 if known else 1
        name = f"{self._alias}-{number:06d}"
        notes = self._notes(is_settled=is_serving, served_from=now.isoformat() if is_serving else None)
        with index_errors(self._alias):
            self._client.indices.create(
                index=name,
                mappings={**self._mapping, "_meta": notes},
                settings=self._settings,
                aliases={self._alias: {}} if is_serving else {},
            )
        return Generation(
            name,
            is_current=True,
            is_serving=is_serving,
            is_settled=is_serving,
            served_from=notes["served_from"],
        )

    def serve(self, generation: Generation, *, now: datetime) -> None:
        """Let the alias lead to one generation and no other, in one step."""
        self._note(generation.name, self._notes(is_settled=False, served_from=now.isoformat()))
        away = {"remove": {"index": f"{self._alias}-*", "alias": self._alias, "must_exist": False}}
        here = {"add": {"index": generation.name, "alias": self._alias}}
        with index_errors(self._alias):
            self._client.indices.update_aliases(actions=[away, here])

    def settle(self, generation: Generation, *, now: datetime) -> None:
        """Note that a generation holds what changed until it began to serve, too."""
        served_from = generation.served_from or now.isoformat()
        self._note(generation.name, self._notes(is_settled=True, served_from=served_from))

    def drop(self, generation: Generation) -> None:
        """Delete a generation."""
        with index_errors(self._alias):
            self._client.indices.delete(index=generation.name)

    def _note(self, name: str, notes: Mapping[str, Any]) -> None:
        with index_errors(self._alias):
            self._client.indices.put_mapping(index=name, meta=dict(notes))

    def _notes(self, *, is_settled: bool, served_from: str | None) -> dict[str, Any]:
        return {"mapping_hash": self._mapping_hash, "is_settled": is_settled, "served_from": served_from}

    def _generation(self, name: str, found: Mapping[str, Any]) -> Generation:
        notes = found["mappings"].get("_meta", {})
        return Generation(
            name,
            is_current=notes.get("mapping_hash") == self._mapping_hash,
            is_serving=self._alias in found["aliases"],
            is_settled=bool(notes.get("is_settled", True)),
            served_from=notes.get("served_from"),
        )


def find_serving(generations: Sequence[Generation]) -> Generation | None:
    """Return the generation that the alias leads to."""
    return next((one for one in generations if one.is_serving), None)
