"""How long a question to the search takes among many procedures, beside PostgreSQL's own full text.

In:   nothing; procedures are made here, from one seed, with invented texts.  With ``--corpus`` the folder's
      real notices are the shapes: each is varied in place, date, number, and words of its title.
Out:  what was measured, in lines; with --json the last line is one object.

Each question is a few words of some title, at times with a département or only what is open, and is asked of
both in turns: the first page of twenty whole procedures, how many there are, six facets, where the words
stand.  Peer: a tsvector (dictionary "french", weighted as ours) under a GIN index, ranked by ts_rank,
ts_headline over all texts of the page, facets by GROUP BY; one statement a question.  It is told each
procedure's trades.  Both are asked over one connection, once ours is warm: a server in Java is slow at first.
Ours is merged as a rebuild leaves it, the peer's table vacuumed and analysed.  What both take of processors,
servers included, is said beside the clock.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import psutil
import psycopg
import structlog


sys.path.insert(0, str(Path(__file__).parent))
from match import make_notice

from alerting.domain.json import to_json
from alerting.domain.notice import Buyer, Notice, NoticeKind, Place
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.search import SearchRequest
from alerting.index.procedures import ReadProcedure, SearchIndex
from alerting.local.elasticsearch import LocalElasticsearch
from alerting.local.postgres import LocalPostgres
from alerting.matching.analyse import analyse_notice
from alerting.pipeline.check import check
from alerting.pipeline.dry import find_documents
from alerting.reference.communes import communes_of_postcode


SEED = 7
GOAL = 5
P95_GOAL_MS = 50
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
POSTCODES = (
    "35000", "35600", "35400", "35300", "29200", "29000", "29600", "56000", "56100", "56300", "22000",
    "22300", "22200", "44000", "44600", "53000", "50300", "49000", "75012", "69003", "33000", "59000",
)  # fmt: skip
SYLLABLES = ("lann", "goat", "vro", "mor", "plou", "tre", "bihan", "du", "gwen", "loc", "roz", "pen", "ker")
SHORTEST_WORD = 5
BATCH = 500
PEER_WARM = 100
ROOT = Path(__file__).parents[1]
TABLE = """
CREATE TABLE peer (
  procedure_id integer PRIMARY KEY, state text, kind text, buyer text, departements text[], divisions text[],
  trades text[], deadline_at timestamptz, body text, view jsonb, words tsvector
)
"""
ROW = """
INSERT INTO peer VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
  setweight(to_tsvector('french', %s), 'A') || setweight(to_tsvector('french', %s), 'B')
  || setweight(to_tsvector('french', %s), 'C') || setweight(to_tsvector('french', %s), 'D'))
"""
QUESTION = """
WITH asked AS (SELECT websearch_to_tsquery('french', %(text)s) AS query),
found AS MATERIALIZED (
  SELECT procedure_id, kind, buyer, departements, divisions, trades, deadline_at,
    ts_rank(words, query) AS score
  FROM peer, asked
  WHERE words @@ query AND state <> 'merged'
    AND (%(departement)s::text IS NULL OR departements @> ARRAY[%(departement)s::text])
    AND (NOT %(open)s OR (state IN ('open', 'planned') AND (deadline_at IS NULL OR deadline_at > %(now)s)))
),
page AS (SELECT procedure_id, score FROM found ORDER BY score DESC, procedure_id DESC LIMIT 20)
SELECT
  (SELECT count(*) FROM found),
  (SELECT json_agg(json_build_array(score, view, ts_headline('french', body, query)))
     FROM page JOIN peer USING (procedure_id), asked),
  (SELECT json_agg(facet) FROM (SELECT unnest(departements), count(*) FROM found GROUP BY 1) AS facet),
  (SELECT json_agg(facet) FROM (SELECT unnest(divisions), count(*) FROM found GROUP BY 1) AS facet),
  (SELECT json_agg(facet) FROM (SELECT unnest(trades), count(*) FROM found GROUP BY 1) AS facet),
  (SELECT json_agg(facet) FROM (SELECT kind, count(*) FROM found GROUP BY 1) AS facet),
  (SELECT json_agg(facet) FROM (
     SELECT buyer, count(*) FROM found GROUP BY 1 ORDER BY 2 DESC LIMIT 20) AS facet),
  (SELECT json_agg(facet) FROM (
     SELECT date_trunc('week', deadline_at, 'Europe/Paris'), count(*) FROM found GROUP BY 1) AS facet)
