"""Parse BOAMP XML 3.2.5: one ``ann`` element, in one of four dialects.

In:   the bytes of one file of the DILA flux.
Out:  one RawNotice, of FNSimple, MAPA, DSP or EFORMS (UBL under BOAMP's own namespaces).

Times are Paris wall clock whatever offset they carry.  The corrections of FNSimple and MAPA
give the new deadline in prose or under a heading: it is read when exactly one new date stands there.
So does FNSimple with the visit; no dialect has a field for a value, or for the last day for questions.

Source: DILA, BOAMP open data, schema 3.2.5; read off published files.
"""

from __future__ import annotations

from dataclasses import replace

from alerting.domain.feed import ParsedFeed
from alerting.domain.notice import Clock, NoticeKind, RawChange, RawLot, RawNotice, RawPlace, RawTime
from alerting.errors import FeedFormatError
from alerting.feeds.formats import eforms
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
from alerting.feeds.formats.rectified import correction_words
from alerting.feeds.formats.visits import find_visit
from alerting.feeds.formats.xml import (
    Element,
    children,
    find,
    find_all,
    local_name,
    read_xml,
    text_of,
    texts_of,
)


DIALECTS = ("FNSimple", "MAPA", "DSP")
TITLES = (
    "natureMarche/intitule",
    "descriptionMarche/titreMarche",
    "description/titreMarche",
    "description/objet",
    "descriptionReduite/objet",
)
DESCRIPTIONS = (
    "natureMarche/description",
    "descriptionMarche/description",
    "description/objet",
    "caracteristiques",
    "renseignements/rensgComplt",
    "informComplementaire/oui/visiteDetail",
)
RESERVED = ("natureMarche/reservationMarche", "situation/marcheReserve")
VISITS = ("informComplementaire/oui/visiteDetail",)
DEADLINES = (
    "procedure/dateReceptionOffres",
    "delais/receptionOffres",
    "delais/receptCandidatures",
    "renseignementsAdm/receptionInteret",
    "renseignementsAdm/receptionOffres",
)


def recognises(head: Head) -> bool:
    """Tell whether a document is a BOAMP notice."""
    return head.root == "ann"


def parse(document: bytes, *, feed_id: str) -> ParsedFeed:
    """Parse one file of the flux.

    Raises:
        FeedFormatError: It is no ``ann`` of schema 3.2.5, or lacks its number or its object.
    """
    root = read_xml(document, feed_id=feed_id)
    if local_name(root) != "ann" or find(root, "GESTION/REFERENCE/IDWEB") is None:
        raise FeedFormatError(
            feed_id,
            "top level",
            f"expected a BOAMP 'ann' with GESTION/REFERENCE/IDWEB (got {local_name(root)!r})",
        )
    return read_announcement(root, feed_id=feed_id)


def read_announcement(root: Element, *, feed_id: str) -> ParsedFeed:
    """Read one notice from its root element.

    Raises:
        FeedFormatError: It is in no known dialect, or lacks its number or its object.
    """
    content = find(root, "DONNEES")
    dialect = next((child for child in content if local_name(child)), None) if content is not None else None
    if dialect is None:
        raise FeedFormatError(
            feed_id, "DONNEES", f"expected one of {', '.join(DIALECTS)}, EFORMS (got nothing)"
        )
    name = local_name(dialect)
    if name in DIALECTS:
        return ParsedFeed((_raw_notice(root, dialect, feed_id),))
    if name == "EFORMS":
        return _eforms(root, dialect, feed_id)
    raise FeedFormatError(feed_id, "DONNEES", f"expected one of {', '.join(DIALECTS)}, EFORMS (got {name!r})")


