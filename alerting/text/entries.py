"""Read the tables of a file that people wrote into our types.

In:   a table as TOML gives it, and the type that it should have.
Out:  it as that type; or a ProfileError of one line: whose it is, the field, what is expected, what was got.

msgspec says what is wrong in the words of JSON, and not what was written there; people get it in their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from reprlib import repr as short_repr
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from alerting.errors import ProfileError


_Read = TypeVar("_Read")

# How msgspec names what is wrong; the place is left out where it is the table itself.
_PLACE = r"(?: - at `\$(?P<place>[^`]*)`)?"
_NO_FIELD = re.compile(rf"Object contains unknown field `(?P<name>[^`]*)`{_PLACE}")
_MISSING = re.compile(rf"Object missing required field `(?P<name>[^`]*)`{_PLACE}")
_OTHER_KIND = re.compile(rf"Expected `(?P<kinds>[^`]*)`(?P<limit> [<>]= \d+)?(?:, got `[^`]*`)?{_PLACE}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_WORDS = {
    "str": "text in quotes",
    "int": "a whole number, without its unit",
    "bool": "true or false",
    "object": "a table",
}
_LIMITS = {">=": "at least", "<=": "at most"}


def read_entry(entry: object, kind: type[_Read], *, who: str, tables: Mapping[str, str]) -> _Read:
    """Return a table as *kind*.

    Args:
        entry: As TOML gives it.
        kind: A msgspec.Struct.
        who: Whose it is, the beginning of an error's line.
        tables: Of fields that hold tables, how these are written: ``{"firm": "[[firm]] tables"}``.

    Raises:
        ProfileError: It is no such table.
    """
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{who}: {_explain(str(error), entry, kind, tables)}") from error


def _explain(message: str, entry: object, kind: type, tables: Mapping[str, str]) -> str:
    """Return in people's words what msgspec says is wrong with a table."""
    if (unknown := _NO_FIELD.fullmatch(message)) is not None:
        fields = ", ".join(_fields(kind, unknown["place"]))
        return f"{_said(unknown['place'])}unknown field {unknown['name']!r}; expected {fields}"
    if (missing := _MISSING.fullmatch(message)) is not None:
        return f"{_said(missing['place'])}expected {tables.get(missing['name'], missing['name'])} (got none)"
    if (other := _OTHER_KIND.fullmatch(message)) is not None:
        got = _written(entry, other["place"])
        field = _said(other["place"]).removesuffix(": ")
        expected = tables.get(field) or _expected(other["kinds"], other["limit"], got)
        return f"{field}: expected {expected} (got {short_repr(got)})"
    return message


def _expected(kinds: str, limit: str | None, got: object) -> str:
    if kinds.startswith("array"):
        return f"a list like {[got if isinstance(got, str) else str(got)]!r}" if _is_plain(got) else "a list"
    # Text first: what a number has none of, its unit, stands last.
    words = [_WORDS.get(kind, kind) for kind in sorted(kinds.split(" | "), reverse=True) if kind != "null"]
    if words == [_WORDS["str"]] and _is_plain(got):
        words = [f"{words[0]}, like {str(got)!r}"]
    if limit is not None:
        sign, number = limit.split()
        words.append(f"{_LIMITS[sign]} {number}")
        return ", ".join(words)
    return " or ".join(words)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _written(entry: Any, place: str | None) -> Any:
    """Return what stands at a place of a table."""
    for name, number in _STEP.findall(place or ""):
        entry = entry[int(number) if number else name]
    return entry


def _said(place: str | None) -> str:
    """Return a place as the beginning of a line: the field; what was got tells the values of a list apart."""
    names = [name for name, _ in _STEP.findall(place or "") if name]
    return f"{'.'.join(names)}: " if names else ""


def _fields(kind: type, place: str | None) -> tuple[str, ...]:
    """Return the names of the fields that the table at a place has."""
    found = inspect.type_info(kind)
    for name, number in _STEP.findall(place or ""):
        if number and isinstance(found, inspect.ListType):
            found = found.item_type
        elif isinstance(found, inspect.StructType):
            found = next(field.type for field in found.fields if field.name == name)
    return tuple(field.name for field in found.fields) if isinstance(found, inspect.StructType) else ()
