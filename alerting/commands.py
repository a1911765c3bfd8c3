"""The front door: one function for each thing that a DAG, the CLI or a page can ask.

In:   plain values.
Out:  a report of plain values.  Each step's report has the key "waiting": how many rows wait for
      the next step, whoever made them; a scheduler skips the next step when it is 0.

Every function takes ``parts`` for tests; without it the parts are built from the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from alerting import bootstrap
from alerting.bootstrap import Parts
from alerting.delivery.tokens import LinkPurpose
from alerting.domain.feedback import Opinion
from alerting.domain.json import to_json
from alerting.domain.search import SearchRequest
from alerting.errors import AlertingError, ProfileError
from alerting.feeds.credentials import Secrets
from alerting.pipeline import audit as auditing
from alerting.pipeline import (
    backtest,
    compose,
    crafts,
    deliver,
    dry,
    enrol,
    feedback,
    fetch,
    index,
    link,
    load,
    match,
    outgoing,
    preview,
    receive,
    registry,
    settle,
    show,
    subscriptions,
    suppress,
    unreachable,
    waiting,
)
from alerting.pipeline import why as why_not
from alerting.pipeline.steps import run_steps


Report = dict[str, Any]

# The links by which a reader changes a subscription.
SUBSCRIPTION_LINKS = subscriptions.LINKS


def migrate(*, parts: Parts | None = None) -> Report:
    """Bring the database to the newest schema; harmless when it is there already."""
    with bootstrap.opened(parts) as opened:
        revision = opened.database.migrate()
    return {"revision": revision, "waiting": 0}


def seed_feeds(path: str, *, parts: Parts | None = None) -> Report:
    """Register or update the feeds of a TOML file: a table [[feeds]] each, with the facts of ``add_feed``.

    Raises:
        ProfileError: The file cannot be used; says where.
    """
    with bootstrap.opened(parts) as opened:
        return registry.seed_feeds(opened.database, Path(path), now=opened.now)


def add_feed(
    feed_id: str,
    *,
    authority: str,
    url: str,
    format: str = "auto",  # noqa: A002 - the glossary's word
    is_local: bool = False,
    poll_seconds: int = 300,
    credentials: str | None = None,
    parts: Parts | None = None,
) -> Report:
    """Register one feed, or change it.

    Args:
        feed_id: Its short name.
        authority: Who publishes it.
        url: http or https.
        format: Or "auto", to tell by the bytes of each document.
        is_local: May lead to private addresses.
        poll_seconds: Our own shortest pause between two checks.
        credentials: Where its secret is kept: "env:NAME", or "airflow:CONNECTION".
        parts: For tests.

    Raises:
        ProfileError: It cannot be used, or another feed has that address.
    """
    feed = {
        "feed_id": feed_id,
        "authority": authority,
        "url": url,
        "format": format,
        "is_local": is_local,
        "poll_seconds": poll_seconds,
        "credentials": credentials,
    }
    with bootstrap.opened(parts) as opened:
        return registry.add_feeds(opened.database, [feed], now=opened.now)


def subscribe_feed(
    url: str,
    *,
    feed_id: str | None = None,
    authority: str | None = None,
    format: str = "auto",  # noqa: A002 - the glossary's word
    is_local: bool = False,
    credentials: str | None = None,
    is_started: bool = False,
    parts: Parts | None = None,
) -> Report:
    """Ask an address as a feed is asked, read one document, say what firms would be told, and register it.

    Args:
        url: http or https.
        feed_id: Its short name; None: after its host.
        authority: Who publishes it; None: as known, else its host.
        format: Or "auto", to tell by the bytes; one that is asked in a way of its own is registered by name.
        is_local: May lead to private addresses.
        credentials: Where its secret is kept: "env:NAME", or "airflow:CONNECTION".
        is_started: Asked from now on; else a feed that is new rests, and one that is known goes on as it was.
        parts: For tests.

    Returns:
        feed_id; state: "refused" (then nothing is registered), "paused" or "due"; moved_from: the address
        that a known feed had until now, None where it is the same; format, outcome, rejects; is_away: the
        server could not be asked, or had no answer, and later may; notices: each with the profiles it would
        be told to.

    Raises:
        ProfileError: It cannot be used, or another feed has that address.
    """
    entry = {
        "authority": authority or "",
        "url": url,
        "format": format,
        "is_local": is_local,
        "credentials": credentials,
    }
    with bootstrap.opened(parts) as opened:
        feed = registry.read_feed(
            {**entry, "feed_id": registry.find_name(opened.database, url) if feed_id is None else feed_id}
        )
        tried = preview.try_feed(opened.database, feed, secrets=opened.secrets, now=opened.now)
        registered: Report = {"state": "refused", "moved_from": None}
        if tried["outcome"] != "refused":
            feed = registry.settle_format(feed, tried["format"])
            registered = registry.subscribe(opened.database, feed, is_started=is_started, now=opened.now)
    return {"feed_id": feed.feed_id, **registered, **tried}


def list_feeds(*, parts: Parts | None = None) -> list[Report]:
    """Return every feed with its state: last success, outcome, failure, when it is due, days of silence."""
    with bootstrap.opened(parts) as opened:
        return show.list_feeds(opened.database, now=opened.now)


def pause_feed(feed_id: str, *, parts: Parts | None = None) -> Report:
    """Ask a feed no more, until it is resumed.

    Raises:
        UnknownIdError: No such feed; so do ``resume_feed`` and ``retry_feed``.
    """
    with bootstrap.opened(parts) as opened:
        return registry.pause_feed(opened.database, feed_id, now=opened.now)


def resume_feed(feed_id: str, *, parts: Parts | None = None) -> Report:
    """Ask a paused feed again."""
    with bootstrap.opened(parts) as opened:
        return registry.resume_feed(opened.database, feed_id)


def retry_feed(feed_id: str, *, parts: Parts | None = None) -> Report:
    """Ask a feed at once, and read its answer even if it is the last one again."""
    with bootstrap.opened(parts) as opened:
        return registry.retry_feed(opened.database, feed_id)


def replay_documents(
    *,
    feed_id: str | None = None,
    document_id: int | None = None,
    also_read: bool = False,
    parts: Parts | None = None,
) -> Report:
    """Load archived documents again, by default those of which something was refused.

    A notice that reads as before changes nothing; "waiting" counts the documents to load.
    """
    with bootstrap.opened(parts) as opened:
        return registry.replay_documents(
            opened.database, feed_id=feed_id, document_id=document_id, also_read=also_read
        )


def import_firms(path: str, *, list_name: str | None = None, parts: Parts | None = None) -> Report:
    """Add or change the firms, recipients and profiles of a TOML file.

    What the file says as it said it last changes nothing: a proposal that a firm accepted and the rhythm that
    it chose stand, and are named in "kept".  What the file says otherwise holds, and is named in "overruled"
    where the firm had changed it, too.  A profile whose criteria changed is matched again; "waiting" counts
    the profiles to match.

    Firms of a list (.csv, .txt, .tsv) are entered by somebody else, and told nothing before each has
    confirmed by the link of the one mail that it gets: the report counts the lines "added", "changed",
    "unchanged" and "refused", and has each of the "lines"; "waiting" counts the mails to send.  That mail
    says by *list_name* where it has the address from.

    Raises:
        ProfileError: The file cannot be used; nothing of it is stored.
    """
    if registry.is_table(path):
        content = registry.read_bytes(Path(path))
        with bootstrap.opened(parts) as opened:
            return enrol.import_table(
                opened.database,
                content,
                list_name=list_name,
                secret=opened.settings.secret,
                sender=opened.settings.sender,
                now=opened.now,
            )
    if list_name is not None:
        raise ProfileError(f"{path}: expected a list (.csv, .txt, .tsv) where a list is named (got TOML)")
    text = registry.read_text(Path(path))
    with bootstrap.opened(parts) as opened:
        return registry.import_firms(opened.database, text, now=opened.now)


def add_firm(
    firm_id: str,
    name: str,
    *,
    recipients: Sequence[str],
    siret: str | None = None,
    parts: Parts | None = None,
) -> Report:
    """Add a firm and its recipients' addresses, or change it; its other recipients and profiles stay.

    Raises:
        ProfileError: It cannot be used as written.
    """
    people = [{"email": email} for email in recipients]
    with bootstrap.opened(parts) as opened:
        return registry.add_firm(
            opened.database,
            {"id": firm_id, "name": name, "recipients": people, "siret": siret},
            now=opened.now,
        )


def add_profile(firm_id: str, profile: Mapping[str, Any], *, parts: Parts | None = None) -> Report:
    """Add one profile of a firm, or change it; its fields are those of the TOML file.

    "kept" and "overruled" are as of ``import_firms``; "waiting" counts the profiles to match.

    Raises:
        ProfileError: It cannot be used as written.
        UnknownIdError: No such firm.
    """
    with bootstrap.opened(parts) as opened:
        return registry.add_profile(opened.database, firm_id, profile, now=opened.now)


def check_profile(firm_id: str, profile: Mapping[str, Any], *, parts: Parts | None = None) -> None:
    """Refuse what ``add_profile`` would refuse; save nothing.

    Raises:
        ProfileError: It cannot be used as written, or its id is another firm's.
        UnknownIdError: No such firm.
    """
    with bootstrap.opened(parts) as opened:
        registry.check_profile(opened.database, firm_id, profile)


def try_saved_profile(profile_id: str, *, parts: Parts | None = None) -> Report:
    """Report what a saved profile would have brought in ninety days, see ``alerting.pipeline.backtest``.

    Raises:
        UnknownIdError: No profile of that id stands.
    """
    with bootstrap.opened(parts) as opened:
        return backtest.try_saved(opened.database, profile_id, now=opened.now, index=opened.index)


def try_profile(firm_id: str, profile: Mapping[str, Any], *, parts: Parts | None = None) -> Report:
    """Report the same of a profile that is not saved, fields as of ``add_profile``; the firm need not exist.

    Raises:
        ProfileError: It cannot be used as written.
    """
    with bootstrap.opened(parts) as opened:
        return backtest.try_draft(opened.database, firm_id, profile, now=opened.now, index=opened.index)


def try_profiles_file(
    path: str, *, profile_id: str | None = None, parts: Parts | None = None
) -> list[Report]:
    """Report the same of each profile of a firms file, or of the one of an id.

    Raises:
        ProfileError: The file cannot be used.
        UnknownIdError: No profile of that id is in it.
    """
    text = registry.read_text(Path(path))
    with bootstrap.opened(parts) as opened:
        return backtest.try_file(opened.database, text, profile_id, now=opened.now, index=opened.index)


def try_single_profile(path: str, *, parts: Parts | None = None) -> Report | None:
    """Report the same of a firms file's only profile; None where it has several, or none, or is a list.

    Raises:
        ProfileError: The file cannot be used.
    """
    if registry.is_table(path):
        return None
    text = registry.read_text(Path(path))
    with bootstrap.opened(parts) as opened:
        return backtest.try_single(opened.database, text, now=opened.now, index=opened.index)


def audit_profiles(*, parts: Parts | None = None) -> list[Report]:
    """Report profiles that never bring anything or bring everything, and trades without a notice."""
    with bootstrap.opened(parts) as opened:
        return auditing.audit(opened.database, now=opened.now)


def confirm_firm(firm_id: str, *, parts: Parts | None = None) -> Report:
    """Let a firm that was imported be told, on an operator's word; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No firm of that id waits for its confirmation.
    """
    with bootstrap.opened(parts) as opened:
        return enrol.confirm_firm(opened.database, firm_id, now=opened.now)


def erase_firm(firm_id: str, *, parts: Parts | None = None) -> Report:
    """Take everything personal off a firm; that it was told things, and when, stays.

    Raises:
        UnknownIdError: No such firm.
    """
    with bootstrap.opened(parts) as opened:
        return registry.erase_firm(opened.database, firm_id, secret=opened.settings.secret, now=opened.now)


def pause_profile(
    profile_id: str, *, until: date, catches_up: bool = True, parts: Parts | None = None
) -> Report:
    """Compose no digests of a profile until a day begins in Paris.

    Args:
        profile_id: Whose.
        until: The first day of digests again.
        catches_up: Whether what came up in between is told then.
        parts: For tests.

    Raises:
        UnknownIdError: No such profile stands.
        ProfileError: The day is not from tomorrow to a year from now.
    """
    with bootstrap.opened(parts) as opened:
        return registry.pause_profile(
            opened.database, profile_id, until=until, catches_up=catches_up, now=opened.now
        )


def resume_profile(profile_id: str, *, catches_up: bool = False, parts: Parts | None = None) -> Report:
    """End a profile's pause; what came up in between is told if the pause was to catch up.

    Args:
        profile_id: Whose.
        catches_up: Tell also what a pause without catching up was to leave out, even one that is over.
        parts: For tests.

    Raises:
        UnknownIdError: No such profile stands.
    """
    with bootstrap.opened(parts) as opened:
        return registry.resume_profile(opened.database, profile_id, catches_up=catches_up, now=opened.now)


def list_firms(
    *, like: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return firms, by id, with their recipients' count and the ids of their profiles.

    Args:
        like: Only those with this text in id, name, SIRET or an address, in whatever case.
        limit: At most so many; None: all.
        parts: For tests.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_firms(opened.database, like=like, limit=limit)


def list_profiles(
    *, firm_id: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return standing profiles, of a firm or of all: rhythm, pause, criteria, how much each matches.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_profiles(opened.database, firm_id=firm_id, limit=limit, now=opened.now)


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


def list_received(*, limit: int | None = None, parts: Parts | None = None) -> list[Report]:
    """Return the mails that came back, the newest first: kind, delivery, status, the server's words."""
    with bootstrap.opened(parts) as opened:
        return receive.list_received(opened.database, limit=limit)


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


