"""Tell whether two notices speak of one purchase by what they say alone: buyer, day and title.

In:   two notices.
Out:  how alike their titles are, of 100; None when a stated fact speaks against it.

Titles that differ by a word on either side ("école Kennedy", "école Kergomard") or by a number
("lot 1", "lot 2"; "2025", "2026") are two purchases, however many other words they share.  A title
that a source cut off is compared as far as it goes.  A town, its hospital and its welfare centre share
their name and buy the same things on the same day: buyers are compared by what kind of body they are, too.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import token_sort_ratio

from alerting.domain.deadlines import in_paris
from alerting.domain.notice import Notice, NoticeKind


# Of 100, once no word or number speaks against it.
SAME_TITLE = 85.0
# Sources cut titles at 200 characters; one that is shorter by much and a beginning of the other was cut.
_CUT_LENGTH = 150
# Two statements of one value may differ by rounding, not by more than this part.
_SAME_VALUE = 0.01
_SIREN_DIGITS = 9
# Words that are alike but for an ending or a slip: "étude" and "études".
_SAME_WORD = 0.75
_SHORT_WORD = 3
# An abbreviation has so many letters at least.
_INITIALS = 2
# A number of the file that a source writes before the title: "2026-T04 - ".
_LEAD = re.compile(r"\s*(?=[^\s]*\d)[\w/.\-]{4,}\s*[-–—:]\s+")
_ASIDE = re.compile(r"\([^)]*\)")
_EMPTY_TEXT = """
le la les l un une des de du d et en a au aux pour par sur dans avec sans ou ce cet cette ces son sa ses
relatif relative relatifs relatives concernant portant objet marche marches public publics travaux
mission missions prestation prestations service services realisation fourniture fournitures accord cadre
lot lots avis appel offres consultation procedure adaptee projet operation
"""
EMPTY_WORDS = frozenset(_EMPTY_TEXT.split())
_BUYER_TEXT = """
le la les l de du des d et en a au aux ville mairie commune communaute communes agglomeration metropole
departement conseil departemental general regional region syndicat mixte intercommunal intercommunale office
public service services direction centre hospitalier hopital communal action sociale ccas cias ch chu chru
cc ca cu sa sas sarl epci oph republique francaise
"""
_BUYER_WORDS = frozenset(_BUYER_TEXT.split())
# What kind of body a buyer is, by a word of its name; the first that fits: "centre hospitalier regional".
_BODIES = (
    ("welfare", "ccas cias sociale"),
    ("care home", "ehpad retraite"),
    ("hospital", "hospitalier hospitaliere hopital hopitaux hospices chu chru ch ghu ght"),
    ("school", "lycee lycees college colleges ecole ecoles crous universite"),
    ("fire", "sdis incendie"),
    ("housing", "oph opac hlm habitat office offices"),
    ("company", "spl spla sem semop regie sa sas sarl"),
    ("syndicate", "syndicat syndicats sivom sivu smictom sictom siaep siva"),
    ("communes", "communaute agglomeration agglo metropole epci intercommunalite cc ca cu"),
    ("region", "region regional regionale"),
    ("département", "departement departemental departementale"),
    ("town", "commune mairie ville"),
)
_BODY_OF = {word: (rank, name) for rank, (name, text) in enumerate(_BODIES) for word in text.split()}
# Short as they are, two of these are two purchases: "mission SPS", "mission CT".
_MISSIONS = frozenset({"sps", "ct", "opc", "amo", "moe", "ssi", "vrd", "cvc"})
_LOT_WORDS = frozenset({"lot", "tranche", "phase"})
_LIGATURES = {"œ": "oe", "Œ": "oe", "ß": "s", "æ": "e", "Æ": "e"}


def find_likeness(notice: Notice, other: Notice) -> float | None:
    """Return how alike two notices of one buyer and day are worded; None when they are two purchases."""
    return find_likeness_of_day(notice, other) if same_day(notice, other) else None


def find_likeness_of_day(notice: Notice, other: Notice) -> float | None:
    """Return what ``find_likeness`` does, of two notices whose deadlines are known to lie on one day."""
    if not same_buyer(notice, other) or is_contradicted(notice, other):
        return None
    title, other_title = _title(notice.title), _title(other.title)
    if are_calls_of_one_feed(notice, other):
        return 100.0 if title.text == other_title.text else None
    return _alike(title, other_title)


def is_alike(notice: Notice, other: Notice) -> bool:
    """Tell whether two notices are worded as one purchase is."""
    likeness = _alike(_title(notice.title), _title(other.title))
    return likeness is not None and likeness >= SAME_TITLE


def have_other_lots(notice: Notice, other: Notice) -> bool:
    """Tell whether both titles name lots, and none that the other names, too."""
    first, second = _title(notice.title).lots, _title(other.title).lots
    return bool(first) and bool(second) and first.isdisjoint(second)


def same_day(notice: Notice, other: Notice) -> bool:
    """Tell whether both state a deadline, on one day in Paris."""
    if notice.deadline_at is None or other.deadline_at is None:
        return False
    return day_in_paris(notice.deadline_at) == day_in_paris(other.deadline_at)


@lru_cache(maxsize=20_000)
def day_in_paris(moment: datetime) -> date:
    """Return the day on which an aware moment falls in Paris."""
    return in_paris(moment).date()


def read_moment(text: str | None) -> datetime | None:
    """Return the moment that a change's side states in UTC; None where it is none, or has no offset."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def same_buyer(notice: Notice, other: Notice) -> bool:
    """Tell whether one buyer published both: by SIREN where both state it, else by name."""
    first, second = siren_of(notice), siren_of(other)
    if first is not None and second is not None:
        return first == second
    name, other_name = _named(_buyer_name(notice)), _named(_buyer_name(other))
    if not name.words or not other_name.words:
        return name.text == other_name.text != ""
    return name.words == other_name.words and not contradict(name.body, other_name.body)


