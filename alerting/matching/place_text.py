"""Read a place text: every commune, département and area that it names.

In:   a text as a notice states it, and what the notice states beside it.
Out:  all that it names, in its order; what cannot be told is left out.

A text falls into parts, at commas, brackets and dashes, and at "et" and "ou".  A part that is a name, perhaps
after "Ville de" or "communes de", is looked for in all of France; what stands in running text only in the
départements that are known, written as names are: with a capital, with its article, and not after a street.
A number is a département's after "départements", in brackets after a name, beside the name of a commune that
lies there, or where the text is numbers alone; "rue du 8 mai 45" and "Bâtiment 12" name none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from alerting.reference.communes import (
    ARTICLES,
    Commune,
    arrondissements,
    bare_key,
    city_of_departement,
    commune_key,
    communes_named,
    communes_of_key,
    folded_words,
    whole_cities,
)
from alerting.reference.letters import plain
from alerting.reference.nuts import (
    FRANCE,
    areas_by_name,
    current_nuts,
    departement_name,
    departement_of_postcode,
    departements_of_nuts,
)
from alerting.reference.place_words import (
    ANNOUNCING_COMMUNES,
    ANNOUNCING_DEPARTEMENTS,
    ANNOUNCING_REGIONS,
    AREAS_IN_DOUBT,
    ARTICLE_IN,
    COMMON_NOUNS,
    LINKS,
    NOUNS_BEFORE_OF,
    OF_ALL_FRANCE,
    OF_AREAS,
    OF_BUILDINGS,
    OF_COMMUNES,
    OF_FRANCE,
    OF_STREETS,
)


MOST_WORDS = 7
_WORDS_AROUND = 4
_ARRONDISSEMENT = "Arrondissement"
SHORTEST_NAME = 4
# "44000", "44 000"; an amount has its unit: "28 000 m2", "15 000 EUR".
_POSTCODE = re.compile(
    r"(?<!\d)(?<!\d )\d{2} ?\d{3}(?![\d]|\s*(?:m2|m²|m3|eur|euros?|€|hab|habitants|ha|km|kg|t|h)(?!\w))",
    re.IGNORECASE,
)
_NUTS = re.compile(r"\bFR[A-Z0-9]{0,3}\b")
_CUT = re.compile(r"([,;:()\[\]/\n•]|\s[-–—]\s?|(?<=\w)[-–—]\s|(?<=[^\W_]{3})\.(?=\s|$))")
_AND = re.compile(r"\s+(?:et|ou|ainsi que|puis|&|\+)\s+", re.IGNORECASE)
_CODE = r"(?:\d{2}|9[78]\d|2[AB])"
_CODES = re.compile(rf"(?<![\w.]){_CODE}(?![\w.]*\w)", re.IGNORECASE)
_RANGE = re.compile(r"(?<!\d)(\d{2})\s*(?:à|au|-|–)\s*(\d{2})(?!\d)")
_TRAILING_NUMBER = re.compile(r"\s\d+\s*$")
_WORD = re.compile(r"[^\W_]+")
_OF_WIDE_AREAS = ANNOUNCING_DEPARTEMENTS | ANNOUNCING_REGIONS
_NOUNS = {plain(noun): noun for noun in COMMON_NOUNS}
_ORDINAL = r"0?\d{1,2}\s*(?:(?:er|ere|e|eme|ieme)(?![a-z]))"
_ORDINALS = rf"{_ORDINAL}?(?:\s*(?:,|et|a|&|/)\s*{_ORDINAL}?)*"
_ARRONDISSEMENTS = re.compile(
    rf"\b({_ORDINALS})\s*arr(?:ondissements?)?\b|\barr(?:ondissements?)\s+({_ORDINALS})"
    rf"|\b(?:paris|lyon|marseille)\s*[-–—(]?\s*({_ORDINAL}(?:\s*(?:,|et|a|&|/)\s*{_ORDINAL})*)\b"
)
_NUMBER_OR_TO = re.compile(r"\d+|\ba\b")


@dataclass(frozen=True, slots=True)
class NamedPlaces:
    """What a text names.

    Args:
        communes: Each once.
        postcodes: Those of no commune that is named.
        departements: By number or name; not that of a commune beside which it stands.
        areas: NUTS codes of régions and the like.
        namesakes: The communes of names that several bear, where no other is named.
        is_france: Whether it names France and no less.
        says_all: Whether it says "all of France".
    """

    communes: tuple[Commune, ...] = ()
    postcodes: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    namesakes: tuple[Commune, ...] = ()
    is_france: bool = False
    says_all: bool = False


@dataclass(slots=True)
class _Part:
    """One part of a text, and what was found of it.

    Args:
        text: As published, without postcodes.
        is_joined: Whether "et" stands before it.
        in_brackets: Whether a bracket does.
        codes, postcodes: The numbers in it that may be départements', and those of five digits.
        is_list: Whether its numbers are départements by themselves.
        is_claimed: Whether they belong to a commune that is named.
        communes, namesakes, areas: What it names; areas by NUTS code.
    """

    text: str
    is_joined: bool = False
    in_brackets: bool = False
    codes: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    is_list: bool = False
    is_claimed: bool = False
    communes: list[Commune] = field(default_factory=list)
    namesakes: tuple[Commune, ...] = ()
    areas: list[str] = field(default_factory=list)

    @property
    def is_code(self) -> bool:
        """Tell whether it is a number or a postcode and nothing else."""
        return bool(self.codes or self.postcodes) and not _WORD.search(_CODES.sub(" ", self.text))


def read_place_text(text: str, *, stated: str | None, postcode: str | None, home: str | None) -> NamedPlaces:
    """Return what a text names.

    Args:
        text: As published.
        stated: The département that the notice states beside it.
        postcode: The same.
        home: The buyer's département.
    """
    parts = list(_parts(text))
    _read_lists(parts)
    known = _known(parts, stated, home)
    areas_said = [number for number, part in enumerate(parts) if _area(part) or _is_of_areas(part)]
    before = None
    for number, (part, after) in enumerate(zip(parts, [*parts[1:], None], strict=False)):
        if not part.is_list and not part.is_code:
            is_of_areas = _is_of_areas(part) or any(other != number for other in areas_said)
            name = _Name(stated, postcode, _hints(before, part, after), known, is_alone=len(parts) == 1)
            _read_part(part, before, name, is_of_areas=is_of_areas)
        before = part
    return _together(text, parts)


def _is_of_areas(part: _Part) -> bool:
    """Tell whether a part says that départements or régions are named."""
    return not _OF_WIDE_AREAS.isdisjoint(folded_words(part.text))


@cache
def _areas() -> dict[str, str]:
    """Return the NUTS codes of régions and départements by the words of their names."""
    return {" ".join(_without(OF_AREAS, name)): code for name, code in areas_by_name().items()}


@cache
def _areas_by_key() -> dict[str, str]:
    return {commune_key(name): code for name, code in areas_by_name().items()}


def _parts(text: str) -> Iterator[_Part]:
    pieces = _CUT.split(text)
    for number in range(0, len(pieces), 2):
        in_brackets = number > 0 and pieces[number - 1].strip() in {"(", "["}
        for at, one in enumerate(_joined(pieces[number])):
            if one.strip():
                yield _part(one, is_joined=at > 0, in_brackets=in_brackets)


def _joined(piece: str) -> Iterator[str]:
    """Yield what an "et" joins, but for names that have one: "Arc-et-Senans", "Ille et Vilaine"."""
    start = 0
    for found in _AND.finditer(piece):
        if not _is_in_name(piece[start : found.start()], piece[found.end() :]):
            yield piece[start : found.start()]
            start = found.end()
    yield piece[start:]


def _is_in_name(before: str, after: str) -> bool:
    """Tell whether an "et" between two texts is part of a commune's or an area's name."""
    left, right = folded_words(before)[-_WORDS_AROUND:], folded_words(after)[:_WORDS_AROUND]
    names = (
        " ".join([*left[start:], "et", *right[:stop]])
        for start in range(len(left))
        for stop in range(1, len(right) + 1)
    )
    return any(name in _areas_by_key() or communes_named(name) for name in names)


def _part(text: str, *, is_joined: bool, in_brackets: bool) -> _Part:
    postcodes = tuple(found.replace(" ", "") for found in _POSTCODE.findall(text))
    rest = _POSTCODE.sub(" ", text)
    codes = tuple(
        code for found in _CODES.findall(rest) if departement_name(code := found.upper()) is not None
    )
    return _Part(rest, is_joined, in_brackets, codes, postcodes)


def _read_lists(parts: Sequence[_Part]) -> None:
    """Mark what is a list of départements: numbers after that word, and a text of numbers alone."""
    is_all = all(part.is_code and not part.postcodes for part in parts)
    in_list = is_joined = False
    for part in parts:
        words = folded_words(part.text)
        announced = next((at for at, word in enumerate(words) if word in ANNOUNCING_DEPARTEMENTS), None)
        if announced is not None:
            after = [word for word in words[announced + 1 :] if word not in OF_AREAS]
            in_list = not after or after[0].upper() in part.codes
            part.is_list = in_list and bool(after)
            is_joined = part.is_joined
        else:
            in_list = (in_list or is_all) and part.is_code and not part.postcodes
            part.is_list = in_list
            # "Rennes et les départements 22, 56": both; "Rennes, départements 35 et 44": one tells the other.
            part.is_joined = is_joined if in_list else part.is_joined
        if part.is_list:
            part.codes = tuple(dict.fromkeys((*part.codes, *_ranges(part.text))))


def _ranges(text: str) -> Iterator[str]:
    for first, last in _RANGE.findall(text):
        yield from (
            code
            for number in range(int(first), int(last) + 1)
            if departement_name(code := f"{number:02}") is not None
        )


def _known(parts: Sequence[_Part], stated: str | None, home: str | None) -> tuple[str, ...]:
    """Return the départements in which names in running text are looked for."""
    own = [] if stated is None else [stated]
    own += [code for part in parts if part.is_list or part.in_brackets for code in part.codes]
    own += [
        code
        for part in parts
        for postcode in part.postcodes
        if (code := departement_of_postcode(postcode)) is not None
    ]
    own += [
        departement
        for part in parts
        if (area := _area(part)) is not None and len(within := departements_of_nuts(area)) == 1
        for departement in within
    ]
    if home is not None and stated is None:
        own.append(home)
    return tuple(dict.fromkeys(own))


def _hints(before: _Part | None, part: _Part, after: _Part | None) -> tuple[_Part, ...]:
    """Return a part and the numbers beside it: what follows, or what goes before and is nobody's yet."""
    found = [part]
    if after is not None and after.is_code and not after.is_list:
        found.append(after)
    if (
        before is not None
        and before.is_code
        and not (before.is_list or before.in_brackets or before.is_claimed)
    ):
        found.append(before)
    return tuple(found)


