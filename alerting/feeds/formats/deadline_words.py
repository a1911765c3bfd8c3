"""The words by which corrections in French say what the deadline was and what it is now.

In:   nothing.
Out:  patterns for plain texts, spelt as :func:`alerting.text.phrases.spelt` reads them; "§" stands for an
      earlier date of the same sentence.
"""

from __future__ import annotations

from alerting.text.phrases import WEEKDAY, compile_spelt, lines


# -- What the deadline is called
_LIMIT = "(?:dates?|heures?|délais?|échéances?) limites?"
# Offers of a later stage have a deadline of their own.
_LATER = "(?! (?:finales?|définitives?|négociées?|remaniées?|améliorées?|optimisées?|modifiées?))"
# "date limite de remise" is the offers' where no other noun follows: "des prototypes" makes it another's.
_BIDS = lines(
    rf"""
    (?:des |de (?:l'\s*|leurs? |vos |votre |son |la )?|du |d'(?:une )?)?
    (?:offres?{_LATER}|plis?|candidatures?|propositions?{_LATER}|demandes? de participation
    |dossiers?(?: (?:de (?:candidatures?|réponse|participation)|d'offres?))?
    (?! (?:des?\s|d'|techniques?|administratifs?)))\b
    """
)
_MOVE = "report|repouss|décal|différ|prorog|prolong|rallong|avanc|port|remplac|modifi|fix|arrêt"
_NOTHING_ELSE = lines(
    rf"""
    (?=\s*(?:$|[:,.;§»–-])
    | (?:est|sont|sera|seront|a|ont|était|étaient|passe|devient|ne|n'|désormais|maintenant|initialement
    |(?:prévue?s?|(?:{_MOVE}|étendu)e?e?s?)(?! (?:pour|des?)\s))(?!\w)
    | (?:le|du|au|jusqu'au|avant le|au plus tard le)\s*(?:{WEEKDAY}\b|\d|§|$)
    | (?:pour|du|des|de) (?:(?:le|les|tous|chaque) )*lots?\b
    | (?:au|à (?:la|cette|cet|l)|pour (?:la|cette|ce|le))(?:\s|')\s*
    (?:présente? )?(?:avis|consultation|appel)\b)
    """
)
_DEADLINE = lines(
    rf"""
    (?:(?:{_LIMIT}|dates?|heures?|délais?|échéances?) (?:initiale?s? )?(?:de|d'|pour)\s*(?:la |le |l')?)?
    \b(?:réception|remise|dépôt|envoi) {_BIDS}
    |{_LIMIT} (?:des?|pour) (?:les )?(?:offres{_LATER}|plis|candidatures)\b
    |(?:{_LIMIT}|dates?|délais?) (?:(?:pour|de) |d')(?:déposer|remettre|transmettre|envoyer|adresser)\s+
    (?:les|leurs?|vos|votre|son|une|l')\s*(?:offres?{_LATER}|plis?|candidatures?|propositions?{_LATER})\b
    |\bclôture (?:de (?:la consultation|l'appel d'offres)(?! (?:des?|du)\s| d')
    |(?:du dépôt )?des (?:offres|plis|candidatures))\b
    |(?:^|[.,;:(«»]|\bque\b)\s*(?:la|cette) (?:présente )?consultation\s+
    (?=(?:est|sera|a été) (?:prolongé|prorogé)e\b)
    |\bDLR[OP]\b(?!\s*\(?\s*(?:[-–+]\s*\d+\s*j|j\s*[-–+]))
    |(?:^|[.,;:(«»]|\bque\b)\s*(?:(?:les|vos|leurs) )?(?:nouvelles )?
    (?:(?:offres|plis|candidatures) et (?:les )?)?(?:offres|plis|candidatures)\s+
    (?:(?:devront|doivent|pourront|peuvent) (?:être (?:remis|transmis|déposé|reçu|envoyé)(?:es?|s)?|parvenir)
    |(?:sont|seront) à (?:remettre|déposer|transmettre|envoyer|adresser))\b
    |(?:{_LIMIT}(?: (?:initiale?|actuelle?)s?)?
    (?: (?:de|pour) (?:la |le )?(?:réception|remise|dépôt|réponse|répondre)\b)?
    |(?:nouvelles? dates?|nouveaux? délais?) (?:de|pour) (?:la |le )?(?:réception|remise|dépôt|réponse)\b)
    {_NOTHING_ELSE}
    """
)
SPEAKS_OF_DEADLINE = compile_spelt(_DEADLINE)
# Before those words: of a thing that has to do with the deadline; a move of the deadline is none.
ASIDE = compile_spelt(
    r"""
    (?:(?<!\w)(?:avant|après|pour|à|sur|lors de|depuis|suivant) (?:(?:la|le|les|l'|toute|cette)\s*)?
    |\bdès (?:la|le|l')\s*|\b(?:aux?|l[ao]rs du)\s+
    |(?P<of>\b(?:de (?:(?:la|cette|nos) |l')?|du |des )))$
    """
)
MOVE_OF = compile_spelt(
    r"""
    \b(?:reports?|prolongations?|prorogations?|modifications?|décalages?|changements?|rectifications?
    |corrections?|extensions?|allongement|recul|lieu|objet)\s*(?::\s*)?$
    """
)

