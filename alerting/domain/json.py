"""Domain values as plain JSON values, and back.

In:   any frozen dataclass of ``alerting.domain``, or a tuple of them.
Out:  dicts, lists, strings, numbers, None: what PostgreSQL keeps as JSONB and ``--json`` prints.

Field names stay.  Times become ISO 8601 in UTC, enums their values, tuples lists; every
``*_from_json`` gives back exactly what ``to_json`` was given.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache, lru_cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from alerting.domain.criteria import Criteria
from alerting.domain.digest import Digest, DigestItem
from alerting.domain.match import Fit, Reason
from alerting.domain.notice import Change, Notice
from alerting.domain.profile import Profile
from alerting.domain.profile_change import ProfileChange


T = TypeVar("T")
_NOTICES_KEPT = 4096
_notices: dict[tuple[object, ...], tuple[Mapping[str, Any], Notice]] = {}


def to_json(value: object) -> Any:
    """Return *value* as JSON values.

    >>> from alerting.domain.money import Money
    >>> to_json((Money(1250, "EUR"),))
    [{'amount_cents': 1250, 'currency': 'EUR'}]
    """
    return _writer(type(value))(value)


def _find_writer(kind: type) -> Callable[[Any], Any]:
    """Return how values of a type are written."""
    if issubclass(kind, Enum):
        return _write_enum
    if issubclass(kind, datetime):
        return _write_moment
    if issubclass(kind, tuple | list | frozenset):
        return _write_each
    if dataclasses.is_dataclass(kind):
        return partial(_write_fields, tuple(field.name for field in dataclasses.fields(kind)))
    return _write_as_it_is


def _write_enum(value: Enum) -> Any:
    return value.value


def _write_moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _write_each(values: Iterable[object]) -> list[Any]:
    return [_writer(type(value))(value) for value in values]


def _write_fields(names: Iterable[str], value: object) -> dict[str, Any]:
    written = {}
    for name in names:
        found = getattr(value, name)
        written[name] = _writer(type(found))(found)
    return written


def _write_as_it_is(value: object) -> object:
    return value


# Found once a type: most of the time went into finding it.
_writer: Callable[[type], Callable[[Any], Any]] = cache(_find_writer)


# By identity; each keeps its notice, for an identity is another's when the one that had it is gone.
WrittenNotices = dict[int, tuple[Notice, str]]


class JsonText(str):
    """A JSON value that is written already."""

    __slots__ = ()


def write_json(value: object) -> str:
    """Return JSON values as text; a text that is JSON already stays as it is."""
    return value if isinstance(value, JsonText) else json.dumps(value)


def write_digest(digest: Digest, notices: WrittenNotices) -> JsonText:
    """Return a digest as ``to_json`` would give it, written.

    Args:
        digest: With its items.
        notices: What was written of notices before: thousands of digests tell the same ones.
    """
    head = _without(digest, "items")
    items = ", ".join(_write_item(item, notices) for item in digest.items)
    return JsonText(f'{json.dumps(head)[:-1]}, "items": [{items}]}}')


def _write_item(item: DigestItem, notices: WrittenNotices) -> str:
    rest = _without(item, "notice")
    if id(item.notice) not in notices:
        notices[id(item.notice)] = (item.notice, json.dumps(to_json(item.notice)))
    _, notice = notices[id(item.notice)]
    return f'{json.dumps(rest)[:-1]}, "notice": {notice}}}'


def _without(value: Digest | DigestItem, name: str) -> dict[str, Any]:
    fields = (field.name for field in dataclasses.fields(value) if field.name != name)
    return {field: to_json(getattr(value, field)) for field in fields}


@lru_cache(maxsize=20_000)
def reasons_from_text(text: str) -> tuple[Reason, ...]:
    """Return the reasons that ``to_json`` was given, from their text: many profiles are given the same."""
    return reasons_from_json(json.loads(text))


def notice_from_json(data: Mapping[str, Any]) -> Notice:
    """Return the notice that ``to_json`` was given."""
    return _dataclass(data, Notice)


def criteria_from_json(data: Mapping[str, Any]) -> Criteria:
    """Return the criteria that ``to_json`` was given."""
    return _dataclass(data, Criteria)


def profile_from_json(data: Mapping[str, Any]) -> Profile:
    """Return the profile that ``to_json`` was given."""
    return _dataclass(data, Profile)


def digest_from_json(data: Mapping[str, Any]) -> Digest:
    """Return the digest that ``to_json`` was given."""
    return _dataclass(data, Digest)


def reasons_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Return the reasons that ``to_json`` was given."""
    return tuple(_dataclass(item, Reason) for item in data)


def fit_from_json(data: Mapping[str, Any]) -> Fit:
    """Return the fit that ``to_json`` was given."""
    return _dataclass(data, Fit)


def changes_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Return the changes that ``to_json`` was given."""
    return tuple(_dataclass(item, Change) for item in data)


def profile_changes_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[ProfileChange, ...]:
    """Return the changes of a profile that ``to_json`` was given."""
    return tuple(_dataclass(item, ProfileChange) for item in data)


def _dataclass(data: Mapping[str, Any], kind: Callable[..., T]) -> T:
    # A field that the data lacks keeps its default: rows outlive releases.
    hints = _hints(kind)
    return kind(**{name: _value(item, hints[name]) for name, item in data.items() if name in hints})


@cache
def _hints(kind: Callable[..., object]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _shared_notice(data: Mapping[str, Any]) -> Notice:
    """Return the notice of an earlier digest where this one tells of the same facts.

    A procedure is told to hundreds of firms; reading its facts costs more than writing them into a mail.
    """
    key = (data.get("feed_id"), data.get("source_id"), data.get("version"))
    kept = _notices.get(key)
    if kept is not None and kept[0] == data:
        return kept[1]
    notice = _dataclass(data, Notice)
    if len(_notices) >= _NOTICES_KEPT:
        _notices.clear()
    _notices[key] = (data, notice)
    return notice


def _value(data: Any, kind: Any) -> Any:
    if data is None:
        return None
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _value(data, next(option for option in get_args(kind) if option is not types.NoneType))
    if origin is tuple:
        return tuple(_value(item, get_args(kind)[0]) for item in data)
    if kind is datetime:
        return datetime.fromisoformat(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    return _inner(data, kind) if isinstance(kind, type) and dataclasses.is_dataclass(kind) else data


def _inner(data: Mapping[str, Any], kind: Callable[..., T]) -> T | Notice:
    return _shared_notice(data) if kind is Notice else _dataclass(data, kind)
