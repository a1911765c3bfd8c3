"""How fast the engine finds the profiles that notices concern, beside the naive loop and beside tantivy.

In:   nothing; profiles of craft firms and notices are made here, from one seed, with invented texts.
Out:  what was measured, in lines; with --json the last two lines are one object each, one a peer.

Peers: ``naive_match``, which asks every profile of every notice.  It takes minutes for all notices, so both
are measured on the same sample of them, in turns; equal pairs are asserted.  Both give whole decisions: lots,
reasons, score.  Then tantivy in a batch, in turns with the engine on all notices: notices are its documents,
each profile is a query, made beforehand.  It is given the trades that our analysis found, looks at topic,
place and words, and hands over numbers: no amounts, no lots, no reasons.

Seconds are of processor time: other work on the machine counts little.  Building (words become stems) is not
in the figures.  ``--engine-alone`` measures no peer but the analysis of the same notices: what finding costs
above it, for as many profiles as are asked for.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import TypeVar

import tantivy

from alerting.domain.criteria import Criteria
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Nature, Notice, NoticeKind, Place
from alerting.matching.analyse import analyse_notice
from alerting.matching.askers import Told
from alerting.matching.engine import Engine, in_pairs, naive_match
from alerting.reference.trades import get_trade
from alerting.text.analysis import stems


SEED = 35
GOAL = 130
BATCH_GOAL = 15
# Finding may cost no more than twice what analysing costs.
ALONE_GOAL = 0.5
BATCH_TURNS = 2
UNKNOWN = "unknown"
# Craft firms of Brittany, roughly: départements by population, crafts by number of firms.
DEPARTEMENTS = {"35": 33, "29": 27, "56": 23, "22": 17}
NEIGHBOURS = {"35": "56 22 44 53 50", "29": "22 56", "56": "35 29 44 22", "22": "35 29 56"}
ELSEWHERE = ("44", "53", "50", "49", "14", "75", "69", "33", "13", "59", "67", "2A")
CRAFTS = {
    "electricien": 14, "plombier": 14, "macon": 12, "menuisier": 11, "peintre": 9, "couvreur": 7,
    "paysagiste": 7, "terrassier": 6, "plaquiste": 5, "carreleur": 4, "nettoyage": 4, "charpentier": 3,
    "serrurier": 3, "etancheur": 2, "facadier": 2, "frigoriste": 2, "mecanicien": 2, "imprimeur": 1,
    "traiteur": 1, "signaletique": 1, "ascensoriste": 1, "ebeniste": 1,
}  # fmt: skip
OTHER_CODES = ("79710000", "66510000", "72000000", "33600000", "34000000", "15000000", "80500000", "71200000")
OTHER_TITLES = (
    "Assurances des risques statutaires", "Acquisition de postes informatiques", "Transport scolaire",
    "Mission de contrôle technique", "Fourniture de denrées alimentaires", "Surveillance du patrimoine",
)  # fmt: skip
WORKS = (
    "Rénovation énergétique", "Réhabilitation", "Extension", "Construction", "Mise aux normes", "Réfection",
    "Restructuration", "Entretien", "Travaux de modernisation",
)  # fmt: skip
PLACES = (
    "du groupe scolaire Les Ajoncs", "de la mairie de Kerlann", "de la salle polyvalente", "du gymnase",
    "de vingt logements sociaux", "de la médiathèque", "du centre de secours", "de la résidence du Menhir",
    "de la station d'épuration", "des vestiaires du stade", "de l'église Saint-Exemple", "de la crèche",
)  # fmt: skip
PROSE = (
    "Le présent marché a pour objet les travaux décrits au cahier des clauses techniques particulières.",
    "La visite du site est obligatoire avant la remise des offres.",
    "Les candidats peuvent répondre à un ou plusieurs lots.",
    "Les travaux se déroulent en site occupé pendant les vacances scolaires.",
    "Le délai d'exécution est de douze mois, période de préparation comprise.",
    "Les prix sont révisables selon les index du bâtiment.",
    "L'acheteur se réserve la possibilité de négocier avec les trois premiers candidats.",
    "Une clause d'insertion sociale est prévue pour les lots les plus importants.",
)  # fmt: skip
EXTRA_WORDS = (
    "amiante",
    "pompe à chaleur",
    "patrimoine",
    "école",
    "ravalement",
    "LED",
    "bois",
    "piscine",
    "VMC",
)

Profiles = list[tuple[str, Criteria]]
Notices = list[tuple[int, Notice]]
Made = TypeVar("Made")


@dataclass(slots=True)
class Watch:
    """Lends notices and remembers when the first was taken: building is over, finding begins."""

    notices: Sequence[tuple[int, Notice]]
    started: float = 0.0

    def __iter__(self) -> Iterator[tuple[int, Notice]]:
        self.started = process_time()
        yield from self.notices


def main() -> int:
    """Measure, and say so."""
    asked = _arguments()
    chance = random.Random(SEED)
    profiles = [(f"p{number}", make_criteria(chance)) for number in range(asked.profiles)]
    notices = [(number, make_notice(chance, number)) for number in range(asked.notices)]
    say(f"{len(profiles)} profiles, {len(notices)} notices, seed {SEED}")
    engine, build_seconds = timed(lambda: Engine(profiles))
    say(f"engine built in {build_seconds:.2f} s")
    if asked.engine_alone:
        show([beside_analysis(engine, notices, asked.profiles)], as_json=asked.json)
        return 0
    sample = notices[:: max(1, len(notices) // asked.sample)][: asked.sample]
    say(f"both in turns on a sample of {len(sample)} notices")
    ours, peer, pairs = in_turns(profiles, engine, sample, asked.rounds)
    say(f"equal: {pairs} pairs; naive {peer:.2f} s, engine {ours:.3f} s, {peer / ours:.1f} times")
    report_all(engine, notices, len(profiles))
    per_notice = 1000 / len(sample)
    unit = f"ms a notice against {len(profiles)} profiles"
    beside_naive = answer("match", ours * per_notice, peer * per_notice, unit, GOAL)
    ours, peer = beside_batch(profiles, engine, notices)
    per_notice = 1000 / len(notices)
    batch = answer("match-batch", ours * per_notice, peer * per_notice, unit, BATCH_GOAL)
    show([batch, beside_naive], as_json=asked.json)
    return 0


def answer(name: str, ours: float, peer: float, unit: str, goal: float) -> dict[str, object]:
    """Return one figure beside its peer."""
    ratio = round(peer / ours, 2)
    return {
        "name": name,
        "ours": round(ours, 3),
        "peer": round(peer, 3),
        "unit": unit,
        "ratio": ratio,
        "goal": goal,
        "holds": ratio >= goal,
    }


def show(answers: Iterable[dict[str, object]], *, as_json: bool) -> None:
    """Print figures: one object a line, or for people."""
    for one in answers:
        print(json.dumps(one) if as_json else "".join(f"{key}: {value}\n" for key, value in one.items()))


def beside_analysis(engine: Engine, notices: Notices, profile_count: int) -> dict[str, object]:
    """Return what finding costs, profiles counted and not named, beside analysing the same notices."""
    # The second time: words that were met before are known to both.
    for _ in range(2):
        gc.collect()
        _, analysing = timed(lambda: [analyse_notice(notice) for _, notice in notices])
    told, seconds = timed(lambda: sum(len(one.profile_ids) for one in engine.match(notices)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"{told} pairs, peak memory {peak:.0f} MB, the profiles as made here included")
    unit = f"s for {len(notices)} notices x {profile_count} profiles; the peer is analysing them"
    return answer("match-alone", seconds - analysing, analysing, unit, ALONE_GOAL)


def beside_batch(profiles: Profiles, engine: Engine, notices: Notices) -> tuple[float, float]:
    """Give all notices to the engine and to tantivy in turns; return the seconds of each."""
    batch = Batch(profiles)
    ours = peer = 0.0
    for turn in range(BATCH_TURNS):
        gc.collect()
        pairs, seconds = timed(lambda: sum(len(one.profile_ids) for one in engine.match(notices)))
        ours += seconds
        proposed, seconds = timed(lambda: batch.match(notices))
        peer += seconds
        say(
            f"  turn {turn + 1} of {BATCH_TURNS}: engine {ours:.2f} s for {pairs} pairs with reasons, "
            f"tantivy {peer:.2f} s for {proposed} without"
        )
    return ours / BATCH_TURNS, peer / BATCH_TURNS


class Batch:
    """tantivy the other way round: notices are documents, each profile is a query."""

    def __init__(self, profiles: Profiles) -> None:
        builder = tantivy.SchemaBuilder()
        for name in ("trade", "code", "word", "place"):
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
        self.schema = builder.build()
        self.queries = [self._query(criteria) for _, criteria in profiles]

    def match(self, notices: Notices) -> int:
        """Index notices, ask every query, and return how many pairs came."""
        index = tantivy.Index(self.schema)
        writer = index.writer(num_threads=1)
        for _, notice in notices:
            writer.add_document(self._document(notice))
        writer.commit()
        index.reload()
        searcher = index.searcher()
        return sum(len(searcher.search(query, len(notices), count=False).hits) for query in self.queries)

    def _document(self, notice: Notice) -> tantivy.Document:
        analysed = analyse_notice(notice)
        codes = [
            *((notice.cpv_main,) if notice.cpv_main else ()),
            *(c for lot in notice.lots for c in lot.cpv_codes),
        ]
        places = [place.departement for place in notice.places if place.departement]
        document = tantivy.Document()
        for trade in analysed.findings:
            document.add_text("trade", trade)
        for prefix in {code[:digits] for code in codes for digits in range(2, 9)}:
            document.add_text("code", prefix)
        for stem in analysed.stems:
            document.add_text("word", stem)
        for place in places or [UNKNOWN]:
            document.add_text("place", place)
        return document

    def _query(self, criteria: Criteria) -> tantivy.Query:
        must, should = tantivy.Occur.Must, tantivy.Occur.Should
        prefixes = [code.rstrip("0").ljust(2, "0") for code in criteria.cpv_codes]
        words = [stem for text in criteria.words for stem in stems(text)[:1]]
        topic = [
            *(self._term("trade", trade) for trade in criteria.trades),
            *(self._term("code", prefix) for prefix in prefixes),
            *(self._term("word", stem) for stem in words),
        ]
        known = [*criteria.departements, *((UNKNOWN,) if criteria.pass_unknown else ())]
        place = [self._term("place", name) for name in known]
        out = [self._term("word", stem) for text in criteria.words_out for stem in stems(text)[:1]]
        return tantivy.Query.boolean_query(
            [
                (must, tantivy.Query.boolean_query([(should, one) for one in topic])),
                (must, tantivy.Query.boolean_query([(should, one) for one in place])),
                *((tantivy.Occur.MustNot, one) for one in out),
            ]
        )

    def _term(self, field: str, value: str) -> tantivy.Query:
        return tantivy.Query.term_query(self.schema, field, value, index_option="basic")


def in_turns(profiles: Profiles, engine: Engine, sample: Notices, rounds: int) -> tuple[float, float, int]:
    """Give both the same notices, a part each turn; return the seconds of each and how many pairs."""
    ours = peer = 0.0
    count = 0
    for turn in range(rounds):
        part = sample[turn::rounds]
        # Words that both have met: whoever comes first has no disadvantage.
        for _, notice in part:
            analyse_notice(notice)
        told, seconds = found(lambda notices: named(engine, notices), part)
        ours += seconds
        naive, seconds = found(lambda notices: naive_match(profiles, notices), part)
        peer += seconds
        quick = sorted(in_pairs(told), key=lambda pair: (pair[1], int(pair[0][1:])))
        assert quick == naive, "the engine and the naive loop differ"
        count += len(quick)
        say(f"  turn {turn + 1} of {rounds}: naive {peer:.2f} s, engine {ours:.3f} s, {count} equal pairs")
    return ours, peer, count


def named(engine: Engine, notices: Iterable[tuple[int, Notice]]) -> Iterator[Told]:
    """Yield whom notices concern, every profile by its name."""
    return (told._replace(profile_ids=list(told.profile_ids)) for told in engine.match(notices))


def found(
    find: Callable[[Iterable[tuple[int, Notice]]], Iterable[Made]], notices: Notices
) -> tuple[list[Made], float]:
    """Return all that is found, and the seconds from the first notice taken to the last pair."""
    gc.collect()
    watch = Watch(notices)
    made = list(find(watch))
    return made, process_time() - watch.started


def report_all(engine: Engine, notices: Notices, profile_count: int) -> None:
    """Take all notices through the engine alone, and say what of it is analysing them."""
    gc.collect()
    _, analysing = timed(lambda: [analyse_notice(notice) for _, notice in notices])
    watch = Watch(notices)
    pairs = 0
    said_seconds = 0
    for number, _, profile_ids in named(engine, watch):
        pairs += len(profile_ids)
        if process_time() - watch.started > said_seconds + 5:
            said_seconds += 5
            say(f"  {number} of {len(notices)} notices after {said_seconds} s")
    seconds = process_time() - watch.started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(
        f"engine alone, {len(notices)} notices x {profile_count} profiles: {seconds:.2f} s"
        f" (of it {analysing:.2f} s to analyse the notices), {pairs} pairs, peak memory {peak:.0f} MB"
    )


def make_criteria(chance: random.Random) -> Criteria:
    """Make what one firm asks for."""
    crafts = one_of(chance, CRAFTS, 2 if chance.random() < 0.12 else 1)
    home = one_of(chance, DEPARTEMENTS, 1)[0]
    around = NEIGHBOURS[home].split() if chance.random() < 0.35 else []
    by_codes = chance.random() < 0.08
    codes = [code for craft in crafts for code in get_trade(craft).cpv_codes]
    minimum = chance.choice((20_000, 50_000, 90_000)) if chance.random() < 0.15 else None
    maximum = chance.choice((150_000, 400_000, 1_000_000)) if chance.random() < 0.25 else None
    return Criteria(
        trades=() if by_codes else tuple(crafts),
        cpv_codes=tuple(chance.sample(codes, 2)) if by_codes else (),
        words=(chance.choice(EXTRA_WORDS),) if chance.random() < 0.15 else (),
        words_out=("désamiantage",) if chance.random() < 0.1 else (),
        departements=(home, *around),
        minimum_cents=None if minimum is None else minimum * 100,
        maximum_cents=None if maximum is None else maximum * 100,
        pass_unknown=chance.random() < 0.95,
    )


def make_notice(chance: random.Random, number: int) -> Notice:
    """Make one notice: half are works, a third of them in lots, most of all in Brittany."""
    departement = one_of(chance, DEPARTEMENTS, 1)[0] if chance.random() < 0.7 else chance.choice(ELSEWHERE)
    is_works = chance.random() < 0.5
    crafts = (
        one_of(chance, CRAFTS, chance.randint(2, 8)) if chance.random() < 0.35 else one_of(chance, CRAFTS, 1)
    )
    lots = (
        tuple(make_lot(chance, at, craft) for at, craft in enumerate(crafts, start=1))
        if len(crafts) > 1
        else ()
    )
    topic = "" if len(crafts) > 1 else f" - {chance.choice(get_trade(crafts[0]).words)}"
    title = (
        f"{chance.choice(WORKS)} {chance.choice(PLACES)}{topic}" if is_works else chance.choice(OTHER_TITLES)
    )
    code = "45000000" if lots else chance.choice(get_trade(crafts[0]).cpv_codes)
    return Notice(
        feed_id="bench",
        source_id=str(number),
        version="01",
        kind=chance.choices(list(NoticeKind), (75, 12, 3, 8, 1, 1))[0],
        title=title,
        languages=("fr",),
        buyer=Buyer(name=f"Commune de Kerlann {number}", departement=departement),
        description=" ".join(chance.choices(PROSE, k=chance.randint(2, 6))),
        nature=Nature.WORKS if is_works else Nature.SERVICES,
        cpv_main=(code if is_works else chance.choice(OTHER_CODES)) if chance.random() < 0.85 else None,
        places=(Place(departement=departement),) if chance.random() < 0.9 else (),
        lots=lots if is_works else (),
        value=Money(chance.randrange(2_000_000, 300_000_000), "EUR") if chance.random() < 0.25 else None,
    )


def make_lot(chance: random.Random, number: int, craft: str) -> Lot:
    """Make one lot, named in a word of its craft."""
    trade = get_trade(craft)
    return Lot(
        lot_id=str(number),
        title=f"Lot {number} : {chance.choice(trade.words)}",
        cpv_codes=(chance.choice(trade.cpv_codes),) if chance.random() < 0.7 else (),
        value=Money(chance.randrange(1_000_000, 60_000_000), "EUR") if chance.random() < 0.2 else None,
    )


def one_of(chance: random.Random, weighted: dict[str, int], count: int) -> list[str]:
    """Return *count* different names, the heavy ones more often."""
    left = dict(weighted)
    names = []
    for _ in range(count):
        name = chance.choices(list(left), list(left.values()))[0]
        names.append(name)
        del left[name]
    return names


def timed(make: Callable[[], Made]) -> tuple[Made, float]:
    """Return what was made, and the seconds that it took."""
    started = process_time()
    made = make()
    return made, process_time() - started


def say(line: str) -> None:
    """Tell how far it is: beside the answer, which scripts read."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="the last line is one object")
    parser.add_argument("--profiles", type=int, default=45_000)
    parser.add_argument("--notices", type=int, default=1_000)
    parser.add_argument("--sample", type=int, default=20, help="notices that the naive loop is asked too")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--engine-alone", action="store_true", help="beside analysing the notices, no other peer"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
