"""One frozen ``Settings``, read once from the environment at start.

In:   environment variables, listed in ``docs/settings.md``.
Out:  a ``Settings``; a value that cannot be used raises SettingError with one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from alerting.domain.address import is_loopback, read_address, to_ascii
from alerting.domain.dkim_key import DkimKey
from alerting.domain.mail_limits import SmtpLimits, read_domain_limits
from alerting.errors import SettingError


MINIMUM_SECRET_LENGTH = 16
MEMORY = "memory"
ELASTICSEARCH = "elasticsearch"
_REFERENCE = re.compile(r"env:\w+", re.ASCII)
NAMES = frozenset(
    {
        "ALERTING_ARCHIVE",
        "ALERTING_BASE_URL",
        "ALERTING_BOUNCE_DOMAIN",
        "ALERTING_BOUNCE_MAILBOX",
        "ALERTING_DIALOGUES",
        "ALERTING_DIGEST_HOUR",
        "ALERTING_DKIM_DOMAIN",
        "ALERTING_DKIM_KEY",
        "ALERTING_DKIM_SELECTOR",
        "ALERTING_ENGINE",
        "ALERTING_INDEX_ALIAS",
        "ALERTING_LEASE_SECONDS",
        "ALERTING_MAILDIR",
        "ALERTING_MAILS_PER_HOUR",
        "ALERTING_MATCHING_ENGINE",
        "ALERTING_PROFILE_ALIAS",
        "ALERTING_PROFILE_SHARDS",
        "ALERTING_RECIPIENTS_ALLOWED",
        "ALERTING_SECRET",
        "ALERTING_SENDER",
        "ALERTING_SMTP_CONNECTIONS",
        "ALERTING_SMTP_DOMAIN_LIMITS",
        "ALERTING_SMTP_MAILS_PER_CONNECTION",
    }
)
# A letter too many, too few or wrong, or two.
_ALIKE = 0.92
_DOMAIN = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*", re.ASCII)
_PAGES = re.compile(
    rf"https?://({_DOMAIN.pattern}|\[[0-9a-f:.]+\])(:\d+)?(/[A-Za-z0-9%._~!$&'()*+,;=:@/\-]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the servers are and how we behave.

    Args:
        database_url: SQLAlchemy URL of PostgreSQL (``DATABASE_URL``); ``postgresql://`` is read as psycopg 3.
        elasticsearch_url: None means: no search (``ELASTICSEARCH_URL``).
        elasticsearch_ca: Certificates (PEM) of the authority that signed its own; None: one that the system
            trusts (``ELASTICSEARCH_CA``).
        elasticsearch_login: Reference to its login, ``env:NAME``; None: it asks for none
            (``ELASTICSEARCH_LOGIN``).
        smtp_url: ``smtp://user:password@host:port`` (STARTTLS required), ``smtps://``, or
            ``smtp+plain://`` for loopback (``SMTP_URL``); None: mails go into ``maildir``.
        smtp_limits: How hard that server is worked (``ALERTING_SMTP_CONNECTIONS``,
            ``ALERTING_SMTP_MAILS_PER_CONNECTION``, ``ALERTING_SMTP_DOMAIN_LIMITS``).
        dkim_key: What mails are signed with; None: the mail server signs, or nobody
            (``ALERTING_DKIM_DOMAIN``, ``ALERTING_DKIM_SELECTOR``, ``ALERTING_DKIM_KEY``).
        maildir: Folder of the default transport (``ALERTING_MAILDIR``).
        archive: Folder of documents as received (``ALERTING_ARCHIVE``).
        engine_file: Where the matching keeps its profiles ready between two runs (``ALERTING_ENGINE``).
        matching_engine: "memory", or "elasticsearch" for a fleet (``ALERTING_MATCHING_ENGINE``).
        profile_alias: Name of the profiles' index there (``ALERTING_PROFILE_ALIAS``).
        profile_shards: Over how many shards they are spread (``ALERTING_PROFILE_SHARDS``).
        secret: Signs links, at least 16 characters (``ALERTING_SECRET``).
        base_url: Public address of our pages, for links, its host in ASCII (``ALERTING_BASE_URL``).
        sender: "Name <address>" or an address (``ALERTING_SENDER``).
        bounce_domain: Domain of the addresses that bounces come back to, in ASCII; None: they go to
            the sender (``ALERTING_BOUNCE_DOMAIN``).
        bounce_mailbox: Where they arrive: ``maildir:/folder``, ``imaps://user:password@host/INBOX``,
            ``imap://`` (STARTTLS), ``imap+plain://`` on loopback; None: nothing is read
            (``ALERTING_BOUNCE_MAILBOX``).
        dialogues: Folder where each worker notes how far each mail's dialogue came (``ALERTING_DIALOGUES``).
        mails_per_hour: How many mails may leave within an hour; None: any (``ALERTING_MAILS_PER_HOUR``).
        recipients_allowed: Addresses or "@domain" that may get real mail outside production; None:
            everybody (``ALERTING_RECIPIENTS_ALLOWED``, commas; "*" in production).
        digest_hour: Hour of daily digests, Europe/Paris, 0 to 23 (``ALERTING_DIGEST_HOUR``).
        lease_seconds: How long a worker may hold a delivery (``ALERTING_LEASE_SECONDS``).
        index_alias: Name that search asks (``ALERTING_INDEX_ALIAS``).
    """

    database_url: str
    elasticsearch_url: str | None
    elasticsearch_ca: Path | None
    elasticsearch_login: str | None
    smtp_url: str | None
    smtp_limits: SmtpLimits
    dkim_key: DkimKey | None
    maildir: Path
    archive: Path
    engine_file: Path
    matching_engine: str
    profile_alias: str
    profile_shards: int
    secret: str
    base_url: str
    sender: str
    bounce_domain: str | None
    bounce_mailbox: str | None
    dialogues: Path
    mails_per_hour: int | None
    recipients_allowed: tuple[str, ...] | None
    digest_hour: int
    lease_seconds: int
    index_alias: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from an environment.

    Raises:
        SettingError: A variable is missing that has no default, or has a value that cannot be used.
    """
    _refuse_misspelt(environment)
    return Settings(
        database_url=_database_url(environment),
        elasticsearch_url=_elasticsearch_url(environment),
        elasticsearch_ca=Path(ca) if (ca := environment.get("ELASTICSEARCH_CA")) else None,
        elasticsearch_login=_elasticsearch_login(environment),
        smtp_url=environment.get("SMTP_URL") or None,
        smtp_limits=_smtp_limits(environment),
        dkim_key=_dkim_key(environment),
        maildir=Path(environment.get("ALERTING_MAILDIR", ".local/maildir")),
        archive=Path(environment.get("ALERTING_ARCHIVE", ".local/archive")),
        engine_file=Path(environment.get("ALERTING_ENGINE", ".local/engine.npz")),
        matching_engine=_matching_engine(environment),
        profile_alias=environment.get("ALERTING_PROFILE_ALIAS", "alerting-profiles"),
        profile_shards=_whole_number(environment, "ALERTING_PROFILE_SHARDS", default=1, low=1, high=64),
        secret=_secret(environment),
        base_url=_base_url(environment),
        sender=_sender(environment),
        bounce_domain=_bounce_domain(environment),
        bounce_mailbox=environment.get("ALERTING_BOUNCE_MAILBOX") or None,
        dialogues=Path(environment.get("ALERTING_DIALOGUES", ".local/dialogues")),
        mails_per_hour=_mails_per_hour(environment),
        recipients_allowed=_recipients_allowed(environment),
        digest_hour=_whole_number(environment, "ALERTING_DIGEST_HOUR", default=7, low=0, high=23),
        lease_seconds=_whole_number(environment, "ALERTING_LEASE_SECONDS", default=300, low=1, high=86_400),
        index_alias=environment.get("ALERTING_INDEX_ALIAS", "alerting-procedures"),
    )


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """Raise where a variable is called nearly as one of ours: nobody would see that it counts for nothing.

    Others may begin with the same word: those of the compose file do.
    """
    for name in sorted(set(environment) - NAMES):
        meant = get_close_matches(name, NAMES, n=1, cutoff=_ALIKE) if name.startswith("ALERTING_") else []
        if meant:
            raise SettingError(name, f"the name {meant[0]}", name)


def _database_url(environment: Mapping[str, str]) -> str:
    url = environment.get("DATABASE_URL", "")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise SettingError("DATABASE_URL", "a postgresql:// address", scheme)
    return f"postgresql+psycopg://{rest}"


def _elasticsearch_url(environment: Mapping[str, str]) -> str | None:
    url = environment.get("ELASTICSEARCH_URL", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        expected = "http:// or https:// and a host, without a login (that is ELASTICSEARCH_LOGIN)"
        raise SettingError("ELASTICSEARCH_URL", expected, url.rpartition("@")[2])
    if parts.scheme == "http" and environment.get("ELASTICSEARCH_LOGIN") and not is_loopback(parts.hostname):
        expected = "https:// where ELASTICSEARCH_LOGIN is set"
        raise SettingError("ELASTICSEARCH_URL", expected, f"http://{parts.hostname}")
    return url


def _elasticsearch_login(environment: Mapping[str, str]) -> str | None:
    reference = environment.get("ELASTICSEARCH_LOGIN", "")
    if not reference:
        return None
    if not _REFERENCE.fullmatch(reference):
        # Most likely the secret itself, so it is not repeated.
        got = f"{len(reference)} characters of another form"
        raise SettingError("ELASTICSEARCH_LOGIN", "env:NAME, the variable that holds it", got)
    return reference


def _smtp_limits(environment: Mapping[str, str]) -> SmtpLimits:
    try:
        domains = read_domain_limits(environment.get("ALERTING_SMTP_DOMAIN_LIMITS", ""))
    except ValueError as error:
        expected = "domain=AT_ONCE or domain=AT_ONCE/PER_CONNECTION, with spaces"
        raise SettingError("ALERTING_SMTP_DOMAIN_LIMITS", expected, str(error)) from error
    return SmtpLimits(
        connections=_whole_number(environment, "ALERTING_SMTP_CONNECTIONS", default=4, low=1, high=100),
        mails_per_connection=_whole_number(
            environment, "ALERTING_SMTP_MAILS_PER_CONNECTION", default=100, low=1, high=100_000
        ),
        domains=domains,
    )


def _mails_per_hour(environment: Mapping[str, str]) -> int | None:
    if not environment.get("ALERTING_MAILS_PER_HOUR"):
        return None
    return _whole_number(environment, "ALERTING_MAILS_PER_HOUR", default=0, low=1, high=10_000_000)


def _dkim_key(environment: Mapping[str, str]) -> DkimKey | None:
    names = ("ALERTING_DKIM_DOMAIN", "ALERTING_DKIM_SELECTOR", "ALERTING_DKIM_KEY")
    given = {name: environment.get(name, "").strip() for name in names}
    if not any(given.values()):
        return None
    for name, value in given.items():
        if not value:
            raise SettingError(name, f"all of {', '.join(names)}, or none", value)
    for name in names[:2]:
        if not _DOMAIN.fullmatch(given[name]):
            raise SettingError(name, "a domain in ASCII", given[name])
    domain, selector, path = given.values()
    return DkimKey(domain, selector, Path(path))


def _matching_engine(environment: Mapping[str, str]) -> str:
    engine = environment.get("ALERTING_MATCHING_ENGINE", MEMORY)
    if engine not in {MEMORY, ELASTICSEARCH}:
        raise SettingError("ALERTING_MATCHING_ENGINE", f"{MEMORY} or {ELASTICSEARCH}", engine)
    if engine == ELASTICSEARCH and not environment.get("ELASTICSEARCH_URL"):
        raise SettingError("ELASTICSEARCH_URL", "an address, as ALERTING_MATCHING_ENGINE asks", "")
    return engine


def _secret(environment: Mapping[str, str]) -> str:
    secret = environment.get("ALERTING_SECRET", "")
    length = len(secret.strip())
    if length < MINIMUM_SECRET_LENGTH:
        expected = f"at least {MINIMUM_SECRET_LENGTH} characters, blanks around them left out"
        raise SettingError("ALERTING_SECRET", expected, f"{length} characters")
    return secret


def _base_url(environment: Mapping[str, str]) -> str:
    text = environment.get("ALERTING_BASE_URL", "").strip() or "http://127.0.0.1:8000"
    url = _find_pages(text.rstrip("/"))
    if url is None:
        expected = "http:// or https:// and a host, perhaps a port and a path, without a login"
        raise SettingError("ALERTING_BASE_URL", expected, text.rpartition("@")[2])
    return url


def _find_pages(text: str) -> str | None:
    """Return an address as the header of a mail may hold it; None where it is none of pages."""
    try:
        parts = urlsplit(text)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return None
    host = to_ascii(parts.hostname or "")
    # The reading of addresses drops line ends.
    if not host or "@" in parts.netloc or not text.isprintable():
        return None
    url = parts._replace(netloc=(f"[{host}]" if ":" in host else host) + port).geturl()
    return url if _PAGES.fullmatch(url) else None


def _sender(environment: Mapping[str, str]) -> str:
    text = environment.get("ALERTING_SENDER", "Alerte marchés <alertes@localhost>")
    address = read_address(text)
    # Accents before the sign would need SMTPUTF8 for every mail.
    if address is None or not address.bare.isascii():
        raise SettingError("ALERTING_SENDER", "name@domain or Name <name@domain>", text)
    return text


def _bounce_domain(environment: Mapping[str, str]) -> str | None:
    text = environment.get("ALERTING_BOUNCE_DOMAIN", "").strip()
    if not text:
        return None
    address = read_address(f"bounce@{text}")
    if address is None:
        raise SettingError("ALERTING_BOUNCE_DOMAIN", "a domain", text)
    return address.domain.lower()


def _recipients_allowed(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    text = environment.get("ALERTING_RECIPIENTS_ALLOWED", "").strip()
    if text == "*":
        return None
    entries = tuple(entry.strip().lower() for entry in text.split(",") if entry.strip())
    for entry in entries:
        if read_address(f"all{entry}" if entry.startswith("@") else entry) is None:
            raise SettingError(
                "ALERTING_RECIPIENTS_ALLOWED", "addresses and @domains with commas, or *", entry
            )
    return entries


def _whole_number(environment: Mapping[str, str], name: str, *, default: int, low: int, high: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingError(name, f"a whole number from {low} to {high}", text)
    return int(text)
