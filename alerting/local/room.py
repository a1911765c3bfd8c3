"""Room on a disk: whether that is what a server of the laptop lacks.

In:   the folder it writes to.
Out:  what to add to the line that says how it ended; nothing where there is room.
"""

from __future__ import annotations

import shutil
from pathlib import Path


# PostgreSQL ends where it cannot make the next 16 MB of its journal, and lets go of those it had begun.
LEAST_BYTES = 17 << 20


def say_no_room(folder: Path, *, least_bytes: int = LEAST_BYTES) -> str:
    """Return "; no room is left on the disk of FOLDER ...", where fewer than *least_bytes* are free on it."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
    free = shutil.disk_usage(there).free
    if free >= least_bytes:
        return ""
    return f"; no room is left on the disk of {folder} ({free >> 20} MB free): make some, then start again"
