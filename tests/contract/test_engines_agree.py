"""One meaning of a match: both engines and the naive loop accept the same pairs, for the same reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from alerting.domain.criteria import Criteria
from alerting.domain.evidence import profile_evidence
from alerting.domain.match import FitKind
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.trade import Strictness
from alerting.index.profile_documents import IndexedProfile
from alerting.index.profiles import ProfileIndex
from alerting.matching.compile import compile_criteria
from alerting.matching.engine import Engine, in_pairs, naive_match
from alerting.pipeline.cluster import ClusterEngine


CODES = ["45000000", "45261000", "45261210", "45262660", "45330000", "45332200", "30000000", "31000000"]
WORDS = [
    "toiture", "toitures", "TOITURES", "ardoise", "gros œuvre", "gros oeuvre", "de l'école", "école",
    "Qualibat", "RGE", "visite obligatoire", "lot réservé", "conception-réalisation", "chauffe-eau", "chauffe", "eau", "plomberie", "Plomberie-chauffage", "désamiantage", "formation", "le", "!",
]  # fmt: skip
DEPARTEMENTS = ["22", "29", "35", "2A", "974"]
NUTS = ["FR", "FRH0", "FRH01", "FRH03", "FRM01", "AT312", "AT"]
AREAS = ["FRH", "FRH0", "FRH03", "FRZ9", "AT3"]
COMMUNES = [
    "Redon",
    "REDON CEDEX",
    "Rennes (35)",
    "Saint-Martin",
    "La Gacilly, Allaire",
    "Pays de Vilaine",
    "Bretagne",
    "Paris et Redon",
    "Paris 12e",
    "Départements 22 et 29",
    "France entière",
]
POSTCODES = ["35600", "56350", "35042", "22000", "75012"]
# Redon, Rennes, Paris and one of its arrondissements, Saint-Denis on the island of La Réunion; one is none.
CENTRES = ["35236", "35238", "75056", "75115", "97411", "99999"]
SIRETS = ["21220001200018", "21350238800019"]
CENTS = [0, 1, 4_999_999, 5_000_000, 9_000_000, 30_000_000]


@pytest.fixture(scope="module")
def fleet(elasticsearch_url):
    """How to find pairs on a real Elasticsearch: three shards, two numbers a page."""
    index = ProfileIndex(elasticsearch_url, f"test-{uuid4().hex}", shards=3, page=2)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    generation = index.open_generation(now=now)
    index.serve(generation, now=now)
    engine = ClusterEngine(index)
    put = set()

    def find(profiles, numbered):
        index.remove(put - {name for name, _ in profiles}, out_of=generation.name)
        index.put(
            (
                IndexedProfile(name, 0, 0, one, profile_evidence(compile_criteria(one)))
                for name, one in profiles
            ),
            into=generation.name,
        )
        put.update(name for name, _ in profiles)
        index.refresh(of=generation.name)
        engine.rest()
        return told(engine, profiles, numbered)

    yield find
    index.drop(generation)
    engine.close()


def told(engine, profiles, numbered):
    """Return an engine's pairs in the order of notices and profiles, as the naive loop has them."""
    order = {name: at for at, (name, _) in enumerate(profiles)}
    return sorted(in_pairs(engine.match(numbered)), key=lambda pair: (pair[1], order[pair[0]]))


def some(values, *, most=2):
    """Return short tuples of distinct values, often empty."""
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


def unknown_or(values):
    """Return one of the values, or None: the notice does not say."""
    return st.none() | st.sampled_from(values)


