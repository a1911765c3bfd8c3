"""What it costs to find the notices of one purchase among many, beside MinHash and LSH.

In:   nothing; notices of many buyers are made here, from one seed, with invented texts as long as real ones:
      a third of the purchases are published twice or three times, in other words each time.
Out:  what was measured, in lines; with --json the last line is one object.

Like with like: both begin with the same notices and end with the pairs of them that may be one purchase.
Peer: datasketch, MinHash of 128 permutations over the words of buyer and title, in an LSH index that is asked
for every notice.  Said too: how many pairs of the truth each has, and how many false ones.  Ours has more to
decide: it proves keys and references, and looks for what contradicts.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from time import process_time

from datasketch import MinHash, MinHashLSH

from alerting.domain.notice import Buyer, Notice, NoticeKind
from alerting.notices.link import link_all


SEED = 22
GOAL = 20
THRESHOLD = 0.6
FIRST_DEADLINE = datetime(2026, 3, 2, 11, tzinfo=UTC)
WORKS = (
    "Réfection de la toiture", "Remplacement des menuiseries extérieures", "Rénovation énergétique",
    "Mise en accessibilité", "Plomberie et chauffage", "Ravalement des façades", "Extension", "Peinture",
    "Réseau d'eaux pluviales", "Aménagement paysager",
)  # fmt: skip
PLACES = (
    "du groupe scolaire", "de la mairie", "de la salle polyvalente", "du gymnase", "de la médiathèque",
    "du centre de secours", "de la station d'épuration", "de l'église", "de la crèche", "des vestiaires",
)  # fmt: skip
ENDS = (
    "y compris désamiantage, échafaudages et évacuation des déchets",
    "marché alloti, tranche ferme et tranches optionnelles",
    "en site occupé, pendant les vacances scolaires",
    "pour le compte du centre communal d'action sociale",
    "dans le cadre du programme pluriannuel d'investissement",
    "avec maintenance des installations pendant quatre ans",
)
NAMES = (
    "Ajoncs",
    "Bruyère",
    "Cormoran",
    "Douves",
    "Épine",
    "Fougère",
    "Goëland",
    "Hermine",
    "Iroise",
    "Jonc",
)
SYLLABLES = ("lann", "goat", "vro", "mor", "plou", "tre", "bihan", "du", "gwen", "loc", "roz", "pen")

Pairs = set[tuple[int, int]]


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    say(f"{asked.notices} notices, other ones in each of {asked.rounds} turns, first seed {SEED}")
    say("medians of processor time")
    ours, peer = in_turns(asked.notices, asked.rounds)
    answer = {
        "name": "link",
        "ours": round(ours, 4),
        "peer": round(peer, 4),
        "unit": "ms a notice",
        "ratio": round(peer / ours, 1),
        "goal": GOAL,
        "holds": round(peer / ours, 1) >= GOAL,
    }
    lines = "".join(f"{key}: {value}\n" for key, value in answer.items())
    sys.stdout.write(f"{json.dumps(answer)}\n" if asked.json else lines)
    return 0


def in_turns(count: int, rounds: int) -> tuple[float, float]:
    """Return the medians in ms a notice, ours and the peer's; say how right both are."""
    ours, peers = [], []
    for number in range(rounds):
        # Other notices each turn: nothing is remembered from the turn before.
        notices, truth = make_notices(random.Random(SEED + number), count)
        taken, pairs = timed(find_pairs, notices)
        ours.append(taken / count)
        taken, others = timed(find_by_minhash, notices)
        peers.append(taken / count)
        say(f"ours: {ours[-1]:.4f} ms, {tell(pairs, truth)}")
        say(f"peer: {peers[-1]:.4f} ms, {tell(others, truth)}")
    return statistics.median(ours), statistics.median(peers)


def find_pairs(notices: Sequence[Notice]) -> Pairs:
    """Link as the project does."""
    return {
        pair
        for group in link_all(notices)
        for pair in combinations(sorted(member.position for member in group), 2)
    }


def find_by_minhash(notices: Sequence[Notice]) -> Pairs:
    """Find the notices whose words of buyer and title are alike."""
    index = MinHashLSH(threshold=THRESHOLD, num_perm=128)
    found = set()
    for position, notice in enumerate(notices):
        name = notice.buyer.name if notice.buyer is not None and notice.buyer.name is not None else ""
        hashed = MinHash(num_perm=128)
        hashed.update_batch([word.encode() for word in set(f"{name} {notice.title}".lower().split())])
        found.update((other, position) for other in index.query(hashed))
        index.insert(position, hashed)
    return found


def timed(find: Callable[[Sequence[Notice]], Pairs], notices: Sequence[Notice]) -> tuple[float, Pairs]:
    """Return the ms of processor time of one run without the collector in between, and what it found."""
    gc.collect()
    gc.disable()
    started = process_time()
    found = find(notices)
    taken = (process_time() - started) * 1000
    gc.enable()
    return taken, found


def tell(pairs: Pairs, truth: Pairs) -> str:
    """Return how right a set of pairs is, in words."""
    right = len(pairs & truth)
    return f"{right} of {len(truth)} pairs found, {len(pairs) - right} false ones"


def make_notices(chance: random.Random, count: int) -> tuple[list[Notice], Pairs]:
    """Return notices in the order of their publication, and the pairs of them that are one purchase."""
    drafts = [draft for number in range(count) for draft in _purchase(chance, number)][:count]
    chance.shuffle(drafts)
    by_purchase: dict[int, list[int]] = {}
    for position, (number, _) in enumerate(drafts):
        by_purchase.setdefault(number, []).append(position)
    truth = {pair for positions in by_purchase.values() for pair in combinations(positions, 2)}
    return [notice for _, notice in drafts], truth


def _purchase(chance: random.Random, number: int) -> Iterator[tuple[int, Notice]]:
    """Yield one purchase's notices: from the journal, and at times from a platform or a newspaper."""
    town = "".join(chance.choice(SYLLABLES) for _ in range(3))
    place = f"{chance.choice(PLACES)} {chance.choice(NAMES)} {number % 97 + 1}"
    title = f"{chance.choice(WORKS)} {place}, {chance.choice(ENDS)}"
    deadline = FIRST_DEADLINE + timedelta(days=chance.randrange(60), hours=chance.randrange(6))
    words = (title, f"Travaux de {title.lower()}", f"{title} - marché public")
    for each in range(chance.choices((1, 2, 3), (67, 25, 8))[0]):
        name = (f"Commune de Ker{town}", f"Mairie de Ker{town}", f"VILLE DE KER{town.upper()}")[each]
        yield (
            number,
            Notice(
                feed_id=("journal", "platform", "paper")[each],
                source_id=f"26-{number:06}-{each}",
                version=None,
                kind=NoticeKind.CALL,
                title=words[each],
                buyer=Buyer(name=name),
                deadline_at=deadline,
            ),
        )


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Finding the notices of one purchase, beside MinHash and LSH."
    )
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    parser.add_argument("--notices", type=int, default=5_000, help="how many")
    parser.add_argument("--rounds", type=int, default=5, help="turns")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
