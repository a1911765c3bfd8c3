"""A feed in pages is followed to its end once, and later only as far as there is news."""

from __future__ import annotations

import json

import pytest

from alerting import commands


QUERY = "/records?limit=2&order_by=dateparution+desc"


def record(number: int) -> dict[str, str]:
    """Return a flat record of the API."""
    return {"idweb": f"26-{number}", "objet": f"Toiture {number}", "dateparution": f"2026-03-{number:02}"}


def publish(authority, numbers: list[int]) -> None:
    """Publish records, two a page, the newest first."""
    for offset in range(0, len(numbers), 2):
        page = {
            "total_count": len(numbers),
            "results": [record(each) for each in numbers[offset : offset + 2]],
        }
        path = "/records?" + f"limit=2&order_by=dateparution+desc&offset={offset}"
        authority.publish(QUERY if offset == 0 else path, json.dumps(page), media="application/json")


@pytest.fixture
def paged(parts, authority):
    """Parts with one feed of BOAMP's API."""
    url = authority.url + QUERY
    commands.add_feed("boamp", authority="DILA", url=url, format="boamp-api", is_local=True, parts=parts)
    return parts


def run(parts, clock) -> dict[str, int]:
    """Fetch and load once, an hour later."""
    clock.go_on(hours=1)
    fetched = commands.fetch_due_feeds(parts=parts)
    loaded = commands.load_documents(parts=parts)
    return {"documents": fetched["documents"], "failed": fetched["failed"], "notices": loaded["notices"]}


def asked(authority) -> list[str]:
    """Return the offsets asked for since the last time."""
    found = [path.partition("offset=")[2] or "0" for path, _ in authority.requests]
    authority.requests.clear()
    return found


def test_every_page_is_read_the_first_time_and_then_only_what_is_new(paged, authority, clock):
    """
    With one notice more the first page holds news, and the second nothing new: the third is left alone.
    """
    publish(authority, [5, 4, 3, 2, 1])
    first, first_asked = run(paged, clock), asked(authority)
    publish(authority, [6, 5, 4, 3, 2, 1])
    second, second_asked = run(paged, clock), asked(authority)
    third, third_asked = run(paged, clock), asked(authority)

    assert (first, first_asked) == ({"documents": 3, "failed": 0, "notices": 5}, ["0", "2", "4"])
    assert (second, second_asked) == ({"documents": 2, "failed": 0, "notices": 1}, ["0", "2"])
    assert (third, third_asked) == ({"documents": 0, "failed": 0, "notices": 0}, ["0"])


def test_a_maintenance_page_is_not_the_end_of_the_feed(paged, authority, clock):
    """
    With status 200, in HTML: the feed has failed, and all is asked again when the page is back.
    """
    publish(authority, [5, 4, 3, 2, 1])
    path = "/records?limit=2&order_by=dateparution+desc&offset=2"
    body = authority.pages[path][2]
    authority.publish(path, "<html><body>Maintenance</body></html>", media="text/html")
    first, first_asked = run(paged, clock), asked(authority)
    authority.publish(path, body, media="application/json")
    second, second_asked = run(paged, clock), asked(authority)

    assert (first["failed"], first["notices"], first_asked) == (1, 2, ["0", "2"])
    assert (second["failed"], second["notices"], second_asked) == (0, 3, ["0", "2", "4"])


def test_a_page_that_cannot_be_had_is_asked_for_again_with_all_behind_it(paged, authority, clock):
    """
    The pages before it are read at once; next time all are asked, though the first tells nothing new.
    """
    publish(authority, [5, 4, 3, 2, 1])
    path = "/records?limit=2&order_by=dateparution+desc&offset=2"
    body = authority.pages[path][2]
    authority.publish(path, "busy", status=503)
    first, first_asked = run(paged, clock), asked(authority)
    authority.publish(path, body, media="application/json")
    second, second_asked = run(paged, clock), asked(authority)

    assert (first, first_asked) == ({"documents": 1, "failed": 1, "notices": 2}, ["0", "2"])
    assert (second, second_asked) == ({"documents": 2, "failed": 0, "notices": 3}, ["0", "2", "4"])


def test_a_server_that_gives_one_page_for_ever_is_asked_twice(paged, authority, clock):
    """
    It does not heed the offset: the second answer is the first, and that is the end.
    """
    page = json.dumps({"total_count": 10**9, "results": [record(1)]})
    authority.publish(QUERY, page)
    authority.publish("/records?limit=2&order_by=dateparution+desc&offset=1", page)

    report = run(paged, clock)

    assert report == {"documents": 1, "failed": 0, "notices": 1}
    assert asked(authority) == ["0", "1"]
