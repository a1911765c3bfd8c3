"""Words of place texts that are no names: common nouns that communes bear too, and what leads to names.

In:   nothing.
Out:  sets of words; nouns as they are spelled, the others in small letters without accents.

A commune may be called Ville, Le Palais or Villé: a place text that says "Ville de Strasbourg" or "Palais des
sports" means none of them.  Source of the nouns: words that stand in small letters in public notices, and
whatever a building or a quarter is called by, so far as a commune bears them.
"""

from __future__ import annotations


_NOUNS = """
abbaye aire aires allée atelier ateliers autoroute avenue bains bar barrage bas base bassin bassins
bastide bibliothèque bio bois bords boulevard bourg buisson bureau bureaux bus butte bâtiment bâtiments
cabinet camp campagne campus canal cantine carrefour cars caserne celle celles centre centres chambre
champ champs chantier chapelle charge chaussée chemin château châteaux chêne cimetière cité clef clefs
clos collège colombe colonne communauté commune communes contre corps coteau cour couronne cours crèche
crèches culture cultures cuve cuves côte degré domaine douze engins ensemble entrepôt espace est faculté
faubourg ferme ferré feux fleuve forestière forge forges fort forêt fosse fosses four foyer frais fête
fêtes garage garde gare gendarmerie gorge gorges grand gravières groupe gymnase haie haies halle halles
hameau haut hospice hôpital hôtel hôtellerie immeuble internat isle jardin jardins jetée lac lacs lavoir
ligne local locaux loge logements loges long lot lotissement lycée magasin mairie maison maisons manoir
marais marche marches marché marine mas mer mine mines miroir monastère monnaie mont montagne monts
moule moulin moyen mur murs musée métropole nord nuits ouest palais parc parcs parking paroisse pas
passage pays pelouse pied pierre piscine place places plage plaine plaisance plan planche plans plateau
point pointe pont ponts port porte portes ports poste presbytère prieuré prison pré préfecture prés
puits pôle quai quartier quartiers rang relais restaurant rive rives rivière rivières roche ronde route
routes rue ruelle réseau réserve résidence saint salins salle salles secteur sentier serre serres
service services site sites siège sièges son source square stade station sud syndicat table tennis
terrain terrasse territoire théâtre titre tour trait tramway tribunal tunnel union université usine val
vallée ventes verger vers vert viaduc vignes villa village villages ville villes vivier voie vue zone
zones échelle école écoles église étang étangs étoile île œuvre
bataille bourre carnet cellule cercles chasse corne coudre courbe drain désert haleine lisse mâle parois
perles premières survie élan étable
"""
#: Nouns, and a few other words, that name a commune only with its article, or in its own spelling.
COMMON_NOUNS = frozenset(_NOUNS.split())
#: Names of towns that are nouns as well: not meant where "de", "du" or "des" follows.
NOUNS_BEFORE_OF = frozenset(
    ["croix", "fontaine", "fontaines", "moulins", "sens", "tours", "verrieres", "villeneuve"]
)
#: What follows is a street's name ...
OF_STREETS = frozenset(
    {"rue", "rues", "avenue", "avenues", "av", "boulevard", "boulevards", "bd", "place", "places", "route"}
    | {"routes", "quai", "quais", "chemin", "allee", "allees", "impasse", "square", "cours", "porte"}
    | {"faubourg", "pont", "passage", "rond", "esplanade", "promenade"}
)
#: ... or, without "de", "du" or "des" between, a building's.
OF_BUILDINGS = frozenset(
    {"lycee", "lycees", "college", "colleges", "ecole", "ecoles", "gare", "hopital", "hopitaux", "clinique"}
    | {"gymnase", "stade", "residence", "residences", "creche", "groupe", "scolaire", "espace", "batiment"}
)
#: Between such a word and the name.
LINKS = frozenset(["de", "du", "des", "d", "la", "le", "les", "l"])
#: What stands before the name of an area and belongs to none.
OF_AREAS = LINKS | frozenset(
    {"departement", "departements", "region", "regions", "toute", "toutes", "tout", "tous", "ensemble"}
    | {"territoire", "territoires", "dans", "sur", "en", "dept", "depts", "dpt", "dpts"}
    | {"collectivite", "territoriale"}
)
#: Sides of an area: a notice that names one lies in the area.
SIDES = frozenset(["nord", "sud", "est", "ouest", "centre"])
#: Areas of which a side is no part of them: "Sud Loire" is what lies south of the river.
AREAS_WITHOUT_SIDES = frozenset(["loire"])
#: What stands before the name of a commune.
OF_COMMUNES = OF_AREAS | frozenset(
    {"ville", "villes", "commune", "communes", "mairie", "mairies", "site", "sites", "a", "au", "aux"}
)
#: Of these, after which a noun is a name: "commune de Port".
ANNOUNCING_COMMUNES = frozenset(["ville", "villes", "commune", "communes", "mairie", "mairies"])
#: What announces the numbers, or the names, of départements and régions.
ANNOUNCING_DEPARTEMENTS = frozenset(
    ["departement", "departements", "dept", "depts", "dpt", "dpts", "dep", "deps", "collectivite"]
)
ANNOUNCING_REGIONS = frozenset(["region", "regions"])
#: Names of areas that are words of every day, too, or what many communes are called.
AREAS_IN_DOUBT = frozenset(["lot", "nord", "saint martin", "saint barthelemy"])
#: The whole country, without the words of areas.
OF_FRANCE = frozenset(
    {"france", "france entiere", "france metropolitaine", "national", "nationale", "national francais"}
    | {"france metropolitaine entiere", "territoire national"}
)
#: What says that all of it is meant.
OF_ALL_FRANCE = frozenset(
    ["toute", "entiere", "ensemble", "metropolitaine", "national", "nationale", "territoire"]
)
#: The articles a commune's name may begin with, by the words that hold them.
ARTICLE_IN = {
    "le": "le", "du": "le", "au": "le", "les": "les", "des": "les", "aux": "les", "la": "la", "l": "l",
}  # fmt: skip
