"""Read firms and their profiles from TOML, as people write them.

In:   a text with one ``[[firm]]`` a firm and one ``[[firm.profile]]`` a profile.
Out:  firms; or a ProfileError whose one line says firm, profile, field, what was got and
      what is expected.  A profile that would match everything, or nothing, is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

import msgspec

from alerting.domain.address import read_address
from alerting.domain.cadence import Cadence
from alerting.domain.criteria import LARGEST_RADIUS_KM, WORKING_DAYS_TO_ANSWER, Criteria
from alerting.domain.match import FitKind
from alerting.domain.money import LARGEST_AMOUNT
from alerting.domain.notice import NoticeKind
from alerting.domain.profile import ITEM_LIMIT, REMINDER_DAYS, Firm, Profile, Recipient
from alerting.domain.siret import read_siret
from alerting.domain.trade import Strictness
from alerting.errors import ProfileError
from alerting.reference.areas_said import explain_area, find_departements
from alerting.reference.communes_said import get_communes
from alerting.reference.countries import is_country
from alerting.reference.cpv import get_cpv
from alerting.reference.demands import get_qualification
from alerting.reference.nuts import FRANCE, current_nuts, departements_of_nuts, find_area
from alerting.reference.places_said import get_departements
from alerting.reference.trades import get_trades
from alerting.text.analysis import folded, stems
from alerting.text.entries import read_entry
from alerting.text.toml import read_toml


# The country's two letters, then up to three signs.
NUTS = re.compile(r"[A-Z]{2}[A-Z0-9]{1,3}")
# The widest areas below a country may have a letter each; narrower ones have a digit, too.
LETTERS_OF_WIDEST = 3
MOST_WORKING_DAYS = 60
# What a notice asks in words; the others hang on the clock, or on what is not stated.
ASKED_IN_WORDS = tuple(kind for kind in FitKind if kind not in {FitKind.TIME, FitKind.UNKNOWN})
ID = re.compile(r"\S{1,100}")
LAST_HOUR = 23
MOST_ITEMS = 100
MOST_REMINDER_DAYS = 20
WEEKDAYS = (
    ("lundi", "monday"),
    ("mardi", "tuesday"),
    ("mercredi", "wednesday"),
    ("jeudi", "thursday"),
    ("vendredi", "friday"),
    ("samedi", "saturday"),
    ("dimanche", "sunday"),
)
# Words that stand in nearly every notice: alone they ask for nothing.
EVERYWHERE = frozenset(
    stems("a au aux avec ce dans de des du en et la le les ou par pour sur un une avis marché public")
)


# How what holds tables is written.
_TABLES = {
    "firm": "[[firm]] tables",
    "profile": "[[firm.profile]] tables",
    "recipients": 'a list like [{ email = "yann@legoff.example" }]',
}
# Not "sans" nor "hors", with which what is left out may begin: "sans plomb", "hors gel".
_LEAVES_OUT = re.compile(r"\s*(?:sauf|hormis|excepté)\s*\b(?=\w)", re.IGNORECASE)


class _Recipient(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    name: str | None = None
    language: str = "fr"


class _Profile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    trades: list[str] = []
    cpv: list[str] = []
    words: list[str] = []
    words_out: list[str] = []
    departements: list[str | int] = []
    nuts: list[str] = []
    communes: list[str] = []
    radius_km: int | None = None
    buyers: list[str] = []
    kinds: list[str] = []
    minimum_euros: int | None = None
    maximum_euros: int | None = None
    pass_unknown: bool = True
    strictness: str = Strictness.NORMAL.value
    qualifications: list[str] = []
    fit_out: list[str] = []
    working_days: int = WORKING_DAYS_TO_ANSWER
    cadence: str = Cadence.DAILY.value
    hour: int | None = None
    weekdays: list[str | int] = []
    item_limit: int = ITEM_LIMIT
    reminder_days: int = REMINDER_DAYS


class _Firm(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    recipients: list[_Recipient] = []
    profile: list[dict[str, Any]] = []
    siret: str | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    firm: list[dict[str, Any]]


_Read = TypeVar("_Read", _Firm, _Profile, _File)
_Word = TypeVar("_Word", bound=StrEnum)
_Known = TypeVar("_Known")
_Written = TypeVar("_Written")


def read_firms(text: str) -> tuple[Firm, ...]:
    """Return the firms that *text* describes, in its order.

    Raises:
        ProfileError: The text is no TOML, or a firm or profile cannot be used as written, or two have one id.
    """
    firms = tuple(read_firm(entry) for entry in _file(text).firm)
    _refuse_repeats("firms file: firm id", (firm.firm_id for firm in firms))
    # A profile is known by its id alone, in links and on the command line.
    _refuse_repeats("firms file: profile id", (one.profile_id for firm in firms for one in firm.profiles))
    return firms


def read_firm(entry: Mapping[str, Any]) -> Firm:
    """Return the firm of one ``[[firm]]`` table, given as plain values.

    Raises:
        ProfileError: It cannot be used as written.
    """
    who = f"firm {entry.get('id')!r}"
    firm = _convert(entry, _Firm, who)
    _check_id_and_name(who, firm.id, firm.name)
    return Firm(
        firm_id=firm.id,
        name=firm.name,
        recipients=_recipients(who, firm),
        profiles=tuple(read_profile(firm.id, profile) for profile in firm.profile),
        siret=None if firm.siret is None else _siret(f"{who}: siret", firm.siret),
    )


def read_drafts(text: str) -> tuple[Profile, ...]:
    """Return the profiles of a firms file as ``read_draft`` does, its firms being of no interest.

    What is not saved needs nobody to write to, and no name beside its id.

    Raises:
        ProfileError: The text is no TOML, or a profile cannot be used as written, or two have one id.
    """
    firms = [
        _convert({"name": entry.get("id"), **entry}, _Firm, f"firm {entry.get('id')!r}")
        for entry in _file(text).firm
    ]
    profiles = tuple(
        read_draft(firm.id, {"name": profile.get("id"), **profile})
        for firm in firms
        for profile in firm.profile
    )
    _refuse_repeats("firms file: profile id", (profile.profile_id for profile in profiles))
    return profiles


def read_profile(firm_id: str, entry: Mapping[str, Any]) -> Profile:
    """Return the profile of one ``[[firm.profile]]`` table, given as plain values.

    Raises:
        ProfileError: It cannot be used as written.
    """
    profile = read_draft(firm_id, entry)
    refuse_everything(f"firm {firm_id!r}, profile {profile.profile_id!r}", profile.criteria)
    return profile


def read_draft(firm_id: str, entry: Mapping[str, Any]) -> Profile:
    """Return the same of a profile that is not to be saved yet: it may ask nothing of the topic.

    Raises:
        ProfileError: It cannot be used as written.
    """
    who = f"firm {firm_id!r}, profile {entry.get('id')!r}"
    profile = _convert(entry, _Profile, who)
    _check_id_and_name(who, profile.id, profile.name)
    criteria = _criteria(who, profile)
    cadence = _one_of(Cadence, f"{who}: cadence", profile.cadence)
    return Profile(
        profile_id=profile.id,
        firm_id=firm_id,
        name=profile.name,
        criteria=criteria,
        cadence=cadence,
        hour=None if profile.hour is None else _within(f"{who}: hour", profile.hour, LAST_HOUR),
        weekdays=tuple(sorted({_weekday(f"{who}: weekdays", day) for day in profile.weekdays})),
        item_limit=_within(f"{who}: item_limit", profile.item_limit, MOST_ITEMS, least=1),
        reminder_days=_within(f"{who}: reminder_days", profile.reminder_days, MOST_REMINDER_DAYS),
    )


def refuse_everything(who: str, criteria: Criteria) -> None:
    """Refuse criteria that say nothing about what the firm does or for whom.

    Raises:
        ProfileError: There is no trade, CPV code, word or buyer; *who* opens the line.
    """
    if not (criteria.trades or criteria.cpv_codes or criteria.words or criteria.buyers):
        raise ProfileError(f"{who}: matches everything; expected at least one of trades, cpv, words, buyers")


def refuse_silence(profile: Profile) -> None:
    """Refuse a profile that would never be told anything, whatever it matches.

    A procedure is first told as one that can be answered, and such a one is a call; what corrects,
    cancels or awards it is told to who was told of it, whatever kinds the profile asks for.

    Raises:
        ProfileError: Its kinds leave out calls.
    """
    kinds = profile.criteria.kinds
    if kinds and NoticeKind.CALL not in kinds:
        who = f"firm {profile.firm_id!r}, profile {profile.profile_id!r}"
        raise ProfileError(
            f"{who}: kinds: expected 'call' among them (got {', '.join(kinds)}: never told alone)"
        )


def _file(text: str) -> _File:
    return _convert(read_toml(text, name="firms file"), _File, "firms file")


def _convert(entry: Mapping[str, Any], kind: type[_Read], who: str) -> _Read:
    return read_entry(entry, kind, who=who, tables=_TABLES)


def _criteria(who: str, profile: _Profile) -> Criteria:
    minimum, maximum = _cents(who, profile)
    numbers = chain(*_all(who, get_departements, profile.departements))
    # A collectivity overseas has a number and no code.
    areas = [_nuts(who, code) for code in profile.nuts]
    return Criteria(
        trades=tuple(
            dict.fromkeys(one.trade_id for found in _all(who, get_trades, profile.trades) for one in found)
        ),
        cpv_codes=_all(who, get_cpv, profile.cpv),
        words=tuple(_telling_words(f"{who}: words", text) for text in profile.words),
        words_out=tuple(_words_out(f"{who}: words_out", text) for text in profile.words_out),
        departements=tuple(dict.fromkeys((*numbers, *(code for code in areas if code.isdigit())))),
        nuts_codes=tuple(code for code in areas if not code.isdigit()),
        communes=tuple(
            dict.fromkeys(
                one.insee_code for found in _all(who, get_communes, profile.communes) for one in found
            )
        ),
        radius_km=_radius(who, profile),
        buyers=tuple(_buyer(who, buyer) for buyer in profile.buyers),
        kinds=tuple(_one_of(NoticeKind, f"{who}: kinds", kind) for kind in profile.kinds),
        minimum_cents=minimum,
        maximum_cents=maximum,
        pass_unknown=profile.pass_unknown,
        strictness=_one_of(Strictness, f"{who}: strictness", profile.strictness),
        qualifications=_all(who, get_qualification, profile.qualifications),
        fit_out=tuple(_fit_out(who, kind) for kind in profile.fit_out),
        working_days=_working_days(who, profile.working_days),
    )


def _recipients(who: str, firm: _Firm) -> tuple[Recipient, ...]:
    if not firm.recipients:
        raise ProfileError(f"{who}: expected at least one recipient (got none)")
    for recipient in firm.recipients:
        address = read_address(recipient.email)
        if address is None or recipient.email.endswith(">"):
            raise ProfileError(f"{who}: expected an e-mail address (got {recipient.email!r})")
    _refuse_repeats(f"{who}: recipient", (recipient.email.lower() for recipient in firm.recipients))
    return tuple(Recipient(person.email, person.name, person.language) for person in firm.recipients)


def _check_id_and_name(who: str, identity: str, name: str) -> None:
    if not ID.fullmatch(identity):
        raise ProfileError(f"{who}: id: expected 1 to 100 characters without spaces (got {identity!r})")
    if not name.strip() or len(name.splitlines()) > 1:
        raise ProfileError(f"{who}: name: expected some words on one line (got {name!r})")


def _refuse_repeats(what: str, values: Iterable[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ProfileError(f"{what}: expected each once (got {repeated[0]!r} twice)")


def _all(who: str, get: Callable[[_Written], _Known], texts: Iterable[_Written]) -> tuple[_Known, ...]:
    """Return what each text stands for, by a reader of the reference data."""
    try:
        return tuple(map(get, texts))
    except ProfileError as error:
        raise ProfileError(f"{who}: {error}") from error


def _telling_words(who: str, text: str) -> str:
    found = set(stems(text))
    if not found:
        raise ProfileError(f"{who}: expected a word or a phrase (got {text!r})")
    if found <= EVERYWHERE:
        raise ProfileError(f"{who}: matches everything; expected a word that tells (got {text!r})")
    return text


def _words_out(who: str, text: str) -> str:
    """Return words to leave out; "sauf éclairage" is no phrase of a notice, and would leave out nothing."""
    if (said := _LEAVES_OUT.match(text)) is not None:
        expected = f"expected what is left out alone, like {text[said.end() :]!r}"
        raise ProfileError(f"{who}: {expected} (got {text!r})")
    return _telling_words(who, text)


def _nuts(who: str, code: str) -> str:
    current = find_area(code) or current_nuts(code.strip().upper())
    if not departements_of_nuts(current) and not _is_abroad(current):
        expected = "expected a NUTS code like 'FRH0' or 'FRH03', or the name of a région"
        if within := find_departements(code):
            expected = f"expected departements = [{', '.join(map(repr, within))}]"
        problem = explain_area(code) or f"{expected} (got {code!r})"
        raise ProfileError(f"{who}: nuts: {problem}")
    return current


def _is_abroad(code: str) -> bool:
    """Tell whether a code is of another country's form: "PACA", "METZ" and "EST" are none."""
    return (
        NUTS.fullmatch(code) is not None
        and not code.startswith(FRANCE)
        and is_country(code[:2])
        and (len(code) <= LETTERS_OF_WIDEST or any(letter.isdigit() for letter in code))
    )