def are_other_buyers(notice: Notice, other: Notice) -> bool:
    """Tell whether both name a buyer and the names clearly differ: no word of their own is shared.

    One legal unit is one buyer whatever its names are; an abbreviation is no other name ("SDIS 35").
    """
    first, second = siren_of(notice), siren_of(other)
    if first is not None and first == second:
        return False
    name, other_name = _named(_buyer_name(notice)), _named(_buyer_name(other))
    if not name.words or not other_name.words:
        return False
    return not (
        any(_is_same_word(one, two) for one in name.words for two in other_name.words)
        or _is_shortened(name, other_name)
        or _is_shortened(other_name, name)
    )


def _is_same_word(word: str, other: str) -> bool:
    return Levenshtein.normalized_similarity(word, other, score_cutoff=_SAME_WORD) > 0


def _is_shortened(name: _Name, other: _Name) -> bool:
    """Tell whether a word of a name is made of the initials of the other: two at least, in their order."""
    initials = "".join(word[0] for word in other.text.split())
    return any(len(word) >= _INITIALS and _is_in_order(word, initials) for word in name.words)


def _is_in_order(signs: str, text: str) -> bool:
    left = iter(text)
    return all(sign in left for sign in signs)


def siren_of(notice: Notice) -> str | None:
    """Return the first nine digits of the buyer's SIRET: the legal unit, not the establishment."""
    return notice.buyer.siret[:_SIREN_DIGITS] if notice.buyer is not None and notice.buyer.siret else None


def is_contradicted(notice: Notice, other: Notice) -> bool:
    """Tell whether a stated fact speaks against one purchase, however alike the words are."""
    return (
        contradict(notice.procedure_key, other.procedure_key)
        or _references_differ(notice.internal_reference, other.internal_reference)
        or (bool(notice.lots) and bool(other.lots) and len(notice.lots) != len(other.lots))
        or _values_differ(notice, other)
        or _places_differ(notice, other)
        or (are_calls_of_one_feed(notice, other) and notice.deadline_at != other.deadline_at)
    )


def contradict(first: str | None, second: str | None) -> bool:
    """Tell whether both are stated and differ."""
    return bool(first) and bool(second) and first != second


@lru_cache(maxsize=20_000)
def fold(text: str | None) -> str:
    """Return a text's words without accents, case and marks.

    >>> fold("Réfection de l’École n°2")
    'refection de l ecole n 2'
    """
    return " ".join(_fold_words(text)) if text else ""


def _fold_words(text: str) -> list[str]:
    try:
        plain = text.encode("latin-1").translate(_FOLDED).decode("ascii")
    except UnicodeEncodeError:
        plain = "".join(map(_fold_sign, unicodedata.normalize("NFKC", text)))
    return plain.split()


@lru_cache(maxsize=1_000)
def _fold_sign(sign: str) -> str:
    """Return a sign's letter or digit without accent and case; a blank for any other sign."""
    plain = _LIGATURES.get(sign) or unicodedata.normalize("NFKD", sign)[0].lower()
    return plain if plain.isascii() and plain.isalnum() else " "


# A text of the signs of Latin-1, as most are, is folded by one look-up a byte.
_FOLDED = "".join(_fold_sign(chr(byte)) for byte in range(256)).encode()


def buyer_key(notice: Notice) -> frozenset[str] | str:
    """Return what notices of one buyer share without a SIREN: the words of its name that are its own.

    A name without such words is taken whole; "" where there is none.
    """
    name = _buyer_name(notice)
    return _named(name).words or fold(name)


def _buyer_name(notice: Notice) -> str:
    return (notice.buyer.name or "") if notice.buyer is not None else ""


class _Name(NamedTuple):
    """A buyer's name: its words, those that are its own, and what kind of body they name; None if none."""

    text: str
    words: frozenset[str]
    body: str | None


@lru_cache(maxsize=20_000)
def _named(name: str) -> _Name:
    words = _fold_words(_ASIDE.sub(" ", name) if "(" in name else name)
    own, bodies = [], []
    for word in words:
        if word in _BODY_OF:
            bodies.append(_BODY_OF[word])
        if word not in _BUYER_WORDS and not word.isdigit():
            own.append(word)
    return _Name(" ".join(words), frozenset(own), min(bodies)[1] if bodies else None)


