"""Say opinions, and what is proposed after them, in the reader's language.

In:   rows of ``alerting.commands.show_opinion``.
Out:  words for a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alerting.digests.languages import Language
from alerting.reference.cpv import cpv_label


def opinion_heading(report: Mapping[str, Any], language: Language) -> str:
    """Return what stands above the page: a question, or what the firm said."""
    if report["state"] == "gone":
        return language.say("Nothing to say any more")
    headings = {
        None: language.say("Useful, or not for you?"),
        "useful": language.say("You find it useful"),
        "not for us": language.say("It is not for you"),
    }
    return headings[report["opinion"]]


def say_proposal(row: Mapping[str, Any], language: Language) -> str:
    """Return what would change in the profile: a word that is excluded, or codes in place of a wider one."""
    changes = row["changes"]
    words = [change["value"] for change in changes if change["field"] == "words_out"]
    if words:
        return language.say("leave out what speaks of “%(word)s”", word=words[0])
    added = _labels(changes, "add", language)
    return language.say(
        "follow %(codes)s in place of %(code)s", codes=added, code=_labels(changes, "remove", language)
    )


def say_effect(row: Mapping[str, Any], language: Language) -> str:
    """Return what a change would have kept out of what the profile was told."""
    gone = language.count(
        "It would have left out %(number)s contract that you put aside",
        "It would have left out %(number)s contracts that you put aside",
        row["not_for_us"],
    )
    if not row["others"]:
        return language.say("%(gone)s, and no other.", gone=gone)
    beside = language.count("%(number)s other", "%(number)s others", row["others"])
    return language.say("%(gone)s, and %(beside)s; none that you find useful.", gone=gone, beside=beside)


def _labels(changes: Sequence[Mapping[str, Any]], act: str, language: Language) -> str:
    codes = [change["value"] for change in changes if change["act"] == act]
    return ", ".join(f"{cpv_label(code, language.code) or code} ({code})" for code in codes)
