"""Answer a question: what was found, facets, the words where they stand, other words, the next page.

In:   a SearchRequest.
Out:  one report of plain values.

Most people read one page, so the first is read from what is indexed now, and nothing is held open for it.
Who asks for the second gets a point in time, at which all further pages are read: what is indexed between
them moves nothing.  What changed between the first page and the second is on the second, however well it
fits, and what was on the first comes no more: nothing is missed, nothing repeated.
"""

from __future__ import annotations

from dataclasses import replace
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
        ProfileError: A trade, code, département or commune is not known.
        SearchError: The token is not of this question or has run out; nothing is indexed; a condition can be
            met by nothing.
        SearchUnavailableError: No answer in time.
        UnknownIdError: ``request.like`` is no procedure of the index.
    """
    token = read_token(request)
    like = _document(client, alias, request.like) if request.like is not None else None
    shown = token.shown if token is not None else ()
    query = build_query(request, like, shown=shown, now=now)
    answer = (
        _first(client, alias, request, query)
        if token is None
        else _next(client, alias, request, query, token)
    )
    if answer["timed_out"]:
        raise SearchUnavailableError("search: no whole answer in time")
    hits = answer["hits"]["hits"]
    total = answer["hits"]["total"]["value"] if token is None else token.total
    wanted = read_text(request.text).all_stems()
    return {
        "total": total,
        "found": [_found(hit, wanted) for hit in hits],
        "facets": read_facets(answer.get("aggregations", {})),
        "suggestions": _suggestions(client, alias, request.text) if total == 0 else {},
        "after": _after_first(request, hits, total)
        if token is None
        else _after(client, request, answer, token),
    }


def _first(
    client: Elasticsearch, alias: str, request: SearchRequest, query: dict[str, Any]
) -> dict[str, Any]:
    """Read the first page, with how many are found and the facets."""
    try:
        return _ask(client, request, query, index=alias, aggregations=FACETS, track_total_hits=True)
    except NotFoundError as error:
        raise SearchError("search: nothing is indexed yet; run: alerting run index") from error


def _next(
    client: Elasticsearch, alias: str, request: SearchRequest, query: dict[str, Any], token: PageToken
) -> dict[str, Any]:
    """Read a page at its point in time; for the second page that is now."""
    try:
        point_in_time = token.point_in_time or client.open_point_in_time(index=alias, keep_alive=KEPT)["id"]
        return _ask(
            client,
            request,
            query,
            pit={"id": point_in_time, "keep_alive": KEPT},
            search_after=list(token.last) or None,
            track_total_hits=False,
        )
    except NotFoundError as error:
        raise SearchError("search: the token has run out (5 minutes); ask for the first page") from error


def _ask(
    client: Elasticsearch, request: SearchRequest, query: dict[str, Any], **asked: Any
) -> dict[str, Any]:
    return dict(
        client.search(
            query=query,
            sort=sort_of(request),
            size=request.size,
            source_includes=["view"],
            track_scores=True,
            allow_partial_search_results=False,
            **asked,
        )
    )


def _after_first(request: SearchRequest, hits: list[dict[str, Any]], total: int) -> str | None:
    if len(hits) == total:
        return None
    shown = tuple(hit["_source"]["view"]["procedure_id"] for hit in hits)
    return write_token(request, PageToken(None, (), shown, total))


def _after(
    client: Elasticsearch, request: SearchRequest, answer: dict[str, Any], token: PageToken
) -> str | None:
    hits, point_in_time = answer["hits"]["hits"], answer["pit_id"]
    if len(hits) == request.size:
        return write_token(request, replace(token, point_in_time=point_in_time, last=tuple(hits[-1]["sort"])))
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