# -- What leads to a date, and the little words that may stand between it and the date
_LITTLE = lines(
    rf"""
    (?:\b(?:sur|via) la plate-?forme\b|\bsur le profil (?:d'|de l')?acheteur\b
    |\bd'une? (?:semaine|mois|jour)\b|\bde (?:\d{{1,2}}|huit|dix|quinze) (?:jours?|semaines?|mois)\b
    (?: (?:calendaires|ouvrés|ouvrables)\b)?
    |\([^()§]{{0,80}}\)|[\s,:=()«»–—-]|(?:l|d|jusqu)'|n[°º]|\bdu (?=lots?\b)
    |\bdu (?:{WEEKDAY} )?(?:§|\d{{1,2}}(?:er)?)\s*(?=au\b)
    |\b(?:le|la|les|des|de|aux?|à|par|pour|et|ou|est|sont|sera|seront|a|ont|été|aura|lieu|désormais|donc|ainsi
    |comme|suit|maintenant|dorénavant|impérativement|avant|plus|tard|offres?|plis?|candidatures?
    |propositions?|dossiers?|réponses?|lots?|tous|heures?|dates?|limites?|paris|voie|électronique
    |\d{{1,3}}[a-ik-z]?|{WEEKDAY})\b)
    """
)
# "était fixée", "pas reportée": that holds no more, or never did.
_HOLDS = "".join(
    rf"(?<!{held}\s)" for held in ("pas", "plus", "être", r"avait\sété", r"avaient\sété", "était", "étaient")
)
LEADS = compile_spelt(
    rf"""
    (?:(?P<deadline>{_DEADLINE})
    |\b(?P<read>lire|remplacer\s(?:[«\s]|\b(?:la|le|date|du|initiale)\b)*§\s*»?\s*par
    |nouvelles? (?:dates?|échéances?|heures?)|nouveaux? délais?)
    |{_HOLDS}\b(?:
    (?P<fixed>(?:fixé|arrêté)e?s?|devien(?:t|nent)|passe(?:nt)?|soit)
    |(?P<moved>(?:reporté|repoussé|décalé|différé|prorogé|prolongé|rallongé|étendu|avancé|porté)e?s?)
    |(?P<replaced>(?:remplacé|modifié)e?s?))\b)
    (?P<between>(?:{_LITTLE})*+)$
    """
)
BEFORE = compile_spelt(r"\bavant\b")
# Behind an hour: of a clock that is not Paris's; "UTC+1" and "UTC+2" are.
OTHER_CLOCK = compile_spelt(r"^[\s,(]*(?:UTC|GMT|TU)\b(?!\s*\+\s*0?[12](?!\d))")
HOUR_IN_FRONT = compile_spelt(r"\d\s*h(?:eures?)?(?![a-zà-ÿ])")
# "modifié le" says when somebody did it; these say to which date.
TO = {
    "moved": compile_spelt(r"\b(?:au|à|par|comme suit)\b|'\s*au|:"),
    "replaced": compile_spelt(r"\b(?:par|comme suit)\b|:"),
}