def check_feeds(paths: Sequence[str], *, is_local: bool = False, page: str | None = None) -> list[Report]:
    """Read documents from files, folders (.xml .rss .atom .json) and addresses; one report a document.

    Addresses (http, https) are fetched as feeds are.

    Args:
        paths: What to read.
        is_local: Lets addresses lead to private ones.
        page: A file to write the same into, as a page in French for who publishes.

    Raises:
        OutputError: The page cannot be written there.
    """
    reports = dry.check_documents(paths, is_local=is_local, now=bootstrap.utc_now)
    if page is not None:
        registry.write_text(Path(page), dry.write_page(reports, now=bootstrap.utc_now()))
    return [to_json(report) for report in reports]


def link_notices(paths: Sequence[str]) -> list[Report]:
    """Read documents as ``check_feeds`` does; one report a procedure."""
    return dry.link_files(dry.find_documents(paths))


def try_match(*, profiles: str, notices: Sequence[str]) -> list[Report]:
    """Match the profiles of a TOML file with the notices of files; one report a pair."""
    return dry.try_match(registry.read_text(Path(profiles)), dry.find_documents(notices))


def list_trades() -> list[Report]:
    """Report every trade."""
    return crafts.list_trades()


def explain_trade(name: str) -> Report:
    """Report all that stands for a trade, by any of its names.

    Raises:
        ProfileError: The name is no trade's, or several trades'.
    """
    return crafts.explain(name)


