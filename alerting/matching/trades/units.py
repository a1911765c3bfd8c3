"""What of a notice is judged as one: a lot, or a notice that is not divided.

In:   a notice with its texts analysed.
Out:  units: their leads, bodies and codes, and the act that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerting.domain.analysed import AnalysedText
from alerting.domain.notice import Lot, Nature, Notice
from alerting.domain.trade import Act
from alerting.matching.trades.acts import (
    act_hits,
    act_of_codes,
    act_of_nature,
    adds_goods,
    is_attribute,
    names_craft,
)
from alerting.matching.trades.bought import what_is_bought
from alerting.matching.trades.hits import content_places, word_at
from alerting.matching.trades.lexicon import ACTS, form_of
from alerting.matching.trades.lots import FEWEST_LISTED_LOTS, items_of_lots, parts_of_lots
from alerting.matching.trades.named import names_trade
from alerting.matching.trades.said import MAY_BE_CORRECTED, Said, act_of, is_short, split_texts


# Acts of a code that say better what is bought than the word of a title: no works bear a code of training.
_OUTWEIGH = {
    Act.BUILDING: frozenset({Act.DESIGN, Act.TRAINING, Act.INSURANCE, Act.SOFTWARE}),
    Act.WORK: frozenset({Act.TRAINING, Act.INSURANCE}),
}
# What a lot of works may ask for beside a trade's work: "courants faibles et téléphonie".
_MAY_STAND_BESIDE = frozenset({Act.SUPPLY, Act.OTHER})
# Acts that no lot of a notice unsays.
_OF_ALL_LOTS = frozenset({Act.TRAINING, Act.INSURANCE, Act.VOUCHER})


@dataclass(frozen=True, slots=True)
class Unit:
    """What is judged as one: a lot, or a notice that is not divided.

    Args:
        stated_codes: The first codes, those of the notice where a lot has none: what is bought, to its buyer.
        deeds: Words of the notice's title, for a lot that names but an object: "Bateaux" of "Entretien".
        inherited: The same, for a lot that says nothing else is done: they take it out of trades, too.
    """

    lot_id: str | None
    leads: tuple[AnalysedText, ...]
    title_count: int
    bodies: tuple[AnalysedText, ...]
    cpv_codes: tuple[str, ...]
    further_codes: tuple[str, ...]
    stated_codes: tuple[str, ...]
    act: Act | None
    act_word: str | None
    deeds: frozenset[str] = frozenset()
    inherited: frozenset[str] = frozenset()


def whole_unit(
    notice: Notice, texts: Sequence[AnalysedText], lot_texts: Sequence[Sequence[AnalysedText]]
) -> Unit:
    """Return a notice as one unit; with a single lot, that lot."""
    said = split_texts(texts, has_title=True)
    only = notice.lots[0] if len(notice.lots) == 1 else None
    if only is not None:
        said += split_texts(lot_texts[0], has_title=only.title is not None)
    act, word = _act_of_whole(notice, said)
    titles = what_is_bought(said.objects, act)
    codes = only.cpv_codes if only is not None else ()
    main = (notice.cpv_main,) if notice.cpv_main is not None else ()
    return Unit(
        lot_id=only.lot_id if only is not None else None,
        leads=(*titles, *said.beginnings),
        title_count=len(titles),
        bodies=said.bodies,
        cpv_codes=(*codes[:1], *main),
        further_codes=(*notice.cpv_additional, *codes[1:]),
        stated_codes=(*codes[:1], *main),
        act=act,
        act_word=word,
    )


def _act_of_whole(notice: Notice, texts: Said) -> tuple[Act | None, str | None]:
    """Return what the title says; whether a "construction" is to be drawn, built or taught, the code says.

    Goods that are named beside a trade's work make no supply of it: "serrurerie et quincaillerie".
    """
    said, coded = act_of(texts), act_of_codes(notice)
    is_supply = said is not None and said[0] is Act.SUPPLY
    if is_supply and notice.nature is not Nature.SUPPLIES and any(map(adds_goods, texts.titles)):
        said = None
    if said is not None and coded is not None and coded[0] in _OUTWEIGH.get(said[0], ()):
        return coded
    return said or coded or (act_of_nature(notice), None)


def deeds_of(title: AnalysedText) -> frozenset[str]:
    """Return the words of a title, which may be the deed to a lot's object."""
    return frozenset(word_at(title, place) for place in content_places(title))


def lot_unit(lot: Lot, texts: Sequence[AnalysedText], whole: Unit, deeds: frozenset[str]) -> Unit:
    """Return a lot as a unit; what it does not say it takes from the whole."""
    said = split_texts(texts, has_title=lot.title is not None)
    own = _act_of_lot(said, whole)
    act, word = own or (Act.WORK if whole.act is Act.BUILDING else whole.act, whole.act_word)
    titles = what_is_bought(said.objects, act)
    return Unit(
        lot_id=lot.lot_id,
        leads=(*titles, *said.beginnings),
        title_count=len(titles),
        bodies=said.bodies,
        cpv_codes=lot.cpv_codes[:1],
        further_codes=lot.cpv_codes[1:],
        stated_codes=lot.cpv_codes or whole.stated_codes,
        act=act,
        act_word=word,
        deeds=deeds if own is None else frozenset(),
        inherited=deeds if own is None or form_of(own[1]) in deeds else frozenset(),
    )


def _act_of_lot(said: Said, whole: Unit) -> tuple[Act, str] | None:
    """Return what a lot says by itself is bought; None where the notice's title says it for all of them.

    A lot of training is training whatever it teaches, and the name of a craft does not make work of goods
    or of a study: "fourniture de matériaux", lot 2 "peinture".
    """
    own = None if whole.act in _OF_ALL_LOTS else act_of(said)
    if own is not None and own[0] in _MAY_STAND_BESIDE and whole.act in MAY_BE_CORRECTED:
        return None if any(map(adds_goods, said.titles)) else own
    if own is not None and own[0] is Act.WORK and whole.act not in MAY_BE_CORRECTED and whole.act is not None:
        texts = (*reversed(said.titles), *said.beginnings, *filter(is_short, said.bodies[:1]))
        acts = (
            ACTS[hit.entry.trade]
            for text in texts
            for hit in act_hits(text)
            if not names_craft(hit) and not is_attribute(text, hit)
        )
        return own if next(acts, None) is Act.WORK else None
    return own


def listed_lots(whole: Unit) -> list[Unit]:
    """Return as units the lots that a description lists where the notice has none: "lot 1: maçonnerie"."""
    listed = [part for text in whole.bodies for part in parts_of_lots(text)]
    if len(listed) < FEWEST_LISTED_LOTS and not any(map(names_trade, whole.leads[: whole.title_count])):
        listed = [part for text in whole.bodies for part in items_of_lots(text) if names_trade(part)]
    if len(listed) < FEWEST_LISTED_LOTS:
        return []
    act = Act.WORK if whole.act is Act.BUILDING else whole.act
    return [
        replace(whole, leads=(part,), title_count=1, bodies=(), cpv_codes=(), further_codes=(), act=act)
        for part in listed
    ]
