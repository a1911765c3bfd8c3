"""How long a question to the search takes among 100,000 procedures, beside PostgreSQL's own full text.

In:   nothing; procedures are made here, from one seed, with invented texts.  With ``--corpus`` the folder's
      real notices are the shapes: each is varied in place, date, number, and words of its title.
Out:  what was measured, in lines; with --json the last line is one object.

Each question is one to three words of some title, half of them with a département, a third of what is open,
and is asked of both in turns: the first page of twenty whole procedures, how many there are, six facets,
where the words stand.  Peer: a tsvector (dictionary "french", weighted as ours) under a GIN index, ranked by
ts_rank, ts_headline over all texts of the page, facets by GROUP BY; one statement a question.  It is told
each procedure's trades.  Both are asked over one connection, once ours is warm: a server in Java gets quicker
for some ten thousand questions (--warm says for how long it works before it counts).  Ours is merged as a
rebuild leaves it, the peer's table vacuumed and analysed.  What both take of processors, servers included, is
said beside the clock; then what a question takes that a person asks, for "couverture ardoise" in
Ille-et-Vilaine, open.

Invented beside real: a procedure has 72 stems in the median, a real notice of any format 21, one with a
description or lots 140.  5,000 of either have some 15,000 distinct stems; of ours two thirds stand once, of
the real ones two fifths: a long tail, in names of places and buyers.  Of 100,000 procedures half the
questions find fewer than some 100, a quarter more than 1,000, a tenth more than 5,000, one in a hundred more
than 20,000.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, islice, repeat
from multiprocessing import get_context
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
from alerting.index.serializers import write_json
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
# Of so many syllables a name is: most procedures share short ones, a long one is met once.
SYLLABLES_IN_NAME = {2: 30, 3: 50, 4: 15, 5: 5}
BATCH = 500
ALIAS = "bench"
PATIENCE_SECONDS = 120
PEER_WARM = 100
PERSON = SearchRequest(text="couverture ardoise", departements=("35",), open_only=True)
PERSON_TURNS = 40
ROOT = Path(__file__).parents[1]
TABLE = """
CREATE TABLE peer (
  procedure_id integer PRIMARY KEY, state text, kind text, buyer text, departements text[], divisions text[],
  trades text[], deadline_at timestamptz, body text, view jsonb, words tsvector
)
"""
STAGE = """
CREATE TEMPORARY TABLE staged AS
SELECT *, body AS title, body AS lots, body AS description, body AS buyer_words FROM peer LIMIT 0
"""
COPY = """
COPY staged (procedure_id, state, kind, buyer, departements, divisions, trades, deadline_at, body, view,
  title, lots, description, buyer_words) FROM STDIN
"""
ROWS = """
INSERT INTO peer
SELECT procedure_id, state, kind, buyer, departements, divisions, trades, deadline_at, body, view,
  setweight(to_tsvector('french', title), 'A') || setweight(to_tsvector('french', lots), 'B')
  || setweight(to_tsvector('french', description), 'C') || setweight(to_tsvector('french', buyer_words), 'D')
FROM staged
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

Connection = psycopg.Connection[Any]


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
    say(f"{len(made)} procedures, seed {SEED}")
    index = SearchIndex(node.url, ALIAS, patience_seconds=PATIENCE_SECONDS)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        taken = timed(lambda: fill(index, node.url, connection, made))
        say(f"put into both, merged and vacuumed in {taken / 1000:.0f} s")
        both = Both(index, connection, node, postgres)
        requests = make_requests(made)
        both.warm(requests, asked.warm)
        ours, peer = both.ask("questions", islice(requests, asked.questions))
        both.ask("a person's question", repeat(PERSON, PERSON_TURNS))
    index.close()
    verdict = "holds" if ours < P95_GOAL_MS else "does not hold"
    say(f"p95 below {P95_GOAL_MS} ms: {verdict}")
    return ours, peer


