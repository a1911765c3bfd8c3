"""How fast procedures are indexed, beside Elasticsearch's own bulk helper on the same documents.

In:   nothing; procedures are made here (``search.py``), from one seed.  With ``--corpus`` from real shapes.
Out:  what was measured, in lines; with --json the last two lines are objects, the first of the whole step.

Ours is, first, ``SearchIndex.put`` of procedures that are read and analysed: documents made of them, one
batch ahead as in the step, and put; second, the whole step, which also reads rows from PostgreSQL, analyses
texts, finds trades and places, and marks rows.  Peer of both: ``helpers.streaming_bulk`` alone, with the same
documents ready in memory, into an index of the same mapping.  In turns, each into an index of its own.  Said
too: what of the step is analysis, of which the peer does nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
from itertools import islice
from pathlib import Path

import structlog
from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk


sys.path.insert(0, str(Path(__file__).parent))
from search import BATCH, NOW, SEED, make_procedures, say, servers, timed

from alerting.index.documents import MAPPING
from alerting.index.procedures import ReadProcedure, SearchIndex
from alerting.matching.analyse import analyse_notice
from alerting.pipeline.ahead import made_ahead
from alerting.pipeline.index import index_procedures
from alerting.store import procedures
from alerting.store.database import Database, open_database


GOAL = 0.9


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with servers() as (node, postgres):
        put, step, peer = measure(asked, node.url, postgres.url("postgres"))
    for name, ours in (("index_with_analysis", step), ("index", put)):
        answer = {
            "name": name,
            "ours": round(ours, 3),
            "peer": round(peer, 3),
            "unit": "ms a procedure",
            "ratio": round(peer / ours, 2),
            "goal": GOAL,
            "holds": round(peer / ours, 2) >= GOAL,
        }
        lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
        sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


def measure(asked: argparse.Namespace, url: str, database_url: str) -> tuple[float, float, float]:
    """Return the medians in ms a procedure, of putting, of the whole step and the peer's; say the rest."""
    made = list(islice(make_procedures(asked.corpus), asked.procedures))
    say(f"{len(made)} procedures, seed {SEED}, in each of {asked.rounds} turns; medians")
    database = open_database(database_url)
    database.migrate()
    with database.begin() as connection:
        for one in made:
            procedures.add_procedure(connection, view=one.view, state=one.state)
    read = [ReadProcedure(one, analyse_notice(one.view), "of the bench") for one in made]
    documents = [one.document() for one in read]
    client = Elasticsearch(url, request_timeout=120)
    steps, puts, peers = [], [], []
    # The first turn warms the node up, and is not counted.
    for turn in range(asked.rounds + 1):
        gc.collect()
        peer = bulk(client, f"peer-{turn}", documents)
        put = put_only(url, f"put-{turn}", read)
        step = whole_step(url, f"step-{turn}", database, len(made))
        say(f"step {step:.3f} ms, put {put:.3f} ms, peer {peer:.3f} ms a procedure")
        if turn:
            steps, puts, peers = [*steps, step], [*puts, put], [*peers, peer]
    analysed = timed(lambda: [analyse_notice(one.view) for one in made]) / len(made)
    say(f"of the whole step {analysed:.3f} ms is analysis")
    client.close()
    database.close()
    return statistics.median(puts), statistics.median(steps), statistics.median(peers)


def bulk(client: Elasticsearch, name: str, documents: list[dict[str, object]]) -> float:
    """Return the ms a procedure of the helper alone."""
    client.indices.create(index=name, mappings=MAPPING, settings={"number_of_replicas": 0})
    actions = [
        {"_index": name, "_id": document["procedure_id"], "_source": document} for document in documents
    ]
    taken = timed(lambda: [accepted for accepted, _ in streaming_bulk(client, actions)])
    client.indices.delete(index=name)
    return taken / len(documents)


def put_only(url: str, alias: str, read: list[ReadProcedure]) -> float:
    """Return the ms a procedure of ``put``."""
    index = SearchIndex(url, alias, patience_seconds=120)
    made = index.create_generation(is_serving=True, now=NOW)
    batches = [read[start : start + BATCH] for start in range(0, len(read), BATCH)]

    def put_all() -> None:
        with made_ahead([one.written() for one in batch] for batch in batches) as written:
            for batch in written:
                index.put(batch)

    taken = timed(put_all)
    assert index.count() == len(read)
    index.drop(made)
    index.close()
    return taken / len(read)


def whole_step(url: str, alias: str, database: Database, how_many: int) -> float:
    """Return the ms a procedure of the step."""
    with database.begin() as connection:
        procedures.unmark_indexed(connection)
    index = SearchIndex(url, alias, patience_seconds=120)
    made = index.create_generation(is_serving=True, now=NOW)
    taken = timed(lambda: index_procedures(database, index, now=lambda: NOW))
    assert index.count() == how_many
    index.drop(made)
    index.close()
    return taken / how_many


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Indexing, beside the bulk helper alone.")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--procedures", type=int, default=3_000, help="how many; 20000 is the full size")
    parser.add_argument("--rounds", type=int, default=3, help="turns that are counted")
    parser.add_argument("--corpus", type=Path, default=None, help="a folder of real notices as shapes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
