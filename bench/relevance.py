"""How many of the notices that a craftsman could answer are found, and how many of those found he could.

In:   the folder of real notices (``--corpus``), and ``relevance_labels/``: what two readers said of them, lot
      by lot and trade by trade (docs/relevance.md has their rule; ids and labels only, no texts).
Out:  recall and precision by trade with their 95 % intervals (Wilson), the confusion between trades, the
      worst misses and false alarms; for ours with words alone (CPV hidden) and with the CPV
      visible, beside two peers: CPV prefixes alone, and the trade's name as a keyword.

A pair is a document and a trade; it counts as right where one of its lots was read as "yes".  "partly" is
shown in two ways: as wrong (``precision``), and left out of the count (``but partly``).  Rules are tuned on
three quarters of the documents, by their numbers; ``--part held`` shows the last one.  ``--part training``
shows 1,600 titles of BOAMP that one reader alone has read, to learn words from: they measure nothing.

With ``--end-to-end`` the same TED documents go through ``alerting match try`` instead: as published, with the
elements of their codes deleted, emptied, or filled with codes that are none; profiles of each labelled trade,
by one of its names, in each département.  The pairs must be the bench's own.

With ``--invented FILE`` whole notices that were made up stand in for the real ones, with all trades
(tests/unit/notices/*.toml); a trade with a "?" behind it is "partly".

Two truths: the readers', and (``--truth cpv``) the buyers' own codes, which are noisy: a works notice of
twenty lots often carries 45000000 alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from alerting.domain.analysed import stated_codes
from alerting.domain.cpv import cpv_covers
from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.notice import Lot, Nature, Notice, NoticeKind
from alerting.domain.trade import Strictness
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.pipeline.check import check
from alerting.reference.nuts import departements
from alerting.reference.trades import get_trade, trades as all_trades
from alerting.text.analysis import stems


LABELS = Path(__file__).parent / "relevance_labels"
GOALS = {"words": (0.95, 0.85), "cpv": (0.98, 0.92)}
Z_95 = 1.959964
WORST = 20
HELD = 3
TED = "ted-legacy/fr"
# What may become of a document's codes before it comes to us.
_CODE = re.compile(rb'(<(?:[A-Z]+_)?CPV(?:_[A-Z]+)*\b[^>]*?CODE=")\d{8}[^"]*(")')
_ELEMENT = re.compile(
    rb"<((?:ORIGINAL_)?CPV(?:_MAIN|_ADDITIONAL|_CODE|_SUPPLEMENTARY_CODE)?)\b(?:[^>]*/>|[^>]*>.*?</\1>)",
    re.DOTALL,
)
WAYS: Mapping[str, Callable[[bytes], bytes]] = {
    "as published": lambda body: body,
    "deleted": lambda body: _ELEMENT.sub(b"", body),
    "emptied": lambda body: _ELEMENT.sub(rb"<\1></\1>", body),
    "without digits": lambda body: _CODE.sub(rb"\1\2", body),
    "no codes": lambda body: _CODE.sub(rb"\g<1>00000000\2", body),
}


@dataclass(frozen=True)
class Read:
    """One document, and what was read of it: trade to "yes" or "partly"."""

    document: str
    notice: Notice
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Score:
    """Counts of pairs."""

    found: int = 0
    right: int = 0
    partly: int = 0
    yes: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def recall(self) -> float:
        """Return the share of what could be answered that was found."""
        return self.right / self.yes if self.yes else 0.0

    @property
    def precision(self) -> float:
        """Return the share of what was found that could be answered."""
        return self.right / self.found if self.found else 0.0

    @property
    def precision_but_partly(self) -> float:
        """Return the same without the pairs that were read as "partly"."""
        counted = self.found - self.partly
        return self.right / counted if counted else 0.0


def main() -> None:
    """Read the labels and the notices, ask each method, and print what came of it."""
    arguments = _arguments()
    if arguments.invented is not None:
        _measure(invented(arguments.invented), sorted(trade.trade_id for trade in all_trades()), arguments)
        return
    if not arguments.corpus.is_dir():
        print(f"no folder of real notices at {arguments.corpus}: name one with --corpus", file=sys.stderr)
        return
    labels, documents = _labels(arguments.part)
    labelled = {trade for by_trade in labels.values() for trade in by_trade}
    trades = sorted({trade.trade_id for trade in all_trades()} if arguments.part == "training" else labelled)
    read = [
        Read(name, notice, labels.get(name, {}))
        for name, notice in _notices(arguments.corpus)
        if name in documents
    ]
    print(f"{len(read)} documents, {len(trades)} trades, part: {arguments.part}", file=sys.stderr)
    if arguments.end_to_end:
        _show_end_to_end(
            arguments.corpus,
            [one for one in read if (arguments.corpus / TED / one.document).is_file()],
            trades,
        )
        return
    if arguments.truth == "cpv":
        read = [_labelled_by_codes(one, trades) for one in read if stated_codes(one.notice)]
    _measure(read, trades, arguments)


def _measure(read: list[Read], trades: list[str], arguments: argparse.Namespace) -> None:
    results = {}
    for name, method in _methods(Strictness(arguments.strictness)).items():
        results[name] = {trade: [one for one in read if method(one.notice, trade)] for trade in trades}
        _show(name, results[name], read, trades, is_long=arguments.details == name)
    _close(results, read, trades, as_json=arguments.json)


def _show_end_to_end(corpus: Path, read: list[Read], trades: list[str]) -> None:
    """Print what ``alerting match try`` finds in documents whose codes were hidden in several ways."""
    methods = _methods(Strictness.NORMAL)
    yes = {(one.document, trade) for one in read for trade, label in one.labels.items() if label == "yes"}
    partly = {
        (one.document, trade) for one in read for trade, label in one.labels.items() if label == "partly"
    }
    for way, hide in WAYS.items():
        method = methods["ours, CPV visible" if way == "as published" else "ours, words alone"]
        expected = {(one.document, trade) for one in read for trade in trades if method(one.notice, trade)}
        started = time.perf_counter()
        found = _try_documents([corpus / TED / one.document for one in read], trades, hide)
        seconds = time.perf_counter() - started
        counts = Score(len(found), len(found & yes), len(found & partly), len(yes))
        same = (
            "the bench's pairs" if found == expected else f"{len(found ^ expected)} pairs unlike the bench's"
        )
        print(f"{way}: {_line(counts)}; {same}; {seconds:.1f} s")


def _try_documents(
    paths: list[Path], trades: list[str], hide: Callable[[bytes], bytes]
) -> set[tuple[str, str]]:
    """Return the pairs of document and trade that the command finds, whatever the département."""
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder) / "documents"
        documents.mkdir()
        for path in paths:
            (documents / path.name).write_bytes(hide(path.read_bytes()))
        profiles = Path(folder) / "profiles.toml"
        profiles.write_text("\n".join(map(_firm, trades)))
        command = [Path(sys.executable).with_name("alerting"), "match", "try", "--json"]
        command += ["--profiles", profiles, "--notices", documents]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = map(json.loads, output.splitlines())
    return {(Path(row["path"]).name, row["profile_id"].rsplit("@", 1)[0]) for row in rows}


def _firm(trade: str) -> str:
    """Return a firm that names its trade as people do, with a profile in each département."""
    name = json.dumps(get_trade(trade).synonyms[0].upper(), ensure_ascii=False)
    profiles = "".join(
        f'[[firm.profile]]\nid = "{trade}@{number}"\ntrades = [{name}]\ndepartements = ["{number}"]\n'
        for number in departements()
    )
    return f'[[firm]]\nid = "{trade}"\n{profiles}'


def _methods(strictness: Strictness) -> dict[str, Callable[[Notice, str], bool]]:
    return {
        "ours, words alone": lambda notice, trade: _ours(without_codes(notice), trade, strictness),
        "ours, CPV visible": lambda notice, trade: _ours(notice, trade, strictness),
        "peer: CPV prefixes": _by_prefix,
        "peer: the trade's name": _by_name,
    }


def _ours(notice: Notice, trade: str, strictness: Strictness) -> bool:
    criteria = compile_criteria(Criteria(trades=(trade,), kinds=tuple(NoticeKind), strictness=strictness))
    return decide(criteria, _analysed(notice)).accepted


_cache: dict[int, tuple[Notice, object]] = {}


def _analysed(notice: Notice):  # noqa: ANN202
    """Analyse a notice once for all trades."""
    if id(notice) not in _cache:
        _cache[id(notice)] = (notice, analyse_notice(notice))
    return _cache[id(notice)][1]


_stripped: dict[int, tuple[Notice, Notice]] = {}


def without_codes(notice: Notice) -> Notice:
    """Return a notice, always the same one for it, as if its buyer had given no codes."""
    if id(notice) not in _stripped:
        lots = tuple(replace(lot, cpv_codes=()) for lot in notice.lots)
        _stripped[id(notice)] = (notice, replace(notice, cpv_main=None, cpv_additional=(), lots=lots))
    return _stripped[id(notice)][1]


def _by_prefix(notice: Notice, trade: str) -> bool:
    codes = stated_codes(notice)
    known = get_trade(trade)
    return any(
        cpv_covers(wanted, code) and not any(cpv_covers(out, code) for out in known.cpv_codes_out)
        for wanted in known.cpv_codes
        for code in codes
    )


def _by_name(notice: Notice, trade: str) -> bool:
    wanted = stems(trade.replace("-", " "))
    texts = [
        notice.title,
        notice.description,
        *(text for lot in notice.lots for text in (lot.title, lot.description)),
    ]
    return any(_stands_in(wanted, stems(text)) for text in texts if text)


def _stands_in(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return any(found[start : start + len(wanted)] == wanted for start in range(len(found)))


def _labelled_by_codes(one: Read, trades: Iterable[str]) -> Read:
    return replace(one, labels={trade: "yes" for trade in trades if _by_prefix(one.notice, trade)})


def _labels(part: str) -> tuple[dict[str, dict[str, str]], set[str]]:
    prefix = "training_" if part == "training" else ""
    lines = (LABELS / f"{prefix}documents.txt").read_text().splitlines()
    documents = {line for line in lines if part == "training" or _is_in(line, part)}
    labels: defaultdict[str, dict[str, str]] = defaultdict(dict)
    with (LABELS / f"{prefix}labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["document"] in documents and row["label"] in {"yes", "partly"}:
                of_document = labels[row["document"]]
                if of_document.get(row["trade"]) != "yes":
                    of_document[row["trade"]] = row["label"]
    return dict(labels), documents


def _is_in(document: str, part: str) -> bool:
    digits = re.findall(r"\d+", document)
    number = int(digits[-1] if document.startswith("boamp:") else max(digits, key=len)) if digits else 0
    # One in four is held: the two bits above the last, which is that of the source's own choice.
    is_for_tuning = (number // 2) % 4 != HELD
    return part == "all" or is_for_tuning == (part == "tuning")


def _notices(corpus: Path) -> Iterator[tuple[str, Notice]]:
    folders = ("ted-legacy/fr", "eforms/real-ojs", "boamp/xml-v325-2026", "boamp/xml-v230-2017")
    paths = [path for folder in folders for path in sorted((corpus / folder).rglob("*.xml"))]
    paths += [
        corpus / "boamp/api-v21/record_15-31501_bretagne_abridged.json",
        corpus / "boamp/api-v21/records_full_MAPA_2024-07.json",
    ]
    for path in paths:
        notices = check(str(path), path.read_bytes()).notices
        for notice in notices:
            yield (path.name if len(notices) == 1 else f"{path.name}#{notice.source_id}"), notice
    for record in json.loads((corpus / "boamp/api-v21/records_sixfields_even_5000.json").read_text()):
        yield (
            f"boamp:{record['idweb']}",
            Notice(
                feed_id="boamp",
                source_id=record["idweb"],
                version=None,
                kind=NoticeKind.CALL,
                title=record["objet"],
            ),
        )


def invented(path: Path) -> list[Read]:
    """Return the notices of a file, with what is labelled of them, "lot by lot" or as a whole."""
    return [
        _invented(f"{path.stem} {number}", entry)
        for number, entry in enumerate(tomllib.loads(path.read_text())["notice"])
    ]


def _invented(name: str, entry: Mapping[str, Any]) -> Read:
    rows = entry.get("lots", [])
    codes = entry["cpv"].split()
    lots = (
        Lot(str(number), title, description or None, tuple(cpv.split()))
        for number, (title, description, cpv, _) in enumerate(rows, 1)
    )
    notice = Notice(
        feed_id="invented",
        source_id=name,
        version=None,
        kind=NoticeKind.CALL,
        title=entry["title"],
        description=entry["description"],
        nature=Nature(entry["nature"]),
        cpv_main=codes[0],
        cpv_additional=tuple(codes[1:]),
        lots=tuple(lots),
    )
    words = " ".join((entry.get("trades", ""), *(labelled for *_, labelled in rows))).split()
    partly = {word.removesuffix("?"): "partly" for word in words if word.endswith("?")}
    return Read(name, notice, partly | {word: "yes" for word in words if not word.endswith("?")})


def _score(found: Iterable[Read], read: Iterable[Read], trade: str) -> Score:
    labels = [one.labels.get(trade) for one in found]
    return Score(
        found=len(labels),
        right=labels.count("yes"),
        partly=labels.count("partly"),
        yes=sum(one.labels.get(trade) == "yes" for one in read),
    )


def _show(
    name: str, found: Mapping[str, list[Read]], read: list[Read], trades: list[str], *, is_long: bool
) -> None:
    scores = {trade: _score(found[trade], read, trade) for trade in trades}
    total = sum(scores.values(), Score())
    print(f"\n{name}: {_line(total)}")
    if not is_long:
        return
    for trade, score in scores.items():
        print(f"  {trade:20} {_line(score)}")
    _show_worst(found, read, trades)
    _show_confusion(found, trades)


def _show_worst(found: Mapping[str, list[Read]], read: list[Read], trades: list[str]) -> None:
    names = {trade: {one.document for one in found[trade]} for trade in trades}
    misses = [
        f"{one.document} {trade}"
        for one in read
        for trade in trades
        if one.labels.get(trade) == "yes" and one.document not in names[trade]
    ]
    alarms = [
        f"{one.document} {trade}" for trade in trades for one in found[trade] if not one.labels.get(trade)
    ]
    print(f"  missed ({len(misses)}):", *misses[:WORST], sep="\n    ")
    print(f"  false alarms ({len(alarms)}):", *alarms[:WORST], sep="\n    ")


def _show_confusion(found: Mapping[str, list[Read]], trades: list[str]) -> None:
    confused = Counter(
        (trade, other)
        for trade in trades
        for one in found[trade]
        if not one.labels.get(trade)
        for other, label in one.labels.items()
        if label == "yes"
    )
    print("  told to, where it was for:")
    for (trade, other), count in confused.most_common(10):
        print(f"    {trade} <- {other}: {count}")


def _line(score: Score) -> str:
    return (
        f"recall {score.recall:.3f} {_interval(score.right, score.yes)}, "
        f"precision {score.precision:.3f} {_interval(score.right, score.found)}, "
        f"but partly {score.precision_but_partly:.3f}; {score.right} of {score.yes} found, {score.found} told"
    )


def _interval(right: int, count: int) -> str:
    """Return Wilson's interval of a proportion, at 95 %."""
    if not count:
        return "[-]"
    share, z2 = right / count, Z_95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = Z_95 / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5
    return f"[{max(0.0, middle - reach):.2f}-{min(1.0, middle + reach):.2f}]"


