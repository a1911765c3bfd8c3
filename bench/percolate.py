"""How fast profiles are matched on an Elasticsearch node, beside a percolator on the same machine.

In:   nothing; profiles and notices are made here (``match.py``), from one seed, with invented texts.
Out:  what was measured, in lines; with --json the last two lines are one object each.

Peer: the percolator of OpenSearch (Elasticsearch's own is not published as a package), on a node of its own
with as much memory and the same Lucene.  Each profile is a stored query over the keys of ``domain.evidence``,
in as few clauses as it needs; a notice is a document of keys.  Fifty notices a request; the answer is a terms
aggregation on the profile's number: both as ours.

``percolate_whole``: ours analyses the notices and gives whole pairs, confirmed by ``decide``, with lots and
reasons; the peer's are still to be confirmed.  ``percolate``: both find what is to be confirmed, no more.
Both are asked the same sample in turns, once each server has worked for as long; that they find the same is
asserted.  The figures are of processors, the node's and this process's together; the clock's are said.  Then
ours alone takes all notices.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import psutil
from elastic_transport import Transport
from elastic_transport.client_utils import url_to_node_config


sys.path.insert(0, str(Path(__file__).parent / "peers"))
sys.path.insert(0, str(Path(__file__).parent))
from match import SEED, Notices, Profiles, make_criteria, make_notice, say, timed
from opensearch import opensearch

from alerting.domain.evidence import (
    ANYBODY,
    ANYTHING,
    EVERYWHERE,
    MOST_CENTS,
    NoticeEvidence,
    ProfileEvidence,
    notice_evidence,
    profile_evidence,
)
from alerting.index.profile_documents import IndexedProfile, document_of_profile
from alerting.index.profiles import ProfileIndex
from alerting.local.elasticsearch import LocalElasticsearch
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.pipeline.cluster import ClusterEngine


GOAL = 25
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
JARS = Path(__file__).parents[1] / ".local" / "jars"
BATCH = 50
CHUNK = 2_000
KEYWORD = {"type": "keyword"}
MAPPING = {
    "dynamic": "strict",
    "properties": {
        "number": {"type": "integer"},
        "query": {"type": "percolator"},
        "topics": KEYWORD,
        "places": KEYWORD,
        "kind": KEYWORD,
        "buyers": KEYWORD,
        "own_stems": KEYWORD,
        "amounts_cents": {"type": "long"},
        "may_lack_value": {"type": "boolean"},
    },
}
JSON = {"content-type": "application/json", "accept": "application/json"}
LINES = {"content-type": "application/x-ndjson", "accept": "application/json"}


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    chance = random.Random(SEED)
    profiles = [(f"p{number}", make_criteria(chance)) for number in range(asked.profiles)]
    notices = [(number, make_notice(chance, number)) for number in range(asked.notices)]
    say(f"{len(profiles)} profiles, {len(notices)} notices, seed {SEED}")
    with both(profiles) as sides:
        whole, found, peer = measure(sides, notices, asked)
    answers = [
        {
            "name": name,
            "ours": round(ours.processor_ms(), 2),
            "peer": round(peer.processor_ms(), 2),
            "unit": f"ms of processors a notice against {len(profiles)} profiles",
            "ratio": round(peer.processor_ms() / ours.processor_ms(), 1),
            "goal": GOAL,
            "holds": round(peer.processor_ms() / ours.processor_ms(), 1) >= GOAL,
        }
        for name, ours in (("percolate_whole", whole), ("percolate", found))
    ]
    for answer in answers:
        lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
        sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


@dataclass(frozen=True, slots=True)
class Sides:
    """Both, with the same profiles.

    Args:
        index, engine: Ours.
        percolator: The peer, a query for each profile.
        grouped: The peer, a query for each that asks something else.
        node, peer_node: Their servers.
        names_of: The profiles that a number of ours stands for.
        names: The profiles by position.
    """

    index: ProfileIndex
    engine: ClusterEngine
    percolator: Percolator
    grouped: Percolator
    node: psutil.Process
    peer_node: psutil.Process
    names_of: dict[int, list[str]]
    names: list[str]


@contextmanager
def both(profiles: Profiles) -> Iterator[Sides]:
    """Run both servers, filled."""
    evidence = {asked: profile_evidence(compile_criteria(asked)) for asked in {one for _, one in profiles}}
    documents = [IndexedProfile(name, 0, 0, asked, evidence[asked]) for name, asked in profiles]
    names_of = defaultdict(list)
    for one in documents:
        names_of[document_of_profile(one)["criteria_number"]].append(one.profile_id)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alerting-bench-")))
        node = LocalElasticsearch(folder / "es", JARS, folder / "elasticsearch.log")
        node.start()
        stack.callback(node.stop)
        assert node.process is not None
        peer_url, peer_pid = stack.enter_context(opensearch(folder / "peer", JARS))
        index = ProfileIndex(node.url, "bench", patience_seconds=600)
        engine = ClusterEngine(index)
        stack.callback(engine.close)
        _, seconds = timed(lambda: fill(index, documents))
        say(f"ours: {len(documents)} profiles indexed in {seconds:.0f} s")
        percolator, grouped = (Percolator(transport(peer_url), name) for name in ("profiles", "grouped"))
        _, seconds = timed(lambda: percolator.fill([one.evidence for one in documents]))
        grouped.fill(list(dict.fromkeys(evidence.values())))
        say(f"peer: {len(documents)} queries stored in {seconds:.0f} s, a second time each that differs")
        yield Sides(
            index, engine, percolator, grouped, psutil.Process(node.process.pid), psutil.Process(peer_pid),
            names_of, [name for name, _ in profiles],
        )  # fmt: skip


def fill(index: ProfileIndex, documents: Sequence[IndexedProfile]) -> None:
    """Put all profiles as the engine does when it starts."""
    generation = index.open_generation(now=NOW)
    index.put(documents, into=generation.name)
    index.refresh(of=generation.name)
    index.merge(generation)
    index.serve(generation, now=NOW)


def measure(sides: Sides, notices: Notices, asked: argparse.Namespace) -> tuple[Spent, Spent, Spent]:
    """Ask both the same; return what ours took for whole pairs and for finding, and the peer."""
    sample = notices[:: max(1, len(notices) // asked.sample)][: asked.sample]
    say(f"a sample of {len(sample)} notices, asked of both {asked.rounds} times, once both servers are warm")
    evidence = [notice_evidence(analyse_notice(notice)) for _, notice in sample]
    whole, ours = Spent(sides.node), Spent(sides.node)
    peer, grouped = Spent(sides.peer_node), Spent(sides.peer_node)
    warm(sides.peer_node, asked.warm, lambda: sides.percolator.candidates(evidence))
    # What numbers stand for is read the first time, and kept for a run.
    _, seconds = timed(lambda: hand_over(sides.engine, sample))
    say(f"ours: what profiles ask that the sample meets was read in {seconds:.1f} s")
    warm(sides.node, asked.warm, lambda: sides.index.candidates(evidence))
    for _ in range(asked.rounds):
        with peer.watch(len(sample)):
            theirs = sides.percolator.candidates(evidence)
        with ours.watch(len(sample)):
            found = sides.index.candidates(evidence)
        with whole.watch(len(sample)):
            hand_over(sides.engine, sample)
        with grouped.watch(len(sample)):
            sides.grouped.candidates(evidence)
        compare(sides, sample, theirs, found)
    pairs = sum(map(len, theirs))
    assert pairs, "nothing was compared"
    say(f"equal: {pairs} pairs to confirm, {sum(map(len, found))} numbers of ours")
    peer.say("peer, a query for each profile")
    grouped.say("peer, a query for each that asks something else")
    ours.say("ours, what is to be confirmed")
    whole.say("ours, whole pairs")
    everything = Spent(sides.node)
    with everything.watch(len(notices)):
        count = hand_over(sides.engine, notices)
    everything.say(f"ours, {len(notices)} notices and {count} pairs")
    return whole, ours, peer


def hand_over(engine: ClusterEngine, notices: Notices) -> int:
    """Take whole pairs as the step of matching does, every profile by its name; return how many."""
    return sum(len(list(told.profile_ids)) for told in engine.match(notices))


def warm(node: psutil.Process, seconds: float, ask: Callable[[], object]) -> None:
    """Ask until a server has worked so many seconds: the quicker one would else be the colder one."""
    before = worked_seconds(node)
    while worked_seconds(node) < before + seconds:
        ask()


def worked_seconds(node: psutil.Process) -> float:
    """Return the seconds of processors that a server has taken."""
    times = node.cpu_times()
    return float(times.user + times.system)


def compare(sides: Sides, sample: Notices, theirs: list[list[int]], found: list[list[int]]) -> None:
    """Assert that both propose the same profiles, and that ours leaves no accepted one out."""
    proposed = [sorted(sides.names[at] for at in one) for one in theirs]
    assert proposed == [sorted(name for one in some for name in sides.names_of[one]) for some in found]
    paired = defaultdict(set)
    for told in sides.engine.match(sample):
        paired[told.number].update(told.profile_ids)
    assert all(paired[number] <= set(one) for (number, _), one in zip(sample, proposed, strict=True))


@dataclass(slots=True)
class Spent:
    """What a side took: seconds by the clock, and of processors, its node's and this process's."""

    node: psutil.Process
    seconds: float = 0.0
    processor_seconds: float = 0.0
    count: int = 0

    @contextmanager
    def watch(self, count: int) -> Iterator[None]:
        """Add what so many notices take."""
        gc.collect()
        before, own, started = worked_seconds(self.node), process_time(), perf_counter()
        yield
        self.seconds += perf_counter() - started
        self.processor_seconds += process_time() - own + worked_seconds(self.node) - before
        self.count += count

    def processor_ms(self) -> float:
        """Return the ms of processors a notice."""
        return self.processor_seconds * 1000 / self.count

    def say(self, name: str) -> None:
        """Say both times of a notice."""
        clock = self.seconds * 1000 / self.count
        say(f"{name}: {self.processor_ms():.2f} ms of processors a notice, {clock:.2f} ms by the clock")


@dataclass(slots=True)
class Percolator:
    """Stored queries of one index."""

    transport: Transport
    name: str

    def fill(self, asked: Sequence[ProfileEvidence]) -> None:
        """Store a query for each, under its position."""
        settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
        self._ask("PUT", f"/{self.name}", {"settings": settings, "mappings": MAPPING})
        for start in range(0, len(asked), CHUNK):
            lines: list[dict[str, Any]] = []
            for number, one in enumerate(asked[start : start + CHUNK], start=start):
                lines += [{"index": {}}, {"number": number, "query": query_of_profile(one)}]
            answer = self._ask("POST", f"/{self.name}/_bulk", lines)
            assert not answer["errors"], answer
        self._ask("POST", f"/{self.name}/_forcemerge?max_num_segments=1", None)
        self._ask("POST", f"/{self.name}/_refresh", None)

    def candidates(self, notices: Sequence[NoticeEvidence]) -> list[list[int]]:
        """Return for each notice the positions of those that it meets, ascending."""
        numbers = {"terms": {"field": "number", "size": 65_000, "order": {"_key": "asc"}}}
        lines: list[dict[str, Any]] = []
        for one in notices:
            query = {"percolate": {"field": "query", "document": document_of_notice(one)}}
            asked = {"constant_score": {"filter": query}}
            lines += [
                {},
                {"size": 0, "track_total_hits": False, "query": asked, "aggs": {"numbers": numbers}},
            ]
        cheap = "responses.aggregations.numbers.buckets.key,responses.error,responses._shards.failed"
        answers = self._ask("POST", f"/{self.name}/_msearch?filter_path={cheap}", lines)["responses"]
        assert not any("error" in answer or answer["_shards"]["failed"] for answer in answers), answers
        return [
            [bucket["key"] for bucket in answer.get("aggregations", {}).get("numbers", {}).get("buckets", ())]
            for answer in answers
        ]

    def _ask(self, method: str, target: str, body: Any) -> Any:
        headers = LINES if isinstance(body, list) else JSON
        answer = self.transport.perform_request(
            method, target, headers=headers, body=body, request_timeout=600
        )
        assert answer.meta.status == 200, answer.body
        return answer.body


def query_of_profile(evidence: ProfileEvidence) -> dict[str, Any]:
    """Return the query that a profile is to a percolator; what it does not ask has no clause."""
    met: list[dict[str, Any]] = [{"terms": {"kind": sorted(evidence.kinds)}}]
    for name, keys, anything in (
        ("topics", evidence.topics, ANYTHING),
        ("places", evidence.places, EVERYWHERE),
        ("buyers", evidence.buyers, ANYBODY),
    ):
        if anything not in keys:
            met.append({"terms": {name: sorted(keys)}})
    if (evidence.minimum_cents, evidence.maximum_cents) != (-MOST_CENTS, MOST_CENTS):
        bounds = {"gte": evidence.minimum_cents, "lte": evidence.maximum_cents}
        values: list[dict[str, Any]] = [{"range": {"amounts_cents": bounds}}]
        if evidence.passes_without_value:
            values.append({"term": {"may_lack_value": True}})
        met.append({"bool": {"should": values}})
    out = [{"terms": {"own_stems": sorted(evidence.words_out)}}] if evidence.words_out else []
    return {"bool": {"filter": met, "must_not": out}}


def document_of_notice(evidence: NoticeEvidence) -> dict[str, Any]:
    """Return the document that a notice is to a percolator."""
    return {
        "topics": sorted(evidence.topics),
        "places": sorted(evidence.places),
        "kind": evidence.kind,
        "buyers": sorted(evidence.buyers),
        "own_stems": sorted(evidence.own_stems),
        "amounts_cents": sorted(evidence.amounts_cents),
        "may_lack_value": evidence.may_lack_value,
    }


def transport(url: str) -> Transport:
    """Return the way that Elasticsearch's client goes; the client itself refuses other servers."""
    return Transport([url_to_node_config(url)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="the last two lines are one object each")
    parser.add_argument("--profiles", type=int, default=45_000)
    parser.add_argument("--notices", type=int, default=1_000)
    parser.add_argument("--sample", type=int, default=20, help="notices that the percolator is asked too")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument(
        "--warm", type=float, default=20, help="seconds that each server works before it counts"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
