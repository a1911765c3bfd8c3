"""Parse BOAMP XML of schema 230 (2015 to 2021): one ``ANNONCE`` element.

In:   the bytes of one file of the DILA flux of those years.
Out:  one RawNotice.

Times are Paris wall clock whatever offset they carry.  A purchase that is not divided is
written as a single LOT without a number, or as several where it says so: what they say belongs to the notice.

Source: DILA, BOAMP open data, schema Boamp_v230; read off published files.
"""

from __future__ import annotations

from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import NoticeKind, RawChange, RawLot, RawMoney, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats.awarded import Award, paid_for_all, paid_for_lot
from alerting.feeds.formats.boamp_common import (
    announced,
    choice,
    earlier_numbers,
    first_text,
    page_of,
    paris_time,
    source_id_of,
)
from alerting.feeds.formats.head import Head
from alerting.feeds.formats.prose import read_changes
from alerting.feeds.formats.xml import (
    Element,
    attribute,
    children,
    find,
    find_all,
    local_name,
    read_xml,
    text_of,
    texts_of,
)
from alerting.text.lot_words import find_lots


ROOT = "ANNONCE"
LONGEST_TITLE = 250
VALUES = ("VALEUR_TOTALE", "VALEUR", "VALEUR_MAX")
DEADLINES = ("CONDITION_DELAI/RECEPT_OFFRES", "CONDITION_DELAI/RECEPT_CANDIDAT")
WITHOUT_RESULT = frozenset({"INFRUCTUEUX", "SANS_SUITE"})


def recognises(head: Head) -> bool:
    """Tell whether a document is a BOAMP notice of schema 230."""
    return head.root == ROOT


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one file of the flux.

    Raises:
        FeedFormatError: It is no ``ANNONCE``, or lacks its number or its object.
    """
    root = read_xml(document, feed_id=feed_id)
    if local_name(root) != ROOT:
        raise FeedFormatError(feed_id, "top level", f"expected a BOAMP {ROOT!r} (got {local_name(root)!r})")
    return ParsedFeed((read_announcement(root, feed_id=feed_id),))


def read_announcement(root: Element, *, feed_id: str) -> RawNotice:
    """Read one notice from its root element.

    Raises:
        FeedFormatError: It lacks its number or its object.
    """
    content, index = find(root, "DONNEES"), find(root, "GESTION/INDEXATION")
    buyer, purchase = find(content, "IDENTITE"), find(content, "OBJET")
    source_id = source_id_of(root)
    title = _title(purchase, index)
    if source_id is None or title is None:
        raise FeedFormatError(feed_id, "GESTION", "expected an IDWEB and an object (got none)")
    wholes, lots = _lots(purchase)
    said = announced(root, is_without_result=_is_without_result(content))
    result = find(content, "ATTRIBUTION") if said.kind is NoticeKind.AWARD else None
    awards = _awards(result, is_undivided=find(purchase, "DIV_EN_LOTS/NON") is not None)
    published = paris_time(text_of(index, "DATE_PUBLICATION"))
    codes = list(dict.fromkeys(code for part in (purchase, *wholes) for code in _codes(part)))
    return RawNotice(
        feed_id=feed_id,
        source_id=source_id,
        title=title,
        kind=said.kind,
        published=published,
        languages=("fr",),
        buyer_name=text_of(buyer, "DENOMINATION") or text_of(index, "NOMORGANISME"),
        buyer_siret=text_of(buyer, "CODE_IDENT_NATIONAL"),
        buyer_place=RawPlace(
            text_of(buyer, "ADJUDICATEUR_NUTS"), None, text_of(buyer, "VILLE"), text_of(buyer, "CP")
        ),
        description=_description(purchase, wholes, title),
        nature=choice(purchase, ("TYPE_MARCHE",)) or choice(index, ("NATURE_MARCHE",)),
        cpv_main=next(iter(codes), None),
        cpv_additional=tuple(codes[1:]),
        places=_places(purchase, wholes, index),
        lots=tuple(_lot(lot, number, awards) for number, lot in enumerate(lots, start=1)),
        value=_total(result, awards, lots) or _estimated((find(purchase, "CARACTERISTIQUES"), *wholes)),
        deadlines=_deadlines(content, index),
        document_url=first_text(buyer, ("URL_DOCUMENT", "URL_PROFIL_ACHETEUR")),
        submission_url=text_of(buyer, "URL_PARTICIPATION"),
        notice_url=page_of(root),
        internal_reference=text_of(purchase, "REF_MARCHE"),
        refers_to=earlier_numbers(root),
        changes=_changes(content, published) if said.kind is NoticeKind.CORRECTION else said.changes,
    )


def _title(purchase: Element | None, index: Element | None) -> str | None:
    """Return the title; without one the object, unless that is a whole page and a summary is there."""
    whole, summary = text_of(purchase, "OBJET_COMPLET"), text_of(index, "RESUME_OBJET")
    is_long = whole is not None and len(whole) > LONGEST_TITLE
    return text_of(purchase, "TITRE_MARCHE") or (summary if is_long else None) or whole or summary


def _is_without_result(content: Element | None) -> bool:
    """Tell whether every decision of an award is that nobody gets it."""
    decisions = find_all(content, "ATTRIBUTION/DECISION")
    fates = [{local_name(child) for child in decision} for decision in decisions]
    return bool(fates) and all(fate & WITHOUT_RESULT for fate in fates)


def _lots(purchase: Element | None) -> tuple[list[Element], list[Element]]:
    """Return the LOTs that stand for the whole purchase, and the lots it is divided into."""
    found = find_all(purchase, "LOTS/LOT")
    is_alone = len(found) == 1 and find(purchase, "DIV_EN_LOTS/OUI") is None
    is_undivided = is_alone or find(purchase, "DIV_EN_LOTS/NON") is not None
    if is_undivided and not any(text_of(lot, "NUM") for lot in found):
        return found, []
    return [], found


def _lot(lot: Element, number: int, awards: list[Award]) -> RawLot:
    title = first_text(lot, ("INTITULE", "DESCRIPTION"))
    description = text_of(lot, "DESCRIPTION")
    lot_id = _lot_id(lot, number)
    return RawLot(
        lot_id=lot_id,
        title=title,
        description=description if description != title else None,
        cpv_codes=_codes(lot),
        places=_lot_places(lot),
        value=paid_for_lot(awards, lot_id) or _value(lot),
    )


def _lot_id(lot: Element, number: int) -> str:
    return text_of(lot, "NUM") or str(number)


def _codes(part: Element | None) -> tuple[str, ...]:
    groups = children(part, "CPV")
    return tuple(
        code for group in groups for name in ("PRINCIPAL", "SUPPLEMENTAIRE") for code in texts_of(group, name)
    )


def _description(purchase: Element | None, wholes: list[Element], title: str) -> str | None:
    stated = [*texts_of(purchase, "OBJET_COMPLET")]
    stated += [text for whole in wholes for text in texts_of(whole, "DESCRIPTION")]
    return "\n".join(text for text in dict.fromkeys(stated) if text != title) or None


def _places(purchase: Element | None, wholes: list[Element], index: Element | None) -> tuple[RawPlace, ...]:
    stated = tuple(
        RawPlace(
            text_of(place, "CODE_NUTS"),
            None,
            first_text(place, ("VILLE", "ADRESSE")),
            text_of(place, "CP"),
        )
        for place in find_all(purchase, "LIEU_EXEC_LIVR")
    )
    found = stated + tuple(place for whole in wholes for place in _lot_places(whole))
    return found or tuple(RawPlace(departement=code) for code in texts_of(index, "DEP_PRESTATION"))


def _lot_places(lot: Element | None) -> tuple[RawPlace, ...]:
    codes, commune = texts_of(lot, "CODE_NUTS"), text_of(lot, "LIEU_PRINCIPAL")
    if not codes:
        return (RawPlace(commune=commune),) if commune is not None else ()
    return tuple(RawPlace(nuts_code=code, commune=commune) for code in codes)


def _awards(result: Element | None, *, is_undivided: bool) -> list[Award]:
    """Return the decisions of an award; where nothing is divided none is a lot's, whatever it names."""
    return [_award(decision, is_undivided=is_undivided) for decision in children(result, "DECISION")]