# -- A new subject between the deadline and the verb: the verb is not the deadline's
_ARTICLE = lines(
    r"""
    (?:les?|la|une?|ces?|cet|cette|son|sa|ses|leurs?|[nv]os|[nv]otre|chaque|certaine?s|plusieurs|quelques)
    """
)
PREPOSITIONAL = compile_spelt(
    rf"""
    \b(?:de|à|pour|par|dans|sur|en|avec|sous|selon|concernant) (?:(?:tous|toutes) )?(?:{_ARTICLE}\b|l')
    |\bd'(?:une?|autres)\b
    """
)
_ITSELF = lines(
    rf"""
    (?:nouvelle )?(?:dates?|échéances?|délais?)\b
    (?! (?:des?\b|d'|pour\b)| du (?!(?:{WEEKDAY} )?§))
    """
)
NEW_SUBJECT = compile_spelt(
    rf"""
    ;|\b(?:mais|tandis|étant|ainsi que|celles? d|alors|cependant|toutefois|néanmoins)\b
    |,\s*(?:des|du) (?!\W*§)
    |\b{_ARTICLE} (?!\W*§|{WEEKDAY}\b|{_ITSELF})
    |\bl'\s*(?=\w)
    |:(?!\s*(?:$|[§«]
    |(?:au lieu|il|lire|remplacer|elle|celle|celui|est|sera|désormais|{WEEKDAY}|{_ARTICLE} {_ITSELF})\b
    |(?:le|du|au|avant le) (?:{WEEKDAY} )?§))
    """
)

# -- Sentences that say no new deadline: they refuse, ask, suppose, or speak of another appointment
REFUSES = compile_spelt(
    rf"""
    \b(?:demand\w*|refus\w*|rejet\w*|inchang\w*|éventuel\w*|aucune?s?|pas|plus|jamais|ne
    |réunions?|signatures?|retraits?|commissions?
    |hors|sauf|except\w*|supprim\w*|annulée?s?|suspend\w*|abandonn\w*|sans suite
    |souhait\w*|sollicit\w*|envisag\w*|seraient|serait|pourr\w*|peut|peuvent|devrai\w*
    |si|sinon|sous réserve|hypothèse|en cas
    |soi(?:t|ent) (?:(?:donc|ainsi|désormais|à nouveau) )?(?:{_MOVE}|étend)\w*)\b
    |\bn'(?!\s*°)|\bs'ils?\b
    """
)
# These refuse nothing: "au plus tard", "et non pas", "suite à la demande d'un candidat".
REFUSES_NOTHING = compile_spelt(
    rf"""
    \bplus tard\b|\bnon pas\b|\bdemandes? de participation\b
    |\b(?:offres|plis|candidatures) (?:pourront|peuvent) (?:être \w+|parvenir)
    (?= (?:\S+ ){{0,3}}jusqu'au\b)
    |\bannule et remplace\b(?! par)
    |\bannulée?s? et remplacée?s? par\b(?=(?:[\s«]|\b(?:le|du|celle du|{WEEKDAY})\b)*\d)
    |\b(?:suite aux?|à|en raison|compte tenu) (?:des? |d')?
    (?:(?:la|une|plusieurs|nombreuses|leur) )*demandes?\b
    (?!.*\b(?:de|d')\s*(?:report|repouss|décal|différ|prorog|prolong|rallong|étend|avanc|fix|modif))
    |\b(?:le reste|autres)\b[^.;§]{{0,60}}\binchangée?s?\b
    """
)
# What else has a date: a sentence that speaks of it says too little about which date is whose.
SPEAKS_OF_OTHERS = compile_spelt(
    r"""
    questions?|renseignements?|visites?|rendez-vous|démonstrations?|soutenances?
    |nouvelle consultation (?:sera|est|va)\b|\b(?:du|des|de chaque) marchés? subséquents?
    |validité|échantillons?|maquettes?|ouverture des|notification
    |début des|démarrage|exécution|livraison|jury|auditions?
    """
)
# Of a procedure in stages each has a deadline of its own.
SPEAKS_OF_STAGES = compile_spelt(
    r"""
    \b(?:après|issue de|suite à|lors de|phase de|tour de|et|ou) (?:(?:la|les|de|des) |l')*négociations?\b
    |\b(?:phases?|tours?|étapes?) (?:n[°º]\s*)?\d\b
    |\bcandidats? (?:pré)?(?:sélectionnés?|retenus?|admis|invités?)\b
    |\b(?:première?|1re|1ere|second|seconde|deuxième|2e|2eme|2nde) (?:phase|étape|tour)\b
    """
)
# What a sentence begins with to say why the deadline moves; the dates of it are none.
CAUSE = compile_spelt(
    r"""
    ^\W*(?:suite aux?|suite à|en raison|compte tenu|du fait|à cause|à la demande|afin|conformément|vu)\b
    [^,;:]*,
    """
)
# A sentence of its own that tells the hour of a day told elsewhere.
HOUR_APART = compile_spelt(
    r"""
    \bheures? (?:limites?|de (?:remise|réception|dépôt))\b|\bmêmes? heures?\b|\bl'heure\b|\bhoraires?\b
    """
)

