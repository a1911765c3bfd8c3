"""The steps of the flow, and what waits for each.

Each step's report has the key "waiting": how many rows wait for the next step, whoever made them; a scheduler
skips the next step when it is 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.commands.report import Report
from alerting.errors import AlertingError
from alerting.feeds.credentials import Secrets
from alerting.pipeline import (
    compose,
    deliver,
    fetch,
    index,
    load,
    match,
    receive,
    settle,
    show,
    suppress,
    unreachable,
    waiting,
)
from alerting.pipeline.steps import run_steps


def migrate(*, parts: Parts | None = None) -> Report:
    """Bring the database to the newest schema; harmless when it is there already."""
    with bootstrap.opened(parts) as opened:
        revision = opened.database.migrate()
    return {"revision": revision, "waiting": 0}


def feeds_due_count(*, parts: Parts | None = None) -> int:
    """Return how many feeds are due now: a cheap question for a trigger."""
    with bootstrap.opened(parts) as opened:
        return show.count_due_feeds(opened.database, now=opened.now)


def profiles_to_match_count(*, parts: Parts | None = None) -> int:
    """Return how many profiles are new or changed: a cheap question for a trigger."""
    with bootstrap.opened(parts) as opened:
        return show.count_profiles_to_match(opened.database)


def fetch_due_feeds(*, secrets: Secrets | None = None, parts: Parts | None = None) -> Report:
    """Ask every due feed for news and keep what is new; "waiting" counts documents to load.

    Args:
        secrets: Where credentials are looked up beside the environment; references to other places fail.
        parts: For tests.
    """
    with bootstrap.opened(parts) as opened:
        known = {**opened.secrets, **(secrets or {})}
        return fetch.fetch_due_feeds(opened.database, opened.archive, now=opened.now, secrets=known)


def load_documents(*, parts: Parts | None = None) -> Report:
    """Parse, normalise, link and store waiting documents; "waiting" counts procedures to match or index."""
    with bootstrap.opened(parts) as opened:
        return load.load_documents(opened.database, opened.archive, now=opened.now)


def index_procedures(*, parts: Parts | None = None) -> Report:
    """Copy waiting procedures into the search index; "waiting" counts those still to copy.

    Raises:
        SearchUnavailableError: The index is set and away; nothing else waits for it.
    """
    with bootstrap.opened(parts) as opened:
        return index.index_procedures(opened.database, opened.index, now=opened.now)


def rebuild_index(*, parts: Parts | None = None) -> Report:
    """Build the search index anew beside the one that serves, and let it take its place.

    Raises:
        SearchUnavailableError: No index is set, it is away, or another rebuild is running.
        SearchError: The new generation is not equal to the database; the old one serves on.
    """
    with bootstrap.opened(parts) as opened:
        return index.rebuild(opened.database, opened.index, now=opened.now)


def match_profiles(*, parts: Parts | None = None) -> Report:
    """Match both ways: changed procedures with all profiles, changed profiles with open procedures.

    "refused" counts procedures at which our code failed (rejects), "waiting" pairs of profile and procedure
    that have something to tell.

    Raises:
        SearchUnavailableError: Matching is set to be on Elasticsearch, and that is away: notices wait.
    """
    with bootstrap.opened(parts) as opened:
        return match.match_profiles(opened.database, opened.engine, now=opened.now)


def match_again(*, parts: Parts | None = None) -> Report:
    """Let all procedures that can still be answered be matched again; "waiting" counts those to match.

    What was told of a procedure stands: nobody is told of it as new a second time.
    """
    with bootstrap.opened(parts) as opened:
        return match.let_match_again(opened.database, now=opened.now)


def compose_digests(*, parts: Parts | None = None) -> Report:
    """Compose the digests that are due; "waiting" counts deliveries to send, "refused" what failed alone."""
    with bootstrap.opened(parts) as opened:
        suppress.end_expired(opened.database, now=opened.now)
        unreachable.tell_unreachable(opened.database, sender=opened.settings.sender, now=opened.now)
        return compose.compose_digests(
            opened.database,
            digest_hour=opened.settings.digest_hour,
            sender=opened.settings.sender,
            now=opened.now,
        )


def deliver_digests(*, parts: Parts | None = None) -> Report:
    """Send what is queued: claim, send, record; "waiting" counts deliveries that may be sent now."""
    with bootstrap.opened(parts) as opened:
        return deliver.deliver_digests(opened.database, opened.mailer, opened.post, now=opened.now)


def receive_mails(*, parts: Parts | None = None) -> Report:
    """Read the mailbox of bounces, complaints and mails to leave; each mail is acted upon once.

    Returns:
        hard_bounce, soft_bounce, policy_bounce, no_bounce (delays), complaint, left, automatic_reply,
        unsigned (not from who had a mail of ours), other, again: how many mails; waiting: always 0.

    Raises:
        MailboxUnavailableError: The mailbox is away.
        MailboxRefusedError: It refuses our login, or has no such folder.
    """
    with bootstrap.opened(parts) as opened:
        suppress.end_expired(opened.database, now=opened.now)
        return receive.receive_mails(
            opened.database, opened.mailbox, secret=opened.settings.secret, now=opened.now
        )


def recover(*, parts: Parts | None = None) -> Report:
    """Settle leases and orders that ran out, then do what a lost wake-up left undone, from load to delivery.

    Returns:
        documents, to_index, to_match, to_compose, to_deliver: what waited for load, index, match,
        compose and deliver; again, proved, in_doubt: claims settled now; silent_feeds: silent for longer than
        their habit, a log line each; waiting: what waits after all.

    Raises:
        AlertingError: The first that a step failed with; the steps after it were done all the same.
    """
    with bootstrap.opened(parts) as opened:
        settled = settle.settle_leases(opened.database, opened.post, now=opened.now())
        suppress.end_expired(opened.database, now=opened.now)
        found = _count_waiting(opened)
        problem = _run_from_load(opened)[1] if sum(found.values()) else None
        silent = show.report_silent_feeds(opened.database, now=opened.now)
        if problem is not None:
            raise problem
        still_waiting = sum(_count_waiting(opened).values())
        return {**found, **settled, "silent_feeds": silent, "waiting": still_waiting}


def run_all(*, parts: Parts | None = None) -> Report:
    """Run every step once, in order; the index being away is reported and stops nothing.

    Raises:
        AlertingError: The first that a step failed with; the steps after it were done all the same.
    """
    with bootstrap.opened(parts) as opened:
        fetched = fetch_due_feeds(parts=opened)
        report, problem = _run_from_load(opened)
        if problem is not None:
            raise problem
        return {"fetch": fetched, **report}


def count_waiting(*, parts: Parts | None = None) -> Mapping[str, int]:
    """Return how many rows wait: documents, to_index, to_match, to_compose, to_deliver."""
    with bootstrap.opened(parts) as opened:
        return _count_waiting(opened)


def count_rows(*, parts: Parts | None = None) -> Mapping[str, int]:
    """Return how many rows there are.

    Returns:
        feeds, documents, notices, procedures, rejects, indexed, matches, digests, sent.
    """
    with bootstrap.opened(parts) as opened:
        return show.count_rows(opened.database)


def check_health(*, parts: Parts | None = None) -> Report:
    """Ask PostgreSQL something small.

    Raises:
        StoreUnavailableError: It is away.
    """
    with bootstrap.opened(parts) as opened:
        return {"due": show.count_due_feeds(opened.database, now=opened.now)}


def _run_from_load(opened: Parts) -> tuple[Report, AlertingError | None]:
    """Run the steps from load on; return their reports, and what went wrong first."""
    return run_steps(
        {
            "load": lambda: load_documents(parts=opened),
            "index": lambda: index.index_or_say_why(opened.database, opened.index, now=opened.now),
            "match": lambda: match_profiles(parts=opened),
            "compose": lambda: compose_digests(parts=opened),
            "deliver": lambda: deliver_digests(parts=opened),
        }
    )


def _count_waiting(opened: Parts) -> dict[str, int]:
    return waiting.count_waiting(opened.database, now=opened.now(), with_index=opened.index is not None)
