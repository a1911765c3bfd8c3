"""Lots with deadlines of their own: each firm hears of its lot's date, and of no other's."""

from __future__ import annotations

import pytest

from alerting import commands


FIRMS = """
[[firm]]
id = "macon"
name = "Maçonnerie Corre"
recipients = [{ email = "jo@corre.example" }]
profile = [{ id = "murs", name = "Murs", cpv = ["45262500"], cadence = "immediate", pass_unknown = false }]

[[firm]]
id = "plombier"
name = "Plomberie Madec"
recipients = [{ email = "eva@madec.example" }]
profile = [{ id = "eau", name = "Eau", cpv = ["45332000"], cadence = "immediate", pass_unknown = false }]
"""
MASON, PLUMBER = "jo@corre.example", "eva@madec.example"
TITLE = "Réhabilitation de la salle des fêtes"
LOTS = {"LOT-0001": ("Maçonnerie", "45262500"), "LOT-0002": ("Plomberie", "45332000")}
SPACES = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def notice(number: str, published: str, *, changes: bool = False, **deadlines: str) -> str:
    """Write an eForms notice whose lots end on days of 2026, at noon; as a change of the first one if asked."""
    lots = "".join(
        f"""<ProcurementProjectLot><ID schemeName="Lot">{lot_id}</ID><ProcurementProject><Name>{name}</Name>
        <MainCommodityClassification><ItemClassificationCode>{code}</ItemClassificationCode></MainCommodityClassification>
        </ProcurementProject><TenderingProcess><TenderSubmissionDeadlinePeriod><EndDate>2026-{day}+01:00</EndDate>
        <EndTime>12:00:00+01:00</EndTime></TenderSubmissionDeadlinePeriod></TenderingProcess></ProcurementProjectLot>"""
        for (lot_id, (name, code)), day in zip(LOTS.items(), deadlines.values(), strict=True)
    )
    changed = "<Changes><ChangedNoticeIdentifier>first</ChangedNoticeIdentifier></Changes>" if changes else ""
    return f"""<ContractNotice><UBLExtensions><UBLExtension><ExtensionContent><EformsExtension>{changed}</EformsExtension>
    </ExtensionContent></UBLExtension></UBLExtensions><ID>{number}</ID><ContractFolderID>kerlann-hall</ContractFolderID>
    <IssueDate>2026-{published}+01:00</IssueDate><NoticeTypeCode listName="competition">cn-standard</NoticeTypeCode>
    <ProcurementProject><Name>{TITLE}</Name></ProcurementProject>{lots}</ContractNotice>"""


@pytest.fixture
def tell(parts, authority, clock, add_feed, mails, tmp_path):
    """How to publish a notice, an hour later, and read what the new mails say, by recipient."""
    path = tmp_path / "crafts.toml"
    path.write_text(FIRMS)
    commands.import_firms(str(path), parts=parts)
    add_feed(parts, authority)
    seen: list[object] = []

    def publish_and_read(document: str | None = None, **later: float) -> dict[str, list[str]]:
        if document is not None:
            authority.publish("/avis", document)
        clock.go_on(**(later or {"hours": 1}))
        commands.run_all(parts=parts)
        found = mails(parts.settings.maildir)
        new = [mail for mail in found if mail not in seen]
        seen.extend(new)
        return {recipient: said(text) for recipient, _, text in new}

    return publish_and_read


def said(text: str) -> list[str]:
    """Return the lines that tell: badge and title, lots, what changes, the deadline without what is left."""
    starts = ("[", "- ", "avant : ", "après : ", "Répondre jusqu’au ")
    lines = [line.strip().translate(SPACES) for line in text.splitlines()]
    return [
        line.partition(" (")[0] if line.startswith("Répondre") else line
        for line in lines
        if line.startswith(starts)
    ]


def waiting(parts) -> int:
    """Return how many pairs wait for a digest."""
    return commands.count_waiting(parts=parts)["to_compose"]


def test_a_lot_that_is_over_does_not_hide_one_that_is_open(parts, tell):
    """
    Lot 1 is over, lot 2 is not: the plumber hears of it with its date, the mason of nothing, and why says so.
    """
    news = tell(notice("first", "02-20", one="02-27", two="03-20"))

    assert news == {
        PLUMBER: [f"[NOUVEAU] {TITLE}", "- Lot 2 · Plomberie", "Répondre jusqu’au vendredi 20 mars à 12 h"]
    }
    assert waiting(parts) == 0
    masons = commands.try_saved_profile("murs", parts=parts)["examples"]
    assert [(row["is_open"], row["deadline_at"].isoformat()) for row in masons] == [
        (False, "2026-02-27T11:00:00+00:00")
    ]
    (row,) = commands.why("macon", "first", parts=parts)
    assert (row["matches"], row["not_told"]) == (True, "its deadline has passed (2026-02-27 12:00 in Paris)")


def test_a_feed_that_is_tried_shows_who_can_answer_a_lot(parts, authority, tmp_path):
    """
    Before a feed is switched on: it would tell the plumber, and not the mason.
    """
    path = tmp_path / "crafts.toml"
    path.write_text(FIRMS)
    commands.import_firms(str(path), parts=parts)
    authority.publish("/avis", notice("first", "02-20", one="02-27", two="03-20"))

    tried = commands.subscribe_feed(f"{authority.url}/avis", is_local=True, parts=parts)

    (row,) = tried["notices"]
    assert (row["is_open"], [told["profile_id"] for told in row["told_to"]]) == (True, ["eau"])


