"""The words by which corrections in French say what the deadline was and what it is now.

In:   nothing.
Out:  patterns for plain texts, spelt as :func:`alerting.text.phrases.spelt` reads them; "§" stands for an
      earlier date of the same sentence.
"""

from __future__ import annotations

from alerting.text.phrases import WEEKDAY, compile_spelt, lines


# -- What the deadline is called
_LIMIT = "(?:dates?|heures?|délais?|échéances?) (?:(?:de )?limites?|butoirs?)"
# Offers of a later stage have a deadline of their own; of "remise des offres modifiée" the date is modified.
_LATER = (
    "(?! (?:finales?|définitives?|négociées?|remaniées?|améliorées?|optimisées?|modifiées|(?<!s\\s)modifiée))"
)
_HAND_IN = "(?:remettre|déposer|transmettre|envoyer|adresser|soumettre)"
_THEIRS = (
    rf"(?:les|leurs?|vos|votre|son|une|l')\s*(?:offres?{_LATER}|plis?|candidatures?|propositions?{_LATER})\b"
)
_FIRMS = (
    "(?:candidats|soumissionnaires|entreprises|opérateurs(?: économiques)?|sociétés|concurrents|fournisseurs)"
)
# "date limite de remise" is the offers' where no other noun follows: "des prototypes" makes it another's.
_BIDS = lines(
    rf"""
    (?:des |de (?:l'\s*|leurs? |vos |votre |son |la )?|du |d'(?:une )?)?
    (?:offres?{_LATER}|plis?|candidatures?|propositions?{_LATER}|demandes? de participation
    |dossiers?(?: (?:de (?:candidatures?|réponse|participation)|d'offres?))?
    (?! (?:des?\s|d'|techniques?|administratifs?)))\b
    """
)
_MOVE = "report|repouss|décal|différ|prorog|prolong|rallong|allong|avanc|port|remplac|modifi|fix|arrêt"
_NOTHING_ELSE = lines(
    rf"""
    (?=\s*(?:$|[:,.;§»–-])
    | n'est | (?:est|sont|sera|seront|a|ont|était|étaient|passe|devient|ne|désormais|maintenant|initialement
    |(?:prévue?s?|(?:{_MOVE}|étendu)e?e?s?)(?! (?:pour|des?)\s))(?!\w)
    | (?:le|du|au|jusqu'au|avant le|au plus tard le)\s*(?:{WEEKDAY}\b|\d|§|$)
    | \d{{1,2}}/\d
    | (?:pour|du|des|de) (?:(?:le|les|tous|chaque) )*lots?\b
    | (?:au|à (?:la|cette|cet|l)|pour (?:la|cette|ce|le))(?:\s|')\s*
    (?:présente? )?(?:avis|consultation|appel)\b)
    """
)
_DEADLINE = lines(
    rf"""
    (?:(?:{_LIMIT}|dates?|heures?|délais?|échéances?|fin) (?:(?:initiale?|imparti)s? )?
    (?:supplémentaires? (?:d'une? \w+ |de \d+ \w+ )?)?(?:de|du|d'|pour)\s*(?:la |le |l')?)?
    \b(?:réception|remise|dépôt|envoi) {_BIDS}
    |{_LIMIT} (?:des?|pour) (?:les )?(?:offres{_LATER}|plis|candidatures)\b
    |(?:{_LIMIT}|dates?|délais?) (?:(?:pour|de) |d'){_HAND_IN} {_THEIRS}
    |{_FIRMS} (?:peuvent|pourront|doivent|devront) {_HAND_IN} {_THEIRS}
    |\bclôture (?:de (?:la consultation|l'appel d'offres)(?! (?:des?|du)\s| d')
    |(?:du dépôt )?des (?:offres|plis|candidatures))\b
    |(?:^|[.,;:(«»]|\bque\b)\s*(?:la|cette) (?:présente )?consultation\s+
    (?=(?:est|sera|a été) (?:prolongé|prorogé)e\b)
    |\b(?:prolongation de|prolongement de|prorogation de|(?:de )?prolonger|(?:de )?proroger) la\s+
    (?:présente )?consultation(?= (?:jusqu')?au\b)
    |\b(?:période|durée|délai) de (?:la )?consultation\s+
    (?=(?:est|sera|a été) (?:prolongé|prorogé|étendu|rallongé)e?\b)
    |\bDLR[OP]\b(?!\s*\(?\s*(?:[-–+]\s*\d+\s*j|j\s*[-–+]))
    |(?:^|[.,;:(«»]|\bque\b)\s*(?:(?:les|vos|leurs) )?(?:nouvelles )?
    (?:(?:offres|plis|candidatures) et (?:les )?)?(?:offres|plis|candidatures)\s+
    (?:(?:devront|doivent|pourront|peuvent)\s+
    (?:être (?:remis|transmis|déposé|reçu|envoyé|parvenu)(?:es?|s)?|parvenir)
    |(?:sont|seront) (?:reçu|accepté)(?:es?|s)?(?= jusqu'au\b)
    |(?:(?:sont|seront) )?(?:à|a) {_HAND_IN})\b
    |(?:délais? de réponse|{_LIMIT}(?: (?:initiale?|actuelle?)s?)?
    (?: (?:de|pour) (?:la |le )?(?:réception|remise|dépôt|réponse|répondre)\b)?
    |(?:nouvelles? dates?|nouveaux? délais?) (?:de|pour) (?:la |le )?(?:réception|remise|dépôt|réponse)\b)
    {_NOTHING_ELSE}
    """
)
SPEAKS_OF_DEADLINE = compile_spelt(_DEADLINE)
# Before those words: of a thing that has to do with the deadline; a move of the deadline is none.
ASIDE = compile_spelt(
    r"""
    (?:(?<!\w)(?:avant|après|pour|à|(?<!porte\s)(?<!portant\s)sur|lors de|depuis|suivant)\s+
    (?:(?:la|le|les|l'|toute|cette)\s*)?
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
    (?:\b(?:sur|via) la plate-?forme\b|\b(?:à la|en) mairie\b|\bpossible(?= jusqu'au\b)
    |(?<=\best\s)prévue?s?\b|(?<=\bsera\s)prévue?s?\b|\bsur le profil (?:d'|de l')?acheteur\b
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
    |\b(?P<read>lire|n'est (?:plus|pas) (?:(?:fixé|prévu)e?s? )?(?:le|au) (?:{WEEKDAY} )?§,? mais(?: bien)?
    |(?<=§\s)\W{{0,4}}après(?=\s*:)|après (?:modification|rectification|correction|report)(?=\s*:)
    |remplacer\s(?:[«\s]|\b(?:la|le|date|du|initiale)\b)*§\s*»?\s*par
    |nouvelles? (?:dates?|échéances?|heures?|valeurs?)|nouveaux? délais?)
    |{_HOLDS}\b(?:
    (?P<fixed>(?:fixé|arrêté)e?s?|(?:est|sera) désormais|aura lieu|(?<=§\s)est|devien(?:t|nent)|passe(?:nt)?
    |expire(?:nt)?|expirera|soit)
    |(?P<moved>(?:reporté|repoussé|décalé|différé|prorogé|prolongé|rallongé|allongé|étendu|avancé|porté)e?s?
    |changée?s?(?! d))
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
    "replaced": compile_spelt(r"\b(?:par|au|comme suit)\b|:"),
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
    ;(?!\s*(?:la |le )?(?:nouve|désormais|maintenant|elle\b))
    |\bmais\b(?!\s*(?:bien\s*)?$)|\b(?:tandis|étant|ainsi que|celles? d|alors|cependant|toutefois|néanmoins)\b
    |,\s*(?:des|du) (?!\W*§)
    |\b{_ARTICLE} (?!\W*§|{WEEKDAY}\b|{_ITSELF})
    |\bl'\s*(?=\w)
    |:(?!\s*(?:$|[§«]
    |(?:au lieu|il|lire|remplacer|ancien(?:ne)?s?|nouve(?:au|lles?)|initialement|avant|après
    |elle|celle|celui|est|sera|désormais|{WEEKDAY}|{_ARTICLE} {_ITSELF})\b
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
    |\b{_FIRMS} (?:peuvent|pourront)(?= {_HAND_IN} {_THEIRS} (?:\S+ ){{0,3}}jusqu'au\b)
    |\bn'est (?:plus|pas)\b(?=[^.;]{{1,40}}\d[^.;]{{0,40}}\bmais\b[^.;]{{0,30}}\d)
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
    |début d(?:es|u|e la)\b|démarrage|exécution|livraison|jury|auditions?
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
    |^[^,;:§]{1,120}\b(?:étant|ayant)\b[^,;:]*,
    """
)
# The same at its end, behind the date.
CAUSE_BEHIND = compile_spelt(r",?\s*\b(?:suite aux?|suite à|en raison|compte tenu|du fait|afin)\b[^;:]*$")
# A line, or a sentence, that begins with the hour of a day told before it: "à 12h00", "Heure limite : 12:00".
_BEGINS_WITH_HOUR = lines(
    r"""
    ^\W*(?:(?:à|avant|au plus tard|heures?(?: limites?)?)[\s:,(]*){0,3}
    (?:\d{1,2}\s*(?:h(?![a-zà-ÿ])|heures?\b|:\s*\d\d(?!\d))|midi\b|minuit\b)
    """
)
_HOUR_ALONE = lines(
    rf"""
    {_BEGINS_WITH_HOUR}|\bheures? limites?\b[^.;]{{0,40}}\d
    |\b(?:avant|jusqu'à|au plus tard à) \d{{1,2}}\s*(?:h(?![a-zà-ÿ])|heures?\b|:\s*\d)
    """
)
HOUR_ALONE = compile_spelt(_HOUR_ALONE)
# A sentence of its own that tells the hour of a day told elsewhere.
HOUR_APART = compile_spelt(
    rf"""
    {_HOUR_ALONE}
    |\bheures? (?:limites?|de (?:remise|réception|dépôt))\b|\bmêmes? heures?\b|\bl'heure\b|\bhoraires?\b
    """
)

