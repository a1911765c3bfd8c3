"""Feedback: a firm says that what it was told is useful, or not for it; by link or through an operator.

In:   an opinion of a procedure; a signed link, or ids.
Out:  the opinion stored, shown back and taken back; and proposals how the profile could be narrowed.

A profile is never changed silently: a proposal says what it would have kept out of what the profile was told,
and is made by who accepts it.  One that would keep out anything useful is not made at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerting.delivery.tokens import LinkPurpose, read_profile_link, tag_profile
from alerting.domain.decide import decide
from alerting.domain.feedback import Opinion
from alerting.domain.json import to_json
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.profile import Profile
from alerting.domain.profile_change import ProfileChange, change_criteria, say_change, undo_changes
from alerting.errors import ChoiceError, UnknownIdError
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.matching.proposals import LEAST_NOTICES, Accepted, propose
from alerting.pipeline.backtest import WINDOW_DAYS, name_value
from alerting.pipeline.why import get_procedure
from alerting.store import feedback, firms, procedures, subscriptions
from alerting.store.database import Connection, Database
from alerting.store.subscriptions import Subscriber


log = structlog.get_logger()

Row = dict[str, Any]

_NUMBER = re.compile(r"[0-9]{1,18}")
# So many are shown; of what each keeps out, others may be so many times what is not for the firm.
_PROPOSALS = 3
_OTHERS_FOR_ONE = 2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of a profile, and how much it would have kept out of what the profile was told.

    Args:
        changes: Made together.
        not_for_us: Of what the firm said is not for it.
        others: Of what it said nothing about.
    """

    changes: tuple[ProfileChange, ...]
    not_for_us: int
    others: int

    @property
    def key(self) -> str:
        """Return what names it, on the command line and in a form."""
        return " ".join(f"{one.act}:{one.field}:{one.value}" for one in self.changes)


def give_opinion(
    database: Database, firm_id: str, notice_id: str, opinion: Opinion, *, now: Callable[[], datetime]
) -> Row:
    """Keep what a firm says of a notice's procedure; another opinion of it ends.

    Raises:
        UnknownIdError: No such firm or notice, or none of the firm's profiles was told of it.
    """
    with database.begin() as connection:
        profile_id, procedure = _concerned(connection, firm_id, notice_id)
        procedure_id = procedure.procedure_id
        feedback.put_opinion(
            connection,
            opinion,
            profile_id=profile_id,
            procedure_id=procedure_id,
            recipient_id=None,
            now=now(),
        )
        proposals = _proposals(connection, profile_id, now())
    log.info("opinion_given", firm_id=firm_id, procedure_id=procedure_id, opinion=opinion.value)
    said = {"firm_id": firm_id, "profile_id": profile_id, "procedure_id": procedure_id}
    return {**said, "title": procedure.view.title, "opinion": opinion.value, "proposals": proposals}


def undo_opinion(database: Database, firm_id: str, notice_id: str, *, now: Callable[[], datetime]) -> Row:
    """Take back what a firm says of a notice's procedure.

    Raises:
        UnknownIdError: No such notice, or the firm says nothing of it.
    """
    with database.begin() as connection:
        procedure_id = get_procedure(connection, notice_id).procedure_id
        if not feedback.end_opinion(connection, firm_id, procedure_id, now=now()):
            raise UnknownIdError(f"firm {firm_id!r}: it says nothing of notice {notice_id!r}")
    return {"firm_id": firm_id, "procedure_id": procedure_id, "opinion": None}


def list_opinions(database: Database, firm_id: str | None, *, limit: int | None) -> list[Row]:
    """Return what firms say, or one, the newest first.

    Raises:
        UnknownIdError: No firm of that id was ever known.
    """
    with database.begin() as connection:
        firms.refuse_unknown(connection, firm_id)
        return feedback.list_opinions(connection, firm_id, limit=limit)


def propose_changes(database: Database, profile_id: str, *, now: Callable[[], datetime]) -> list[Row]:
    """Return how a profile could be narrowed after what its firm said.

    Raises:
        UnknownIdError: No profile of that id stands.
    """
    with database.begin() as connection:
        _get_profile(connection, profile_id)
        return _proposals(connection, profile_id, now())


def accept_proposal(database: Database, profile_id: str, key: str, *, now: Callable[[], datetime]) -> Row:
    """Make a change that is proposed now; "waiting" counts the profiles to match.

    Raises:
        UnknownIdError: No profile of that id stands.
        ChoiceError: It is not among the proposals.
    """
    with database.begin() as connection:
        row = _accept(connection, profile_id, key, now())
        waiting = firms.count_unmatched_profiles(connection)
    return {"profile_id": profile_id, **row, "waiting": waiting}


