"""Parse DECP, the essential data of public contracts in France: awards only.

In:   the bytes of one JSON document: {"marches": {"marche": [...], "contrat-concession": [...]}}, or
      the older {"marches": [...]}, whose nested names may be flat ("acheteur.id").
Out:  one RawNotice a contract, one Reject for each without id or object.

An id is the buyer's own: with the buyer's SIRET before it, it names one contract.

Source: arrêté du 22 décembre 2022, schema 2.0.3; read off its examples; INSEE, code officiel géographique.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from alerting.domain.feed import ParsedFeed, Reject
from alerting.domain.notice import Clock, NoticeKind, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.json_values import items_at, read_json, text_at, value_at
from alerting.reference.communes import commune_key, commune_of_insee, communes_of_postcode


CONTRACTS = ("marche", "contrat-concession")
_POSTCODE_DIGITS = 5
_REGION_DIGITS = 2
_OF_A_COMMUNE = ("postal", "commune")
# INSEE's numbers of these lead with the département: 35238, 351, 3506.
_LED_BY_DEPARTEMENT = ("commune", "arrondissement", "canton")
# INSEE's numbers of régions, and of those before 2016: NUTS codes.
_REGIONS = {
    "01": "FRY1", "02": "FRY2", "03": "FRY3", "04": "FRY4", "06": "FRY5", "11": "FR1", "24": "FRB",
    "27": "FRC", "28": "FRD", "32": "FRE", "44": "FRF", "52": "FRG", "53": "FRH", "75": "FRI", "76": "FRJ",
    "84": "FRK", "93": "FRL", "94": "FRM",
    "21": "FRF2", "22": "FRE2", "23": "FRD2", "25": "FRD1", "26": "FRC1", "31": "FRE1", "41": "FRF3",
    "42": "FRF1", "43": "FRC2", "54": "FRI3", "72": "FRI1", "73": "FRJ2", "74": "FRI2", "82": "FRK2",
    "83": "FRK1", "91": "FRJ1",
}  # fmt: skip
_INSEE = re.compile(r"(?P<departement>9[78][0-9]|2[AB]|[0-9]{2})[0-9]{1,3}", re.IGNORECASE)


def recognises(head: Head) -> bool:
    """Tell whether a document is of DECP."""
    return "marches" in head.names


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one document.

    Raises:
        FeedFormatError: It is no JSON, or holds no contracts.
    """
    contracts = value_at(read_json(document, feed_id=feed_id), "marches")
    if isinstance(contracts, list):
        groups = {"marches": contracts}
    else:
        groups = {name: items_at(contracts, name) for name in CONTRACTS}
    if not any(groups.values()):
        raise FeedFormatError(feed_id, "marches", "expected contracts (got none)")
    notices: list[RawNotice] = []
    rejects: list[Reject] = []
    for name, items in groups.items():
        for position, item in enumerate(items):
            if text_at(item, "id") is None or text_at(item, "objet") is None:
                rejects.append(Reject(f"{name}[{position}]", "expected 'id' and 'objet' (got none)"))
            else:
                notices.append(_notice(item, feed_id))
    return ParsedFeed(tuple(notices), tuple(rejects))


def _notice(item: Any, feed_id: str) -> RawNotice:
    siret = _text(item, "acheteur/id") or _text(item, "autoriteConcedante/id")
    number = text_at(item, "id") or ""
    published = text_at(item, "datePublicationDonnees")
    amount = text_at(item, "montant") or text_at(item, "valeurGlobale")
    return RawNotice(
        feed_id=feed_id,
        source_id=text_at(item, "uid") or (f"{siret}-{number}" if siret is not None else number),
        title=text_at(item, "objet") or "",
        kind=NoticeKind.AWARD,
        published=RawTime(published, Clock.PARIS) if published is not None else None,
        languages=("fr",),
        buyer_name=_text(item, "acheteur/nom") or _text(item, "autoriteConcedante/nom"),
        buyer_siret=siret,
        nature=_nature(item),
        cpv_main=text_at(item, "codeCPV"),
        places=_places(item),
        value=RawMoney(amount, "EUR") if amount is not None else None,
        internal_reference=number,
    )


def _text(item: Any, path: str) -> str | None:
    """Return a nested text, also where its path is written as one name."""
    return text_at(item, path) or text_at(value_at(item, path.replace("/", ".")))


def _nature(item: Any) -> str | None:
    """Return what is bought, told by the general conditions that the contract follows."""
    words = (text_at(item, "ccag") or text_at(item, "nature") or "").casefold()
    for word, nature in (("travaux", "works"), ("fourniture", "supplies"), ("service", "services")):
        if word in words and not ("fourniture" in words and "service" in words):
            return nature
    return None


def _places(item: Any) -> tuple[RawPlace, ...]:
    code, kind = _text(item, "lieuExecution/code"), (_text(item, "lieuExecution/typeCode") or "").casefold()
    name = _text(item, "lieuExecution/nom")
    if name is not None and name.casefold() in {kind, (code or "").casefold()}:
        name = None  # Some repeat there what kind of code it is, or the code.
    place = RawPlace(commune=name) if code is None else _place(code, kind, name)
    return (place,) if place != RawPlace() else ()


def _place(code: str, kind: str, name: str | None) -> RawPlace:
    """Return the place of a code of some kind, in small letters."""
    if any(word in kind for word in _OF_A_COMMUNE) and len(code) == _POSTCODE_DIGITS - 1:
        code = f"0{code}"  # A number was made of it: Allier's 03120 is 3120.
    is_insee = "insee" in kind
    if "commune" in kind and (place := _place_in_commune(code, name, is_insee=is_insee)) is not None:
        return place
    led = _INSEE.fullmatch(code) if any(word in kind for word in _LED_BY_DEPARTEMENT) else None
    codes: dict[str, dict[str, str | None]] = {
        "postal": {"postcode": code},
        "gion": {"nuts_code": _REGIONS.get(code.zfill(_REGION_DIGITS))},
        "pays": {"country": code},
        "partement": {"departement": code},
    }
    stated = next((fields for word, fields in codes.items() if word in kind), {})
    if led is not None and "postal" not in kind:
        stated = {"departement": led["departement"]}
    return replace(RawPlace(commune=name), **stated)


def _place_in_commune(code: str, name: str | None, *, is_insee: bool) -> RawPlace | None:
    """Return the place of a commune's code; None where it may be another's postcode: 3,006 codes are both.

    Many state a postcode for it: it is one where one of its communes is named.  It is the commune's own code
    where that one is named, or has the postcode, or the kind of code says INSEE.
    """
    commune, of_postcode = commune_of_insee(code), communes_of_postcode(code)
    if commune is None:
        return None
    key = None if name is None else commune_key(name)
    if not is_insee and key in {commune_key(each.name) for each in of_postcode}:
        return RawPlace(postcode=code, commune=name)
    is_its_own = is_insee or not of_postcode or commune in of_postcode or key == commune_key(commune.name)
    return RawPlace(departement=commune.departement, commune=commune.name) if is_its_own else None