def _close(
    results: Mapping[str, Mapping[str, list[Read]]], read: list[Read], trades: list[str], *, as_json: bool
) -> None:
    def total(name: str) -> Score:
        return sum((_score(results[name][trade], read, trade) for trade in trades), Score())

    words, codes = total("ours, words alone"), total("ours, CPV visible")
    yes = Counter({trade: sum(one.labels.get(trade) == "yes" for one in read) for trade in trades})
    names = [trade for trade, _ in yes.most_common(3)]
    digest = sum((_score(results["ours, CPV visible"][trade], read, trade) for trade in names), Score())
    print(f"\ndigests of {', '.join(names)}: precision {digest.precision_but_partly:.3f}")
    if as_json:
        print(json.dumps(_figure(words, codes, total("peer: the trade's name"))))


def _figure(words: Score, codes: Score, peer: Score) -> dict[str, object]:
    recall, precision = GOALS["words"]
    return {
        "name": "relevance",
        "ours": round(words.recall, 3),
        "peer": round(peer.recall, 3),
        "unit": "recall, words alone",
        "ratio": round(words.recall / peer.recall, 2) if peer.recall else None,
        "goal": recall,
        "holds": words.recall >= recall and words.precision >= precision,
        "precision": round(words.precision, 3),
        "precision_but_partly": round(words.precision_but_partly, 3),
        "recall_with_cpv": round(codes.recall, 3),
        "precision_with_cpv": round(codes.precision, 3),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=("tuning", "held", "all", "training"), default="held")
    parser.add_argument("--invented", type=Path, metavar="FILE", help="whole notices made up, with labels")
    parser.add_argument("--truth", choices=("read", "cpv"), default="read")
    parser.add_argument("--strictness", choices=tuple(Strictness), default=Strictness.NORMAL)
    parser.add_argument("--details", default="ours, words alone")
    parser.add_argument("--end-to-end", action="store_true", help="by the command, with the TED documents")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
