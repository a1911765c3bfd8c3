"""Say in French what could not be read of a document, and where: for who publishes it.

In:   a reject, as parsers and the fetcher word it, or a value that cleaning lost: in English, in one line.
Out:  the same in French.  What a library says of a broken document stays in its own words, in quotes.
"""

from __future__ import annotations

import re

from alerting.domain.feed import Reject
from alerting.domain.notice import Normalisation


_WHERE = (
    (r"line (\d+)", r"ligne \1"),
    (r"byte (\d+)", r"octet \1"),
    (r"entry (\d+)", r"entrée \1"),
    (r"deleted-entry (\d+)", r"entrée retirée \1"),
    (r"top level", "premier élément"),
    (r"document type", "déclaration DOCTYPE"),
    (r"file", "fichier"),
    (r"folder", "dossier"),
    (r"link", "lien"),
    (r"record", "enregistrement"),
    (r"address", "adresse"),
    (r"answer", "réponse du serveur"),
    (r"timedOut", "recherche"),
)
# A whole problem; what a group holds is said again as it stands.
_PROBLEMS = (
    (r"an HTML page instead of a feed", "une page web au lieu d’un flux"),
    (r"an HTML page; expected XML", "une page web ; il fallait du XML"),
    (
        r"an HTML page that lists no \.xml file; expected an index page",
        "une page web qui ne mène à aucun fichier .xml ; il fallait une page qui en liste",
    ),
    (r"(.+); expected a feed in XML or JSON", "{0} ; il fallait un flux, en XML ou en JSON"),
    (
        r"nested too deeply; expected JSON of fewer levels",
        "des données emboîtées trop profondément ; il fallait du JSON à moins de niveaux",
    ),
    (r"neither RSS nor Atom", "ni RSS ni Atom"),
    (r"a document type definition; expected none", "une déclaration DOCTYPE ; il n’en fallait pas"),
    (r"defines entities; expected none", "des entités XML y sont définies ; il n’en fallait pas"),
    (r"empty; expected (.+)", "vide ; il fallait {0}"),
    (
        r"cut short with its document; expected a whole entry",
        "coupée avec son document ; il fallait une entrée entière",
    ),
    (
        r"cut short; expected a closing tag of the feed",
        "le document est coupé ; il fallait la balise qui ferme le flux",
    ),
    (
        r"the search was cut short by its server; expected a whole answer",
        "la recherche a été coupée par son serveur ; il fallait une réponse entière",
    ),
    (
        r"not XML \(Premature end of data in tag (\S+) line (\d+), .+\)",
        "le document s’arrête avant sa fin, dans l’élément {0} de la ligne {1}",
    ),
    (
        r"not XML \(Opening and ending tag mismatch: (\S+) line (\d+) and ([^\s,]+), .+\)",
        "ce n’est pas du XML : l’élément {0}, ouvert à la ligne {1}, est fermé par {2}",
    ),
    (r"not XML \(Start tag expected, .+\)", "ce n’est pas du XML : il n’y a pas d’élément au début"),
    (
        r"not XML \(Invalid bytes in character encoding, .+\)",
        "des octets ne sont pas du codage de caractères que le document annonce",
    ),
    (r"not XML \((.+)\)", "ce n’est pas du XML (« {0} »)"),
    (r"not JSON \((.+)\)", "ce n’est pas du JSON (« {0} »)"),
    (r"broken feed \((.+)\)", "le flux est abîmé (« {0} »)"),
    (
        r"unknown format \(got (.+)\); expected (.+)",
        "format inconnu (il y a {0}) ; il fallait l’un de ceux-ci : {1}",
    ),
    (
        r"No such file or directory; expected one, or an http or https address",
        "ni fichier ni dossier de ce nom ; il fallait l’un d’eux, ou une adresse http ou https",
    ),
    (
        r"no regular file; expected a document",
        "ce n’est pas un fichier ordinaire ; il fallait un document",
    ),
    (r"no document; expected files ending (.+)", "aucun document ; il fallait des fichiers en {0}"),
    (
        r"more than (\d+) bytes; expected less|a body of more than (\d+) bytes; expected less",
        "plus de {0} octets ; il en fallait moins",
    ),
    (
        r"no whole answer within (\S+) s; expected a feed",
        "pas de réponse entière en {0} secondes ; il fallait un flux",
    ),
    (
        r"no server of that name \((.+)\); expected a name that DNS knows",
        "aucun serveur de ce nom (« {0} ») ; il fallait un nom que le DNS connaît",
    ),
    (
        r"a certificate that is not trusted \((.+)\); expected one that browsers trust",
        "le certificat du serveur n’est pas sûr (« {0} ») ; il en fallait un que les navigateurs acceptent",
    ),
    (
        r"no secure connection \((.+)\); expected TLS, as https needs it",
        "pas de liaison sûre avec le serveur (« {0} ») ; il fallait TLS, comme le veut https",
    ),
    (
        r"no server answers there \((.+)\); expected one",
        "aucun serveur ne répond à cette adresse (« {0} ») ; il en fallait un",
    ),
    (
        r"an answer that is no HTTP \((.+)\); expected status 200 or 304",
        "la réponse n’est pas du HTTP (« {0} ») ; il fallait le code 200 ou 304",
    ),
    (
        r"an answer that breaks off \(closed before its end\); expected a whole one",
        "la réponse s’interrompt : la liaison se ferme avant sa fin ; il la fallait entière",
    ),
    (
        r"an answer that breaks off \((.+)\); expected a whole one",
        "la réponse s’interrompt (« {0} ») ; il la fallait entière",
    ),
    (r"status (\d+); expected (.+)", "le serveur répond par le code {0} ; il fallait {1}"),
    (
        r"status 304 to a question without conditions; expected 200",
        "le serveur répond par le code 304 à une demande sans condition ; il fallait le code 200",
    ),
    (
        r"status 202 without a body: a challenge, not a feed; expected 200",
        "le serveur répond par le code 202 sans contenu (un barrage, non un flux) ; il fallait le code 200",
    ),
    (
        r"status 200 without a body; expected a feed",
        "le serveur répond par le code 200 et rien d’autre ; il fallait un flux",
    ),
    (r"damaged \(packed as (.+)\); expected (.+)", "la réponse est comprimée par {0} ; il fallait {1}"),
    (r"damaged \((.+)\); expected (.+)", "la réponse est abîmée (« {0} ») ; il fallait {1}"),
    (
        r"more than (\d+) redirects, the last to (\S+); expected a feed",
        "plus de {0} redirections, la dernière vers {1} ; il fallait un flux",
    ),
    (r"more than (\d+) pages; expected an end", "plus de {0} pages ; il fallait une fin"),
    (
        r"leads to a private address; expected a public one, or --local where it is meant",
        "mène à une adresse privée ; il en fallait une publique",
    ),
    (
        r"leads to a reserved address; expected a public, private or loopback one",
        "mène à une adresse réservée ; il en fallait une publique ou privée",
    ),
    (
        r"not an address that can be asked \((.+)\); expected http or https",
        "ce n’est pas une adresse que l’on puisse demander (« {0} ») ; il fallait http ou https",
    ),
    (
        r"expected an http or https address \(got (.+)\)",
        "il fallait une adresse http ou https (il y a {0})",
    ),
    (
        r"credentials go over https only; expected an https address",
        "un secret ne part qu’en https ; il fallait une adresse https",
    ),
    (
        r"a user or password in it would be seen; expected an address without",
        "un nom d’utilisateur ou un mot de passe y serait vu ; il fallait une adresse qui n’en porte pas",
    ),
    (
        r"a bug of ours \((.+)\); expected to be read or refused",
        "une erreur de notre programme, non de votre document (« {0} »)",
    ),
    (r"expected (.+) \(got (?:none|None|nothing)\)", "il fallait {0} (il n’y en a pas)"),
    (r"expected (.+) \(got (.+)\)", "il fallait {0} (il y a {1})"),
)
# What is expected, as a part of a problem.
_THINGS = (
    (r"an id and a title", "un identifiant et un titre"),
    (r"an? (?:notice )?id", "un identifiant"),
    (r"a title", "un titre"),
    (r"a publication number", "un numéro de publication"),
    (r"an IDWEB and an object", "un IDWEB et un objet"),
    (r"an eForms notice", "un avis eForms"),
    (r"a PDF document", "un document PDF"),
    (r"an office document", "un document de traitement de texte ou de tableur"),
    (r"a (ZIP|gzip) archive", r"une archive \1"),
    (r"an archive", "une archive"),
    (r"a picture", "une image"),
    (r"plain text", "du texte"),
    (r"JSON of other names", "du JSON qui n’a aucun des noms attendus"),
    (r"an Atom ('\w+')", r"un élément Atom \1"),
    (r"a BOAMP ('\w+')", r"un élément BOAMP \1"),
    (r"a BOAMP ('\w+') with (\S+)", r"un élément BOAMP \1 avec \2"),
    (r"an? ('\w+')", r"un élément \1"),
    (r"a JSON Feed with ('\w+')", r"un JSON Feed avec \1"),
    (r"an object with ('\w+')", r"un objet avec \1"),
    (r"records, or an object with ('\w+')", r"des enregistrements, ou un objet avec \1"),
    (r"('[\w-]+') or ('[\w-]+')", r"\1 ou \2"),
    (r"('[\w-]+') and ('[\w-]+')", r"\1 et \2"),
    (r"one of (.+)", r"l’un de ceux-ci : \1"),
    (r"contracts", "des contrats"),
    (r"a form", "un formulaire"),
    (r"a feed", "un flux"),
    (r"an index page", "une page qui liste des fichiers"),
    (r"a body, plain or in gzip", "un contenu, tel quel ou en gzip"),
    (r"200 or 304", "le code 200 ou 304"),
    (r"XML|JSON", r"du \g<0>"),
)


