"""What an award comes to, in every format that says so."""

from __future__ import annotations

import json

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import NoticeKind
from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


def boamp(awarded: str, *, nature: str = "ATTRIBUTION") -> str:
    """Write a notice of schema 230 that estimated 100,000 euros."""
    return f"""<ANNONCE><GESTION><REFERENCE><IDWEB>17-70991</IDWEB><TYPE_AVIS><NATURE><{nature}/></NATURE>
    <STATUT><INITIAL/></STATUT></TYPE_AVIS></REFERENCE></GESTION><DONNEES><OBJET><TITRE_MARCHE>Toiture</TITRE_MARCHE>
    <CARACTERISTIQUES><VALEUR DEVISE="EUR">100000</VALEUR></CARACTERISTIQUES></OBJET>
    <ATTRIBUTION>{awarded}</ATTRIBUTION></DONNEES></ANNONCE>"""


def decision(*amounts: str) -> str:
    """Write a decision of schema 230."""
    stated = "".join(f"<MONTANT DEVISE='EUR'>{amount}</MONTANT>" for amount in amounts)
    return f"<DECISION><RENSEIGNEMENT>{stated}</RENSEIGNEMENT></DECISION>"


def ted(*contracts: str, total: str = "", code: str = "7") -> str:
    """Write a TED_EXPORT notice that estimated 100,000 euros."""
    awards = "".join(
        f"<AWARD_CONTRACT><AWARDED_CONTRACT>{each}</AWARDED_CONTRACT></AWARD_CONTRACT>" for each in contracts
    )
    return f"""<TED_EXPORT DOC_ID="070001-2021"><CODED_DATA_SECTION><CODIF_DATA><TD_DOCUMENT_TYPE CODE="{code}"/>
    </CODIF_DATA></CODED_DATA_SECTION><FORM_SECTION><F03_2014 LG="FR"><OBJECT_CONTRACT><TITLE>Toiture</TITLE>
    <VAL_ESTIMATED_TOTAL CURRENCY="EUR">100000</VAL_ESTIMATED_TOTAL>{total}</OBJECT_CONTRACT>{awards}
    </F03_2014></FORM_SECTION></TED_EXPORT>"""


def eforms(kind: str, result: str) -> str:
    """Write an eForms notice that estimated 100,000 euros."""
    return f"""<ContractAwardNotice><ID>n-1</ID><NoticeTypeCode listName="{kind}">x</NoticeTypeCode>
    <UBLExtensions><UBLExtension><ExtensionContent><EformsExtension><NoticeResult>{result}</NoticeResult>
    </EformsExtension></ExtensionContent></UBLExtension></UBLExtensions><ProcurementProject><Name>Toiture</Name>
    <RequestedTenderTotal><EstimatedOverallContractAmount currencyID="EUR">100000</EstimatedOverallContractAmount>
    </RequestedTenderTotal></ProcurementProject></ContractAwardNotice>"""


def ocds(*amounts: float, tag: str = "award", status: str = "active") -> str:
    """Write a release that estimated 100,000 euros."""
    money = [{"status": status, "value": {"amount": amount, "currency": "EUR"}} for amount in amounts]
    tender = {"title": "Toiture", "value": {"amount": 100_000, "currency": "EUR"}}
    return json.dumps({"ocid": "o-1", "id": "1", "tag": [tag], "tender": tender, "awards": money})


ESTIMATED, PAID = Money(10_000_000, "EUR"), Money(9_500_050, "EUR")
TOTAL = '<VAL_TOTAL CURRENCY="EUR">95000.50</VAL_TOTAL>'
BT_161 = '<TotalAmount currencyID="EUR">95000.50</TotalAmount>'


@pytest.mark.parametrize(("document", "kind", "value"), [
    pytest.param(boamp("<VALEUR_TOTALE DEVISE='EUR'>95000.5</VALEUR_TOTALE>"), NoticeKind.AWARD, PAID, id="BOAMP 230, total"),
    pytest.param(boamp(decision("95000,50")), NoticeKind.AWARD, PAID, id="BOAMP 230, one contract"),
    pytest.param(boamp(decision("1", "2")), NoticeKind.AWARD, ESTIMATED, id="BOAMP 230, several contracts"),
    pytest.param(boamp(decision("1") + decision()), NoticeKind.AWARD, ESTIMATED, id="BOAMP 230, one of two stated"),
    pytest.param(boamp(decision("1"), nature="APPEL_OFFRE"), NoticeKind.CALL, ESTIMATED, id="BOAMP 230, a call"),
    pytest.param(ted(total=TOTAL), NoticeKind.AWARD, PAID, id="TED, total"),
    pytest.param(ted(f"<VALUES>{TOTAL}</VALUES>"), NoticeKind.AWARD, PAID, id="TED, one contract"),
    pytest.param(ted(TOTAL, TOTAL), NoticeKind.AWARD, ESTIMATED, id="TED, several contracts"),
    pytest.param(ted(total=TOTAL, code="3"), NoticeKind.CALL, ESTIMATED, id="TED, a call"),
    pytest.param(eforms("result", BT_161), NoticeKind.AWARD, PAID, id="eForms, BT-161"),
    pytest.param(eforms("result", ""), NoticeKind.AWARD, ESTIMATED, id="eForms, estimated alone"),
    pytest.param(eforms("result", BT_161.replace("95000.50", "0.00")), NoticeKind.AWARD, ESTIMATED, id="eForms, nothing"),
    pytest.param(eforms("cont-modif", BT_161), NoticeKind.OTHER, ESTIMATED, id="eForms, a modification"),
    pytest.param(ocds(95_000.5), NoticeKind.AWARD, PAID, id="OCDS, one award"),
    pytest.param(ocds(0), NoticeKind.AWARD, ESTIMATED, id="OCDS, nothing"),
    pytest.param(ocds(1, 2), NoticeKind.AWARD, ESTIMATED, id="OCDS, several awards"),
    pytest.param(ocds(1, status="cancelled"), NoticeKind.AWARD, ESTIMATED, id="OCDS, an award that was cancelled"),
    pytest.param(ocds(1, status="pending"), NoticeKind.AWARD, ESTIMATED, id="OCDS, an award that is none yet"),
    pytest.param(ocds(1, tag="tender"), NoticeKind.CALL, ESTIMATED, id="OCDS, a tender"),
])  # fmt: skip
def test_an_award_is_worth_what_is_paid(document, kind, value):
    """
    Whoever asks who won is told for how much: the total, or the one contract's; several are never summed up.
    """
    (raw,) = parse(document.encode(), feed_id="f").notices
    notice = normalise(raw)

    assert (notice.kind, notice.value, notice.normalisations) == (kind, value, ())
