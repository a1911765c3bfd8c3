"""Read what is wanted of an XML element in one walk, by a plan of local names.

In:   an element, and a plan: which of its descendants are wanted, and under which names.
Out:  a ``Record``: by name, all that was found, in document order.

Asking an element for one field after another is what costs: each question begins a walk of its own.
A plan names children by their local names, and says of each what is wanted: its text, its text with an
attribute, a record of its own, the element itself to be read later, or, by a plan in the plan's place, what
its own children hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from alerting.feeds.formats.xml import Element, attribute, text_within


# A plan meets the same few hundred tags again and again; a hostile document may make up any number.
_REMEMBERED_TAGS = 2_048


class Record(dict[str, list[Any]]):
    """What was found, by name; of what was not there, an empty list."""

    def __missing__(self, name: str) -> list[Any]:
        """Return nothing."""
        return []

    def first(self, name: str) -> Any:
        """Return the first of what was found, or None."""
        found = self.get(name)
        return found[0] if found is not None else None

    def record(self, name: str) -> Record:
        """Return the first record of a name; an empty one when there is none."""
        found = self.get(name)
        return found[0] if found is not None else Record()


class Text:
    """The text of an element, trimmed; a blank one is left out."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find(self, element: Element) -> str | None:
        """Return it."""
        return text_within(element) or None


class Marked:
    """The text of an element, trimmed, blank or not, and the value of an attribute."""

    def __init__(self, name: str, attribute: str) -> None:
        self.name = name
        self._attribute = attribute

    def find(self, element: Element) -> tuple[str, str | None]:
        """Return both."""
        return text_within(element), attribute(element, self._attribute)


class Whole:
    """The element itself, to be read later, or not at all."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find(self, element: Element) -> Element:
        """Return it."""
        return element


class Within:
    """A record of its own, for each element."""

    def __init__(self, name: str, wanted: Mapping[str, Wanted]) -> None:
        self.name = name
        self._plan = Plan(wanted)

    def find(self, element: Element) -> Record:
        """Return the record."""
        return self._plan.read(element)


Wanted: TypeAlias = Text | Marked | Whole | Within | Mapping[str, "Wanted"]


class Plan(dict[object, "Text | Marked | Whole | Within | Plan | None"]):
    """What is wanted of an element's children, by tag; a tag is known by its local name."""

    def __init__(self, wanted: Mapping[str, Wanted]) -> None:
        super().__init__()
        self._by_name = {
            name: Plan(each) if isinstance(each, Mapping) else each for name, each in wanted.items()
        }

    def __missing__(self, tag: object) -> Text | Marked | Whole | Within | Plan | None:
        """Look a tag up that was not met before."""
        wanted = self._by_name.get(tag.rpartition("}")[2]) if isinstance(tag, str) else None
        if len(self) < _REMEMBERED_TAGS:
            self[tag] = wanted
        return wanted

    def read(self, element: Element) -> Record:
        """Return what is wanted of *element*."""
        record = Record()
        _read(element, self, record)
        return record


def _read(element: Element, plan: Plan, record: Record) -> None:
    """Add to *record* what a plan wants of an element's children."""
    for child in element:
        wanted = plan[child.tag]
        if wanted is None:
            continue
        if isinstance(wanted, Plan):
            _read(child, wanted, record)
        elif (found := wanted.find(child)) is not None:
            if (name := wanted.name) in record:
                record[name].append(found)
            else:
                record[name] = [found]
