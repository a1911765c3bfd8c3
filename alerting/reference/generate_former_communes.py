"""Generate data/former_communes.csv from the npm package ``@etalab/decoupage-administratif``.

Run by hand when data/communes.csv.gz was made anew, with the package of the same year (4.1.0 is 2024's):

    npm pack @etalab/decoupage-administratif@4.1.0 && tar xzf etalab-decoupage-administratif-*.tgz
    python -m alerting.reference.generate_former_communes package/data/communes.json

A commune that merged has left its code, or keeps it as a commune déléguée or associée of the new one: then
its name is known, too.

Source: INSEE, code officiel géographique 2024, as carried by that package (MIT, see data/NOTICE).
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alerting.reference.communes import commune_of_insee


TABLE = Path(__file__).parent / "data" / "former_communes.csv"
PARTS = frozenset({"commune-deleguee", "commune-associee"})


def main(arguments: list[str]) -> int:
    """Write the table from the JSON file named; say how many codes it holds."""
    data = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    former, names = (
        former_codes(data),
        {entry["code"]: entry["nom"] for entry in data if entry["type"] in PARTS},
    )
    known = ((code, today) for code, today in former.items() if commune_of_insee(today) is not None)
    rows = sorted((code, today, names.get(code, "")) for code, today in known)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["former_code", "insee_code", "name"])
        writer.writerows(rows)
    sys.stdout.write(f"{TABLE.name}: {len(rows)} codes\n")
    return 0


def former_codes(data: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the code of today's commune by each former one."""
    former: dict[str, str] = {}
    for entry in data:
        if entry["type"] in PARTS:
            former[entry["code"]] = entry["chefLieu"]
        for code in entry.get("anciensCodes") or ():
            former[code] = entry["code"]
    return {code: today for code, today in former.items() if code != today}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