def trades_for(text: str | None = None, *, naf_code: str | None = None) -> list[Report]:
    """Report the trades that a text, as a title would say it, asks for; or those of a code of NAF.

    Raises:
        ProfileError: Neither is given, or both; the text is empty, or there is no such code.
    """
    if naf_code is not None and text is None:
        return crafts.trades_of_activity(naf_code)
    if text is None or naf_code is not None:
        got = "neither" if text is None else "both"
        raise ProfileError(f"expected a text or a code of NAF (got {got})")
    return crafts.trades_of_text(text)


def search(request: SearchRequest, *, parts: Parts | None = None) -> Report:
    """Search the index; the report is that of ``alerting.index.search``.

    Raises:
        SearchUnavailableError: No index is set, or it is away.
        SearchError: The request's token is not of this question, or has run out.
    """
    with bootstrap.opened(parts) as opened:
        return index.search(opened.index, request, now=opened.now)


def why(firm_id: str, notice_id: str, *, parts: Parts | None = None) -> list[Report]:
    """Say, for each profile of a firm, why it matches a notice or not, and what it was told.

    Args:
        firm_id: A firm's id.
        notice_id: A source id, a procedure key, or our procedure's number.
        parts: For tests.

    Raises:
        UnknownIdError: No such firm or notice.
    """
    with bootstrap.opened(parts) as opened:
        return why_not.why(opened.database, firm_id, notice_id, now=opened.now())


