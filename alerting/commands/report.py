"""What every command gives back: plain values by name."""

from __future__ import annotations

from typing import Any


Report = dict[str, Any]
