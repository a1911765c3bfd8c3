"""Answer a question: what was found, facets, the words where they stand, other words, the next page.

In:   a SearchRequest.
Out:  one report of plain values.

A page is read at a point in time, which its token names: what is indexed between two pages moves nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchError, SearchUnavailableError, UnknownIdError
from alerting.index.highlight import highlights, word_of
from alerting.index.query import (
    FACETS,
    TEXTS,
    PageToken,
    build_query,
    read_facets,
    read_text,
    read_token,
    sort_of,
    write_token,
)
from alerting.text.analysis import analyse


KEPT = "5m"
_SUGGESTIONS = 3


def search(client: Elasticsearch, alias: str, request: SearchRequest, *, now: datetime) -> dict[str, Any]:
    """Answer a question.

    Returns:
        total; found: views, best first, each with "score" and "highlights"; facets (of the first page);
        suggestions: a word that stands nowhere to the nearest that do; after: the next page's token, None at
        the end.

    Raises:
        SearchError: The token is not of this question or has run out; nothing is indexed.
        SearchUnavailableError: No answer in time.
        UnknownIdError: ``request.like`` is no procedure of the index.
    """
    token = read_token(request)
    like = _document(client, alias, request.like) if request.like is not None else None
    if token is None:
        token = PageToken(_open_point_in_time(client, alias), (), "")
    answer = _ask(client, request, token, build_query(request, like, now=now))
    wanted = read_text(request.text)
    hits = answer["hits"]["hits"]
    total = answer["hits"]["total"]["value"]
    return {
        "total": total,
        "found": [_found(hit, wanted.all_stems()) for hit in hits],
        "facets": read_facets(answer.get("aggregations", {})),
        "suggestions": _suggestions(client, alias, request.text) if total == 0 else {},
        "after": _next_token(client, request, answer["pit_id"], hits),
    }


def _ask(
    client: Elasticsearch, request: SearchRequest, token: PageToken, query: dict[str, Any]
) -> dict[str, Any]:
    is_first = not token.last
    try:
        answer = client.search(
            query=query,
            pit={"id": token.point_in_time, "keep_alive": KEPT},
            sort=sort_of(request),
            size=request.size,
            search_after=None if is_first else list(token.last),
            aggregations=FACETS if is_first else None,
            source_includes=["view"],
            track_scores=True,
            track_total_hits=True,
            allow_partial_search_results=False,
        )
    except NotFoundError as error:
        raise SearchError("search: the token has run out (5 minutes); ask for the first page") from error
    if answer["timed_out"]:
        raise SearchUnavailableError("search: no whole answer in time")
    return dict(answer)


def _open_point_in_time(client: Elasticsearch, alias: str) -> str:
    try:
        return str(client.open_point_in_time(index=alias, keep_alive=KEPT)["id"])
    except NotFoundError as error:
        raise SearchError("search: nothing is indexed yet; run: alerting run index") from error


def _next_token(
    client: Elasticsearch, request: SearchRequest, point_in_time: str, hits: list[dict[str, Any]]
) -> str | None:
    if len(hits) == request.size:
        return write_token(request, point_in_time, hits[-1]["sort"])
    client.close_point_in_time(id=point_in_time)
    return None


def _found(hit: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    view = hit["_source"]["view"]
    return {"score": hit["_score"], **view, "highlights": highlights(view, wanted)}


def _document(client: Elasticsearch, alias: str, procedure_id: int) -> dict[str, Any]:
    try:
        document: dict[str, Any] = client.get(index=alias, id=str(procedure_id))["_source"]
    except NotFoundError as error:
        raise UnknownIdError(f"search: procedure {procedure_id} is not in the index") from error
    return document


def _suggestions(client: Elasticsearch, alias: str, text: str) -> dict[str, list[str]]:
    """Return, for each word that stands nowhere, the nearest words that do, as they are written."""
    wanted = read_text(text).all_stems()
    words = {token.stem: text[token.start : token.end] for token in analyse(text) if token.stem in wanted}
    unknown = [stem for stem in words if not _with_stem(client, alias, stem)]
    return {words[stem]: _near(client, alias, stem) for stem in unknown}


def _near(client: Elasticsearch, alias: str, stem: str) -> list[str]:
    term = {"suggest_mode": "always", "prefix_length": 1, "size": _SUGGESTIONS, "min_word_length": 3}
    asked = {field: {"text": stem, "term": {"field": field, **term}} for field in TEXTS}
    answer = client.search(index=alias, size=0, suggest=asked)["suggest"]
    options = [option for field in TEXTS for entry in answer[field] for option in entry["options"]]
    options.sort(key=lambda option: (-option["score"], -option["freq"], option["text"]))
    near = dict.fromkeys(option["text"] for option in options)
    words = [_written(client, alias, other) for other in list(near)[:_SUGGESTIONS]]
    return list(dict.fromkeys(words))


def _written(client: Elasticsearch, alias: str, stem: str) -> str:
    views = [hit["_source"]["view"] for hit in _with_stem(client, alias, stem)]
    return next((word for view in views if (word := word_of(view, stem))), stem)


def _with_stem(client: Elasticsearch, alias: str, stem: str) -> list[dict[str, Any]]:
    anywhere = [{"term": {field: stem}} for field in TEXTS]
    hidden = [{"term": {"state": ProcedureState.MERGED.value}}]
    query = {"bool": {"should": anywhere, "minimum_should_match": 1, "must_not": hidden}}
    answer = client.search(index=alias, query=query, size=1, source_includes=["view"])
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits
