"""Settle: what became of deliveries whose worker never came back.

In:   claims whose worker is gone, or whose lease ran out; what the worker's log of dialogues proves.
Out:  each claim is sent, queued again, or in doubt.

Over SMTP only the dialogue proves anything: its log says that the mail's end was never said (queued again),
that it was and what was answered (sent, or queued again), or that it was and no answer came (in doubt: a
person settles it).  Without a log everything whose lease ran out is in doubt.  Only a transport where a
second sending takes the place of the first (a maildir, by the Message-ID) is simply asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.delivery.dialogues import Fate, Proof, find_gone, forget_dialogues, read_dialogues
from alerting.domain.delivery import DeliveryState
from alerting.errors import UnknownIdError
from alerting.pipeline.post_office import PostOffice
from alerting.store import deliveries
from alerting.store.database import Database
from alerting.store.deliveries import HeldDelivery, Outcome


log = structlog.get_logger()

_GONE = "the worker that held it did not come back"
_NEVER_BEGUN = Proof(Fate.NOT_SENT)


def settle_leases(database: Database, post: PostOffice, *, now: datetime) -> dict[str, int]:
    """Settle claims whose worker is gone.

    Returns:
        again: queued again; proved: found to be sent; in_doubt.
    """
    counts: Counter[str] = Counter()
    # Also of workers that were killed with all their claims recorded.
    gone = _find_gone(post, now)
    with database.begin() as connection:
        held = deliveries.hold_claimed(connection, now=now)
        for worker in sorted({one.worker for one in held}):
            proofs = None if post.sending_again_is_safe else read_dialogues(post.dialogues, worker)
            outcomes = [
                outcome
                for one in held
                if one.worker == worker and (outcome := _outcome(post, one, proofs, now)) is not None
            ]
            deliveries.record(connection, outcomes, worker=worker)
            counts.update(_NAMES[outcome.state] for outcome in outcomes)
            if proofs is not None:
                gone.append(worker)
        # What somebody else is recording just now may yet have to be proved.
        busy = deliveries.claiming_workers(connection, gone)
    for worker in gone:
        if worker in busy:
            continue
        forget_dialogues(post.dialogues, worker)
    report = {name: counts[name] for name in _NAMES.values()}
    if counts:
        log.warning("claims_settled", **report)
    return report


def _find_gone(post: PostOffice, now: datetime) -> list[str]:
    if post.sending_again_is_safe:
        return []
    return find_gone(post.dialogues, before=now - timedelta(seconds=post.lease_seconds))


def resolve_delivery(database: Database, delivery_id: int, *, arrived: bool, now: datetime) -> dict[str, Any]:
    """Settle a delivery in doubt: it arrived, or it is queued again.

    Raises:
        UnknownIdError: No delivery of that number is in doubt.
    """
    state = DeliveryState.SENT if arrived else DeliveryState.QUEUED
    answer = "seen in the mailbox" if arrived else "not in the mailbox: queued again"
    with database.begin() as connection:
        settled = deliveries.settle_doubt(
            connection, delivery_id, state=state, answer=answer, sent_at=now if arrived else None
        )
        if not settled:
            raise UnknownIdError(f"delivery {delivery_id}: none of that number is in doubt")
        waiting = deliveries.count_to_send(connection, now=now)
    return {"delivery_id": delivery_id, "state": state.value, "waiting": waiting}


_NAMES = {DeliveryState.QUEUED: "again", DeliveryState.SENT: "proved", DeliveryState.IN_DOUBT: "in_doubt"}


def _outcome(
    post: PostOffice, held: HeldDelivery, proofs: Mapping[int, Proof] | None, now: datetime
) -> Outcome | None:
    """Return what a claim is settled as; None: its worker may still come back."""
    if proofs is not None:
        proof = proofs.get(held.delivery_id, _NEVER_BEGUN)
    elif held.is_lease_over:
        proof = _NEVER_BEGUN if post.sending_again_is_safe else Proof(Fate.IN_DOUBT)
    else:
        return None
    if proof.fate is Fate.SENT:
        return Outcome(held.delivery_id, DeliveryState.SENT, proof.answer or "", sent_at=now)
    if proof.fate is Fate.IN_DOUBT:
        return Outcome(held.delivery_id, DeliveryState.IN_DOUBT, _GONE)
    return Outcome(held.delivery_id, DeliveryState.QUEUED, f"{_GONE}: not sent")
