"""One meaning of a match on real notices: four ways to find pairs find the same ones, for the same reasons."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from uuid import uuid4

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.evidence import profile_evidence
from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.trade import Strictness
from alerting.index.profile_documents import IndexedProfile
from alerting.index.profiles import ProfileIndex
from alerting.matching.compile import compile_criteria
from alerting.matching.engine import Engine, in_pairs, naive_match
from alerting.pipeline.backtest import try_all
from alerting.pipeline.check import check
from alerting.pipeline.cluster import ClusterEngine
from alerting.pipeline.dry import find_documents
from alerting.reference.trades import trades
from alerting.store import procedures
from alerting.store.database import open_database


ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("ALERTING_CORPUS", "../shared/data")).resolve()
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LONG_AGO = timedelta(days=100 * 365)
SEED = 7
# The naive loop asks each of all.
NOTICES = 2_000
PROFILES = 120
SHORTEST_WORD = 5


def real_notices() -> list[Notice]:
    """Return the folder's notices; of more than can be asked, some of each document's."""
    found = [
        check(path.name, path.read_bytes()).notices
        for path in map(Path, sorted(find_documents([str(CORPUS)])))
    ]
    assert any(found), f"no notices below {CORPUS}; name another folder with: make corpus CORPUS=..."
    share = NOTICES / sum(map(len, found))
    chance = random.Random(SEED)
    return [
        one
        for some in found
        for one in (
            some if share >= 1 else chance.sample(some, max(1, int(len(some) * share))) if some else ()
        )
    ]


def profiles_of(notices: list[Notice]) -> Iterator[tuple[str, Criteria]]:
    """Yield a profile of each trade, anywhere; then those that ask for what real notices state."""
    for trade in trades():
        yield trade.trade_id, Criteria(trades=(trade.trade_id,))
    chance = random.Random(SEED)
    for number in range(PROFILES):
        yield f"of notice {number}", criteria_of(chance, chance.choice(notices))


def criteria_of(chance: random.Random, notice: Notice) -> Criteria:
    """Return criteria that ask for some of what a notice states, and more that it may not."""
    words = [word for word in notice.title.split() if word.isalpha() and len(word) >= SHORTEST_WORD]
    codes = [notice.cpv_main, *chain.from_iterable(lot.cpv_codes for lot in notice.lots)]
    places = [*notice.places, *chain.from_iterable(lot.places for lot in notice.lots)]
    departements = [place.departement for place in places if place.departement]
    buyer = notice.buyer.name if notice.buyer is not None else None
    cents = notice.value.amount_cents if notice.value is not None else 5_000_000
    return Criteria(
        trades=(chance.choice(trades()).trade_id,) if chance.random() < 0.5 else (),
        cpv_codes=tuple(code for code in codes[:3] if code and chance.random() < 0.6),
        words=tuple(chance.sample(words, min(len(words), chance.randint(0, 2)))),
        words_out=tuple(chance.sample(words, min(len(words), 1))) if chance.random() < 0.2 else (),
        departements=tuple(departements[:1]) if chance.random() < 0.4 else (),
        communes=("35238",) if chance.random() < 0.2 else (),
        radius_km=60,
        buyers=(buyer,) if buyer and chance.random() < 0.2 else (),
        kinds=tuple(NoticeKind) if chance.random() < 0.5 else (),
        minimum_cents=cents // 2 if chance.random() < 0.2 else None,
        maximum_cents=cents * 2 if chance.random() < 0.3 else None,
        pass_unknown=chance.random() < 0.6,
        strictness=chance.choice(list(Strictness)),
    )


@pytest.fixture
def database(database_url):
    """A database of the test's own."""
    own = open_database(database_url)
    yield own
    own.close()


def by_elasticsearch(url, profiles, numbered):
    """Return the pairs that a real node finds, with its profiles in three parts."""
    index = ProfileIndex(url, f"test-{uuid4().hex}", shards=3, patience_seconds=120)
    generation = index.open_generation(now=NOW)
    documents = [
        IndexedProfile(name, 0, 0, asked, profile_evidence(compile_criteria(asked)))
        for name, asked in profiles
    ]
    index.put(documents, into=generation.name)
    index.refresh(of=generation.name)
    index.serve(generation, now=NOW)
    engine = ClusterEngine(index)
    found = set(in_pairs(engine.match(numbered)))
    index.drop(generation)
    engine.close()
    return found


def test_four_ways_find_the_same_pairs_among_real_notices(database, elasticsearch_url):
    """
    The naive loop, the postings, Elasticsearch, and the trying of stored procedures: equal sets of profile,
    procedure, lots and reasons; most profiles are among them, and some pairs with lots.
    """
    notices = real_notices()
    profiles = list(profiles_of(notices))
    with database.begin() as connection:
        numbered = [
            (procedures.add_procedure(connection, view=one, state=ProcedureState.OPEN, now=NOW), one)
            for one in notices
        ]

    naive = set(naive_match(profiles, numbered))

    assert set(in_pairs(Engine(profiles).match(numbered))) == naive
    assert by_elasticsearch(elasticsearch_url, profiles, numbered) == naive
    unread: procedures.Unread = {}
    tried = {
        (name, one.procedure.procedure_id, decision)
        for one in try_all(database, profiles, now=NOW, days=LONG_AGO.days, unread=unread)
        for name, decision in one.decisions.items()
    }
    assert (tried, unread) == (naive, {})
    met = {name for name, _, _ in naive}
    assert len(met) > len(profiles) / 2
    assert any(decision.lot_ids for _, _, decision in naive)