# What a field is called whose value could not be read.
FIELDS = {
    "published_at": "la date de publication",
    "deadline_at": "la date limite",
    "question_deadline_at": "la date limite des questions",
    "visit_at": "la date de visite",
    "changes": "une date que cet avis corrige",
    "nature": "la nature du marché",
    "cpv_main": "le code CPV",
    "cpv_additional": "un code CPV complémentaire",
    "lots.cpv_codes": "un code CPV de lot",
    "value": "le montant",
    "lots.value": "le montant d’un lot",
    "places.nuts_code": "le code NUTS du lieu",
    "places.departement": "le département du lieu",
    "places.postcode": "le code postal du lieu",
    "buyer.siret": "le SIRET de l’acheteur",
    "buyer.nuts_code": "le code NUTS de l’acheteur",
    "buyer.departement": "le département de l’acheteur",
    "buyer.postcode": "le code postal de l’acheteur",
    "document_url": "l’adresse du dossier",
    "submission_url": "l’adresse où répondre",
    "notice_url": "l’adresse de l’avis",
}
# What such a value should have been, by the rule that it breaks.
_RULES = (
    (r"a day that the calendar has", "un jour et une heure qui existent"),
    (
        r"ISO 8601 date, or date and time",
        "une date, ou une date et une heure, en chiffres, comme 2026-10-12T17:00:00",
    ),
    (r"a year from (\d+) to (\d+)", r"une année entre \1 et \2"),
    (r"eight digits that CPV 2008 knows", "un code de huit chiffres de la nomenclature CPV 2008"),
    (r"14 digits that pass the Luhn check", "14 chiffres dont la clef est juste"),
    (r"a NUTS code", "un code NUTS, comme FRH03"),
    (r"five digits", "cinq chiffres"),
    (r"the number of a département", "le numéro d’un département"),
    (r"works, supplies or services", "travaux, fournitures ou services"),
    (
        r"an amount above zero, below a thousand billion",
        "un montant en chiffres, au-dessus de zéro, sous mille milliards",
    ),
    (r"an http or https address", "une adresse http ou https"),
)