def _eforms(root: Element, dialect: Element, feed_id: str) -> ParsedFeed:
    """Read eForms in BOAMP's envelope, which alone may say what it corrects or cancels by BOAMP's numbers."""
    notice = next((child for child in dialect if local_name(child) in eforms.ROOTS), None)
    if notice is None:
        raise FeedFormatError(feed_id, "DONNEES/EFORMS", "expected an eForms notice (got none)")
    read = eforms.read_notice(notice, feed_id=feed_id, source_id=source_id_of(root), notice_url=page_of(root))
    said = announced(root, own=read.kind)
    return ParsedFeed(
        (
            replace(
                read,
                kind=said.kind,
                refers_to=tuple(dict.fromkeys((*read.refers_to, *earlier_numbers(root)))),
                changes=(*said.changes, *read.changes),
            ),
        )
    )


def _raw_notice(root: Element, dialect: Element, feed_id: str) -> RawNotice:
    index = find(root, "GESTION/INDEXATION")
    body = _body(dialect)
    source_id = source_id_of(root)
    title = first_text(body, TITLES) or text_of(index, "RESUME_OBJET")
    if source_id is None or title is None:
        raise FeedFormatError(feed_id, "GESTION", "expected an IDWEB and an object (got none)")
    said = announced(root, is_without_result=_is_without_result(body))
    published = paris_time(text_of(index, "DATE_PUBLICATION"))
    return RawNotice(
        feed_id=feed_id,
        source_id=source_id,
        title=title,
        kind=said.kind,
        published=published,
        languages=("fr",),
        buyer_name=_buyer_name(dialect) or text_of(index, "NOMORGANISME"),
        buyer_siret=text_of(dialect, "organisme/codeIdentificationNational"),
        buyer_place=_buyer_place(dialect),
        description=_description(body, title),
        nature=choice(body, ("natureMarche/natureMarche", "descriptionMarche/natureMarche"))
        or choice(index, ("NATURE_MARCHE",)),
        cpv_main=first_text(body, tuple(f"{path}/objetPrincipal/classPrincipale" for path in _CPV_PATHS)),
        cpv_additional=_further_codes(body),
        places=_places(body, index),
        lots=_lots(body),
        deadlines=_deadlines(body, index),
        visit=paris_time(find_visit(first_text(body, VISITS) or "")),
        document_url=first_text(body, _DOCUMENTS) or _profile_url(dialect, body),
        submission_url=text_of(body, "communication/participation/urlParticipation")
        or _profile_url(dialect, body),
        notice_url=page_of(root),
        internal_reference=first_text(body, _BUYERS_OWN_NUMBER),
        refers_to=_references(root, body),
        changes=_changes(body, published) if said.kind is NoticeKind.CORRECTION else said.changes,
        is_reserved=_yes_or_no(choice(body, RESERVED)),
    )


_CPV_PATHS = ("natureMarche/codeCPV", "descriptionMarche/CPV", "description/codeCPV")
_DOCUMENTS = ("communication/urlDocConsul", "communication/documentMarche/urlDocument")
_BUYERS_OWN_NUMBER = (
    "communication/identifiantInterne",
    "descriptionMarche/numeroReference",
    "renseignements/idMarche",
)


def _further_codes(body: Element) -> tuple[str, ...]:
    paths = (f"{path}/objetComplementaire/classPrincipale" for path in _CPV_PATHS)
    return tuple(code for path in paths for code in texts_of(body, path))


def _yes_or_no(answer: str | None) -> bool | None:
    """Return what an element answers by its name: "oui", "non", "marcheReserveNON"."""
    return {"oui": True, "non": False}.get((answer or "")[-len("oui") :].lower())


def _body(dialect: Element) -> Element:
    named = (
        find(dialect, name)
        for name in ("initial", "rectificatif", "attribution", "annulation", "modification")
    )
    return next((found for found in named if found is not None), dialect)


def _is_without_result(body: Element) -> bool:
    results = find_all(body, "attribution/resultat")
    ended = [find(found, "sansSuite") is not None for found in results]
    return find(body, "sansSuite") is not None or (bool(ended) and all(ended))


