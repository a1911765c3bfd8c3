"""Write announcements as member authorities publish them.

In:   announcements.
Out:  the bytes of a document: BOAMP XML 3.2.5 (FNSimple, MAPA, DSP, eForms inside), eForms UBL 2.3,
      or an RSS 2.0 feed of many announcements.

Only what the form has a place for is written: MAPA has no CPV, FNSimple no value, RSS neither;
BOAMP's corrections give the new deadline in prose.

Source: DILA, BOAMP open data, schema 3.2.5; eForms SDK 1.13; RSS 2.0 with Dublin Core.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from types import MappingProxyType
from xml.etree import ElementTree as ET

from alerting.local.demo.facts import Announcement, LotFact, Place, find_place


Element = ET.Element

_JOURNAL = "http://boamp.journal-officiel.gouv.fr/XML/3.2.5"
_P27 = "http://data.europa.eu/p27/eforms-ubl-"
_EFAC = f"{_P27}extension-aggregate-components/1"
_EFBC = f"{_P27}extension-basic-components/1"
_EFEXT = f"{_P27}extensions/1"
_DC = "http://purl.org/dc/elements/1.1/"
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre",
)  # fmt: skip
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_RSS_LABELS = {
    "call": "Avis d'appel à la concurrence",
    "correction": "Avis rectificatif",
    "cancellation": "Avis d'annulation",
    "award": "Avis d'attribution",
}
_RSS_NATURES = {"works": "Travaux", "services": "Services", "supplies": "Fournitures"}
_NATURES = {"works": "travaux", "services": "services", "supplies": "fournitures"}
_BOAMP_KINDS = {
    "call": ("APPEL_OFFRE", "INITIAL", "initial"),
    "correction": ("RECTIFICATIF", "RECTIFICATIF", "rectificatif"),
    "cancellation": ("ANNULATION", "INITIAL", "annulation"),
    "award": ("ATTRIBUTION", "INITIAL", "attribution"),
}
_FAMILIES = {
    "fnsimple": ("FNS", "FNSimple"),
    "mapa": ("MAPA", "MAPA"),
    "dsp": ("DSP", "DSP"),
    "boamp-eforms": ("JOUE", "DIRECTIVE-24"),
}


@dataclass(frozen=True, slots=True)
class _Ubl:
    """The namespaces under which somebody writes UBL; BOAMP has its own."""

    cac: str
    cbc: str
    ext: str
    prefix: str
    root: Mapping[str, str]


_UBL_2 = "specification:ubl:schema:xsd"
_OASIS = _Ubl(
    f"urn:oasis:names:{_UBL_2}:CommonAggregateComponents-2",
    f"urn:oasis:names:{_UBL_2}:CommonBasicComponents-2",
    f"urn:oasis:names:{_UBL_2}:CommonExtensionComponents-2",
    "",
    MappingProxyType(
        {
            name: f"{{urn:oasis:names:{_UBL_2}:{name}-2}}{name}"
            for name in ("ContractNotice", "ContractAwardNotice")
        }
    ),
)
_BOAMP = _Ubl(
    f"urn:boamp:names:{_UBL_2}:CommonAggregateComponents-2",
    f"urn:boamp:names:{_UBL_2}:CommonBasicComponents-2",
    f"urn:boamp:names:{_UBL_2}:CommonExtensionComponents-2",
    "j",
    MappingProxyType({name: name for name in ("ContractNotice", "ContractAwardNotice")}),
)
for _ubl in (_OASIS, _BOAMP):
    ET.register_namespace(f"{_ubl.prefix}cac", _ubl.cac)
    ET.register_namespace(f"{_ubl.prefix}cbc", _ubl.cbc)
    ET.register_namespace(f"{_ubl.prefix}ext", _ubl.ext)
for _prefix, _uri in (
    ("jo", _JOURNAL), ("efac", _EFAC), ("efbc", _EFBC), ("efext", _EFEXT), ("dc", _DC),
):  # fmt: skip
    ET.register_namespace(_prefix, _uri)


def write_document(announcement: Announcement) -> bytes:
    """Return the document of one announcement, in the form that its fact names.

    Raises:
        KeyError: The form is RSS, which has no documents of one announcement.
    """
    return _bytes(_DOCUMENTS[announcement.fact.form](announcement))


def write_feed(announcements: Iterable[Announcement], *, authority: str, title: str) -> bytes:
    """Return an RSS feed, the newest first."""
    newest = sorted(announcements, key=lambda one: one.published_at, reverse=True)
    channel = _node(
        "channel",
        _node("title", title),
        _node("link", f"https://{authority}.example/consultations"),
        _node("description", "Consultations en cours des acheteurs publics"),
        _node("language", "fr"),
        *map(_item, newest),
    )
    return _bytes(_node("rss", channel, version="2.0"))


def write_stranger(announcement: Announcement) -> bytes:
    """Return a notice in a format of its own, which no parser knows."""
    return _bytes(
        _node("avis", _node("objet", announcement.fact.title), _node("acheteur", announcement.buyer.name))
    )


def french_moment(moment: datetime) -> str:
    """Return a moment as notices write it.

    >>> french_moment(datetime(2026, 3, 12, 12, 0))
    'jeudi 12 mars 2026 à 12h00'
    """
    day = f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return f"{day} à {moment:%Hh%M}"


# BOAMP


def _boamp(announcement: Announcement) -> Element:
    dialects: Mapping[str, Callable[[Announcement], Element]] = {
        "fnsimple": _fnsimple,
        "mapa": _mapa,
        "dsp": _dsp,
        "boamp-eforms": lambda one: _node("EFORMS", _eforms(one, _BOAMP)),
    }
    return _node(
        f"{{{_JOURNAL}}}ann",
        _node("DONNEES", dialects[announcement.fact.form](announcement)),
        _node("GESTION", _boamp_reference(announcement), _boamp_index(announcement)),
    )


def _boamp_reference(announcement: Announcement) -> Element:
    family, perimeter = _FAMILIES[announcement.fact.form]
    nature, status, _ = _BOAMP_KINDS[announcement.fact.kind]
    earlier = announcement.earlier
    return _node(
        "REFERENCE",
        _node("IDWEB", announcement.boamp_id),
        _node(
            "TYPE_AVIS",
            _node("FAMILLE", _node(family)),
            _node("PERIMETRE", _node(perimeter)),
            _node("NATURE", _node(nature)),
            _node("STATUT", _node(status)),
        ),
        None if earlier is None else _node("ANNONCE_ANTERIEUR", _node("IDWEB", earlier.boamp_id)),
    )


def _boamp_index(announcement: Announcement) -> Element:
    fact, place = announcement.fact, announcement.place
    buyer_place = find_place(announcement.buyer.commune, announcement.buyer.postcode)
    deadline = announcement.deadline_at if fact.kind == "call" else None
    return _node(
        "INDEXATION",
        _node("SCHEMA", "3.2.5"),
        _node("NOMORGANISME", announcement.buyer.name),
        _node("DATE_PUBLICATION", f"{announcement.published_at:%Y-%m-%d}"),
        _maybe("DATE_LIMITE_REPONSE", _wall(deadline)),
        _node("NATURE_MARCHE", _node(_NATURES[fact.nature].upper())),
        _node("DEP_PUBLICATION", buyer_place.departement),
        _maybe("DEP_PRESTATION", place.departement if place is not None else None),
        _node("RESUME_OBJET", fact.title),
    )


def _fnsimple(announcement: Announcement) -> Element:
    fact, buyer = announcement.fact, announcement.buyer
    return _node(
        "FNSimple",
        _node(
            "organisme",
            _node("nomOfficiel", buyer.name),
            _node("typeIdentificationNational", _node("siret")),
            _node("codeIdentificationNational", buyer.siret),
            _node("ville", buyer.commune),
            _node("cp", buyer.postcode),
            _node("grpCommandes", _node("non")),
        ),
        _node(
            _BOAMP_KINDS[fact.kind][2],
            _earlier(announcement),
            *(_fnsimple_call(announcement) if fact.kind == "call" else ()),
            _maybe("infosRectif", _prose(announcement)) if fact.kind == "correction" else None,
            _maybe("motifAnnulation", fact.prose) if fact.kind == "cancellation" else None,
        ),
    )


def _fnsimple_call(announcement: Announcement) -> tuple[Element | None, ...]:
    fact, buyer, place = announcement.fact, announcement.buyer, announcement.place
    return (
        _node(
            "communication",
            _node("urlDocConsul", announcement.documents_url),
            _node("urlProfilAch", f"https://achats.bretagne.example/acheteurs/{buyer.id}"),
            _maybe("identifiantInterne", fact.reference),
        ),
        _node(
            "procedure",
            _node("procedureAdapteeO"),
            _maybe("dateReceptionOffres", _wall(announcement.deadline_at)),
            _node("variantes", _node("non")),
        ),
        _node(
            "natureMarche",
            _node("intitule", fact.title),
            _maybe("description", fact.description),
            _cpv("codeCPV", fact.cpv, fact.cpv_more),
            _node("natureMarche", _node(_NATURES[fact.nature])),
            _maybe("lieuExecution", f"{place.commune} {place.postcode}" if place is not None else None),
            _maybe("dureeMois", _text(fact.months)),
            _node("lotsMarche", _node("oui" if fact.lots else "non")),
        ),
        _node("lots", *(_fnsimple_lot(lot) for lot in fact.lots)) if fact.lots else None,
        _visit(announcement),
    )


def _fnsimple_lot(lot: LotFact) -> Element:
    place = f"{lot.commune} {lot.postcode}" if lot.commune is not None else None
    return _node(
        "lot",
        _node("description", lot.title),
        _cpv("codeCPV", lot.cpv),
        _maybe("lieuExecutionLivraison", place),
    )


def _visit(announcement: Announcement) -> Element | None:
    visit = announcement.fact.visit
    return (
        None if visit is None else _node("informComplementaire", _node("oui", _node("visiteDetail", visit)))
    )


def _mapa(announcement: Announcement) -> Element:
    fact, buyer = announcement.fact, announcement.buyer
    return _node(
        "MAPA",
        _node(
            "organisme",
            _node("acheteurPublic", buyer.name),
            _address(announcement),
            _node("urlProfilAcheteur", announcement.documents_url),
        ),
        _node(_BOAMP_KINDS[fact.kind][2], _earlier(announcement), *_MAPA_BODIES[fact.kind](announcement)),
    )


def _mapa_call(announcement: Announcement) -> tuple[Element | None, ...]:
    fact = announcement.fact
    lots = [
        _node("lot", _node("numLot", str(number)), _node("intitule", lot.title))
        for number, lot in enumerate(fact.lots, start=1)
    ]
    return (
        _node(
            "description",
            _node("objet", fact.title),
            _mapa_place(announcement),
            _node("lots", *lots) if lots else None,
        ),
        _node("procedure", _node("procedureAdaptee")),
        None
        if fact.description is None
        else _node("caracteristiques", _node("principales", fact.description)),
        _node("delais", _maybe("receptionOffres", _wall(announcement.deadline_at))),
        _node("renseignements", _maybe("idMarche", fact.reference), _maybe("rensgComplt", fact.visit)),
    )


def _mapa_correction(announcement: Announcement) -> tuple[Element | None, ...]:
    return (
        _node("description", _node("objet", announcement.fact.title), _mapa_place(announcement)),
        _node("procedure", _node("procedureAdaptee")),
        _node("infosRectif", _maybe("ajouter", _prose(announcement))),
    )


def _mapa_without_result(announcement: Announcement) -> tuple[Element | None, ...]:
    """Write an end without a contract: BOAMP publishes it as an award that says "sans suite"."""
    return (
        _node("descriptionReduite", _node("objet", announcement.fact.title)),
        _node("attribution", _node("resultat", _node("sansSuite"))),
        _node("autresInformations", _maybe("informations", announcement.fact.prose)),
    )


def _mapa_award(announcement: Announcement) -> tuple[Element | None, ...]:
    return (
        _node("descriptionReduite", _node("objet", announcement.fact.title)),
        _node("attribution", _node("resultat", _node("titulaire", _node("marcheAttribue")))),
        _node("autresInformations", _maybe("informations", announcement.fact.prose)),
    )


_MAPA_BODIES: Mapping[str, Callable[[Announcement], tuple[Element | None, ...]]] = {
    "call": _mapa_call,
    "correction": _mapa_correction,
    "cancellation": _mapa_without_result,
    "award": _mapa_award,
}


def _mapa_place(announcement: Announcement) -> Element | None:
    place = announcement.place
    if place is None:
        return None
    return _node("lieuExecutionLivraison", _node("cp", place.postcode), _node("ville", place.commune))


def _dsp(announcement: Announcement) -> Element:
    fact, buyer = announcement.fact, announcement.buyer
    place = announcement.place or find_place(buyer.commune, buyer.postcode)
    return _node(
        "DSP",
        _node(
            "organisme",
            _node("acheteurPublic", buyer.name),
            _address(announcement),
            _node("codeNUTS", find_place(buyer.commune, buyer.postcode).nuts_code),
        ),
        _node(
            "initial",
            _node(
                "communication",
                _node(
                    "documentMarche", _node("accesComplet"), _node("urlDocument", announcement.documents_url)
                ),
                _node("participation", _node("urlParticipation", announcement.documents_url)),
            ),
            _node(
                "descriptionMarche",
                _node("titreMarche", fact.title),
                _maybe("numeroReference", fact.reference),
                _cpv("CPV", fact.cpv, fact.cpv_more),
                _node("natureMarche", _node(_NATURES[fact.nature])),
                _maybe("description", fact.description),
                _node("lot", _node("lieuCodeNUTS", _node("codeNUTS", place.nuts_code))),
            ),
            _node("renseignementsAdm", _maybe("receptionInteret", _wall(announcement.deadline_at))),
        ),
    )


def _address(announcement: Announcement) -> Element:
    buyer = announcement.buyer
    street = _node("voie", _node("nomvoie", buyer.street))
    return _node("adr", street, _node("cp", buyer.postcode), _node("ville", buyer.commune))


def _earlier(announcement: Announcement) -> Element | None:
    earlier = announcement.earlier
    if earlier is None:
        return None
    published = _node("datePublication", f"{earlier.published_at:%Y-%m-%d}")
    return _node("avisInitial", _node("idWeb", earlier.boamp_id), published)


def _cpv(name: str, main: str | None, more: Iterable[str] = ()) -> Element | None:
    if main is None:
        return None
    others = (_node("objetComplementaire", _node("classPrincipale", code)) for code in more)
    return _node(name, _node("objetPrincipal", _node("classPrincipale", main)), *others)


def _prose(announcement: Announcement) -> str | None:
    """Return what a correction says, with the deadlines in words."""
    prose, earlier = announcement.fact.prose, announcement.earlier
    if prose is None:
        return None
    before = earlier.deadline_at if earlier is not None else None
    after = announcement.deadline_at
    return prose.format(
        before=french_moment(before) if before is not None else "",
        after=french_moment(after) if after is not None else "",
    )


def _wall(moment: datetime | None) -> str | None:
    """Return wall-clock time without an offset, as schema 3.2.5 has it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}" if moment is not None else None


