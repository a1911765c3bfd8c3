"""Real notices read a second time, by short code that knows nothing of the parsers, and compared fact by fact.

What is compared: title, buyer, every deadline, CPV codes, places, lots.  Each format is read here by XPath over local
names, or by walking JSON, and cleaned by the few rules that both readings share: spaces, escapes, the clock of Paris.
"""

from __future__ import annotations

import csv
import html
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from alerting.pipeline.check import check


ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("ALERTING_CORPUS", "../shared/data")).resolve()
PARIS = ZoneInfo("Europe/Paris")
# A country that stands beside the codes of NUTS, in an element of its own.
COUNTRIES = "countries"
COUNTRY_LETTERS = 2


@dataclass(frozen=True)
class Facts:
    """What a notice states, as both readings see it."""

    title: str
    buyer: str | None
    deadlines: frozenset[str]
    cpv: frozenset[str]
    places: frozenset[str]
    lots: tuple[str, ...]


def column(name: str, first: str, second: str) -> dict[str, str]:
    """Return two columns of a code list as a mapping."""
    with (CORPUS / "codelists" / name).open(encoding="utf-8-sig", newline="") as file:
        return {row[first]: row[second] for row in csv.DictReader(file)}


def words(text: object) -> str:
    """Return a text on one line, its escapes opened."""
    opened = str(text)
    while (once := html.unescape(opened)) != opened:
        opened = once
    # What Windows-1252 has there, where ISO 8859-1 has controls.
    signs = (
        bytes([ord(one)]).decode("cp1252", "replace") if "\x80" <= one <= "\x9f" and one != "\x85" else one
        for one in opened
    )
    return " ".join("".join(signs).split())


def paris(text: str) -> str:
    """Return a wall clock of Paris in UTC; a day alone ends with itself."""
    day, _, clock = text[:16].partition("T")
    wall = datetime.fromisoformat(f"{day}T{clock or '23:59'}")
    return wall.replace(tzinfo=PARIS).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def moment(text: str) -> str:
    """Return a time in UTC, by its offset; without one, or a day alone, by the clock of Paris."""
    if "T" not in text:
        return paris(text[:10])
    at = datetime.fromisoformat(text)
    return paris(text) if at.tzinfo is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def joined(node: etree._Element) -> str:
    """Return the text of an element, its paragraphs parted."""
    paragraphs = [child for child in node if etree.QName(child).localname == "P"] or [node]
    return " ".join("".join(each.itertext()) for each in paragraphs)


