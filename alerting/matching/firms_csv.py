"""Read firms from a table, as a chamber of trades exports them.

In:   the bytes of a CSV file: UTF-8, UTF-16 with its mark, or an encoding of Windows, old Macs or DOS;
      commas, semicolons, tabs or bars; a line of headings, above which a title may stand.
Out:  one line each, in order: the firm with the profile that its activity and commune propose, or what is
      wrong with it.  A bad line costs nothing but itself; a file that lacks a column is refused, and so are
      workbooks and other files that are no text.

A quoted cell may go on over some lines, if what comes out of them has as many cells as the headings.  A quote
that is not closed so is that line's alone: the lines below are read.

Headings are known by many names, whatever their accents and capitals; columns of other names are left out.
A firm's id is its SIRET.

Sources: INSEE, key of a SIRET (Luhn; the establishments of La Poste have a sum of digits divisible by 5);
NAFA, the nomenclature of crafts: codes of NAF with a letter more.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerting.domain.address import read_address
from alerting.domain.criteria import Criteria
from alerting.domain.profile import Firm, Profile, Recipient
from alerting.domain.siret import read_siret
from alerting.errors import ProfileError
from alerting.reference.communes import communes_of_postcode
from alerting.reference.communes_said import get_communes
from alerting.reference.nuts import COLLECTIVITIES, POSTCODE_DIGITS, departement_of_postcode
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
        "denominationsociale", "denominationunitelegale", "entreprise", "nomentreprise",
        "nomdelentreprise", "societe",
    ),
    "naf": (
        "naf", "ape", "codenaf", "codeape", "codenafape", "codeapenaf", "nafape", "apenaf",
        "activiteprincipale", "activiteprincipaleetablissement", "codeactivite",
        "nafa", "codenafa", "aprm", "codeaprm",
    ),
    "commune": (
        "commune", "ville", "nomcommune", "nomdelacommune", "libellecommune", "libellecommuneetablissement",
        "localite",
    ),
    "postcode": ("codepostal", "cp", "cpostal", "codepostaletablissement"),
    "email": (
        "email", "mail", "mel", "courriel", "adressemail", "adresseemail", "adressecourriel",
        "adresseelectronique", "emailcontact", "mailcontact",
    ),
}  # fmt: skip
# With a dot or without; a code of the chambers' own NAFA has a letter more; its label may stand beside it.
_NAF = re.compile(r"(?<![A-Z0-9])(\d{2})[., -]?(\d{2}) ?([A-Z])(?:[ -]?[A-Z])?(?![A-Z0-9])")
# What keeps a spreadsheet from making a number of a cell ('="01000"', "'01000"), or is left of one.
_AS_TEXT = re.compile(r"""="(.*)"|'(\d.*)""")
_DECIMALS = re.compile(r"[.,]0{1,2}$")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_POSTCODE = re.compile(r"(?:FR?[ -]*)?(\d{1,2}) ?(\d{3})", re.IGNORECASE)
_DELIMITERS = (";", ",", "\t", "|")
# So many lines may stand above the headings: a title, a date.
_LINES_ABOVE = 20
_MAILTO = re.compile(r"^mailto:\s*", re.IGNORECASE)
# Excel's own line above a table, which says by what its cells are parted.
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_NOT_TOLD = re.compile(r"[^a-z0-9]")
_LONGEST_NAME = 200
# So many lines may one quoted cell, an address, go over.
_LINES_OF_A_CELL = 20
_GOT_CHARACTERS = 60
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
# Of Windows first, then of old Macs and of DOS: the one is meant in which most reads as French.
_OLD_ENCODINGS = ("cp1252", "mac_roman", "cp850")
_SMALL, _LARGE = "àâçéèêëîïôùûœ", "ÀÂÇÉÈÊËÎÏÔÙÛŒ"
# A letter with an accent beside one of its size, or at the head of a word, and signs of print.
_FRENCH = re.compile(
    rf"(?<=[a-z])[{_SMALL}]|[{_SMALL}](?=[a-z])|(?<=[A-Z])[{_LARGE}](?![a-z])|[{_LARGE}](?=[A-Z])"
    rf"|\b[{_LARGE}](?=[a-z])|[“”‘’–—…€]"
)
_END_OF_FILE = "\x1a"
_MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# What files begin with that people take for a list.
_NO_TEXT = {
    b"PK\x03\x04": "a workbook (.xlsx, .ods) or another packed file",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel (.xls)",
    b"%PDF": "a PDF",
    b"{\\rtf": "a text of a word processor (.rtf)",
}
_SAVE_AS = "expected a CSV file: open it in Excel or LibreOffice and save it as 'CSV UTF-8'"


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
    """A line cannot be used."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


def read_firm_lines(content: bytes) -> tuple[FirmLine, ...]:
    """Return the lines of a table, in their order; a SIRET that stood in a line above is refused.

    Raises:
        ProfileError: It is no text, no table, or has not the columns that are needed.
    """
    first_seen: dict[str, int] = {}
    lines = []
    for row, cells in _rows(_text(content)):
        siret = cells["siret"]
        if row.refusal is not None:
            lines.append(FirmLine(row.number, siret, refusal=row.refusal))
            continue
        try:
            firm = _firm(cells)
            _refuse_repeat(siret, first_seen.get(firm.firm_id))
        except _RefusedError as error:
            lines.append(FirmLine(row.number, siret, refusal=error.refusal))
        else:
            first_seen[firm.firm_id] = row.number
            lines.append(FirmLine(row.number, siret, firm))
    return tuple(lines)


def _refuse_repeat(siret: str, above: int | None) -> None:
    if above is not None:
        raise _RefusedError(Refusal("siret", siret, f"each once; line {above} has it"))


def _text(content: bytes) -> str:
    for start, kind in _NO_TEXT.items():
        if content.startswith(start):
            raise ProfileError(f"firms table: {kind}; {_SAVE_AS}")
    is_marked = content.startswith(_MARKS_OF_UTF16)
    if not is_marked and b"\0" in content.partition(b"\n")[0]:
        raise ProfileError(f"firms table: byte {content.index(0)} is no text; {_SAVE_AS}")
    try:
        return content.decode("utf-16" if is_marked else "utf-8-sig").rstrip(_END_OF_FILE)
    except UnicodeDecodeError as error:
        place = error.start
    if is_marked:
        raise ProfileError(f"firms table: byte {place} is no text; {_SAVE_AS}")
    return _mixed(content).rstrip(_END_OF_FILE)


def _mixed(content: bytes) -> str:
    """Return a text whose lines are UTF-8 or of an older encoding: lists are put together from several.

    Raises:
        ProfileError: Its lines are of no encoding.
    """
    lines = content.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    other = b"".join(line for line in lines if not _is_utf8(line))
    encoding = max(_OLD_ENCODINGS, key=lambda name: _count_french(other, name))
    try:
        other.decode(encoding if _count_french(other, encoding) > 0 else _OLD_ENCODINGS[0])
    except UnicodeDecodeError as error:
        start = len(content) - sum(map(len, lines))
        place = start + _place_among(lines, error.start)
        raise ProfileError(f"firms table: byte {place} is no text; {_SAVE_AS}") from error
    return "".join(line.decode("utf-8" if _is_utf8(line) else encoding) for line in lines)


def _place_among(lines: Iterable[bytes], place: int) -> int:
    """Return where a byte of the lines that are no UTF-8 stands among all lines."""
    before = 0
    for line in lines:
        if _is_utf8(line):
            before += len(line)
        elif place < len(line):
            break
        else:
            before += len(line)
            place -= len(line)
    return before + place


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _count_french(content: bytes, encoding: str) -> int:
    """Return how much of a text reads as French in an encoding; -1: it is not of it."""
    try:
        return len(_FRENCH.findall(content.decode(encoding)))
    except UnicodeDecodeError:
        return -1


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table: the line where it begins, its cells, and what is wrong with it as a row."""

    number: int
    cells: tuple[str, ...]
    refusal: Refusal | None = None


