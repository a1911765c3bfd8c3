"""Read firms and their profiles from TOML, as people write them.

In:   a text with one ``[[firm]]`` a firm and one ``[[firm.profile]]`` a profile.
Out:  firms; or a ProfileError whose one line says firm, profile, field, what was got and
      what is expected.  A profile that would match everything is refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from alerting.domain.criteria import Criteria
from alerting.domain.notice import NoticeKind
from alerting.domain.profile import Cadence, Firm, Profile, Recipient
from alerting.errors import ProfileError
from alerting.reference.nuts import departement_name
from alerting.reference.trades import get_trade


CPV = re.compile(r"(\d{8})(-\d)?")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


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
    departements: list[str] = []
    buyers: list[str] = []
    kinds: list[NoticeKind] = []
    minimum_euros: int | None = None
    maximum_euros: int | None = None
    pass_unknown: bool = True
    cadence: Cadence = Cadence.DAILY


class _Firm(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    recipients: list[_Recipient]
    profile: list[_Profile] = []
    siret: str | None = None


_Read = TypeVar("_Read", _Firm, _Profile)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    firm: list[_Firm]


def read_firms(text: str) -> tuple[Firm, ...]:
    """Return the firms that *text* describes, in its order.

    Raises:
        ProfileError: The text is no TOML, or a firm or profile cannot be used as written.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"firms file: not TOML ({error})") from error
    except msgspec.ValidationError as error:
        raise ProfileError(f"firms file: {error}") from error
    return tuple(_firm(firm) for firm in file.firm)


def read_firm(entry: Mapping[str, Any]) -> Firm:
    """Return the firm of one ``[[firm]]`` table, given as plain values.

    Raises:
        ProfileError: It cannot be used as written.
    """
    return _firm(_convert(entry, _Firm, f"firm {entry.get('id')!r}"))


def read_profile(firm_id: str, entry: Mapping[str, Any]) -> Profile:
    """Return the profile of one ``[[firm.profile]]`` table, given as plain values.

    Raises:
        ProfileError: It cannot be used as written.
    """
    return _profile(firm_id, _convert(entry, _Profile, f"firm {firm_id!r}, profile {entry.get('id')!r}"))


def _convert(entry: Mapping[str, Any], kind: type[_Read], who: str) -> _Read:
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{who}: {error}") from error


def _firm(firm: _Firm) -> Firm:
    for recipient in firm.recipients:
        if not ADDRESS.fullmatch(recipient.email):
            raise ProfileError(f"firm {firm.id!r}: expected an e-mail address (got {recipient.email!r})")
    if not firm.recipients:
        raise ProfileError(f"firm {firm.id!r}: expected at least one recipient (got none)")
    return Firm(
        firm_id=firm.id,
        name=firm.name,
        recipients=tuple(Recipient(person.email, person.name, person.language) for person in firm.recipients),
        profiles=tuple(_profile(firm.id, profile) for profile in firm.profile),
        siret=firm.siret,
    )


def _profile(firm_id: str, profile: _Profile) -> Profile:
    who = f"firm {firm_id!r}, profile {profile.id!r}"
    criteria = Criteria(
        trades=tuple(_trade(who, name) for name in profile.trades),
        cpv_codes=tuple(_cpv(who, code) for code in profile.cpv),
        words=tuple(profile.words),
        words_out=tuple(profile.words_out),
        departements=tuple(_departement(who, code) for code in profile.departements),
        buyers=tuple(profile.buyers),
        kinds=tuple(profile.kinds),
        minimum_cents=_cents(profile.minimum_euros),
        maximum_cents=_cents(profile.maximum_euros),
        pass_unknown=profile.pass_unknown,
    )
    refuse_everything(who, criteria)
    return Profile(profile.id, firm_id, profile.name, criteria, profile.cadence)


def refuse_everything(who: str, criteria: Criteria) -> None:
    """Refuse criteria that say nothing about what the firm does or for whom.

    Raises:
        ProfileError: There is no trade, CPV code, word or buyer; *who* opens the line.
    """
    if not (criteria.trades or criteria.cpv_codes or criteria.words or criteria.buyers):
        raise ProfileError(f"{who}: matches everything; expected at least one of trades, cpv, words, buyers")


def _trade(who: str, name: str) -> str:
    try:
        return get_trade(name).trade_id
    except ProfileError as error:
        raise ProfileError(f"{who}: {error}") from error


def _cpv(who: str, code: str) -> str:
    found = CPV.fullmatch(code.strip())
    if found is None:
        raise ProfileError(
            f"{who}: a CPV code must be 8 digits with an optional '-' and check digit (got {code!r})"
        )
    return found.group(1)


def _departement(who: str, code: str) -> str:
    if departement_name(code) is None:
        raise ProfileError(f"{who}: expected the number of a département like '35' or '2A' (got {code!r})")
    return code


def _cents(euros: int | None) -> int | None:
    return None if euros is None else euros * 100