# eForms


def _eforms(announcement: Announcement, ubl: _Ubl) -> Element:
    fact = announcement.fact
    is_award = fact.kind == "award"
    return _node(
        ubl.root["ContractAwardNotice" if is_award else "ContractNotice"],
        _cx(ubl, announcement),
        _b(ubl, "UBLVersionID", "2.3"),
        _b(ubl, "CustomizationID", "eforms-sdk-1.13"),
        _b(ubl, "ID", announcement.notice_uuid, schemeName="notice-id"),
        _b(ubl, "ContractFolderID", announcement.procedure_uuid),
        *_day_and_time(ubl, announcement.published_at, "IssueDate", "IssueTime"),
        _b(ubl, "VersionID", "01"),
        _b(ubl, "RegulatoryDomain", "32014L0024"),
        _b(
            ubl,
            "NoticeTypeCode",
            "can-standard" if is_award else "cn-standard",
            listName="result" if is_award else "competition",
        ),
        _b(ubl, "NoticeLanguageCode", "FRA", listName="language"),
        _a(ubl, "ContractingParty", _a(ubl, "Party", _party_id(ubl, "ORG-0002"))),
        _project(ubl, announcement),
        *_lots(ubl, announcement),
    )


def _cx(ubl: _Ubl, announcement: Announcement) -> Element:
    """Return the extensions: changes, organisations (a court comes first, as it may), publication."""
    buyer = announcement.buyer
    content = _node(
        f"{{{_EFEXT}}}EformsExtension",
        _changes(ubl, announcement),
        _node(f"{{{_EFAC}}}NoticeSubType", _b(ubl, "SubTypeCode", "16", listName="notice-subtype")),
        _node(
            f"{{{_EFAC}}}Organizations",
            _company(
                ubl,
                "ORG-0001",
                "Tribunal administratif de Rennes",
                "3 contour de la Motte",
                "Rennes",
                "35000",
            ),
            _company(ubl, "ORG-0002", buyer.name, buyer.street, buyer.commune, buyer.postcode, buyer.siret),
        ),
        _node(
            f"{{{_EFAC}}}Publication",
            _node(f"{{{_EFBC}}}NoticePublicationID", announcement.ojs_number, schemeName="ojs-notice-id"),
        ),
    )
    path = ("UBLExtensions", "UBLExtension", "ExtensionContent")
    for name in reversed(path):
        content = _node(f"{{{ubl.ext}}}{name}", content)
    return content