class Xml:
    """An element asked by local names: "a/b", ".//c", "a/@x"."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element

    def all(self, path: str) -> list[object]:
        parts = [
            part if part in {"", "."} or part.startswith("@") else f"*[local-name()='{part}']"
            for part in path.split("/")
        ]
        return self.element.xpath("/".join(parts))

    def nodes(self, path: str) -> list[Xml]:
        return [Xml(node) for node in self.all(path)]

    def texts(self, *paths: str) -> list[str]:
        found = [node for path in paths for node in self.all(path)]
        texts = [str(node) if isinstance(node, str) else joined(node) for node in found]
        return [text for text in map(words, texts) if text]

    def text(self, *paths: str) -> str | None:
        return next((found[0] for path in paths if (found := self.texts(path))), None)


def cpv(codes: list[str]) -> frozenset[str]:
    known = CODES["cpv"]
    eight = (code.replace(" ", "")[:8] for code in codes)
    return frozenset(code for code in eight if code in known)


def nuts(codes: list[str]) -> frozenset[str]:
    old = CODES["old"]
    return frozenset(old.get(code, code) for code in codes if re.fullmatch(r"[A-Z]{2}[A-Z0-9]{0,3}", code))


CODES: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module", autouse=True)
def _codes() -> None:
    CODES["cpv"] = column("cpv_2008_labels.csv", "code", "label_fr")
    CODES["old"] = column("fr_old_nuts3_seen_in_ted.csv", "old_code", "nuts2021_by_label")
    CODES["old"]["FR24"] = "FRB0"  # Centre, a region: the list has départements.


def eforms(document: bytes) -> Iterator[Facts]:
    """BT-21, BT-500, BT-131, BT-1311, BT-630, BT-262, BT-263, BT-5071, BT-137."""
    root = Xml(etree.fromstring(document))
    buyer_id = root.text("ContractingParty/Party/PartyIdentification/ID")
    companies = [
        each for each in root.nodes(".//Organizations/Organization/Company")
        if each.text("PartyIdentification/ID") == buyer_id
    ]  # fmt: skip
    lots = [
        lot for lot in root.nodes("ProcurementProjectLot") if lot.text("ID/@schemeName") in {"Lot", "Part"}
    ]
    yield Facts(
        title=in_french(root, "ProcurementProject/Name", "NoticeLanguageCode")
        or root.text("BusinessParty/PartyLegalEntity/RegistrationName", "SenderParty/PartyName/Name")
        or "",
        buyer=in_french(companies[0], "PartyName/Name", "x", root.text("NoticeLanguageCode")) if companies else None,
        deadlines=frozenset(first for lot in lots if (first := min(periods(lot), default=None))),
        cpv=cpv(root.texts("ProcurementProject//ItemClassificationCode", "ProcurementProjectLot/ProcurementProject//ItemClassificationCode")),
        places=nuts(root.texts("ProcurementProject/RealizedLocation//CountrySubentityCode", "ProcurementProjectLot/ProcurementProject/RealizedLocation//CountrySubentityCode")),
        lots=tuple(lot.text("ID") or "" for lot in lots),
    )  # fmt: skip


def in_french(part: Xml, path: str, language_path: str, own: str | None = None) -> str | None:
    """Return the French text, else that of the notice's own language, else the first."""
    own = own or part.text(language_path)
    found = [(node.text("@languageID"), node.text(".")) for node in part.nodes(path)]
    stated = [(language, text) for language, text in found if text]
    for wanted in ("FRA", own):
        for language, text in stated:
            if language == wanted:
                return text
    return stated[0][1] if stated else None


def periods(lot: Xml) -> list[str]:
    names = (
        "TenderSubmissionDeadlinePeriod",
        "ParticipationRequestReceptionPeriod",
        "InterestExpressionReceptionPeriod",
    )
    found = [period for name in names for period in lot.nodes(f"TenderingProcess//{name}")]
    ends = [(period.text("EndDate"), period.text("EndTime")) for period in found]
    return [moment(f"{day[:10]}T{clock}" if clock else day) for day, clock in ends if day]


def ted_export(document: bytes) -> Iterator[Facts]:
    """Standard forms: the French one, else the original."""
    root = Xml(etree.fromstring(document))
    forms = root.nodes("FORM_SECTION/.")[0].element
    form = next((Xml(each) for each in forms if each.get("LG") == "FR"), None)
    form = form or next(Xml(each) for each in forms if each.get("CATEGORY") == "ORIGINAL")
    if not form.all("OBJECT_CONTRACT"):
        return  # The defence forms have other names for everything.
    parts = form.nodes("OBJECT_CONTRACT/OBJECT_DESCR")
    body = "PROCEDURE"
    day, clock = form.text(f"{body}/DATE_RECEIPT_TENDERS"), form.text(f"{body}/TIME_RECEIPT_TENDERS")
    coded = root.text("CODED_DATA_SECTION/CODIF_DATA/DT_DATE_FOR_SUBMISSION")
    if day is None and coded is not None:
        day, clock = f"{coded[:4]}-{coded[4:6]}-{coded[6:8]}", coded[9:] or None
    is_divided = bool(form.all("OBJECT_CONTRACT/LOT_DIVISION")) or len(parts) > 1
    yield Facts(
        title=form.text("OBJECT_CONTRACT/TITLE") or "",
        buyer=form.text("CONTRACTING_BODY/ADDRESS_CONTRACTING_BODY/OFFICIALNAME"),
        deadlines=frozenset({paris(f"{day}T{clock.zfill(5)}" if clock else day)} if day else ()),
        cpv=cpv(form.texts("OBJECT_CONTRACT/CPV_MAIN/CPV_CODE/@CODE", "OBJECT_CONTRACT/OBJECT_DESCR/CPV_ADDITIONAL/CPV_CODE/@CODE")),
        places=nuts(form.texts("OBJECT_CONTRACT/OBJECT_DESCR/NUTS/@CODE") or root.texts("CODED_DATA_SECTION/NOTICE_DATA/PERFORMANCE_NUTS/@CODE")),
        lots=tuple(part.text("LOT_NO") or str(number) for number, part in enumerate(parts, 1)) if is_divided else (),
    )  # fmt: skip


