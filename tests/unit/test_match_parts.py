"""Matches are stored some at a time, whatever number of profiles one decision concerns."""

from __future__ import annotations

from hypothesis import given, strategies as st

from alerting.domain.match import Decision
from alerting.store.matches import NewMatches, in_parts


SAME = Decision(accepted=True, score=1.0)


def matches_of(counts):
    """Return matches of as many profiles each, of procedures counted from 0."""
    return [
        NewMatches([f"{number}-{at}" for at in range(count)], number, 1, SAME)
        for number, count in enumerate(counts)
    ]


def pairs_of(found):
    """Return the pairs that matches stand for."""
    return [(profile_id, one.procedure_id) for one in found for profile_id in one.profile_ids]


def test_a_decision_that_concerns_many_is_stored_in_parts():
    """
    Three, seven and one profile, four pairs at a time: nobody is left out, and none comes twice.
    """
    parts = list(in_parts(matches_of([3, 7, 1]), most=4))

    assert [[(one.procedure_id, len(one.profile_ids)) for one in part] for part in parts] == [
        [(0, 3), (1, 1)],
        [(1, 4)],
        [(1, 2), (2, 1)],
    ]
    assert [pair for part in parts for pair in pairs_of(part)] == pairs_of(matches_of([3, 7, 1]))


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 5))
def test_parts_hold_all_pairs_and_no_part_more_than_it_may(counts, most):
    """
    All parts but the last are full.
    """
    parts = [pairs_of(part) for part in in_parts(matches_of(counts), most=most)]

    assert [pair for part in parts for pair in part] == pairs_of(matches_of(counts))
    assert all(len(part) == most for part in parts[:-1])
    assert all(1 <= len(part) <= most for part in parts)
