"""Which notices end a purchase, format by format: a live one is never hidden by a notice of something else."""

from __future__ import annotations

import json

import pytest

from alerting.domain.notice import Change, Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.feeds.formats import parse
from alerting.notices.normalise import normalise
from alerting.notices.view import find_state, merge


OPEN, CANCELLED, AWARDED, PLANNED = (
    ProcedureState.OPEN,
    ProcedureState.CANCELLED,
    ProcedureState.AWARDED,
    ProcedureState.PLANNED,
)
LOST = "<NoticeResult><LotResult><TenderResultCode>clos-nw</TenderResultCode></LotResult></NoticeResult>"


def earlier(kind: NoticeKind, feed_id: str) -> Notice:
    """Return a notice of the same purchase that came before."""
    return Notice(feed_id=feed_id, source_id="26-1", version=None, kind=kind, title="Toiture")


def read(document: str, feed_id: str) -> Notice:
    """Return the one notice of a document, cleaned."""
    (raw,) = parse(document.encode(), feed_id=feed_id).notices
    return normalise(raw)


def eforms(listed: str, *reasons: str, extension: str = "") -> str:
    """Write an eForms notice of a form type; with reasons it changes the notice 26-1."""
    codes = "".join(f"<ChangeReason><ReasonCode>{code}</ReasonCode></ChangeReason>" for code in reasons)
    changes = f"<Changes><ChangedNoticeIdentifier>26-1</ChangedNoticeIdentifier>{codes}</Changes>"
    return f"""<ContractNotice><UBLExtensions><UBLExtension><ExtensionContent><EformsExtension>{changes if reasons else ""}
    {extension}</EformsExtension></ExtensionContent></UBLExtension></UBLExtensions><ID>1</ID><NoticeTypeCode listName="{listed}">
    x</NoticeTypeCode><ProcurementProject><Name>Toiture</Name></ProcurementProject></ContractNotice>"""


def boamp(nature: str, state: str, content: str = "") -> str:
    """Write a MAPA, or what *content* is, of a nature and a state, that names the notice 26-1."""
    content = content or "<MAPA><initial><description><objet>Toiture</objet></description></initial></MAPA>"
    return f"""<ann><DONNEES>{content}</DONNEES><GESTION><REFERENCE><IDWEB>26-2</IDWEB><TYPE_AVIS><NATURE><{nature}/></NATURE>
    <STATUT><{state}/></STATUT></TYPE_AVIS><ANNONCE_ANTERIEUR><IDWEB>26-1</IDWEB></ANNONCE_ANTERIEUR></REFERENCE></GESTION></ann>"""


def v230(nature: str, state: str) -> str:
    """Write a notice of schema 230."""
    return f"""<ANNONCE><GESTION><REFERENCE><IDWEB>26-2</IDWEB><TYPE_AVIS><NATURE><{nature}/></NATURE><STATUT><{state}/></STATUT>
    </TYPE_AVIS></REFERENCE></GESTION><DONNEES><OBJET><TITRE_MARCHE>Toiture</TITRE_MARCHE></OBJET></DONNEES></ANNONCE>"""


def flat(nature: str | None, state: str) -> str:
    """Write a record of the API without the notice's own XML."""
    record = {"idweb": "26-2", "objet": "Toiture", "nature": nature, "etat": state, "annonce_lie": ["26-1"]}
    return json.dumps({"total_count": 1, "results": [record]})


def ted(code: str, prose: str = "", awards: str = "") -> str:
    """Write a TED_EXPORT of a document type; a corrigendum says *prose*."""
    changes = f"<CHANGES><CHANGE><NEW_VALUE><TEXT><P>{prose}</P></TEXT></NEW_VALUE></CHANGE></CHANGES>"
    return f"""<TED_EXPORT DOC_ID="70002-2021"><CODED_DATA_SECTION><CODIF_DATA><TD_DOCUMENT_TYPE CODE="{code}"/></CODIF_DATA>
    </CODED_DATA_SECTION><FORM_SECTION><F14_2014 LG="FR" CATEGORY="ORIGINAL"><OBJECT_CONTRACT><TITLE><P>Toiture</P></TITLE>
    </OBJECT_CONTRACT>{changes if prose else ""}{awards}</F14_2014></FORM_SECTION></TED_EXPORT>"""


def ocds(tag: str, status: str = "active") -> str:
    """Write a release of a tag, whose tender has a status."""
    release = {"ocid": "ocds-1", "id": "2", "tag": [tag], "tender": {"title": "Toiture", "status": status}}
    return json.dumps({"releases": [release]})


def placsp(status: str) -> str:
    """Write an entry of a status."""
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:c="urn:dgpe:names:draft:codice-place-ext:schema:xsd:Common-1">
    <entry><id>26-1</id><title>Toiture</title><c:ContractFolderStatus><c:ContractFolderStatusCode>{status}
    </c:ContractFolderStatusCode></c:ContractFolderStatus></entry></feed>"""


def tombstone(comment: str = "") -> str:
    """Write a tombstone."""
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">
    <at:deleted-entry ref="26-1">{comment}</at:deleted-entry></feed>"""