def boamp(document: bytes) -> Iterator[Facts]:
    """FNSimple, MAPA and DSP of 3.2.5."""
    root = Xml(etree.fromstring(document))
    content = root.nodes("DONNEES/.")[0].element
    said = Xml(content[0])
    body = next(
        Xml(each)
        for each in said.element
        if etree.QName(each).localname in {"initial", "rectificatif", "attribution"}
    )
    dates = body.texts(".//dateReceptionOffres", ".//receptionOffres", ".//receptionInteret") or root.texts(
        "GESTION/INDEXATION/DATE_LIMITE_REPONSE"
    )
    lots = body.nodes("lots/lot")
    yield Facts(
        title=body.text(".//intitule", ".//titreMarche", ".//objet") or "",
        buyer=said.text("organisme/nomOfficiel", "organisme/acheteurPublic"),
        deadlines=frozenset(map(paris, dates)),
        cpv=cpv([code for path in (".//objetPrincipal/classPrincipale", ".//objetComplementaire/classPrincipale") for code in body.texts(path)]),
        places=nuts(re.findall(r"\bFR[A-Z0-9]{3}\b", " ".join(body.texts(".//lieuExecution", ".//lieuExecutionLivraison", ".//codeNUTS")))),
        lots=tuple(str(number) for number, _ in enumerate(lots, 1)),
    )  # fmt: skip


def boamp_v230(document: bytes) -> Iterator[Facts]:
    """Schema 230: a single LOT without a number is the purchase, as are several of one that is not divided."""
    root = Xml(etree.fromstring(document))
    found = root.nodes("DONNEES/OBJET/LOTS/LOT")
    is_divided = len(found) > 1 and not root.all("DONNEES/OBJET/DIV_EN_LOTS/NON")
    lots = found if is_divided or any(lot.text("NUM") for lot in found) else []
    dates = root.texts("DONNEES/CONDITION_DELAI/RECEPT_OFFRES", "DONNEES/CONDITION_DELAI/RECEPT_CANDIDAT")
    dates = dates or root.texts("GESTION/INDEXATION/DATE_LIMITE_REPONSE")
    titles = (
        root.texts("DONNEES/OBJET/TITRE_MARCHE"),
        root.texts("DONNEES/OBJET/OBJET_COMPLET"),
        root.texts("GESTION/INDEXATION/RESUME_OBJET"),
    )
    titled, whole, summary = (texts[0] if texts else None for texts in titles)
    short = summary if whole is None or len(whole) > 250 else whole
    yield Facts(
        title=titled or short or whole or "",
        buyer=root.text("DONNEES/IDENTITE/DENOMINATION"),
        deadlines=frozenset(map(paris, dates)),
        cpv=cpv(root.texts("DONNEES/OBJET//CPV/PRINCIPAL", "DONNEES/OBJET//CPV/SUPPLEMENTAIRE")),
        places=nuts(root.texts("DONNEES/OBJET//CODE_NUTS")),
        lots=tuple(lot.text("NUM") or str(number) for number, lot in enumerate(lots, 1)),
    )  # fmt: skip