class Both:
    """Ours and the peer, filled, each asked over one connection.

    Args:
        index: Ours.
        connection: To the peer.
        node: Our server.
        postgres: The peer's.
    """

    def __init__(
        self, index: SearchIndex, connection: Connection, node: LocalElasticsearch, postgres: LocalPostgres
    ) -> None:
        assert node.process is not None
        assert postgres.process is not None
        self._index = index
        self._connection = connection
        self._process_ids = (node.process.pid, postgres.process.pid)
        connection.execute("SET work_mem = '64MB'")
        connection.execute("SET jit = off")

    def warm(self, requests: Iterator[SearchRequest], seconds: float) -> None:
        """Ask ours until its server has worked so many seconds, and the peer some."""
        ours = Side("ours", self._process_ids[0])
        before, asked_count = ours.worked_seconds(), 0
        while ours.worked_seconds() < before + seconds:
            self._index.search(next(requests), now=NOW)
            asked_count += 1
        for request in islice(requests, PEER_WARM):
            ask_peer(self._connection, request)
        say(f"{asked_count} questions of ours and {PEER_WARM} of the peer that nobody counts")

    def ask(self, what: str, requests: Iterable[SearchRequest]) -> tuple[float, float]:
        """Ask both in turns, say what they take, and return the 95th percentiles in ms."""
        ours, peer = (
            Side(name, number) for name, number in zip(("ours", "peer"), self._process_ids, strict=True)
        )
        totals = []
        for request in requests:
            with ours.watch():
                totals.append(self._index.search(request, now=NOW)["total"])
            with peer.watch():
                ask_peer(self._connection, request)
        found = f"{statistics.median(totals):.0f} procedures (median), {percentile(totals):.0f} (p95)"
        say(f"{len(totals)} times {what}: finds {found}, {max(totals)} at most")
        ours.say()
        peer.say()
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


def fill(index: SearchIndex, node_url: str, connection: Connection, made: Sequence[Procedure]) -> None:
    """Put all procedures into both, a process a core; then merge as a rebuild does, and vacuum."""
    generation = index.create_generation(is_serving=False, now=NOW)
    connection.execute(TABLE)
    batches = [made[start : start + BATCH] for start in range(0, len(made), BATCH)]
    fill_one = partial(fill_batch, node_url, generation.name, connection.info.dsn)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as hands:
        for done, _ in enumerate(hands.map(fill_one, batches), start=1):
            if done % 40 == 0:
                say(f"{done * BATCH} of {len(made)} put into both")
    index.merge(generation)
    index.serve(generation, now=NOW)
    assert index.count() == len(made)
    connection.execute("CREATE INDEX ON peer USING gin (words)")
    connection.execute("VACUUM ANALYZE peer")


def fill_batch(node_url: str, generation: str, database_url: str, batch: Sequence[Procedure]) -> None:
    """Put some procedures into both, analysed once."""
    read = [ReadProcedure(one, analyse_notice(one.view), "of the bench") for one in batch]
    documents = [one.document() for one in read]
    index = SearchIndex(node_url, ALIAS, patience_seconds=PATIENCE_SECONDS)
    refused = index.put(
        [replace(one, source=write_json(document)) for one, document in zip(read, documents, strict=True)],
        into=generation,
    )
    assert not refused, refused
    index.close()
    rows = [peer_row(one, document["trade_ids"]) for one, document in zip(batch, documents, strict=True)]
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(ROWS)


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


def ask_peer(connection: Connection, request: SearchRequest) -> None:
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
    """Return a name of a place that is nowhere; some are frequent, one in twenty hardly comes again."""
    (syllables,) = chance.choices(list(SYLLABLES_IN_NAME), list(SYLLABLES_IN_NAME.values()))
    return "".join(chance.choices(SYLLABLES, k=syllables)).capitalize()


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
    parser.add_argument("--procedures", type=int, default=100_000, help="how many")
    parser.add_argument("--questions", type=int, default=300, help="how many are counted")
    parser.add_argument("--warm", type=float, default=80, help="seconds that our server works before them")
    parser.add_argument("--corpus", type=Path, default=None, help="a folder of real notices as shapes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
