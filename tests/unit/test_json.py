"""Domain values survive the way through JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, strategies as st

from alerting.domain.criteria import Criteria
from alerting.domain.digest import Digest
from alerting.domain.json import (
    changes_from_json,
    criteria_from_json,
    digest_from_json,
    notice_from_json,
    reasons_from_json,
    to_json,
    write_digest,
)
from alerting.domain.match import Reason
from alerting.domain.notice import Change, Notice
from tests.digest_cases import SOCIAL_HOUSING, everything


st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


def through(value):
    """Send a value through JSON text."""
    return json.loads(json.dumps(to_json(value)))


@given(st.from_type(Notice))
def test_a_notice_comes_back_as_it_was(notice):
    """
    Whatever a notice holds, what is stored is what is read.
    """
    assert notice_from_json(through(notice)) == notice


@given(st.from_type(Criteria))
def test_criteria_come_back_as_they_were(criteria):
    """
    A profile's criteria mean the same after storage.
    """
    assert criteria_from_json(through(criteria)) == criteria


@given(st.from_type(Digest))
def test_a_digest_comes_back_as_it_was(digest):
    """
    A digest is rendered from its row, maybe days after it was composed.
    """
    assert digest_from_json(through(digest)) == digest


@given(st.lists(st.from_type(Reason)).map(tuple), st.lists(st.from_type(Change)).map(tuple))
def test_reasons_and_changes_come_back_as_they_were(reasons, changes):
    """
    Reasons and changes keep their order and every field.
    """
    assert (reasons_from_json(through(reasons)), changes_from_json(through(changes))) == (reasons, changes)


def test_a_field_that_an_older_row_lacks_takes_its_default():
    """
    A row written before a field existed is still read.
    """
    row = {"feed_id": "f", "source_id": "1", "version": None, "kind": "call", "title": "Toiture"}

    assert notice_from_json(row).lots == ()


def test_digests_that_tell_of_the_same_facts_share_them():
    """
    Hundreds of firms are told of a notice: it is read once, and again as soon as a fact of it is another.
    """
    first, same = (digest_from_json(through(everything())) for _ in range(2))
    moved = replace(everything().items[0], notice=replace(SOCIAL_HOUSING, title="Chauffe-eau"))

    other = digest_from_json(through(replace(everything(), items=(moved,))))

    assert first.items[0].notice is same.items[0].notice
    assert other.items[0].notice.title == "Chauffe-eau"


def test_what_was_written_of_a_notice_is_never_said_of_another():
    """
    Digests that come and go, as batch after batch: a notice that is gone leaves its place in memory to the next.
    """
    digest, written = everything(), {}
    (item, *_) = digest.items

    found = []
    for number in range(50):
        one = replace(item, notice=replace(item.notice, title=f"Toiture {number}"))
        found.append(json.loads(write_digest(replace(digest, items=(one,)), written))["items"][0])
        del one

    assert [item["notice"]["title"] for item in found] == [f"Toiture {number}" for number in range(50)]
