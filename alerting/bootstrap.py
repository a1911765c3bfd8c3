"""Build the real parts from Settings: the only module that names concrete classes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import EventDict

from alerting.delivery.imap import ImapMailbox
from alerting.delivery.mailboxes import Mailbox
from alerting.delivery.maildir import MaildirMailer
from alerting.delivery.maildir_box import MaildirMailbox
from alerting.delivery.mailers import Mailer
from alerting.delivery.smtp import SmtpMailer
from alerting.domain.deadlines import PARIS
from alerting.errors import SettingError
from alerting.feeds.archive import Archive
from alerting.feeds.credentials import Secrets, find_header
from alerting.index.client import Access
from alerting.index.procedures import SearchIndex
from alerting.index.profiles import ProfileIndex
from alerting.pipeline.cluster import ClusterEngine
from alerting.pipeline.engines import MatchingEngine, MemoryEngine
from alerting.pipeline.post_office import PostOffice
from alerting.settings import MEMORY, Settings, read_settings
from alerting.store.database import Database, open_database


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a command works with.

    Args:
        settings: What was asked for.
        database: Every fact.
        archive: Documents as received.
        mailer: Where mails go.
        post: How mails leave.
        index: The searchable copy, None when none is set.
        engine: What finds the profiles that a notice concerns.
        now: The clock, aware UTC.
        mailbox: Where bounces arrive, None when none is set.
        secrets: Where references of feeds to their credentials are looked up.
    """

    settings: Settings
    database: Database
    archive: Archive
    mailer: Mailer
    post: PostOffice
    index: SearchIndex | None
    engine: MatchingEngine
    now: Callable[[], datetime]
    mailbox: Mailbox | None
    secrets: Secrets

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
        self.engine.close()
        if self.index is not None:
            self.index.close()


@contextmanager
def opened(parts: Parts | None) -> Iterator[Parts]:
    """Lend the parts that are given, or build some from the environment and close them afterwards."""
    if parts is not None:
        yield parts
        return
    built = build(read_settings(os.environ))
    try:
        yield built
    finally:
        built.close()


def build(
    settings: Settings, *, database: Database | None = None, now: Callable[[], datetime] | None = None
) -> Parts:
    """Build the parts; nothing is connected yet.

    Args:
        settings: Where the servers are.
        database: Instead of the settings' own, for tests that watch its engine.
        now: Instead of the real clock.
    """
    clock = now or utc_now
    return Parts(
        settings=settings,
        database=database or open_database(settings.database_url),
        archive=Archive(settings.archive),
        mailer=_mailer(settings, clock),
        post=PostOffice(
            sender=settings.sender,
            base_url=settings.base_url,
            secret=settings.secret,
            recipients_allowed=settings.recipients_allowed,
            lease_seconds=settings.lease_seconds,
            sending_again_is_safe=settings.smtp_url is None,
            dialogues=settings.dialogues,
            # Each connection has mails at hand: the beginning of one goes with the end of the one before.
            mails_at_once=4 * settings.smtp_limits.connections,
            mails_per_hour=settings.mails_per_hour,
            bounce_domain=settings.bounce_domain,
        ),
        index=_index(settings),
        engine=_engine(settings),
        now=clock,
        mailbox=_mailbox(settings),
        secrets={"env": _find_variable},
    )


def _find_variable(name: str) -> str | None:
    """Look up one variable: a part that held them all would show them wherever it is shown."""
    return os.environ.get(name)


def _mailer(settings: Settings, now: Callable[[], datetime]) -> Mailer:
    if settings.smtp_url is None:
        return MaildirMailer(settings.maildir, now=now)
    return SmtpMailer(settings.smtp_url, now=now, limits=settings.smtp_limits, sign=_signer(settings))


def _signer(settings: Settings) -> Callable[[bytes], bytes] | None:
    if settings.dkim_key is None:
        return None
    from alerting.delivery.dkim import Signer  # noqa: PLC0415 - its library asks the DNS, which few need

    return Signer(settings.dkim_key)


def _mailbox(settings: Settings) -> Mailbox | None:
    if settings.bounce_mailbox is None:
        return None
    scheme, _, folder = settings.bounce_mailbox.partition(":")
    return MaildirMailbox(Path(folder)) if scheme == "maildir" else ImapMailbox(settings.bounce_mailbox)


def _index(settings: Settings) -> SearchIndex | None:
    if settings.elasticsearch_url is None:
        return None
    return SearchIndex(settings.elasticsearch_url, settings.index_alias, access=_access(settings))


def _access(settings: Settings) -> Access:
    """Return how Elasticsearch is spoken to; the login is read from where the settings say."""
    if settings.elasticsearch_login is None:
        return Access(settings.elasticsearch_ca)
    name, value = find_header(settings.elasticsearch_login, {"env": _find_variable})
    if name != "Authorization":
        expected = "user:password, or ApiKey and a key"
        raise SettingError(settings.elasticsearch_login, expected, f"a header {name!r}")
    return Access(settings.elasticsearch_ca, value)


def _engine(settings: Settings) -> MatchingEngine:
    if settings.matching_engine == MEMORY or settings.elasticsearch_url is None:
        return MemoryEngine(settings.engine_file)
    return ClusterEngine(
        ProfileIndex(
            settings.elasticsearch_url,
            settings.profile_alias,
            access=_access(settings),
            shards=settings.profile_shards,
        )
    )


def write_log(stream: TextIO) -> None:
    """Write the log to a stream, where it is ours to write: a task of Airflow's has Airflow's own.

    Its times are Paris's, as those of our tables, with the zone.  No trace in it shows what variables hold:
    addresses, signed links, whole mails.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.set_exc_info,
            _stamp,
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
    )


def _stamp(_logger: object, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = f"{utc_now().astimezone(PARIS):%Y-%m-%d %H:%M:%S %Z}"
    return event


def utc_now() -> datetime:
    """Return the time now, aware UTC."""
    return datetime.now(UTC)