def _changes(ubl: _Ubl, announcement: Announcement) -> Element | None:
    fact, earlier = announcement.fact, announcement.earlier
    if earlier is None or fact.kind == "award":
        return None
    reason = "cancel" if fact.kind == "cancellation" else "cor-buy"
    text = _prose(announcement)
    return _node(
        f"{{{_EFAC}}}Changes",
        _node(f"{{{_EFBC}}}ChangedNoticeIdentifier", f"{earlier.notice_uuid}-01"),
        _node(
            f"{{{_EFAC}}}ChangeReason",
            _b(ubl, "ReasonCode", reason, listName="change-corrig-justification"),
            None if text is None else _node(f"{{{_EFBC}}}ReasonDescription", text, languageID="FRA"),
        ),
    )


def _company(
    ubl: _Ubl, number: str, name: str, street: str, commune: str, postcode: str, siret: str | None = None
) -> Element:
    place = find_place(commune, postcode)
    return _node(
        f"{{{_EFAC}}}Organization",
        _node(
            f"{{{_EFAC}}}Company",
            _party_id(ubl, number),
            _a(ubl, "PartyName", _b(ubl, "Name", name, languageID="FRA")),
            _a(
                ubl,
                "PostalAddress",
                _b(ubl, "StreetName", street),
                _b(ubl, "CityName", commune),
                _b(ubl, "PostalZone", postcode),
                _b(ubl, "CountrySubentityCode", place.nuts_code, listName="nuts"),
                _a(ubl, "Country", _b(ubl, "IdentificationCode", "FRA", listName="country")),
            ),
            None if siret is None else _a(ubl, "PartyLegalEntity", _b(ubl, "CompanyID", siret)),
        ),
    )


