r"""Read what the text of an item states: "Acheteur : Commune de Kerlann", "Date limite : 15/09/2026 à 12h".

In:   title and text of an item of a feed whose format has no field for a purchase.
Out:  the facts behind known labels, and the last day for offers; nothing where two statements compete.

A label stands at the beginning of a line (of a block of HTML, behind "|"), a colon behind it.  A deadline may
stand in a sentence, too, under the rules of ``prose``; beside it other dates are no rivals, for a call tells
of visits and of works, but a second date that words lead to as the deadline's is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alerting.domain.notice import Clock, NoticeKind, RawPlace, RawTime
from alerting.feeds.formats.deadline_words import CLOSES, HOUR_ALONE, SPEAKS_OF_DEADLINE, SPEAKS_OF_OTHERS
from alerting.feeds.formats.items import codes_among
from alerting.feeds.formats.moments import as_iso, is_iso
from alerting.feeds.formats.prose import SENTENCE_END, find_new_deadlines
from alerting.reference.nuts import find_departement
from alerting.text.french_dates import DATE, DAY_LENGTH
from alerting.text.markup import may_be_marked_up, open_text
from alerting.text.phrases import compile_spelt, plain


# So far into a text its labels are looked for.
_FIRST_CHARACTERS = 20_000
# A longer value is a sentence.
_LONGEST_VALUE = 200
_LONGEST_LABEL = 60
_LABELS = {
    "buyer_name": compile_spelt(
        r"""
        (?:nom (?:de l'|du ))?(?:acheteur(?: public)?|organisme(?: (?:public|acheteur))?|pouvoir adjudicateur
        |entité (?:publique|adjudicatrice|d'achat)|collectivité|maître d'ouvrage)
        """
    ),
    "place": compile_spelt(
        r"""
        lieux? (?:principal |principaux )?(?:d'exécution|de livraison|des travaux|de (?:la )?prestation)
        |localisation
        """
    ),
    "departement": compile_spelt(r"départements?(?: (?:d'exécution|de (?:la )?prestation))?"),
    "reference": compile_spelt(
        r"""
        (?:référence|n[°º]|numéro)
        (?: (?:(?:de (?:la |l')?|du )\s*)?(?:consultation|marché|dossier|affaire))?
        """
    ),
    "cpv": compile_spelt(r"(?:codes? )?CPV(?: principal)?"),
    "nature": compile_spelt(r"(?:nature|type|catégorie)(?: (?:principale|(?:de|du) marchés?))?"),
}
_DIGIT = re.compile(r"\d")
_COLON = re.compile(r"\s*(?:\(s\))?\s*:\s*")
_PLACE = re.compile(
    r"(?:\((?P<bracketed>\d{2,3}|2[AB])\)|(?P<departement>\d{2,3}|2[AB])(?=\s*(?:[-–:]|$)))"
    r"(?:\s*[-–:]?\s*(?P<commune>[^\s\d]\D*))?"
)
_NAMED_FIRST = re.compile(r"(?P<commune>[^\W\d][^\d(),;]*?)\s*\((?P<departement>\d{2,3}|2[AB])\)")
# An address, a telephone, no name at all, or several statements.
_NO_NAME = compile_spelt(
    r"""
    @|://|\bwww\.|:\s|^[\W\d]*$
    |^\W*(?:voir\b|cf\b|(?:oui|non|tous|toutes|idem|néant|inconnue?)\W*$
    |(?:non |à )(?:renseigné|précisé|préciser|définir)e?\W*$)
    """
)
# "2026-T04", "26 S 012": signs and a digit, no sentence.
_NUMBER = re.compile(r"(?=.*\d)(?!\d\d/\d\d/\d{4}$)[\w./°()-]{1,40}(?: [\w./°()-]{1,20}){0,4}")
# "Acheteur : Commune de Kerlann - Référence : 2026-T04".
_NEXT_LABEL = re.compile(r"\s[-–]\s(?=[^\W\d][^:–-]{1,40}:)")
_LISTED, _AND = re.compile(r"\s*[,;/]\s*"), re.compile(r"\s+et\s+")
_NATURE = re.compile(r"(?:travaux|fournitures?|services?)", re.IGNORECASE)
_WANTED = frozenset({NoticeKind.CALL, NoticeKind.CORRECTION, NoticeKind.PLANNING})


@dataclass(frozen=True, slots=True)
class ItemText:
    """What the text of an item states, as it stands there."""

    buyer_name: str | None = None
    places: tuple[RawPlace, ...] = ()
    reference: str | None = None
    codes: tuple[str, ...] = ()
    nature: str | None = None
    deadlines: tuple[RawTime, ...] = ()


def read_item_text(
    title: str, text: str | None, *, kind: NoticeKind, published: RawTime | None = None
) -> ItemText:
    """Return what an item states in words.

    Args:
        title: Of the item.
        text: Its description, HTML or not.
        kind: What it announces; awards and ends have no last day.
        published: When; no deadline is that day, or before it.

    >>> text = "Acheteur : Commune de Kerlann<br>Date limite : 15/09/2026 12:00"
    >>> found = read_item_text("Toiture", text, kind=NoticeKind.CALL)
    >>> found.buyer_name, found.deadlines[0].text
    ('Commune de Kerlann', '2026-09-15T12:00')
    """
    beginning = (text or "")[:_FIRST_CHARACTERS]
    seen = open_text(beginning, is_html=may_be_marked_up(beginning))
    lines = [line for part in seen.split("\n") if (line := " ".join(part.split()))]
    stated = {name: value for name, value in _labelled(lines).items() if _may_be(name, value)}
    nature = stated.get("nature", "")
    deadline = _find_deadline(title, lines) if kind in _WANTED else None
    if deadline is not None and published is not None and deadline.text <= published.text[:DAY_LENGTH]:
        deadline = None
    return ItemText(
        buyer_name=stated.get("buyer_name"),
        places=tuple(_places(stated)),
        reference=stated.get("reference"),
        codes=codes_among(_LISTED.split(stated.get("cpv", ""))),
        nature=nature if _NATURE.fullmatch(nature) is not None else None,
        deadlines=(deadline,) if deadline is not None else (),
    )


def _may_be(name: str, value: str) -> bool:
    """Tell whether a value can be a buyer's name or a purchase's number; other facts are judged later."""
    if name == "buyer_name":
        return _NO_NAME.search(plain(value)) is None
    return name != "reference" or _NUMBER.fullmatch(value) is not None


def _labelled(lines: Sequence[str]) -> dict[str, str]:
    """Return the value behind each label; one that stands twice with two values says nothing."""
    found: dict[str, set[str]] = {}
    for name, value in _values(lines):
        found.setdefault(name, set()).add(value)
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _values(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    parts = [piece.strip(" -–•*") for part in _parts(lines) for piece in _NEXT_LABEL.split(part)]
    for part, following in pairwise([*parts, ""]):
        if ":" not in part[:_LONGEST_LABEL]:
            continue
        words = plain(part[:_LONGEST_LABEL])
        for name, label in _LABELS.items():
            value = _behind(label, part, words)
            if value == "":
                # A list of definitions has the value on a line of its own.
                value = following if ":" not in following else ""
            if value and len(value) <= _LONGEST_VALUE:
                yield name, value
                break


def _parts(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield from line.split("|")


def _behind(label: re.Pattern[str], part: str, words: str) -> str | None:
    """Return what stands behind a label and its colon, None where the part does not begin so.

    Args:
        label: As ``compile_spelt`` made it.
        part: Of a line, as it is written.
        words: Its beginning, made plain.
    """
    found = label.match(words)
    colon = _COLON.match(part, found.end()) if found is not None else None
    return part[colon.end() :].strip() if colon is not None else None


def _places(stated: dict[str, str]) -> list[RawPlace]:
    if "place" in stated:
        text = stated["place"]
        listed = [text] if _PLACE.fullmatch(text) is not None else _LISTED.split(text)
        numbered = [place for each in listed if (place := _numbered(each)) is not None]
        return numbered if len(numbered) == len(listed) else [RawPlace(commune=text)]
    named = _departements(stated["departement"]) if "departement" in stated else ()
    numbers = [(_numbered(each) or RawPlace(departement=each)).departement for each in named]
    return [RawPlace(departement=number) for number in numbers]


def _numbered(text: str) -> RawPlace | None:
    """Return a place that begins with a département's number: "(35) Kerlann", "35 - Kerlann"."""
    if (named := _NAMED_FIRST.fullmatch(text)) is not None:
        return RawPlace(departement=named["departement"], commune=named["commune"])
    found = _PLACE.fullmatch(text)
    number = None if found is None else found["departement"] or found["bracketed"]
    return None if found is None else RawPlace(departement=number, commune=found["commune"])


def _departements(text: str) -> Iterator[str]:
    """Yield what a list of départements names; "Indre et Loire" is one of them, not Indre and Loire."""
    for part in _LISTED.split(text):
        named = _AND.split(part)
        is_one = find_departement(part) is not None or None in map(find_departement, named)
        yield from [part] if is_one else named


def _find_deadline(title: str, lines: Sequence[str]) -> RawTime | None:
    """Return the one last day for offers of the whole purchase, None where none or several are stated."""
    sentences = list(_sentences(title, lines))
    found = {deadline for part in sentences for deadline in _in_part(part)}
    only = next(iter(found)) if len(found) == 1 else None
    if only is not None and (len(only.text) > DAY_LENGTH or not any(map(_tells_hour_alone, sentences))):
        return only
    # A correction names the old day, too, and an hour may stand below its day: to be read together.
    of_all = find_new_deadlines("\n".join([title, *lines])) if found else ()
    return RawTime(of_all[0].after, Clock.PARIS) if len(of_all) == 1 and of_all[0].lots == () else None


def _tells_hour_alone(part: str) -> bool:
    words = plain(part)
    return HOUR_ALONE.search(words) is not None and DATE.search(words) is None


def _sentences(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield what may state a deadline; a label alone on its line goes with the next line."""
    waiting = ""
    for part in (title, *_parts(lines)):
        whole = f"{waiting} {part.strip()}".strip()
        waiting = whole if whole.endswith(":") else ""
        if not waiting:
            yield from SENTENCE_END.split(whole)


def _in_part(part: str) -> Iterator[RawTime | None]:
    """Yield the last day that a part states; None where it states one that cannot be told."""
    if _DIGIT.search(part) is None:
        return
    words = plain(part)
    if DATE.search(words) is None or SPEAKS_OF_OTHERS.search(words) is not None:
        return
    label = CLOSES.match(words)
    if label is None and SPEAKS_OF_DEADLINE.search(words) is None:
        return
    deadline = _deadline_in(part, part[label.end() :] if label is not None else None)
    may_be_of_contract = label is not None and label["of_contract"] is not None
    is_told = deadline is None or len(deadline.text) > DAY_LENGTH or not may_be_of_contract
    yield deadline if is_told else None


def _deadline_in(part: str, value: str | None) -> RawTime | None:
    """Return the last day that a part states; *value* is what stands behind its label, if it has one."""
    moment = part.partition(":")[2].strip()
    if moment[:4].isdigit() and is_iso(moment := as_iso(moment)):
        return RawTime(moment)
    found = find_new_deadlines(part if value is None else f"Date limite : {value}")
    is_of_whole = len(found) == 1 and found[0].lots == ()
    return RawTime(found[0].after, Clock.PARIS) if is_of_whole else None