def show_notices(name: str, *, parts: Parts | None = None) -> list[Report]:
    """Return every notice of a procedure, with the step and evidence that put it there.

    Args:
        name: A source id, a procedure key, or our procedure's number.
        parts: For tests.

    Raises:
        UnknownIdError: No notice or procedure of that name.
    """
    with bootstrap.opened(parts) as opened:
        return link.show_notices(opened.database, name)


def split_notice(notice_id: int, *, why: str, parts: Parts | None = None) -> Report:
    """Take a notice, by our number, out of its procedure into one of its own.

    Raises:
        UnknownIdError: No such notice, or it is alone already.
    """
    with bootstrap.opened(parts) as opened:
        return link.split_notice(opened.database, notice_id, why=why)


def join_notice(notice_id: int, procedure_id: int, *, why: str, parts: Parts | None = None) -> Report:
    """Put a notice, by our number, into a procedure.

    Raises:
        UnknownIdError: No such notice or procedure, or it is there already.
    """
    with bootstrap.opened(parts) as opened:
        return link.join_notice(opened.database, notice_id, procedure_id, why=why, now=opened.now)


def list_deliveries(
    *,
    state: str | None = None,
    firm_id: str | None = None,
    limit: int | None = None,
    parts: Parts | None = None,
) -> list[Report]:
    """Return deliveries, newest first, of one state or of all, of one firm or of all."""
    with bootstrap.opened(parts) as opened:
        return show.list_deliveries(opened.database, state=state, firm_id=firm_id, limit=limit)