def _party_id(ubl: _Ubl, number: str) -> Element:
    return _a(ubl, "PartyIdentification", _b(ubl, "ID", number, schemeName="organization"))


def _project(ubl: _Ubl, announcement: Announcement) -> Element:
    fact = announcement.fact
    return _a(
        ubl,
        "ProcurementProject",
        None if fact.reference is None else _b(ubl, "ID", fact.reference, schemeName="InternalID"),
        _b(ubl, "Name", fact.title, languageID="FRA"),
        None if fact.description is None else _b(ubl, "Description", fact.description, languageID="FRA"),
        _b(ubl, "ProcurementTypeCode", fact.nature, listName="contract-nature"),
        _value(ubl, fact.value_euros),
        *_classification(ubl, fact.cpv, fact.cpv_more),
        _location(ubl, announcement.place),
    )


def _lots(ubl: _Ubl, announcement: Announcement) -> list[Element]:
    """Return the lots; a purchase without lots is one lot, as eForms wants it."""
    fact = announcement.fact
    whole = LotFact(title=fact.title, cpv=fact.cpv, value_euros=fact.value_euros)
    return [_lot(ubl, announcement, lot, number) for number, lot in enumerate(fact.lots or (whole,), start=1)]


def _lot(ubl: _Ubl, announcement: Announcement, lot: LotFact, number: int) -> Element:
    place = announcement.place
    if lot.commune is not None and lot.postcode is not None:
        place = find_place(lot.commune, lot.postcode)
    return _a(
        ubl,
        "ProcurementProjectLot",
        _b(ubl, "ID", f"LOT-{number:04}", schemeName="Lot"),
        _terms(ubl, announcement),
        _process(ubl, announcement),
        _a(
            ubl,
            "ProcurementProject",
            _b(ubl, "Name", lot.title, languageID="FRA"),
            _b(ubl, "ProcurementTypeCode", announcement.fact.nature, listName="contract-nature"),
            _value(ubl, lot.value_euros),
            *_classification(ubl, lot.cpv, ()),
            _location(ubl, place),
        ),
    )