def test_a_lots_new_date_is_told_to_whom_the_lot_fits_alone(parts, tell):
    """
    Before and after of that lot; who waits for the other lot hears nothing, and is not left waiting.
    """
    first = tell(notice("first", "03-01", one="03-16", two="03-20"))
    moved = tell(notice("moved", "03-02", changes=True, one="03-16", two="03-27"))
    again = tell()

    assert {recipient: lines[-1] for recipient, lines in first.items()} == {
        MASON: "Répondre jusqu’au lundi 16 mars à 12 h",
        PLUMBER: "Répondre jusqu’au vendredi 20 mars à 12 h",
    }
    assert moved == {
        PLUMBER: [
            f"[CORRIGÉ] {TITLE}",
            "- Date limite (Lot 2)",
            "avant : vendredi 20 mars à 12 h",
            "après : vendredi 27 mars à 12 h",
            "- Lot 2 · Plomberie",
            "Répondre jusqu’au vendredi 27 mars à 12 h",
        ]
    }
    assert again == {}
    assert waiting(parts) == 0


def test_a_lot_that_is_put_off_is_new_to_whom_it_was_over(parts, tell):
    """
    The mason could not answer any more; now it can.
    """
    tell(notice("first", "02-20", one="02-27", two="03-20"))
    news = tell(notice("moved", "03-02", changes=True, one="03-25", two="03-20"))

    assert {recipient: (lines[0], lines[-1]) for recipient, lines in news.items()} == {
        MASON: (f"[NOUVEAU] {TITLE}", "Répondre jusqu’au mercredi 25 mars à 12 h")
    }
    assert waiting(parts) == 0


def test_each_is_reminded_of_its_lots_own_date(tell):
    """
    Five working days before it, once; nobody is reminded of the other lot's.
    """
    tell(notice("first", "03-01", one="03-16", two="03-27"))
    near_first = tell(days=8)
    passed = tell(days=7)
    near_second = tell(days=8)

    assert {recipient: lines[0] for recipient, lines in near_first.items()} == {MASON: f"[RAPPEL] {TITLE}"}
    assert near_first[MASON][-1] == "Répondre jusqu’au lundi 16 mars à 12 h"
    assert passed == {}
    assert {recipient: lines[0] for recipient, lines in near_second.items()} == {PLUMBER: f"[RAPPEL] {TITLE}"}
    assert near_second[PLUMBER][-1] == "Répondre jusqu’au vendredi 27 mars à 12 h"


def boamp(
    number: str, body: str, *, nature: str = "APPEL_OFFRE", state: str = "INITIAL", day: str = "01"
) -> str:
    """Write a notice of BOAMP, FNSimple."""
    return f"""<ann><DONNEES><FNSimple><organisme><nomOfficiel>Commune de Kerlann</nomOfficiel></organisme>{body}</FNSimple>
    </DONNEES><GESTION><REFERENCE><IDWEB>{number}</IDWEB><TYPE_AVIS><NATURE><{nature}/></NATURE><STATUT><{state}/></STATUT>
    </TYPE_AVIS></REFERENCE><INDEXATION><DATE_PUBLICATION>2026-03-{day}</DATE_PUBLICATION></INDEXATION></GESTION></ann>"""


def fnsimple_lot(title: str, code: str) -> str:
    """Write a lot."""
    return (
        f"<lot><description>{title}</description><codeCPV><objetPrincipal><classPrincipale>{code}</classPrincipale>"
        "</objetPrincipal></codeCPV></lot>"
    )


def test_a_correction_in_words_moves_the_lot_that_it_names(parts, tell):
    """
    BOAMP has one date for all; the sentence is of lot 2, and so is the new date.
    """
    lots = "".join(fnsimple_lot(title, code) for title, code in LOTS.values())
    call = boamp(
        "26-70001",
        "<initial><procedure><dateReceptionOffres>2026-03-20T12:00:00</dateReceptionOffres></procedure><natureMarche>"
        f"<intitule>{TITLE}</intitule></natureMarche><lots>{lots}</lots></initial>",
    )
    words = "La date limite de remise des offres est reportée au 27 mars 2026 à 12h00 pour le lot n° 2."
    correction = boamp(
        "26-70002",
        "<rectificatif><avisInitial><idWeb>26-70001</idWeb></avisInitial><natureMarche>"
        f"<intitule>{TITLE}</intitule></natureMarche><infosRectif>{words}</infosRectif></rectificatif>",
        state="RECTIFICATIF",
        day="02",
    )

    first, moved, again = tell(call), tell(correction), tell()

    assert set(first) == {MASON, PLUMBER}
    assert moved == {
        PLUMBER: [
            f"[CORRIGÉ] {TITLE}",
            "- Date limite (Lot 2)",
            "avant : vendredi 20 mars à 12 h",
            "après : vendredi 27 mars à 12 h",
            "- Lot 2 · Plomberie",
            "Répondre jusqu’au vendredi 27 mars à 12 h",
        ]
    }
    assert again == {}
    assert waiting(parts) == 0
