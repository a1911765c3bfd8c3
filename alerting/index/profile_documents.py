"""One document a profile: the mapping, and what is written under it; and the query that a notice is.

In:   profiles with what they ask to meet, notices with what they have (``domain.evidence``).
Out:  documents in the names of MAPPING, queries that find each profile that meets a notice in everything.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from alerting.domain.criteria import Criteria
from alerting.domain.evidence import NoticeEvidence, ProfileEvidence
from alerting.domain.json import to_json
from alerting.index.documents import KEYWORD, STORED
from alerting.reference.version import matching_hash


# Elasticsearch takes 65,536 terms in one query.
_TERMS = 60_000
# Each amount is a clause of its own, and of clauses it takes some thousands.
_AMOUNTS = 1_000
# Of sixteen, what fits into a long.
_DIGITS_OF_A_NUMBER = 15
_EVIDENCE = {"type": "keyword", "doc_values": False}
PROFILE_MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "profile_id": KEYWORD,
        "bucket": {"type": "short"},
        "fingerprint": {"type": "long"},
        "criteria_number": {"type": "long"},
        "criteria_hash": KEYWORD,
        "criteria": STORED,
        "topics": _EVIDENCE,
        "places": _EVIDENCE,
        "kinds": _EVIDENCE,
        "buyers": _EVIDENCE,
        "words_out": _EVIDENCE,
        "value_cents": {"type": "long_range", "doc_values": False},
        "passes_without_value": {"type": "boolean", "doc_values": False},
    },
}


def profiles_hash(settings: Mapping[str, object]) -> str:
    """Return the hash of the mapping, of an index's settings, and of all that decides what documents hold."""
    parts = json.dumps([PROFILE_MAPPING, matching_hash(), settings], sort_keys=True)
    return sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class IndexedProfile:
    """A profile as it is put into the index.

    Args:
        profile_id: Its own.
        bucket: One of some hundred parts of all profiles that are compared with the database; never changes.
        fingerprint: Changes with the criteria, see ``store.fingerprints``.
        criteria: What it asks for.
        evidence: What it asks to meet.
    """

    profile_id: str
    bucket: int
    fingerprint: int
    criteria: Criteria
    evidence: ProfileEvidence


def document_of_profile(profile: IndexedProfile) -> dict[str, Any]:
    """Return the document of a profile, in the names of PROFILE_MAPPING."""
    evidence = profile.evidence
    criteria = to_json(profile.criteria)
    criteria_hash = sha256(json.dumps(criteria).encode()).hexdigest()
    return {
        "profile_id": profile.profile_id,
        "bucket": profile.bucket,
        "fingerprint": profile.fingerprint,
        "criteria_number": int(criteria_hash[:_DIGITS_OF_A_NUMBER], 16),
        "criteria_hash": criteria_hash,
        "criteria": criteria,
        "topics": sorted(evidence.topics),
        "places": sorted(evidence.places),
        "kinds": sorted(evidence.kinds),
        "buyers": sorted(evidence.buyers),
        "words_out": sorted(evidence.words_out),
        "value_cents": _range(evidence),
        "passes_without_value": evidence.passes_without_value,
    }


def query_of_notice(evidence: NoticeEvidence) -> dict[str, Any]:
    """Return the query that finds the profiles which a notice meets in everything, and perhaps some more."""
    kind = {"term": {"kinds": evidence.kind}}
    met = [*_any_of("topics", evidence.topics), *_any_of("places", evidence.places), kind]
    met += _any_of("buyers", evidence.buyers)
    values = _values(evidence.amounts_cents)
    if evidence.may_lack_value:
        values.append({"term": {"passes_without_value": True}})
    met.append({"bool": {"should": values}})
    return {"bool": {"filter": met, "must_not": _any_of("words_out", evidence.own_stems)}}


def _values(amounts_cents: Collection[int]) -> list[dict[str, Any]]:
    """Return clauses of which a profile's range meets one; of many amounts what lies between them, too."""
    if len(amounts_cents) > _AMOUNTS:
        return [{"range": {"value_cents": {"gte": min(amounts_cents), "lte": max(amounts_cents)}}}]
    return [{"term": {"value_cents": cents}} for cents in sorted(amounts_cents)]


def _range(evidence: ProfileEvidence) -> dict[str, int] | None:
    if evidence.minimum_cents > evidence.maximum_cents:
        return None
    return {"gte": evidence.minimum_cents, "lte": evidence.maximum_cents}


def _any_of(field: str, keys: Collection[str]) -> list[dict[str, Any]]:
    """Return the clause, in a list, that one of many keys stands in a field."""
    clauses = [{"terms": {field: part}} for part in _parts(sorted(keys))]
    return clauses if len(clauses) <= 1 else [{"bool": {"should": clauses}}]


def _parts(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _TERMS):
        yield keys[start : start + _TERMS]
