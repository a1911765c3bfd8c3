"""Say facts in words: places, titles, reasons, how long there is.

In:   values of the domain, and the language to say them in.
Out:  words for a reader; never HTML, never a link, nothing that hides or turns other words around.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from alerting.digests.languages import NO_BREAK, Language, note
from alerting.domain.deadlines import day_in_paris, has_passed, working_days_until
from alerting.domain.match import Reason
from alerting.domain.notice import Place
from alerting.reference.cpv import cpv_label
from alerting.reference.nuts import area_name, departement_name


_SHOUTING_SHARE = 0.7
_SHOUTING_LETTERS = 8
# Words of public purchasing that are written in capitals in any text.
_ACRONYMS = frozenset(
    {"AMO", "BTP", "CCAS", "CCTP", "CFA", "CFO", "CHU", "CPE", "CTA", "CVC", "DCE", "DSP", "ECS", "EHPAD"}
    | {"EP", "ERP", "EU", "GTB", "GTC", "HLM", "HTA", "IRVE", "LED", "MAPA", "OPH", "PAC", "PLU", "PMR"}
    | {"RD", "RN", "SDIS", "SIVOM", "SSI", "TCE", "TGBT", "VMC", "VRD", "ZA", "ZAC", "ZI"}
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ROMAN_NUMBER = re.compile(r"[IVX]{2,}")
_CPV = re.compile(r"\d{8}")
_FACTS_SHOWN = 5
# Their facts are numbers and names of ours that say nothing to a reader.
_WITHOUT_FACTS = frozenset({"value", "kind"})
_DEPARTEMENT = re.compile(r"\d{2,3}|2[AB]")

_MET = {
    "cpv": note("your codes"),
    "trade": note("your trade"),
    "words": note("your words"),
    "place": note("your area"),
    "area": note("your area, the département or region alone being stated"),
    "buyer_place": note("your area, by the buyer’s address"),
    "value": note("amount in your range"),
    "kind": note("kind of notice that you follow"),
    "buyer": note("buyer that you follow"),
}
_UNKNOWN = {
    "cpv": note("CPV code not stated in the notice"),
    "trade": note("trade not stated in the notice"),
    "words": note("text not stated in the notice"),
    "place": note("place not stated in the notice"),
    "namesake": note("several communes bear the name that is stated"),
    "country": note("no more than France is stated of the place"),
    "value": note("amount not stated in the notice"),
    "kind": note("kind not stated in the notice"),
    "buyer": note("buyer not stated in the notice"),
}
# Controls, and what turns the direction of writing or joins letters unseen.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = re.compile(r"[\s\u2028\u2029]+")
_SEEN = re.compile(r"[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u20ac]*")


def clean(text: str) -> str:
    r"""Return a text of others on one line, without the signs that nobody sees.

    >>> clean("Toiture\n\u202eexe.fdp")
    'Toiture exe.fdp'
    """
    folded = _SPACES.sub(" ", text).strip()
    if _SEEN.fullmatch(folded):
        return folded
    return "".join(sign for sign in folded if unicodedata.category(sign) not in _UNSEEN)


def time_left(deadline_at: datetime, language: Language, *, now: datetime) -> str:
    """Return how long there is: "12 working days left", "today", "past"."""
    if has_passed(deadline_at, now=now):
        return language.say("the time is up")
    days = (day_in_paris(deadline_at) - day_in_paris(now)).days
    working_days = working_days_until(deadline_at, now=now)
    if days == 0:
        return language.say("it is today")
    if working_days == 0:
        return language.say("no working day left until then")
    return language.count("%(number)s working day left", "%(number)s working days left", working_days)


def departement(code: str) -> str:
    """Return "Ille-et-Vilaine (35)", or the bare code where it has no name."""
    name = departement_name(code)
    return f"{name} ({code})" if name else code


def area(code: str) -> str:
    """Return "Bretagne" for a NUTS code, or the bare code where it has no name, as abroad."""
    return area_name(code) or code


def places(stated: Sequence[Place]) -> str | None:
    """Return "Redon, Ille-et-Vilaine (35)", several joined by " ; "; None when no place is stated."""
    said = dict.fromkeys(text for place in stated if (text := _place(place)))
    return " ; ".join(said) or None


def readable(text: str, *, names: Iterable[str | None] = ()) -> str:
    """Return a title as written, or calmed down when it shouts.

    Capitals become small letters but for the first; acronyms, words with digits and Roman
    numbers stay; *names* that occur (communes, the buyer) are written as they are given.
    """
    folded = clean(text)
    letters = [letter for letter in folded if letter.isalpha()]
    loud = sum(letter.isupper() for letter in letters)
    if len(letters) < _SHOUTING_LETTERS or loud < _SHOUTING_SHARE * len(letters):
        return folded
    calm = _WORD.sub(lambda found: _calm(found.group()), folded)
    for name in sorted({name for name in names if name and not name.isupper()}, key=len):
        literal = name.replace("\\", r"\\")
        calm = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", literal, calm, flags=re.IGNORECASE)
    return calm[:1].upper() + calm[1:]


def reasons(given: Iterable[Reason], language: Language) -> tuple[str, ...]:
    """Return each criterion that was met or could not be judged, once, in words.

    What several lots met is put together; a trade says its name first, then what told it.
    """
    facts_of: dict[tuple[str, bool, str], dict[str, str]] = {}
    for reason in given:
        is_met = reason.verdict == "met"
        name, facts = _name_and_facts(reason)
        said = facts_of.setdefault((reason.criterion, is_met, name), {})
        for fact in facts:
            said.setdefault(fact.casefold(), _fact(reason.criterion, fact, language))
    return tuple(
        _met(criterion, name, tuple(facts.values()), language) if is_met else not_stated(criterion, language)
        for (criterion, is_met, name), facts in facts_of.items()
    )


def not_stated(criterion: str, language: Language) -> str:
    """Return that a notice does not state what a criterion asks."""
    return language.say(_UNKNOWN[criterion]) if criterion in _UNKNOWN else criterion


def matching_words(given: Iterable[Reason]) -> tuple[str, ...]:
    """Return the words of a notice that met a criterion, as published, the longest first."""
    found = {
        clean(fact)
        for reason in given
        if reason.criterion in {"trade", "words"} and reason.verdict == "met"
        for fact in _name_and_facts(reason)[1]
        if not _CPV.fullmatch(fact)
    }
    return tuple(sorted(found - {""}, key=_longest_first))


def _longest_first(text: str) -> tuple[int, str]:
    return (-len(text), text)


def _name_and_facts(reason: Reason) -> tuple[str, tuple[str, ...]]:
    if reason.criterion == "trade":
        return clean(" ".join(reason.facts[:1])), reason.facts[1:]
    return "", () if reason.criterion in _WITHOUT_FACTS else reason.facts


def _place(place: Place) -> str | None:
    parts = [readable_name(place.commune)] if place.commune else []
    if place.departement:
        parts.append(departement(place.departement))
    return ", ".join(parts) or place.postcode or (area(place.nuts_code) if place.nuts_code else None)


def readable_name(name: str) -> str:
    """Return the name of a commune or buyer, "REDON" as "Redon"."""
    folded = clean(name)
    return _title(folded) if folded.isupper() and len(folded) >= 4 else folded  # noqa: PLR2004 - "CHU", "OPH" stay


def _title(name: str) -> str:
    small = {"de", "des", "du", "la", "le", "les", "et", "en", "sur", "sous", "d'", "l'", "aux", "au", "à"}
    words = re.split(r"([\s\-]+)", name)
    calmed = [
        word if word in _ACRONYMS else word.lower() if number and word.lower() in small else word.capitalize()
        for number, word in enumerate(words)
    ]
    return re.sub(r"\b([dDlL])(['’])(\w)", _elided, "".join(calmed))


def _elided(found: re.Match[str]) -> str:
    article = found[1].lower() if found.start() else found[1].upper()
    return f"{article}{found[2]}{found[3].upper()}"


def _calm(word: str) -> str:
    keep = word in _ACRONYMS or any(sign.isdigit() for sign in word) or _ROMAN_NUMBER.fullmatch(word)
    if keep:
        return word
    head, apostrophe, tail = word.replace("’", "'").rpartition("'")
    return f"{head.lower()}'{tail}" if apostrophe and tail in _ACRONYMS else word.lower()


def _fact(criterion: str, fact: str, language: Language) -> str:
    if criterion in {"place", "area"}:
        return departement(fact) if _DEPARTEMENT.fullmatch(fact) else area(clean(fact))
    if criterion in {"cpv", "trade"} and _CPV.fullmatch(fact):
        # The nomenclature is not in Breton; who reads Breton reads French.
        label = cpv_label(fact, "en" if language.code == "en" else "fr")
        return f"CPV{NO_BREAK}{fact} ({label})" if label else f"CPV{NO_BREAK}{fact}"
    if criterion in {"words", "trade"}:
        words = clean(fact)
        return language.say("“%(words)s”", words=words.lower() if words.isupper() else words)
    return clean(fact)


def _met(criterion: str, name: str, facts: tuple[str, ...], language: Language) -> str:
    said = language.say(_MET[criterion]) if criterion in _MET else criterion
    named = f"{said} {name}" if name else said
    shown = [*facts[:_FACTS_SHOWN], *(["…"] if len(facts) > _FACTS_SHOWN else [])]
    return language.say("%(what)s: %(facts)s", what=named, facts=", ".join(shown)) if shown else named
