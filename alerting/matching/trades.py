"""Find the trades that a notice asks for, lot by lot: once for every profile that will be held against it.

In:   a notice with its texts analysed.
Out:  for each trade that is spoken of, one finding a lot (or one of the whole), with points.

Titles say what is bought; descriptions also name what stands beside it.  So a craft's word in a
title counts three, in a description half of that, and less where the title names another
craft or the description names many: "réhabilitation de l'école, tous corps d'état" is no painter's lot.
What is bought must be the craft's to do: a title's first act decides between work, design,
training, supply and more (``reference.acts``).

Where the lots of a notice name trades, they alone speak; else what the notice says holds for all of them.

Source of the numbers: bench/relevance.py, on the half of the labelled notices that is for tuning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from alerting.domain.criteria import CPV_DIVISION_DIGITS, AnalysedText, Phrase, cpv_covers
from alerting.domain.notice import Lot, Nature, Notice
from alerting.domain.trade import Act, TradeFinding
from alerting.reference.acts import act_of_cpv, design_always, joined_work, words_of_acts
from alerting.reference.trades import Trade, trades
from alerting.text.analysis import analyse, folded, stems


Findings = Mapping[str, tuple[TradeFinding, ...]]

WORD_POINTS = 3.0
HINT_POINTS = 1.0
CODE_POINTS = 3.0
FURTHER_CODE_POINTS = 1.5
IN_DESCRIPTION = 0.5
BESIDE_OTHERS = 0.25
MANY_TRADES = 4
# Words between which a phrase may stand: "pompe à chaleur" is "pompe chaleur".
LINKING = frozenset(stems("de du des la le les et à a au aux en un une pour par sur dans avec ou"))
JOINING = frozenset(stems("et la le les ou à"))
LEAD_STEMS = 25
SHORT_STEMS = 12
MOST_BESIDE = 1.5
MOST_OF_HINTS = 1.5


@dataclass(frozen=True, slots=True)
class _Entry:
    """A phrase of the lexicon: of which trade, and what it is worth there; 0 for one that stands apart.

    Stems find it, and the forms confirm it: "bâtir" and "bâtiment" share a stem, and mean two things.
    """

    phrase: Phrase
    forms: tuple[str, ...]
    trade: int
    points: float


@dataclass(frozen=True, slots=True)
class _Hit:
    entry: _Entry
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is judged as one: a lot, or a notice that is not divided."""

    lot_id: str | None
    leads: tuple[AnalysedText, ...]
    bodies: tuple[AnalysedText, ...]
    cpv_codes: tuple[str, ...]
    further_codes: tuple[str, ...]
    act: Act | None
    act_word: str | None


@dataclass(slots=True)
class _Evidence:
    """What speaks for one trade in one unit."""

    lead: float = 0.0
    body: float = 0.0
    codes: float = 0.0
    words: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()


