"""Read TOML that people wrote, whatever editor they saved it with.

In:   a text, perhaps with the byte order mark that Windows Notepad puts before it.
Out:  its table; or a ProfileError of one line.

Source: https://toml.io/en/v1.0.0; Unicode 15, section 23.8, on the mark.
"""

from __future__ import annotations

import tomllib
from typing import Any

from alerting.errors import ProfileError


_BYTE_ORDER_MARK = "\ufeff"


def read_toml(text: str, *, name: str) -> dict[str, Any]:
    """Return the table that a text holds.

    Args:
        text: What was written.
        name: What opens the line of an error: the file, or what it is.

    Raises:
        ProfileError: It is no TOML, or one that cannot be held: nested too deeply, or a number of
            thousands of digits.
    """
    try:
        return tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK))
    except RecursionError as error:
        raise ProfileError(f"{name}: not TOML that can be used (nested too deeply)") from error
    # A TOMLDecodeError, or what the reading of a number or a day says.
    except ValueError as error:
        raise ProfileError(f"{name}: not TOML ({error})") from error