def show_unreadable(entry: Normalisation) -> tuple[str, str, str]:
    """Return what an unreadable value is called, the value as published, what it should have been."""
    expected = _told(entry.rule, _RULES) or f"« {entry.rule} »"
    return FIELDS.get(entry.field, entry.field), entry.before, expected


def show_reject(reject: Reject) -> tuple[str, str]:
    """Return where something could not be read, and why, in French."""
    return _told(reject.where, _WHERE) or reject.where, say_problem(reject.problem)


def say_problem(problem: str) -> str:
    """Return a reject's problem in French; one that has no words here is quoted behind a French one."""
    for pattern, words in _PROBLEMS:
        found = re.fullmatch(pattern, problem)
        if found is not None:
            said = (_told(part, _THINGS) or part for part in found.groups() if part is not None)
            return words.format(*said)
    # A record's own problem may follow the place within it: "GESTION: expected ...".
    place, _, rest = problem.partition(": ")
    if rest and re.fullmatch(r"[\w/:\[\]-]+", place):
        return f"{place} : {say_problem(rest)}"
    return f"cela n’a pas pu être lu (« {problem} »)"


def _told(text: str, phrases: tuple[tuple[str, str], ...]) -> str | None:
    for pattern, words in phrases:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return found.expand(words)
    return None