def _read_part(part: _Part, before: _Part | None, name: _Name, *, is_of_areas: bool) -> None:
    """Note what a part names; what is the name of a commune and of an area is both."""
    text = _without_nuts(part, name.known)
    area = _area(part) or _area_in_doubt(part, name.known, is_of_areas=is_of_areas)
    is_of_street = part.is_joined and before is not None and _ends_in_street(before)
    is_area = area is not None and is_of_areas and not _is_city(area)
    commune = None if is_of_street or is_area else name.find(text)
    if commune is not None and (area is None or _is_spelled(commune, text)):
        part.communes.append(commune)
        name.claim(commune)
    part.namesakes = name.namesakes
    if area is not None and not (part.communes and name.is_told(area, part.communes[0])):
        part.areas.append(area)
        part.is_joined |= bool(part.communes)
    elif not part.communes:
        part.areas += _areas_within(text)
        for departement in name.known:
            part.communes += _communes_within(text, departement, starts_in_street=is_of_street)


class _Name:
    """What a part that is a name means: one commune, or several of the name."""

    def __init__(
        self,
        stated: str | None,
        postcode: str | None,
        hints: tuple[_Part, ...],
        known: tuple[str, ...],
        *,
        is_alone: bool,
    ) -> None:
        self.known = known
        self._stated = stated
        self._hints = hints
        self._codes = [code for hint in hints for code in hint.codes]
        self._beside = [code for hint in hints for code in hint.postcodes]
        self._postcodes = self._beside + ([] if postcode is None else [postcode])
        self._is_alone = is_alone
        self.namesakes: tuple[Commune, ...] = ()

    def find(self, text: str) -> Commune | None:
        """Return the commune that the whole of a text names."""
        for form, is_announced in _forms(text):
            named = tuple(
                one for one in communes_named(form) if self._may_be(one, form, is_announced=is_announced)
            )
            if (found := self._one_of(named)) is not None:
                return self._arrondissement(found)
            if len(named) > 1 and self._stated is None:
                self.namesakes = named
        return None

    def is_told(self, area: str, commune: Commune) -> bool:
        """Tell whether an area that bears a commune's name is that commune, or the commune alone is meant."""
        is_elsewhere = self._stated not in departements_of_nuts(area)
        return _is_city(area) or (is_elsewhere and commune.departement == self._stated)

    def claim(self, commune: Commune) -> None:
        """Note that the numbers beside the name are this commune's, where they are."""
        for hint in self._hints:
            of_postcodes = {departement_of_postcode(code) for code in hint.postcodes}
            hint.is_claimed |= commune.departement in {*hint.codes, *of_postcodes}

    def _may_be(self, commune: Commune, form: str, *, is_announced: bool) -> bool:
        """Tell whether a commune may be meant: no postcode beside it is another's, it is no mere noun."""
        is_exact = commune_key(commune.name) == commune_key(form)
        postcodes = self._beside or self._postcodes
        if postcodes and not self._has_postcode(commune, postcodes):
            return False
        if self._stated is not None and commune.departement != self._stated and not is_exact:
            return False
        if not _is_common(form) or set(commune.postcodes).intersection(self._postcodes):
            return True
        if is_announced:
            return is_exact
        is_near = commune.departement in {self._stated, *self.known, *self._codes}
        return is_exact and _has_article(form) and (is_near or self._is_alone)

    def _one_of(self, named: tuple[Commune, ...]) -> Commune | None:
        """Return the one that is meant: of the postcode, of the number beside it, of the département ..."""
        for narrower in (
            [one for one in named if set(one.postcodes).intersection(self._postcodes)],
            [one for one in named if one.departement in self._codes],
            [one for one in named if self._has_postcode(one, self._postcodes)],
            [one for one in named if one.departement == self._stated],
            list(named),
            [one for one in named if one.departement in self.known],
        ):
            if len(narrower) == 1:
                return narrower[0]
        return None

    def _has_postcode(self, commune: Commune, postcodes: Sequence[str]) -> bool:
        """Tell whether a postcode is a commune's, or one of its département."""
        return any(
            code in commune.postcodes or departement_of_postcode(code) == commune.departement
            for code in postcodes
        )

    def _arrondissement(self, commune: Commune) -> Commune:
        """Return the arrondissement of a city that a postcode beside its name tells."""
        within = arrondissements(commune)
        found = [one for one in within if set(one.postcodes).intersection(self._postcodes)]
        return found[0] if len(found) == 1 else commune


