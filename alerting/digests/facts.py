"""Facts of a notice in words: its title, its place, the name of a lot, a moment that is named.

In:   a notice or a fact of one, the language to say it in.
Out:  texts that are short enough to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from alerting.digests import words
from alerting.digests.languages import Language
from alerting.domain.notice import Notice


_TITLE_CHARACTERS = 150
_NAME_CHARACTERS = 120
_LOT_NUMBER = re.compile(r"(?:lot)?[\s\-_]*0*(\d+)", re.IGNORECASE)


def title_of(notice: Notice) -> str:
    """Return a notice's title as it is shown: calm, on one line, not too long."""
    return clipped(words.readable(notice.title, names=names_of(notice)), _TITLE_CHARACTERS)


def say_place(notice: Notice, lot_ids: Collection[str], language: Language) -> str | None:
    """Return the place of the lots of these ids, else of the procedure, else the buyer's département."""
    of_lots = [place for lot in notice.lots if lot.lot_id in lot_ids for place in lot.places]
    stated = words.places(of_lots) or words.places(notice.places)
    if stated is None and notice.buyer and notice.buyer.departement:
        departement = words.departement(notice.buyer.departement)
        return language.say("%(departement)s, where the buyer is", departement=departement)
    return None if stated is None else clipped(stated, _NAME_CHARACTERS)


def name_of_buyer(name: str) -> str:
    """Return a name as it is shown, cut where it is too long."""
    return clipped(words.readable_name(name), _NAME_CHARACTERS)


def names_of(notice: Notice) -> list[str | None]:
    """Return the names that stand in a notice: of communes, and of its buyer."""
    places = [*notice.places, *(place for lot in notice.lots for place in lot.places)]
    communes = [words.readable_name(place.commune) for place in places if place.commune]
    return [*communes, words.clean(notice.buyer.name) if notice.buyer and notice.buyer.name else None]


def name_lot(lot_id: str, language: Language) -> str:
    """Return what a lot is called: "Lot 2"."""
    number = _LOT_NUMBER.fullmatch(lot_id)
    name = number[1] if number else clipped(words.clean(lot_id), _NAME_CHARACTERS)
    return language.say("Lot %(number)s", number=name)


def read_moment(text: str) -> datetime | None:
    """Return the aware moment that a change names, None when it names none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def clipped(text: str, length: int) -> str:
    """Return a text of at most so many signs, a cut one with "…" at its end."""
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    # Between two words, unless that leaves little.
    whole = kept if text[length - 1] == " " else kept.rpartition(" ")[0]
    return f"{(whole if 2 * len(whole) > length else kept).rstrip()}…"