def count_deliveries(*, firm_id: str | None = None, parts: Parts | None = None) -> Mapping[str, int]:
    """Return how many deliveries stand in each state: queued, claimed, sent, deferred and so on."""
    with bootstrap.opened(parts) as opened:
        return show.count_deliveries(opened.database, firm_id=firm_id)


def preview_deliveries(*, parts: Parts | None = None) -> list[Report]:
    """Return each mail that is due, whether it would leave now, and why not; nothing is sent or changed."""
    with bootstrap.opened(parts) as opened:
        return outgoing.preview_deliveries(opened.database, opened.post, now=opened.now)


def replay_digest(digest_id: int, *, to: str, parts: Parts | None = None) -> Report:
    """Queue a digest once more for one recipient of its firm, under a Message-ID of its own.

    Raises:
        UnknownIdError: No such digest, or nobody of its firm has that address.
    """
    with bootstrap.opened(parts) as opened:
        return outgoing.replay_digest(opened.database, opened.post, digest_id, to=to, now=opened.now)


def stop_mail(*, why: str, parts: Parts | None = None) -> Report:
    """Let no mail leave until ``release_mail``; a run that is sending ends after what it has claimed."""
    with bootstrap.opened(parts) as opened:
        return outgoing.stop_mail(opened.database, why=why, now=opened.now)


def release_mail(*, parts: Parts | None = None) -> Report:
    """Let mail leave again; "waiting" counts what the next run of deliver sends."""
    with bootstrap.opened(parts) as opened:
        return outgoing.release_mail(opened.database, now=opened.now)


