"""A publisher checks documents, files and addresses, on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


TOITURE = ("7", "Réfection de la toiture de l'école")


def run_check(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``alerting feeds check`` as people do, in a folder."""
    command = Path(sys.executable).parent / "alerting"
    return subprocess.run(
        [command, "feeds", "check", *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "300", "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def rows_of(finished: subprocess.CompletedProcess[str]) -> list[dict]:
    """Return the objects that were printed, one a line."""
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_files_and_addresses_are_checked_side_by_side(authority, rss, tmp_path):
    """
    One object a line, in the order of the arguments; all could be read, so the exit code is 0.
    """
    (tmp_path / "avis.xml").write_text(rss(TOITURE))
    authority.publish("/avis", rss(TOITURE, ("8", "Menuiserie")))

    finished = run_check(authority.url + "/avis", "avis.xml", "--local", "--json", folder=tmp_path)

    rows = rows_of(finished)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert [row["path"] for row in rows] == [authority.url + "/avis", "avis.xml"]
    assert [(row["format"], row["outcome"], len(row["notices"])) for row in rows] == [
        ("rss", "read", 2),
        ("rss", "read", 1),
    ]
    assert rows[1]["notices"][0]["title"] == TOITURE[1]
    assert all(row["seconds"] >= 0 and row["rejects"] == [] for row in rows)


def test_what_cannot_be_had_or_read_is_refused_in_its_place(authority, rss, tmp_path):
    """
    A file that is missing, one cut short, an empty folder, an address that is gone: each says where and what.
    """
    (tmp_path / "half.xml").write_text(rss(TOITURE)[:60])
    (tmp_path / "good.xml").write_text(rss(TOITURE))
    (tmp_path / "empty").mkdir()
    authority.publish("/page", "<!DOCTYPE html><html></html>", media="text/html")
    asked = [
        "gone.xml",
        "",
        "half.xml",
        "empty",
        authority.url + "/gone",
        authority.url + "/page",
        "good.xml",
    ]

    finished = run_check(*asked, "--local", "--json", folder=tmp_path)

    rows = rows_of(finished)
    assert (finished.returncode, finished.stderr) == (2, "")
    assert [(row["path"], row["outcome"]) for row in rows] == [
        *((path, "refused") for path in asked[:-1]),
        ("good.xml", "read"),
    ]
    rejects = [reject for row in rows if row["path"] != "half.xml" for reject in row["rejects"]]
    absent = {
        "where": "file",
        "problem": "No such file or directory; expected one, or an http or https address",
    }
    assert rejects == [
        *[absent] * 2,
        {"where": "folder", "problem": "no document; expected files ending .atom .json .rss .xml"},
        {"where": authority.url + "/gone", "problem": "status 404; expected 200 or 304"},
        {"where": "line 1", "problem": "an HTML page instead of a feed"},
    ]


def test_a_private_address_is_asked_only_when_that_is_said(authority, rss, tmp_path):
    """
    Without ``--local`` loopback is refused, and nobody is asked.
    """
    authority.publish("/avis", rss(TOITURE))

    finished = run_check(authority.url + "/avis", "--json", folder=tmp_path)

    [row] = rows_of(finished)
    assert (finished.returncode, authority.requests) == (2, [])
    assert row["rejects"] == [
        {
            "where": authority.url + "/avis",
            "problem": "leads to a private address; expected a public one, or --local where it is meant",
        }
    ]


def test_the_table_for_people_says_the_same(tmp_path, rss):
    """
    Without ``--json``: a table, the problem in its row, and a line that counts.
    """
    (tmp_path / "avis.xml").write_text(rss(TOITURE))

    finished = run_check("avis.xml", "gone.xml", folder=tmp_path)

    assert finished.returncode == 2
    assert "file: No such file or directory" in finished.stdout
    assert finished.stdout.splitlines()[-1] == "2 documents: 1 read, 1 refused"


def test_one_document_is_counted_as_one(tmp_path, rss):
    """
    In the singular.
    """
    (tmp_path / "avis.xml").write_text(rss(TOITURE))

    finished = run_check("avis.xml", folder=tmp_path)

    assert finished.stdout.splitlines()[-1] == "1 document: 1 read"


def test_a_file_name_that_is_no_text_is_shown_in_signs_that_are(tmp_path, rss):
    """
    One such name once lost the results of all, when a page was asked for.
    """
    (tmp_path / os.fsdecode(b"avis-\xe9.xml")).write_text(rss(TOITURE))
    gone = os.fsdecode(b"gone-\xe9.xml")

    finished = run_check(".", gone, "--json", "--html", "page.html", folder=tmp_path)

    page = (tmp_path / "page.html").read_text()
    assert (finished.returncode, finished.stderr) == (2, "")
    assert [row["path"] for row in rows_of(finished)] == ["avis-\ufffd.xml", "gone-\ufffd.xml"]
    assert "<h2>avis-\ufffd.xml</h2>" in page
    assert "<h2>gone-\ufffd.xml</h2>" in page


@pytest.mark.parametrize("address", ["http://anne:s3cret@{}", "HTTP://anne:s3/cret@{}", "ftp://s3cret@{}"])
def test_an_address_with_a_secret_in_it_is_refused_unrepeated(address, authority, rss, tmp_path):
    """
    The page is made to be handed on: neither it nor the lines show the secret, and nobody is asked.
    """
    authority.publish("/avis", rss(TOITURE))
    asked = address.format(authority.url.removeprefix("http://") + "/avis")

    finished = run_check(asked, "--local", "--json", "--html", "page.html", folder=tmp_path)
    table = run_check(asked, "--local", folder=tmp_path)

    page = (tmp_path / "page.html").read_text()
    [row] = rows_of(finished)
    assert (finished.returncode, authority.requests) == (2, [])
    assert row["outcome"] == "refused"
    for said in (finished.stdout, finished.stderr, page, table.stdout, table.stderr):
        assert "cret" not in said
    if address.lower().startswith("http"):
        assert row["rejects"] == [
            {
                "where": "address",
                "problem": "a user or password in it would be seen; expected an address without",
            }
        ]
        assert "<code>adresse</code> : un nom d’utilisateur ou un mot de passe y serait vu" in page


def test_a_value_that_cannot_be_read_is_said_in_the_lines_and_in_the_table(tmp_path, rss):
    """
    Where it stands, what stands there, what was expected.
    """
    feed = rss(TOITURE).replace("</item>", "<dc:dateAccepted>2026-02-30</dc:dateAccepted></item>")
    feed = feed.replace("<rss ", '<rss xmlns:dc="http://purl.org/dc/terms/" ', 1)
    (tmp_path / "avis.xml").write_text(feed)

    [row] = rows_of(run_check("avis.xml", "--json", folder=tmp_path))
    table = run_check("avis.xml", folder=tmp_path).stdout

    assert row["outcome"] == "partly"
    assert "deadline_at" not in row["missing"][0]
    assert row["unreadable"] == [
        [
            {
                "field": "deadline_at",
                "before": "2026-02-30",
                "after": None,
                "rule": "a day that the calendar has",
            }
        ]
    ]
    assert "deadline_at: expected a day that the calendar has" in table
    assert "'2026-02-30'" in table


def test_the_help_says_what_the_exit_code_means(tmp_path):
    """
    Scripts build on it.
    """
    finished = run_check("--help", folder=tmp_path)

    assert "Exit code 0: something could be read of every document; 2: of at least one, nothing." in (
        finished.stdout
    )


def test_a_page_for_the_publisher_is_written_beside(rss, tmp_path):
    """
    The page says in French what the table says; a place where it cannot be is one line.
    """
    (tmp_path / "avis.xml").write_text(rss(TOITURE))
    (tmp_path / "half.xml").write_text("<rss><channel>")

    finished = run_check("avis.xml", "half.xml", "--html", "page.html", folder=tmp_path)
    nowhere = run_check("avis.xml", "--html", "no/folder/page.html", folder=tmp_path)

    page = (tmp_path / "page.html").read_text()
    assert finished.returncode == 2
    assert "Réfection de la toiture de l&#39;école" in page
    assert "1\N{NO-BREAK SPACE}lu en entier, 1\N{NO-BREAK SPACE}non lu" in page
    assert (nowhere.returncode, nowhere.stderr) == (
        2,
        "alerting: no/folder/page.html: No such file or directory\n",
    )
