"""What an award comes to, in every format that says so."""

from __future__ import annotations

import json

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import NoticeKind
from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise


def boamp(awarded: str, *, nature: str = "ATTRIBUTION", lots: str = "") -> str:
    """Write a notice of schema 230 that estimated 100,000 euros."""
    return f"""<ANNONCE><GESTION><REFERENCE><IDWEB>17-70991</IDWEB><TYPE_AVIS><NATURE><{nature}/></NATURE>
    <STATUT><INITIAL/></STATUT></TYPE_AVIS></REFERENCE></GESTION><DONNEES><OBJET><TITRE_MARCHE>Toiture</TITRE_MARCHE>
    <CARACTERISTIQUES><VALEUR DEVISE="EUR">100000</VALEUR></CARACTERISTIQUES>{lots}</OBJET>
    <ATTRIBUTION>{awarded}</ATTRIBUTION></DONNEES></ANNONCE>"""


def decision(*amounts: str, lot: str = "") -> str:
    """Write a decision of schema 230."""
    stated = "".join(f"<MONTANT DEVISE='EUR'>{amount}</MONTANT>" for amount in amounts)
    return f"<DECISION><NUM_LOT>{lot}</NUM_LOT><RENSEIGNEMENT>{stated}</RENSEIGNEMENT></DECISION>"


def boamp_lots(*numbers: str) -> str:
    """Write the lots of schema 230, each estimated at 40,000 euros."""
    each = "".join(f"<LOT><NUM>{number}</NUM><VALEUR DEVISE='EUR'>40000</VALEUR></LOT>" for number in numbers)
    return f"<DIV_EN_LOTS><OUI/></DIV_EN_LOTS><LOTS>{each}</LOTS>"


def ted(*contracts: str, total: str = "", code: str = "7", lots: str = "") -> str:
    """Write a TED_EXPORT notice that estimated 100,000 euros; a contract may begin with its LOT_NO."""
    awards = "".join(
        f"<AWARD_CONTRACT>{number}<AWARDED_CONTRACT>{each}</AWARDED_CONTRACT></AWARD_CONTRACT>"
        for number, each in (contract.rpartition("|")[::2] for contract in contracts)
    )
    return f"""<TED_EXPORT DOC_ID="070001-2021"><CODED_DATA_SECTION><CODIF_DATA><TD_DOCUMENT_TYPE CODE="{code}"/>
    </CODIF_DATA></CODED_DATA_SECTION><FORM_SECTION><F03_2014 LG="FR"><OBJECT_CONTRACT><TITLE>Toiture</TITLE>
    <VAL_ESTIMATED_TOTAL CURRENCY="EUR">100000</VAL_ESTIMATED_TOTAL>{total}{lots}</OBJECT_CONTRACT>{awards}
    </F03_2014></FORM_SECTION></TED_EXPORT>"""


def ted_lots(*numbers: str) -> str:
    """Write the lots of a TED_EXPORT notice, each estimated at 40,000 euros."""
    each = (
        f"<OBJECT_DESCR><LOT_NO>{number}</LOT_NO><VAL_OBJECT CURRENCY='EUR'>40000</VAL_OBJECT></OBJECT_DESCR>"
        for number in numbers
    )
    return f"<LOT_DIVISION/>{''.join(each)}"


def eforms(kind: str, result: str, *, lots: tuple[str, ...] = ()) -> str:
    """Write an eForms notice that estimated 100,000 euros."""
    return f"""<ContractAwardNotice><ID>n-1</ID><NoticeTypeCode listName="{kind}">x</NoticeTypeCode>
    <UBLExtensions><UBLExtension><ExtensionContent><EformsExtension><NoticeResult>{result}</NoticeResult>
    </EformsExtension></ExtensionContent></UBLExtension></UBLExtensions>{"".join(map(eforms_lot, lots))}<ProcurementProject><Name>Toiture</Name>
    <RequestedTenderTotal><EstimatedOverallContractAmount currencyID="EUR">100000</EstimatedOverallContractAmount>
    </RequestedTenderTotal></ProcurementProject></ContractAwardNotice>"""


def eforms_lot(number: str) -> str:
    """Write a lot of an eForms notice, estimated at 40,000 euros."""
    return f"""<ProcurementProjectLot><ID schemeName="Lot">{number}</ID><ProcurementProject>
    <RequestedTenderTotal><EstimatedOverallContractAmount currencyID="EUR">40000</EstimatedOverallContractAmount>
    </RequestedTenderTotal></ProcurementProject></ProcurementProjectLot>"""


def sold(lot: str, *amounts: str, code: str = "selec-w") -> str:
    """Write the result of an eForms lot, and the contract of each tender that won it."""
    tenders = {f"TEN-{lot}-{number}": amount for number, amount in enumerate(amounts)}
    stated = "".join(
        f"""<LotTender><ID>{name}</ID><LegalMonetaryTotal><PayableAmount currencyID="EUR">{amount}</PayableAmount>
        </LegalMonetaryTotal><TenderLot><ID>{lot}</ID></TenderLot></LotTender>"""
        f"<SettledContract><LotTender><ID>{name}</ID></LotTender></SettledContract>"
        for name, amount in tenders.items()
    )
    result = f"<TenderResultCode>{code}</TenderResultCode><TenderLot><ID>{lot}</ID></TenderLot>"
    return f"<LotResult>{result}</LotResult>{stated}"


def ocds(*amounts: float, tag: str = "award", status: str = "active") -> str:
    """Write a release that estimated 100,000 euros."""
    return release(*({"status": status, "value": euros(amount)} for amount in amounts), tag=tag)