def _forms(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text as a name may stand in it: whole, without an office's number, without what leads to it.

    With each goes whether it is announced as a commune's: "ville de ..." is, "place de ..." not.
    """
    yield text, False
    without_number = _TRAILING_NUMBER.sub(" ", text.rstrip(" ."))
    yield without_number, False
    published, words = _WORD.findall(without_number), folded_words(without_number)
    if len(published) != len(words):
        return
    for start, word in enumerate(words[:-1]):
        if word not in OF_COMMUNES:
            return
        rest = " ".join(published[start + 1 :])
        is_announced = _is_announced(words, start + 1, ANNOUNCING_COMMUNES)
        article = ARTICLE_IN.get(word)
        if article is not None and published[start + 1][0].isupper():
            yield f"{article.title()} {rest}", is_announced
        yield rest, is_announced


def _is_common(form: str) -> bool:
    """Tell whether a form is a noun, with an article or without, and not a name's own spelling of it."""
    key = bare_key(commune_key(form))
    noun = _NOUNS.get(key)
    if noun is None:
        return False
    written = form.strip(" .").casefold().split()[-1].split("'")[-1].split("’")[-1]
    return written in {noun, key}


def _has_article(form: str) -> bool:
    """Tell whether a form begins with an article, as names do: with a capital."""
    first = _WORD.search(form)
    return first is not None and first.group()[0].isupper() and plain(first.group()) in ARTICLES


def _is_spelled(commune: Commune, text: str) -> bool:
    """Tell whether a commune's name is written as it is, accents and all: Loiré is not the Loire."""
    name = commune.name.partition(" ")[0] if commune.name.endswith(_ARRONDISSEMENT) else commune.name
    return name.casefold() in text.casefold()


def _area(part: _Part) -> str | None:
    """Return the code of the area that a part names with all its words."""
    words = folded_words(part.text)
    name = " ".join(word for word in words if word not in OF_AREAS and not word.isdigit())
    code = _areas().get(name)
    if code is None:
        return None
    numbers = [word for word in words if word.isdigit()]
    if name in AREAS_IN_DOUBT and not _is_of_areas(part) and not numbers:
        return None
    return code if not numbers or numbers == [*departements_of_nuts(code)] else None


def _is_city(area: str) -> bool:
    return any(city_of_departement(one) is not None for one in departements_of_nuts(area)[:1])


def _area_in_doubt(part: _Part, known: tuple[str, ...], *, is_of_areas: bool) -> str | None:
    """Return the code of the Nord or the Lot where other areas are named, or they are known to be meant."""
    name = " ".join(word for word in folded_words(part.text) if word not in OF_AREAS)
    code = _areas().get(name) if name in AREAS_IN_DOUBT else None
    is_meant = code is not None and (is_of_areas or not {*known}.isdisjoint(departements_of_nuts(code)))
    return code if is_meant else None


def _areas_within(text: str) -> Iterator[str]:
    """Yield the areas that stand in running text: names of several words, others after "département"."""
    published, words = _WORD.findall(text), folded_words(text)
    if len(published) != len(words):
        return
    end = 0
    for start, word in enumerate(published):
        if start < end or not word[0].isupper() or _is_no_place(words, start):
            continue
        for stop in range(min(len(words), start + MOST_WORDS), start, -1):
            code = _areas_by_key().get(" ".join(words[start:stop]))
            if code is not None and (stop - start > 1 or _is_announced(words, start, _OF_WIDE_AREAS)):
                end = stop
                yield code
                break


def _is_announced(words: Sequence[str], start: int, by: Collection[str]) -> bool:
    """Tell whether one of some words leads to a name: "département de ...", "commune du ..."."""
    before = _before_links(words, start)
    return before is not None and words[before] in by


def _communes_within(text: str, departement: str, *, starts_in_street: bool) -> Iterator[Commune]:
    """Yield the communes of a département that stand in running text, written as names are."""
    published, words = _WORD.findall(text), folded_words(text)
    if len(published) != len(words):
        return
    end = 0
    for start, word in enumerate(published):
        if start < end or not word[0].isupper() or words[start] in ARTICLES or _is_no_place(words, start):
            continue
        if starts_in_street and _before_links(words, start) is None:
            continue
        for stop in range(min(len(words), start + MOST_WORDS), start, -1):
            key = " ".join(words[start:stop])
            named = communes_of_key(key, departement=departement) if len(key) >= SHORTEST_NAME else ()
            if len(named) == 1 and _is_written(named[0], text, (start, stop)):
                end = stop
                yield named[0]
                break
            if not named and stop - start > 1 and communes_named(key):
                # "Savignac les Églises" lies elsewhere, and is no Savignac.
                end = stop
                break


def _is_written(commune: Commune, text: str, span: tuple[int, int]) -> bool:
    """Tell whether a name that stands at some words of a text is a commune's: with its article, no mere noun.

    A name with hyphens, as only communes have them, may lack its article.
    """
    published, words = _WORD.findall(text), folded_words(text)
    start, stop = span
    key = commune_key(commune.name)
    before = words[start - 1] if start > 0 else ""
    follows_of = stop < len(words) and words[stop] in {"de", "du", "des", "d"}
    if key in NOUNS_BEFORE_OF and follows_of:
        return False
    has_article = key != bare_key(key)
    if has_article and ARTICLE_IN.get(before) != key.split()[0]:
        bare = re.split(r"[ '’]", commune.name, maxsplit=1)[-1]
        return "-" in bare and bare.casefold() in text.casefold()
    is_announced = _is_announced(words, start, ANNOUNCING_COMMUNES)
    if stop - start > 1 or is_announced or not _is_common(published[start]):
        return True
    return has_article and not follows_of and before in ARTICLES and published[start - 1][0].isupper()


def _is_no_place(words: Sequence[str], start: int) -> bool:
    """Tell whether a name is a street's, or a building's that it does not lie in."""
    before = _before_links(words, start)
    if before is None:
        return False
    is_linked = any(word in {"de", "du", "des", "d"} for word in words[before + 1 : start])
    return words[before] in OF_STREETS or (words[before] in OF_BUILDINGS and not is_linked)


def _before_links(words: Sequence[str], start: int) -> int | None:
    before = start - 1
    while before >= 0 and words[before] in LINKS:
        before -= 1
    return before if before >= 0 else None


def _ends_in_street(part: _Part) -> bool:
    """Tell whether a part names a street and no commune: what is joined to it is another street."""
    return not part.communes and not OF_STREETS.isdisjoint(folded_words(part.text))


def _without_nuts(part: _Part, known: tuple[str, ...]) -> str:
    """Return a part's text without the NUTS codes in it, which are noted; FRANS and FRY are communes."""

    def noted(found: re.Match[str]) -> str:
        code = current_nuts(found.group())
        within = departements_of_nuts(code)
        is_commune = bool(known) and set(known).isdisjoint(within)
        if not within or is_commune or (code == FRANCE and found.group() not in {FRANCE, "FRA", "FRZ"}):
            return found.group()
        part.areas.append(code)
        return " "

    return _NUTS.sub(noted, part.text)


def _settle_doubles(parts: Sequence[_Part]) -> None:
    """Let what may be a commune or an area be none where it tells where another lies: "Laval, Mayenne"."""
    for part in parts:
        around = {one for area in part.areas for one in departements_of_nuts(area)}
        others = {one.departement for other in parts if other is not part for one in other.communes}
        if part.communes and not around.isdisjoint(others):
            part.communes.clear()
            part.is_joined = False


def _together(text: str, parts: Sequence[_Part]) -> NamedPlaces:
    _settle_doubles(parts)
    named = tuple(dict.fromkeys(one for part in parts for one in part.communes))
    communes = tuple(dict.fromkeys(_by_arrondissement(text, named)))
    within = {one.departement for one in communes}
    listed = [
        code for part in parts if part.is_list for code in part.codes if part.is_joined or code not in within
    ]
    within.update(listed)
    listed += [code for code in _in_brackets(parts) if code not in within]
    areas_named = list(dict.fromkeys(_standing(parts, within)))
    postcodes = [
        code
        for part in parts
        for code in part.postcodes
        if not part.is_claimed and departement_of_postcode(code) not in within
    ]
    of_france = [part for part in parts if " ".join(_without(OF_AREAS, part.text)) in OF_FRANCE]
    is_named = bool(communes or listed or postcodes or set(areas_named) - {FRANCE})
    return NamedPlaces(
        communes=communes,
        postcodes=tuple(dict.fromkeys(postcodes)),
        departements=tuple(dict.fromkeys(listed)),
        areas=tuple(area for area in areas_named if area != FRANCE),
        namesakes=() if is_named else tuple(one for part in parts for one in part.namesakes),
        is_france=not is_named and (bool(of_france) or FRANCE in areas_named),
        says_all=not communes
        and any(not OF_ALL_FRANCE.isdisjoint(folded_words(part.text)) for part in of_france),
    )


def _in_brackets(parts: Sequence[_Part]) -> Iterator[str]:
    """Yield the numbers in brackets that follow a name which is not known."""
    for before, part in pairwise(parts):
        words = _WORD.findall(before.text)
        is_name = bool(words) and words[-1][0].isupper() and not _is_common(before.text)
        if part.in_brackets and part.is_code and not part.is_list and is_name:
            yield from part.codes


def _standing(parts: Sequence[_Part], within: set[str]) -> Iterator[str]:
    """Yield the areas that are places of their own: joined by "et", or nothing that is named lies in them."""
    named = set(within)
    for part in parts:
        for area in part.areas:
            if len(found := departements_of_nuts(area)) == 1:
                named.update(found)
    for part, after in zip(parts, [*parts[1:], None], strict=False):
        is_joined = part.is_joined or (after is not None and after.is_joined and not part.in_brackets)
        for area in part.areas:
            found = departements_of_nuts(area)
            others = within if len(found) == 1 else named
            if is_joined or others.isdisjoint(found):
                yield area


def _by_arrondissement(text: str, communes: tuple[Commune, ...]) -> Iterator[Commune]:
    """Yield the arrondissements in place of their city where a text names some of one city."""
    folded = plain(text)
    numbers = {
        number
        for found in _ARRONDISSEMENTS.finditer(folded)
        for number in _counted(" ".join(filter(None, found.groups())))
    }
    cities = [city for city in whole_cities() if re.search(rf"\b{city.name.casefold()}\b", folded)]
    within = arrondissements(cities[0]) if len(cities) == 1 else ()
    told = [one for number, one in enumerate(within, start=1) if number in numbers]
    if len(told) < len(numbers) or not told:
        yield from communes
        return
    yield from told
    yield from (one for one in communes if one != cities[0])


def _counted(text: str) -> Iterator[int]:
    """Yield the numbers that a text counts: "1er, 3e et 8 a 10"."""
    last, is_range = 0, False
    for word in _NUMBER_OR_TO.findall(text):
        if word == "a":
            is_range = True
        else:
            yield from range(last + 1 if is_range else int(word), int(word) + 1)
            last, is_range = int(word), False


def _without(words: Collection[str], text: str) -> list[str]:
    return [word for word in folded_words(text) if word not in words and not word.isdigit()]