# -- Whether a date held until now: by what stands between it and the date before, and by what is behind it
OLD = compile_spelt(
    rf"""
    (?:au lieu|à la place) d[ue]|\bremplacer\b(?!.{{0,80}}\bpar\b)|et non(?: pas)?\b
    |\ben remplacement d(?:u|e celle du|e la date du)(?: {WEEKDAY})?\s*$
    |\b(?:anciennes?|anciennement|initial(?:e|ement|es)?|précédente?s?|précédemment|(?<!\best\s)(?<!\bsera\s)prévue?s?|était|étaient
    |par erreur|(?:indiqu|mentionn|annonç|précis|prévoy|comport)ai(?:t|ent))\b
    |\bavant(?: (?:modification|rectification|correction|report))?\s*:
    |\bn'est (?:plus|pas)\b|\bexpirai(?:t|ent)\b
    """
)
NEW = compile_spelt(
    r"""
    \b(?:(?<!lieu\sde\s)lire|nouve(?:au|lles?)|désormais|devien(?:t|nent)|passe(?:nt)?
    |(?:reporté|repoussé|décalé|modifié|prorogé|prolongé|avancé|remplacé|porté)e?s?)\b
    """
)
PUBLISHED = compile_spelt(
    rf"""
    \b(?:publiée?s?|parue?s?|envoyée?s?|parution|publication|avis(?: initial)?(?: n°\s*\S{{1,20}})?
    |(?:modifié|complété|ajouté|diffusé|intervenu|survenu)e?s?
    |mise?s? (?:en ligne|(?:à|a) (?:jour|disposition))|depuis
    |conseil (?:municipal|communautaire|syndical|d'administration)|bureau|séance|délibération|courrier|message
    )(?: (?:au|sur) \w{{1,10}}(?: \w{{1,15}}){{0,2}})? (?:le|du|en date du)(?: {WEEKDAY})?\s*$
    """
)
# "la date du 3 mars est reportée": what is moved is the old date; so it is in "du 3 mars au 5 mars".
MOVED = compile_spelt(
    r"""
    ^(?:[^;]{0,30}?|\s*(?:dans|par|sur|au) (?:(?!\bet\b(?! (?:dans|par|sur|au)\b))
    (?:[^;,:]|,(?=\s*(?:est|sera|a été|doit|devra)\b))){0,80}?)\b(?:
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

# From the old date to the new one.
ARROW = compile_spelt(rf"^\s*(?:[-–=]*>|[→⇒➔➜➡])\s*(?:le )?(?:{WEEKDAY})?\s*$")

# -- A date in front of what it is the last one for: "ont jusqu'au ... pour remettre leur offre"
HAVE_UNTIL = compile_spelt(
    rf"""
    (?:\b(?:{_FIRMS}|vous) (?:ont|auront|avez|aurez|disposent|disposeront|disposez)
    (?:,? (?:donc|désormais|ainsi|maintenant|encore|d'un délai(?: supplémentaire)?))*
    |\b(?:délais?|dates? limites?) (?:est|sont|sera|seront|a été|ont été) (?:(?:donc|ainsi|désormais) )?
    (?:reporté|repoussé|décalé|différé|prorogé|prolongé|rallongé|étendu)e?s?)
    ,? (?:jusqu'\s*)?au(?: {WEEKDAY})?\s*$
    """
)
_TO_ANSWER = r"répondre(?= à (?:la|cette|cet|l'|ce) ?(?:consultation|appel|marché)|\s*(?:[.,;]|$))"
TO_HAND_IN = compile_spelt(
    rf"""
    ^[\s,(]*(?:inclus[\s,)]*)?pour (?:{_HAND_IN} {_THEIRS}|{_TO_ANSWER}
    |(?:la |le |l')?(?:réception|remise|dépôt|envoi) {_BIDS})
    """
)
HANDS_IN = compile_spelt(rf"\bpour (?:{_HAND_IN} {_THEIRS}|{_TO_ANSWER})")

# -- What ends the purchase, or stops it
ENDED = compile_spelt(
    r"""
    (?:^|[,:;.!]|\bque|\battention)\s*(?:la |le |cette |cet? |l')?(?:présente? )?
    (?:consultation|procédure|marché|appel d'offres|mise en concurrence|avis)\b[^.;:§]{0,60}?\b
    (?:interrompue?|abandonnée?|suspendue?|stoppée?|retirée?|arrêtée?(?! (?:au|à|le)\b)
    |annulée?(?! et remplacée?\b)|infructueu(?:x|se))\b
    |\b(?:interruption|abandon|annulation|suspension|arrêt) (?:de (?:la|cette)|du|de l') ?(?:présente? )?
    (?:consultation|procédure|marché|appel d'offres)\b
    |\b(?:renonc\w+|m(?:et|is|ettre) (?:fin|un terme)) (?:à (?:la|cette|l'|ce)|au) ?(?:présente? )?
    (?:consultation|procédure|marché|appel d'offres)\b
    |\bpas donn\w+ suite\b
    """
)
WITHOUT_AWARD = compile_spelt(r"\b(?:classée?|déclarée?) sans suite\b")

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

# What stands before a lot of which the deadline is told: behind the deadline's words, at the beginning.
_SMALL = lines(
    r"""
    \b(?:pour|concernant|concerne|du|des|de|d|le|les|la|l|aux?|à|et|ce|cela|tous|seule?s?|uniquement|seulement
    |exclusivement|nouve(?:au|aux)|heure|paris|inclus|dernier|délai|rigueur|candidats?|entreprises?|offres?|plis?
    |relative?s?|relatifs?|en|qui|s'agissant|sur|porte\w*|est|sont|sera|seront|a|ont|été|désormais|initialement
    |prévue?s?|(?:reporté|repoussé|décalé|différé|prorogé|prolongé|rallongé|étendu|avancé|porté|changé|fixé
    |modifié|remplacé)e?s?)\b
    """
)
LEADS_TO_LOT = compile_spelt(rf"(?:{_SMALL}|\([^()]*\)|'|[\s,:(/–-])*")
BEGINS_WITH_LOT = compile_spelt(
    rf"""
    \W*(?:(?:pour|concernant|en ce qui concerne|s'agissant|au titre)\s+)?(?:(?:les|ceux) {_FIRMS} )?
    (?:(?:le|les|la|du|des|aux?|seule?s?) )*
    """
)
POINTS_TO_LOT = compile_spelt(
    r"\b(?:pour|du|des|de|d|concernant|concerne|aux?|uniquement|seulement|relati\w+)\b"
)
ENDS_WITH_LOT = compile_spelt(
    r"lots?\s*(?:n\s*[°º.]\s*)?\d{1,3}[a-z]?(?:\s*(?:,|et|à|-|&)\s*\d{1,3}[a-z]?)*\W*$"
)
LOT = compile_spelt(r"\blots?\b")
LOTS_IN_A_ROW = compile_spelt(
    r"(?:\b(?:lots?|et|à|du|des|le|les|pour|n|nos?|\d{1,3}[a-z]?|[a-z])\b|[\s,°º.&:-])*"
)
VERB = compile_spelt(r"\b(?:est|sont|a|ont|sera|seront|été|étant|ayant)\b")

# -- Where a sentence goes on: behind a colon, in a line that says so, from "au lieu de" until "lire"
UNFINISHED = compile_spelt(r"(?::|\b(?:par|au|lire))\s?$")
# A line that is the deadline's name alone has below it the date, or the old one and the new one.
HEADING = compile_spelt(
    rf"^\W{{0,8}}(?:[IVX\d][IVX\d.)]{{0,8}}\W{{1,4}})?(?:nouvelles? )?(?:dates? et )?(?:{_DEADLINE})\W*$"
)
OLD_VALUE = compile_spelt(r"^\W*ancien(?:ne)?s?\b")
CLOSED = compile_spelt(r"[.;!?]\s*$")
UNDER_HEADING = compile_spelt(rf"^\W*(?:le )?(?:{WEEKDAY} )?(?:\d|ancien|avant\b|au lieu|nouve)")
INSTEAD = compile_spelt(r"au lieu d[ue](?: lire)?\b|(?P<lire>\blire\b)")
CONTINUES = compile_spelt(
    r"""
    ^\s*(?:il (?:faut|convient de) )?(?:lire|(?:la )?nouvelle|(?:le )?nouveau délai|au lieu
    |elle|celle-ci|cette date|ce délai|celui-ci|est|(?:reporté|remplacé)e?s?\b)
    """
)
# "10 h de ménage par jour" is no hour of a day.
GOES_ON_WITH_HOUR = compile_spelt(
    rf"""
    {_BEGINS_WITH_HOUR}\s*(?:\d{{2}}(?!\d))?\s*
    (?:$|[.,;()–-]|:\s*\d{{2}}|heures?\b|précises?\b|au plus tard\b|dernier délai\b|délai de rigueur\b)
    """
)

# -- How the line of a call begins that states its last day without calling it that of the offers; what may be
# the end of the contract as well has an hour where it is that of the call
CLOSES = compile_spelt(
    r"""
    ^\W*(?:(?:dates? (?:et heures? )?(?:de (?:la )?|d')?)?
    (?:clôture(?: de (?:la |l')\s*(?:consultation|appel d'offres))?
    |(?P<of_contract>clôture du marché|échéance)|fin de (?:la )?consultation)
    |limite (?:de |d')(?:dépôt|remise|réponse|réception|envoi)
    |date limite (?:de candidature|pour (?:candidater|répondre)))
    \s*(?::|(?=le (?!\w*\s*(?:lot|marché))))
    """
)
