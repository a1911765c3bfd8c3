"""Say how a match fits a firm: "for you", or "perhaps, because ...".

In:   a fit as it was decided, the deadline and the clock.
Out:  one line of words.
"""

from __future__ import annotations

from datetime import datetime

from alerting.digests import words
from alerting.digests.languages import NO_BREAK, Language, note
from alerting.domain.fit import FitVerdict, fit_at, verdict
from alerting.domain.match import Fit, FitKind, FitReason


_AGAINST = {
    FitKind.QUALIFICATION: note("%(what)s is asked for"),
    FitKind.RESERVED: note("reserved to sheltered or inclusive employers"),
    FitKind.VISIT: note("a visit is mandatory"),
    FitKind.DEPOSIT: note("a deposit is asked for"),
    FitKind.TIME: note("little time is left"),
}


def say_fit(
    fit: Fit | None, deadline_at: datetime | None, language: Language, *, now: datetime
) -> str | None:
    """Return the verdict and its reasons in words; None where none was decided."""
    if fit is None:
        return None
    standing = fit_at(fit, deadline_at, now=now)
    against = [reason for reason in standing.reasons if not reason.is_met]
    if verdict(standing) is FitVerdict.PERHAPS:
        why = f"{NO_BREAK}; ".join(dict.fromkeys(_against(reason, language) for reason in against))
        return language.say("Perhaps, because: %(why)s", why=why)
    asked = ", ".join(words.clean(reason.label) for reason in standing.reasons)
    if not asked:
        return language.say("For you, without reserve")
    return language.say("For you, who have what is asked for: %(what)s", what=asked)


def _against(reason: FitReason, language: Language) -> str:
    label = words.clean(reason.label)
    if reason.kind is FitKind.SIZE:
        return _size(reason, language)
    if reason.kind is FitKind.UNKNOWN:
        return _unknown(label, language)
    return language.say(_AGAINST[reason.kind], what=label)


def _size(reason: FitReason, language: Language) -> str:
    if reason.label == "value":
        return language.say("the whole is worth more than you take on, its lots state no value")
    return language.say("it is bought as a whole (“%(words)s”)", words=words.clean(reason.words))


def _unknown(criterion: str, language: Language) -> str:
    if criterion == "area":
        return language.say("no more than a département or region is stated")
    return words.not_stated(criterion, language)