def boamp_api(document: bytes) -> Iterator[Facts]:
    """The records' flat fields, which say again what the notice in them says."""
    answer = json.loads(document)
    for record in answer["results"] if isinstance(answer, dict) else answer:
        deadline = record.get("datelimitereponse")
        early = deadline is not None and record["dateparution"] < "2024"
        at = datetime.fromisoformat(deadline[:19]) + timedelta(hours=early) if deadline else None
        yield Facts(
            title=words(record["objet"]),
            buyer=words(record["nomacheteur"]),
            deadlines=frozenset({paris(at.isoformat())} if at else ()),
            cpv=frozenset(), places=frozenset(), lots=(),
        )  # fmt: skip


def ocds(document: bytes) -> Iterator[Facts]:
    """Releases of a package."""
    package = json.loads(document)
    for release in package.get("releases", [package]):
        tender = release.get("tender") or {}
        items = tender.get("items") or []
        codes = [tender.get("classification"), *(tender.get("additionalClassifications") or ())]
        codes += [
            each
            for item in items
            for each in (item.get("classification"), *(item.get("additionalClassifications") or ()))
        ]
        places = [place for item in items for place in item.get("deliveryAddresses") or ()]
        end = (tender.get("tenderPeriod") or {}).get("endDate")
        yield Facts(
            title=words(tender.get("title") or release.get("title") or tender.get("description") or ""),
            buyer=words((release.get("buyer") or {}).get("name") or "") or None,
            deadlines=frozenset({moment(end)} if end else ()),
            cpv=cpv([str(each["id"]) for each in codes if each and each.get("scheme") == "CPV" and "id" in each]),
            places=nuts([place.get("region") or "" for place in places]),
            lots=tuple(str(lot.get("id")) for lot in tender.get("lots") or ()),
        )  # fmt: skip


def placsp(document: bytes) -> Iterator[Facts]:
    """Entries with CODICE; tombstones state nothing but which entry is gone."""
    root = Xml(etree.fromstring(document))
    entries = [root] if etree.QName(root.element).localname == "entry" else root.nodes("entry")
    for entry in entries:
        folder = "ContractFolderStatus"
        period = f"{folder}/TenderingProcess/TenderSubmissionDeadlinePeriod"
        day, clock = entry.text(f"{period}/EndDate"), entry.text(f"{period}/EndTime")
        yield Facts(
            title=entry.text(f"{folder}/ProcurementProject/Name", "title") or "",
            buyer=entry.text(f"{folder}/LocatedContractingParty/Party/PartyName/Name"),
            deadlines=frozenset({paris(f"{day[:10]}T{clock}" if clock else day[:10])} if day else ()),
            cpv=cpv(entry.texts(f"{folder}//ItemClassificationCode")),
            places=nuts(entry.texts(f"{folder}//RealizedLocation//CountrySubentityCode")),
            lots=tuple(entry.texts(f"{folder}/ProcurementProjectLot/ID")),
        )  # fmt: skip


def ted_api(document: bytes) -> Iterator[Facts]:
    """The search's answer: days without an hour, texts by language."""
    for item in json.loads(document)["notices"]:
        title = item["notice-title"].get("fra") or next(iter(item["notice-title"].values()))
        buyer = next(iter(item["buyer-name"].values()))
        days = item.get("deadline-receipt-tender-date-lot") or ()
        yield Facts(
            title=words(title).split(" – ", 2)[-1],
            buyer=words(buyer[0] if isinstance(buyer, list) else buyer),
            deadlines=frozenset({paris(max(days)[:10])} if days else ()),
            cpv=cpv([str(code) for code in item.get("classification-cpv") or ()]),
            places=nuts([code for code in item.get("place-of-performance") or () if not re.fullmatch(r"[A-Z]{1,3}", code)]),
            lots=(),
        )  # fmt: skip


