"""The words of the pages: what each state of a subscription or an address is called in a language.

In:   reports of ``alerting.commands``, the language to say them in.
Out:  HTML, from ``templates/web``; everything that a firm or a profile is called is escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from alerting.delivery.tokens import LinkPurpose
from alerting.digests.confirmation import say_where
from alerting.digests.languages import Language, note
from alerting.digests.opinion import opinion_heading, say_effect, say_proposal
from alerting.digests.render import get_template


_RHYTHMS = {
    "immediate": note("as soon as a contract appears"),
    "daily": note("once a day"),
    "weekly": note("once a week"),
}
_PROBLEMS = {
    400: (
        note("This link does not work"),
        note(
            "It may have been cut or changed on its way. Open the link again from the last mail that you got."
        ),
    ),
    404: (
        note("There is nothing at this address"),
        note("Look at the link again, or take that of the last mail that you got."),
    ),
    405: (note("This page cannot be asked for like that"), note("Open the link of the mail in a browser.")),
    408: (note("The request did not arrive in time"), note("Please try again.")),
    410: (
        note("This mail can no longer be read here"),
        note("The address it went to gets no mails of this firm any more. There is nothing to do."),
    ),
    413: (note("The request is too long"), note("Open the link of the mail in a browser.")),
    422: (note("There is no such choice"), note("Go back to the page before, and choose again.")),
    500: (note("Something broke at our end"), note("We know of it. Please try again later.")),
    503: (
        note("One moment…"),
        note("Our servers do not answer. Please try again in a few minutes."),
    ),
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are, on every page: a name and a bare address."""

    name: str
    address: str


def subscription_page(
    report: Mapping[str, Any], sender: Sender, language: Language, *, done: LinkPurpose | None = None
) -> str:
    """Return the page about a recipient's subscription to a profile.

    Args:
        report: Of ``commands.show_subscription``.
        sender: Who we are.
        language: Of who reads it.
        done: What was asked for just now, if anything was.
    """
    paused_until = report.get("paused_until")
    rhythms = {cadence: language.say(words) for cadence, words in _RHYTHMS.items()}
    context = {
        **report,
        "heading": _heading(report, language, done),
        "rhythm": rhythms.get(report.get("cadence", ""), ""),
        "rhythms": rhythms,
        "paused_until": None if paused_until is None else language.day(paused_until),
        "done": None if done is None else done.value,
    }
    return _write("subscription", context, sender, language)


def unreachable_page(
    report: Mapping[str, Any], sender: Sender, language: Language, *, token: str, is_done: bool
) -> str:
    """Return the page about an address that mails did not reach.

    Args:
        report: Of ``commands.show_unreachable``.
        sender: Who we are.
        language: Of who reads it.
        token: Of the page's own link.
        is_done: Whether another try was asked for just now.
    """
    headings = {
        "suppressed": language.say("Our mails come back"),
        "lifted": language.say("Another try"),
        "gone": language.say("Nothing left to change"),
    }
    until_at = report.get("until_at")
    context = {
        "heading": headings[report["state"]],
        "is_soft": report.get("kind") == "soft bounces",
        "until": None if until_at is None else language.day(until_at),
        "token": token,
        "is_done": is_done,
        **report,
    }
    return _write("unreachable", context, sender, language)


def confirmation_page(
    report: Mapping[str, Any], sender: Sender, language: Language, *, token: str, is_done: bool
) -> str:
    """Return the page on which a firm that somebody else enrolled says yes.

    Args:
        report: Of ``commands.show_confirmation``.
        sender: Who we are.
        language: Of who reads it.
        token: Of the page's own link.
        is_done: Whether it was said just now.
    """
    headings = {
        "asked": language.say("Get the public contracts of your trade?"),
        "confirmed": language.say("You get the contracts of your trade"),
        "gone": language.say("Nothing left to confirm"),
    }
    context = {
        "heading": headings[report["state"]],
        "where": say_where(report.get("communes", ()), report.get("radius_km"), language),
        "token": token,
        "is_done": is_done,
        **report,
    }
    return _write("confirmation", context, sender, language)


def opinion_page(
    report: Mapping[str, Any], sender: Sender, language: Language, *, number: str, is_done: bool
) -> str:
    """Return the page on which a firm says that a contract is useful, or not for it.

    Args:
        report: Of ``commands.show_opinion``.
        sender: Who we are.
        language: Of who reads it.
        number: Of the contract, as it stands in the page's own link.
        is_done: Whether something was said just now.
    """
    context = {
        **report,
        "number": number,
        "is_done": is_done,
        "heading": opinion_heading(report, language),
        "accepted": [{**row, "words": say_proposal(row, language)} for row in report.get("accepted", ())],
        "proposals": [
            {**row, "words": say_proposal(row, language), "effect": say_effect(row, language)}
            for row in report.get("proposals", ())
        ],
    }
    return _write("opinion", context, sender, language)


def problem_page(status: int, sender: Sender, language: Language) -> str:
    """Return the page that says in one sentence what is wrong, and what to do."""
    heading, advice = _PROBLEMS.get(status, _PROBLEMS[500])
    context = {"heading": language.say(heading), "advice": language.say(advice)}
    return _write("problem", context, sender, language)


def style_hashes() -> tuple[str, ...]:
    """Return the hashes by which a Content-Security-Policy allows the pages' styles, and no other."""
    styles = [get_template(f"web/{name}.css").render() for name in ("page", "sheet")]
    return tuple(f"sha256-{b64encode(sha256(style.encode()).digest()).decode('ascii')}" for style in styles)


def _write(name: str, context: Mapping[str, Any], sender: Sender, language: Language) -> str:
    about = {"language": language.code, "sender_name": sender.name, "contact": sender.address}
    return get_template(f"web/{name}.html.j2", language.code).render({**context, **about})


def _heading(report: Mapping[str, Any], language: Language, done: LinkPurpose | None) -> str:
    name = report.get("profile_name")
    if report["state"] == "subscribed":
        if done is None:
            return language.say("Stop getting “%(profile)s”?", profile=name)
        if done is LinkPurpose.RHYTHM:
            words = _RHYTHMS[report["cadence"]]
            rhythm = language.say(words)
            return language.say("“%(profile)s” comes %(rhythm)s", profile=name, rhythm=rhythm)
        return language.say("“%(profile)s” is back", profile=name)
    return {
        "left": language.say("You no longer get “%(profile)s”", profile=name),
        "paused": language.say("“%(profile)s” is paused", profile=name),
        "left all": language.say("You no longer get anything from us"),
        "suppressed": language.say("Your address no longer gets anything"),
        "gone": language.say("There is nothing left to stop"),
    }[report["state"]]