def _radius(who: str, profile: _Profile) -> int | None:
    radius_km = profile.radius_km
    if radius_km is None:
        return None
    if not profile.communes:
        raise ProfileError(f"{who}: radius_km: expected communes to be around (got none)")
    if not 1 <= radius_km <= LARGEST_RADIUS_KM:
        raise ProfileError(f"{who}: radius_km: expected 1 to {LARGEST_RADIUS_KM} (got {radius_km})")
    return radius_km


def _fit_out(who: str, name: str) -> FitKind:
    if name not in ASKED_IN_WORDS:
        expected = ", ".join(ASKED_IN_WORDS)
        raise ProfileError(f"{who}: fit_out: expected one of {expected} (got {name!r})")
    return FitKind(name)


def _working_days(who: str, number: int) -> int:
    if not 0 <= number <= MOST_WORKING_DAYS:
        raise ProfileError(f"{who}: working_days: expected 0 to {MOST_WORKING_DAYS} (got {number})")
    return number


def _buyer(who: str, text: str) -> str:
    if "".join(text.split()).isdigit():
        return _siret(f"{who}: buyers", text)
    if not stems(text):
        raise ProfileError(f"{who}: buyers: expected a name or a SIRET (got {text!r})")
    return text


def _siret(who: str, text: str) -> str:
    siret = read_siret(text)
    if siret is None:
        raise ProfileError(f"{who}: expected a SIRET, 14 digits with their key (got {text!r})")
    return siret