def revert_change(database: Database, profile_id: str, key: str, *, now: Callable[[], datetime]) -> Row:
    """Take back a change that was accepted; what else has changed of the profile since stays.

    Raises:
        UnknownIdError: No profile of that id stands.
        ChoiceError: No change of that key was accepted.
    """
    with database.begin() as connection:
        said = _revert(connection, profile_id, key, now())
        waiting = firms.count_unmatched_profiles(connection)
    return {"profile_id": profile_id, "key": key, "change": said, "waiting": waiting}


def show_opinion(
    database: Database, secret: str, token: str, procedure_id: str, *, now: Callable[[], datetime]
) -> Row:
    """Return what a page shows about a link of a mail to say what one thinks of a procedure.

    Returns:
        state: "asked" or "gone" (the recipient, the profile or what it was told of is no more); unless gone:
        language, firm_name, profile_name, title, opinion, proposals, accepted: changes that were
        accepted and stand.

    Raises:
        TokenError: The token is not one of ours.
    """
    with database.begin() as connection:
        asked = _find(connection, secret, token, procedure_id)
        return _page(connection, asked, now())


def change_opinion(
    database: Database,
    secret: str,
    token: str,
    procedure_id: str,
    fields: Mapping[str, str],
    *,
    now: Callable[[], datetime],
) -> Row:
    """Do what a form of that page says: "opinion", "accept" or "revert"; return what it shows then.

    Raises:
        ChoiceError: The form says what the page does not offer.
        TokenError: The token is not one of ours.
    """
    with database.begin() as connection:
        asked, moment = _find(connection, secret, token, procedure_id), now()
        if asked is None:
            return _page(connection, None, moment)
        profile_id, recipient_id = asked.profile.profile_id, asked.subscriber.recipient_id
        if "accept" in fields:
            _accept(connection, profile_id, fields["accept"], moment, recipient_id=recipient_id)
        elif "revert" in fields:
            _revert(connection, profile_id, fields["revert"], moment)
        else:
            _say(connection, asked, fields.get("opinion", ""), moment)
        return _page(connection, asked, moment)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks by a link, for which profile and about which procedure."""

    subscriber: Subscriber
    profile: Profile
    procedure: Procedure


def _find(connection: Connection, secret: str, token: str, procedure_id: str) -> _Asked | None:
    link = read_profile_link(secret, LinkPurpose.OPINION, token)
    subscriber = subscriptions.find_subscriber(connection, link.recipient_id)
    if subscriber is None or not _NUMBER.fullmatch(procedure_id):
        return None
    names = (one.profile_id for one in subscriber.profiles)
    named = next((one for one in names if tag_profile(secret, one) == link.profile_tag), None)
    profile = None if named is None else firms.find_profile(connection, named)
    found = procedures.get_procedures(connection, [int(procedure_id)])
    if profile is None or not found or found[0].state is ProcedureState.MERGED:
        return None
    concerned = feedback.profiles_concerned(connection, subscriber.firm_id, found[0].procedure_id)
    return _Asked(subscriber, profile, found[0]) if profile.profile_id in concerned else None


def _say(connection: Connection, asked: _Asked, opinion: str, now: datetime) -> None:
    procedure_id = asked.procedure.procedure_id
    if opinion == "none":
        feedback.end_opinion(connection, asked.subscriber.firm_id, procedure_id, now=now)
        return
    if opinion not in set(Opinion):
        raise ChoiceError(f"opinion: expected one of {', '.join([*Opinion, 'none'])} (got {opinion!r})")
    feedback.put_opinion(
        connection,
        Opinion(opinion),
        profile_id=asked.profile.profile_id,
        procedure_id=procedure_id,
        recipient_id=asked.subscriber.recipient_id,
        now=now,
    )


def _page(connection: Connection, asked: _Asked | None, now: datetime) -> Row:
    if asked is None:
        return {"state": "gone"}
    opinion = feedback.find_opinion(connection, asked.subscriber.firm_id, asked.procedure.procedure_id)
    proposals = _proposals(connection, asked.profile.profile_id, now) if opinion is Opinion.NOT_FOR_US else []
    return {
        "state": "asked",
        "language": asked.subscriber.language,
        "firm_name": asked.subscriber.firm_name,
        "profile_name": asked.profile.name,
        "title": asked.procedure.view.title,
        "opinion": None if opinion is None else opinion.value,
        "proposals": proposals,
        "accepted": [
            {"key": key, "changes": to_json(changes)}
            for key, changes in feedback.accepted_of(connection, asked.profile.profile_id)
        ],
    }


def _concerned(connection: Connection, firm_id: str, notice_id: str) -> tuple[str, Procedure]:
    if not firms.has_firm(connection, firm_id):
        raise UnknownIdError(f"firm {firm_id!r}: no firm of that id")
    procedure = get_procedure(connection, notice_id)
    concerned = feedback.profiles_concerned(connection, firm_id, procedure.procedure_id)
    if not concerned:
        raise UnknownIdError(f"firm {firm_id!r}: none of its profiles was told of notice {notice_id!r}")
    return concerned[0], procedure


def _get_profile(connection: Connection, profile_id: str, *, to_change: bool = False) -> Profile:
    profile = firms.find_profile(connection, profile_id, to_change=to_change)
    if profile is None:
        raise UnknownIdError(f"profile {profile_id!r}: no profile of that id")
    return profile


def _accept(
    connection: Connection, profile_id: str, key: str, now: datetime, *, recipient_id: int | None = None
) -> Row:
    profile = _get_profile(connection, profile_id, to_change=True)
    found = next((one for one in _find_proposals(connection, profile, now) if one.key == key), None)
    if found is None:
        raise ChoiceError(f"profile {profile_id!r}: no such change is proposed (got {key!r})")
    firms.change_criteria(connection, profile_id, change_criteria(profile.criteria, found.changes))
    feedback.add_change(connection, profile_id, key, found.changes, recipient_id=recipient_id, now=now)
    log.info("proposal_accepted", profile_id=profile_id, key=key)
    return _proposal_row(profile, found)


def _revert(connection: Connection, profile_id: str, key: str, now: datetime) -> str:
    profile = _get_profile(connection, profile_id, to_change=True)
    changes = dict(feedback.accepted_of(connection, profile_id)).get(key)
    if changes is None:
        raise ChoiceError(f"profile {profile_id!r}: no such change was accepted (got {key!r})")
    feedback.end_change(connection, profile_id, key, now=now)
    undone = undo_changes(changes)
    firms.change_criteria(connection, profile_id, change_criteria(profile.criteria, undone))
    log.info("proposal_taken_back", profile_id=profile_id, key=key)
    return _say_all(profile, undone)


def _proposals(connection: Connection, profile_id: str, now: datetime) -> list[Row]:
    profile = _get_profile(connection, profile_id)
    return [_proposal_row(profile, one) for one in _find_proposals(connection, profile, now)]


def _proposal_row(profile: Profile, proposal: Proposal) -> Row:
    return {
        "key": proposal.key,
        "change": _say_all(profile, proposal.changes),
        "changes": to_json(proposal.changes),
        "not_for_us": proposal.not_for_us,
        "others": proposal.others,
        "useful": 0,
    }


def _say_all(profile: Profile, changes: Sequence[ProfileChange]) -> str:
    said = (say_change(one, profile.criteria, name=name_value(one.field, one.value)) for one in changes)
    return "; ".join(said)


def _find_proposals(connection: Connection, profile: Profile, now: datetime) -> list[Proposal]:
    """Return what would have kept out most of what is not for the firm, little else, and nothing useful."""
    opinions = feedback.opinions_of(connection, profile.firm_id)
    if list(opinions.values()).count(Opinion.NOT_FOR_US) < LEAST_NOTICES:
        return []
    since = now - timedelta(days=WINDOW_DAYS)
    told = procedures.get_procedures(
        connection, feedback.told_procedures(connection, profile.profile_id, since=since)
    )
    compiled = compile_criteria(profile.criteria)
    parts: dict[Opinion | None, list[Accepted]] = {Opinion.NOT_FOR_US: [], Opinion.USEFUL: [], None: []}
    for procedure in told:
        analysed = analyse_notice(procedure.view)
        decision = decide(compiled, analysed)
        if decision.accepted:
            parts[opinions.get(procedure.procedure_id)].append(Accepted(analysed, decision))
    not_for_us, useful, others = parts[Opinion.NOT_FOR_US], parts[Opinion.USEFUL], parts[None]
    if len(not_for_us) < LEAST_NOTICES:
        return []
    found: dict[tuple[bool, ...], Proposal] = {}
    for changes in propose(profile.criteria, not_for_us=not_for_us, useful=useful, others=others):
        after = compile_criteria(change_criteria(profile.criteria, changes))
        gone, lost, beside = (
            [not decide(after, one.analysed).accepted for one in part]
            for part in (not_for_us, useful, others)
        )
        if not any(lost) and sum(gone) >= LEAST_NOTICES and sum(beside) <= _OTHERS_FOR_ONE * sum(gone):
            found.setdefault((*gone, *beside), Proposal(changes, sum(gone), sum(beside)))
    return _best(list(found.values()))


def _best(found: Sequence[Proposal]) -> list[Proposal]:
    return sorted(found, key=lambda one: (-one.not_for_us, one.others, one.key))[:_PROPOSALS]
