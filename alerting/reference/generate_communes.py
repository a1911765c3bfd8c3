"""Generate data/communes.csv.gz from a table of communes and postcodes.

Run by hand when the communes change, which they do each 1 January:

    python -m alerting.reference.generate_communes communes.csv

The table has one row a commune and postcode, with the columns insee_code, name, kind (COM, COMD: commune
déléguée, ARM: arrondissement), postcodes, latitude, longitude and population: INSEE's code officiel
géographique joined with La Poste's base officielle des codes postaux.  Here rows of one commune become one;
Paris, Lyon and Marseille, which it has by arrondissement alone, are added as wholes.

Sources: INSEE, code officiel géographique 2024 and populations légales; La Poste, base officielle des codes
postaux; both Licence Ouverte 2.0 (see data/NOTICE), as joined by rcarlier/datas.fun.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path


TABLE = Path(__file__).parent / "data" / "communes.csv.gz"
COLUMNS = ("insee_code", "name", "kind", "postcodes", "latitude", "longitude", "population")
KINDS = {"COM": "C", "COMD": "D", "ARM": "A"}
WHOLES = (
    ("75056", "Paris", "751"),
    ("69123", "Lyon", "6938"),
    ("13055", "Marseille", "132"),
)

Row = tuple[str, str, str, str, str, str, str]


def main(arguments: list[str]) -> int:
    """Write the table from the CSV file named; say how many communes it holds."""
    with Path(arguments[0]).open(encoding="utf-8", newline="") as file:
        communes = merge(csv.DictReader(file))
    rows = sorted((*communes, *wholes(communes)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    # No name and no time of day in the file: the same table packs to the same bytes.
    TABLE.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
    sys.stdout.write(f"{TABLE.name}: {len(rows)} communes, {TABLE.stat().st_size} bytes\n")
    return 0


def merge(rows: Iterable[Mapping[str, str]]) -> list[Row]:
    """Return one row a commune, with all its postcodes; rows without coordinates are left out."""
    postcodes: dict[tuple[str, str, str, str, str, str], set[str]] = {}
    for row in rows:
        if not row["latitude"]:
            continue
        place = f"{float(row['latitude']):.3f}", f"{float(row['longitude']):.3f}"
        key = (row["insee_code"], row["name"], KINDS[row["kind"]], *place, row["population"])
        postcodes.setdefault(key, set()).add(row["postcodes"])
    return [
        (code, name, kind, " ".join(sorted(found)), latitude, longitude, population)
        for (code, name, kind, latitude, longitude, population), found in postcodes.items()
    ]


def wholes(communes: Sequence[Row]) -> Iterator[Row]:
    """Yield the three cities that the table has by arrondissement alone."""
    for code, name, prefix in WHOLES:
        parts = [row for row in communes if row[2] == "A" and row[0].startswith(prefix)]
        people = sum(int(row[6]) for row in parts)
        latitude, longitude = (
            f"{sum(float(row[axis]) * int(row[6]) for row in parts) / people:.3f}" for axis in (4, 5)
        )
        codes = " ".join(sorted(row[3] for row in parts))
        yield code, name, "W", codes, latitude, longitude, str(people)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
