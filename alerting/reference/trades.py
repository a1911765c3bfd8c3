"""Trades: a craft in the firm's own words, that stands for CPV codes and words.

Source: data/trades.toml, written by hand.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from alerting.domain.cpv import CPV_DIVISION_DIGITS
from alerting.errors import ProfileError


NEAREST_COUNT = 3
NAF_CLASS_DIGITS = 4
VERSION = re.compile(r"20\d\d\.(0[1-9]|1[0-2])(\.[1-9]\d*)?")
# Words that any firm may put before its craft, and endings that tell the doer from the work.
GENERIC_WORDS = frozenset({
    "travaux", "entreprise", "artisan", "artisanale", "artisanal", "societe", "service", "services",
    "prestation", "prestations", "general", "generale", "tous", "toute", "des", "les", "une", "aux", "pour",
    "metier", "metiers", "professionnel", "professionnelle",
    # Of "pompes funèbres", which no pump is.
    "pompe", "pompes",
})  # fmt: skip
# Words that stand in a trade's name, or share its root, and by themselves say none: whoever maintains or
# carries may do it to anything, a "facteur" brings letters, "verre" is glazed more often than stained.
NO_TRADE_ALONE = frozenset({
    "agent", "agricole", "amenagement", "animale", "appareil", "appareillage", "arme", "automatique",
    "caisse", "chantier", "chaussure", "collectif", "collective", "composition", "contre", "controle",
    "controleur", "divers", "document", "espace", "exterieur", "exterieure", "fabricant", "facteur",
    "facture", "faconne", "faux", "fourriere", "genie", "grande", "gro", "historique", "horizontale",
    "informatique", "installation", "institut", "laboratoire", "locau", "lourd", "lutte", "machine",
    "maintenance", "maitre", "marine", "materiel", "mer", "mobilier", "murau", "musique", "non", "objet",
    "ordinateur", "organisateur", "personne", "plat", "poid", "precision", "prepare", "professionnelle",
    "reseau", "restauratrice", "roulant", "salon", "sel", "sol", "sur", "tableau", "technique",
    "transfert", "transport", "verre",
})  # fmt: skip
ENDINGS = (
    "onnerie", "onnier", "ienne", "erie", "euse", "iere", "trice", "iste", "ation", "ien", "ier", "eur",
    "age", "ite", "ure", "re", "e",
)  # fmt: skip
# What joins two crafts in one name.
JOINED = re.compile(r"[-/,;+&]|\bet\b", re.IGNORECASE)
PARTS = re.compile(r"[/,;+&]|\bet\b|\bou\b", re.IGNORECASE)
SHORTEST_ROOT = 4
# How alike two names are where one is a slip for the other: "plombié" and "plombier" are at 0.8.
ALIKE = 0.75
SHORTEST_WORD = 3
FAMILIES_THAT_BUILD = frozenset({"batiment", "fabrication"})
# Divisions of the CPV under which nobody buys a craft's work, but of a trade that has codes of its own there:
# studies, training, insurance, care; and, of builders, goods that nobody installs.
# Source: bench/relevance.py; of the notices read for tuning 117 bear a code of the first, none is a "yes".
_OF_OTHERS = ("64", "65", "66", "70", "71", "73", "75", "80", "85")
_FOREIGN_DIVISIONS: Mapping[str, frozenset[str]] = {
    "services": frozenset({*_OF_OTHERS, "15", "55"} - {"75"}),
    "batiment": frozenset({
        *_OF_OTHERS, "03", "09", "15", "16", "18", "19", "22", "24", "33", "48", "55", "60", "72", "76", "92",
    }),
    "alimentation": frozenset({
        *_OF_OTHERS, "09", "18", "19", "22", "24", "30", "33", "42", "44", "45", "48", "50", "51", "60", "72",
        "76", "77", "90", "92",
    }),
    "fabrication": frozenset(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trade:
    """One craft.

    Args:
        trade_id: How profiles name it: lower case, no accents.
        label: How people read it, in French.
        family: "batiment", "alimentation", "services" or "fabrication".
        synonyms: Other names by which it may be asked for.
        naf_codes: Activities of the register (NAF rev. 2) whose firms do this, the nearest first.
        cpv_codes: Eight digits; each covers its subtree.
        cpv_codes_out: Branches of those subtrees that are another craft's: partitions are no joinery.
        words: Words or phrases that by themselves say that its work is bought.
        hints: Words that tell only together, or beside one of ``words``.
        deeds: Single words for what it does to ``objects``: "entretien", "réparation".
        objects: What others buy, sell and assure, too: a word of the trade only beside a deed.
        apart: Phrases in which one of its words means something else.
        deeds_apart: Single words that take its words from it, where they are done to them: "curage".
        words_out: Words or phrases of a title that take a notice out of it.
        beside: Ids of other trades, each with words or objects of this one that are a side of the other's
            work where a title names that, too: shutters of who makes windows.
        acts: Names of ``domain.trade.Act`` that it does.
    """

    trade_id: str
    label: str
    family: str
    synonyms: tuple[str, ...]
    naf_codes: tuple[str, ...]
    cpv_codes: tuple[str, ...]
    cpv_codes_out: tuple[str, ...]
    words: tuple[str, ...]
    hints: tuple[str, ...]
    deeds: tuple[str, ...]
    objects: tuple[str, ...]
    apart: tuple[str, ...]
    deeds_apart: tuple[str, ...]
    words_out: tuple[str, ...]
    beside: tuple[tuple[str, tuple[str, ...]], ...]
    acts: tuple[str, ...]


def is_foreign(code: str, trade: Trade) -> bool:
    """Tell whether a code says that something is bought which is no work of a trade.

    Codes of the trade's neighbours say nothing of the kind: buyers take them one for another.

    >>> is_foreign("80530000", get_trade("plombier")), is_foreign("45261000", get_trade("plombier"))
    (True, False)
    """
    division = code[:CPV_DIVISION_DIGITS]
    return division in _FOREIGN_DIVISIONS[trade.family] and not any(
        own.startswith(division) for own in trade.cpv_codes
    )


def get_trades(name: str) -> tuple[Trade, ...]:
    """Return what ``get_trade`` does, or both where a name joins two: "charpentier-couvreur".

    Raises:
        ProfileError: As ``get_trade``.
    """
    parts = [part for part in JOINED.split(name) if part.strip()]
    if len(parts) > 1 and _plain(name) not in _by_name():
        named = [_by_name().get(_plain(part)) for part in parts]
        both = tuple(dict.fromkeys(trade for trade in named if trade is not None))
        if None not in named and len(both) > 1:
            return both
    return (get_trade(name),)


def get_trade(name: str) -> Trade:
    """Return the trade of that id, label or synonym; else the only one whose names have the same roots.

    Else it is the only one that has the name among its words: "éclairage", "vidange de fosses"; else the only
    one whose names hold all the roots of it.  A word that by itself says no trade ("maintenance") is none.

    Capitals, accents, plurals, genders and words such as "travaux de" do not matter: "plombiers", "Travaux de
    plomberie" and "électricien(ne)" are known.

    Raises:
        ProfileError: There is none, or there are several; the message names the nearest ones, or those.
    """
    exact = _by_name().get(_plain(name))
    if exact is not None:
        return exact
    found = () if _says_no_trade(name) else _of_name(name)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(trade.trade_id for trade in found)
        raise ProfileError(f"trade {name!r} may mean several (got {names}), expected one of them")
    near = _nearest(name)
    like = f" (nearest: {', '.join(near)})" if near else ""
    raise ProfileError(
        f"trade {name!r} is not known{like}; expected one of `alerting trades list`, or words or cpv"
    )


@lru_cache(maxsize=10_000)
def find_trade(name: str) -> Trade | None:
    """Return the trade that ``get_trade`` does; None where a stored name means none, or no longer one."""
    try:
        return get_trade(name)
    except ProfileError:
        return None


@cache
def trades() -> tuple[Trade, ...]:
    """Return every trade, in the order of the file."""
    return tuple(_trade(trade_id, entry) for trade_id, entry in _file().items() if trade_id != "version")


def trades_version() -> str:
    """Return the version of the table: "2026.11", or "2026.11.2" where it changed again within the month."""
    version: str = _file()["version"]
    return version


@lru_cache(maxsize=5_000)
def trades_of_naf(code: str) -> tuple[Trade, ...]:
    """Return the trades of an activity, those nearest to it first: "43.22A", "4322A" or "43.22".

    >>> [trade.trade_id for trade in trades_of_naf("4391B")]
    ['couvreur']
    """
    digits = code.replace(".", "").upper().strip()
    ranked = [
        (position, number, trade)
        for number, trade in enumerate(trades())
        for position, naf in enumerate(trade.naf_codes)
        if naf.replace(".", "").startswith(digits) and len(digits) >= NAF_CLASS_DIGITS
    ]
    return tuple(dict.fromkeys(trade for _, _, trade in sorted(ranked, key=lambda found: found[:2])))


@cache
def _file() -> Mapping[str, Any]:
    text = resources.files("alerting.reference").joinpath("data/trades.toml").read_text(encoding="utf-8")
    return read_table(text)


def read_table(text: str) -> Mapping[str, Any]:
    """Return the table of trades from its text.

    Raises:
        ValueError: It states no version, or one that is not as versions are.
    """
    found = tomllib.loads(text)
    version = found.get("version")
    if not isinstance(version, str) or VERSION.fullmatch(version) is None:
        expected = "one like '2026.11' or '2026.11.2'"
        raise ValueError(f"trades.toml: version: expected {expected} (got {version!r})")
    return found


def _trade(trade_id: str, entry: Mapping[str, Any]) -> Trade:
    lists = (
        "synonyms", "naf_codes", "cpv_codes", "cpv_codes_out", "words", "hints", "deeds", "objects", "apart",
        "deeds_apart", "words_out",
    )  # fmt: skip
    return Trade(
        trade_id=trade_id,
        label=entry["label"],
        family=entry["family"],
        acts=_acts(entry),
        beside=tuple((other, tuple(words)) for other, words in entry.get("beside", {}).items()),
        **{name: tuple(entry.get(name, ())) for name in lists},
    )


def _acts(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a trade does: the mason answers for the building of a restaurant, the caterer does not."""
    acts = tuple(entry.get("acts", ("work",)))
    return (*acts, "building") if entry["family"] in FAMILIES_THAT_BUILD else acts


