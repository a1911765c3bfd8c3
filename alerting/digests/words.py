"""Say facts in French: dates, money, places, reasons.

In:   values of the domain.
Out:  words for a reader; never HTML, never a link.

Times are said in Paris time, because deadlines are local.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from alerting.domain.deadlines import PARIS, has_passed, is_day_alone, working_days_until
from alerting.domain.match import Reason
from alerting.domain.money import Money
from alerting.domain.notice import Place
from alerting.reference.cpv import cpv_label
from alerting.reference.nuts import departement_name


NO_BREAK = "\N{NO-BREAK SPACE}"
NOT_STATED = "non précisée"

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_CURRENCIES = {"EUR": "€", "GBP": "£", "USD": "$"}
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
    "cpv": "vos codes",
    "trade": "votre métier",
    "words": "vos mots",
    "place": "votre secteur",
    "value": "montant dans votre fourchette",
    "kind": "type d'avis que vous suivez",
    "buyer": "acheteur que vous suivez",
}
_UNKNOWN = {
    "cpv": "code CPV non précisé",
    "trade": "métier non précisé",
    "words": "texte non précisé",
    "place": "lieu non précisé",
    "value": "montant non précisé",
    "kind": "type d'avis non précisé",
    "buyer": "acheteur non précisé",
}


def day_and_time(moment: datetime) -> str:
    """Return "mardi 3 mars 2026 à 12 h" in Paris time; the day alone where no hour was stated."""
    if is_day_alone(moment):
        return day(moment)
    local = moment.astimezone(PARIS)
    minutes = f"{NO_BREAK}{local.minute:02d}" if local.minute else ""
    return f"{day(moment)} à{NO_BREAK}{local.hour}{NO_BREAK}h{minutes}"


def day(moment: datetime) -> str:
    """Return "dimanche 1er mars 2026" in Paris time."""
    local = moment.astimezone(PARIS)
    number = "1er" if local.day == 1 else str(local.day)
    return f"{_WEEKDAYS[local.weekday()]} {number}{NO_BREAK}{_MONTHS[local.month - 1]} {local.year}"


def time_left(deadline_at: datetime, *, now: datetime) -> str:
    """Return how long there is: "encore 12 jours ouvrés", "aujourd'hui", "délai passé"."""
    if has_passed(deadline_at, now=now):
        return "délai passé"
    days = (deadline_at.astimezone(PARIS).date() - now.astimezone(PARIS).date()).days
    working_days = working_days_until(deadline_at, now=now)
    if days == 0:
        return "c'est aujourd'hui"
    if working_days == 0:
        return "plus aucun jour ouvré d'ici là"
    return f"encore {count(working_days, 'jour ouvré', 'jours ouvrés')}"


def count(number: int, one: str, many: str) -> str:
    """Return "1 marché", "3 marchés"; French counts 0 and 1 as one."""
    return f"{number}{NO_BREAK}{one if number < 2 else many}"  # noqa: PLR2004 - the plural starts at 2


def money(value: Money | None) -> str | None:
    """Return "120 000 €", "99,50 €"; None stays None."""
    if value is None:
        return None
    units, cents = divmod(value.amount_cents, 100)
    whole = f"{units:,}".replace(",", NO_BREAK)
    fraction = f",{cents:02d}" if cents else ""
    return f"{whole}{fraction}{NO_BREAK}{_CURRENCIES.get(value.currency, value.currency)}"


def departement(code: str) -> str:
    """Return "Ille-et-Vilaine (35)", or the bare code where it has no name."""
    name = departement_name(code)
    return f"{name} ({code})" if name else code


def places(stated: Sequence[Place]) -> str | None:
    """Return "Redon, Ille-et-Vilaine (35)", several joined by " ; "; None when no place is stated."""
    said = dict.fromkeys(text for place in stated if (text := _place(place)))
    return " ; ".join(said) or None


def readable(text: str, *, names: Iterable[str | None] = ()) -> str:
    """Return a title as written, or calmed down when it shouts.

    Capitals become small letters but for the first; acronyms, words with digits and Roman
    numbers stay; *names* that occur (communes, the buyer) are written as they are given.
    """
    folded = " ".join(text.split())
    letters = [letter for letter in folded if letter.isalpha()]
    loud = sum(letter.isupper() for letter in letters)
    if len(letters) < _SHOUTING_LETTERS or loud < _SHOUTING_SHARE * len(letters):
        return folded
    calm = _WORD.sub(lambda found: _calm(found.group()), folded)
    for name in sorted({name for name in names if name and not name.isupper()}, key=len):
        literal = name.replace("\\", r"\\")
        calm = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", literal, calm, flags=re.IGNORECASE)
    return calm[:1].upper() + calm[1:]


def reasons(given: Iterable[Reason]) -> tuple[str, ...]:
    """Return each criterion that was met or could not be judged, once, in words.

    What several lots met is put together; a trade says its name first, then what told it.
    """
    facts_of: dict[tuple[str, bool, str], dict[str, str]] = {}
    for reason in given:
        is_met = reason.verdict == "met"
        name, facts = _name_and_facts(reason)
        said = facts_of.setdefault((reason.criterion, is_met, name), {})
        for fact in facts:
            said.setdefault(fact.casefold(), _fact(reason.criterion, fact))
    return tuple(
        _met(criterion, name, tuple(facts.values())) if is_met else _unknown(criterion)
        for (criterion, is_met, name), facts in facts_of.items()
    )


def _name_and_facts(reason: Reason) -> tuple[str, tuple[str, ...]]:
    if reason.criterion == "trade":
        return " ".join(reason.facts[:1]), reason.facts[1:]
    return "", () if reason.criterion in _WITHOUT_FACTS else reason.facts


def _place(place: Place) -> str | None:
    parts = [readable_name(place.commune)] if place.commune else []
    if place.departement:
        parts.append(departement(place.departement))
    return ", ".join(parts) or place.postcode or place.nuts_code


def readable_name(name: str) -> str:
    """Return the name of a commune or buyer, "REDON" as "Redon"."""
    folded = " ".join(name.split())
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


def _fact(criterion: str, fact: str) -> str:
    if criterion == "place":
        return departement(fact) if _DEPARTEMENT.fullmatch(fact) else fact
    if criterion in {"cpv", "trade"} and _CPV.fullmatch(fact):
        label = cpv_label(fact)
        return f"CPV{NO_BREAK}{fact} ({label})" if label else f"CPV{NO_BREAK}{fact}"
    if criterion in {"words", "trade"}:
        return f"«{NO_BREAK}{fact.lower() if fact.isupper() else fact}{NO_BREAK}»"
    return fact


def _met(criterion: str, name: str, facts: tuple[str, ...]) -> str:
    said = _MET.get(criterion, criterion)
    named = f"{said} {name}" if name else said
    shown = [*facts[:_FACTS_SHOWN], *(["…"] if len(facts) > _FACTS_SHOWN else [])]
    return f"{named}{NO_BREAK}: {', '.join(shown)}" if shown else named


def _unknown(criterion: str) -> str:
    return f"{_UNKNOWN.get(criterion, f'{criterion} non précisé')} dans l'avis"
