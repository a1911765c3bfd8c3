"""What is sent to Elasticsearch and what it answers, written and read by msgspec.

In:   plain values.
Out:  the JSON of the client's own serialisers, in a quarter of the time; they write what msgspec cannot.
"""

from __future__ import annotations

from typing import Any

import msgspec
from elasticsearch.serializer import JsonSerializer, NdjsonSerializer


class _FastJson(JsonSerializer):
    """One JSON value a body."""

    def json_dumps(self, data: Any) -> bytes:
        try:
            return msgspec.json.encode(data, enc_hook=self.default)
        except (UnicodeError, OverflowError):
            # Half a surrogate pair, as a word from a terminal of another encoding; a number beyond 64 bits.
            return super().json_dumps(data)

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class _FastLines(_FastJson, NdjsonSerializer):
    """One JSON value a line."""

    mimetype = NdjsonSerializer.mimetype
    dumps = NdjsonSerializer.dumps
    loads = NdjsonSerializer.loads


class Bucket(msgspec.Struct, gc=False):
    """One number of an answer."""

    key: int


class Numbers(msgspec.Struct, gc=False):
    """The numbers of an answer."""

    buckets: list[Bucket] = []


class Aggregations(msgspec.Struct, gc=False):
    """What was asked for by name."""

    numbers: Numbers = msgspec.field(default_factory=Numbers)


class Shards(msgspec.Struct, gc=False):
    """How many parts of an index did not answer."""

    failed: int = 0


class NumbersAnswer(msgspec.Struct):
    """The answer to one question of an _msearch that asks for numbers, or the error in its place."""

    status: int = 200
    error: Any = None
    timed_out: bool = False
    shards: Shards = msgspec.field(name="_shards", default_factory=Shards)
    aggregations: Aggregations = msgspec.field(default_factory=Aggregations)


class NumbersAnswers(msgspec.Struct):
    """The answers of an _msearch that asks for numbers."""

    responses: list[NumbersAnswer]


_numbers = msgspec.json.Decoder(NumbersAnswers)


class _NumbersJson(_FastJson):
    """Answers that are numbers, thousands at once, read without a dict for each; errors as ever."""

    def json_loads(self, data: bytes) -> Any:
        try:
            return _numbers.decode(data)
        except msgspec.ValidationError:
            return super().json_loads(data)


SERIALIZERS = {one.mimetype: one for one in (_FastJson(), _FastLines())}
NUMBERS_SERIALIZERS = {one.mimetype: one for one in (_NumbersJson(), _FastLines())}


def write_json(value: Any) -> bytes:
    """Return a plain value as it is sent."""
    return SERIALIZERS[_FastJson.mimetype].dumps(value)
