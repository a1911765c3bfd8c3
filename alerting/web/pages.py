"""The words of the pages: what each state of a subscription or an address is called, in French.

In:   reports of ``alerting.commands``.
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
from alerting.digests.languages import NO_BREAK, find_language
from alerting.digests.opinion import opinion_heading, say_effect, say_proposal
from alerting.digests.render import get_template


_RHYTHMS = {
    "immediate": "dès qu’un marché paraît",
    "daily": "une fois par jour",
    "weekly": "une fois par semaine",
}
_PROBLEMS = {
    400: (
        "Ce lien est incomplet",
        "Il a peut-être été coupé en chemin. Reprenez le lien « Ne plus recevoir » du dernier message reçu.",
    ),
    404: ("Il n’y a rien à cette adresse", "Vérifiez le lien, ou reprenez celui du dernier message reçu."),
    405: ("Cette page ne se demande pas ainsi", "Ouvrez le lien du message dans un navigateur."),
    408: ("La demande n’est pas arrivée à temps", "Essayez de nouveau."),
    413: ("La demande est trop longue", "Ouvrez le lien du message dans un navigateur."),
    422: ("Ce choix n’existe pas", "Revenez à la page précédente et choisissez de nouveau."),
    500: ("Quelque chose a cassé chez nous", "Nous en sommes avertis. Essayez de nouveau plus tard."),
    503: ("Un instant…", "Nos serveurs ne répondent pas. Essayez de nouveau dans quelques minutes."),
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are, on every page: a name and a bare address."""

    name: str
    address: str


def subscription_page(report: Mapping[str, Any], sender: Sender, *, done: LinkPurpose | None = None) -> str:
    """Return the page about a recipient's subscription to a profile.

    Args:
        report: Of ``commands.show_subscription``.
        sender: Who we are.
        done: What was asked for just now, if anything was.
    """
    paused_until = report.get("paused_until")
    context = {
        **report,
        "heading": _heading(report, done),
        "rhythm": _RHYTHMS.get(report.get("cadence", ""), ""),
        "rhythms": _RHYTHMS,
        "paused_until": None if paused_until is None else find_language("fr").day(paused_until),
        "done": None if done is None else done.value,
        **_about(sender),
    }
    return get_template("web/subscription.html.j2").render(context)


def unreachable_page(report: Mapping[str, Any], sender: Sender, *, token: str, is_done: bool) -> str:
    """Return the page about an address that mails did not reach.

    Args:
        report: Of ``commands.show_unreachable``.
        sender: Who we are.
        token: Of the page's own link.
        is_done: Whether another try was asked for just now.
    """
    headings = {
        "suppressed": "Nos messages reviennent",
        "lifted": "Nouvel essai",
        "gone": "Plus rien à changer",
    }
    until_at = report.get("until_at")
    context = {
        "heading": headings[report["state"]],
        "is_soft": report.get("kind") == "soft bounces",
        "until": None if until_at is None else find_language("fr").day(until_at),
        "token": token,
        "is_done": is_done,
        **_about(sender),
        **report,
    }
    return get_template("web/unreachable.html.j2").render(context)


def confirmation_page(report: Mapping[str, Any], sender: Sender, *, token: str, is_done: bool) -> str:
    """Return the page on which a firm that somebody else enrolled says yes.

    Args:
        report: Of ``commands.show_confirmation``.
        sender: Who we are.
        token: Of the page's own link.
        is_done: Whether it was said just now.
    """
    headings = {
        "asked": f"Recevoir les marchés publics de votre métier{NO_BREAK}?",
        "confirmed": "Vous recevez les marchés de votre métier",
        "gone": "Plus rien à confirmer",
    }
    context = {
        "heading": headings[report["state"]],
        "where": say_where(report.get("communes", ()), report.get("radius_km"), find_language("fr")),
        "token": token,
        "is_done": is_done,
        **_about(sender),
        **report,
    }
    return get_template("web/confirmation.html.j2").render(context)


def opinion_page(report: Mapping[str, Any], sender: Sender, *, number: str, is_done: bool) -> str:
    """Return the page on which a firm says that a contract is useful, or not for it, in its language.

    Args:
        report: Of ``commands.show_opinion``.
        sender: Who we are.
        number: Of the contract, as it stands in the page's own link.
        is_done: Whether something was said just now.
    """
    language = find_language(report.get("language", "fr"))
    context = {
        **report,
        "language": language.code,
        "number": number,
        "is_done": is_done,
        "heading": opinion_heading(report, language),
        "accepted": [{**row, "words": say_proposal(row, language)} for row in report.get("accepted", ())],
        "proposals": [
            {**row, "words": say_proposal(row, language), "effect": say_effect(row, language)}
            for row in report.get("proposals", ())
        ],
        **_about(sender),
    }
    return get_template("web/opinion.html.j2", language.code).render(context)


def problem_page(status: int, sender: Sender) -> str:
    """Return the page that says in one sentence what is wrong, and what to do."""
    heading, advice = _PROBLEMS.get(status, _PROBLEMS[500])
    return get_template("web/problem.html.j2").render(heading=heading, advice=advice, **_about(sender))


def style_hash() -> str:
    """Return the hash by which a Content-Security-Policy allows the pages' style, and no other."""
    style = get_template("web/page.css").render()
    return f"sha256-{b64encode(sha256(style.encode()).digest()).decode('ascii')}"


def _heading(report: Mapping[str, Any], done: LinkPurpose | None) -> str:
    name = f"«{NO_BREAK}{report.get('profile_name')}{NO_BREAK}»"
    if report["state"] == "subscribed":
        asked = {
            None: f"Ne plus recevoir {name}{NO_BREAK}?",
            LinkPurpose.RHYTHM: f"{name} arrive {_RHYTHMS[report['cadence']]}",
        }
        return asked.get(done, f"{name} reprend")
    return {
        "left": f"Vous ne recevez plus {name}",
        "paused": f"{name} est en pause",
        "left all": "Vous ne recevez plus rien de nous",
        "suppressed": "Votre adresse ne reçoit plus rien",
        "gone": "Il n’y a plus rien à arrêter",
    }[report["state"]]


def _about(sender: Sender) -> dict[str, str]:
    return {"sender_name": sender.name, "contact": sender.address}