def _rows(text: str) -> Iterator[tuple[_Row, Mapping[str, str]]]:
    """Yield each row below the headings that is not empty, and its cells by our names of the columns."""
    rows = _split(text)
    headings = next(rows, None)
    if headings is None:
        raise ProfileError("firms table: expected a line of headings (got nothing)")
    if headings.refusal is not None:
        got, expected = headings.refusal.got, headings.refusal.expected
        raise ProfileError(f"firms table: line {headings.number}: expected {expected} (got {got})")
    columns = _columns(headings)
    for row in rows:
        yield row, {name: _cell(row.cells, columns.get(name)) for name in COLUMNS}


def _split(text: str) -> Iterator[_Row]:
    """Yield the rows of a table that are not empty, the headings first."""
    lines = [line for line in _LINE.findall(text) if line]
    at, delimiter = _begin(lines)
    width: int | None = None
    while at < len(lines):
        row, line_count = _row(lines, at, delimiter, width)
        at += line_count
        if any(cell.strip() for cell in row.cells) or row.refusal is not None:
            width = width or len(row.cells)
            yield row


def _begin(lines: Sequence[str]) -> tuple[int, str]:
    """Return the line of the headings, and by what its cells are parted: a title may stand above them."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    said = _SEP.fullmatch(lines[first]) if first < len(lines) else None
    if said is not None:
        return first + 1, said[1]
    at = first
    while at < min(first + _LINES_ABOVE, len(lines)):
        delimiter = _delimiter(lines, at)
        row, line_count = _row(lines, at, delimiter, None)
        if not set(map(_key, row.cells)).isdisjoint(COLUMNS["siret"]):
            return at, delimiter
        at += line_count
    return first, _delimiter(lines, first)


def _delimiter(lines: Sequence[str], at: int) -> str:
    """Return what parts most cells of a line; of the next one where its first cell goes on there."""
    found = next((line for line in lines[at : at + 2] if any(one in line for one in _DELIMITERS)), "")
    return max(_DELIMITERS, key=found.count)


def _row(lines: Sequence[str], at: int, delimiter: str, width: int | None) -> tuple[_Row, int]:
    """Return the row that begins at a line, and how many lines it takes."""
    line = lines[at]
    if csv.field_size_limit() < len(line):
        expected = f"at most {csv.field_size_limit()} characters"
        return _Row(at + 1, (), Refusal("line", line[:_GOT_CHARACTERS], expected)), 1
    opened = _open_quote(line, delimiter)
    if opened is None:
        return _Row(at + 1, _cells(line, delimiter)), 1
    for end in range(at + 2, min(at + _LINES_OF_A_CELL, len(lines)) + 1):
        joined = "".join(lines[at:end])
        if '"' not in lines[end - 1] or _open_quote(joined, delimiter) is not None:
            continue
        cells = _cells(joined, delimiter)
        if width is None or len(cells) == width:
            return _Row(at + 1, cells), end - at
        break
    expected = f"a quote that is closed; it opens at character {opened + 1}"
    refusal = Refusal("line", line[opened:].strip()[:_GOT_CHARACTERS], expected)
    # What stands before the quote is told with it.
    return _Row(at + 1, _cells(line[:opened], delimiter), refusal), 1


def _open_quote(text: str, delimiter: str) -> int | None:
    """Return where the quote stands that opens a cell and is not closed.

    As ``csv`` reads them: a quote opens a cell only as its first character, and two within one are one.
    """
    if '"' not in text:
        return None
    opened: int | None = None
    place, begins = 0, True
    while place < len(text):
        letter = text[place]
        if opened is None:
            opened = place if letter == '"' and begins else None
            begins = letter in {delimiter, "\r", "\n"}
        elif text.startswith('""', place):
            place += 1
        elif letter == '"':
            opened = None
        place += 1
    return opened


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(cell for cells in csv.reader([line], delimiter=delimiter) for cell in cells)


def _cell(cells: Sequence[str], column: int | None) -> str:
    cell = " ".join(cells[column].split()) if column is not None and column < len(cells) else ""
    as_text = _AS_TEXT.fullmatch(cell)
    return cell if as_text is None else (as_text[1] or as_text[2] or "").strip()


def _key(heading: str) -> str:
    return _NOT_TOLD.sub("", folded(heading))


def _columns(headings: _Row) -> Mapping[str, int]:
    keys = [_key(heading) for heading in headings.cells]
    found = {
        name: min(keys.index(known) for known in names if known in keys)
        for name, names in COLUMNS.items()
        if any(known in keys for known in names)
    }
    missing = [name for name in ("siret", "name", "naf", "email") if name not in found]
    if not {"commune", "postcode"} & found.keys():
        missing.append("commune")
    if missing:
        got = ", ".join(heading.strip() for heading in headings.cells)
        where = f"firms table: line {headings.number}"
        raise ProfileError(f"{where}: expected a column for {', '.join(missing)} (got {got[:200]})")
    return found


def _firm(cells: Mapping[str, str]) -> Firm:
    for field, cell in cells.items():
        if not cell.isprintable():
            raise _RefusedError(Refusal(field, repr(cell), "characters that can be printed"))
    siret = _siret(cells["siret"])
    name = cells["name"]
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise _RefusedError(Refusal("name", name, f"1 to {_LONGEST_NAME} characters"))
    trades = _trades(cells["naf"])
    criteria = _criteria(trades, cells)
    email = _MAILTO.sub("", cells["email"])
    if read_address(email) is None or email.endswith(">"):
        raise _RefusedError(Refusal("email", cells["email"], "an e-mail address"))
    proposed = Profile(f"{siret}-metier", siret, trades[0].label, criteria)
    return Firm(siret, name, (Recipient(email.lower()),), (proposed,), siret)


def _criteria(proposed: Sequence[Trade], cells: Mapping[str, str]) -> Criteria:
    """Return what is proposed: work around the commune, or in all of a collectivity overseas."""
    trades = tuple(trade.trade_id for trade in proposed)
    departement = departement_of_postcode(_postcode(cells["postcode"]))
    if departement in COLLECTIVITIES:
        return Criteria(trades=trades, departements=(departement,))
    return Criteria(trades=trades, communes=_communes(cells), radius_km=RADIUS_KM)


def _siret(cell: str) -> str:
    siret = read_siret(cell.replace("-", "")) or read_siret(_without_decimals(cell))
    if siret is None:
        rounded = "; the spreadsheet rounded it: format the column as text, and fill it anew"
        more = rounded if _ROUNDED.fullmatch(cell) else ""
        raise _RefusedError(Refusal("siret", cell, f"14 digits with their key{more}"))
    return siret


def _without_decimals(cell: str) -> str:
    """Return a number without the decimals that a spreadsheet has given it: "35600.0"."""
    return _DECIMALS.sub("", cell)


def _trades(naf: str) -> tuple[Trade, ...]:
    written = _NAF.search(naf.upper())
    code = "" if written is None else "".join(written.groups())
    found = trades_of_naf(code) if code else ()
    if not found:
        expected = "a code of NAF, like 43.22A, of one of the trades (alerting trades list)"
        raise _RefusedError(Refusal("naf", naf, expected))
    own = tuple(trade for trade in found if _compact(trade.naf_codes[0]) == _compact(code))
    return own or found


def _compact(code: str) -> str:
    return code.replace(".", "")


def _communes(cells: Mapping[str, str]) -> tuple[str, ...]:
    """Return the communes that name and postcode mean together; where the name is none's, the postcode's.

    Many a cell names a quarter or a zone ("ZA du Port - Redon"); a commune with the postcode of another is
    refused.
    """
    postcode = _postcode(cells["postcode"])
    written = " ".join(part for part in (cells["commune"], postcode) if part)
    if not written:
        raise _RefusedError(Refusal("commune", "", "a commune or a postcode"))
    if not cells["commune"] and postcode.isdigit() and not communes_of_postcode(postcode):
        # Many a number of a CEDEX is the INSEE code of another commune.
        raise _RefusedError(Refusal("commune", written, "a commune, or the postcode of one"))
    try:
        return _known_communes(written)
    except ProfileError as error:
        if not _is_known(cells["commune"]) and communes_of_postcode(postcode):
            return _known_communes(postcode)
        expected = str(error).partition("expected ")[2] or str(error)
        raise _RefusedError(Refusal("commune", written, expected)) from error


def _postcode(cell: str) -> str:
    """Return a postcode as La Poste writes it: "35 600", "F-35600", "35600.0" and, of 01000, "1000"."""
    written = _POSTCODE.fullmatch(_without_decimals(cell))
    return cell if written is None else "".join(written.groups()).zfill(POSTCODE_DIGITS)


def _is_known(written: str) -> bool:
    try:
        return bool(_known_communes(written))
    except ProfileError:
        return False


def _known_communes(written: str) -> tuple[str, ...]:
    return tuple(commune.insee_code for commune in get_communes(written))
