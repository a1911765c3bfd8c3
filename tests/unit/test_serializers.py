"""What is sent to Elasticsearch: any plain value, whole."""

from __future__ import annotations

import json

import pytest
from elasticsearch.serializer import JsonSerializer, NdjsonSerializer
from hypothesis import given, strategies as st

from alerting.index.serializers import SERIALIZERS, write_json


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES.filter(lambda value: not isinstance(value, str)))
def test_what_is_written_is_what_the_standard_library_reads(value):
    """
    Numbers beyond 64 bits included: nothing changes on the way.
    """
    assert json.loads(write_json(value)) == value


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=3), min_size=1, max_size=3))
def test_lines_are_those_of_the_library(values):
    """
    One value a line, what is written already as it is, an end after the last.
    """
    lines = SERIALIZERS["application/x-ndjson"].dumps([*values, b'{"written":"already"}'])

    found = [json.loads(line) for line in lines.decode().removesuffix("\n").split("\n")]
    assert found == [*values, {"written": "already"}]
    assert NdjsonSerializer().loads(lines) == found


@pytest.mark.parametrize(
    "value", [pytest.param({"text": "\udcff"}, id="half a pair"), pytest.param({"n": 2**70}, id="70 bits")]
)
def test_what_msgspec_cannot_write_is_written_all_the_same(value):
    """
    As the library's own serialiser writes it.
    """
    assert write_json(value) == JsonSerializer().dumps(value)