def as_read(notice: object) -> Facts:
    """Return what the product made of a notice, in the same shape."""
    dates = {notice.deadline_at, *(lot.deadline_at for lot in notice.lots)} - {None}
    own = {lot.deadline_at for lot in notice.lots}
    if None not in own and own:
        dates = own
    codes = [
        notice.cpv_main,
        *notice.cpv_additional,
        *(code for lot in notice.lots for code in lot.cpv_codes),
    ]
    places = [*notice.places, *(place for lot in notice.lots for place in lot.places)]
    named = {place.nuts_code for place in places}
    return Facts(
        title=words(notice.title),
        buyer=notice.buyer.name if notice.buyer else None,
        deadlines=frozenset(date.strftime("%Y-%m-%dT%H:%M") for date in dates),
        cpv=frozenset(filter(None, codes)),
        places=frozenset(filter(None, named)),
        lots=tuple(lot.lot_id for lot in notice.lots),
    )


FORMATS: dict[str, tuple[Callable[[bytes], Iterator[Facts]], str, tuple[str, ...]]] = {
    # How it is read, which files, and what that reading does not see.
    "eforms": (eforms, "eforms/**/*.xml", (COUNTRIES,)),
    "ted-export": (ted_export, "ted-legacy/fr/*.xml", ()),
    "boamp": (boamp, "boamp/xml-v325-2026/*.xml", ()),
    "boamp-v230": (boamp_v230, "boamp/xml-v230-2017/*.xml", ()),
    "boamp-api": (boamp_api, "boamp/api-v21/records_*.json", ("cpv", "places", "lots")),
    "ocds": (ocds, "ocds/contracts-finder-real/*.json", (COUNTRIES,)),
    "placsp": (placsp, "placsp-atom/*.xml", ()),
    "ted-api": (ted_api, "ted-api-v3/search_response_*.json", ()),
}


def differences(name: str, path: Path) -> tuple[int, list[str]]:
    """Return how many notices of a file were compared, and in what both readings differ."""
    second, _, unseen = FORMATS[name]
    document = path.read_bytes()
    notices = [
        notice
        for notice in check(path.name, document).notices
        if not notice.title.startswith("Anuncio retirado")
    ]
    stated = list(second(document)) if notices else []
    if not stated:
        return 0, []
    if len(stated) != len(notices):
        return 0, [f"{path.name}: {len(notices)} notices read, {len(stated)} there"]
    found = []
    for notice, facts in zip(notices, stated, strict=True):
        ours = as_read(notice)
        for field in Facts.__dataclass_fields__:
            one, other = getattr(facts, field), getattr(ours, field)
            if field == "places" and COUNTRIES in unseen:
                other = frozenset(code for code in other if len(code) > COUNTRY_LETTERS)
            if field not in unseen and folded(one) != folded(other):
                found.append(f"{path.name}: {field}: there {one!r:.200}, read {other!r:.200}")
    return len(notices), found


def folded(fact: object) -> object:
    """Return a fact as it is compared: a text's case, accents and ligatures are no difference."""
    if not isinstance(fact, str):
        return fact
    plain = unicodedata.normalize("NFKD", fact.casefold().replace("œ", "oe").replace("’", "'"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


@pytest.mark.parametrize("name", list(FORMATS))
def test_both_readings_say_the_same(name):
    """
    Every difference is a mistake of one of them.
    """
    files = sorted(CORPUS.glob(FORMATS[name][1]))
    assert files != [], (
        f"no documents of {name} below {CORPUS}; name another folder with: make corpus CORPUS=..."
    )
    compared, found = 0, []
    for path in files:
        count, lines = differences(name, path)
        compared += count
        found += lines

    sys.stdout.write(f"{name}: {len(files)} files, {compared} notices compared, {len(found)} differences\n")
    sys.stdout.write("".join(f"  {line}\n" for line in found[:40]))
    assert compared > 0
    assert found == []