def rss(title: str) -> str:
    """Write a feed of one entry."""
    return f"<rss version='2.0'><channel><item><guid>26-1</guid><title>{title}</title></item></channel></rss>"


NOTHING_AWARDED = "<AWARD_CONTRACT><NO_AWARDED_CONTRACT/></AWARD_CONTRACT>"
IN_ENVELOPE = f"<EFORMS>{eforms('competition')}</EFORMS>"
AWARD_IN_ENVELOPE = f"<EFORMS>{eforms('result')}</EFORMS>"
CASES = [
    # What it is, the notice, after a call, after a call and an award, after a plan alone.
    ("eForms: call cancelled", eforms("competition", "cancel"), CANCELLED, CANCELLED, CANCELLED),
    ("eForms: intention to cancel", eforms("competition", "cancel-intent"), OPEN, AWARDED, OPEN),
    ("eForms: both", eforms("competition", "cancel-intent", "cancel"), CANCELLED, CANCELLED, CANCELLED),
    ("eForms: call corrected", eforms("competition", "cor-buy"), OPEN, AWARDED, OPEN),
    ("eForms: award cancelled", eforms("result", "cancel"), OPEN, OPEN, PLANNED),
    ("eForms: direct award cancelled", eforms("dir-awa-pre", "cancel"), OPEN, OPEN, PLANNED),
    ("eForms: award corrected", eforms("result", "cor-buy"), AWARDED, AWARDED, AWARDED),
    ("eForms: plan cancelled", eforms("planning", "cancel"), OPEN, AWARDED, CANCELLED),
    ("eForms: plan, intention to cancel", eforms("planning", "cancel-intent"), OPEN, AWARDED, PLANNED),
    ("eForms: asking the market", eforms("consultation"), OPEN, AWARDED, PLANNED),
    ("eForms: modified contract cancelled", eforms("cont-modif", "cancel"), OPEN, AWARDED, PLANNED),
    ("eForms: nobody won", eforms("result", extension=LOST), CANCELLED, CANCELLED, CANCELLED),
    ("eForms: nobody won yet", eforms("result", extension=LOST.replace("clos", "open")), OPEN, AWARDED, PLANNED),
    ("BOAMP: call cancelled", boamp("APPEL_OFFRE", "ANNULATION"), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP: a notice of cancellation", boamp("ANNULATION", "INITIAL"), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP: correction cancelled", boamp("RECTIFICATIF", "ANNULATION"), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP: call corrected", boamp("APPEL_OFFRE", "RECTIFICATIF"), OPEN, AWARDED, OPEN),
    ("BOAMP: award cancelled", boamp("ATTRIBUTION", "ANNULATION"), OPEN, OPEN, PLANNED),
    ("BOAMP: intention to conclude, cancelled", boamp("INTENTION_CONCLURE", "ANNULATION"), OPEN, OPEN, PLANNED),
    ("BOAMP: plan cancelled", boamp("PRE-INFORMATION", "ANNULATION"), OPEN, AWARDED, CANCELLED),
    ("BOAMP: plan corrected", boamp("PRE-INFORMATION", "RECTIFICATIF"), OPEN, AWARDED, PLANNED),
    ("BOAMP: modification corrected", boamp("MODIFICATION", "RECTIFICATIF"), OPEN, AWARDED, PLANNED),
    ("BOAMP, eForms: call corrected", boamp("APPEL_OFFRE", "RECTIFICATIF", IN_ENVELOPE), OPEN, AWARDED, OPEN),
    ("BOAMP, eForms: call cancelled", boamp("APPEL_OFFRE", "ANNULATION", IN_ENVELOPE), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP, eForms: award cancelled", boamp("ATTRIBUTION", "ANNULATION", AWARD_IN_ENVELOPE), OPEN, OPEN, PLANNED),
    ("BOAMP 230: call cancelled", v230("APPEL_OFFRE", "ANNULATION"), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP 230: award cancelled", v230("ATTRIBUTION", "ANNULATION"), OPEN, OPEN, PLANNED),
    ("BOAMP API: call cancelled", flat("APPEL_OFFRE", "ANNULATION"), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP API: nature unknown, cancelled", flat(None, "ANNULATION"), CANCELLED, CANCELLED, CANCELLED),
    ("BOAMP API: award corrected", flat("ATTRIBUTION", "RECTIFICATIF"), AWARDED, AWARDED, AWARDED),
    ("BOAMP API: award cancelled", flat("ATTRIBUTION", "ANNULATION"), OPEN, OPEN, PLANNED),
    ("TED: corrigendum", ted("2", "La visite est annulée."), OPEN, AWARDED, OPEN),
    ("TED: sans suite", ted("2", "La procédure est déclarée sans suite."), CANCELLED, CANCELLED, CANCELLED),
    ("TED: one lot sans suite", ted("2", "Le lot n° 3 est déclaré sans suite."), OPEN, AWARDED, OPEN),
    ("TED: a lot, then all", ted("2", "Le lot 3 est retiré. La consultation est annulée."), CANCELLED, CANCELLED, CANCELLED),
    ("TED: nothing awarded", ted("7", awards=NOTHING_AWARDED), CANCELLED, CANCELLED, CANCELLED),
    ("OCDS: tender cancelled", ocds("tenderCancellation"), CANCELLED, CANCELLED, CANCELLED),
    ("OCDS: unsuccessful", ocds("tenderUpdate", "unsuccessful"), CANCELLED, CANCELLED, CANCELLED),
    ("OCDS: an award cancelled", ocds("awardCancellation"), OPEN, AWARDED, PLANNED),
    ("OCDS: contract ended", ocds("contractTermination"), OPEN, AWARDED, PLANNED),
    ("PLACSP: annulled", placsp("ANUL"), CANCELLED, CANCELLED, CANCELLED),
    ("PLACSP: being judged", placsp("EV"), OPEN, AWARDED, PLANNED),
    ("PLACSP: tombstone", tombstone(), CANCELLED, CANCELLED, CANCELLED),
    ("PLACSP: annulled tombstone", tombstone('<at:comment type="ANULADA"/>'), CANCELLED, CANCELLED, CANCELLED),
    ("PLACSP: put away", tombstone('<at:comment type="ARCHIVADA"/>'), OPEN, AWARDED, PLANNED),
    ("RSS: sans suite", rss("Toiture, déclarée sans suite"), CANCELLED, CANCELLED, CANCELLED),
    ("RSS: one lot sans suite", rss("Toiture - lot 2 déclaré sans suite"), OPEN, AWARDED, OPEN),
    ("RSS: a single lot", rss("Toiture - lot unique déclaré sans suite"), CANCELLED, CANCELLED, CANCELLED),
]  # fmt: skip


@pytest.mark.parametrize(("document", "called", "awarded", "planned"), [
    pytest.param(*case[1:], id=case[0]) for case in CASES
])  # fmt: skip
def test_what_a_notice_ends(document, called, awarded, planned):
    """
    A call's cancellation ends the purchase; that of a plan or an award takes back that notice alone.
    """
    notice = read(document, "feed")
    call, award, plan = (
        earlier(kind, "feed") for kind in (NoticeKind.CALL, NoticeKind.AWARD, NoticeKind.PLANNING)
    )

    states = [find_state([call, notice]), find_state([call, award, notice]), find_state([plan, notice])]

    assert states == [called, awarded, planned]


def test_what_is_taken_back_is_the_notice_that_is_named():
    """
    Of two awards the one that is named counts no more; the other one still closes.
    """
    call = earlier(NoticeKind.CALL, "ted")
    first, second = (
        Notice("ted", name, None, NoticeKind.AWARD, "Toiture") for name in ("first-award", "second-award")
    )
    back = Notice(
        "ted", "back", None, NoticeKind.OTHER, "Toiture",
        refers_to=("second-award",), changes=(Change("kind", "award"),),
    )  # fmt: skip

    assert find_state([call, first, second, back]) is AWARDED
    assert find_state([call, second, back]) is OPEN


def test_what_takes_back_a_plan_says_nothing_of_the_call():
    """
    A cancelled plan is published whole again: its old words do not replace those of the call.
    """
    plan = Notice("ted", "plan", None, NoticeKind.PLANNING, "Programme 2026")
    call = Notice("ted", "call", None, NoticeKind.CALL, "Toiture de l'école")
    back = Notice(
        "ted", "back", None, NoticeKind.OTHER, "Programme 2026",
        refers_to=("plan",), changes=(Change("kind", "planning"),),
    )  # fmt: skip

    assert merge([plan, call, back]) == merge([plan, call])
    assert merge([back]).title == "Programme 2026"


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("", "Intention d’annuler"),
        (
            "<ReasonDescription>Crédits non votés</ReasonDescription>",
            "Intention d’annuler : Crédits non votés",
        ),
    ],
)
def test_an_intention_to_cancel_is_told_in_words(description, words):
    """
    The reason is a code; the firm reads what it means, with the buyer's own words behind it.
    """
    document = eforms("competition", "cancel-intent").replace("</ReasonCode>", f"</ReasonCode>{description}")

    notice = read(document, "ted")

    assert (notice.kind, notice.changes) == (
        NoticeKind.CORRECTION,
        (Change("text", None, words, words),),
    )


def test_eforms_in_boamps_envelope_finds_what_it_corrects_by_boamps_number():
    """
    The envelope names the earlier notice; the content has its own reference beside it.
    """
    content = f"<EFORMS>{eforms('competition', 'cor-buy').replace('26-1', 'b2c3')}</EFORMS>"

    notice = read(boamp("APPEL_OFFRE", "RECTIFICATIF", content), "boamp")

    assert (notice.kind, notice.refers_to) == (NoticeKind.CORRECTION, ("b2c3", "26-1"))
