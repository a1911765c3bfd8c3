"""The ladder: what is certain is linked, what is uncertain stays apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind
from alerting.domain.procedure import LinkStep
from alerting.notices.link import Candidate, Link, find_link


SIRET = "21350001200015"
NOTICE = Notice(
    feed_id="boamp",
    source_id="26-88092",
    version=None,
    kind=NoticeKind.CALL,
    title="Réfection de la toiture de l'école Jean-Jaurès",
    buyer=Buyer("Ville de Kerlann", SIRET, "35"),
    deadline_at=datetime(2026, 4, 1, 10, 0, tzinfo=UTC),
)
COPY = replace(
    NOTICE, feed_id="profil", source_id="7", title="REFECTION DE LA TOITURE DE L'ECOLE JEAN JAURES"
)


def link_of(notice: Notice, stored: Notice = NOTICE) -> Link | None:
    """Link a notice against one that is stored in procedure 5."""
    return find_link(notice, [Candidate(5, stored)])


@pytest.mark.parametrize(
    ("notice", "stored", "expected"),
    [
        pytest.param(
            replace(COPY, procedure_key="k", deadline_at=None),
            replace(NOTICE, procedure_key="k"),
            Link(5, LinkStep.PROCEDURE_KEY, "k"),
            id="the same procedure key",
        ),
        pytest.param(
            replace(NOTICE, source_id="26-90000", kind=NoticeKind.CORRECTION, refers_to=("26-88092",)),
            NOTICE,
            Link(5, LinkStep.REFERENCE, "26-88092"),
            id="a correction names its call",
        ),
        pytest.param(
            NOTICE,
            replace(NOTICE, source_id="26-90000", kind=NoticeKind.CORRECTION, refers_to=("26-88092",)),
            Link(5, LinkStep.REFERENCE, "26-88092"),
            id="the correction came first",
        ),
        pytest.param(
            replace(NOTICE, title="Un autre titre", deadline_at=None),
            NOTICE,
            Link(5, LinkStep.REFERENCE, "26-88092"),
            id="a new version of the same notice",
        ),
        pytest.param(
            replace(COPY, internal_reference="2026-T 04", title="Toiture", deadline_at=None),
            replace(NOTICE, internal_reference="2026 T-04"),
            Link(5, LinkStep.BUYER_REFERENCE, f"{SIRET} 2026-T 04"),
            id="the buyer's own number",
        ),
        pytest.param(
            COPY,
            NOTICE,
            Link(5, LinkStep.SIMILARITY, "2026-04-01, titles 100 of 100 alike"),
            id="buyer, day and title",
        ),
    ],
)
def test_what_is_certain_is_linked(notice, stored, expected):
    """
    Each step of the ladder links, and says on what evidence.
    """
    assert link_of(notice, stored) == expected


@pytest.mark.parametrize(
    ("notice", "stored"),
    [
        pytest.param(replace(COPY, buyer=Buyer("Ville de Kerlann", "21220278400012")), NOTICE, id="buyer"),
        pytest.param(replace(COPY, buyer=None), NOTICE, id="no buyer"),
        pytest.param(replace(COPY, deadline_at=datetime(2026, 4, 2, 10, tzinfo=UTC)), NOTICE, id="day"),
        pytest.param(replace(COPY, title="Réfection de la toiture de la mairie"), NOTICE, id="title"),
        pytest.param(replace(COPY, lots=(Lot("1"),)), replace(NOTICE, lots=(Lot("1"), Lot("2"))), id="lots"),
        pytest.param(
            replace(COPY, value=Money(100, "EUR")), replace(NOTICE, value=Money(200, "EUR")), id="value"
        ),
        pytest.param(replace(COPY, procedure_key="a"), replace(NOTICE, procedure_key="b"), id="key"),
        pytest.param(replace(COPY, feed_id="boamp"), NOTICE, id="two calls of one feed"),
        pytest.param(
            replace(COPY, title="Autre", refers_to=("12",)),
            replace(NOTICE, source_id="12"),
            id="a short reference of another feed",
        ),
    ],
)
def test_what_is_uncertain_stays_apart(notice, stored):
    """
    One stated fact that speaks against it keeps two notices apart.
    """
    assert link_of(notice, stored) is None


def test_the_answer_does_not_depend_on_the_order_of_candidates():
    """
    Among several certain candidates the lowest procedure wins.
    """
    candidates = [Candidate(number, NOTICE) for number in (9, 3, 7)]

    assert find_link(COPY, candidates).procedure_id == 3
