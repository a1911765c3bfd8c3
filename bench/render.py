"""What a digest of ten costs, composed, rendered and serialised, beside the usual parts for each mail.

In:   nothing; notices and firms are made here from one seed, with invented texts as long as real ones: as
      many firms a notice as 45,000 firms have of 1,000 notices, each with a trade, a third with own words.
Out:  what was measured, in lines; with --json the last line is one object.

Ours: candidates in; chosen and ordered (`select_items`), rendered (`render`), a message in bytes
(`build_message`); the mail server signs.  What was written for the firms before is used again, as in
production; a run begins with nothing kept.
Peer: jinja2 on the same template and style sheet, css-inline, EmailMessage, dkimpy (rsa2048), for each mail.
It begins with the digest chosen and put into words, which costs it nothing here, and has no calendar.
Both in time of the processor, for the machine may have other work.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import re
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from time import process_time
from typing import Any

import css_inline
import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jinja2 import Environment

from alerting.delivery.message import build_message
from alerting.digests import render as rendering
from alerting.digests.languages import find_language
from alerting.digests.select import Candidate, select_items
from alerting.digests.view import view_digest, view_item
from alerting.domain.delivery import Envelope
from alerting.domain.digest import Digest
from alerting.domain.match import Reason
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.profile import Recipient


SEED = 9
GOAL = 75
ITEMS = 10
# Mails of a turn that are looked into.
KEPT = 20
NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
SOURCE = Path(__file__).parents[1] / "templates" / "email" / "source"
SENDER = "Alerte marchés <alertes@alertes.example>"
TRADES = {
    "Plomberie-chauffage": ("plomberie", "chauffage", "sanitaires", "chaudière", "ventilation"),
    "Électricité": ("électricité", "éclairage", "câblage", "alarme incendie", "courants faibles"),
    "Couverture": ("couverture", "toiture", "ardoise", "zinguerie", "gouttières"),
    "Menuiserie": ("menuiserie", "fenêtres", "volets", "parquet", "portes intérieures"),
    "Maçonnerie": ("maçonnerie", "gros œuvre", "dallage", "béton", "démolition"),
    "Peinture": ("peinture", "ravalement", "revêtements muraux", "façade", "enduits"),
}
PLACES = (("Redon", "35"), ("Allaire", "56"), ("Guingamp", "22"), ("Carhaix-Plouguer", "29"), ("Vitré", "35"))
SITES = ("du groupe scolaire", "de la salle polyvalente", "de la mairie", "du gymnase", "de la médiathèque")
ENDS = (
    "en site occupé",
    "pendant les vacances scolaires",
    "tranche ferme et tranche optionnelle",
    "lots séparés",
)


@dataclass(frozen=True, slots=True)
class Firm:
    """Who reads: candidates as the database gives them, and what is theirs."""

    number: int
    profile_name: str
    candidates: tuple[Candidate, ...]


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    say(f"{asked.notices} notices, {asked.firms} firms, digests of {ITEMS}, first seed {SEED}")
    ours, peer = in_turns(asked.notices, asked.firms, asked.rounds, asked.sample)
    answer = {
        "name": "render",
        "ours": round(ours, 4),
        "peer": round(peer, 4),
        "unit": "ms a mail",
        "ratio": round(peer / ours, 1),
        "goal": GOAL,
        "holds": round(peer / ours, 1) >= GOAL,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
    sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


def in_turns(notices: int, firms: int, rounds: int, sample: int) -> tuple[float, float]:
    """Return ms a mail: the mean of ours over the whole run, the median turn of the peer."""
    chance = random.Random(SEED)
    procedures = [make_procedure(chance, number) for number in range(notices)]
    by_trade = {
        trade: [
            each for each in procedures if any(lot.title and trade in lot.title for lot in each.view.lots)
        ]
        for trade in TRADES
    }
    peer, ours, peers = Peer(), 0.0, []
    each_round = firms // rounds
    for turn in range(rounds):
        readers = [make_firm(chance, turn * each_round + number, by_trade) for number in range(each_round)]
        taken, mails = timed(write_ours, readers)
        ours += taken
        contexts = [in_words(reader) for reader in readers[:sample]]
        taken, others = timed(peer.write, contexts)
        peers.append(taken / sample)
        compare(mails[:sample], others)
        size = sum(map(len, mails)) / len(mails) / 1000
        so_far = ours / (turn + 1) / each_round
        say(f"turn {turn + 1}: ours so far {so_far:.3f} ms, {size:.0f} kB a mail; peer {peers[-1]:.1f} ms")
    return ours / rounds / each_round, statistics.median(peers)


def write_ours(readers: Sequence[Firm]) -> list[bytes]:
    """Compose, render and serialise as the pipeline does; a mail is kept only while it is sent."""
    first = [write_one(reader) for reader in readers[:KEPT]]
    for reader in readers[KEPT:]:
        write_one(reader)
    return first


def write_one(reader: Firm) -> bytes:
    """Return one firm's mail."""
    digest = compose(reader)
    leave = leave_url(reader)
    rendered = rendering.render(
        digest,
        recipient=recipient(reader),
        unsubscribe_url=leave,
        sender_name="Alerte marchés",
        now=NOW,
        opinion_url=opinion_url(reader),
        sheet_url=sheet_url(reader),
    )
    envelope = Envelope(
        delivery_id=reader.number,
        message_id=f"<{reader.number:032x}@alertes.example>",
        sender=SENDER,
        recipient=recipient(reader).email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        calendar=rendered.calendar,
        unsubscribe_url=leave,
    )
    return build_message(envelope, sent_at=NOW)