def find_trades(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> Findings:
    """Return what a notice says of each trade that it speaks of, by trade id.

    Args:
        notice: The notice.
        texts: Its title and description, analysed; the second may be missing.
        lot_texts: The same of each lot, in the notice's order; both may be missing.
    """
    whole = _whole(notice, texts, lot_texts)
    if len(notice.lots) <= 1:
        return _by_trade([(whole, _weigh(whole))])
    units = [_lot_unit(lot, analysed, whole) for lot, analysed in zip(notice.lots, lot_texts, strict=True)]
    weighed = [(unit, _weigh(unit)) for unit in units]
    if any(evidence.lead >= WORD_POINTS for _, found in weighed for evidence in found.values()):
        return _by_trade(weighed)
    return _by_trade([(whole, _weigh(whole)), *weighed])


def _whole(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> _Unit:
    leads, bodies = _split(texts, has_title=True)
    only = notice.lots[0] if len(notice.lots) == 1 else None
    if only is not None:
        own_leads, own_bodies = _split(lot_texts[0], has_title=only.title is not None)
        leads, bodies = (*leads, *own_leads), (*bodies, *own_bodies)
    own_codes = only.cpv_codes if only is not None else ()
    act, word = _act(leads) or _act_of_codes(notice) or (_act_of_nature(notice), None)
    return _Unit(
        lot_id=only.lot_id if only is not None else None,
        leads=leads,
        bodies=bodies,
        cpv_codes=(*own_codes[:1], *((notice.cpv_main,) if notice.cpv_main is not None else ())),
        further_codes=(*notice.cpv_additional, *own_codes[1:]),
        act=act,
        act_word=word,
    )


def _lot_unit(lot: Lot, texts: Sequence[AnalysedText], whole: _Unit) -> _Unit:
    leads, bodies = _split(texts, has_title=lot.title is not None)
    act, word = _act(leads) or (whole.act, whole.act_word)
    return _Unit(
        lot_id=lot.lot_id,
        leads=leads,
        bodies=bodies,
        cpv_codes=lot.cpv_codes[:1],
        further_codes=lot.cpv_codes[1:],
        act=act,
        act_word=word,
    )


def _split(
    texts: Sequence[AnalysedText], *, has_title: bool
) -> tuple[tuple[AnalysedText, ...], tuple[AnalysedText, ...]]:
    """Return what says what is bought, and the rest; a description leads where short, or its title mute."""
    titles, bodies = tuple(texts[:has_title]), tuple(texts[has_title:])
    if bodies and len(bodies[0].stems) <= SHORT_STEMS:
        return (*titles, bodies[0]), bodies[1:]
    if bodies and not any(_tells(title) for title in titles):
        return (*titles, _beginning(bodies[0])), bodies
    return titles, bodies


def _tells(title: AnalysedText) -> bool:
    """Tell whether a title names an act or a trade, and not only a number or a place."""
    by_first = (_act_entries(), _lexicon().by_first)
    return any(next(iter(_hits(title, entries)), None) is not None for entries in by_first)


def _beginning(text: AnalysedText) -> AnalysedText:
    if len(text.stems) <= LEAD_STEMS:
        return text
    stems_kept = text.stems[:LEAD_STEMS]
    positions = {
        stem: tuple(place for place in places if place < LEAD_STEMS)
        for stem, places in text.positions.items()
        if places[0] < LEAD_STEMS
    }
    return AnalysedText(text.text, stems_kept, text.spans[:LEAD_STEMS], positions)


def _by_trade(weighed: Iterable[tuple[_Unit, Mapping[int, _Evidence]]]) -> Findings:
    found: defaultdict[str, list[TradeFinding]] = defaultdict(list)
    for unit, by_trade in weighed:
        for number, evidence in by_trade.items():
            trade = _lexicon().trades[number]
            suits = unit.act is None or unit.act.value in trade.acts or _is_of_trade(unit, evidence)
            found[trade.trade_id].append(
                TradeFinding(
                    lot_id=unit.lot_id,
                    label=trade.label,
                    points=evidence.lead + evidence.body + evidence.codes,
                    words=evidence.words,
                    cpv_codes=evidence.cpv_codes,
                    act=None if suits else unit.act,
                    act_word=None if suits else unit.act_word,
                )
            )
    return {trade_id: tuple(findings) for trade_id, findings in found.items()}


def _is_of_trade(unit: _Unit, evidence: _Evidence) -> bool:
    """Tell whether the act's word is part of the trade's own: "location et entretien de linge"."""
    return unit.act_word is not None and any(unit.act_word in words for words in evidence.words)


def _weigh(unit: _Unit) -> dict[int, _Evidence]:
    lead_hits = _hits_by_trade(unit.leads)
    body_hits = _hits_by_trade(unit.bodies)
    in_lead = {trade for trade, hits in lead_hits.items() if _points(hits) >= WORD_POINTS}
    in_body = sum(1 for hits in body_hits.values() if _points(hits) >= WORD_POINTS)
    evidence: defaultdict[int, _Evidence] = defaultdict(_Evidence)
    for trade, hits in lead_hits.items():
        evidence[trade].lead = _points(hits)
        evidence[trade].words = _words(hits)
    for trade, hits in body_hits.items():
        is_beside = (in_lead and trade not in in_lead) or in_body >= MANY_TRADES
        points = _points(hits)
        evidence[trade].body = (
            min(MOST_BESIDE, points * BESIDE_OTHERS) if is_beside else points * IN_DESCRIPTION
        )
        evidence[trade].words = tuple(dict.fromkeys((*evidence[trade].words, *_words(hits))))
    _weigh_codes(unit, evidence)
    for trade in [number for number in evidence if _is_out(number, unit.leads)]:
        del evidence[trade]
    return dict(evidence)


def _weigh_codes(unit: _Unit, evidence: defaultdict[int, _Evidence]) -> None:
    lexicon = _lexicon()
    for codes, points in ((unit.cpv_codes, CODE_POINTS), (unit.further_codes, FURTHER_CODE_POINTS)):
        for code in codes:
            for number in lexicon.trades_of_code(code):
                found = evidence[number]
                found.codes = max(found.codes, points)
                found.cpv_codes = tuple(dict.fromkeys((*found.cpv_codes, code)))


def _hits_by_trade(texts: Sequence[AnalysedText]) -> dict[int, list[_Hit]]:
    by_trade: dict[int, list[_Hit]] = {}
    for text in texts:
        of_text: defaultdict[int, list[_Hit]] = defaultdict(list)
        for hit in _hits(text, _lexicon().by_first):
            of_text[hit.entry.trade].append(hit)
        for trade, hits in of_text.items():
            kept = _standing(hits)
            if kept:
                by_trade.setdefault(trade, []).extend(kept)
    return by_trade


def _hits(text: AnalysedText, by_first: Mapping[str, Sequence[_Entry]]) -> Iterable[_Hit]:
    places = [place for place, stem in enumerate(text.stems) if stem not in LINKING]
    content = [text.stems[place] for place in places]
    for start, stem in enumerate(content):
        for entry in by_first.get(stem, ()):
            end = start + len(entry.phrase)
            if tuple(content[start:end]) == entry.phrase and _has_forms(text, places[start:end], entry.forms):
                first, last = text.spans[places[start]], text.spans[places[end - 1]]
                yield _Hit(entry, start, end, text.text[first[0] : last[1]])


def _has_forms(text: AnalysedText, places: Sequence[int], forms: Sequence[str]) -> bool:
    spans = (text.spans[place] for place in places)
    return all(_form(text.text[start:end]) == form for (start, end), form in zip(spans, forms, strict=True))


def _form(word: str) -> str:
    """Return a word as it is looked up: small letters, no accents, no mark of the plural."""
    return folded(word).rstrip("sx")


def _standing(hits: Sequence[_Hit]) -> list[_Hit]:
    """Return one trade's hits without those inside a longer one, or inside words that stand apart."""
    kept: list[_Hit] = []
    for hit in sorted(hits, key=_precedence):
        if not any(hit.start < other.end and other.start < hit.end for other in kept):
            kept.append(hit)
    return sorted((hit for hit in kept if hit.entry.points), key=lambda hit: hit.start)


def _precedence(hit: _Hit) -> tuple[int, bool, float, int]:
    """Order the longest first; of two, what stands apart, then what is worth more."""
    return hit.start - hit.end, hit.entry.points > 0, -hit.entry.points, hit.start


def _points(hits: Sequence[_Hit]) -> float:
    """Return what hits are worth: hints alone, however many, do not make a trade."""
    points = {hit.entry.phrase: hit.entry.points for hit in hits}.values()
    return sum(points) if any(each >= WORD_POINTS for each in points) else min(MOST_OF_HINTS, sum(points))


def _words(hits: Sequence[_Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.words for hit in hits))


def _is_out(trade: int, leads: Sequence[AnalysedText]) -> bool:
    return any(next(iter(_hits(text, _lexicon().out[trade])), None) is not None for text in leads)


def _act(leads: Sequence[AnalysedText]) -> tuple[Act, str] | None:
    """Return the act that the last title to name one begins with: a lot's own before the notice's."""
    for text in reversed(leads):
        hits = sorted(_hits(text, _act_entries()), key=lambda hit: (hit.start, hit.start - hit.end))
        if hits:
            return _first_act(text, hits)
    return None


def _first_act(text: AnalysedText, hits: Sequence[_Hit]) -> tuple[Act, str]:
    first = hits[0]
    act = _ACTS[first.entry.trade]
    if act in _MAY_BE_JOINED and _is_joined_by_work(text, first):
        return Act.WORK, first.words
    always = next(iter(_hits(text, _design_entries())), None)
    if always is not None and always.start > 0 and not _is_joined_by_work(text, always):
        return Act.DESIGN, always.words
    return act, first.words


def _is_joined_by_work(text: AnalysedText, first: _Hit) -> bool:
    """Tell whether work is joined to an act by commas and "et" alone: "études, fourniture et pose"."""
    places = [place for place, stem in enumerate(text.stems) if stem not in LINKING]
    acts = {hit.start: hit for hit in _hits(text, _act_entries())}
    joined = {hit.start for hit in _hits(text, _joined_entries())}
    last = first
    while last.end < len(places):
        between = text.stems[places[last.end - 1] + 1 : places[last.end]]
        if not set(between) <= JOINING:
            return False
        if last.end in joined:
            return True
        following = acts.get(last.end)
        if following is None or _ACTS[following.entry.trade] not in _MAY_BE_JOINED:
            return False
        last = following
    return False


def _act_of_codes(notice: Notice) -> tuple[Act, str] | None:
    if notice.cpv_main is None:
        return None
    act = act_of_cpv(notice.cpv_main)
    return None if act is None else (act, notice.cpv_main)


def _act_of_nature(notice: Notice) -> Act | None:
    return {Nature.WORKS: Act.WORK, Nature.SUPPLIES: Act.SUPPLY}.get(notice.nature) if notice.nature else None


_ACTS = tuple(Act)
_MAY_BE_JOINED = frozenset({Act.SUPPLY, Act.RENTAL, Act.DESIGN})


@cache
def _act_entries() -> Mapping[str, Sequence[_Entry]]:
    numbers = {act: number for number, act in enumerate(_ACTS)}
    return _index(
        entry
        for act, words in words_of_acts().items()
        for text in words
        for entry in _entry(text, numbers[act], 1.0)
    )


@cache
def _joined_entries() -> Mapping[str, Sequence[_Entry]]:
    return _index(entry for text in joined_work() for entry in _entry(text, 0, 1.0))


@cache
def _design_entries() -> Mapping[str, Sequence[_Entry]]:
    return _index(entry for text in design_always() for entry in _entry(text, 0, 1.0))


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """All trades' phrases by their first stem, and their codes by prefix."""

    trades: tuple[Trade, ...]
    by_first: Mapping[str, Sequence[_Entry]]
    by_prefix: Mapping[str, tuple[int, ...]]
    out: tuple[Mapping[str, Sequence[_Entry]], ...]

    def trades_of_code(self, code: str) -> list[int]:
        """Return the numbers of the trades that a code is of."""
        prefixes = (code[:digits] for digits in range(CPV_DIVISION_DIGITS, len(code) + 1))
        found = dict.fromkeys(number for prefix in prefixes for number in self.by_prefix.get(prefix, ()))
        return [
            number
            for number in found
            if not any(cpv_covers(out, code) for out in self.trades[number].cpv_codes_out)
        ]


@cache
def _lexicon() -> _Lexicon:
    known = trades()
    by_prefix: defaultdict[str, list[int]] = defaultdict(list)
    for number, trade in enumerate(known):
        for code in trade.cpv_codes:
            by_prefix[code[: max(CPV_DIVISION_DIGITS, len(code.rstrip("0")))]].append(number)
    return _Lexicon(
        trades=known,
        by_first=_index(entry for number, trade in enumerate(known) for entry in _entries(number, trade)),
        by_prefix={prefix: tuple(numbers) for prefix, numbers in by_prefix.items()},
        out=tuple(
            _index(entry for text in trade.words_out for entry in _entry(text, number, 1.0))
            for number, trade in enumerate(known)
        ),
    )


def _entries(number: int, trade: Trade) -> Iterable[_Entry]:
    worth = (
        *((text, HINT_POINTS) for text in trade.hints),
        *((text, WORD_POINTS) for text in trade.words),
        *((text, 0.0) for text in trade.apart),
    )
    entries = (entry for text, points in worth for entry in _entry(text, number, points))
    return {(entry.phrase, entry.forms): entry for entry in entries}.values()


def _entry(text: str, number: int, points: float) -> Iterable[_Entry]:
    tokens = [token for token in analyse(text) if token.stem not in LINKING]
    if tokens:
        yield _Entry(
            phrase=tuple(token.stem for token in tokens),
            forms=tuple(_form(text[token.start : token.end]) for token in tokens),
            trade=number,
            points=points,
        )


def _index(entries: Iterable[_Entry]) -> Mapping[str, Sequence[_Entry]]:
    by_first: defaultdict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_first[entry.phrase[0]].append(entry)
    return by_first