@cache
def _by_name() -> Mapping[str, Trade]:
    return {_plain(name): trade for trade in trades() for name in _names(trade)}


@cache
def _by_word() -> Mapping[str, tuple[Trade, ...]]:
    of_word: defaultdict[str, dict[Trade, None]] = defaultdict(dict)
    for trade in trades():
        for word in trade.words:
            of_word[_plain(word)][trade] = None
    return {word: tuple(found) for word, found in of_word.items()}


def _names(trade: Trade) -> tuple[str, ...]:
    return (trade.trade_id, trade.label, *trade.synonyms)


def _of_name(name: str) -> tuple[Trade, ...]:
    """Return the trades of a name that is not written as any of theirs."""
    return _of_parts(name, _by_roots) or _by_word().get(_plain(name), ()) or _of_parts(name, _by_some_roots)


def _says_no_trade(name: str) -> bool:
    """Tell whether a name is but a word that says no trade: "maintenance", "les verres"."""
    told = [word for word in _words(name) if word not in GENERIC_WORDS]
    return len(told) == 1 and told[0].rstrip("sx") in NO_TRADE_ALONE


def _words(name: str) -> list[str]:
    return [word for word in re.findall(r"[a-z0-9]+", _plain(name)) if len(word) >= SHORTEST_WORD]