"""


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with servers() as both:
        ours, peer = measure(asked, *both)
    answer = {
        "name": "search",
        "ours": round(ours, 2),
        "peer": round(peer, 2),
        "unit": "ms, 95 of 100 questions take less",
        "ratio": round(peer / ours, 2),
        "goal": GOAL,
        "holds": round(peer / ours, 2) >= GOAL,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
    sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


@contextmanager
def servers() -> Iterator[tuple[LocalElasticsearch, LocalPostgres]]:
    """Run an Elasticsearch and a PostgreSQL of the bench's own."""
    with tempfile.TemporaryDirectory(prefix="alerting-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = LocalPostgres(folder / "pg", folder / "postgres.log", is_durable=False)
        node = LocalElasticsearch(folder / "es", ROOT / ".local" / "jars", folder / "elasticsearch.log")
        try:
            node.start()
            postgres.start()
            yield node, postgres
        finally:
            postgres.stop()
            node.stop()


def measure(
    asked: argparse.Namespace, node: LocalElasticsearch, postgres: LocalPostgres
) -> tuple[float, float]:
    """Return the 95th percentiles in ms, ours and the peer's; say the rest."""
    made = list(islice(make_procedures(asked.corpus), asked.procedures))
    say(f"{len(made)} procedures, seed {SEED}; {asked.questions} questions of each, in turns")
    index = SearchIndex(node.url, "bench", patience_seconds=120)
    assert node.process is not None
    assert postgres.process is not None
    ours, peer = Side("ours", node.process.pid), Side("peer", postgres.process.pid)
    totals = []
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        started = perf_counter()
        trades_of = fill(index, made)
        say(f"ours: indexed in {perf_counter() - started:.0f} s")
        say(f"peer: indexed in {timed(lambda: fill_peer(connection, made, trades_of)) / 1000:.0f} s")
        requests = make_requests(made)
        asked_count = warm(index, ours, requests, asked.warm)
        for request in islice(requests, PEER_WARM):
            ask_peer(connection, request)
        say(f"{asked_count} questions of ours and {PEER_WARM} of the peer that nobody counts")
        for request in islice(requests, asked.questions):
            with ours.watch():
                totals.append(index.search(request, now=NOW)["total"])
            with peer.watch():
                ask_peer(connection, request)
    index.close()
    say(f"a question finds {statistics.median(totals):.0f} procedures (median), {max(totals)} at most")
    for side in (ours, peer):
        side.say()
    verdict = "holds" if percentile(ours.taken) < P95_GOAL_MS else "does not hold"
    say(f"p95 below {P95_GOAL_MS} ms: {verdict}")
    return percentile(ours.taken), percentile(peer.taken)


class Side:
    """What questions took of one side: ms by the clock, and of processors with its server's.

    Args:
        name: Ours or the peer.
        process_id: Of its server; its children are counted, too.
    """

    def __init__(self, name: str, process_id: int) -> None:
        self.taken: list[float] = []
        self._name = name
        self._server = psutil.Process(process_id)
        self._processor_seconds = 0.0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Add what one question takes."""
        of_server, own, started = self.worked_seconds(), process_time(), perf_counter()
        yield
        self.taken.append((perf_counter() - started) * 1000)
        self._processor_seconds += process_time() - own + self.worked_seconds() - of_server

    def say(self) -> None:
        """Say the percentiles, and what the processors had to do."""
        of_processors = self._processor_seconds * 1000 / len(self.taken)
        say(
            f"{self._name}: p50 {statistics.median(self.taken):.1f} ms, p95 {percentile(self.taken):.1f} ms,"
            f" {of_processors:.1f} ms of processors a question (mean)"
        )

    def worked_seconds(self) -> float:
        """Return seconds of processors: the server's and its children's, those that ended too."""
        times = [one.cpu_times() for one in (self._server, *self._server.children())]
        ended = times[0].children_user + times[0].children_system
        return ended + sum(one.user + one.system for one in times)


def warm(index: SearchIndex, ours: Side, requests: Iterator[SearchRequest], seconds: float) -> int:
    """Ask ours until its server has worked so many seconds; return how many questions that were."""
    before, asked_count = ours.worked_seconds(), 0
    while ours.worked_seconds() < before + seconds:
        index.search(next(requests), now=NOW)
        asked_count += 1
    return asked_count


def fill(index: SearchIndex, made: Sequence[Procedure]) -> dict[int, list[str]]:
    """Index all procedures, and merge as a rebuild does; return the trades of each."""
    generation = index.create_generation(is_serving=True, now=NOW)
    trades_of = {}
    for start in range(0, len(made), BATCH):
        batch = [
            ReadProcedure(one, analyse_notice(one.view), str(start)) for one in made[start : start + BATCH]
        ]
        trades_of.update({one.procedure.procedure_id: one.document()["trade_ids"] for one in batch})
        refused = index.put(batch)
        assert not refused, refused
    index.merge(generation)
    assert index.count() == len(made)
    return trades_of


def fill_peer(
    connection: psycopg.Connection[Any], made: Sequence[Procedure], trades_of: Mapping[int, list[str]]
) -> None:
    """Put all procedures into a table with a tsvector."""
    connection.execute(TABLE)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(ROW, [peer_row(one, trades_of[one.procedure_id]) for one in made])
    connection.execute("CREATE INDEX ON peer USING gin (words)")
    connection.execute("VACUUM ANALYZE peer")
    connection.execute("SET work_mem = '64MB'")
    connection.execute("SET jit = off")


def peer_row(procedure: Procedure, trade_ids: list[str]) -> tuple[Any, ...]:
    """Return a row of the peer's table."""
    view = procedure.view
    buyer = view.buyer.name if view.buyer is not None and view.buyer.name is not None else ""
    lots = " \n".join(f"{lot.title or ''} {lot.description or ''}" for lot in view.lots)
    codes = [view.cpv_main, *view.cpv_additional, *(code for lot in view.lots for code in lot.cpv_codes)]
    places = [*view.places, *(place for lot in view.lots for place in lot.places)]
    return (
        procedure.procedure_id, procedure.state.value, view.kind.value, buyer,
        sorted({place.departement for place in places if place.departement}),
        sorted({code[:2] for code in codes if code}), trade_ids, view.deadline_at,
        f"{view.title} \n{lots} \n{view.description or ''} \n{buyer}", json.dumps(to_json(view)),
        view.title, lots, view.description or "", buyer,
    )  # fmt: skip


def ask_peer(connection: psycopg.Connection[Any], request: SearchRequest) -> None:
    """Ask the peer the same, and take its whole answer."""
    departement = request.departements[0] if request.departements else None
    given = {"text": request.text, "departement": departement, "open": request.open_only, "now": NOW}
    connection.execute(QUESTION, given).fetchone()


def make_requests(made: Sequence[Procedure]) -> Iterator[SearchRequest]:
    """Yield questions without end, of one to three words of a title, half in a département, a third open."""
    chance = random.Random(SEED)
    while True:
        view = chance.choice(made).view
        words = [word for word in view.title.split() if word.isalpha() and len(word) >= SHORTEST_WORD]
        text = " ".join(chance.sample(words, min(len(words), chance.randint(1, 3)))) or "travaux"
        places = [place.departement for place in view.places if place.departement]
        yield SearchRequest(
            text=text,
            departements=tuple(places[:1]) if chance.random() < 0.5 else (),
            open_only=chance.random() < 0.33,
        )


def make_procedures(corpus: Path | None) -> Iterator[Procedure]:
    """Yield procedures without end, from invented or from real shapes."""
    chance = random.Random(SEED)
    shapes = list(read_shapes(corpus)) if corpus is not None else []
    if shapes:
        say(f"{len(shapes)} real notices are the shapes")
    for number in count(1):
        view = vary(chance, shapes, number) if shapes else invent(chance, number)
        state = ProcedureState.AWARDED if view.kind is NoticeKind.AWARD else ProcedureState.OPEN
        yield Procedure(number, 1, state, view)


def read_shapes(corpus: Path) -> Iterator[Notice]:
    """Yield the folder's notices that have words, the same ones in the same order."""
    for path in sorted(find_documents([str(corpus)])):
        yield from check(str(path), path.read_bytes()).notices


def vary(chance: random.Random, shapes: Sequence[Notice], number: int) -> Notice:
    """Return a real notice with another's place and some of its words, a name and dates of its own."""
    shape, other = chance.choice(shapes), chance.choice(shapes)
    lent = chance.choice(other.title.split() or ["travaux"])
    return dated(
        chance,
        replace(
            shape,
            source_id=str(number),
            title=f"{shape.title} {lent} {invented_name(chance)}",
            places=(make_place(chance),),
        ),
    )


def invent(chance: random.Random, number: int) -> Notice:
    """Return an invented notice with a place, a buyer, dates, and rare words beside the frequent ones."""
    made = make_notice(chance, number)
    place = make_place(chance)
    name = invented_name(chance)
    rare = " ".join(invented_name(chance) for _ in range(12))
    return dated(
        chance,
        replace(
            made,
            title=f"{made.title} à {name}",
            description=f"{made.description} {rare}",
            places=(place,),
            buyer=Buyer(f"Commune de {name}", departement=place.departement),
        ),
    )


def dated(chance: random.Random, notice: Notice) -> Notice:
    """Return a notice of the last months, a third of which can still be answered."""
    published = NOW - timedelta(hours=chance.randrange(24 * 90))
    return replace(
        notice, published_at=published, deadline_at=published + timedelta(days=chance.randint(14, 60))
    )


def make_place(chance: random.Random) -> Place:
    """Return a commune of a few that are asked for often."""
    commune = communes_of_postcode(chance.choice(POSTCODES))[0]
    return Place(departement=commune.departement, commune=commune.name, postcode=commune.postcodes[0])


def invented_name(chance: random.Random) -> str:
    """Return a name of a place that is nowhere; one of some thousands."""
    return "".join(chance.choices(SYLLABLES, k=3)).capitalize()


def timed(run: Callable[[], object]) -> float:
    """Return the ms of one run."""
    started = perf_counter()
    run()
    return (perf_counter() - started) * 1000


def percentile(taken: Iterable[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(taken, n=20)[-1]


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A question to the search, beside PostgreSQL's full text.")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--procedures", type=int, default=5_000, help="how many; 100000 is the full size")
    parser.add_argument("--questions", type=int, default=100, help="how many are counted")
    parser.add_argument("--warm", type=float, default=20, help="seconds that our server works before them")
    parser.add_argument("--corpus", type=Path, default=None, help="a folder of real notices as shapes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
