"""What every schema of BOAMP has in common: its number, its kind, its way to say one of several things.

Source: DILA, BOAMP open data; read off published files of schemas 230 and 3.2.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerting.domain.notice import Clock, NoticeKind, RawChange, RawTime
from alerting.feeds.formats.kinds import kind_of_cancelled, taken_back
from alerting.feeds.formats.xml import Element, find, find_all, local_name, text_of, texts_of


NATURES = {
    "APPEL_OFFRE": NoticeKind.CALL,
    "RECTIFICATIF": NoticeKind.CORRECTION,
    "ANNULATION": NoticeKind.CANCELLATION,
    "ATTRIBUTION": NoticeKind.AWARD,
    "INTENTION_CONCLURE": NoticeKind.AWARD,
    "PRE-INFORMATION": NoticeKind.PLANNING,
    "PREINFORMATION": NoticeKind.PLANNING,
    "PERIODIQUE_INDICATIF": NoticeKind.PLANNING,
    "MODIFICATION": NoticeKind.OTHER,
}
# Corrected, these are still what they were: nobody is called by them.
_NOT_CALLED = frozenset(NoticeKind) - {NoticeKind.CALL, NoticeKind.CORRECTION}
NOTICE_PAGE = "https://www.boamp.fr/pages/avis/?q=idweb:"


def source_id_of(root: Element) -> str | None:
    """Return the notice's number: "26-88092"."""
    return text_of(root, "GESTION/REFERENCE/IDWEB")


def page_of(root: Element) -> str | None:
    """Return the address of the notice's own page."""
    source_id = source_id_of(root)
    return f"{NOTICE_PAGE}{source_id}" if source_id is not None else None


@dataclass(frozen=True, slots=True)
class Announced:
    """What a notice announces; ``changes`` where it takes an earlier one back."""

    kind: NoticeKind
    changes: tuple[RawChange, ...] = ()


def announced(root: Element, *, own: NoticeKind | None = None, is_without_result: bool = False) -> Announced:
    """Return what a notice announces; an award of nothing ("sans suite", "infructueux") ends the purchase.

    Args:
        root: Of the announcement.
        own: What its content says that it is; None: its NATURE tells.
        is_without_result: Whether it is an award of nothing.
    """
    described = find(root, "GESTION/REFERENCE/TYPE_AVIS")
    own = own or NATURES.get((choice(described, ("NATURE",)) or "").upper())
    return in_state(own, choice(described, ("STATUT",)), is_without_result=is_without_result)


def in_state(own: NoticeKind | None, state: str | None, *, is_without_result: bool = False) -> Announced:
    """Return what a notice of a kind announces in a state: INITIAL, RECTIFICATIF, ANNULATION.

    What it is may be unknown: then its state alone says so.
    """
    word = (state or "").upper()
    if is_without_result:
        return Announced(NoticeKind.CANCELLATION)
    if word == "ANNULATION" and own is not None:
        return Announced(kind_of_cancelled(own), taken_back(own))
    if word in {"ANNULATION", "RECTIFICATIF"} and own not in _NOT_CALLED:
        return Announced(NATURES[word])
    return Announced(NoticeKind.OTHER if own is None else own)


def earlier_numbers(root: Element) -> tuple[str, ...]:
    """Return the notices of the same purchase that a notice names: BOAMP's numbers, and TED's."""
    earlier = find_all(root, "GESTION/MARCHE/ANNONCE_ANTERIEUR")
    numbers = [*texts_of(root, "GESTION/REFERENCE/ANNONCE_ANTERIEUR/IDWEB")]
    numbers += [number for each in earlier for number in texts_of(each, "REFERENCE/IDWEB")]
    published = [*earlier, *find_all(root, "DONNEES/PUBLICATION_ANTERIEURE")]
    for journal in (found for each in published for found in _in_the_journal(each)):
        number, year = text_of(journal, "NUM_ANNONCE"), text_of(journal, "ANNEE")
        if number is not None and year is not None:
            numbers.append(f"{number.lstrip('0')}-{year}")
    return tuple(dict.fromkeys(numbers))


def _in_the_journal(earlier: Element) -> list[Element]:
    return find_all(earlier, "REFERENCE_PUBLICATION/PUBLICATION_JOUE")


def choice(element: Element | None, paths: tuple[str, ...]) -> str | None:
    """Return the name of the child by which BOAMP says which of several things holds."""
    for path in paths:
        for found in find_all(element, path):
            for child in found:
                if local_name(child):
                    return local_name(child)
    return None


def first_text(element: Element | None, paths: tuple[str, ...]) -> str | None:
    """Return the first text at the first of several paths that has one."""
    return next((text for path in paths if (text := text_of(element, path)) is not None), None)


def paris_time(text: str | None) -> RawTime | None:
    """Return a time as BOAMP states it: wall clock of Paris whatever its offset says."""
    return RawTime(text, Clock.PARIS) if text is not None else None
