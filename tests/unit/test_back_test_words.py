"""What people read of a profile that was tried."""

from __future__ import annotations

import pytest

from alerting.cli.back_test import show_back_test


@pytest.mark.parametrize(
    ("areas", "line"),
    [
        pytest.param([{"departement": "35", "matches": 1}], ["by département: 35 1"], id="one is stated"),
        pytest.param([], [], id="none is stated"),
    ],
)
def test_a_profile_that_was_tried_has_no_heading_without_figures(capsys, areas, line):
    """
    Where no notice states a département, nothing stands of them.
    """
    report = {
        "profile_id": "redon",
        "name": "Toitures",
        "trades": [],
        "places": [],
        "verdict": "fits",
        "match_count": 1,
        "tried_count": 5,
        "open_count": 1,
        "refused_count": 0,
        "per_week": 1.0,
        "days": 6,
        "weeks": [{"week": "2026-W48", "matches": 1}],
        "areas": areas,
        "examples": [],
        "criteria": [],
        "suggestions": [],
    }

    show_back_test(report)

    lines = [
        "redon: Toitures",
        "fits: 1 of 5 procedures, 1 open now; 1.0 a week over 6 days",
        "by week: W48 1",
    ]
    assert [*lines, *line] == capsys.readouterr().out.splitlines()
