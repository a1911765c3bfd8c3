"""Digests of each look, with invented firms and notices; and how they are written, as stored.

    .venv/bin/python -m tests.digest_cases

writes tests/corpus/digests anew.  Read the difference before it is committed: it is what firms will read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.digests.render import render
from alerting.domain.digest import Digest, DigestItem, RenderedDigest, TellingKind
from alerting.domain.match import Reason
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Change, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import ProcedureState
from alerting.domain.profile import Recipient


STORED = Path(__file__).parent / "corpus" / "digests"
NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
OPINION = "https://alertes.exemple.example/opinion/WzcsImhRVTZqX1BqV2dxMCJd.kMvMTqfHXQ1Bw3a4YkQy0N2cDcE"
SHEET = "https://alertes.exemple.example/digest/WzEyXQ.sig"
LEAVE = "https://alertes.exemple.example/unsubscribe/WzcsInAiXQ.sig"
REDON = Place(nuts_code="FRH03", departement="35", commune="REDON", postcode="35600")

SCHOOL = Notice(
    feed_id="demo-boamp",
    source_id="26-10001",
    version="01",
    kind=NoticeKind.CALL,
    title="RÉNOVATION ÉNERGÉTIQUE DU GROUPE SCOLAIRE DES TILLEULS À REDON - LOTS CVC ET VMC",
    languages=("fr",),
    buyer=Buyer(name="Commune de Redon", departement="35"),
    places=(REDON,),
    lots=(
        Lot("LOT-0001", title="Gros œuvre"),
        Lot("LOT-0004", title="Plomberie, sanitaires et chauffage", value=Money(18_500_000, "EUR")),
        Lot("LOT-0005", title="VENTILATION DOUBLE FLUX"),
    ),
    value=Money(124_000_000, "EUR"),
    deadline_at=datetime(2026, 3, 27, 11, 0, tzinfo=UTC),
    question_deadline_at=datetime(2026, 3, 17, 17, 0, tzinfo=UTC),
    visit_at=datetime(2026, 3, 11, 8, 30, tzinfo=UTC),
    document_url="https://marches.bretagne-exemple.example/dossier/26-10001",
    submission_url="https://marches.bretagne-exemple.example/repondre/26-10001",
    notice_url="https://avis.exemple.example/26-10001",
)
SOCIAL_HOUSING = Notice(
    feed_id="demo-eforms",
    source_id="5f1c",
    version="01",
    kind=NoticeKind.CALL,
    title="Remplacement de 42 chauffe-eau dans la résidence Les Ajoncs",
    languages=("fr",),
    buyer=Buyer(name="Office public de l'habitat du pays de Vilaine", departement="56"),
    places=(Place(departement="56", commune="La Gacilly"),),
    deadline_at=datetime(2026, 3, 6, 16, 30, tzinfo=UTC),
    document_url="https://achats.habitat-exemple.example/c/5f1c",
    submission_url="javascript:alert(1)",
)
GYM = Notice(
    feed_id="demo-rss",
    source_id="g-7",
    version=None,
    kind=NoticeKind.CORRECTION,
    title="Réfection des douches du gymnase municipal <Jean-Exemple> & annexes",
    languages=("fr",),
    buyer=Buyer(name="VILLE DE SAINT-NICOLAS-DE-REDON", departement="44"),
    deadline_at=datetime(2026, 4, 7, 10, 0, tzinfo=UTC),
    document_url="https://marches.exemple.example/g-7",
)
HALL = Notice(
    feed_id="demo-boamp",
    source_id="26-10009",
    version="01",
    kind=NoticeKind.CANCELLATION,
    title="Chauffage de la salle polyvalente",
    languages=("fr",),
    buyer=Buyer(name="Commune de Bains-sur-Oust", departement="35"),
    places=(Place(departement="35", commune="Bains-sur-Oust"),),
    value=Money(4_950_050, "EUR"),
    deadline_at=datetime(2026, 3, 20, 11, 0, tzinfo=UTC),
    notice_url="https://avis.exemple.example/26-10009",
)
CANTEEN = Notice(
    feed_id="demo-boamp",
    source_id="26-10003",
    version="01",
    kind=NoticeKind.CALL,
    title="Chaufferie bois de la cantine",
    languages=("fr",),
    buyer=Buyer(name="Commune d'Allaire", departement="56"),
    places=(Place(departement="56", commune="Allaire"),),
    deadline_at=datetime(2026, 3, 4, 22, 59, tzinfo=UTC),
    visit_at=datetime(2026, 3, 3, 9, 0, tzinfo=UTC),
    document_url="https://marches.exemple.example/26-10003",
    submission_url="https://marches.exemple.example/26-10003/repondre",
)
LIBRARY = Notice(
    feed_id="demo-boamp",
    source_id="26-10004",
    version="02",
    kind=NoticeKind.AWARD,
    title="Réseaux et plomberie de la médiathèque",
    languages=("fr",),
    buyer=Buyer(name="Redon Agglomération", departement="35"),
    places=(REDON,),
    notice_url="https://avis.exemple.example/26-10004",
)
_STATES = {TellingKind.CANCELLED: ProcedureState.CANCELLED, TellingKind.AWARDED: ProcedureState.AWARDED}


def item(
    notice: Notice, *, kind: TellingKind = TellingKind.NEW, procedure_id: int = 1, **facts
) -> DigestItem:
    """Return an item; its procedure stands where its kind says."""
    state = _STATES.get(kind, ProcedureState.OPEN)
    return DigestItem(
        kind, procedure_id, revision=facts.pop("revision", 1), state=state, notice=notice, **facts
    )


def digest(*items: DigestItem, profile_name: str = "Plomberie Redon") -> Digest:
    """Return a digest of an invented firm."""
    return Digest(
        profile_id="plomberie-redon",
        profile_name=profile_name,
        firm_id="le-guen",
        firm_name="Le Guen Plomberie",
        composed_at=NOW,
        items=items,
    )


def rendered(content: Digest, language: str = "fr", now: datetime = NOW) -> RenderedDigest:
    """Render for one invented recipient."""
    return render(
        content,
        recipient=Recipient("anne@leguen-plomberie.example", "Anne Le Guen", language),
        unsubscribe_url=LEAVE,
        sender_name="Alerte marchés",
        now=now,
        opinion_url=OPINION,
        sheet_url=SHEET,
    )


def everything() -> Digest:
    """Return a digest with an item of each look."""
    return digest(
        item(
            SOCIAL_HOUSING,
            procedure_id=1,
            reasons=(
                Reason("words", "met", facts=("chauffe-eau",)),
                Reason("place", "met", facts=("56",)),
                Reason("value", "unknown"),
            ),
        ),
        item(
            SCHOOL,
            procedure_id=2,
            lot_ids=("LOT-0004", "LOT-0005"),
            reasons=(
                Reason("trade", "met", "LOT-0004", ("Plomberie", "plomberie", "chauffage")),
                Reason("trade", "met", "LOT-0005", ("Plomberie", "ventilation")),
                Reason("place", "met", facts=("35",)),
            ),
        ),
        item(
            CANTEEN,
            kind=TellingKind.REMINDER,
            reminds_of=("deadline_at", "visit_at"),
            procedure_id=3,
            reasons=(Reason("trade", "met", facts=("Plomberie", "Chaufferie")),),
        ),
        item(
            GYM,
            kind=TellingKind.CORRECTED,
            procedure_id=4,
            revision=2,
            changes=(
                Change("deadline_at", "2026-03-24T11:00:00+00:00", "2026-04-07T10:00:00+00:00"),
                Change("visit_at", "2026-03-12T09:00:00+00:00", None),
                Change("text", evidence="Le règlement de la consultation est modifié à l'article 4."),
            ),
            reasons=(Reason("trade", "met", facts=("Plomberie", "douches")),),
        ),
        item(
            HALL,
            kind=TellingKind.CANCELLED,
            procedure_id=5,
            revision=3,
            reasons=(Reason("trade", "met", facts=("Plomberie", "chauffage")),),
        ),
        item(
            LIBRARY,
            kind=TellingKind.AWARDED,
            procedure_id=6,
            revision=2,
            reasons=(Reason("trade", "met", facts=("Plomberie", "plomberie")),),
        ),
    )


def morning() -> Digest:
    """Return what a usual morning brings: three contracts."""
    return replace(everything(), items=(*everything().items[:2], _depot()))


def full(count: int) -> Digest:
    """Return as many items as a mail may have, all of them long, of each look in turn."""
    looks = everything().items
    long_title = (
        "Réhabilitation lourde et mise aux normes des installations de plomberie et de chauffage " * 2
    )
    return digest(
        *(
            replace(
                look,
                procedure_id=100 + number,
                notice=replace(
                    SCHOOL,
                    title=long_title,
                    deadline_at=NOW + timedelta(days=3 + number),
                    lots=tuple(replace(lot, title=long_title) for lot in SCHOOL.lots),
                ),
                lot_ids=("LOT-0001", "LOT-0004", "LOT-0005"),
                reasons=looks[1].reasons,
            )
            for number in range(count)
            for look in [looks[number % len(looks)]]
        )
    )


def _depot() -> DigestItem:
    notice = replace(
        SCHOOL,
        title="Entretien des chaudières des bâtiments communaux",
        buyer=Buyer(name="Commune de Saint-Dolay", departement="56"),
        places=(Place(departement="56", commune="Saint-Dolay"),),
        lots=(),
        value=None,
        visit_at=None,
        question_deadline_at=None,
        deadline_at=datetime(2026, 4, 10, 10, 0, tzinfo=UTC),
        notice_url=None,
    )
    return item(notice, procedure_id=7, reasons=(Reason("words", "met", facts=("chaudières",)),))


def much() -> Digest:
    """Return more than a mail shows in full."""
    return replace(full(4), shown_count=1)


CASES = {
    "everything": (everything(), "fr"),
    "everything-en": (everything(), "en"),
    "everything-br": (everything(), "br"),
    "much": (much(), "fr"),
    "bare": (digest(item(Notice("demo-rss", "x", None, NoticeKind.CALL, "Travaux divers"))), "fr"),
}


def written() -> Iterator[tuple[str, bytes]]:
    """Yield each stored file's name and content."""
    for name, (content, language) in CASES.items():
        mail = rendered(content, language)
        yield f"{name}.subject", f"{mail.subject}\n".encode()
        yield f"{name}.txt", str(mail.text).encode()
        yield f"{name}.html", str(mail.html).encode()
        if mail.calendar is not None:
            yield f"{name}.ics", mail.calendar.content


def main() -> int:
    """Write what is stored anew."""
    for name, content in written():
        (STORED / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
