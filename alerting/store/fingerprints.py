"""Fingerprints of standing profiles: what a copy of them elsewhere is compared with.

A profile is in one of 256 buckets, for ever; its fingerprint changes with its criteria.  Two copies are equal
where, in each bucket, the counts and the sums of the fingerprints are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, Integer, func, literal_column, select

from alerting.domain.criteria import Criteria
from alerting.store.criteria import usable_criteria
from alerting.store.firms import standing
from alerting.store.tables import profiles


_ROWS = 5_000
_BUCKET = literal_column("('x' || substr(md5(profiles.profile_id), 1, 2))::bit(8)::int", Integer)


def profile_sums(connection: Connection) -> dict[int, tuple[int, int]]:
    """Return of each bucket that is not empty how many profiles stand in it, and their fingerprints' sum."""
    asked = select(
        _BUCKET.label("bucket"),
        func.count().label("members"),
        func.sum(profiles.c.fingerprint).label("total"),
    )
    rows = connection.execute(asked.select_from(profiles).where(*standing()).group_by(_BUCKET))
    return {row.bucket: (row.members, int(row.total)) for row in rows}


def profile_fingerprints(connection: Connection, buckets: Collection[int] | None = None) -> dict[str, int]:
    """Return the fingerprint of every standing profile; with buckets, of those in them."""
    asked = select(profiles.c.profile_id, profiles.c.fingerprint).where(*standing())
    rows = connection.execute(asked if buckets is None else asked.where(_BUCKET.in_(buckets)))
    return {row.profile_id: row.fingerprint for row in rows}


def profiles_with_fingerprints(
    connection: Connection, profile_ids: Sequence[str]
) -> Iterator[tuple[str, int, int, Criteria]]:
    """Yield id, bucket, fingerprint and criteria, or ``UNREADABLE``, of standing profiles."""
    columns = (
        profiles.c.profile_id,
        _BUCKET.label("bucket"),
        profiles.c.fingerprint,
        profiles.c.criteria,
    )
    for start in range(0, len(profile_ids), _ROWS):
        wanted = profiles.c.profile_id.in_(profile_ids[start : start + _ROWS])
        for row in connection.execute(select(*columns).where(wanted, *standing())):
            yield row.profile_id, row.bucket, row.fingerprint, usable_criteria(row.criteria)
