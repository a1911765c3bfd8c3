"""One town's purchases as its two authorities publish them, and the mails that tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from uuid import NAMESPACE_URL, uuid5

from alerting import commands
from alerting.domain.deadlines import PARIS
from alerting.local.demo.facts import Announcement, BuyerFact, NoticeFact
from alerting.local.demo.writers import write_document


BUYER = BuyerFact(
    id="kerlann",
    name="Commune de Kerlann",
    siret="02988054800010",
    street="1 place de la Mairie",
    postcode="29880",
    commune="Kerlann",
)
TITLE = "Réfection de la toiture de l'école"


def moment(day: str, hour: int = 12) -> datetime:
    """Return a moment of a day of 2026 in Paris."""
    return datetime.combine(datetime.fromisoformat(f"2026-{day}"), time(hour), tzinfo=PARIS)


def announce(
    name: str,
    *,
    about: Announcement | None = None,
    form: str = "eforms",
    kind: str = "call",
    deadline: str = "03-30",
    published: str = "03-02",
    number: int = 1,
    purchase: str = "the roof of the school",
    **facts: object,
) -> Announcement:
    """Return a notice of one purchase, a roof; *about* is the notice that it corrects or ends."""
    fact = NoticeFact(
        **{"id": name, "authority": "europe" if form == "eforms" else "journal", "form": form, "kind": kind}
        | {"buyer": BUYER.id, "title": TITLE, "published_days_ago": 0, "cpv": "45261210"}
        | {"value_euros": 90_000, "reference": "2026-TOIT-04"}
        | facts
    )
    return Announcement(
        fact=fact,
        buyer=BUYER,
        number=900_100 + number,
        notice_uuid=str(uuid5(NAMESPACE_URL, name)),
        procedure_uuid=str(uuid5(NAMESPACE_URL, f"kerlann, {purchase}")),
        published_at=moment(published, 8),
        deadline_at=moment(deadline),
        question_at=None,
        earlier=about,
    )


def change(name: str, about: Announcement, **facts: object) -> Announcement:
    """Return a change notice: the whole notice again, published a day later."""
    return announce(name, about=about, **{"kind": "correction", "published": "03-03"} | facts)


@dataclass
class World:
    """Two authorities' folders, the steps, and the mails that came since somebody last looked."""

    parts: object
    authority: object
    clock: object
    mails: object
    seen: tuple[object, ...] = ()

    def open_feeds(self) -> None:
        """Register both authorities' folders, empty as yet."""
        for feed_id in ("europe", "journal"):
            self.authority.publish(
                f"/{feed_id}/", f"<html><title>Index of /{feed_id}/</title></html>", media="text/html"
            )
            commands.add_feed(
                feed_id, authority=feed_id, url=f"{self.authority.url}/{feed_id}/", format="index-page",
                is_local=True, parts=self.parts,
            )  # fmt: skip

    def publish(self, *announcements: Announcement) -> None:
        """Add documents to their authority's folder."""
        for one in announcements:
            folder = f"/{one.fact.authority}/"
            self.authority.publish(f"{folder}{one.fact.id}.xml", write_document(one))
            files = [path for path in self.authority.pages if path.startswith(folder) and path != folder]
            links = "".join(f'<a href="{path}">file</a>' for path in files)
            self.authority.publish(
                folder, f"<html><title>Index of {folder}</title>{links}</html>", media="text/html"
            )

    def load(self) -> None:
        """Fetch and load, an hour later; nobody is told anything."""
        self.clock.go_on(hours=1)
        commands.fetch_due_feeds(parts=self.parts)
        commands.load_documents(parts=self.parts)

    def tell(self) -> dict[str, list[str]]:
        """Do every step, an hour later; return what the new mails tell, by recipient."""
        self.clock.go_on(hours=1)
        commands.run_all(parts=self.parts)
        return self.news()

    def tell_next_morning(self) -> dict[str, list[str]]:
        """Do every step after the daily hour of the next day."""
        self.clock.go_on(days=1)
        return self.tell()

    def news(self) -> dict[str, list[str]]:
        """Return the lines that new mails tell: badge and title, what changes, deadline, value."""
        found = self.mails(self.parts.settings.maildir)
        new = [mail for mail in found if mail not in self.seen]
        self.seen = tuple(found)
        return {recipient: told(text) for recipient, _, text in new}

    def waiting(self) -> int:
        """Return how many pairs wait for a digest."""
        return commands.count_waiting(parts=self.parts)["to_compose"]


# Those that hold words or digits together.
SPACES = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def told(text: str) -> list[str]:
    """Return the lines of a mail that say what is told."""
    starts = ("[", "- ", "avant : ", "après : ", "Répondre jusqu’au ", "Valeur ")
    lines = [line.strip().translate(SPACES) for line in text.splitlines()]
    # The lots that fit are the same in all of these.
    return [line.partition(" (")[0] for line in lines if line.startswith(starts) and "- Lot " not in line]
