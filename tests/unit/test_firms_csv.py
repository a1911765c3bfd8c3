"""A list of firms is read as spreadsheets and people write it, or refused in one line that says what to do."""

from __future__ import annotations

import pytest

from alerting.errors import ProfileError
from alerting.matching.firms_csv import Refusal, read_firm_lines


HEAD = "SIRET;Nom;NAF;CP;Commune;E-mail\n"
KERLEO = "73282932000074;Kerléo;43.22A;35600;Redon;a@kerleo.example\n"
TANGUY = "35600000000048;Tanguy;4391B;29000;Quimper;b@tanguy.example\n"
CORRE = "40483304800022;Corre;4322A;1000;Bourg-en-Bresse;c@corre.example\n"


def read(text: str):
    """Return the number of each line, with the name of its firm or what is wrong with it."""
    lines = read_firm_lines(text.encode())
    return [(line.number, line.firm.name if line.firm is not None else line.refusal) for line in lines]


def test_a_quote_that_is_not_closed_costs_its_own_line_alone():
    """
    The line says where it opens; the firms below are read, even where a later line has quotes of its own.
    """
    broken = KERLEO.replace("Kerléo", '"Kerléo')
    quoted = CORRE.replace("Corre", '"Corre; fils"')
    refusal = Refusal(
        "line",
        '"Kerléo;43.22A;35600;Redon;a@kerleo.example',
        "a quote that is closed; it opens at character 16",
    )

    assert read(HEAD + broken + TANGUY + quoted) == [(2, refusal), (3, "Tanguy"), (4, "Corre; fils")]
    assert read(HEAD + TANGUY + broken) == [(2, "Tanguy"), (3, refusal)]
    assert read_firm_lines((HEAD + broken).encode())[0].siret == "73282932000074"


def test_a_quoted_cell_goes_on_over_lines_where_the_row_then_is_whole():
    """
    A name of two lines, quotes within quotes, and a quote in the middle of a cell, which opens nothing.
    """
    whole = KERLEO.replace("Kerléo", '"Kerléo\r\n""Père"" et fils"')
    inch = CORRE.replace("Corre", 'Corre 1/2" tubes')

    assert read(HEAD + whole + TANGUY + inch) == [
        (2, 'Kerléo "Père" et fils'), (4, "Tanguy"), (5, 'Corre 1/2" tubes'),
    ]  # fmt: skip


def test_a_quote_that_opens_in_the_headings_is_said_of_them():
    with pytest.raises(ProfileError) as caught:
        read('SIRET;"Nom;NAF;CP;Commune;E-mail\n' + KERLEO)

    assert str(caught.value) == (
        "firms table: line 1: expected a quote that is closed; it opens at character 7"
        ' (got "Nom;NAF;CP;Commune;E-mail)'
    )