def compose(reader: Firm) -> Digest:
    """Choose and order what a firm is told."""
    return Digest(
        profile_id=f"profile-{reader.number}",
        profile_name=reader.profile_name,
        firm_id=f"firm-{reader.number}",
        firm_name=f"Entreprise {reader.number}",
        composed_at=NOW,
        items=select_items(reader.candidates, now=NOW),
    )


def recipient(reader: Firm) -> Recipient:
    """Return who reads a firm's mail."""
    return Recipient(f"bureau@entreprise-{reader.number}.example")


def leave_url(reader: Firm) -> str:
    """Return a link as long as a signed one."""
    return f"https://alertes.example/unsubscribe/{reader.number:064x}"


def opinion_url(reader: Firm) -> str:
    """Return another such link, to say what one thinks of a contract."""
    return f"https://alertes.example/opinion/{reader.number:064x}"


def sheet_url(reader: Firm) -> str:
    """Return a third one, to read the mail as a page."""
    return f"https://alertes.example/digest/{reader.number:064x}"


def in_words(reader: Firm) -> dict[str, Any]:
    """Return what the peer's template is given: everything said already."""
    digest = compose(reader)
    language = find_language("fr")
    view = view_digest(digest, language, now=NOW)
    return {
        **{
            name: getattr(view, name)
            for name in ("summary", "profile_name", "firm_name", "composed_on", "first_deadline")
        },
        "subject": f"{view.summary} · {view.profile_name}",
        "email": recipient(reader).email,
        "leave_href": leave_url(reader),
        "leave_host": "alertes.example",
        "several": len(view.sections) > 1,
        "is_dated": view.first_deadline is not None,
        "sender_name": "Alerte marchés",
        "has_calendar": True,
        "is_asked": True,
        "opinion_href": f"{opinion_url(reader)}/1",
        "opinion_host": "alertes.example",
        "has_sheet": True,
        "sheet_href": sheet_url(reader),
        "sheet_host": "alertes.example",
        "language": language,
        "told": [
            (section.heading, [view_item(item, language, now=NOW) for item in section.items])
            for section in view.sections
        ],
    }


class Peer:
    """The usual parts, each at work for each mail."""

    def __init__(self) -> None:
        page = (SOURCE / "digest.html").read_text(encoding="utf-8")
        style = (SOURCE / "digest.css").read_text(encoding="utf-8")
        page = page.replace("<style>", f"<style>{style}</style>\n<style>", 1)
        page = re.sub(r"<!--(\{%.*?%\})-->", r"\1", page)
        page = page.replace("<!--== section ==-->", "{% for heading, items in told %}")
        page = page.replace("<!--== head ==-->", "{% for item in items %}")
        page = re.sub(r"<!--== others ==-->.*(?=<!--== closing)", "", page, flags=re.DOTALL)
        page = page.replace("<!--== closing ==-->", "{% endfor %}{% endfor %}")
        page = re.sub(r"<!--== \w+ ==-->\n", "", page).replace(
            "{{ reasons }}", "{{ item.reasons | join(' · ') }}"
        )
        environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
        catalog = find_language("fr").catalog
        environment.install_gettext_callables(catalog.gettext, catalog.ngettext, newstyle=True)
        self.html = environment.from_string(page)
        self.text = environment.from_string(TEXT)
        self.inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
        key = rsa.generate_private_key(65537, 2048)
        self.key = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    def write(self, contexts: Sequence[dict[str, Any]]) -> list[bytes]:
        """Return a signed mail for each context."""
        return [self.write_one(context) for context in contexts]

    def write_one(self, context: dict[str, Any]) -> bytes:
        """Return one signed mail."""
        message = EmailMessage()
        message["From"] = SENDER
        message["To"] = context["email"]
        message["Subject"] = context["subject"]
        message["Date"] = NOW
        message["Message-ID"] = "<1@alertes.example>"
        message["List-Unsubscribe"] = f"<{context['leave_href']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.text.render(context))
        message.add_alternative(self.inliner.inline(self.html.render(context)), subtype="html")
        content = message.as_bytes()
        return dkim.sign(content, b"mail", b"alertes.example", self.key) + content


