"""What a text asks for: work, goods, a study, a service ...

In:   an analysed text, a code, or what is stated of the whole.
Out:  an act and the word that says it; the first act of a text decides, and what is joined to it may make
      work of it: "études, fourniture et pose".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from alerting.domain.analysed import AnalysedText
from alerting.domain.notice import Nature, Notice
from alerting.domain.trade import Act
from alerting.matching.trades.hits import Hit, content_places, find_hits, slice_text, word_at
from alerting.matching.trades.lexicon import (
    ACTS,
    NO_ACT,
    act_entries,
    always_entries,
    folded_names_of_crafts,
    form_of,
    index_of,
    trade_lexicon,
)
from alerting.matching.trades.named import names_trade
from alerting.reference.acts import act_of_cpv, joined_later, joined_to_design, joined_work
from alerting.text.accents import compile_french
from alerting.text.analysis import folded, stems


JOINING = frozenset(stems("et la le les ou à en"))
# They join nothing by themselves: "vérification et de maintenance" does, "matériel de maintenance" does not.
OF = frozenset(stems("de du des"))
_OF = re.compile(r"\s+(?:de|d['’]|du|des|pour|à|au|aux)\s*(?:l[ae]s?\s+|l['’])?", re.IGNORECASE)
_OF_WHAT = re.compile(r"\s+(?:de\s+|d['’]\s*)", re.IGNORECASE)
# What goods are for; "a pour objet" says what they are.
_PURPOSE = compile_french(
    r"\bpour\b(?! (?:objet|but)\b)|\bdestinée?s? (?:à|aux?)\b|\bnécessaires? (?:à|aux?)\b"
)
_JOINT = re.compile(r"[,/+&]|\b(?:et|ou)\b", re.IGNORECASE)
# Words for what is done, as they are looked up.
_DOING = frozenset({"travau", "prestation", "service"})
_OF_GOODS = frozenset({Act.SUPPLY, Act.RENTAL})
_MAY_BE_JOINED = frozenset({Act.SUPPLY, Act.RENTAL, Act.DESIGN, Act.OTHER})
# A dash or a colon joins nothing to them: "études - entretien", "aide à domicile : entretien du logement".
_JOINED_BY_A_WORD = frozenset({Act.DESIGN, Act.OTHER})


def last_act(texts: Sequence[AnalysedText]) -> tuple[Act, str] | None:
    """Return the first act of the last text that names one."""
    for text in reversed(texts):
        hits = act_hits(text)
        if hits:
            return _first_act(text, hits)
    return None


def act_hits(text: AnalysedText) -> list[Hit]:
    """Return the acts that a text names, the first before the others, the longer before those within it."""
    hits = sorted(find_hits(text, act_entries()), key=lambda hit: (hit.start, hit.start - hit.end))
    return _without_nothings(hits, hits)


def always_hits(text: AnalysedText) -> list[Hit]:
    """Return the acts that a text names by words that say them wherever they stand."""
    hits = list(find_hits(text, always_entries()))
    return _without_nothings(hits, list(find_hits(text, act_entries()))) if hits else hits


def _without_nothings(hits: Sequence[Hit], of_acts: Sequence[Hit]) -> list[Hit]:
    """Return hits without those within words that say no act: "agence pour les chèques-vacances"."""
    nothings = [hit for hit in of_acts if hit.entry.trade == NO_ACT]
    return [
        hit
        for hit in hits
        if hit.entry.trade != NO_ACT
        and not any(hit.start < other.end and other.start < hit.end for other in nothings)
    ]


def _first_act(text: AnalysedText, hits: Sequence[Hit]) -> tuple[Act, str]:
    first = hits[0]
    always = min(always_hits(text), key=lambda hit: hit.start, default=None)
    if always is not None and not _is_joined_by_work(text, always):
        return ACTS[always.entry.trade], always.words
    act = ACTS[first.entry.trade]
    if act is Act.SUPPLY and _is_of_doing(text, first):
        return _first_act(text, hits[1:]) if hits[1:] else (Act.WORK, first.words)
    if act in _MAY_BE_JOINED and _is_joined_by_work(text, first):
        return Act.WORK, first.words
    if act is Act.SUPPLY and _is_followed_by_work(text, first):
        return Act.WORK, first.words
    return act, first.words


def _is_of_doing(text: AnalysedText, supply: Hit) -> bool:
    """Tell whether what is supplied is something that is done: "achat de petits travaux"."""
    places = content_places(text)
    following = places[supply.end :]
    end = text.spans[places[supply.end - 1]][1]
    if not following or not _OF_WHAT.fullmatch(text.text[end : text.spans[following[0]][0]]):
        return False
    words = (word_at(text, place) for place in following)
    return next(
        (word in _DOING for word in words if word in _DOING or word not in trade_lexicon().neutral), False
    )


def _is_joined_by_work(text: AnalysedText, first: Hit) -> bool:
    """Tell whether work is joined to an act: "études, fourniture et pose"; a study needs more than a dash."""
    places = content_places(text)
    acts = {hit.start: hit for hit in act_hits(text)}
    joined = {hit.start for hit in find_hits(text, index_of(joined_work))}
    to_design = {hit.start for hit in find_hits(text, index_of(joined_to_design))}
    last = first
    while last.end < len(places):
        act = ACTS[last.entry.trade]
        if not _is_joint(text, places[last.end - 1], places[last.end], act=act):
            return False
        if act is Act.DESIGN and last.end in to_design:
            return not _is_of_design(acts.get(last.end + 1))
        if act is not Act.DESIGN and last.end in joined:
            return True
        following = acts.get(last.end)
        if following is None or ACTS[following.entry.trade] not in _MAY_BE_JOINED:
            return False
        last = following
    return False


def _is_of_design(act: Hit | None) -> bool:
    """Tell whether what is carried out beside a study is one, too: "exécution de contrôles"."""
    return act is not None and ACTS[act.entry.trade] is Act.DESIGN


def _is_followed_by_work(text: AnalysedText, supply: Hit) -> bool:
    """Tell whether work is joined to what is supplied: "fourniture de pneumatiques et réparation"."""
    places = content_places(text)
    purpose = place_of_purpose(text, places[supply.start])
    later = [hit.start for hit in find_hits(text, index_of(joined_later)) if hit.start > supply.end]
    return any(
        places[start] < purpose and _is_joint(text, places[start - 1], places[start], act=Act.DESIGN)
        for start in later
    )


def _is_joint(text: AnalysedText, before: int, after: int, *, act: Act) -> bool:
    gap = set(text.stems[before + 1 : after])
    if not gap <= JOINING | OF:
        return False
    between = text.text[text.spans[before][1] : text.spans[after][0]]
    return (act not in _JOINED_BY_A_WORD and gap <= JOINING) or _JOINT.search(between) is not None


def place_of_purpose(title: AnalysedText, goods: int) -> int:
    """Return where a text begins to say what the goods at a place are for; its length where it does not."""
    purpose = _PURPOSE.search(title.text, title.spans[goods][0] if title.spans else 0)
    end = purpose.start() if purpose is not None else len(title.text)
    return sum(start < end for start, _ in title.spans)


def is_of_goods(title: AnalysedText) -> bool:
    """Tell whether a title says that goods are bought or rented, and perhaps installed."""
    first = next(iter(act_hits(title)), None)
    return first is not None and (
        ACTS[first.entry.trade] in _OF_GOODS
        or word_at(title, content_places(title)[first.start]) in trade_lexicon().of_goods
    )


def adds_goods(title: AnalysedText) -> bool:
    """Tell whether a lot of works adds goods or a service to a trade's work: "espaces verts et mobilier"."""
    first = next(iter(act_hits(title)), None)
    if first is None or not first.start or form_of(first.words) in trade_lexicon().of_trading:
        return False
    return names_trade(slice_text(title, 0, content_places(title)[first.start]))


