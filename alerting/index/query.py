"""A question in Elasticsearch's own language, and the token that leads to its next page.

In:   a SearchRequest.
Out:  query, sort and aggregations; an answer's facets; tokens.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import chain, pairwise
from typing import Any

from alerting.domain.cpv import cpv_prefix
from alerting.domain.criteria import LARGEST_RADIUS_KM
from alerting.domain.json import to_json
from alerting.domain.money import LARGEST_AMOUNT
from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest, SearchSort
from alerting.domain.siret import read_siret
from alerting.errors import SearchError
from alerting.reference.communes import middles
from alerting.reference.communes_said import get_communes
from alerting.reference.cpv import CPV, cpv_label, get_cpv, is_cpv
from alerting.reference.places_said import get_departements
from alerting.reference.reach import departements_reached
from alerting.reference.trades import get_trades, trades
from alerting.text.analysis import ELIDED, stems


# More than any word has; the near ones of a longer one take the node half a minute to look for.
_WORD_CHARACTERS = 100
# A title and a half; a longer text is not asked for word by word, and no number is as long.
_TEXT_CHARACTERS = 500


TEXTS = ("title_stems", "lot_stems", "description_stems", "buyer_stems")
WEIGHTED = ("title_stems^4", "lot_stems^3", "description_stems^2", "buyer_stems")
# Words that say nothing of what is bought; asked for alone they are words like others.
LITTLE_WORDS = frozenset(
    stems("à au aux avec dans de des du en et la le les ou par pour sans sous sur un une")
)
# What a letter of an elision stands before.
_SOUNDS = frozenset("aeiouyh")
# A number names one procedure; nothing that its digits stand in comes before it.
OF_NUMBER = 1_000
QUOTED = re.compile(r'["«“]([^"»”]*)["»”]')
FACETS: dict[str, Any] = {
    "departement": {"terms": {"field": "departements", "size": 120}},
    "trade": {"terms": {"field": "trade_ids", "size": 100}},
    "cpv_division": {"terms": {"field": "cpv_divisions", "size": 100}},
    "kind": {"terms": {"field": "kind", "size": 10}},
    "buyer": {"terms": {"field": "buyer_name", "size": 20}},
    "deadline_week": {
        "date_histogram": {
            "field": "deadline_at",
            "calendar_interval": "week",
            "time_zone": "Europe/Paris",
            "format": "yyyy-MM-dd",
            "min_doc_count": 1,
        }
    },
}
_SORTS: dict[SearchSort, list[dict[str, Any]]] = {
    SearchSort.RELEVANCE: [{"_score": "desc"}, {"procedure_id": "desc"}],
    SearchSort.DEADLINE: [{"deadline_at": {"order": "asc", "missing": "_last"}}, {"procedure_id": "desc"}],
    SearchSort.PUBLISHED: [{"published_at": {"order": "desc", "missing": "_last"}}, {"procedure_id": "desc"}],
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text taken apart: phrases in quotes, and the other words; all as stems."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]

    def all_stems(self) -> frozenset[str]:
        """Return every stem of words and phrases."""
        return frozenset((*self.words, *(stem for phrase in self.phrases for stem in phrase)))

    def telling_stems(self) -> frozenset[str]:
        """Return those that are worth showing: little ones of a phrase stand everywhere else, too."""
        return self.all_stems() - LITTLE_WORDS or self.all_stems()


@dataclass(frozen=True, slots=True)
class PageToken:
    """Where a page ended.

    Args:
        point_in_time: That it was read at; None where it was the first page.
        last: The last one's sort values; empty where it was the first page.
        shown: Numbers of the procedures of the first page.
        total: How many were found then.
    """

    point_in_time: str | None
    last: tuple[Any, ...]
    shown: tuple[int, ...]
    total: int


def read_text(text: str) -> Wanted:
    """Take a text apart; little words count only where there are no others.

    So does an article cut off its word: "l' école", "D ETANCHEITE"; the letter of "bâtiment D" is a word.

    >>> read_text('"toiture en ardoise" de la mairie')
    Wanted(words=('mair',), phrases=(('toitur', 'en', 'ardois'),))
    """
    phrases = tuple(filter(None, (stems(found) for found in QUOTED.findall(text))))
    every = stems(QUOTED.sub(" ", text))
    telling = tuple(
        stem
        for stem, following in pairwise((*every, ""))
        if stem not in LITTLE_WORDS and not (stem in ELIDED and following[:1] in _SOUNDS)
    )
    return Wanted(telling or (() if phrases else every), phrases)


def build_query(
    request: SearchRequest, like: Mapping[str, Any] | None, *, shown: Sequence[int], now: datetime
) -> dict[str, Any]:
    """Return the query.

    Args:
        request: What is asked.
        like: The document that others are to resemble.
        shown: Numbers of procedures that are not to be found again.
        now: What is open then.

    Raises:
        ProfileError: A trade, code, département or commune is not known.
        SearchError: Another condition can be met by nothing.
    """
    _check(request)
    # What became part of another procedure is found there.
    hidden: list[dict[str, Any]] = [{"term": {"state": ProcedureState.MERGED.value}}]
    if shown:
        hidden.append({"terms": {"procedure_id": list(shown)}})
    must = _text_or_number(request.text)
    if like is not None:
        hidden.append({"term": {"procedure_id": like["procedure_id"]}})
        must.append(_similar(like))
    return {"bool": {"must": must, "filter": _filters(request, now), "must_not": hidden}}


def _check(request: SearchRequest) -> None:
    """Refuse what would find nothing, or everything, without a word; and what nobody writes."""
    _check_text("text", request.text)
    if request.text.strip() and not _text_or_number(request.text):
        raise SearchError(f"search: expected a word or a number (got {request.text!r})")
    if request.buyer is not None:
        _check_text("buyer", request.buyer)
        _check_buyer(request.buyer)
    if request.radius_km and request.near is None:
        raise SearchError("search: a radius needs a commune to be around; expected near (got none)")
    if not 0 <= request.radius_km <= LARGEST_RADIUS_KM:
        raise SearchError(f"search: radius: expected 0 to {LARGEST_RADIUS_KM} km (got {request.radius_km})")
    _check_amounts(request.minimum_cents, request.maximum_cents)


def _check_text(name: str, text: str) -> None:
    # A terminal of another encoding gives half a sign for each accent, and words that nobody typed.
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise SearchError(f"search: {name}: expected a text in UTF-8 (got {text[:_WORD_CHARACTERS]!r})")
    longest = max(map(len, text.split()), default=0)
    if longest > _WORD_CHARACTERS:
        expected = f"words of at most {_WORD_CHARACTERS} characters"
        raise SearchError(f"search: expected {expected} (got one of {longest})")
    if len(text) > _TEXT_CHARACTERS:
        expected = f"at most {_TEXT_CHARACTERS} characters"
        raise SearchError(f"search: {name}: expected {expected} (got {len(text)})")


def _check_buyer(buyer: str) -> None:
    if read_siret(buyer) is not None:
        return
    if "".join(buyer.split()).isdigit():
        raise SearchError(f"search: buyer: expected a SIRET, 14 digits with their key (got {buyer!r})")
    if not stems(buyer):
        raise SearchError(f"search: buyer: expected a name or a SIRET (got {buyer!r})")


def _check_amounts(minimum: int | None, maximum: int | None) -> None:
    for name, cents in (("minimum", minimum), ("maximum", maximum)):
        if cents is not None and not 0 <= cents < LARGEST_AMOUNT * 100:
            problem = f"expected 0 up to below {LARGEST_AMOUNT} euros (got {cents // 100})"
            raise SearchError(f"search: {name}: {problem}")
    if minimum is not None and maximum is not None and minimum > maximum:
        limits = f"{minimum // 100} and {maximum // 100} euros"
        raise SearchError(f"search: expected an amount from minimum up to maximum (got {limits})")


def sort_of(request: SearchRequest) -> list[dict[str, Any]]:
    """Return the order, in which no two procedures are equal."""
    return _SORTS[request.sort]


def read_facets(aggregations: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return each facet's values, with how many procedures each would leave."""
    facets = {
        name: [
            {"value": bucket.get("key_as_string", bucket["key"]), "count": bucket["doc_count"]}
            for bucket in found["buckets"]
        ]
        for name, found in sorted(aggregations.items())
    }
    for value in facets.get("cpv_division", []):
        value["label"] = cpv_label(value["value"] + "000000")
    labels = {trade.trade_id: trade.label for trade in trades()}
    for value in facets.get("trade", []):
        # A document may name a trade that exists no longer, until it is copied again.
        value["label"] = labels.get(value["value"], value["value"])
    return facets