TEXT = """{{ profile_name }}
{% for heading, items in told %}{{ heading }}
{% for item in items %}
[{{ item.badge }}] {% for piece in item.title %}{{ piece.text }}{% endfor %}
  {{ item.buyer }}, {{ item.place }}
  {% for lot in item.lots %}{{ lot.name }} {% for piece in lot.title %}{{ piece.text }}{% endfor %}
  {% endfor %}
  {{ item.deadline.moment }} ({{ item.deadline.left }})
  {{ item.reasons | join(" ; ") }}
  {{ item.documents.href }}
{% endfor %}{% endfor %}
{{ leave_href }}
"""


def compare(ours: Sequence[bytes], peers: Sequence[bytes]) -> None:
    """Hold that both mails tell the same number of contracts."""
    for one, other in zip(ours, peers, strict=True):
        counts = {
            (links_of(mail), text_of(mail, "plain").lower().count("[nouveau]")) for mail in (one, other)
        }
        if counts != {(4 * ITEMS + 2, ITEMS)}:
            raise SystemExit(f"expected {ITEMS} contracts with four links in both mails (got {counts})")


def links_of(mail: bytes) -> int:
    """Return how many links the HTML of a mail has."""
    return text_of(mail, "html").count("href=")


def text_of(mail: bytes, kind: str) -> str:
    """Return a face of a mail."""
    body = message_from_bytes(mail, policy=default).get_body((kind,))
    return "" if body is None else str(body.get_content())


def timed(write: Any, given: Sequence[Any]) -> tuple[float, list[bytes]]:
    """Return the ms of one run without the collector in between, and what it wrote."""
    gc.collect()
    gc.disable()
    started = process_time()
    written = write(given)
    taken = (process_time() - started) * 1000
    gc.enable()
    return taken, written


def make_procedure(chance: random.Random, number: int) -> Procedure:
    """Return an open procedure with lots of one to four trades."""
    commune, departement = chance.choice(PLACES)
    place = Place(departement=departement, commune=commune)
    trades = chance.sample(sorted(TRADES), chance.choice((1, 1, 2, 3, 4)))
    lots = tuple(
        Lot(
            f"LOT-{place_:04}",
            title=f"{trade} : {', '.join(chance.sample(TRADES[trade], 3))}",
            value=Money(chance.randrange(20, 400) * 100_000, "EUR") if chance.random() < 0.4 else None,
            places=(place,),
        )
        for place_, trade in enumerate(trades, 1)
    )
    address = f"https://marches.{departement}.example/consultation/{number}"
    notice = Notice(
        feed_id="journal",
        source_id=f"26-{number:06}",
        version="01",
        kind=NoticeKind.CALL,
        title=f"Rénovation et extension {chance.choice(SITES)} de {commune} {number}, {chance.choice(ENDS)}",
        languages=("fr",),
        buyer=Buyer(name=f"Commune de {commune}", departement=departement),
        places=(place,),
        lots=lots,
        value=Money(chance.randrange(50, 2000) * 100_000, "EUR"),
        deadline_at=NOW + timedelta(days=chance.randrange(3, 50), hours=chance.randrange(4, 9)),
        question_deadline_at=NOW + timedelta(days=2) if chance.random() < 0.3 else None,
        visit_at=NOW + timedelta(days=2, hours=3) if chance.random() < 0.3 else None,
        document_url=f"{address}/dossier",
        submission_url=f"{address}/reponse",
        notice_url=f"https://avis.example/{number}",
    )
    return Procedure(number + 1, 1, ProcedureState.OPEN, notice)


def make_firm(chance: random.Random, number: int, by_trade: dict[str, list[Procedure]]) -> Firm:
    """Return a firm of a trade with ten procedures that it has not been told of."""
    trade = chance.choice(sorted(TRADES))
    own = tuple(chance.sample(TRADES[trade], 2)) if chance.random() < 0.33 else ()
    asks_value = chance.random() < 0.3
    told = chance.sample(by_trade[trade], ITEMS)
    return Firm(number, f"{trade} {number}", tuple(_candidate(each, trade, own, asks_value) for each in told))


def _candidate(procedure: Procedure, trade: str, own: tuple[str, ...], asks_value: bool) -> Candidate:  # noqa: FBT001
    [lot] = [lot for lot in procedure.view.lots if lot.title and lot.title.startswith(trade)]
    words = tuple(word for word in TRADES[trade] if word in (lot.title or ""))
    mine = tuple(word for word in own if word in words)
    reasons = [Reason("trade", "met", lot.lot_id, (trade, *words))]
    reasons += [Reason("words", "met", lot.lot_id, mine)] if mine else []
    reasons += [Reason("place", "met", facts=(str(procedure.view.places[0].departement),))]
    reasons += [Reason("value", "met" if lot.value else "unknown", facts=())] if asks_value else []
    return Candidate(procedure, (lot.lot_id,), tuple(reasons), score=1.0)


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Digests written, beside the usual parts put together per mail."
    )
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--notices", type=int, default=200, help="how many")
    parser.add_argument("--firms", type=int, default=9_000, help="how many; each gets a mail")
    parser.add_argument("--rounds", type=int, default=5, help="turns")
    parser.add_argument("--sample", type=int, default=20, help="mails of the peer a turn")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