texts = st.lists(st.sampled_from([*WORDS, "rénovation", "du", "mairie"]), min_size=1, max_size=6).map(
    " ".join
)
money = st.none() | st.builds(Money, st.sampled_from(CENTS), st.sampled_from(["EUR", "EUR", "GBP"]))
places = st.lists(
    st.builds(
        Place,
        nuts_code=unknown_or(NUTS),
        departement=unknown_or(DEPARTEMENTS),
        commune=unknown_or(COMMUNES),
        postcode=unknown_or(POSTCODES),
    ),
    max_size=2,
).map(tuple)
lots = st.lists(
    st.builds(
        Lot,
        lot_id=st.just("?"),
        title=st.none() | texts,
        description=st.none() | texts,
        cpv_codes=some(CODES),
        places=places,
        value=money,
    ),
    max_size=3,
).map(lambda found: tuple(replace(lot, lot_id=str(number)) for number, lot in enumerate(found, start=1)))
notices = st.builds(
    Notice,
    feed_id=st.just("any"),
    source_id=st.just("1"),
    version=st.none(),
    kind=st.sampled_from([NoticeKind.CALL, *NoticeKind]),
    title=texts,
    description=st.none() | texts,
    buyer=st.none()
    | st.builds(
        Buyer,
        name=unknown_or(["Ville de Vannes", "Mairie de l'École"]),
        siret=unknown_or(SIRETS),
        departement=unknown_or(DEPARTEMENTS),
        commune=unknown_or(COMMUNES),
        postcode=unknown_or(POSTCODES),
    ),
    cpv_main=unknown_or(CODES),
    cpv_additional=some(CODES),
    places=places,
    lots=lots,
    value=money,
)
criteria = st.builds(
    Criteria,
    trades=some(["couvreur", "plombier", "menuisier"]),
    cpv_codes=some(CODES),
    words=some(WORDS),
    words_out=some(WORDS, most=1),
    departements=some(DEPARTEMENTS),
    nuts_codes=some(AREAS, most=1),
    communes=some(CENTRES, most=1),
    radius_km=unknown_or([20, 40, 60]),
    buyers=some(["vannes", "ville de VANNES", "!", *SIRETS], most=1),
    kinds=some(list(NoticeKind)),
    minimum_cents=unknown_or(CENTS),
    maximum_cents=unknown_or(CENTS),
    pass_unknown=st.booleans(),
    strictness=st.sampled_from(Strictness),
    qualifications=some(["qualibat", "rge", "esat"], most=1),
    fit_out=some(list(FitKind), most=1),
    working_days=st.sampled_from([0, 5]),
)
changes = st.lists(
    st.tuples(st.sampled_from(["0", "1", "2", "3"]), st.none() | criteria), min_size=1, max_size=10
)


@settings(max_examples=400)
@given(
    st.lists(criteria, max_size=12).map(
        lambda found: [(str(number), one) for number, one in enumerate(found)]
    ),
    st.lists(notices, max_size=4).map(lambda found: list(enumerate(found))),
)
def test_the_engine_finds_what_the_naive_loop_finds(profiles, numbered):
    """
    Whatever profiles and notices, stated facts and silent ones: equal pairs, each once, and for each an
    equal decision, with its lots, reasons and score.
    """
    assert list(naive_match(profiles, numbered)) == told(Engine(profiles), profiles, numbered)


@settings(max_examples=60)
@given(
    st.lists(criteria, max_size=12).map(
        lambda found: [(str(number), one) for number, one in enumerate(found)]
    ),
    st.lists(notices, max_size=6).map(lambda found: list(enumerate(found))),
)
def test_elasticsearch_finds_what_the_naive_loop_finds(fleet, profiles, numbered):
    """
    Over three shards, with two numbers a page: equal pairs, with lots, reasons and score.
    """
    assert fleet(profiles, numbered) == list(naive_match(profiles, numbered))


@given(changes, st.lists(notices, max_size=3).map(lambda found: list(enumerate(found))))
def test_an_engine_that_was_changed_is_one_built_anew(changed, numbered):
    """
    Profiles come, change and go; what the engine finds is what one built of those that stand would find.
    """
    engine, standing = Engine(), {}
    for name, asked in changed:
        if asked is None:
            engine.remove(name)
            standing.pop(name, None)
        else:
            engine.put(name, asked)
            standing[name] = asked

    profiles = list(standing.items())
    assert told(engine, profiles, numbered) == list(naive_match(profiles, numbered))
    assert len(engine) == len(standing)


@given(
    st.lists(criteria, max_size=5).map(
        lambda found: [(str(number), one) for number, one in enumerate(found)]
    ),
    st.lists(notices, max_size=3).map(lambda found: list(enumerate(found))),
)
def test_those_that_ask_the_same_are_told_together(profiles, numbered):
    """
    Twice as many profiles, in pairs that ask the same: as many decisions, each of twice as many profiles.
    """
    twins = [(f"{name} {which}", one) for which in ("a", "b") for name, one in profiles]

    alone, both = list(Engine(profiles).match(numbered)), list(Engine(twins).match(numbered))

    assert [
        (one.number, one.decision, {f"{name} {which}" for name in one.profile_ids for which in "ab"})
        for one in alone
    ] == [(one.number, one.decision, set(one.profile_ids)) for one in both]
    assert [2 * len(one.profile_ids) for one in alone] == [len(one.profile_ids) for one in both]


def test_a_notice_of_more_words_than_one_query_takes_is_matched_all_the_same(fleet):
    """
    A hundred thousand different words, the one that counts the last of them.
    """
    words = " ".join(f"mot{number:06d}x" for number in range(100_000))
    numbered = [(7, Notice("any", "1", None, NoticeKind.CALL, "Travaux", description=f"{words} zinguerie"))]
    profiles = [("zinc", Criteria(words=("zinguerie",))), ("bois", Criteria(words=("charpente",)))]

    assert [(profile, number) for profile, number, _ in fleet(profiles, numbered)] == [("zinc", 7)]