def _of_parts(name: str, find: Callable[[str], tuple[Trade, ...]]) -> tuple[Trade, ...]:
    """Return what is found of the parts of a name, each once: "maçonnerie, carrelage" has two."""
    return tuple(dict.fromkeys(trade for part in PARTS.split(name) for trade in find(part)))


def _by_roots(name: str) -> tuple[Trade, ...]:
    """Return the trades with a name of the same roots as *name*."""
    wanted = _roots(name)
    same = (trade for trade in trades() if any(wanted == _roots(known) for known in _names(trade)))
    return tuple(same) if wanted else ()


def _by_some_roots(name: str) -> tuple[Trade, ...]:
    """Return the trades whose names hold all the roots of *name*."""
    wanted = _roots(name)
    hold = (trade for trade in trades() if wanted <= frozenset().union(*map(_roots, _names(trade))))
    return tuple(hold) if wanted else ()


@cache
def _roots(name: str) -> frozenset[str]:
    return frozenset(_root(word) for word in _words(name) if word not in GENERIC_WORDS)


def _root(word: str) -> str:
    """Return a word without what tells the doer from the work: "maçonnerie" and "maçons" are "macon"."""
    singular = word.rstrip("sx") if len(word) > SHORTEST_ROOT else word
    for ending in ENDINGS:
        root = singular.removesuffix(ending)
        if root != singular and len(root) >= SHORTEST_ROOT:
            return root + "on" if ending in {"onnerie", "onnier"} else root
    return singular


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.strip().casefold().replace("œ", "oe"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _nearest(name: str) -> list[str]:
    """Return the ids of trades that name such work, that bear its words, then of those much alike."""
    wanted = _roots(name)
    said = (
        trade.trade_id
        for trade in trades()
        if wanted and any(wanted == _roots(word) for word in (*trade.words, *trade.hints, *trade.objects))
    )
    alike = difflib.get_close_matches(_plain(name), _by_name(), n=3 * NEAREST_COUNT, cutoff=ALIKE)
    borne = (trade.trade_id for trade in _of_name(name))
    return list(dict.fromkeys([*said, *borne, *(_by_name()[near].trade_id for near in alike)]))[
        :NEAREST_COUNT
    ]
