"""What a profile asks for, as it is stored, read strictly, for nobody else has checked it.

In:   the JSON of a profile's criteria.
Out:  ``Criteria``; of many profiles, ``UNREADABLE`` for one that cannot be read, so that it stops no other.
"""

from __future__ import annotations

import msgspec

from alerting.domain.criteria import Criteria
from alerting.domain.profile import UNREADABLE
from alerting.errors import ProfileError


def read_criteria(stored: object, *, profile_id: str) -> Criteria:
    """Return the criteria of one profile.  A field that the row lacks has its default: rows outlive releases.

    Raises:
        ProfileError: They cannot be read; says where, what was got and what is expected.
    """
    try:
        return msgspec.convert(stored, Criteria)
    except msgspec.ValidationError as error:
        problem = f"its criteria cannot be read as they are stored: {error}"
        raise ProfileError(f"profile {profile_id!r}: {problem}") from error


def usable_criteria(stored: object) -> Criteria:
    """Return the criteria of one of many profiles; ``UNREADABLE`` where they cannot be read."""
    try:
        return msgspec.convert(stored, Criteria)
    except msgspec.ValidationError:
        return UNREADABLE