def names_craft(act: Hit) -> bool:
    """Tell whether a word of work names a craft or what it makes, and not what is done: "peinture"."""
    return folded(act.words) in folded_names_of_crafts()


def is_attribute(text: AnalysedText, act: Hit) -> bool:
    """Tell whether a word of work says what goods or people are for: "robots de tonte"."""
    if act.start == 0:
        return False
    places = content_places(text)
    first, before = places[act.start], places[act.start - 1]
    linked = text.text[text.spans[before][1] : text.spans[first][0]]
    is_of_act = any(hit.start <= act.start - 1 < hit.end for hit in act_hits(text))
    return (
        _OF.fullmatch(linked) is not None
        and not is_of_act
        and word_at(text, before) not in trade_lexicon().neutral
    )


def act_of_codes(notice: Notice) -> tuple[Act, str] | None:
    """Return the act of the main code, and the code."""
    if notice.cpv_main is None:
        return None
    act = act_of_cpv(notice.cpv_main)
    return None if act is None else (act, notice.cpv_main)


def act_of_nature(notice: Notice) -> Act | None:
    """Return the act of works or supplies, where the notice is called so."""
    return {Nature.WORKS: Act.WORK, Nature.SUPPLIES: Act.SUPPLY}.get(notice.nature) if notice.nature else None
