"""Read the day of a site visit out of its French prose, or say nothing.

In:   what a notice says of visits.
Out:  their one day, with its hour where one is told; None where there are several, a limit, or another
      thing's.
"""

from __future__ import annotations

from alerting.text.french_dates import DATE, read_date
from alerting.text.phrases import compile_spelt, plain


_LIMIT = compile_spelt(
    r"""
    \b(?:avant|jusqu'au|au plus tard|à (?:partir|compter) du|dès|depuis|entre|du)\s*(?:le )?(?:\w+di )?$
    """
)
# What else has a day there, before the date and behind it.
_NO_VISIT = compile_spelt(
    r"""
    \b(?:fins?|clos\w*|clôtur\w*|termin\w*|arrêt\w*|derniers?|limites?|débuts?|après
    |attestations?|certificats?|remettre|remis\w*|retourn\w*|renvoy\w*|transmettre
    |inscri\w*|réserv\w*|demand\w*|prendre|contact\w*|confirm\w*
    |annul\w*|supprim\w*|suspen\w*|impossibles?|sauf|aucune?s?|pas|plus
    |questions?|réponses?|offres?|plis)\b
    """
)
_NO_VISIT_BEHIND = compile_spelt(
    r"""
    ^[\s,:()–-]*(?:au plus tard|dernier délai|délai de rigueur|inclus|maximum|exclu|fin\b|clôture)
    """
)
# Nobody describes a visit at such length.
_LONGEST = 20_000


def find_only_date(text: str) -> str | None:
    """Return the one day of a visit as ISO 8601 without offset; of a visit "de 11h à 12h" its beginning.

    >>> find_only_date("Visite obligatoire le 16/09/2026 à 14h."), find_only_date("Avant le 16/09/2026.")
    ('2026-09-16T14:00', None)
    """
    folded = plain(" ".join(text.split()))
    if len(folded) > _LONGEST:
        return None
    dates = list(DATE.finditer(folded))
    if len(dates) != 1:
        return None
    before, after = folded[: dates[0].start()], folded[dates[0].end() :]
    if _LIMIT.search(before) or _NO_VISIT.search(before) or _NO_VISIT_BEHIND.search(after):
        return None
    return read_date(dates[0], after)
