"""Unreachable: a firm's other recipients are told, once, that mails do not reach one of them any more.

A notice is a digest without items, in one transaction with the rows that say who was told of what; it is
delivered as every digest is.  A firm that has nobody left to read it is told when it has somebody again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby

import structlog

from alerting.domain.digest import Digest, Unreachable
from alerting.domain.suppression import UNREACHABLE, SuppressionKind
from alerting.pipeline.compose import message_ids
from alerting.store import deliveries, digests, readers, suppressions
from alerting.store.database import Connection, Database, lock
from alerting.store.suppressions import UntoldAddress


log = structlog.get_logger()

_LOCK = "alerting: tell unreachable"
# Who left by himself, or was taken off by an operator, is nobody's to bring back.
_TOLD = UNREACHABLE | {SuppressionKind.COMPLAINT}


def tell_unreachable(database: Database, *, sender: str, now: Callable[[], datetime]) -> int:
    """Compose a notice for every firm that is to be told; return how many."""
    count = 0
    with database.begin() as connection:
        lock(connection, _LOCK)
        untold = suppressions.untold_addresses(connection, _TOLD)
        for firm_id, group in groupby(untold, key=_firm_id):
            count += _tell(connection, firm_id, list(group), sender, now())
    return count


def _firm_id(address: UntoldAddress) -> str:
    return address.firm_id


def _tell(
    connection: Connection, firm_id: str, untold: list[UntoldAddress], sender: str, now: datetime
) -> bool:
    reader = readers.find_last_reader(connection, firm_id)
    if reader is None:
        return False
    orders = [address.order for address in untold]
    notice = Digest(
        profile_id=reader.profile_id,
        profile_name=reader.profile_name,
        firm_id=firm_id,
        firm_name=reader.firm_name,
        composed_at=now,
        items=(),
        unreachable=tuple(
            Unreachable(order.suppression_id, order.email, order.kind, order.until_at) for order in orders
        ),
    )
    digest_id = digests.add_digest(connection, digests.open_notice(connection, now), notice)
    assert digest_id is not None, "a notice has a run of its own"
    for order in orders:
        suppressions.add_telling(connection, order.suppression_id, firm_id=firm_id, digest_id=digest_id)
    deliveries.queue_deliveries(
        connection,
        digest_id,
        firm_id=firm_id,
        profile_id=reader.profile_id,
        message_ids=message_ids(sender),
    )
    log.info("unreachable_told", firm_id=firm_id, address_count=len(orders))
    return True
