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


SERIALIZERS = {one.mimetype: one for one in (_FastJson(), _FastLines())}


def write_json(value: Any) -> bytes:
    """Return a plain value as it is sent."""
    return SERIALIZERS[_FastJson.mimetype].dumps(value)