def _terms(ubl: _Ubl, announcement: Announcement) -> Element:
    address = _a(ubl, "ExternalReference", _b(ubl, "URI", announcement.documents_url))
    return _a(
        ubl,
        "TenderingTerms",
        _a(
            ubl,
            "CallForTendersDocumentReference",
            _b(ubl, "ID", "dossier-de-consultation"),
            _b(ubl, "DocumentType", "non-restricted-document"),
            _a(ubl, "Attachment", address),
        ),
        _a(ubl, "TenderRecipientParty", _b(ubl, "EndpointID", f"{announcement.documents_url}/offres")),
    )


def _process(ubl: _Ubl, announcement: Announcement) -> Element:
    periods = (
        ("TenderSubmissionDeadlinePeriod", announcement.deadline_at),
        ("AdditionalInformationRequestPeriod", announcement.question_at),
    )
    return _a(
        ubl,
        "TenderingProcess",
        _b(ubl, "ProcedureCode", "open", listName="procurement-procedure-type"),
        *(
            _a(ubl, name, *_day_and_time(ubl, moment, "EndDate", "EndTime"))
            for name, moment in periods
            if moment is not None
        ),
    )


def _day_and_time(ubl: _Ubl, moment: datetime, day_name: str, time_name: str) -> tuple[Element, Element]:
    """Return a moment as eForms has it: two elements, each with the offset."""
    day, clock_time = f"{moment.isoformat(timespec='seconds')}".split("T")
    return _b(ubl, day_name, f"{day}{clock_time[8:]}"), _b(ubl, time_name, clock_time)


