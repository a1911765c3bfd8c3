"""Read the new deadline out of a correction's French prose, or say nothing.

In:   the text of ``infosRectif``.
Out:  the old and the new wall-clock time with the sentence that says so, and the lots of which alone it
      does; nothing when no sentence speaks of the deadline, when two new dates compete, when no word
      leads to the date as the deadline's, or when nobody can tell whether it is the whole purchase's.

A date is the deadline's only where nothing but little words stand between it and "date limite de remise des
offres", or a verb that moves it there ("reportée au") and has no other subject: what else has a date, a
document, a meeting, a dispatch, cannot be listed.  A sentence that refuses, asks or supposes tells no date;
nor does a day whose hour cannot be read, for the day alone would be later than the truth.

Many write without accents, in capitals above all: every pattern below is of letters without them, but for
"à", and is held against a text of the same length without them.  Where a sentence has no accent at all,
"a" is "à" where it is seldom "has": before a number, a weekday, an article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date as calendar_day
from datetime import time

from alerting.domain.notice import Clock, RawChange, RawTime
from alerting.text.accents import has_accents
from alerting.text.lot_words import find_lots


_BARE_LETTERS = str.maketrans('àâäéèêëîïôöùûüçÀÂÄÉÈÊËÎÏÔÖÙÛÜÇ"“”', "àaaeeeeiioouuucÀAAEEEEIIOOUUUC»»»")
# Every quotation mark is one of French typography there.
_OPENING = re.compile(r"[\"“](?=\w)")
_WEEKDAY = r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
_A_OF_PLACE = re.compile(
    rf"\ba(?=\s*\d|\s+(?:midi|minuit|partir|compter|nouveau|la|cette|{_WEEKDAY})\b|\s+l['’])"
    r"|(?<=\bsuite )a\b",
    re.IGNORECASE,
)

# "L OUVERTURE", "S IL", "QU A": the apostrophe left out.
_ELIDED = re.compile(
    r"(?<=\b[cdjlmnst]) (?=[aeiouyh]\w)|(?<=\bqu) (?=[aeiouyh])|(?<=\bjusqu) (?=[aeiouyh])", re.IGNORECASE
)
MONTHS = {
    name: number
    for number, names in enumerate(
        ("janvier janv", "fevrier fevr", "mars", "avril avr", "mai", "juin", "juillet juil",
         "aout", "septembre sept", "octobre oct", "novembre nov", "decembre dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
# "16.30" is an hour only behind a word that says so.
_HOUR = (
    r"(?P<hour>\d{1,2})\s*(?:h(?![a-zà-ÿ])|:(?=\s*\d{2})|heures?|(?(said)\.(?=\d{2}(?!\.?\d))|(?!)))"
    r"\s*(?P<minute>\d{2}(?!\d))?|(?P<noon>midi)|(?P<midnight>minuit)"
)
_SAYS_HOUR = (
    r"(?P<said>(?:(?:au\s+plus\s+tard|dernier\s+delai|delai\s+de\s+rigueur|heure(?:\s+limite)?|à|avant|pour|jusqu['’]à)"
    r"[\s:,]*){1,3})"
)
# Without its year a date is none that may be told, but it must be seen: it may be the new one.
DATE = re.compile(
    r"(?<![\d/.-])(?:(?P<iso_year>\d{4})-(?P<iso_month>\d{2})-(?P<iso_day>\d{2})(?!\d)"
    r"|(?P<day>\d{1,2})(?:er)?\s*(?:(?P<month>"
    + "|".join(sorted(MONTHS, key=len, reverse=True))
    + r")\b\.?(?:\s+(?P<year>\d{4}))?"
    r"|[/.-]\s*(?P<number>\d{1,2})\s*[/.-]\s*(?P<number_year>\d{4}|\d{2})(?!\d)|/\d{2}(?![\d/])))"
    rf"(?:[\s,]*[-–(]?\s*(?:{_SAYS_HOUR}|(?P<since>de|entre)\s+)?(?:{_HOUR})\)?)?",
    re.IGNORECASE,
)
# What looks like an hour and was not read as one, so near behind a day.
_NEAR = 40
HOUR_LIKE = re.compile(
    r"\d\s*h(?:rs?)?(?![a-zà-ÿ])|\d\s*:\s*\d{2}|\d\.\d{2}(?!\.?\d)|\b(?:heures?|midi|minuit|matin|matinee|soir|soiree|horaires?)\b",
    re.IGNORECASE,
)
# What makes another hour of the one that was read.
HOUR_GOES_ON = re.compile(
    r"^\s*(?:(?:et|ou)\s+(?:à\s+)?\d{1,2}\s*(?:h|:)|(?:et\s+)?(?:demie?|quart|quinze|trente|quarante|moins|cinq|dix|vingt)\b"
    r"|(?:de\s+l['’]|du\s+)(?:apres|soir)"
    # Overseas it is another clock than that of Paris, mostly an earlier end.
    r"|[,(]?\s*(?:heures?\s+)?locales?\b"
    r"|[,(]?\s*heures?\s+(?:guadeloup|martini|guyan|(?:la\s+)?reunion|mayott|mahor|antill|polyn|caledon|cayenne|noumea|tahiti|saint)"
    r"|[,(]?\s*heures?\s+(?:d['’]|d(?:e|u|es)\s)(?!\s*(?:(?:la|le)\s+|l['’]\s*)?(?:paris|france|metropol|hexagone|envoi|remise|reception|depot)))",
    re.IGNORECASE,
)
HOUR_UNTIL = re.compile(r"^\s*(?:[-–]|à|et)\s*(?:\d{1,2}\s*(?:h|:)|midi)", re.IGNORECASE)
# A sentence of its own that tells the hour of a day told elsewhere.
HOUR_APART = re.compile(
    r"\bheures?\s+(?:limites?|de\s+(?:remise|reception|depot))\b|\bmemes?\s+heures?\b|\bl['’]heure\b|\bhoraires?\b",
    re.IGNORECASE,
)
CENTURY = 2000
# "date limite de remise" is the offers' where no other noun follows: "des prototypes" makes it another's.
_BIDS = (
    r"(?:des\s+|de\s+(?:l['’]\s*|leurs?\s+|vos\s+|votre\s+|son\s+|la\s+)?|du\s+|d['’](?:une\s+)?)?"
    r"(?:offres?|plis?|candidatures?|propositions?|demandes?\s+de\s+participation"
    r"|dossiers?(?:\s+(?:de\s+(?:candidatures?|reponse|participation)|d['’]offres?))?"
    r"(?!\s+(?:des?\s|d['’]|techniques?|administratifs?)))\b"
)
_MOVES = (
    r"(?:report|repouss|decal|differ|prorog|prolong|rallong|etendu|avanc|port|remplac|modifi|fix|arret)e?e?s?"
)
_DATE_AHEAD = rf"(?:(?:{_WEEKDAY})\b|\d|§|$)"
_BARE = (
    rf"(?=\s*(?:$|[:,.;§»–-])|\s+(?:est|sont|sera|seront|a|ont|etait|etaient|passe|devient|ne|n['’]|desormais|maintenant"
    rf"|initialement|(?:prevue?s?|{_MOVES})(?!\s+(?:pour|des?)\s))(?!\w)"
    rf"|\s+(?:le|du|au|jusqu['’]au|avant\s+le|au\s+plus\s+tard\s+le)\s*{_DATE_AHEAD}"
    r"|\s+(?:pour|du|des|de)\s+(?:(?:le|les|tous|chaque)\s+)*lots?\b"
    r"|\s+(?:au|à\s+(?:la|cette|cet|l)|pour\s+(?:la|cette|ce|le))[\s'’]\s*(?:presente?\s+)?(?:avis|consultation|appel)\b)"
)
_LIMIT = r"(?:dates?|heures?|delais?|echeances?)\s+limites?"
SPEAKS_OF_DEADLINE = re.compile(
    rf"(?:(?:{_LIMIT}|dates?|heures?|delais?|echeances?)\s+(?:initiale?s?\s+)?(?:de|d['’]|pour)\s*(?:la\s+|le\s+|l['’])?)?"
    rf"\b(?:reception|remise|depot|envoi)\s+{_BIDS}"
    rf"|{_LIMIT}\s+(?:des?|pour)\s+(?:les\s+)?(?:offres|plis|candidatures)\b|\bDLR[OP]\b(?!\s*\(?\s*(?:[-–+]\s*\d+\s*j|j\s*[-–+]))"
    r"|(?:^|[.,;:(«»]|\bque\b)\s*(?:(?:les|vos|leurs)\s+)?(?:nouvelles\s+)?(?:(?:offres|plis|candidatures)\s+et\s+(?:les\s+)?)?"
    r"(?:offres|plis|candidatures)\s+(?:devront|doivent)\s+(?:etre\s+(?:remis|transmis|depose|recu|envoye)(?:es?|s)?|parvenir)\b"
    rf"|{_LIMIT}(?:\s+(?:initiale?|actuelle?)s?)?(?:\s+(?:de|pour)\s+(?:la\s+|le\s+)?(?:reception|remise|depot|reponse|repondre)\b)?{_BARE}",
    re.IGNORECASE,
)
# Before those words: of a thing that has to do with the deadline; a move of the deadline is none.
ASIDE = re.compile(
    r"(?:(?<!\w)(?:avant|apres|pour|à|sur|lors\s+de|depuis|suivant)\s+(?:(?:la|le|les|l['’]|toute|cette)\s*)?|\b(?:aux?|l[ao]rs\s+du)\s+"
    r"|(?P<of>\b(?:de\s+(?:(?:la|cette|nos)\s+|l['’])?|du\s+|des\s+(?:(?:la|le)\s+|l['’]\s*)?)))$",
    re.IGNORECASE,
)
MOVE_OF = re.compile(
    r"\b(?:reports?|prolongations?|prorogations?|modifications?|decalages?|changements?|rectifications?|corrections?|"
    r"extensions?|allongement|recul|lieu|objet)\s*(?::\s*)?$",
    re.IGNORECASE,
)
# A new subject between those words and the verb: the verb is not the deadline's.
_ARTICLE = (
    r"(?:les?|la|une?|ces?|cet|cette|son|sa|ses|leurs?|[nv]os|[nv]otre|chaque|certaine?s|plusieurs|quelques)"
)
PREPOSITIONAL = re.compile(
    rf"\b(?:de|à|pour|par|dans|sur|en|avec|sous|selon|concernant)\s+(?:(?:tous|toutes)\s+)?(?:{_ARTICLE}\b|l['’])|\bd['’](?:une?|autres)\b",
    re.IGNORECASE,
)
_ITSELF = (
    r"(?:nouvelle\s+)?(?:dates?|echeances?|delais?)\b"
    rf"(?!\s+(?:des?\b|d['’]|pour\b)|\s+du\s+(?!(?:(?:{_WEEKDAY})\s+)?§))"
)
NEW_SUBJECT = re.compile(
    rf";|\b(?:mais|tandis|etant|ainsi\s+que|celles?\s+d|alors|cependant|toutefois|neanmoins)\b|,\s*(?:des|du)\s+(?!\W*§)"
    rf"|\b{_ARTICLE}\s+(?!\W*§|(?:{_WEEKDAY})\b|{_ITSELF})|\bl['’]\s*(?=\w)"
    rf"|:(?!\s*(?:$|[§«]|(?:au\s+lieu|il|lire|remplacer|elle|celle|celui|est|sera|desormais|(?:{_WEEKDAY})|{_ARTICLE}\s+{_ITSELF})\b"
    rf"|(?:le|du|au|avant\s+le)\s+(?:(?:{_WEEKDAY})\s+)?§))",
    re.IGNORECASE,
)
# A sentence that refuses, asks, supposes, or speaks of another appointment, says no new deadline.
REFUSES = re.compile(
    r"\b(?:demand\w*|refus\w*|rejet\w*|inchang\w*|eventuel\w*|aucune?s?|pas|plus|jamais|ne|reunions?|signatures?|retraits?|"
    r"commissions?|hors|sauf|except\w*|supprim\w*|souhait\w*|sollicit\w*|envisag\w*|annulee?s?|seraient|serait|pourr\w*|peut|peuvent|devrai\w*|si|sinon|"
    r"sous\s+reserve|hypothese|en\s+cas|soi(?:t|ent)\s+(?:(?:donc|ainsi|desormais|à\s+nouveau)\s+)?"
    r"(?:report|repouss|decal|differ|prorog|prolong|rallong|etend|avanc|port|remplac|modifi|fix|arret)\w*)\b|\bn['’](?!\s*°)|\bs['’]ils?\b",
    re.IGNORECASE,
)
# These refuse nothing: "au plus tard", "et non pas", "suite à la demande d'un candidat".
REFUSES_NOTHING = re.compile(
    r"\bplus\s+tard\b|\bnon\s+pas\b|\bdemandes?\s+de\s+participation\b|\bannule\s+et\s+remplace\b(?!\s+par)"
    rf"|\bannulee?s?\s+et\s+remplacee?s?\s+par\b(?=(?:[\s«]|\b(?:le|du|celle\s+du|{_WEEKDAY})\b)*\d)"
    r"|\b(?:suite\s+aux?|à|en\s+raison|compte\s+tenu)\s+(?:des?\s+|d['’])?(?:(?:la|une|plusieurs|nombreuses|leur)\s+)*demandes?\b"
    r"(?!.*\b(?:de|d['’])\s*(?:report|repouss|decal|differ|prorog|prolong|rallong|etend|avanc|fix|modif))"
    r"|\b(?:le\s+reste|autres)\b[^.;§]{0,60}\binchangee?s?\b",
    re.IGNORECASE,
)
# What else has a date: a sentence that speaks of it says too little about which date is whose.
SPEAKS_OF_OTHERS = re.compile(
    r"questions?|renseignements?|visites?|validite|echantillons?|maquettes?|ouverture des|notification|"
    r"debut des|demarrage|execution|livraison|jury|auditions?",
    re.IGNORECASE,
)
# What stands between the date before, or the sentence's beginning, and a date says whose date it is.
OLD = re.compile(
    r"au\s+lieu\s+d[ue]|\bremplacer\b(?!.{0,80}\bpar\b)|et\s+non(\s+pas)?\b|\b(anciennes?|initial(e|ement|es)?|precedente?s?|precedemment|"
    r"prevue?s?|etait|etaient)\b",
    re.IGNORECASE,
)
NEW = re.compile(
    r"\b((?<!lieu de )lire|nouve(au|lles?)|desormais|devien(t|nent)|passe(nt)?|"
    r"(reporte|repousse|decale|modifie|proroge|prolonge|avance|remplace|porte)e?s?)\b",
    re.IGNORECASE,
)
PUBLISHED = re.compile(
    r"\b(publiee?s?|parue?s?|envoyee?s?|parution|publication|avis(\s+initial)?(\s+n°\s*\S{1,20})?)"
    r"(\s+au\s+\w{1,10})?\s+(le|du|en\s+date\s+du)\s*$",
    re.IGNORECASE,
)
# "la date du 3 mars est reportée": what is moved is the old date; so it is in "du 3 mars au 5 mars".
MOVED = re.compile(
    r"^[^;]{0,30}?\b((est|sont|a\s+ete|ont\s+ete|etait|sera|seront)\s+(desormais\s+)?"
    r"(reporte|repousse|decale|modifie|annule|proroge|prolonge|avance|remplace|fixe|porte)e?s?"
    r"|devien(t|nent)|passe(nt)?|n['’]est\s+plus)\b"
    r"|^\W*(?:(?:est\s+)?à\s+)?remplace(?:r|e?e?s?)\s+par\b|^\W*annulee?s?\s+et\s+remplacee?s?\s+par\b",
    re.IGNORECASE,
)
LIMITED = re.compile(
    r"\b(concern\w+|relati\w+|applicables?|appliqu\w+|uniquement|seulement|seule?s?|(?<!dates\s)(?<!date\s)(?<!heures\s)(?<!heure\s)(?<!delai\s)limite\w*|pour|port\w+\s+sur)\s+"
    r"(?:(?:aux?|les?|du|des|ce|cette?|à|que|qu['’]aux?)\s+)*lots?\b",
    re.IGNORECASE,
)
# A heading of one lot's own: what is below it may be that lot's.
LOT_HEADING = re.compile(r"^\W*lots?\s*(?:n\s*[°º.]\s*)?\d", re.IGNORECASE)
LIMIT = re.compile(
    r"\b(avant|jusqu['’]au|au\s+plus\s+tard|à\s+(partir|compter)\s+du|des|depuis|entre|du)\s*(le\s+)?(\w+di\s+)?$",
    re.IGNORECASE,
)
# Of a visit's text: what else has a day there, before the date and behind it.
NO_VISIT = re.compile(
    r"\b(?:fins?|clos\w*|clotur\w*|termin\w*|arret\w*|derniers?|attestations?|certificats?|remettre|remis\w*|retourn\w*|renvoy\w*|"
    r"transmettre|apres|inscri\w*|reserv\w*|demand\w*|prendre|contact\w*|limites?|annul\w*|supprim\w*|suspen\w*|impossibles?|sauf|debuts?|"
    r"questions?|reponses?|offres?|plis|confirm\w*|aucune?s?|pas|plus)\b",
    re.IGNORECASE,
)
NO_VISIT_BEHIND = re.compile(
    r"^[\s,:()–-]*(?:au\s+plus\s+tard|dernier\s+delai|delai\s+de\s+rigueur|inclus|maximum|exclu|fin\b|cloture)",
    re.IGNORECASE,
)
FROM = re.compile(r"\bdu(\s+\w+di|\s+dimanche)?\s*$", re.IGNORECASE)
UNTIL = re.compile(r"^[\s,]*(et\s+)?(au|à|jusqu['’]au)\b", re.IGNORECASE)
# What leads to a date, and the little words that may stand between it and the date; "§" is an earlier date.
_LITTLE = (
    rf"(?:\([^()§]{{0,80}}\)|[\s,:=()«»–—-]|(?:l|d|jusqu)['’]|n[°º]|\bdu\s+(?=lots?\b)"
    rf"|\bdu\s+(?:(?:{_WEEKDAY})\s+)?(?:§|\d{{1,2}}(?:er)?)\s*(?=au\b)"
    r"|\b(?:le|la|les|des|de|aux?|à|par|pour|et|ou|est|sont|sera|seront|a|ont|ete|aura|lieu|desormais|donc|ainsi|comme|suit|"
    r"maintenant|dorenavant|imperativement|avant|plus|tard|offres?|plis?|candidatures?|propositions?|dossiers?|reponses?|"
    rf"lots?|tous|heures?|dates?|limites?|paris|voie|electronique|\d{{1,3}}[a-ik-z]?|{_WEEKDAY})\b)"
)
LEADS = re.compile(
    rf"(?:(?P<deadline>{SPEAKS_OF_DEADLINE.pattern})"
    r"|\b(?P<read>lire|remplacer\s(?:[«\s]|\ble\b|\bdu\b)*§\s*»?\s*par|nouvelles?\s+(?:dates?|echeances?|heures?)|nouveaux?\s+delais?)"
    r"|(?<!pas\s)(?<!plus\s)(?<!etre\s)(?<!avait\sete\s)(?<!avaient\sete\s)(?<!etait\s)(?<!etaient\s)\b(?:(?P<fixed>(?:fixe|arrete)e?s?|devien(?:t|nent)|passe(?:nt)?|soit)"
    r"|(?P<moved>(?:reporte|repousse|decale|differe|proroge|prolonge|rallonge|etendu|avance|porte)e?s?)"
    r"|(?P<replaced>(?:remplace|modifie)e?s?))\b)"
    rf"(?P<between>{_LITTLE}*+)$",
    re.IGNORECASE,
)
BEFORE = re.compile(r"\bavant\b", re.IGNORECASE)
HOUR_IN_FRONT = re.compile(r"\d\s*h(?:eures?)?(?![a-zà-ÿ])", re.IGNORECASE)
# "modifié le" says when somebody did it; these say to which date.
_TO = {
    "moved": re.compile(r"\b(?:au|à|par|comme\s+suit)\b|['’]\s*au|:", re.IGNORECASE),
    "replaced": re.compile(r"\b(?:par|comme\s+suit)\b|:", re.IGNORECASE),
}
# So far before a date stand the words that lead to it.
_REACH = 300
# A longer text corrects more than a deadline; nobody writes one into a notice.
_LONGEST = 20_000
# Of an ISO 8601 time, so many signs are the day.
_DAY = 10
SENTENCE_END = re.compile(r"(?<=[.;])\s+(?=[A-ZÉÀ«])")
# In capitals nothing tells whether a sentence ends at a semicolon.
SENTENCE_END_OF_CAPITALS = re.compile(r"(?<=\.)\s+(?=[A-ZÉÀ«])")
# A line goes on after a colon, after "instead of" until it says what to read, and in a line that says so.
COLON = re.compile(r":\s?$")
INSTEAD = re.compile(r"au\s+lieu\s+d[ue](?:\s+lire)?\b|(?P<lire>\blire\b)", re.IGNORECASE)
CONTINUES = re.compile(
    r"^\s*(il\s+(faut|convient\s+de)\s+)?(lire|nouvelle|au\s+lieu|elle|celle-ci|cette\s+date|ce\s+delai|celui-ci|"
    r"est|(?:reporte|remplace)e?s?\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NewDeadline:
    """Wall-clock times in ISO 8601 without offset, the sentence that states them, and of which lots alone.

    ``lots`` is empty of the whole purchase, and None where that cannot be told.
    """

    before: str | None
    after: str
    evidence: str
    lots: tuple[str, ...] | None = ()


def find_new_deadlines(text: str) -> tuple[NewDeadline, ...]:
    """Return the new deadlines that *text* states: one of the whole purchase, or those of some lots.

    >>> [(new.after, new.lots) for new in find_new_deadlines(
    ...     "La date limite est reportée au 22 septembre 2026 à 12h00 pour le lot n° 2.")]
    [('2026-09-22T12:00', ('2',))]
    """
    sentences = [(sentence, _plain(sentence)) for sentence in _sentences(text)]
    told = [
        _Told.of(sentence, plain) for sentence, plain in sentences if SPEAKS_OF_OTHERS.search(plain) is None
    ]
    found, rivals = _found(told)
    if not found or not rivals <= {deadline.after for deadline in found}:
        return ()
    if any(len(deadline.after) == _DAY for deadline in found) and any(
        _tells_hour_apart(plain) for _, plain in sentences
    ):
        return ()
    of_whole = [deadline for deadline in found if not deadline.lots]
    if not of_whole:
        return tuple(found) if _each_lot_once(found) else ()
    is_clear = len({deadline.after for deadline in found}) == 1 and all(each.lots == () for each in found)
    return () if not is_clear or _is_of_lots(sentences) else (found[0],)


def _found(told: Iterable[_Told]) -> tuple[list[NewDeadline], set[str | None]]:
    """Return the deadlines that sentences tell, and the new dates that compete with them."""
    found: list[NewDeadline] = []
    rivals: set[str | None] = set()
    for each in told:
        if not _states_deadline(each.plain):
            rivals.update(each.new)
        elif (deadline := _in_sentence(each)) is not None:
            found.append(deadline)
        else:  # It states two, or one that cannot be read.
            rivals.update(each.led.intersection(each.new))
    return found, rivals


def _plain(text: str) -> str:
    """Return a text of the same length as the patterns read it: without accents but for "à"."""
    bare = _OPENING.sub("«", text).translate(_BARE_LETTERS)
    return bare if has_accents(text) else _A_OF_PLACE.sub("à", _ELIDED.sub("'", bare))


def _states_deadline(plain: str) -> bool:
    if SPEAKS_OF_DEADLINE.search(plain) is None:
        return False
    return REFUSES.search(REFUSES_NOTHING.sub(" ", plain)) is None


def _tells_hour_apart(plain: str) -> bool:
    """Tell whether a sentence without a date has the hour of one that another sentence names."""
    return DATE.search(plain) is None and HOUR_APART.search(plain) is not None


def _each_lot_once(found: list[NewDeadline]) -> bool:
    dates = {(lot, deadline.after) for deadline in found for lot in deadline.lots or ()}
    return len({lot for lot, _ in dates}) == len(dates)


def _is_of_lots(sentences: Sequence[tuple[str, str]]) -> bool:
    """Tell whether some sentence says that the correction is about some lots alone.

    Args:
        sentences: Each as it is written, and as the patterns read it.
    """
    limited = (each for each, plain in sentences if LIMITED.search(plain) or LOT_HEADING.search(plain))
    return any(find_lots(sentence) != () for sentence in limited)


def find_only_date(text: str) -> str | None:
    """Return the one day of a visit; None where there are several, limits, or another thing's.

    Of a visit "de 11h à 12h" it is the beginning.

    >>> find_only_date("Visite obligatoire le 16/09/2026 à 14h."), find_only_date("Avant le 16/09/2026.")
    ('2026-09-16T14:00', None)
    """
    folded = _plain(" ".join(text.split()))
    if len(folded) > _LONGEST:
        return None
    dates = list(DATE.finditer(folded))
    if len(dates) != 1:
        return None
    before, after = folded[: dates[0].start()], folded[dates[0].end() :]
    if (
        LIMIT.search(before) is not None
        or NO_VISIT.search(before) is not None
        or NO_VISIT_BEHIND.search(after)
    ):
        return None
    return _iso(dates[0], after)


def read_changes(prose: Iterable[str], *, published: RawTime | None = None) -> tuple[RawChange, ...]:
    """Return what corrections written in prose change: the deadline where one is told, else words alone.

    No correction moves a deadline to the day of its own publication, or before it.
    """
    return tuple(change for text in prose for change in _changes(text, published))


def _changes(text: str, published: RawTime | None) -> Iterator[RawChange]:
    found = find_new_deadlines(text)
    if published is not None and any(new.after[:_DAY] <= published.text[:_DAY] for new in found):
        found = ()
    if not found:
        yield RawChange("text", after=text, evidence=text)
    for deadline in found:
        before = RawTime(deadline.before, Clock.PARIS) if deadline.before is not None else None
        after = RawTime(deadline.after, Clock.PARIS)
        for lot_id in deadline.lots or (None,):
            yield RawChange("deadline_at", before, after, deadline.evidence, lot_id)


@dataclass(frozen=True, slots=True)
class _Told:
    """A sentence, and its dates: those that held, and those that hold; None is a date that cannot be read.

    ``plain`` is the sentence as the patterns read it; ``led`` are those to which words lead as the deadline.
    """

    sentence: str
    plain: str
    old: tuple[str | None, ...]
    new: tuple[str | None, ...]
    led: frozenset[str | None]

    @classmethod
    def of(cls, sentence: str, plain: str) -> _Told:
        dates = list(DATE.finditer(plain))
        ends = [0, *(date.end() for date in dates)]
        starts = [*(date.start() for date in dates), len(plain)]
        gaps = [plain[end:start] for end, start in zip(ends, starts, strict=True)]
        old: list[str | None] = []
        new: list[str | None] = []
        led: set[str | None] = set()
        words = ""
        for date, before, after in zip(dates, gaps, gaps[1:], strict=False):
            words = f"{words}{before}"[-_REACH:]
            read = _deadline(date, after)
            if PUBLISHED.search(before) is None:
                (old if _is_old(before, after) else new).append(read)
            if _is_led(words, has_hour=_has_hour(date)):
                led.add(read)
            words += "§"
        return cls(sentence, plain, tuple(old), tuple(new), frozenset(led))


def _is_led(words: str, *, has_hour: bool) -> bool:
    """Tell whether the words before a date lead to it as to the deadline.

    Args:
        words: What stands before it in its sentence.
        has_hour: An hour stands behind the date; "avant le" a day without one is the day before, or that day.
    """
    lead = LEADS.search(words)
    if (
        lead is None
        or HOUR_IN_FRONT.search(lead["between"])
        or (not has_hour and BEFORE.search(lead["between"]))
    ):
        return False
    spoken = max(SPEAKS_OF_DEADLINE.finditer(words), key=re.Match.start, default=None)
    if spoken is None or _is_aside(words[: spoken.start()]):
        return False
    if lead["deadline"]:
        return True
    to = next((pattern for name, pattern in _TO.items() if lead[name]), None)
    # The verb itself goes along: a colon is read by what is behind it.
    clause = words[spoken.end() : lead.end() - len(lead["between"])]
    is_its_own = NEW_SUBJECT.search(PREPOSITIONAL.sub(" ", clause)) is None
    return is_its_own and (to is None or to.search(lead["between"]) is not None)


def _is_aside(words: str) -> bool:
    """Tell whether words before those of the deadline make them another thing's: "préalable à la ..."."""
    aside = ASIDE.search(words)
    if aside is None:
        return False
    return aside["of"] is None or MOVE_OF.search(words[: aside.start()]) is None


