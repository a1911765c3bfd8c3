"""One document a procedure: the mapping, and what is written under it.

In:   procedures.
Out:  documents in the names of MAPPING.

Texts are stems (``alerting.text``) in whitespace-analysed fields, so the index knows no language of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerting.domain.criteria import CPV_DIVISION_DIGITS
from alerting.domain.json import to_json
from alerting.domain.notice import Lot, Place
from alerting.domain.procedure import Procedure
from alerting.text.analysis import stems


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
        "title": {"type": "keyword", "index": False, "doc_values": False},
        "title_stems": STEMS,
        "description_stems": STEMS,
        "lot_stems": STEMS,
        "buyer_stems": STEMS,
        "buyer_name": NAME,
        "buyer_siret": KEYWORD,
        "cpv_codes": KEYWORD,
        "cpv_divisions": KEYWORD,
        "departements": KEYWORD,
        "nuts_codes": KEYWORD,
        "published_at": {"type": "date"},
        "deadline_at": {"type": "date"},
        "amount_cents": {"type": "long"},
        "currency": KEYWORD,
        "view": STORED,
    },
}


def document_of(procedure: Procedure, *, content_hash: str) -> dict[str, Any]:
    """Return the document of a procedure, in the names of MAPPING.

    Args:
        procedure: As it stands.
        content_hash: Of what the database held when it was read.
    """
    view = procedure.view
    buyer, value = view.buyer, view.value
    places = [*view.places, *(place for lot in view.lots for place in lot.places)]
    codes = [view.cpv_main, *view.cpv_additional, *(code for lot in view.lots for code in lot.cpv_codes)]
    stated = sorted({code for code in codes if code is not None})
    return {
        "procedure_id": procedure.procedure_id,
        "revision": procedure.revision,
        "content_hash": content_hash,
        "state": procedure.state.value,
        "kind": view.kind.value,
        "title": view.title,
        "title_stems": _stems(view.title),
        "description_stems": _stems(view.description),
        "lot_stems": [_lot_stems(lot) for lot in view.lots],
        "buyer_stems": _stems(buyer.name if buyer is not None else None),
        "buyer_name": buyer.name if buyer is not None else None,
        "buyer_siret": buyer.siret if buyer is not None else None,
        "cpv_codes": stated,
        "cpv_divisions": sorted({code[:CPV_DIVISION_DIGITS] for code in stated}),
        "departements": _departements(places, buyer.departement if buyer is not None else None),
        "nuts_codes": sorted({place.nuts_code for place in places if place.nuts_code is not None}),
        "published_at": to_json(view.published_at),
        "deadline_at": to_json(view.deadline_at),
        "amount_cents": value.amount_cents if value is not None else None,
        "currency": value.currency if value is not None else None,
        "view": {"procedure_id": procedure.procedure_id, "state": procedure.state.value, **to_json(view)},
    }


def _stems(text: str | None) -> str | None:
    return " ".join(stems(text)) if text is not None else None


def _lot_stems(lot: Lot) -> str:
    return " ".join(stems(f"{lot.title or ''} {lot.description or ''}"))


def _departements(places: Sequence[Place], of_buyer: str | None) -> list[str]:
    """Return the départements of the work, else the buyer's."""
    stated = {place.departement for place in places if place.departement is not None}
    return sorted(stated) or ([of_buyer] if of_buyer is not None else [])
