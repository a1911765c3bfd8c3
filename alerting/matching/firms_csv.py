"""Read firms from a table, as a chamber of trades exports them.

In:   the bytes of a CSV file: UTF-8 or Windows-1252; commas, semicolons or tabs; a line of headings.
Out:  one line each, in order: the firm with the profile that its activity and commune propose, or what is
      wrong with it.  A bad line costs nothing but itself; a file that lacks a column is refused.

Headings are known by many names, whatever their accents and capitals; columns of other names are left out.
A firm's id is its SIRET.

Sources: INSEE, key of a SIRET (Luhn; the establishments of La Poste have a sum of digits divisible by 5).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from alerting.domain.address import read_address
from alerting.domain.criteria import Criteria
from alerting.domain.profile import Firm, Profile, Recipient
from alerting.errors import ProfileError
from alerting.reference.communes import get_communes
from alerting.reference.trades import Trade, trades_of_naf
from alerting.text.analysis import folded


RADIUS_KM = 40
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "siret": (
        "siret", "nsiret", "nosiret", "numsiret", "numerosiret", "numerodesiret", "siretsiege",
        "siretdusiege", "siretetablissement",
    ),
    "name": (
        "nom", "raisonsociale", "nomouraisonsociale", "nomraisonsociale", "denomination",
        "denominationsociale", "entreprise", "nomentreprise", "nomdelentreprise", "societe",
    ),
    "naf": (
        "naf", "ape", "codenaf", "codeape", "codenafape", "codeapenaf", "nafape", "apenaf",
        "activiteprincipale", "codeactivite",
    ),
    "commune": ("commune", "ville", "nomcommune", "nomdelacommune", "libellecommune", "localite"),
    "postcode": ("codepostal", "cp", "cpostal", "codepostaletablissement"),
    "email": (
        "email", "mail", "mel", "courriel", "adressemail", "adresseemail", "adressecourriel",
        "adresseelectronique", "emailcontact", "mailcontact",
    ),
}  # fmt: skip
SIRET = re.compile(r"\d{14}")
NAF = re.compile(r"\d{2}\.?\d{2}[A-Z]")
LA_POSTE = "356000000"
_DELIMITERS = (";", ",", "\t")
_NOT_TOLD = re.compile(r"[^a-z0-9]")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with one line: in which field, what stands there and what should."""

    field: str
    got: str
    expected: str


@dataclass(frozen=True, slots=True)
class FirmLine:
    """One line of the table.

    Args:
        number: Of the line where it begins; the headings are line 1.
        siret: As it stands there.
        firm: As proposed; None where the line is refused.
        refusal: Why; None where it is not.
    """

    number: int
    siret: str
    firm: Firm | None = None
    refusal: Refusal | None = None


class _RefusedError(Exception):
    """One field of a line cannot be used."""

    def __init__(self, field: str, got: str, expected: str) -> None:
        super().__init__(field, got, expected)
        self.refusal = Refusal(field, got, expected)


def read_firm_lines(content: bytes) -> tuple[FirmLine, ...]:
    """Return the lines of a table, in their order; a SIRET that stood in a line above is refused.

    Raises:
        ProfileError: It is no text, no table, or has not the columns that are needed.
    """
    first_seen: dict[str, int] = {}
    lines = []
    for number, cells in _rows(_text(content)):
        siret = cells["siret"]
        try:
            firm = _firm(cells)
            _refuse_repeat(siret, first_seen.get(firm.firm_id))
        except _RefusedError as error:
            lines.append(FirmLine(number, siret, refusal=error.refusal))
        else:
            first_seen[firm.firm_id] = number
            lines.append(FirmLine(number, siret, firm))
    return tuple(lines)


def is_siret(digits: str) -> bool:
    """Tell whether 14 digits carry the right key.

    >>> is_siret("73282932000074"), is_siret("73282932000075"), is_siret("35600000000048")
    (True, False, True)
    """
    if not SIRET.fullmatch(digits) or not digits.isascii():
        return False
    if digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    doubled = (int(digit) * (1 + (place + 1) % 2) for place, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0 and digits.strip("0") != ""


def _refuse_repeat(siret: str, above: int | None) -> None:
    if above is not None:
        raise _RefusedError("siret", siret, f"each once; line {above} has it")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ProfileError(f"firms table: byte {error.start} is neither UTF-8 nor Windows-1252") from error


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the number of each line that is not empty, and its cells by our names of the columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    columns: Mapping[str, int] | None = None
    begins = 1
    try:
        for cells in reader:
            number, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells)
                continue
            yield number, {name: _cell(cells, columns.get(name)) for name in COLUMNS}
    except csv.Error as error:
        raise ProfileError(f"firms table: line {reader.line_num}: no table ({error})") from error
    if columns is None:
        raise ProfileError("firms table: expected a line of headings (got nothing)")


def _cell(cells: Sequence[str], column: int | None) -> str:
    return " ".join(cells[column].split()) if column is not None and column < len(cells) else ""


def _columns(headings: Sequence[str]) -> Mapping[str, int]:
    keys = [_NOT_TOLD.sub("", folded(heading)) for heading in headings]
    found = {
        name: min(keys.index(known) for known in names if known in keys)
        for name, names in COLUMNS.items()
        if any(known in keys for known in names)
    }
    missing = [name for name in ("siret", "name", "naf", "email") if name not in found]
    if not {"commune", "postcode"} & found.keys():
        missing.append("commune")
    if missing:
        got = ", ".join(heading.strip() for heading in headings)
        raise ProfileError(
            f"firms table: line 1: expected a column for {', '.join(missing)} (got {got[:200]})"
        )
    return found


def _firm(cells: Mapping[str, str]) -> Firm:
    for field, cell in cells.items():
        if not cell.isprintable():
            raise _RefusedError(field, repr(cell), "characters that can be printed")
    siret = "".join(cells["siret"].split())
    if not is_siret(siret):
        raise _RefusedError("siret", cells["siret"], "14 digits with their key")
    name = cells["name"]
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise _RefusedError("name", name, f"1 to {_LONGEST_NAME} characters")
    trades = _trades(cells["naf"])
    communes = _communes(cells)
    email = cells["email"].removeprefix("mailto:")
    if read_address(email) is None or email.endswith(">"):
        raise _RefusedError("email", cells["email"], "an e-mail address")
    criteria = Criteria(
        trades=tuple(trade.trade_id for trade in trades), communes=communes, radius_km=RADIUS_KM
    )
    proposed = Profile(f"{siret}-metier", siret, trades[0].label, criteria)
    return Firm(siret, name, (Recipient(email.lower()),), (proposed,), siret)


def _trades(naf: str) -> tuple[Trade, ...]:
    code = naf.upper().replace(" ", "")
    found = trades_of_naf(code) if NAF.fullmatch(code) else ()
    if not found:
        raise _RefusedError(
            "naf", naf, "a code of NAF, like 43.22A, of one of the trades (alerting trades list)"
        )
    own = tuple(trade for trade in found if _compact(trade.naf_codes[0]) == _compact(code))
    return own or found


def _compact(code: str) -> str:
    return code.replace(".", "")


def _communes(cells: Mapping[str, str]) -> tuple[str, ...]:
    """Return the communes that commune and postcode name together; else the one of both that is known."""
    written = " ".join(part for part in (cells["commune"], cells["postcode"]) if part)
    if not written:
        raise _RefusedError("commune", "", "a commune or a postcode")
    try:
        return tuple(commune.insee_code for commune in get_communes(written))
    except ProfileError as error:
        expected = str(error).partition("expected ")[2] or str(error)
        raise _RefusedError("commune", written, expected) from error
