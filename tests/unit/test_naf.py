"""The nomenclature of activities: codes that exist, and those that do not."""

from __future__ import annotations

import csv
from importlib import resources

import pytest

from alerting import commands
from alerting.errors import ProfileError
from alerting.reference.naf import get_naf, naf_label
from alerting.reference.trades import trades


def test_the_table_has_each_code_once_and_a_label_with_it():
    """
    Revision 2 has 732 sub-classes.
    """
    text = resources.files("alerting.reference").joinpath("data/naf.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))

    assert (len(rows), len({row["naf_code"] for row in rows})) == (732, 732)
    assert all(row["label"] for row in rows)


def test_every_activity_of_a_trade_exists():
    """
    A code that is none would propose its trade to nobody.
    """
    codes = {code for trade in trades() for code in trade.naf_codes}

    assert len(codes) > 60
    assert {code for code in codes if naf_label(code) is None} == set()


@pytest.mark.parametrize("text", ["43.22A", "4322A", " 43.22a "])
def test_a_code_is_read_as_people_write_it(text):
    assert get_naf(text) == "43.22A"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("99", "one like 43.22A, 4322A or 43.22", id="a division"),
        pytest.param("", "one like 43.22A, 4322A or 43.22", id="nothing"),
        pytest.param("9999Z", "one like 43.22A, 4322A or 43.22", id="no such class"),
        pytest.param("43.22Z", "43.22A or 43.22B", id="a class without that letter"),
        pytest.param("４３.22A", "one like 43.22A, 4322A or 43.22", id="digits of another script"),
    ],
)
def test_a_code_that_is_none_is_refused_with_what_is_meant(text, expected):
    """
    It was answered with "none", as an activity is that no trade does.
    """
    with pytest.raises(ProfileError) as caught:
        commands.trades_for(naf_code=text)

    assert str(caught.value) == f"activity {text!r}: no code of NAF (révision 2); expected {expected}"


def test_an_activity_that_no_trade_does_is_known_all_the_same():
    """
    Nobody is told of the growing of cereals.
    """
    assert commands.trades_for(naf_code="01.11Z") == []
    assert str(naf_label("01.11Z")).startswith("Culture de céréales")
