"""Enrol: many firms at once from a table of somebody else's; each is told nothing before it confirms.

In:   the bytes of the table; later the link of the one mail that each firm gets, or an operator's word.
Out:  what became of each line; firms whose profiles are matched and told from then on.

A line that says what is stored changes nothing and sends nothing.  A firm that confirmed is its own: its
address and profile are no longer the table's to change.  One that was erased is not entered again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from alerting.delivery.tokens import read_confirm_link, tag_siret
from alerting.domain.criteria import Criteria
from alerting.domain.digest import Confirmation, Digest
from alerting.domain.profile import Firm
from alerting.domain.suppression import SuppressionKind
from alerting.errors import ProfileError, ProfileTakenError, UnknownIdError
from alerting.matching.firms_csv import FirmLine, Refusal, read_firm_lines
from alerting.pipeline.compose import message_ids
from alerting.reference.communes import city_of_arrondissement, commune_of_insee
from alerting.reference.nuts import departement_name
from alerting.reference.trades import find_trade
from alerting.store import deliveries, digests, enrolments, firms, suppressions
from alerting.store.database import Connection, Database, lock
from alerting.store.enrolments import Enrolled


log = structlog.get_logger()

_BY_LINK = "the link of a mail"
_BY_OPERATOR = "an operator"
_LONGEST_NAME = 200
_STATES = ("added", "changed", "unchanged", "refused")
# So many lines are looked for, and added, together.
_BATCH = 1_000
_Row = dict[str, Any]
# What became of a line, and the firm of it that is to be asked.
_Outcome = tuple[_Row, Firm | None]


@dataclass(frozen=True, slots=True)
class _Enrolling:
    """One import: its transaction and moment, what tags a SIRET, whose list it is, what numbers each mail."""

    connection: Connection
    now: datetime
    secret: str
    list_name: str | None
    new_message_id: Callable[[], str]


def import_table(
    database: Database,
    content: bytes,
    *,
    list_name: str | None = None,
    secret: str,
    sender: str,
    now: Callable[[], datetime],
) -> dict[str, Any]:
    """Store the firms of a table, and queue to each that is new the mail that asks it to confirm.

    Args:
        database: Where the firms go.
        content: The table's bytes.
        list_name: Whose list it is, as the mail says where it has the address from; None: not said.
        secret: What tags a SIRET.
        sender: Who writes the mails.
        now: The clock.

    Returns:
        added, changed, unchanged, refused: how many lines; lines: of each its number, siret, firm_id,
        state, fields (what changed), and of a refused one field, got, expected; asked: mails queued now;
        waiting: deliveries that may be sent.

    Raises:
        ProfileError: The table as a whole cannot be read, or its name in a mail.
    """
    _refuse_unreadable(list_name)
    lines = read_firm_lines(content)
    with database.begin() as connection:
        lock(connection, firms.IMPORT_LOCK)
        enrolling = _Enrolling(connection, now(), secret, list_name, message_ids(sender))
        before = deliveries.count_to_send(connection, now=enrolling.now)
        enrolled = [
            one
            for start in range(0, len(lines), _BATCH)
            for one in _enrol_all(enrolling, lines[start : start + _BATCH])
        ]
        _ask(enrolling, [firm for _, firm in enrolled if firm is not None])
        waiting = deliveries.count_to_send(connection, now=enrolling.now)
    rows = [row for row, _ in enrolled]
    states = Counter(row["state"] for row in rows)
    counts = {state: states[state] for state in _STATES}
    log.info("firms_enrolled", **counts)
    return {**counts, "asked": waiting - before, "lines": rows, "waiting": waiting}


def confirm_firm(database: Database, firm_id: str, *, now: Callable[[], datetime]) -> dict[str, Any]:
    """Let a firm be told, on an operator's word that it asked for it.

    Raises:
        UnknownIdError: No firm of that id waits for its confirmation.
    """
    with database.begin() as connection:
        if not enrolments.confirm(connection, firm_id, by=_BY_OPERATOR, now=now()):
            raise UnknownIdError(f"firm {firm_id!r}: no firm of that id waits for its confirmation")
        waiting = firms.count_unmatched_profiles(connection)
    log.info("firm_confirmed", firm_id=firm_id, by=_BY_OPERATOR)
    return {"firm_id": firm_id, "state": "confirmed", "waiting": waiting}


def show_confirmation(database: Database, secret: str, token: str) -> dict[str, Any]:
    """Return what a page shows about the link of a mail that asks.

    Returns:
        state: "asked", "confirmed", or "gone" (no such recipient or firm any more); unless gone:
        language, firm_name, email, and trades, communes, radius_km of the profile.

    Raises:
        TokenError: The token is not one of ours.
    """
    recipient_id = read_confirm_link(secret, token)
    with database.begin() as connection:
        return _report(connection, recipient_id)


def confirm_by_link(
    database: Database, secret: str, token: str, *, now: Callable[[], datetime]
) -> dict[str, Any]:
    """Let the firm be told; return what ``show_confirmation`` then says.  A reader who had left comes back.

    Raises:
        TokenError: The token is not one of ours.
    """
    recipient_id = read_confirm_link(secret, token)
    with database.begin() as connection:
        asked = enrolments.find_asked(connection, recipient_id)
        if asked is not None and enrolments.confirm(connection, asked.firm_id, by=_BY_LINK, now=now()):
            for order in suppressions.standing_suppressions(connection, asked.email):
                if order.kind is SuppressionKind.UNSUBSCRIBED:
                    suppressions.end_suppression(
                        connection, order.suppression_id, why="confirmed by a link", now=now()
                    )
            log.info("firm_confirmed", firm_id=asked.firm_id, by=_BY_LINK, recipient_id=recipient_id)
        return _report(connection, recipient_id)


def _report(connection: Connection, recipient_id: int) -> dict[str, Any]:
    asked = enrolments.find_asked(connection, recipient_id)
    profiles = [] if asked is None else firms.profiles_of(connection, asked.firm_id)
    if asked is None or not profiles:
        return {"state": "gone"}
    said = _confirmation(profiles[0][1])
    return {
        "state": "asked" if asked.is_unconfirmed else "confirmed",
        "language": asked.language,
        "firm_name": asked.firm_name,
        "email": asked.email,
        "trades": list(said.trades),
        "communes": list(said.communes),
        "radius_km": said.radius_km,
    }


def _enrol_all(enrolling: _Enrolling, lines: Sequence[FirmLine]) -> list[_Outcome]:
    """Return what became of each line; new firms are added together, where nothing stands in their way."""
    said = [line.firm for line in lines if line.firm is not None]
    tags = {firm.firm_id: tag_siret(enrolling.secret, firm.firm_id) for firm in said}
    known = enrolments.find_enrolled(enrolling.connection, tags)
    new = [firm for firm in said if firm.firm_id not in known]
    are_added = enrolments.add_resting(enrolling.connection, new, now=enrolling.now)
    outcomes = []
    for line in lines:
        row: _Row = {"line": line.number, "siret": line.siret}
        if line.firm is None:
            outcomes.append(_refused(row, line.refusal))
        elif (firm := known.get(line.firm.firm_id)) is not None:
            outcomes.append(_follow(enrolling, row, line.firm, firm))
        elif are_added:
            outcomes.append((row | {"firm_id": line.firm.firm_id, "state": "added"}, line.firm))
        else:
            outcomes.append(_put(enrolling, row, line.firm, {"state": "added"}))
    return outcomes


def _follow(enrolling: _Enrolling, row: _Row, said: Firm, known: Enrolled) -> _Outcome:
    """Let a stored firm be as a line says, as far as the firm has not confirmed."""
    if (refusal := _find_refusal(said, known)) is not None:
        return _refused(row, refusal)
    fields = _changed_fields(said, known)
    if not fields:
        return row | {"firm_id": said.firm_id, "state": "unchanged"}, None
    changed = {"state": "changed", "fields": fields}
    if known.is_unconfirmed:
        return _put(enrolling, row, said, changed)
    enrolments.rename(enrolling.connection, known.firm_id, said.name)
    return row | {"firm_id": said.firm_id, **changed}, None


def _put(enrolling: _Enrolling, row: _Row, said: Firm, became: _Row) -> _Outcome:
    """Store one firm, unless its profile's id is another's."""
    row |= {"firm_id": said.firm_id}
    try:
        with enrolling.connection.begin_nested():
            firms.put_firm(enrolling.connection, said, now=enrolling.now)
    except ProfileTakenError as error:
        expected = f"a firm whose profile's id is free (firm {error.owner!r} has it)"
        return _refused(row, Refusal("siret", error.profile_id, expected))
    enrolments.let_rest(enrolling.connection, said.firm_id, now=enrolling.now)
    return row | became, said


def _refuse_unreadable(list_name: str | None) -> None:
    if list_name is None:
        return
    if not list_name.isprintable() or not 1 <= len(list_name.strip()) <= _LONGEST_NAME:
        expected = f"a name of 1 to {_LONGEST_NAME} characters that can be printed"
        raise ProfileError(f"list: expected {expected} (got {list_name!r})")


def _refused(row: _Row, refusal: Refusal | None) -> _Outcome:
    assert refusal is not None, "a line has a firm or a refusal"
    why = {"field": refusal.field, "got": refusal.got, "expected": refusal.expected}
    return row | {"state": "refused", **why}, None


def _find_refusal(firm: Firm, known: Enrolled) -> Refusal | None:
    if known.is_erased:
        return Refusal("siret", firm.firm_id, "a firm that was not erased or ended (alerting firms add)")
    is_from_a_table = known.firm_id == firm.firm_id and (known.is_unconfirmed or known.confirmed_at)
    if not is_from_a_table:
        return Refusal("siret", firm.firm_id, f"a firm that is not known; firm {known.firm_id!r} has it")
    return None


def _changed_fields(firm: Firm, known: Enrolled) -> list[str]:
    """Return what a line would change: of a firm that confirmed its name alone."""
    fields = ["name"] if firm.name != known.name else []
    if not known.is_unconfirmed:
        return fields
    emails = tuple(recipient.email for recipient in firm.recipients)
    (proposed,) = firm.profiles
    if emails != known.emails:
        fields.append("email")
    if known.criteria is None or proposed.criteria.trades != known.criteria.trades:
        fields.append("naf")
    if known.criteria is None or not _is_there(proposed.criteria, known.criteria):
        fields.append("commune")
    return fields


def _is_there(proposed: Criteria, known: Criteria) -> bool:
    """Tell whether a place that is known is the one proposed, or the city of which that is an arrondissement.

    Lists were read without arrondissements before: a city would be told as changed by who changed nothing.
    """
    cities = tuple(dict.fromkeys(map(city_of_arrondissement, proposed.communes)))
    return proposed.departements == known.departements and known.communes in {proposed.communes, cities}


def _ask(enrolling: _Enrolling, entered: Sequence[Firm]) -> None:
    """Queue the mail that asks, once to each recipient of some firms."""
    run_id = None
    for start in range(0, len(entered), _BATCH):
        some = {firm.firm_id: firm for firm in entered[start : start + _BATCH]}
        unasked = enrolments.unasked_recipients(enrolling.connection, some)
        if not unasked:
            continue
        if run_id is None:
            run_id = digests.open_notice(enrolling.connection, enrolling.now)
        asking = [_asking(enrolling, firm) for firm_id, firm in some.items() if firm_id in unasked]
        numbers = digests.add_digests(enrolling.connection, run_id, asking, notices={})
        asked = [(numbers[digest.profile_id], digest.firm_id, digest.profile_id) for digest in asking]
        by_recipient = {one: number for number, firm_id, _ in asked for one in unasked[firm_id]}
        enrolments.add_askings(enrolling.connection, by_recipient)
        deliveries.queue_all(enrolling.connection, asked, message_ids=enrolling.new_message_id)


def _asking(enrolling: _Enrolling, firm: Firm) -> Digest:
    (profile,) = firm.profiles
    return Digest(
        profile_id=profile.profile_id,
        profile_name=profile.name,
        firm_id=firm.firm_id,
        firm_name=firm.name,
        composed_at=enrolling.now,
        items=(),
        confirmation=_confirmation(profile.criteria, list_name=enrolling.list_name),
    )


def _confirmation(criteria: Criteria, *, list_name: str | None = None) -> Confirmation:
    communes = (commune_of_insee(code) for code in criteria.communes)
    places = [
        *((one.name, one.departement) for one in communes if one is not None),
        *((departement_name(number), number) for number in criteria.departements),
    ]
    return Confirmation(
        trades=tuple(trade.label for name in criteria.trades if (trade := find_trade(name)) is not None),
        communes=tuple(f"{name} ({number})" for name, number in places),
        radius_km=criteria.radius_km,
        list_name=list_name,
    )