# -- Whether a date held until now: by what stands between it and the date before, and by what is behind it
OLD = compile_spelt(
    rf"""
    (?:au lieu|à la place) d[ue]|\bremplacer\b(?!.{{0,80}}\bpar\b)|et non(?: pas)?\b
    |\ben remplacement d(?:u|e celle du|e la date du)(?: {WEEKDAY})?\s*$
    |\b(?:anciennes?|anciennement|initial(?:e|ement|es)?|précédente?s?|précédemment|prévue?s?|était|étaient
    |par erreur|(?:indiqu|mentionn|annonç|précis|prévoy|comport)ai(?:t|ent))\b
    |\bavant\s*:
    """
)
NEW = compile_spelt(
    r"""
    \b(?:(?<!lieu\sde\s)lire|nouve(?:au|lles?)|désormais|devien(?:t|nent)|passe(?:nt)?
    |(?:reporté|repoussé|décalé|modifié|prorogé|prolongé|avancé|remplacé|porté)e?s?)\b
    """
)
PUBLISHED = compile_spelt(
    r"""
    \b(?:publiée?s?|parue?s?|envoyée?s?|parution|publication|avis(?: initial)?(?: n°\s*\S{1,20})?)
    (?: au \w{1,10})? (?:le|du|en date du)\s*$
    """
)
# "la date du 3 mars est reportée": what is moved is the old date; so it is in "du 3 mars au 5 mars".
MOVED = compile_spelt(
    r"""
    ^(?:[^;]{0,30}?|\s*(?:dans|par|sur|au) (?:(?!\bet\b)[^;,:]){0,80}?)\b(?:
    (?:est|sont|a été|ont été|était|sera|seront|(?:doit|devra) être) (?:(?:désormais|donc) )?
    (?:reporté|repoussé|décalé|modifié|annulé|prorogé|prolongé|avancé|remplacé|fixé|porté|corrigé|rectifié
    |erroné|inexact|incorrect|faux|fausse|dépassé|périmé|caduc|caduque)e?s?
    |est à (?:corriger|modifier|rectifier|remplacer)|devien(?:t|nent)|passe(?:nt)?|n'est plus)\b
    |^\W*(?:(?:ancienne|mauvaise) date|date (?:initiale|erronée|inexacte)|erronée?|par erreur
    |avant (?:modification|rectification|correction|report))\s*\)
    |^\W*(?:(?:est )?à )?remplace(?:r|e?e?s?) par\b|^\W*annulée?s? et remplacée?s? par\b
    """
)
FROM = compile_spelt(rf"\bdu(?: {WEEKDAY})?\s*$")
UNTIL = compile_spelt(r"^[\s,]*(?:et )?(?:au|à|jusqu'au)\b")

# -- Of which lots
LIMITED = compile_spelt(
    r"""
    \b(?:concern\w+|relati\w+|applicables?|appliqu\w+|uniquement|seulement|seule?s?
    |(?<!dates\s)(?<!date\s)(?<!heures\s)(?<!heure\s)(?<!délai\s)limite\w*|pour|port\w+ sur)\s+
    (?:(?:aux?|les?|du|des|ce|cette?|à|que|qu'aux?) )*lots?\b
    """
)
# A heading of one lot's own: what is below it may be that lot's.
LOT_HEADING = compile_spelt(r"^\W*lots?\s*(?:n\s*[°º.]\s*)?\d")

# -- Where a sentence goes on: behind a colon, in a line that says so, from "au lieu de" until "lire"
COLON = compile_spelt(r":\s?$")
INSTEAD = compile_spelt(r"au lieu d[ue](?: lire)?\b|(?P<lire>\blire\b)")
CONTINUES = compile_spelt(
    r"""
    ^\s*(?:il (?:faut|convient de) )?(?:lire|(?:la )?nouvelle|(?:le )?nouveau délai|au lieu
    |elle|celle-ci|cette date|ce délai|celui-ci|est|(?:reporté|remplacé)e?s?\b)
    """
)