def test_a_notice_of_more_amounts_than_one_query_takes_is_matched_all_the_same(fleet):
    """
    Nine thousand lots, each with a value of its own, as hospitals buy medicines.
    """
    lots = tuple(
        Lot(str(at), f"Médicament {at}", value=Money(100_000 + at * 1_300, "EUR")) for at in range(9_000)
    )
    numbered = [(7, Notice("any", "1", None, NoticeKind.CALL, "Fourniture", lots=lots))]
    stated = {"words": ("médicament",), "pass_unknown": False}
    profiles = [
        ("small", Criteria(**stated, maximum_cents=101_300)),
        ("between", Criteria(**stated, minimum_cents=100_001, maximum_cents=100_002)),
        ("large", Criteria(**stated, minimum_cents=90_000_000)),
    ]

    found = [(profile, decision.lot_ids) for profile, _, decision in fleet(profiles, numbered)]

    assert found == [("small", ("0", "1"))]


PROFILES = {
    "codes": Criteria(cpv_codes=("45261000",)),
    "codes, stated": Criteria(cpv_codes=("45261000",), pass_unknown=False),
    "phrase": Criteria(words=("gros œuvre",)),
    "trade": Criteria(trades=("couvreur",)),
    "buyer": Criteria(buyers=("Ville de Vannes",)),
    "place": Criteria(words=("toiture",), departements=("22",)),
    "around Redon": Criteria(words=("toiture",), communes=("35236",), radius_km=40),
    "around Redon, stated": Criteria(
        words=("toiture",), communes=("35236",), radius_km=40, pass_unknown=False
    ),
    "Brittany": Criteria(words=("toiture",), nuts_codes=("FRH0",), pass_unknown=False),
    "place, stated": Criteria(words=("toiture",), departements=("22",), pass_unknown=False),
    "value, stated": Criteria(words=("toiture",), minimum_cents=5_000_000, pass_unknown=False),
    "without asbestos": Criteria(words=("toiture",), words_out=("désamiantage",)),
    "awards": Criteria(words=("toiture",), kinds=(NoticeKind.AWARD,)),
}
BARE = Notice("any", "1", None, NoticeKind.CALL, "Réfection des toitures")
NOTICES = {
    "bare": BARE,
    "award": replace(BARE, kind=NoticeKind.AWARD),
    "coded": replace(BARE, title="Travaux", cpv_main="45261210"),
    "other code": replace(BARE, title="Travaux", cpv_main="45330000"),
    "lots": replace(
        BARE,
        title="Mairie",
        lots=(
            Lot("1", "Désamiantage et réfection de la toiture", cpv_codes=("45262660",)),
            Lot("2", "Gros œuvre", cpv_codes=("45223220",), value=Money(1, "EUR")),
        ),
    ),
    "Vannes": replace(BARE, title="Mobilier", buyer=Buyer("VILLE DE VANNES"), cpv_main="39100000"),
    "La Gacilly": replace(BARE, places=(Place(commune="LA GACILLY", postcode="56200"),)),
    "Rennes": replace(BARE, buyer=Buyer(departement="35", commune="Rennes")),
    "far": replace(BARE, places=(Place(departement="974"),), value=Money(5_000_000, "EUR")),
}


@pytest.mark.parametrize("name", ["naive loop", "memory", "elasticsearch"])
def test_the_pairs_are_those_that_a_person_expects(name, fleet):
    """
    A pass of the properties above could be two empty lists; these are told by hand.
    """
    engines = {
        "naive loop": naive_match,
        "memory": lambda profiles, numbered: told(Engine(profiles), profiles, numbered),
        "elasticsearch": fleet,
    }
    find = engines[name]
    numbered = list(enumerate(NOTICES.values()))

    pairs = {
        (profile, list(NOTICES)[number]) for profile, number, _ in find(list(PROFILES.items()), numbered)
    }

    expected = {
        "codes": {"bare", "coded", "La Gacilly", "Rennes", "far"},
        "codes, stated": {"coded"},
        "phrase": {"lots"},
        "trade": {"bare", "coded", "lots", "La Gacilly", "Rennes", "far"},
        "buyer": {"bare", "coded", "other code", "lots", "Vannes", "La Gacilly", "Rennes", "far"},
        "place": {"bare", "lots"},
        "around Redon": {"bare", "lots", "La Gacilly"},
        "around Redon, stated": {"La Gacilly"},
        "Brittany": {"La Gacilly", "Rennes"},
        "place, stated": set(),
        "value, stated": {"far"},
        "without asbestos": {"bare", "La Gacilly", "Rennes", "far"},
        "awards": {"award"},
    }
    assert pairs == {pair for profile, found in expected.items() for pair in product([profile], found)}