def _award(decision: Element, *, is_undivided: bool) -> Award:
    """Return a decision; a NUM_LOT that is a contract's number ("2016-52") names no lot."""
    named = None if is_undivided else find_lots(f"lot {text_of(decision, 'NUM_LOT') or ''}")
    amounts = find_all(decision, "RENSEIGNEMENT/MONTANT")
    return Award.of(named or (), _money(amounts[0]) if len(amounts) == 1 else None)


def _total(result: Element | None, awards: list[Award], lots: list[Element]) -> RawMoney | None:
    """Return what was paid for all of a purchase: the total, or the amount of one decision on everything.

    The only lot of a divided purchase is not everything: its neighbours are told elsewhere.
    """
    total = _money(find(result, "VALEUR_TOTALE"))
    if total is not None and not total.is_nothing():
        return total
    lot_ids = [_lot_id(lot, number) for number, lot in enumerate(lots, start=1)]
    return paid_for_all(awards, lot_ids) if len(lots) != 1 else None


def _estimated(parts: tuple[Element | None, ...]) -> RawMoney | None:
    found = map(_value, parts)
    return next((value for value in found if value is not None and not value.is_nothing()), None)


def _value(part: Element | None) -> RawMoney | None:
    found = (_money(find(part, name)) for name in VALUES)
    return next((value for value in found if value is not None), None)


def _money(amount: Element | None) -> RawMoney | None:
    text = text_of(amount)
    return RawMoney(text, attribute(amount, "DEVISE")) if text is not None else None


def _deadlines(content: Element | None, index: Element | None) -> tuple[RawTime, ...]:
    stated = [text for path in DEADLINES for text in texts_of(content, path)]
    stated = stated or list(texts_of(index, "DATE_LIMITE_REPONSE"))
    return tuple(found for text in stated if (found := paris_time(text)) is not None)


def _changes(content: Element | None, published: RawTime | None) -> tuple[RawChange, ...]:
    """Read what a correction says: no published one was at hand, so any element called so is taken for it."""
    named = [child for child in (content if content is not None else ()) if "RECTIF" in local_name(child)]
    texts = (text for part in named if (text := text_of(part)) is not None)
    return read_changes(texts, published=published)