def test_a_line_without_end_is_refused_alone():
    """
    The cells of a table are no longer than ``csv`` takes.
    """
    endless = KERLEO.replace("Kerléo", "é" * 140_000)

    ((number, refusal), last) = read(HEAD + endless + TANGUY)

    assert (number, refusal.field, refusal.expected) == (2, "line", "at most 131072 characters")
    assert last == (3, "Tanguy")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_list_is_read_in_the_encodings_that_spreadsheets_write(encoding):
    """
    "Texte Unicode" of Excel is UTF-16 with tabs.  A postcode without its zero is what it was.
    """
    content = (HEAD + KERLEO + CORRE).replace(";", "\t").encode(encoding)

    first, second = read_firm_lines(content)

    assert first.firm.name == "Kerléo"
    assert second.firm.profiles[0].criteria.communes == ("01053",)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"PK\x03\x04rest", "a workbook (.xlsx, .ods) or another packed file", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0rest", "a workbook of an old Excel (.xls)", id="xls"),
        pytest.param(b"%PDF-1.7", "a PDF", id="a PDF"),
        pytest.param(b"{\\rtf1", "a text of a word processor (.rtf)", id="rtf"),
        pytest.param(HEAD.encode("utf-16-le"), "byte 1 is no text", id="UTF-16 without its mark"),
        pytest.param(b"\0" * 9, "byte 0 is no text", id="zeros"),
        pytest.param(b"\xff\xfeabc", "byte 4 is no text", id="half a letter of UTF-16"),
        pytest.param(b"\x81\n", "byte 0 is no text", id="neither UTF-8 nor Windows-1252"),
        pytest.param(
            "Álvarez\n".encode() + b"x\x81\n", "byte 10 is no text", id="a byte that also ends a letter"
        ),
        pytest.param(b"\xef\xbb\xbfsiret\n\x81\n", "byte 9 is no text", id="behind a mark of UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(content, problem):
    """
    One line.
    """
    with pytest.raises(ProfileError) as caught:
        read_firm_lines(content)

    assert str(caught.value) == (
        f"firms table: {problem}; expected a CSV file: open it in Excel or LibreOffice and save it as"
        " 'CSV UTF-8'"
    )


@pytest.mark.parametrize(
    ("commune", "postcode", "codes"),
    [
        ("LA DEFENSE", "92400", ("92026",)),
        ("ZA du Port - Redon", "35600", ("35013", "35236", "35294")),
        ("Redon", "35600", ("35236",)),
        ("EVRY", "91000", ("91228",)),
        ("LAVEYRUNE", "48250", ("07136",)),
        ("ANNECY LE VIEUX", "74940", ("74010",)),
        ("PARIS CEDEX 13", "75634", ("75056",)),
        ("LYON CEDEX 03", "69421", ("69123",)),
        ("PARIS 16", "75116", ("75116",)),
        ("MARSEILLE 01", "13001", ("13201",)),
        ("ST DENIS", "97400", ("97411",)),
    ],
)
def test_a_name_that_is_no_communes_leaves_its_postcode(commune, postcode, codes):
    """
    Quarters and zones stand in no table; what the postcode means is known.
    """
    (line,) = read_firm_lines((HEAD + TANGUY.replace("29000;Quimper", f"{postcode};{commune}")).encode())

    assert [one.criteria.communes for one in line.firm.profiles] == [codes]


def test_excels_own_first_line_says_by_what_cells_are_parted():
    """
    "sep=;" is no line of headings, whatever else stands in the table; lines keep their numbers.
    """
    lines = read_firm_lines(("sep=;\r\n" + HEAD + TANGUY).encode())
    by_bars = read_firm_lines(("SEP=|\n" + (HEAD + TANGUY).replace(";", "|")).encode())

    assert [(line.number, line.refusal) for line in lines] == [(3, None)]
    assert [line.firm for line in by_bars] == [line.firm for line in lines]


def test_a_commune_with_the_postcode_of_another_says_both():
    ((_, refusal),) = read(HEAD + TANGUY.replace("29000", "35000"))

    assert refusal == Refusal("commune", "Quimper 35000", "Quimper 29000, or a commune of 35000")


@pytest.mark.parametrize(
    "siret", ['="73282932000074"', "'73282932000074", "73282932000074.0", "73282932000074,00"]
)
def test_a_siret_is_read_as_spreadsheets_keep_and_leave_it(siret):
    """
    A formula or a quote keeps it a text; what was a number once has decimals.
    """
    (line,) = read_firm_lines((HEAD + KERLEO.replace("73282932000074", siret)).encode())

    assert line.firm.siret == "73282932000074"


@pytest.mark.parametrize("siret", ["7,32829E+13", "7.32829320001E+13"])
def test_a_siret_that_a_spreadsheet_rounded_says_so(siret):
    (line,) = read_firm_lines((HEAD + KERLEO.replace("73282932000074", siret)).encode())

    assert line.refusal == Refusal(
        "siret",
        siret,
        "14 digits with their key; the spreadsheet rounded it: format the column as text, and fill it anew",
    )


@pytest.mark.parametrize(
    "naf",
    [
        "4322A",
        "43.22a",
        "43.22 A",
        "43-22A",
        "4322AA",
        "43.22A-A",
        "4322A - Travaux d'eau et de gaz",
        "Eau (4322A)",
    ],
)
def test_an_activity_is_read_as_chambers_write_it(naf):
    """
    A code of NAFA, their own nomenclature, is one of NAF with a letter more; a label may follow.
    """
    (line,) = read_firm_lines((HEAD + KERLEO.replace("43.22A", naf)).encode())

    assert line.firm.profiles[0].criteria.trades == ("plombier",)


def test_an_activity_without_its_letter_is_refused():
    (line,) = read_firm_lines((HEAD + KERLEO.replace("43.22A", "43.22")).encode())

    assert (line.refusal.field, line.refusal.got) == ("naf", "43.22")


@pytest.mark.parametrize("postcode", ["35 600", "F-35600", "FR-35600", "f 35600", "35600.0", '="35600"'])
def test_a_postcode_is_read_as_people_and_spreadsheets_write_it(postcode):
    (line,) = read_firm_lines((HEAD + KERLEO.replace("35600", postcode)).encode())

    assert line.firm.profiles[0].criteria.communes == ("35236",)


@pytest.mark.parametrize(
    ("commune", "postcode"), [("ZA Route de Lorient", "35042"), ("", "35042"), ("Geneve", "1204")]
)
def test_a_number_of_a_cedex_is_no_insee_code(commune, postcode):
    """
    35042 delivers to Rennes, and is the INSEE code of a village far from it.
    """
    (line,) = read_firm_lines((HEAD + TANGUY.replace("29000;Quimper", f"{postcode};{commune}")).encode())

    assert line.refusal.field == "commune"


def test_a_city_with_the_postcode_of_an_arrondissement_is_that():
    (line,) = read_firm_lines((HEAD + KERLEO.replace("35600;Redon", "75013;PARIS")).encode())

    assert line.firm.profiles[0].criteria.communes == ("75113",)


@pytest.mark.parametrize(
    "headings",
    [
        "siret;denominationUniteLegale;activitePrincipaleEtablissement;codePostalEtablissement;commune;courriel",
        "N° SIRET;Raison sociale;Code APRM;Code postal;Ville;E-mail",
    ],
)
def test_headings_of_insee_and_of_chambers_are_known(headings):
    assert read(f"{headings}\n" + KERLEO) == [(2, "Kerléo")]


def test_headings_that_lack_a_column_are_named_by_their_line():
    with pytest.raises(ProfileError) as caught:
        read("\n\nSIRET;Nom\n1;2\n")

    assert (
        str(caught.value) == "firms table: line 3: expected a column for naf, email, commune (got SIRET, Nom)"
    )


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("name", ["Kerléo", "KERLÉO & CIE", "Électricité générale à Redon", "Hâvre et Noël"])
def test_a_list_is_read_in_the_encodings_of_old_programs(encoding, name):
    """
    The one in which the letters are French.
    """
    lines = read_firm_lines((HEAD + KERLEO.replace("Kerléo", name)).encode(encoding))

    assert [line.firm.name for line in lines] == [name]


def test_lines_of_several_encodings_are_each_read_in_their_own():
    """
    Lists are put together from several; DOS marked where a file ends.
    """
    content = (HEAD + KERLEO).encode() + TANGUY.replace("Tanguy", "Tangüy “Père” – Fils").encode("cp1252")

    names = [line.firm.name for line in read_firm_lines(content + b"\x1a")]

    assert names == ["Kerléo", "Tangüy “Père” – Fils"]


@pytest.mark.parametrize(
    "above",
    ["Export CMA du 01/09/2026\n\n", "Artisans de Bretagne, avec SIRET;;;;;\n;;;;;\n", "\n\n"],
)
@pytest.mark.parametrize("head", [HEAD, HEAD.replace("SIRET", '"N°\nSIRET"')])
@pytest.mark.parametrize("delimiter", [";", "|"])
def test_a_title_may_stand_above_the_headings(above, head, delimiter):
    """
    The headings are the first row that has a column for the SIRET; a heading may go on over lines.
    """
    quoted = KERLEO.replace("Kerléo", '"Ker\nléo"')

    rows = read(above + (head + quoted).replace(";", delimiter))

    assert rows == [((above + head).count("\n") + 1, "Ker léo")]


@pytest.mark.parametrize(
    ("postcode", "commune", "departement"),
    [("98800", "NOUMEA", "988"), ("97150", "Saint-Martin", "978"), ("97500", "SAINT PIERRE", "975")],
)
def test_a_firm_of_a_collectivity_overseas_is_proposed_all_of_it(postcode, commune, departement):
    """
    Its communes are not in the table: the line was refused.
    """
    line = KERLEO.replace("35600;Redon", f"{postcode};{commune}")

    (firm,) = (one.firm for one in read_firm_lines((HEAD + line).encode()))

    criteria = firm.profiles[0].criteria
    assert (criteria.departements, criteria.communes, criteria.radius_km) == ((departement,), (), None)
