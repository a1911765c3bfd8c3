"""A question to the search is read as a profile is: put right, or refused in one line; never run as nonsense."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.domain.search import SearchRequest
from alerting.errors import ProfileError, SearchError
from alerting.index.query import build_query, read_facets


NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def filters(**conditions):
    """Return the filters of a question."""
    return build_query(SearchRequest(**conditions), None, shown=(), now=NOW)["bool"]["filter"]


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param({"cpv_codes": ("45330000-7",)}, {"cpv_codes": ("45330000",)}, id="a check digit"),
        pytest.param({"departements": (" 2a",)}, {"departements": ("2A",)}, id="a small letter"),
        pytest.param({"buyer": "213 502 388\t00019"}, {"buyer": "21350238800019"}, id="a SIRET in groups"),
    ],
)
def test_what_is_typed_another_way_asks_the_same(typed, plain):
    """
    The same filter, and one at all.
    """
    assert filters(**typed) == filters(**plain) != []


@pytest.mark.parametrize(
    ("conditions", "error", "message"),
    [
        pytest.param(
            {"cpv_codes": ("plomberie",)},
            ProfileError,
            "a CPV code must be 8 digits with an optional '-' and check digit (got 'plomberie')",
            id="a word for a code",
        ),
        pytest.param(
            {"cpv_codes": ("45330001",)},
            ProfileError,
            "expected a code of the CPV (got '45330001', which is none)",
            id="no code",
        ),
        pytest.param(
            {"departements": ("999",)},
            ProfileError,
            "expected the number of a département like '35' or '2A', or the name of one or of a région (got '999')",
            id="no département",
        ),
        pytest.param(
            {"text": "toiture 12 " * 100},
            SearchError,
            "search: text: expected at most 500 characters (got 1100)",
            id="a text that is no question",
        ),
        pytest.param(
            {"minimum_cents": 10**32},
            SearchError,
            f"search: minimum: expected 0 up to below 1000000000000 euros (got {10**30})",
            id="more than anything is worth",
        ),
        pytest.param(
            {"maximum_cents": -100},
            SearchError,
            "search: maximum: expected 0 up to below 1000000000000 euros (got -1)",
            id="less than nothing",
        ),
        pytest.param(
            {"near": "Redon", "radius_km": 501},
            SearchError,
            "search: radius: expected 0 to 500 km (got 501)",
            id="a circle that is no place",
        ),
        (
            {"text": "x" * 5_000},
            SearchError,
            "search: expected words of at most 100 characters (got one of 5000)",
        ),
        pytest.param(
            {"buyer": "!!!"},
            SearchError,
            "search: buyer: expected a name or a SIRET (got '!!!')",
            id="no name",
        ),
        pytest.param(
            {"buyer": "2135 0238"},
            SearchError,
            "search: buyer: expected a SIRET, 14 digits with their key (got '2135 0238')",
            id="half a SIRET",
        ),
        pytest.param(
            {"text": "\udce9cole"},
            SearchError,
            "search: text: expected a text in UTF-8 (got '\\udce9cole')",
            id="a word of a terminal that writes Latin-1",
        ),
        pytest.param(
            {"text": ' "!" '},
            SearchError,
            "search: expected a word or a number (got ' \"!\" ')",
            id="no word",
        ),
        pytest.param(
            {"radius_km": 40},
            SearchError,
            "search: a radius needs a commune to be around; expected near (got none)",
            id="a radius around nothing",
        ),
        pytest.param(
            {"minimum_cents": 500_00, "maximum_cents": 100_00},
            SearchError,
            "search: expected an amount from minimum up to maximum (got 500 and 100 euros)",
            id="no amount",
        ),
    ],
)
def test_what_could_find_nothing_is_refused_in_one_line(conditions, error, message):
    """
    The whole line: it is what who searches reads.
    """
    with pytest.raises(error) as caught:
        filters(**conditions)

    assert message == str(caught.value)


def test_a_trade_that_exists_no_longer_is_counted_by_its_id():
    """
    The index may be older than the table of trades.
    """
    buckets = [{"key": "couvreur", "doc_count": 2}, {"key": "allumeur", "doc_count": 1}]

    facets = read_facets({"trade": {"buckets": buckets}})

    assert facets == {
        "trade": [
            {"value": "couvreur", "count": 2, "label": "Couverture, zinguerie"},
            {"value": "allumeur", "count": 1, "label": "allumeur"},
        ]
    }