def _value(ubl: _Ubl, euros: int | None) -> Element | None:
    if euros is None:
        return None
    amount = _b(ubl, "EstimatedOverallContractAmount", f"{euros}.00", currencyID="EUR")
    return _a(ubl, "RequestedTenderTotal", amount)


def _classification(ubl: _Ubl, main: str | None, more: Iterable[str]) -> list[Element]:
    named = [("MainCommodityClassification", main)] if main is not None else []
    named += [("AdditionalCommodityClassification", code) for code in more]
    return [_a(ubl, name, _b(ubl, "ItemClassificationCode", code, listName="cpv")) for name, code in named]


def _location(ubl: _Ubl, place: Place | None) -> Element | None:
    if place is None:
        return None
    address = _a(
        ubl,
        "Address",
        _b(ubl, "CityName", place.commune),
        _b(ubl, "PostalZone", place.postcode),
        _b(ubl, "CountrySubentityCode", place.nuts_code, listName="nuts"),
        _a(ubl, "Country", _b(ubl, "IdentificationCode", "FRA", listName="country")),
    )
    return _a(ubl, "RealizedLocation", address)


# RSS


def _item(announcement: Announcement) -> Element:
    fact, place = announcement.fact, announcement.place
    label = _RSS_LABELS[fact.kind]
    title = fact.title if fact.kind == "call" else f"{label} : {fact.title}"
    deadline = announcement.deadline_at
    return _node(
        "item",
        _node("title", title),
        _node("link", announcement.documents_url),
        _node("guid", announcement.guid, isPermaLink="false"),
        _node("description", _summary(announcement)),
        _node("category", label),
        _node("category", _RSS_NATURES[fact.nature]),
        _node("pubDate", format_datetime(announcement.published_at)),
        _node(f"{{{_DC}}}creator", announcement.buyer.name),
        _maybe(f"{{{_DC}}}dateAccepted", _wall(deadline)),
        _maybe(f"{{{_DC}}}location", f"{place.departement} - {place.commune}" if place is not None else None),
    )


def _summary(announcement: Announcement) -> str:
    """Return an item's text: HTML, as these feeds have it, escaped once more by XML."""
    fact = announcement.fact
    paragraphs = [text for text in (_prose(announcement), fact.description, fact.visit) if text is not None]
    lots = [f"Lot {number} : {lot.title}" for number, lot in enumerate(fact.lots, start=1)]
    body = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs or [fact.title])
    listed = "".join(f"<li>{html.escape(lot)}</li>" for lot in lots)
    return f"{body}<ul>{listed}</ul>" if lots else body


# Elements


def _a(ubl: _Ubl, name: str, *content: Element | None) -> Element:
    return _node(f"{{{ubl.cac}}}{name}", *content)


def _b(ubl: _Ubl, name: str, text: str, **attributes: str) -> Element:
    return _node(f"{{{ubl.cbc}}}{name}", text, **attributes)


def _node(name: str, *content: Element | str | None, **attributes: str) -> Element:
    """Return an element; None among its content is left out."""
    element = Element(name, attributes)
    for part in content:
        if isinstance(part, str):
            element.text = part
        elif part is not None:
            element.append(part)
    return element


def _maybe(name: str, text: str | None) -> Element | None:
    return None if text is None else _node(name, text)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _bytes(root: Element) -> bytes:
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


_DOCUMENTS: Mapping[str, Callable[[Announcement], Element]] = {
    "fnsimple": _boamp,
    "mapa": _boamp,
    "dsp": _boamp,
    "boamp-eforms": _boamp,
    "eforms": lambda announcement: _eforms(announcement, _OASIS),
}
