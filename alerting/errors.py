"""Every error this package raises on purpose.

* AlertingError
  + TransientError            the same call may succeed later; the scheduler should retry
    - FeedUnavailableError      a member authority's server did not answer as it should
    - SearchUnavailableError    Elasticsearch is away or overloaded
    - StoreUnavailableError     PostgreSQL cannot be reached
    - MailDeferredError         the mail server said "not now" (4xx) or the connection broke before DATA
      . MailServerError           our own mail server is away, or refuses us before it hears of a mail
    - MailInDoubtError          the connection broke after DATA was sent and before it was answered
    - MailboxUnavailableError   the mailbox of what comes back is away
  + PermanentError            a retry cannot help; a person must act
    - FeedFormatError           a document is not in the format that its feed is configured for
    - FeedRefusedError          a document is refused for what it is: too large, a private address, a bomb
    - MailRefusedError          the mail server refused a message or a recipient for good (5xx)
    - MailboxRefusedError       the mailbox of what comes back refuses our login, or has no such folder
    - ArchiveError              the archive of documents cannot be written: its disk is full or away
    - AddressError              nobody can serve at an address: it is taken, or not this machine's
    - ChoiceError               a form of a page was sent with a choice that it does not offer
    - ProfileError              a firm or profile as written cannot be used
    - SearchError               Elasticsearch refuses what was asked: a mapping or a query
    - SettingError              an environment variable has a value that cannot be used
    - TokenError                a signed link is forged, damaged or out of date
    - UnforeseenError           an exception of one document, notice or feed that nobody foresaw
    - UnknownIdError            a firm, profile, feed, notice or delivery that does not exist
    - NothingReadError          of documents that somebody named nothing could be read
    - LocalStackError           a server of the laptop's stack cannot be had or started
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path


# Of the words of an error that is not ours.
_LONGEST_TOLD = 200


class AlertingError(Exception):
    """Whatever this package raises on purpose; its message is one line for a person.

    ``is_told``: somebody was shown it already, before what it ended was cleared away.
    """

    is_told = False


class TransientError(AlertingError):
    """The same call may succeed later."""


class PermanentError(AlertingError):
    """A retry cannot help; a person must act."""


class FeedUnavailableError(TransientError):
    """A feed's server did not answer as it should; raised by ``feeds.fetch``.

    ``is_away``: it may by itself; False where it will once a person has found the new address, or a secret.
    """

    def __init__(
        self,
        feed_id: str,
        where: str,
        problem: str,
        *,
        retry_after_seconds: int | None = None,
        is_away: bool = True,
    ) -> None:
        super().__init__(f"feed {feed_id!r}: {where}: {problem}")
        self.is_away = is_away
        self.feed_id = feed_id
        self.where = where
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds


class SearchUnavailableError(TransientError):
    """Elasticsearch is away or overloaded; raised by ``index``."""


class StoreUnavailableError(TransientError):
    """PostgreSQL cannot be reached; raised by ``store``."""


class Blame(StrEnum):
    """Who is to blame for a mail that was not taken, and so who can mend it."""

    ADDRESS = "address"  # the recipient's: does not exist, is full, takes no mail
    CONTENT = "content"  # our words, or too many of them
    POLICY = "policy"  # the server's rules: reputation, greylisting
    SERVER = "server"  # theirs: overloaded, closing
    US = "us"  # our own address, login, way of speaking, or the server we send by: away, full, closed to us


class MailDeferredError(TransientError):
    """The mail server said "not now", or broke off before it accepted DATA: nothing was sent."""

    def __init__(self, message: str, *, blame: Blame = Blame.SERVER) -> None:
        super().__init__(message)
        self.blame = blame


class MailServerError(MailDeferredError):
    """Our own mail server is away, or refuses us before it hears of a mail; raised by ``delivery.smtp``.

    Its words are of the server alone: no address stands in them.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, blame=Blame.US)


class MailInDoubtError(TransientError):
    """The connection broke between the end of DATA and its answer: the message may have left."""


class FeedFormatError(PermanentError):
    """A feed document is not in the format that its feed is configured for; raised by parsers."""

    def __init__(self, feed_id: str, where: str, problem: str) -> None:
        super().__init__(f"feed {feed_id!r}: {where}: {problem}")
        self.feed_id = feed_id
        self.where = where
        self.problem = problem