def release(*awards: dict[str, object], tag: str = "award", lots: tuple[str, ...] = ()) -> str:
    """Write a release that estimated 100,000 euros, and its lots 40,000 each."""
    tender = {"title": "Toiture", "value": euros(100_000)}
    tender["lots"] = [{"id": lot, "value": euros(40_000)} for lot in lots]
    return json.dumps({"ocid": "o-1", "id": "1", "tag": [tag], "tender": tender, "awards": awards})


def euros(amount: float) -> dict[str, object]:
    """Write an amount as OCDS does."""
    return {"amount": amount, "currency": "EUR"}


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


ONE = ("1", Money(3_000_050, "EUR"))
TWO = ("2", Money(4_000_000, "EUR"))
CONTRACT = '<VAL_TOTAL CURRENCY="EUR">30000.50</VAL_TOTAL>'
LOT_NO = "<LOT_NO>{}</LOT_NO>|"
LOT_1 = {"value": {"amount": 30_000.5, "currency": "EUR"}, "relatedLots": ["1"]}


@pytest.mark.parametrize(("document", "value", "lots"), [
    pytest.param(boamp(decision("30000,50", lot="1"), lots=boamp_lots("1", "2")), ESTIMATED, (ONE, TWO), id="BOAMP 230, one of two"),
    pytest.param(boamp(decision("30000,50", lot="01"), lots=boamp_lots("1")), ESTIMATED, (ONE,), id="BOAMP 230, the only one told here"),
    pytest.param(boamp(decision("30000,50", lot="3")), ESTIMATED, (), id="BOAMP 230, a lot that nothing else names"),
    pytest.param(boamp(decision("30000,50"), lots=boamp_lots("2")), ESTIMATED, (TWO,), id="BOAMP 230, of which lot it is is not said"),
    pytest.param(boamp(decision("95000,50", lot="2017-52")), PAID, (), id="BOAMP 230, the number of a contract"),
    pytest.param(boamp(decision("95000,50", lot="1"), lots="<DIV_EN_LOTS><NON/></DIV_EN_LOTS>"), PAID, (), id="BOAMP 230, not divided"),
    pytest.param(boamp(decision("1,00", lot="1"), lots=boamp_lots("2", "1")), ESTIMATED, (TWO, ("1", TWO[1])), id="BOAMP 230, a euro"),
    pytest.param(ted(LOT_NO.format("1") + CONTRACT, lots=ted_lots("1", "2")), ESTIMATED, (ONE, TWO), id="TED, one of two"),
    pytest.param(ted(LOT_NO.format("Lot 1") + CONTRACT, lots=ted_lots("1")), ESTIMATED, (ONE,), id="TED, the only one told here"),
    pytest.param(ted(LOT_NO.format("1") + CONTRACT, LOT_NO.format("2"), lots=ted_lots("1", "2"), total=TOTAL), PAID, (ONE, TWO), id="TED, and a total"),
    pytest.param(ted(LOT_NO.format("1 et 2") + TOTAL, lots=ted_lots("1", "2")), PAID, (("1", TWO[1]), TWO), id="TED, one contract of both"),
    pytest.param(ted(LOT_NO.format("1") + CONTRACT, LOT_NO.format("1") + CONTRACT, lots=ted_lots("1", "2")), ESTIMATED, (("1", TWO[1]), TWO), id="TED, two of one lot"),
    pytest.param(ted(LOT_NO.format("7") + TOTAL, lots="<NO_LOT_DIVISION/>"), PAID, (), id="TED, not divided"),
    pytest.param(ted(LOT_NO.format("7") + TOTAL), ESTIMATED, (), id="TED, a lot that nothing else names"),
    pytest.param(eforms("result", sold("1", "30000.50") + sold("2", code="open-nw") + BT_161, lots=("1", "2")), ESTIMATED, (ONE, TWO), id="eForms, one still open"),
    pytest.param(eforms("result", sold("1", "30000.50") + BT_161, lots=("1", "2")), ESTIMATED, (ONE, TWO), id="eForms, of one nothing is said"),
    pytest.param(eforms("result", sold("1", "30000.50") + sold("2", code="clos-nw") + BT_161, lots=("1", "2")), PAID, (ONE, TWO), id="eForms, one without a winner"),
    pytest.param(eforms("result", sold("1", "30000.50", "10") + BT_161, lots=("1",)), PAID, (("1", TWO[1]),), id="eForms, two winners of one lot"),
    pytest.param(release(LOT_1, lots=("1", "2")), ESTIMATED, (ONE, TWO), id="OCDS, one of two"),
    pytest.param(release({"value": euros(95_000.5)}, lots=("2",)), ESTIMATED, (TWO,), id="OCDS, of which lot it is is not said"),
    pytest.param(release(LOT_1), ESTIMATED, (), id="OCDS, a lot that nothing else names"),
    pytest.param(release({**LOT_1, "status": "cancelled"}, LOT_1, lots=("1", "2")), ESTIMATED, (ONE, TWO), id="OCDS, awarded again"),
    pytest.param(release({"value": euros(95_000.5), "relatedLots": ["2", "1"]}, lots=("2", "1")), PAID, (TWO, ("1", TWO[1])), id="OCDS, one award of both"),
    pytest.param(release({"value": euros(30_000.5), "items": [{"relatedLot": "1"}]}, lots=("1", "2")), ESTIMATED, (ONE, TWO), id="OCDS, by its items"),
])  # fmt: skip
def test_what_is_paid_for_a_lot_is_that_lots(document, value, lots):
    """
    One award of one lot is never told as the value of the whole purchase: the lot has it, the rest its estimate.
    """
    (raw,) = parse(document.encode(), feed_id="f").notices
    notice = normalise(raw)

    assert notice.kind is NoticeKind.AWARD
    assert (notice.value, tuple((lot.lot_id, lot.value) for lot in notice.lots)) == (value, lots)