def write_token(request: SearchRequest, token: PageToken) -> str:
    """Return a token as people hand it on."""
    parts = [token.point_in_time, token.last, token.shown, token.total, _question(request)]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_token(request: SearchRequest) -> PageToken | None:
    """Read a request's token, None where it asks for the first page.

    Raises:
        SearchError: It is no token of ours, or was given for another question.
    """
    if request.after is None:
        return None
    try:
        padded = request.after + "=" * (-len(request.after) % 4)
        point_in_time, last, shown, total, question = json.loads(urlsafe_b64decode(padded.encode()))
        token = PageToken(
            point_in_time and str(point_in_time), tuple(last), tuple(map(int, shown)), int(total)
        )
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise SearchError("search: expected the token that ended a page (got something else)") from error
    if question != _question(request):
        raise SearchError("search: the token is of another question; ask the same one, or without a token")
    return token


def _question(request: SearchRequest) -> str:
    text = json.dumps(to_json(replace(request, after=None, size=0)), sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]


def _text_or_number(text: str) -> list[dict[str, Any]]:
    clauses = _text_clauses(read_text(text))
    number = text.strip().lower()
    if not any(letter.isdigit() for letter in number):
        return clauses
    asked: list[dict[str, Any]] = [
        {"constant_score": {"filter": {"term": {"references": number}}, "boost": OF_NUMBER}}
    ]
    code = CPV.fullmatch(number)
    if code is not None and is_cpv(code[1]):
        asked.append(subtree(code[1]))
    if clauses:
        asked.append({"bool": {"must": clauses}})
    return [any_of(asked)]


