"""Profiles are tried on documents as they come: of firms that say but trade and département, with codes or without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerting.errors import ProfileError
from alerting.pipeline.dry import try_match


DOCUMENT = Path(__file__).parents[1] / "corpus/ted-export/call-with-lots.xml"
ELEMENTS = re.compile(
    rb"<CPV_(?:MAIN|ADDITIONAL)>.*?</CPV_(?:MAIN|ADDITIONAL)>|<ORIGINAL_CPV.*?</ORIGINAL_CPV>", re.DOTALL
)
CODES = re.compile(rb'(<CPV_CODE CODE=")\d{8}')


def firms(trade: str, departements: str = '"22"') -> str:
    """Return a file of one firm that nobody could write to."""
    return (
        '[[firm]]\nid = "le-goff"\n[[firm.profile]]\nid = "roofs"\n'
        f'trades = ["{trade}"]\ndepartements = [{departements}]\n'
    )


def tried(text: str, body: bytes, folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Return profiles and lots of what was found in a document."""
    path = folder / "document.xml"
    path.write_bytes(body)
    return [(row["profile_id"], tuple(row["lots"])) for row in try_match(text, [path])]


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda body: body, id="as published"),
        pytest.param(lambda body: ELEMENTS.sub(b"", body), id="deleted"),
        pytest.param(lambda body: ELEMENTS.sub(b"<CPV_MAIN></CPV_MAIN>", body), id="emptied"),
        pytest.param(lambda body: CODES.sub(rb"\1", body), id="without digits"),
        pytest.param(lambda body: CODES.sub(rb"\g<1>99999999", body), id="no codes"),
        pytest.param(lambda body: CODES.sub(rb"\1sans objet", body), id="words for codes"),
    ],
)
def test_a_document_whose_codes_were_hidden_is_matched_by_its_words(hide, tmp_path):
    """
    The same lots for the roofer, and none for the baker.
    """
    body = hide(DOCUMENT.read_bytes())

    assert b"CPV_CODE" in DOCUMENT.read_bytes()
    assert tried(firms("couvreur"), body, tmp_path) == [("roofs", ("1",))]
    assert tried(firms("boulanger"), body, tmp_path) == []


@pytest.mark.parametrize(
    "trade", ["COUVREURS-ZINGUEURS", "Couverture zinguerie", "artisan couvreur", "couvreurs"]
)
@pytest.mark.parametrize("departement", ['"22"', "22", '"COTES D ARMOR"', '"22 - Côtes-d\'Armor"'])
def test_a_firm_says_its_trade_and_its_departement_as_people_do(trade, departement, tmp_path):
    """
    Neither a recipient nor a name is asked for: nothing is sent or saved.
    """
    found = tried(firms(trade, departement), DOCUMENT.read_bytes(), tmp_path)

    assert found == [("roofs", ("1",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            firms("couvreur", '"Rennes"'),
            "firm 'le-goff', profile 'roofs': expected a département like '35', or communes = ['Rennes'] for that"
            " place alone"
            " (got 'Rennes', which is a commune)",
            id="a town",
        ),
        pytest.param(
            firms("couvreur", '"35 - Finistère"'),
            "firm 'le-goff', profile 'roofs': expected the number of a département like '35' or '2A', or the name of one or of a région (got '35 - Finistère')",
            id="a number and another's name",
        ),
        pytest.param(
            firms("couvreur") + '[[firm.profile]]\nid = "roofs"\ntrades = ["macon"]\n',
            "firms file: profile id: expected each once (got 'roofs' twice)",
            id="two profiles of one id",
        ),
        pytest.param(
            '[[firm]]\nid = "le-goff"\n[[firm.profile]]\nid = "all"\ndepartements = ["35"]\n',
            "firm 'le-goff', profile 'all': matches everything; expected at least one of trades, cpv, words, buyers",
            id="no trade",
        ),
    ],
)
def test_a_profile_that_cannot_be_tried_says_why(text, message, tmp_path):
    """
    As one that cannot be saved does.
    """
    with pytest.raises(ProfileError) as caught:
        tried(text, DOCUMENT.read_bytes(), tmp_path)

    assert message == str(caught.value)
