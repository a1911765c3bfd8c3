"""A feed in pages is followed to its end once, and later only as far as there is news."""

from __future__ import annotations

import json

import pytest

from alerting import bootstrap, commands
from alerting.store.database import open_database
from alerting.store.tables import metadata
from tests.journeys.test_killed_later import KilledError, die_at


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


def test_no_page_of_news_is_lost_when_the_process_ends_between_two(settings, authority, clock):
    """
    Killed at the n-th commit while it follows two pages of news, for every n: the next run has them all.
    """
    found = []
    has_died = True
    while has_died:
        parts = bootstrap.build(settings, now=clock)
        with parts.database.begin() as connection:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        url = authority.url + QUERY
        commands.add_feed("boamp", authority="DILA", url=url, format="boamp-api", is_local=True, parts=parts)
        publish(authority, [3, 2, 1])
        run(parts, clock)
        publish(authority, [7, 6, 5, 4, 3, 2, 1])
        has_died = fetch_until_killed(settings, clock, len(found) + 1)
        commands.load_documents(parts=parts)
        run(parts, clock)
        found.append(stored_versions(parts))
        parts.close()

    assert len(found) > 4
    assert found == [[(f"26-{number}", None) for number in range(1, 8)]] * len(found)


def fetch_until_killed(settings, clock, number: int) -> bool:
    """Fetch in a process that dies after its n-th commit; tell whether it died."""
    database = open_database(settings.database_url)
    die_at(database, number)
    clock.go_on(hours=1)
    parts = bootstrap.build(settings, database=database, now=clock)
    try:
        commands.fetch_due_feeds(parts=parts)
    except KilledError:
        return True
    finally:
        parts.close()
    return False


def stored_versions(parts) -> list[tuple[str, str | None]]:
    """Return the id and version of every stored notice."""
    with parts.database.begin() as connection:
        rows = connection.exec_driver_sql("SELECT source_id, version FROM notices ORDER BY 1, 2")
        return [tuple(row) for row in rows]


def entry(number: int, updated: str) -> str:
    """Return an entry of PLACSP in one version."""
    return (
        f"<entry><id>https://placsp.example/{number}</id><title>Tejado {number}</title>"
        f"<updated>2026-03-{updated}:00.000+01:00</updated></entry>"
    )


def tombstone(number: int, when: str) -> str:
    """Return the withdrawal of an entry."""
    return f'<at:deleted-entry ref="https://placsp.example/{number}" when="2026-03-{when}:00.000+01:00"/>'


def publish_atom(authority, *pages: str) -> None:
    """Publish pages that lead from one to the next."""
    for number, entries in enumerate(pages):
        following = f'<link rel="next" href="feed_{number + 1}.atom"/>' if number + 1 < len(pages) else ""
        authority.publish(
            f"/feed_{number}.atom" if number else "/feed.atom",
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">'
            f"{following}{entries}</feed>",
        )


def pages_asked(authority) -> list[str]:
    """Return the pages asked for since the last time."""
    found = [path for path, _ in authority.requests]
    authority.requests.clear()
    return found


def test_entries_published_again_and_withdrawals_on_later_pages_are_followed(parts, authority, clock):
    """
    No id is new on any page: entries 1 to 4 come in newer versions and 5 is withdrawn; what is behind them is left alone.
    """
    commands.add_feed(
        "placsp", authority="P", url=authority.url + "/feed.atom", format="placsp", is_local=True, parts=parts
    )
    old = [entry(number, f"0{10 - number}T10:00") for number in range(1, 9)]
    publish_atom(authority, *(old[start] + old[start + 1] for start in range(0, 8, 2)))
    first, first_asked = run(parts, clock), pages_asked(authority)
    new = [
        entry(2, "19T10:00") + entry(1, "18T10:00"),
        entry(4, "17T10:00") + entry(3, "16T10:00") + tombstone(5, "18T11:00"),
        old[4] + old[5],
        old[6] + old[7],
    ]
    publish_atom(authority, *new)
    second, second_asked = run(parts, clock), pages_asked(authority)
    third, third_asked = run(parts, clock), pages_asked(authority)

    assert (first["notices"], len(first_asked)) == (8, 4)
    assert (second["notices"], second_asked) == (5, ["/feed.atom", "/feed_1.atom", "/feed_2.atom"])
    assert (third, third_asked) == ({"documents": 0, "failed": 0, "notices": 0}, ["/feed.atom"])


def test_a_withdrawal_newer_than_all_entries_does_not_turn_the_feed_round(parts, authority, clock):
    """
    Tombstones stand behind the entries, whatever their age: the newest entries still come first.
    """
    commands.add_feed(
        "placsp", authority="P", url=authority.url + "/feed.atom", format="placsp", is_local=True, parts=parts
    )
    old = [entry(number, f"0{10 - number}T10:00") for number in range(1, 10)]
    publish_atom(authority, *("".join(old[start : start + 3]) for start in range(0, 9, 3)))
    run(parts, clock)
    authority.requests.clear()
    publish_atom(
        authority, "".join([*old[:3], tombstone(9, "20T10:00")]), "".join(old[3:6]), "".join(old[6:])
    )

    second = run(parts, clock)

    assert (second["notices"], pages_asked(authority)) == (1, ["/feed.atom", "/feed_1.atom"])


RECORDS = "/api/explore/v2.1/catalog/datasets/boamp/records"


def test_an_address_of_all_years_is_read_as_far_as_pages_go(parts, authority):
    """
    Two million records: a hundred pages, the newest first, and no export; the feed is well.
    """
    newest = f"{RECORDS}?limit=100&order_by=dateparution+desc"
    for start in range(0, 10_000, 100):
        records = [{"idweb": f"26-{start + number}", "objet": "Toiture"} for number in range(100)]
        body = json.dumps({"total_count": 2_000_000, "results": records})
        authority.publish(f"{newest}&offset={start}" if start else newest, body, media="application/json")
    authority.publish(RECORDS, body, media="application/json")
    report = commands.subscribe_feed(
        authority.url + RECORDS, feed_id="boamp", is_local=True, is_started=True, parts=parts
    )
    authority.requests.clear()

    fetched = commands.fetch_due_feeds(parts=parts)
    (feed,) = commands.list_feeds(parts=parts)

    assert report["state"] == "due"
    assert (fetched["documents"], fetched["failed"]) == (100, 0)
    assert len(authority.requests) == 100
    assert (feed["format"], feed["last_failure"]) == ("boamp-api", None)
