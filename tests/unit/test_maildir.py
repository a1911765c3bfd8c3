"""The default transport's files."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from alerting.delivery.maildir import MaildirMailer, file_name
from alerting.domain.delivery import Envelope
from alerting.domain.mail_text import MailText
from alerting.errors import MailDeferredError


SENT_AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ENVELOPE = Envelope(
    delivery_id=7,
    message_id="<delivery-7@alertes.example>",
    sender="alertes@alertes.example",
    recipient="anne@lebras.example",
    subject="1 nouveau marché · Toiture",
    text=MailText.of("Un marché.\n"),
    html=MailText.of("<p>Un marché.</p>\n"),
    unsubscribe_url="https://alertes.example/unsubscribe/abc",
)
NAME = file_name(ENVELOPE.message_id)


def files(folder) -> list[str]:
    """Return every file of a maildir."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_mail_is_one_file_in_new(tmp_path):
    """
    Nothing is left in tmp/, and the answer names the file.
    """
    answer = asyncio.run(MaildirMailer(tmp_path, now=lambda: SENT_AT).send(ENVELOPE))

    assert answer == f"kept as {NAME}"
    assert files(tmp_path) == [f"new/{NAME}"]


def test_a_mail_that_was_read_is_not_doubled(tmp_path):
    """
    A second attempt takes the place of the first, in cur/ too, where a reader has put it.
    """
    mailer = MaildirMailer(tmp_path, now=lambda: SENT_AT)
    asyncio.run(mailer.send(ENVELOPE))
    (tmp_path / "new" / NAME).rename(tmp_path / "cur" / f"{NAME}:2,S")

    asyncio.run(mailer.send(ENVELOPE))

    assert files(tmp_path) == [f"cur/{NAME}:2,S"]


def test_a_folder_that_cannot_be_written_defers(tmp_path):
    """
    A file stands where the folder should be: not now, nothing was kept.
    """
    (tmp_path / "mail").write_text("")

    with pytest.raises(MailDeferredError, match="Not a directory"):
        asyncio.run(MaildirMailer(tmp_path / "mail", now=lambda: SENT_AT).send(ENVELOPE))
