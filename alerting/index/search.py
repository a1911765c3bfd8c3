"""Answer a question: what was found, facets, the words where they stand, other words, the next page.

In:   a SearchRequest.
Out:  one report of plain values.

Most people read one page, so the first is read from what is indexed now, and nothing is held open for it.
Who asks for the second gets a point in time, at which all further pages are read: what is indexed between
them moves nothing.  What changed between the first page and the second is on the second, however well it
fits, and what was on the first comes no more: nothing is missed, nothing repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchError, SearchUnavailableError, UnknownIdError
from alerting.index.client import refusal_of
from alerting.index.highlight import highlights, word_of
from alerting.index.query import (
    FACETS,
    TEXTS,
    PageToken,
    any_of,
    build_query,
    read_facets,
    read_text,
    read_token,
    sort_of,
    write_token,
)
from alerting.text.analysis import StemFinder, analyse


KEPT = "5m"
_SUGGESTIONS = 3
# Of so many words nearest ones are looked for: who misspells more asks again.
_MISSPELT = 5
_NOTHING = "search: nothing is indexed yet; run: alerting run index"


def search(client: Elasticsearch, alias: str, request: SearchRequest, *, now: datetime) -> dict[str, Any]:
    """Answer a question.

    Returns:
        total; found: views, best first, each with "score" and "highlights"; facets (of the first page);
        suggestions: each of the first words that stand nowhere to the nearest that do; after: the next page's
        token, None at the end.

    Raises:
        ProfileError: A trade, code, département or commune is not known.
        SearchError: The token is not of this question or has run out; nothing is indexed; a condition can be
            met by nothing, or is longer or larger than any.
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
    wanted = StemFinder(read_text(request.text).telling_stems())
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
        raise SearchError(_NOTHING) from error


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


def _found(hit: dict[str, Any], wanted: StemFinder) -> dict[str, Any]:
    view = hit["_source"]["view"]
    return {"score": hit["_score"], **view, "highlights": highlights(view, wanted)}


def _document(client: Elasticsearch, alias: str, procedure_id: int) -> dict[str, Any]:
    try:
        document: dict[str, Any] = client.get(index=alias, id=str(procedure_id))["_source"]
    except NotFoundError as error:
        if "error" in error.body:
            raise SearchError(_NOTHING) from error
        raise UnknownIdError(f"search: procedure {procedure_id} is not in the index") from error
    return document


def _suggestions(client: Elasticsearch, alias: str, text: str) -> dict[str, list[str]]:
    """Return, for the first words that stand nowhere, the nearest words that do, as they are written.

    It asks three times, however many words there are.
    """
    wanted = read_text(text).all_stems()
    words = {token.stem: text[token.start : token.end] for token in analyse(text) if token.stem in wanted}
    known = _views(client, alias, list(words))
    unknown = [stem for stem in words if known[stem] is None][:_MISSPELT]
    near = _near(client, alias, unknown)
    views = _views(client, alias, [other for others in near.values() for other in others])
    # A word of nothing but procedures that are not found any more would find nothing either.
    written = {stem: word_of(view, stem) or stem for stem, view in views.items() if view is not None}
    return {
        words[stem]: list(dict.fromkeys(written[other] for other in near[stem] if other in written))
        for stem in unknown
    }


def _near(client: Elasticsearch, alias: str, unknown: Sequence[str]) -> dict[str, list[str]]:
    """Return the stems that are nearest to each of some, the best first."""
    term = {"suggest_mode": "always", "prefix_length": 1, "size": _SUGGESTIONS, "min_word_length": 3}
    asked = [
        {
            "size": 0,
            "suggest": {field: {"text": stem, "term": {"field": field, **term}} for field in TEXTS},
        }
        for stem in unknown
    ]
    near = {}
    for stem, answer in zip(unknown, _ask_all(client, alias, asked), strict=True):
        found = answer["suggest"]
        options = [option for field in TEXTS for entry in found[field] for option in entry["options"]]
        options.sort(key=lambda option: (-option["score"], -option["freq"], option["text"]))
        near[stem] = list(dict.fromkeys(option["text"] for option in options))[:_SUGGESTIONS]
    return near


def _views(client: Elasticsearch, alias: str, stems: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """Return for each stem the view of a procedure in which it stands, None where it stands nowhere."""
    hidden = [{"term": {"state": ProcedureState.MERGED.value}}]
    asked = [
        {
            "query": {"bool": {**any_of(terms)["bool"], "must_not": hidden}},
            "size": 1,
            "_source": ["view"],
        }
        for terms in ([{"term": {field: stem}} for field in TEXTS] for stem in stems)
    ]
    answers = _ask_all(client, alias, asked)
    hits = (answer["hits"]["hits"] for answer in answers)
    return {
        stem: found[0]["_source"]["view"] if found else None for stem, found in zip(stems, hits, strict=True)
    }


def _ask_all(client: Elasticsearch, alias: str, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask several questions at once; the first that is refused refuses them all."""
    if not asked:
        return []
    header = {"allow_partial_search_results": False}
    lines = [line for question in asked for line in (header, question)]
    answers: list[dict[str, Any]] = client.msearch(index=alias, searches=lines)["responses"]
    for answer in answers:
        if "error" in answer:
            raise refusal_of(alias, answer["status"], answer)
    return answers
