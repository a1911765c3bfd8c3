"""Registry: feeds and firms as people write them in TOML files."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import structlog

from alerting.delivery.tokens import tag_siret
from alerting.domain.feed import Feed
from alerting.domain.pause import end_pause_on
from alerting.domain.profile import Profile
from alerting.errors import ChoiceError, OutputError, ProfileError, UnknownIdError
from alerting.feeds.credentials import check_reference, hide_user
from alerting.feeds.formats import AUTO, FORMATS, asks_its_own_way
from alerting.matching.firms_file import read_firm, read_firms, read_profile, refuse_silence
from alerting.pipeline.compose import COMPOSE_LOCK
from alerting.store import documents, feeds, firms
from alerting.store.database import Connection, Database, lock
from alerting.text.entries import read_entry
from alerting.text.toml import read_toml


log = structlog.get_logger()

#: Some 150,000 firms; whatever is longer is no list, or a device.
LARGEST_FILE_BYTES = 16 << 20
#: How lists of firms are named that spreadsheets write; workbooks are refused with a word of what to do.
TABLES = frozenset({".csv", ".txt", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods"})
_FEED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


class _FeedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One [[feeds]] table of a file."""

    feed_id: str
    authority: str
    url: str
    format: str = "auto"
    is_local: bool = False
    poll_seconds: Annotated[int, msgspec.Meta(ge=1, le=604_800)] = 300
    credentials: str | None = None


class _FeedsFile(msgspec.Struct):
    """A file of feeds; what else it says is not ours."""

    feeds: list[dict[str, Any]]


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        ProfileError: It cannot be read, is larger than a list of firms can be, or is no UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: byte {error.start} is no UTF-8") from error


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ProfileError: It cannot be read, or is larger than a list of firms can be.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except IsADirectoryError as error:
        raise ProfileError(f"{path}: a folder; expected a file") from error
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror}") from error
    if len(content) > LARGEST_FILE_BYTES:
        most = LARGEST_FILE_BYTES >> 20
        raise ProfileError(f"{path}: expected at most {most} MB; split a longer list into several files")
    return content


def is_table(path: str) -> bool:
    """Tell whether a file of firms is somebody's list, by the ending of its name, and not ours in TOML."""
    return Path(path).suffix.lower() in TABLES


def write_text(path: Path, text: str) -> None:
    """Write a file.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except IsADirectoryError as error:
        raise OutputError(f"{path}: a folder; expected a file") from error
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error


def seed_feeds(database: Database, path: Path, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Register the feeds of a file; return how many there are in it.

    Raises:
        ProfileError: It is no TOML, or a feed of it cannot be used.
    """
    file = read_toml(read_text(path), name=str(path))
    read = read_entry(file, _FeedsFile, who=str(path), tables={"feeds": "[[feeds]] tables"})
    return add_feeds(database, read.feeds, now=now)


