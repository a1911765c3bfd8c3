"""Texts as mails carry them: what is read is what was written."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given, strategies as st

from alerting.domain.mail_text import MailText


# Any text of a page: its line ends are Python's.
TEXTS = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=400)


@given(TEXTS)
def test_a_text_is_read_as_it_was_written(text):
    """
    Whatever it holds; only a line end is added where it had none at its end.
    """
    encoded = MailText.of(text)

    assert str(encoded) == (text if text.endswith("\n") else f"{text}\n")
    assert quopri.decodestring(encoded.encoded) == encoded.content


@given(TEXTS)
def test_a_text_travels_everywhere(text):
    """
    Seven bits, CRLF, lines of at most 76 characters, no line that ends with a space, no line of a dot alone.
    """
    lines = MailText.of(text).encoded.split(b"\r\n")

    assert lines[-1] == b""
    assert max(map(len, lines)) <= 76
    assert [line for line in lines if not line.isascii() or b"\n" in line or b"\r" in line] == []
    assert [line for line in lines if line.endswith((b" ", b"\t")) or line == b"."] == []


@given(st.lists(TEXTS, max_size=5))
def test_texts_are_put_together_as_they_are(texts):
    """
    Pieces that were encoded one by one read as the whole would.
    """
    whole = "".join(text if text.endswith("\n") else f"{text}\n" for text in texts)

    assert str(MailText.joined(map(MailText.of, texts))) == whole


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_become_those_of_mails(end):
    """
    Of any system.
    """
    assert MailText.of(f"a{end}b{end}").content == b"a\r\nb\r\n"
