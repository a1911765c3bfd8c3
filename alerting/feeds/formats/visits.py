"""Read the day of a site visit out of its French prose, or say nothing.

In:   what a notice says of visits.
Out:  their one day, with its hour where one is told; None where there are several, a limit, or another
      thing's.
"""

from __future__ import annotations

from alerting.text.french_dates import find_only_date
from alerting.text.phrases import compile_spelt


# What else has a day there.
_NO_VISIT = compile_spelt(
    r"""
    \b(?:attestations?|certificats?|remettre|remis\w*|retourn\w*|renvoy\w*|transmettre
    |inscri\w*|réserv\w*|demand\w*|prendre|contact\w*|confirm\w*
    |questions?|réponses?|offres?|plis)\b
    """
)


def find_visit(text: str) -> str | None:
    """Return the one day of a visit as ISO 8601 without offset; of a visit "de 11h à 12h" its beginning.

    >>> find_visit("Visite obligatoire le 16/09/2026 à 14h."), find_visit("Inscription le 16/09/2026.")
    ('2026-09-16T14:00', None)
    """
    return find_only_date(text, unless=_NO_VISIT)