def list_suppressions(
    *, with_ended: bool = False, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return the orders not to mail an address, the newest first; by default those that stand."""
    with bootstrap.opened(parts) as opened:
        return suppress.list_suppressions(opened.database, with_ended=with_ended, limit=limit)


def add_suppression(
    email: str, *, why: str, profile_id: str | None = None, parts: Parts | None = None
) -> Report:
    """Order not to mail an address, in general or about one profile.

    Returns:
        suppression_id; None when an order as strong stands already.

    Raises:
        ProfileError: It is no address.
    """
    with bootstrap.opened(parts) as opened:
        return suppress.add_suppression(
            opened.database, email, why=why, profile_id=profile_id, now=opened.now
        )


def lift_suppression(
    email: str, *, why: str, profile_id: str | None = None, parts: Parts | None = None
) -> Report:
    """Lift the order that stands about an address, in general or about one profile.

    Raises:
        UnknownIdError: None stands.
    """
    with bootstrap.opened(parts) as opened:
        return suppress.lift_suppression(
            opened.database, email, why=why, profile_id=profile_id, now=opened.now
        )


def show_subscription(purpose: LinkPurpose, token: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about a signed link: the subscription, and links to what can be done.

    Raises:
        TokenError: The token is not one of ours for that purpose.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return subscriptions.show_subscription(opened.database, secret, purpose, token, now=opened.now)


def change_subscription(
    purpose: LinkPurpose, token: str, fields: Mapping[str, str], *, parts: Parts | None = None
) -> Report:
    """Do what a signed link is for, once however often; return what ``show_subscription`` then says.

    Args:
        purpose: What for.
        token: As signed.
        fields: Of the form, where it has some: "rhythm"; "until" (a day) and "catch_up".
        parts: For tests.

    Raises:
        ChoiceError: The fields say what the form does not offer.
        TokenError: The token is not one of ours for that purpose.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return subscriptions.change_subscription(
            opened.database, secret, purpose, token, fields, now=opened.now
        )


def give_opinion(firm_id: str, notice_id: str, opinion: Opinion, *, parts: Parts | None = None) -> Report:
    """Keep what a firm says of a notice; with it the changes of the profile that are proposed now.

    Raises:
        UnknownIdError: No such firm or notice, or the firm was not told of it.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.give_opinion(opened.database, firm_id, notice_id, opinion, now=opened.now)


def undo_opinion(firm_id: str, notice_id: str, *, parts: Parts | None = None) -> Report:
    """Take back what a firm says of a notice.

    Raises:
        UnknownIdError: No such notice, or the firm says nothing of it.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.undo_opinion(opened.database, firm_id, notice_id, now=opened.now)


def list_opinions(
    firm_id: str | None = None, *, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return what firms say of what they were told, or one, the newest first."""
    with bootstrap.opened(parts) as opened:
        return feedback.list_opinions(opened.database, firm_id, limit=limit)


def propose_changes(profile_id: str, *, parts: Parts | None = None) -> list[Report]:
    """Return how a profile could be narrowed after what its firm said, and what each change would keep out.

    Raises:
        UnknownIdError: No profile of that id stands.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.propose_changes(opened.database, profile_id, now=opened.now)


def accept_proposal(profile_id: str, key: str, *, parts: Parts | None = None) -> Report:
    """Make a change of a profile that is proposed now, by its key; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No profile of that id stands.
        ChoiceError: It is not among the proposals.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.accept_proposal(opened.database, profile_id, key, now=opened.now)


def revert_change(profile_id: str, key: str, *, parts: Parts | None = None) -> Report:
    """Take back a change that was accepted, by its key; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No profile of that id stands.
        ChoiceError: No change of that key was accepted.
    """
    with bootstrap.opened(parts) as opened:
        return feedback.revert_change(opened.database, profile_id, key, now=opened.now)


def show_opinion(token: str, procedure_id: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about a mail's link to say what one thinks of a procedure.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return feedback.show_opinion(opened.database, secret, token, procedure_id, now=opened.now)


def change_opinion(
    token: str, procedure_id: str, fields: Mapping[str, str], *, parts: Parts | None = None
) -> Report:
    """Keep an opinion, take it back, or accept a proposal; return what ``show_opinion`` then says.

    Args:
        token: Of the link.
        procedure_id: As it stands in the link.
        fields: Of the form: "opinion" (useful, not for us, none), "accept" (a proposal's key) or "revert"
            (that of one that was accepted).
        parts: For tests.

    Raises:
        ChoiceError: The fields say what the form does not offer.
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return feedback.change_opinion(opened.database, secret, token, procedure_id, fields, now=opened.now)


def show_unreachable(token: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about an address of the firm that mails did not reach.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return subscriptions.show_unreachable(opened.database, opened.settings.secret, token)


def lift_unreachable(token: str, *, parts: Parts | None = None) -> Report:
    """Let that address be tried again; return what ``show_unreachable`` then says.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        secret = opened.settings.secret
        return subscriptions.lift_unreachable(opened.database, secret, token, now=opened.now)


def show_confirmation(token: str, *, parts: Parts | None = None) -> Report:
    """Return what a page shows about the link by which a firm confirms.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return enrol.show_confirmation(opened.database, opened.settings.secret, token)


def confirm_by_link(token: str, *, parts: Parts | None = None) -> Report:
    """Let that firm be told; return what ``show_confirmation`` then says.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return enrol.confirm_by_link(opened.database, opened.settings.secret, token, now=opened.now)


def check_health(*, parts: Parts | None = None) -> Report:
    """Ask PostgreSQL something small.

    Raises:
        StoreUnavailableError: It is away.
    """
    with bootstrap.opened(parts) as opened:
        return {"due": show.count_due_feeds(opened.database, now=opened.now)}


def count_waiting(*, parts: Parts | None = None) -> Mapping[str, int]:
    """Return how many rows wait: documents, to_index, to_match, to_compose, to_deliver."""
    with bootstrap.opened(parts) as opened:
        return _count_waiting(opened)


def list_tellings(
    *, firm_id: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return what profiles were told, of one firm or of all, the newest first, with the digest that told it.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_tellings(opened.database, firm_id=firm_id, limit=limit)


def print_digest(
    digest_id: int, *, page: str, language_code: str = "fr", parts: Parts | None = None
) -> Report:
    """Write a digest on one sheet, an HTML page to print.

    Raises:
        UnknownIdError: There is none of that number, or no such language.
        OutputError: The page cannot be written there.
    """
    with bootstrap.opened(parts) as opened:
        sheet = show.print_digest(opened.database, digest_id, language_code=language_code, now=opened.now)
    registry.write_text(Path(page), sheet)
    return {"digest_id": digest_id, "page": page}


def open_digest(token: str, *, parts: Parts | None = None) -> Report:
    """Return the digest that the link of a mail opens, as a page.

    Raises:
        TokenError: The token is not one of ours.
    """
    with bootstrap.opened(parts) as opened:
        return show.open_digest(opened.database, opened.settings.secret, token, now=opened.now)


def list_rejects(
    *, feed_id: str | None = None, limit: int | None = None, parts: Parts | None = None
) -> list[Report]:
    """Return what could not be read, the newest first: feed, place, problem, how often it was seen.

    Raises:
        UnknownIdError: No such feed.
    """
    with bootstrap.opened(parts) as opened:
        return show.list_rejects(opened.database, feed_id=feed_id, limit=limit)


def count_rows(*, parts: Parts | None = None) -> Mapping[str, int]:
    """Return how many rows there are.

    Returns:
        feeds, documents, notices, procedures, rejects, indexed, matches, digests, sent.
    """
    with bootstrap.opened(parts) as opened:
        return show.count_rows(opened.database)


def resolve_delivery(delivery_id: int, *, arrived: bool, parts: Parts | None = None) -> Report:
    """Settle a delivery in doubt by what the mailbox shows: it arrived, or it is sent again.

    Raises:
        UnknownIdError: No delivery of that number is in doubt.
    """
    with bootstrap.opened(parts) as opened:
        return settle.resolve_delivery(opened.database, delivery_id, arrived=arrived, now=opened.now())


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
