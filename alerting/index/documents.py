"""One document a procedure: the mapping, and what is written under it.

In:   procedures, analysed.
Out:  documents in the names of MAPPING; ``mapping_hash`` changes with all that decides what they hold.

Texts are stems (``alerting.text``) in whitespace-analysed fields, so the index knows no language of its own.
Lots are part of the document (docs/adr/0011).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any

from alerting.domain.analysed import AnalysedNotice, AnalysedText, stated_codes
from alerting.domain.cpv import CPV_DIVISION_DIGITS
from alerting.domain.json import to_json
from alerting.domain.notice import Notice
from alerting.domain.place import LocatedNotice, Spot
from alerting.domain.procedure import Procedure
from alerting.domain.trade import POINTS_NEEDED, Strictness
from alerting.reference.version import matching_hash


STEMS = {"type": "text", "analyzer": "whitespace", "norms": True}
KEYWORD = {"type": "keyword"}
# Lucene refuses a term of more than 32,766 bytes, and with it the document.
NAME = {"type": "keyword", "ignore_above": 1_000}
STORED = {"type": "object", "enabled": False}
MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "procedure_id": {"type": "long"},
        "revision": {"type": "integer"},
        "content_hash": KEYWORD,
        "state": KEYWORD,
        "kind": KEYWORD,
        "references": NAME,
        "title": {"type": "keyword", "index": False, "doc_values": False},
        "title_stems": STEMS,
        "description_stems": STEMS,
        "lot_stems": STEMS,
        "buyer_stems": STEMS,
        "buyer_name": NAME,
        "buyer_siret": KEYWORD,
        "trade_ids": KEYWORD,
        "wide_trade_ids": KEYWORD,
        "cpv_codes": KEYWORD,
        "cpv_divisions": KEYWORD,
        "departements": KEYWORD,
        "nuts_codes": NAME,
        "points": {"type": "geo_point"},
        "areas": KEYWORD,
        "published_at": {"type": "date"},
        "deadline_at": {"type": "date"},
        "amount_cents": {"type": "long"},
        "currency": KEYWORD,
        "lot_amount_cents": {"type": "long"},
        "view": STORED,
    },
}


@cache
def mapping_hash() -> str:
    """Return the hash of the mapping and of all that decides what documents hold."""
    parts = json.dumps([MAPPING, matching_hash()], sort_keys=True)
    return sha256(parts.encode()).hexdigest()[:16]


def document_of(procedure: Procedure, analysed: AnalysedNotice, *, content_hash: str) -> dict[str, Any]:
    """Return the document of a procedure, in the names of MAPPING.

    Args:
        procedure: As it stands.
        analysed: Its view.
        content_hash: Of what the database held when it was read.
    """
    view = procedure.view
    title, *description = analysed.texts
    return {
        "procedure_id": procedure.procedure_id,
        "revision": procedure.revision,
        "content_hash": content_hash,
        "state": procedure.state.value,
        "kind": view.kind.value,
        "references": _references(view),
        "title": view.title,
        "title_stems": _stems(title),
        "description_stems": _stems(*description) if description else None,
        "lot_stems": [_stems(text) for texts in analysed.lot_texts for text in texts],
        "trade_ids": _trade_ids(analysed, Strictness.NORMAL),
        "wide_trade_ids": _trade_ids(analysed, Strictness.WIDE),
        "published_at": to_json(view.published_at),
        "deadline_at": to_json(view.deadline_at),
        **_buyer(analysed),
        **_codes(view),
        **_places(analysed.located, view),
        **_amounts(view),
        "view": {"procedure_id": procedure.procedure_id, "state": procedure.state.value, **to_json(view)},
    }


def _references(view: Notice) -> list[str]:
    """Return the numbers by which people ask for it, in small letters."""
    stated = (view.source_id, view.procedure_key, view.internal_reference)
    return sorted({number.strip().lower() for number in stated if number is not None})


def _stems(*texts: AnalysedText) -> str:
    return " ".join(stem for text in texts for stem in text.stems)


def _trade_ids(analysed: AnalysedNotice, strictness: Strictness) -> list[str]:
    """Return the trades of which the whole or a lot asks as clearly as a profile of a strictness needs."""
    needed = POINTS_NEEDED[strictness]
    return sorted(
        trade_id
        for trade_id, findings in analysed.findings.items()
        if any(found.act is None and found.points >= needed for found in findings)
    )


def _buyer(analysed: AnalysedNotice) -> dict[str, Any]:
    buyer, name = analysed.notice.buyer, analysed.buyer_name
    return {
        "buyer_stems": _stems(name) if name is not None else None,
        "buyer_name": buyer.name if buyer is not None else None,
        "buyer_siret": buyer.siret if buyer is not None else None,
    }


def _codes(view: Notice) -> dict[str, list[str]]:
    codes = sorted(stated_codes(view))
    return {"cpv_codes": codes, "cpv_divisions": sorted({code[:CPV_DIVISION_DIGITS] for code in codes})}


def _places(located: LocatedNotice, view: Notice) -> dict[str, Any]:
    """Return where the work is done, and its buyer's place where no more than an area around it is stated.

    Who searches around a place does not ask for what may be anywhere in France.
    """
    said = (*located.work, *(spot for spots in located.lots for spot in spots))
    work = [spot for spot in said if not spot.is_country]
    stated = work or ([located.buyer] if located.buyer is not None else [])
    areas = _departements(spot for spot in stated if not spot.points)
    of_buyer = located.buyer.points if located.buyer is not None else ()
    points = dict.fromkeys(point for spot in stated for point in spot.points)
    if located.buyer is not None and not areas.isdisjoint(located.buyer.departements):
        points |= dict.fromkeys(of_buyer)
    places = [*view.places, *(place for lot in view.lots for place in lot.places)]
    return {
        "departements": sorted(_departements(stated)),
        "nuts_codes": sorted({place.nuts_code for place in places if place.nuts_code is not None}),
        "points": [{"lat": point.latitude, "lon": point.longitude} for point in points],
        "areas": sorted(areas),
    }


def _departements(spots: Iterable[Spot]) -> set[str]:
    return {departement for spot in spots for departement in spot.departements}


def _amounts(view: Notice) -> dict[str, Any]:
    of_lots = {lot.value.amount_cents for lot in view.lots if lot.value and lot.value.currency == "EUR"}
    return {
        "amount_cents": view.value.amount_cents if view.value is not None else None,
        "currency": view.value.currency if view.value is not None else None,
        "lot_amount_cents": sorted(of_lots),
    }