def are_calls_of_one_feed(notice: Notice, other: Notice) -> bool:
    """Tell whether one feed carries both as calls: words that are but alike make them no one purchase."""
    return (
        notice.feed_id == other.feed_id and notice.kind is NoticeKind.CALL and other.kind is NoticeKind.CALL
    )


class _Title(NamedTuple):
    """A title's words without accents, case and marks, and the lots that it names ("lot 2", "lot n 2").

    The number of the file before the words is left away.
    """

    text: str
    lots: frozenset[str]


@lru_cache(maxsize=20_000)
def _title(title: str) -> _Title:
    lead = _LEAD.match(title)
    words = _fold_words(title if lead is None else title[lead.end() :])
    lots = frozenset() if _LOT_WORDS.isdisjoint(words) else _lot_numbers(words)
    return _Title(" ".join(words), lots)


def _alike(first: _Title, second: _Title) -> float | None:
    if first.lots != second.lots:
        return None
    short, long = sorted((first.text, second.text), key=len)
    if short == long or (len(short) >= _CUT_LENGTH and long.startswith(short)):
        return 100.0
    if f" {short} " in f" {long} ":
        # What the ratio of the two comes to; a title within the other has no word that it lacks.
        return (1 - (len(long) - len(short)) / (len(long) + len(short))) * 100
    if _have_own_words(_words_of(short), _words_of(long)):
        return None
    return token_sort_ratio(short, long)


@lru_cache(maxsize=20_000)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _have_own_words(words: frozenset[str], other_words: frozenset[str]) -> bool:
    """Tell whether each of two titles has a number, or each a telling word, that the other lacks."""
    own, other_own = words - other_words, other_words - words
    if _has_own_number(own, other_words) and _has_own_number(other_own, words):
        return True
    if own & _MISSIONS and other_own & _MISSIONS:
        return True
    return _has_own_word(own, other_words) and _has_own_word(other_own, words)


def _has_own_number(own: frozenset[str], other_words: frozenset[str]) -> bool:
    """Tell whether any word with a digit ("2", "b100") is none of the others, but for zeros before it."""
    numbers = {word.lstrip("0") for word in own if not word.isalpha()}
    return bool(numbers) and not numbers <= {word.lstrip("0") for word in other_words if not word.isalpha()}


def _lot_numbers(words: list[str]) -> frozenset[str]:
    found = set()
    for position, word in enumerate(words):
        if word in _LOT_WORDS:
            following = [each for each in words[position + 1 : position + 3] if each.isdigit()]
            found.update(following[:1])
    return frozenset(found)


def _has_own_word(own: frozenset[str], other_words: frozenset[str]) -> bool:
    """Tell whether any telling word is like none of the others."""
    for word in own - EMPTY_WORDS:
        is_telling = len(word) > _SHORT_WORD and word.isalpha()
        if is_telling and not any(_is_same_word(word, each) for each in other_words):
            return True
    return False


def _references_differ(first: str | None, second: str | None) -> bool:
    return bool(first) and bool(second) and contradict(fold(first), fold(second))


def _places_differ(notice: Notice, other: Notice) -> bool:
    """Tell whether the work is done elsewhere: in other communes, at other postcodes, in other départements.

    Where no place that both state decides, buyers of other départements speak against it, too, unless a SIREN
    says that they are one: a buyer of all France may publish from its seat.
    """
    if notice.places and other.places:
        are_apart = _stated_apart(notice, other, "departement")
        for name in ("commune", "postcode"):
            differ = _stated_apart(notice, other, name)
            if differ is not None:
                return differ or are_apart is True
        if are_apart is not None:
            return are_apart
    if notice.buyer is None or other.buyer is None or (notice.buyer.siret and other.buyer.siret):
        return False
    return contradict(notice.buyer.departement, other.buyer.departement)


def _stated_apart(notice: Notice, other: Notice, name: str) -> bool | None:
    """Tell whether the places of two notices share no value of a field; None where one states none."""
    first, second = ({fold(getattr(place, name)) for place in one.places} - {""} for one in (notice, other))
    if not first or not second:
        return None
    return not any(_is_within(one, two) for one in first for two in second)


def _is_within(name: str, other: str) -> bool:
    """Tell whether one name has all words of the other: "Paris", "Paris 12e"."""
    words, other_words = set(name.split()), set(other.split())
    return words <= other_words or other_words <= words


def _values_differ(notice: Notice, other: Notice) -> bool:
    """Tell whether two values are none of one purchase; what was paid is seldom what was estimated.

    Nor is it of two awards: one may state what was paid for a lot, the other what was estimated for all.
    """
    is_paid = NoticeKind.AWARD in {notice.kind, other.kind}
    if notice.value is None or other.value is None or is_paid:
        return False
    first, second = notice.value, other.value
    if first.currency != second.currency:
        return True
    larger = max(first.amount_cents, second.amount_cents)
    return abs(first.amount_cents - second.amount_cents) > larger * _SAME_VALUE