def _description(body: Element, title: str) -> str | None:
    """Return every prose beside the title: MAPA repeats it as object and says more elsewhere."""
    stated = dict.fromkeys(text for path in DESCRIPTIONS for text in texts_of(body, path))
    return "\n".join(text for text in stated if text != title) or None


def _buyer_name(dialect: Element) -> str | None:
    return first_text(dialect, ("organisme/nomOfficiel", "organisme/acheteurPublic"))


def _buyer_place(dialect: Element) -> RawPlace:
    return RawPlace(
        nuts_code=text_of(dialect, "organisme/codeNUTS"),
        commune=first_text(dialect, ("organisme/ville", "organisme/adr/ville")),
        postcode=first_text(dialect, ("organisme/cp", "organisme/adr/cp")),
    )


def _profile_url(dialect: Element, body: Element) -> str | None:
    return text_of(body, "communication/urlProfilAch") or text_of(dialect, "organisme/urlProfilAcheteur")


def _places(body: Element, index: Element | None) -> tuple[RawPlace, ...]:
    stated = [_prose_place(text) for text in texts_of(body, "natureMarche/lieuExecution")]
    stated += [
        RawPlace(commune=text_of(place, "ville"), postcode=text_of(place, "cp"))
        for place in find_all(body, "description/lieuExecutionLivraison")
    ]
    stated += [
        RawPlace(nuts_code=code) for code in texts_of(body, "descriptionMarche/lot/lieuCodeNUTS/codeNUTS")
    ]
    if stated:
        return tuple(stated)
    return tuple(RawPlace(departement=code) for code in texts_of(index, "DEP_PRESTATION"))


def _prose_place(text: str) -> RawPlace:
    """Read a place given as one text: "RENNES 35000", "FRH03 - Ille-et-Vilaine"."""
    words = text.replace(",", " ").replace("(", " ").replace(")", " ").split()
    nuts_code = next(
        (word for word in words if word.startswith("FR") and word[2:3].isalnum() and word.isupper()), None
    )
    postcode = next((word for word in words if word.isdigit() and len(word) == 5), None)  # noqa: PLR2004 - a postcode
    commune = " ".join(word for word in words if word not in {nuts_code, postcode, "-"}) or None
    return RawPlace(nuts_code if nuts_code and len(nuts_code) <= 5 else None, None, commune, postcode)  # noqa: PLR2004


def _lots(body: Element) -> tuple[RawLot, ...]:
    found = [*find_all(body, "lots/lot"), *find_all(body, "description/lots/lot")]
    return tuple(_lot(lot, str(number)) for number, lot in enumerate(found, start=1))


def _lot(lot: Element, number: str) -> RawLot:
    codes = texts_of(lot, "codeCPV/objetPrincipal/classPrincipale")
    return RawLot(
        lot_id=first_text(lot, ("num", "numLot", "numero")) or number,
        title=first_text(lot, ("intitule", "description", "objet")),
        description=text_of(lot, "description") if find(lot, "intitule") is not None else None,
        cpv_codes=codes + texts_of(lot, "codeCPV/objetComplementaire/classPrincipale"),
        places=tuple(_prose_place(text) for text in texts_of(lot, "lieuExecutionLivraison")),
    )


def _deadlines(body: Element, index: Element | None) -> tuple[RawTime, ...]:
    stated = [text for path in DEADLINES for text in texts_of(body, path)]
    stated = stated or list(texts_of(index, "DATE_LIMITE_REPONSE"))
    return tuple(RawTime(text, Clock.PARIS) for text in stated)


def _references(root: Element, body: Element) -> tuple[str, ...]:
    return tuple(dict.fromkeys(earlier_numbers(root) + texts_of(body, "avisInitial/idWeb")))


def _changes(body: Element, published: RawTime | None) -> tuple[RawChange, ...]:
    texts = [words for part in children(body, "infosRectif") if (words := correction_words(part)) is not None]
    return read_changes(texts, published=published)
