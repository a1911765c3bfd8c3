"""Find the communes and areas that a part of a place text names.

In:   a part, and what is known beside it: the département, the postcode, the numbers that stand by.
Out:  the commune that it is the name of, perhaps after "Ville de"; or all that stand in it as running text.

In running text names are written as names are: with a capital, with their article, and not after a street.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from alerting.matching.place_parts import OF_WIDE_AREAS, WORD, Part, areas_by_key, is_city
from alerting.reference.communes import (
    ARTICLES,
    Commune,
    arrondissements,
    bare_key,
    commune_key,
    communes_named,
    communes_of_key,
    folded_words,
    former_communes_named,
)
from alerting.reference.letters import plain
from alerting.reference.nuts import area_name, departement_of_postcode, departements_of_nuts
from alerting.reference.place_words import (
    ANNOUNCING_COMMUNES,
    AREAS_IN_DOUBT,
    ARTICLE_IN,
    COMMON_NOUNS,
    LINKS,
    NOUNS_BEFORE_OF,
    OF_BUILDINGS,
    OF_COMMUNES,
    OF_STREETS,
)


MOST_WORDS = 7
SHORTEST_NAME = 4
_ARRONDISSEMENT = "Arrondissement"
_TRAILING_NUMBER = re.compile(r"\s\d+\s*$")
_NOUNS = {plain(noun): noun for noun in COMMON_NOUNS}


class Name:
    """What a part that is a name means: one commune, or several of the name."""

    def __init__(
        self,
        stated: str | None,
        postcode: str | None,
        hints: tuple[Part, ...],
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
                one for one in self._named(form) if self._may_be(one, form, is_announced=is_announced)
            )
            if (found := self._one_of(named)) is not None:
                return self._arrondissement(found)
            if len(named) > 1 and self._stated is None:
                self.namesakes = named
        return None

    def is_told(self, area: str, commune: Commune) -> bool:
        """Tell whether an area that bears a commune's name is that commune, or the commune alone is meant."""
        is_elsewhere = self._stated not in departements_of_nuts(area)
        return is_city(area) or (is_elsewhere and commune.departement == self._stated)

    def is_of_area(self, area: str, commune: Commune, text: str) -> bool:
        """Tell whether the area alone is meant: it is stated, and the commune of its name lies elsewhere.

        Or the commune's name is but a part of the area's: "Territoire de Belfort".
        """
        whole, own = commune_key(area_name(area) or ""), commune_key(commune.name)
        if whole.endswith(f" {own}") and whole in commune_key(text):
            return True
        return self._stated in departements_of_nuts(area) and commune.departement != self._stated

    def claim(self, commune: Commune) -> None:
        """Note that the numbers beside the name are this commune's, where they are."""
        for hint in self._hints:
            of_postcodes = {departement_of_postcode(code) for code in hint.postcodes}
            hint.is_claimed |= commune.departement in {*hint.codes, *of_postcodes}

    def _named(self, form: str) -> tuple[Commune, ...]:
        """Return the communes of a name; beside those that lie elsewhere the one of it that merged nearby."""
        named = communes_named(form)
        of_postcodes = filter(None, map(departement_of_postcode, self._postcodes))
        near = {*filter(None, [self._stated]), *self._codes, *of_postcodes, *self.known}
        is_here = any(one.departement in near for one in named)
        return named if is_here else (*named, *former_communes_named(form, near))

    def _may_be(self, commune: Commune, form: str, *, is_announced: bool) -> bool:
        """Tell whether a commune may be meant: no postcode beside it is another's, it is no mere noun."""
        is_exact = commune_key(commune.name) == commune_key(form)
        postcodes = self._beside or self._postcodes
        if postcodes and not self._has_postcode(commune, postcodes):
            return False
        if self._stated is not None and commune.departement != self._stated and not is_exact:
            return False
        if not is_common(form) or set(commune.postcodes).intersection(self._postcodes):
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
    published, words = WORD.findall(without_number), folded_words(without_number)
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


def is_common(form: str) -> bool:
    """Tell whether a form is a noun, with an article or without, and not a name's own spelling of it."""
    key = bare_key(commune_key(form))
    noun = _NOUNS.get(key)
    if noun is None:
        return False
    written = form.strip(" .").casefold().split()[-1].split("'")[-1].split("’")[-1]
    return written in {noun, key}


def _has_article(form: str) -> bool:
    """Tell whether a form begins with an article, as names do: with a capital."""
    first = WORD.search(form)
    return first is not None and first.group()[0].isupper() and plain(first.group()) in ARTICLES


def is_spelled(commune: Commune, text: str) -> bool:
    """Tell whether a commune's name is written as it is, accents and all: Loiré is not the Loire."""
    name = commune.name.partition(" ")[0] if commune.name.endswith(_ARRONDISSEMENT) else commune.name
    return name.casefold() in text.casefold()


def areas_within(text: str) -> Iterator[str]:
    """Yield the areas that stand in running text: names of several words, others after "département"."""
    published, words = WORD.findall(text), folded_words(text)
    if len(published) != len(words):
        return
    end = 0
    for start, word in enumerate(published):
        if start < end or not word[0].isupper() or _is_no_place(words, start):
            continue
        for stop in range(min(len(words), start + MOST_WORDS), start, -1):
            key = " ".join(words[start:stop])
            code = areas_by_key().get(key)
            is_name = stop - start > 1 and key not in AREAS_IN_DOUBT
            if code is not None and (is_name or _is_announced(words, start, OF_WIDE_AREAS)):
                end = stop
                yield code
                break


def communes_within(text: str, departement: str, *, starts_in_street: bool) -> Iterator[Commune]:
    """Yield the communes of a département that stand in running text, written as names are."""
    published, words = WORD.findall(text), folded_words(text)
    if len(published) != len(words):
        return
    end = 0
    for start, word in enumerate(published):
        if start < end or not word[0].isupper() or words[start] in ARTICLES or _is_no_place(words, start):
            continue
        if starts_in_street and before_links(words, start) is None:
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


def _is_announced(words: Sequence[str], start: int, by: Collection[str]) -> bool:
    """Tell whether one of some words leads to a name: "département de ...", "commune du ..."."""
    before = before_links(words, start)
    return before is not None and words[before] in by


def _is_written(commune: Commune, text: str, span: tuple[int, int]) -> bool:
    """Tell whether a name that stands at some words of a text is a commune's: with its article, no mere noun.

    A name with hyphens, as only communes have them, may lack its article.
    """
    published, words = WORD.findall(text), folded_words(text)
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
    if stop - start > 1 or is_announced or not is_common(published[start]):
        return True
    return has_article and not follows_of and before in ARTICLES and published[start - 1][0].isupper()


def _is_no_place(words: Sequence[str], start: int) -> bool:
    """Tell whether a name is a street's, or a building's that it does not lie in."""
    before = before_links(words, start)
    if before is None:
        return False
    is_linked = any(word in {"de", "du", "des", "d"} for word in words[before + 1 : start])
    return words[before] in OF_STREETS or (words[before] in OF_BUILDINGS and not is_linked)


def before_links(words: Sequence[str], start: int) -> int | None:
    """Return where the word stands that leads to a name, beyond what links them; None: there is none."""
    before = start - 1
    while before >= 0 and words[before] in LINKS:
        before -= 1
    return before if before >= 0 else None