def _is_old(before: str, after: str) -> bool:
    """Tell whether a date held until now, by the words before and after it."""
    if FROM.search(before) is not None and UNTIL.search(after) is not None:
        return True
    old, new = _last(OLD, before), _last(NEW, before)
    return old > new if max(old, new) >= 0 else MOVED.search(after) is not None


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((found.start() for found in pattern.finditer(text)), default=-1)


def _sentences(text: str) -> list[str]:
    """Return the sentences, their blanks folded; "au lieu de ... lire ..." is one, on however many lines.

    A text that is too long has none.  Each part is looked at once.
    """
    sentences: list[list[str]] = []
    is_waiting = False
    for part in _parts(text):
        plain = _plain(part)
        goes_on = sentences and (is_waiting or COLON.search(sentences[-1][-1]) or CONTINUES.search(plain))
        if goes_on:
            sentences[-1].append(part)
        else:
            sentences.append([part])
            is_waiting = False
        for found in INSTEAD.finditer(plain):
            is_waiting = found["lire"] is None
    return [" ".join(parts) for parts in sentences]


def _parts(text: str) -> Iterator[str]:
    """Yield what ends at a full stop, a semicolon or the end of its line, blanks folded."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in filter(None, lines) if sum(map(len, lines)) <= _LONGEST else ():
        yield from (SENTENCE_END_OF_CAPITALS if _is_in_capitals(line) else SENTENCE_END).split(line)


def _is_in_capitals(line: str) -> bool:
    """Tell whether most letters are capitals: "12h00" and "(Heure de Paris)" do not count against it."""
    return sum(map(str.isupper, line)) > sum(map(str.islower, line))


def _in_sentence(told: _Told) -> NewDeadline | None:
    old = set(told.old)
    if len(set(told.new)) != 1 or len(old) > 1 or told.new[0] is None or told.new[0] not in told.led:
        return None
    return NewDeadline(next(iter(old), None), told.new[0], told.sentence, find_lots(told.sentence))


def _has_hour(date: re.Match[str]) -> bool:
    return bool(date["hour"] or date["noon"] or date["midnight"])


def _deadline(date: re.Match[str], after: str) -> str | None:
    """Return a date as a deadline, which is no stretch of hours; None where it cannot be read."""
    is_stretch = date["since"] is not None or (_has_hour(date) and HOUR_UNTIL.search(after) is not None)
    return None if is_stretch else _iso(date, after)


def _iso(date: re.Match[str], after: str) -> str | None:
    """Return a date, or date and time, that the calendar has; else None, also where its hour cannot be read.

    Midnight is the end of its day, which is what the day alone says.

    Args:
        date: What DATE found.
        after: What stands behind it, up to the next date.
    """
    unread = HOUR_GOES_ON.search(after) if _has_hour(date) else HOUR_LIKE.search(after[:_NEAR])
    year = date["iso_year"] or date["year"] or date["number_year"]
    if year is None or unread is not None:
        return None
    month = int(date["iso_month"] or date["number"] or MONTHS.get((date["month"] or "").lower(), 0))
    try:
        day = calendar_day(
            int(year) + (CENTURY if len(year) == 2 else 0),  # noqa: PLR2004 - "26"
            month,
            int(date["iso_day"] or date["day"]),
        ).isoformat()
        hour = time(12 if date["noon"] else int(date["hour"] or 0), int(date["minute"] or 0))
    except ValueError:
        return None
    return f"{day}T{hour.isoformat(timespec='minutes')}" if date["hour"] or date["noon"] else day