def _one_of(kind: type[_Word], who: str, text: str) -> _Word:
    try:
        return kind(text)
    except ValueError as error:
        raise ProfileError(f"{who}: expected one of {', '.join(kind)} (got {text!r})") from error


def _within(who: str, number: int, most: int, *, least: int = 0) -> int:
    if not least <= number <= most:
        raise ProfileError(f"{who}: expected a number from {least} to {most} (got {number})")
    return number


def _weekday(who: str, day: str | int) -> int:
    plain = folded(str(day))
    for number, names in enumerate(WEEKDAYS, start=1):
        if plain == str(number) or plain in names:
            return number
    raise ProfileError(f"{who}: expected a weekday like 'lundi', 'monday' or 1 (got {day!r})")


def _cents(who: str, profile: _Profile) -> tuple[int | None, int | None]:
    minimum, maximum = profile.minimum_euros, profile.maximum_euros
    for name, euros in (("minimum_euros", minimum), ("maximum_euros", maximum)):
        if euros is not None and not 0 <= euros < LARGEST_AMOUNT:
            raise ProfileError(f"{who}: {name}: expected 0 up to below {LARGEST_AMOUNT} (got {euros})")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise ProfileError(f"{who}: expected minimum_euros up to maximum_euros (got {minimum} and {maximum})")
    return _cents_of(minimum), _cents_of(maximum)


def _cents_of(euros: int | None) -> int | None:
    return None if euros is None else euros * 100