class FeedRefusedError(PermanentError):
    """A document is refused for what it is, whatever it says; raised by ``feeds.fetch``."""

    def __init__(self, feed_id: str, where: str, problem: str) -> None:
        super().__init__(f"feed {feed_id!r}: {where}: {problem}")
        self.feed_id = feed_id
        self.where = where
        self.problem = problem


class MailRefusedError(PermanentError):
    """The mail server refused for good (5xx); ``code`` is its reply code, e.g. 550.

    ``is_about_recipient``: the address itself cannot be written to, whoever writes and whatever; it
    should get no more mail.  Else the words, the sender or the server's rules were refused.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int,
        enhanced_code: str | None = None,
        is_about_recipient: bool = False,
        blame: Blame = Blame.ADDRESS,
    ) -> None:
        super().__init__(message)
        self.blame = blame
        self.code = code
        self.enhanced_code = enhanced_code
        self.is_about_recipient = is_about_recipient


class MailboxUnavailableError(TransientError):
    """The mailbox of what comes back is away or answers oddly; raised by ``delivery.imap`` and its like."""


class MailboxRefusedError(PermanentError):
    """The mailbox of what comes back refuses our login, or has no folder of that name."""


class ArchiveError(PermanentError):
    """The archive of documents cannot be written, for any feed; raised by ``feeds.archive``."""

    def __init__(self, folder: Path, reason: str | None) -> None:
        expected = "expected a folder with room that can be written to"
        super().__init__(f"archive {folder} (ALERTING_ARCHIVE): {reason}; {expected}")


class AddressError(PermanentError):
    """Nobody can serve at an address: it is taken, or not this machine's; raised by ``web.server``."""


class ChoiceError(PermanentError):
    """A form was sent with a choice that it does not offer; raised by ``pipeline``."""


class ProfileError(PermanentError):
    """A firm or profile as written cannot be used; says which field, what was got, what is expected."""


class ProfileTakenError(ProfileError):
    """A profile's id is another firm's."""

    def __init__(self, profile_id: str, owner: str) -> None:
        super().__init__(f"profile {profile_id!r}: the id is taken by firm {owner!r}")
        self.profile_id = profile_id
        self.owner = owner


class SearchError(PermanentError):
    """Elasticsearch refuses what was asked, and would refuse it again; raised by ``index``."""


class StoreOutdatedError(PermanentError):
    """The database has not our tables, or older ones; raised by ``store.database``."""


class UnstorableError(PermanentError):
    """PostgreSQL cannot hold a value, however often it is tried; raised by ``store.database``."""


class UnforeseenError(PermanentError):
    """A bug of ours that one document, notice or feed brought to light; the others go on.

    Args:
        feed_id: Whose it is.
        where: The place: an address, "document", a notice's id.
        error: What was raised; told with the line of code that raised it.
    """

    def __init__(self, feed_id: str, where: str, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        clean = " ".join("".join(sign if sign.isprintable() else " " for sign in told).split())
        self.feed_id = feed_id
        self.where = where
        self.problem = (
            f"a bug of ours ({clean[:_LONGEST_TOLD]}{_place(error)}); expected to be read or refused"
        )
        super().__init__(f"feed {feed_id!r}: {where}: {self.problem}")


def say_kind(error: Exception) -> str:
    """Return of what kind an error is and which line of code raised it, for a log.

    Its words and the values around it may be anybody's: an address, a signed link, the whole of a mail.
    """
    return f"{type(error).__name__}{_place(error)}"


def _place(error: Exception) -> str:
    code = traceback.extract_tb(error.__traceback__)[-1:]
    return "".join(f" in {Path(frame.filename).name}, line {frame.lineno}" for frame in code)


class SettingError(PermanentError):
    """An environment variable has a value that cannot be used; raised by ``settings``."""

    def __init__(self, name: str, expected: str, got: str) -> None:
        super().__init__(f"setting {name}: expected {expected} (got {got!r})")


class TokenError(PermanentError):
    """A signed link is forged, damaged or out of date; raised by ``delivery.tokens``."""


class UnknownIdError(PermanentError):
    """Somebody named a thing that does not exist."""


class NothingReadError(PermanentError):
    """Of the documents that somebody named no notice could be read; raised by ``pipeline.dry``."""

    def __init__(self, suffixes: Iterable[str]) -> None:
        ends = " ".join(suffixes)
        super().__init__(f"documents: no notice could be read; expected files, or folders of {ends}")


class OutputError(PermanentError):
    """A file that somebody asked for cannot be written; raised by ``pipeline.registry``."""


class LocalStackError(PermanentError):
    """A server of the laptop's stack cannot be had or started; raised by ``local``."""