def _text_clauses(wanted: Wanted) -> list[dict[str, Any]]:
    clauses = [
        {
            "multi_match": {
                "query": " ".join(phrase),
                "fields": WEIGHTED,
                "type": "phrase",
                "analyzer": "whitespace",
            }
        }
        for phrase in wanted.phrases
    ]
    if wanted.words:
        words = {
            "query": " ".join(wanted.words),
            "fields": WEIGHTED,
            "type": "cross_fields",
            "operator": "and",
            "analyzer": "whitespace",
        }
        clauses.append({"multi_match": words})
    return clauses


def _filters(request: SearchRequest, now: datetime) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = [
        {"terms": {name: asked}} for name, asked in _named(request).items() if asked
    ]
    if request.near is not None:
        filters.append(_near(request.near, request.radius_km))
    if request.cpv_codes:
        filters.append(any_of([subtree(get_cpv(code)) for code in request.cpv_codes]))
    if request.buyer is not None:
        filters.append(_buyer(request.buyer))
    if request.open_only:
        filters += _open(now)
    if request.minimum_cents is not None or request.maximum_cents is not None:
        bounds = {"gte": request.minimum_cents, "lte": request.maximum_cents}
        stated = {name: cents for name, cents in bounds.items() if cents is not None}
        whole = [{"term": {"currency": "EUR"}}, {"range": {"amount_cents": stated}}]
        filters.append(any_of([{"bool": {"filter": whole}}, {"range": {"lot_amount_cents": stated}}]))
    return filters


def _named(request: SearchRequest) -> dict[str, list[str]]:
    return {
        "departements": [one for said in request.departements for one in get_departements(said)],
        "trade_ids": [trade.trade_id for name in request.trades for trade in get_trades(name)],
        "kind": [kind.value for kind in request.kinds],
    }


def _near(name: str, radius_km: int) -> dict[str, Any]:
    """Ask for work within a circle, and for that of an area of which the circle holds enough (ADR 7)."""
    of_communes = [middles(commune) for commune in get_communes(name)]
    areas = {area for centres in of_communes for area in departements_reached(centres, radius_km)}
    # Distances count in whole kilometres, as a profile's do.
    reach = f"{radius_km * 1000 + 500}m"
    circles: list[dict[str, Any]] = [
        {"geo_distance": {"distance": reach, "points": {"lat": centre.latitude, "lon": centre.longitude}}}
        for centre in chain(*of_communes)
    ]
    return any_of([*circles, {"terms": {"areas": sorted(areas)}}])


def subtree(code: str) -> dict[str, Any]:
    """Ask for a CPV code and all below it."""
    return {"prefix": {"cpv_codes": cpv_prefix(code)}}


def _buyer(text: str) -> dict[str, Any]:
    siret = read_siret(text)
    if siret is not None:
        return {"term": {"buyer_siret": siret}}
    return {"match_phrase": {"buyer_stems": {"query": " ".join(stems(text)), "analyzer": "whitespace"}}}


def _open(now: datetime) -> list[dict[str, Any]]:
    without = {"bool": {"must_not": [{"exists": {"field": "deadline_at"}}]}}
    states = [ProcedureState.OPEN.value, ProcedureState.PLANNED.value]
    to_come = {"range": {"deadline_at": {"gt": to_json(now)}}}
    return [{"terms": {"state": states}}, any_of([without, to_come])]


def _similar(document: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for the words of a title and its lots, those that tell most, and for the same codes."""
    lots = document["lot_stems"]
    words = " ".join(filter(None, [document["title_stems"], *lots]))
    resembles = {
        "more_like_this": {
            "fields": ["title_stems", "lot_stems", "description_stems"],
            "like": words,
            "analyzer": "whitespace",
            "min_term_freq": 1,
            "min_doc_freq": 1,
            "stop_words": sorted(LITTLE_WORDS),
            "minimum_should_match": "20%",
        }
    }
    codes = [{"term": {"cpv_codes": {"value": code, "boost": 2}}} for code in document["cpv_codes"]]
    return {"bool": {"must": [resembles], "should": codes}}


def any_of(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    """Ask for one of several."""
    return {"bool": {"should": clauses, "minimum_should_match": 1}}