def add_feeds(
    database: Database, entries: Sequence[Mapping[str, Any]], *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Register feeds, all or none; "waiting" counts the feeds that are due.

    Raises:
        ProfileError: One cannot be used, or has the address of another feed.
    """
    new = [_feed(entry, f"feeds[{position}]") for position, entry in enumerate(entries, start=1)]
    with database.begin() as connection:
        for feed in new:
            _refuse_second(connection, feed)
            feeds.put_feed(connection, feed)
        waiting = feeds.count_due_feeds(connection, now=now())
    return {"feeds": len(new), "waiting": waiting}


def name_feed(url: str) -> str:
    """Return the short name of a feed that nobody named: its host's, without www and dots.

    >>> name_feed("https://www.mairie.kerlann.example/avis.xml")
    'mairie-kerlann-example'
    """
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    return "-".join(re.findall(r"[a-z0-9]+", host.removeprefix("www."))) or "feed"


def read_feed(entry: Mapping[str, Any]) -> Feed:
    """Return the feed that an entry describes.

    Raises:
        ProfileError: It cannot be used.
    """
    return _feed(entry, "feed")


def settle_format(feed: Feed, found: str | None) -> Feed:
    """Return a feed by the name of the format that was found, where that is asked in a way of its own."""
    if feed.format != AUTO or found is None or not asks_its_own_way(found):
        return feed
    return replace(feed, format=found)


def find_name(database: Database, url: str) -> str:
    """Return the name of the feed that has an address; a free one after its host where none has."""
    name = name_feed(url)
    with database.begin() as connection:
        known = feeds.find_by_address(connection, url)
        numbers = itertools.count(2)
        free = name
        while known is None and feeds.find_feed(connection, free) is not None:
            free = f"{name}-{next(numbers)}"
    return known or free


def subscribe(
    database: Database, feed: Feed, *, is_started: bool, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Register one feed.

    A feed that is new rests, unless it is started; one that is known goes on as it was, at its pace, and
    under its authority where *feed* names none.

    Returns:
        state: "due" or "paused"; moved_from: its address until now, where that was another one, else None.

    Raises:
        ProfileError: Another feed has its address.
    """
    with database.begin() as connection:
        _refuse_second(connection, feed)
        known = feeds.find_feed(connection, feed.feed_id)
        authority = feed.authority or (known.authority if known is not None else name_feed(feed.url))
        pace = known.poll_seconds if known is not None else feed.poll_seconds
        feeds.put_feed(connection, replace(feed, authority=authority, poll_seconds=pace))
        if is_started:
            feeds.set_paused(connection, feed.feed_id, None)
        elif known is None:
            feeds.set_paused(connection, feed.feed_id, now())
        state = "paused" if feeds.is_paused(connection, feed.feed_id) else "due"
    moved_from = known.url if known is not None and known.url != feed.url else None
    return {"state": state, "moved_from": moved_from}


def pause_feed(database: Database, feed_id: str, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Ask a feed no more, until it is resumed; what was fetched of it goes on."""
    with database.begin() as connection:
        feeds.set_paused(connection, feeds.get_feed_id(connection, feed_id), now())
    return {"feed_id": feed_id, "state": "paused"}


def resume_feed(database: Database, feed_id: str) -> dict[str, Any]:
    """Ask a feed again, from now on."""
    with database.begin() as connection:
        feeds.set_paused(connection, feeds.get_feed_id(connection, feed_id), None)
    return {"feed_id": feed_id, "state": "due"}


def retry_feed(database: Database, feed_id: str) -> dict[str, Any]:
    """Ask a feed at once and read its answer anew, whatever it waited for and whatever it answered last.

    One that an operator paused stays so, and the state says it.
    """
    with database.begin() as connection:
        feeds.ask_again(connection, feeds.get_feed_id(connection, feed_id))
        is_paused = feeds.is_paused(connection, feed_id)
    return {"feed_id": feed_id, "state": "paused" if is_paused else "due"}


def replay_documents(
    database: Database, *, feed_id: str | None, document_id: int | None, also_read: bool
) -> dict[str, Any]:
    """Load archived documents again; "waiting" counts the documents to load.

    Raises:
        UnknownIdError: No such feed, or no such document.
    """
    with database.begin() as connection:
        if feed_id is not None:
            feeds.get_feed_id(connection, feed_id)
        if document_id is not None and not documents.has_document(connection, document_id):
            raise UnknownIdError(f"document {document_id}: no document of that number")
        count = documents.replay(connection, feed_id=feed_id, document_id=document_id, also_read=also_read)
        waiting = documents.count_waiting(connection)
    return {"documents": count, "waiting": waiting}


def import_firms(database: Database, text: str, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Store the firms of a file, all or none.

    Returns:
        firms, profiles: how many the file has; ended: addresses and profiles that these firms had and the
        file has not; kept: fields of profiles that stay as their firms have them, since the file says of
        them what it said last; overruled: what firms had changed and the file says otherwise now; waiting:
        profiles to match.

    Raises:
        ProfileError: The file cannot be used, a profile's id is another firm's, or a firm was erased.
    """
    read = read_firms(text)
    for profile in (one for firm in read for one in firm.profiles):
        refuse_silence(profile)
    with database.begin() as connection:
        lock(connection, firms.IMPORT_LOCK)
        _refuse_erased(connection, [firm.firm_id for firm in read])
        outcomes = [firms.put_firm(connection, firm, now=now()) for firm in read]
        waiting = firms.count_unmatched_profiles(connection)
    profile_count = sum(len(firm.profiles) for firm in read)
    return {
        "firms": len(read),
        "profiles": profile_count,
        "ended": [one for outcome in outcomes for one in outcome.ended],
        "kept": [one for outcome in outcomes for one in outcome.own],
        "overruled": [one for outcome in outcomes for one in outcome.overruled],
        "waiting": waiting,
    }


def _refuse_erased(connection: Connection, firm_ids: Collection[str]) -> None:
    """Refuse a file that has a firm which asked to be erased: only ``add_firm`` takes it in again."""
    for firm_id in firms.erased_among(connection, firm_ids):
        raise ProfileError(f"firm {firm_id!r}: expected a firm that was not erased (alerting firms add)")


def add_firm(database: Database, entry: Mapping[str, Any], *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Store one firm with its recipients; what it has beside them stays."""
    firm = read_firm(entry)
    with database.begin() as connection:
        firms.add_to_firm(connection, firm, now=now())
        recipient_count = firms.count_recipients(connection, firm.firm_id)
        waiting = firms.count_unmatched_profiles(connection)
    return {"firm_id": firm.firm_id, "recipients": recipient_count, "waiting": waiting}


def add_profile(
    database: Database, firm_id: str, entry: Mapping[str, Any], *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Store one profile of a firm; "kept" and "overruled" as of an import.

    Raises:
        ProfileError: It cannot be used, or its id is another firm's.
        UnknownIdError: No such firm.
    """
    with database.begin() as connection:
        profile = _read_profile(connection, firm_id, entry)
        followed = firms.put_profile(connection, profile, now=now())
        waiting = firms.count_unmatched_profiles(connection)
    return {
        "profile_id": profile.profile_id,
        "kept": list(followed.own),
        "overruled": list(followed.overruled),
        "waiting": waiting,
    }


def check_profile(database: Database, firm_id: str, entry: Mapping[str, Any]) -> None:
    """Refuse what ``add_profile`` would refuse.

    Raises:
        ProfileError: It cannot be used, or its id is another firm's.
        UnknownIdError: No such firm.
    """
    with database.begin() as connection:
        _read_profile(connection, firm_id, entry)


def _read_profile(connection: Connection, firm_id: str, entry: Mapping[str, Any]) -> Profile:
    profile = read_profile(firm_id, entry)
    refuse_silence(profile)
    if not firms.has_firm(connection, firm_id):
        raise UnknownIdError(f"firm {firm_id!r}: no firm of that id")
    firms.refuse_taken(connection, firm_id, profile.profile_id)
    return profile


def erase_firm(
    database: Database, firm_id: str, *, secret: str, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Take everything personal off a firm; a tag of its SIRET stays, so that no list enters it again.

    Raises:
        UnknownIdError: No such firm.
    """
    with database.begin() as connection:
        lock(connection, COMPOSE_LOCK)  # A digest that is being composed could else name it afterwards.
        siret = firms.siret_of(connection, firm_id)
        tag = None if siret is None else tag_siret(secret, siret)
        if not firms.erase_firm(connection, firm_id, siret_tag=tag, now=now()):
            raise UnknownIdError(f"firm {firm_id!r}: no firm of that id")
    log.info("firm_erased", firm_id=firm_id)
    return {"firm_id": firm_id, "state": "erased"}


def pause_profile(
    database: Database, profile_id: str, *, until: date, catches_up: bool, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Pause a profile until a day begins in Paris.

    Raises:
        UnknownIdError: No such profile stands.
        ProfileError: The day is not one on which a pause may end, see ``pause_days``.
    """
    present = now()
    try:
        moment = end_pause_on(until, now=present, got=until.isoformat())
    except ChoiceError as error:
        raise ProfileError(f"profile {profile_id!r}: {error}") from error
    with database.begin() as connection:
        if not firms.pause_profile(connection, profile_id, until=moment, catches_up=catches_up, now=present):
            raise UnknownIdError(f"profile {profile_id!r}: no profile of that id")
    return {"profile_id": profile_id, "paused_until": until.isoformat(), "catches_up": catches_up}


def resume_profile(
    database: Database, profile_id: str, *, catches_up: bool, now: Callable[[], datetime]
) -> dict[str, Any]:
    """End the pause of a profile; with ``catches_up``, what the pause was to leave out is told after all.

    Raises:
        UnknownIdError: No such profile stands.
    """
    with database.begin() as connection:
        if not firms.resume_profile(connection, profile_id, catches_up=catches_up, now=now()):
            raise UnknownIdError(f"profile {profile_id!r}: no profile of that id")
    return {"profile_id": profile_id, "paused_until": None}


def _refuse_second(connection: Connection, feed: Feed) -> None:
    owner = feeds.find_by_address(connection, feed.url)
    if owner not in {None, feed.feed_id}:
        raise ProfileError(f"feed {feed.feed_id!r}: url: feed {owner!r} has this address already")


def _feed(entry: Mapping[str, Any], place: str) -> Feed:
    read = read_entry(entry, _FeedEntry, who=place, tables={})
    if not _FEED_ID.fullmatch(read.feed_id):
        expected = "1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first"
        raise ProfileError(f"{place}: feed_id: expected {expected} (got {read.feed_id!r})")
    _check_url(read)
    if read.format != AUTO and read.format not in FORMATS:
        expected = ", ".join([AUTO, *sorted(FORMATS)])
        raise ProfileError(f"feed {read.feed_id!r}: format: expected one of {expected} (got {read.format!r})")
    if read.credentials is not None:
        check_reference(read.credentials)
    return Feed(
        feed_id=read.feed_id,
        authority=read.authority,
        url=read.url,
        format=read.format,
        is_local=read.is_local,
        poll_seconds=read.poll_seconds,
        credentials=read.credentials,
    )


def _check_url(entry: _FeedEntry) -> None:
    if hide_user(entry.url) != entry.url:
        problem = 'a user or password in it would be seen in lists; expected credentials = "env:NAME"'
        raise ProfileError(f"feed {entry.feed_id!r}: url: {problem}")
    try:
        parts = urlsplit(entry.url)
    except ValueError as error:
        raise ProfileError(f"feed {entry.feed_id!r}: url: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ProfileError(f"feed {entry.feed_id!r}: url: expected http or https (got {entry.url!r})")
