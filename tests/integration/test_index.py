"""The searchable copy, in a real Elasticsearch."""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.domain.search import SearchRequest, SearchSort
from alerting.errors import ProfileError, SearchError, SearchUnavailableError, UnknownIdError
from alerting.index.procedures import ReadProcedure, SearchIndex
from alerting.matching.analyse import analyse_notice


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def index(elasticsearch_url):
    """An index of this test alone."""
    own = SearchIndex(elasticsearch_url, f"test-{uuid4().hex}", pause_seconds=0.01)
    own.create_generation(is_serving=True, now=NOW)
    yield own
    for generation in own.generations():
        own.drop(generation)
    own.close()


def procedure(number, title, **facts):
    """Build an open procedure."""
    state = facts.pop("state", ProcedureState.OPEN)
    kind = facts.pop("kind", NoticeKind.CALL)
    return Procedure(number, 1, state, Notice("feed", str(number), None, kind, title, **facts))


def put(index, *procedures):
    """Put procedures and let them be found."""
    read = [ReadProcedure(one, analyse_notice(one.view), f"hash {one.procedure_id}") for one in procedures]
    refused = index.put(read)
    index.count()
    return refused


def ask(index, text="", **conditions):
    """Return the whole answer."""
    return index.search(SearchRequest(text, **conditions), now=NOW)


def numbers(index, text="", **conditions):
    """Return which procedures are found, in order."""
    return [found["procedure_id"] for found in ask(index, text, **conditions)["found"]]


def test_a_procedure_is_found_by_other_forms_of_its_words(index):
    """
    Plural or singular, with accents or without: the stems are the same, and the place narrows.
    """
    slates = procedure(1, "Réfection de la toiture en ardoise", places=(Place(departement="35"),))
    elsewhere = procedure(2, "Toitures en ardoises de l'école", places=(Place(departement="29"),))

    refused = put(index, slates, elsewhere)

    assert (refused, index.count()) == ((), 2)
    assert numbers(index, "TOITURES ARDOISES", departements=("35",)) == [1]


def test_a_lot_makes_its_procedure_found(index):
    """
    Words that stand in a lot alone are enough.
    """
    put(index, procedure(1, "Construction d'une école", lots=(Lot("7", "Plomberie - sanitaires"),)))

    assert numbers(index, "plomberie") == [1]


def test_every_word_must_stand_but_the_little_ones(index):
    """
    Words may stand in different texts; "de la" asks nothing, alone it is a word as others.
    """
    put(
        index,
        procedure(1, "Toiture", description="Ardoise neuve"),
        procedure(2, "Toiture en zinc"),
    )

    assert numbers(index, "la toiture de l'ardoise") == [1]
    assert numbers(index, "en") == [2]


@pytest.mark.parametrize("text", ["toiture de l' école", "TOITURE DE L ECOLE", "toiture de l\u2019 école"])
def test_an_article_cut_off_its_word_asks_nothing(index, text):
    """
    As people copy it from titles in capitals; a letter that belongs to no word is a word of its own.
    """
    put(index, procedure(1, "Toiture de l'école"), procedure(2, "Bâtiment A"), procedure(3, "Bâtiment D"))

    assert numbers(index, text) == [1]
    assert numbers(index, "bâtiment d") == [3]


def test_words_in_quotes_stand_in_a_row(index):
    """
    In a row and within one text: two lots make no phrase, nor do the title and the description of one.
    """
    split = procedure(2, "École", lots=(Lot("1", "Toiture"), Lot("2", "Ardoise")))
    described = procedure(4, "École", lots=(Lot("1", "Toiture", "Ardoise"),))
    put(index, procedure(1, "Toiture ardoise"), split, procedure(3, "Ardoise et toiture"), described)

    assert numbers(index, '"toitures ardoises"') == [1]
    assert sorted(numbers(index, "toitures ardoises")) == [1, 2, 3, 4]


def test_a_title_weighs_more_than_a_lot_and_a_lot_more_than_a_description(index):
    """
    The same word, in the same company of words.
    """
    put(
        index,
        procedure(1, "Ecole", lots=(Lot("1", "Gymnase"),), description="Peinture"),
        procedure(2, "Ecole", lots=(Lot("1", "Peinture"),), description="Gymnase"),
        procedure(3, "Peinture", lots=(Lot("1", "Ecole"),), description="Gymnase"),
    )

    assert numbers(index, "peinture") == [3, 2, 1]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"cpv_codes": ("45260000",)}, [1]),
        ({"cpv_codes": ("45260000-4",)}, [1]),
        ({"departements": (" 35",)}, [2, 1]),
        ({"cpv_codes": ("45000000",)}, [2, 1]),
        ({"cpv_codes": ("30000000",)}, []),
        ({"kinds": (NoticeKind.AWARD,)}, [3]),
        ({"buyer": "ville rennes"}, []),
        ({"buyer": "Ville de Rennes"}, [1]),
        ({"buyer": "217 200 122 00018"}, []),
        ({"buyer": "21350238800019"}, [1]),
        ({"open_only": True}, [4, 1]),
        ({"minimum_cents": 100_00}, [3, 1]),
        ({"minimum_cents": 900_00}, [3]),
        ({"trades": ("peinture",)}, [2]),
        ({"near": "Redon (35)", "radius_km": 20}, [4, 1]),
        ({"near": "Redon (35)"}, [1]),
        ({"near": "35000", "radius_km": 10}, [2]),
        ({"maximum_cents": 99_00}, []),
    ],
)
def test_conditions_narrow(index, conditions, expected):
    """
    CPV subtree, kind, buyer by name or SIRET, what is open, the stated amount; without words the newest first.
    """
    put(
        index,
        procedure(
            1,
            "Toiture",
            cpv_main="45261000",
            buyer=Buyer("Ville de Rennes", "21350238800019"),
            deadline_at=NOW + timedelta(days=3),
            value=Money(100_00, "EUR"),
            places=(Place(commune="Redon", postcode="35600"),),
        ),
        # Where the work is no more than an area in which the buyer sits, the buyer's place counts.
        procedure(
            2,
            "Peinture",
            cpv_main="45442100",
            deadline_at=NOW - timedelta(days=1),
            places=(Place(departement="35"),),
            buyer=Buyer("Métropole", departement="35", commune="Rennes", postcode="35000"),
        ),
        procedure(
            3,
            "Mobilier",
            kind=NoticeKind.AWARD,
            state=ProcedureState.AWARDED,
            lots=(Lot("1", "Chaises", value=Money(950_00, "EUR")),),
        ),
        procedure(
            4, "Sols", value=Money(200_00, "USD"), places=(Place(commune="Allaire", postcode="56350"),)
        ),
    )

    assert numbers(index, sort=SearchSort.PUBLISHED, **conditions) == expected


def test_an_area_of_which_the_circle_holds_enough_is_near(index):
    """
    A département stated alone, as a profile's circle judges it (ADR 7).
    """
    put(
        index,
        procedure(1, "Toiture", places=(Place(departement="35"),)),
        procedure(2, "Toiture", places=(Place(departement="22"),)),
        procedure(3, "Toiture", places=(Place(nuts_code="FRH0"),)),
    )

    assert sorted(numbers(index, near="Rennes (35)", radius_km=40)) == [1, 3]


def test_a_number_finds_what_was_published_under_it(index):
    """
    The source's, the procedure's key, the buyer's own; before others in which its digits stand.
    """
    own = procedure(26_88092, "Toiture", internal_reference="2026-TVX-7")
    put(index, own, procedure(2, "Peinture 2688092", description="2026 TVX 7"))

    assert numbers(index, " 2026-tvx-7 ") == [2688092, 2]
    assert numbers(index, "2688092") == [2688092, 2]


def test_a_code_of_the_cpv_as_a_text_finds_its_subtree(index):
    """
    With its check digit or without, after what was published under that number; digits of no code are words.
    """
    of_reference = procedure(3, "Peinture", internal_reference="45261000")
    put(index, procedure(1, "Toiture", cpv_main="45261210"), procedure(2, "Sols 45261001"), of_reference)

    assert numbers(index, "45261000") == [3, 1]
    assert numbers(index, " 45261000-4") == [1]
    assert numbers(index, "45261001") == [2]


def test_places_and_trades_that_nobody_knows_are_refused_in_one_line(index):
    """
    As in a profile.
    """
    put(index, procedure(1, "Toiture"))

    with pytest.raises(ProfileError, match=r"Nullepart"):
        ask(index, near="Nullepart")
    with pytest.raises(ProfileError, match=r"astronaute"):
        ask(index, trades=("astronaute",))


def test_facets_count_what_was_found(index):
    """
    By département, trade and CPV division with their labels, kind, buyer, and the Paris week of the deadline.
    """
    # Sunday 22:30 UTC is Sunday 23:30 in Paris.
    sunday = datetime(2026, 3, 8, 22, 30, tzinfo=UTC)
    facts = {"places": (Place(departement="35"),), "buyer": Buyer("Rennes"), "cpv_main": "45261000"}
    put(
        index,
        procedure(1, "Toiture", deadline_at=sunday, **facts),
        procedure(2, "Toiture", deadline_at=sunday + timedelta(hours=1), **facts),
        procedure(3, "Peinture", **facts),
    )

    assert ask(index, "toiture")["facets"] == {
        "buyer": [{"value": "Rennes", "count": 2}],
        "cpv_division": [{"value": "45", "count": 2, "label": "Travaux de construction"}],
        "deadline_week": [{"value": "2026-03-02", "count": 1}, {"value": "2026-03-09", "count": 1}],
        "departement": [{"value": "35", "count": 2}],
        "kind": [{"value": "call", "count": 2}],
        "trade": [{"value": "couvreur", "count": 2, "label": "Couverture, zinguerie"}],
    }


def test_the_words_are_shown_where_they_stand(index):
    """
    Ranges are of the text as published, not of its stems.
    """
    put(index, procedure(1, "Réfection de l’étanchéité", lots=(Lot("2", "Étanchéités et zinc"),)))

    found = ask(index, "étanchéité")["found"][0]

    assert found["highlights"] == [
        {"field": "title", "lot_id": None, "text": "Réfection de l’étanchéité", "spans": [[15, 25]]},
        {"field": "lot", "lot_id": "2", "text": "Étanchéités et zinc", "spans": [[0, 11]]},
    ]


def test_little_words_of_a_phrase_are_not_shown_where_it_does_not_stand(index):
    """
    "en" stands in most titles; a phrase of nothing else is shown all the same.
    """
    put(
        index,
        procedure(1, "Mise en sécurité", description="Toiture en ardoise"),
        procedure(2, "Mise en vente"),
    )

    (found,) = ask(index, '"toiture en ardoise"')["found"]
    (of_little,) = ask(index, '"en"', sort=SearchSort.PUBLISHED, size=1)["found"]

    assert [(one["field"], one["spans"]) for one in found["highlights"]] == [
        ("description", [[0, 7], [11, 18]])
    ]
    assert [one["spans"] for one in of_little["highlights"]] == [[[5, 7]]]


def test_a_long_text_is_shown_around_the_first_word(index):
    """
    An excerpt begins with a whole word, and its ranges are its own.
    """
    put(index, procedure(1, "École", description="Travaux divers " * 20 + "puis ardoise " + "et suite " * 40))

    shown = ask(index, "ardoise")["found"][0]["highlights"][0]
    (start, end) = shown["spans"][0]

    assert (shown["text"][start:end], shown["text"].split()[0]) == ("ardoise", "Travaux")
    assert len(shown["text"]) == 160


def test_what_is_indexed_after_the_first_page_is_neither_missed_nor_repeated(index):
    """
    Before the second page 5, which was shown, and 1 say more, so that they fit best; 9 is new, and 2 is none now.
    """
    put(index, *(procedure(number, "Peinture") for number in range(1, 6)))
    first = ask(index, "peinture", size=2)
    put(index, *(procedure(number, "Peinture peinture") for number in (5, 1)), procedure(9, "Peinture"))
    put(index, procedure(2, "Autre chose"))

    rest = ask(index, "peinture", size=9, after=first["after"])

    pages = [[found["procedure_id"] for found in page["found"]] for page in (first, rest)]
    assert (pages, rest["after"]) == ([[5, 4], [1, 9, 3]], None)


def test_from_the_second_page_on_nothing_moves(index):
    """
    A token then holds on to what was there; the last page has none.  All say how many were found at first.
    """
    put(index, *(procedure(number, "Peinture") for number in range(1, 6)))
    first = ask(index, "peinture", size=2)
    second = ask(index, "peinture", size=2, after=first["after"])
    put(index, procedure(9, "Peinture"), procedure(1, "Autre chose"))
    third = ask(index, "peinture", size=2, after=second["after"])

    pages = [
        ([found["procedure_id"] for found in page["found"]], page["total"]) for page in (first, second, third)
    ]

    assert (pages, third["after"]) == ([([5, 4], 5), ([3, 2], 5), ([1], 5)], None)


def test_a_page_that_holds_all_is_the_last(index):
    """
    Nobody is sent to a page of nothing.
    """
    put(index, procedure(1, "Peinture"), procedure(2, "Peinture"))

    assert ask(index, "peinture", size=2)["after"] is None


def test_the_first_page_leaves_nothing_open(index, client):
    """
    A point in time keeps old files, and memory: whoever asks for the second page only has one, until the last.
    """
    put(index, *(procedure(number, "Peinture") for number in range(1, 4)))

    first = ask(index, "peinture", size=1)
    counts = [open_contexts(index, client)]
    second = ask(index, "peinture", size=1, after=first["after"])
    counts.append(open_contexts(index, client))
    ask(index, "peinture", size=2, after=second["after"])
    counts.append(open_contexts(index, client))

    assert counts == [0, 1, 0]


def open_contexts(index, client):
    """Return how many searches the server holds open."""
    (generation,) = index.generations()
    return client.indices.stats(index=generation.name)["_all"]["total"]["search"]["open_contexts"]


@pytest.mark.parametrize("sort", list(SearchSort))
def test_pages_of_each_order_are_whole(index, sort):
    """
    Equal and missing dates neither repeat nor lose a procedure; missing ones come last.
    """
    dated = [procedure(number, "Sols", deadline_at=NOW, published_at=NOW) for number in (1, 2, 3)]
    put(index, *dated, procedure(4, "Sols"), procedure(5, "Sols"))

    seen, after = [], None
    while True:
        page = ask(index, "sols", sort=sort, size=2, after=after)
        seen += [found["procedure_id"] for found in page["found"]]
        after = page["after"]
        if after is None:
            break

    by_score, by_date = [5, 4, 3, 2, 1], [3, 2, 1, 5, 4]
    assert seen == (by_score if sort is SearchSort.RELEVANCE else by_date)


def test_a_token_that_is_not_ours_is_refused_in_one_line(index):
    """
    Damaged, or of another question.
    """
    put(index, procedure(1, "Peinture"), procedure(2, "Peinture"))
    token = ask(index, "peinture", size=1)["after"]

    with pytest.raises(SearchError, match=r"^search: expected the token that ended a page"):
        ask(index, "peinture", after="é")
    for endless in ("[null, [], [], 1e999, 0]", "[" * 2000):
        with pytest.raises(SearchError, match=r"^search: expected the token that ended a page"):
            ask(index, "peinture", after=urlsafe_b64encode(endless.encode()).decode())
    with pytest.raises(SearchError, match=r"^search: the token is of another question"):
        ask(index, "toiture", after=token)


def test_a_word_that_stands_nowhere_has_its_neighbours_named(index):
    """
    As they are written in a procedure, not as stems.
    """
    put(index, procedure(1, "Ardoises naturelles"), procedure(2, "Peinture"))

    answer = ask(index, "ardoyse")

    assert (answer["total"], answer["suggestions"]) == (0, {"ardoyse": ["ardoises"]})


def test_no_word_is_named_that_would_find_nothing_either(index):
    """
    One that stands only in what became part of another procedure.
    """
    put(index, procedure(1, "Ardoises", state=ProcedureState.MERGED), procedure(2, "Peinture"))

    answer = ask(index, "ardoyse")

    assert (answer["total"], answer["suggestions"]) == (0, {"ardoyse": []})


def test_the_neighbours_of_many_words_are_looked_for_of_the_first_five_alone(index, caplog):
    """
    Sixty words that stand nowhere take no more requests than one: the search, and three for all its words.
    """
    put(index, procedure(1, "Ardoises naturelles"), procedure(2, "Peinture"))
    words = [f"ard{one}{other}k" for one in "bcdfgm" for other in "bcdfghjklm"]

    with caplog.at_level(logging.INFO, logger="elastic_transport.transport"):
        one = ask(index, "ardoyse")
        requests_of_one = len(caplog.records)
        many = ask(index, " ".join(words))

    assert one["suggestions"] == {"ardoyse": ["ardoises"]}
    assert list(many["suggestions"]) == words[:5]
    assert 0 < len(caplog.records) - requests_of_one <= requests_of_one == 4


def test_a_trade_that_joins_two_is_both_as_in_a_profile(index):
    """
    "charpentier-couvreur" is a carpenter's work and a roofer's.
    """
    put(
        index, procedure(1, "Charpente bois"), procedure(2, "Couverture en ardoise"), procedure(3, "Peinture")
    )

    assert sorted(numbers(index, trades=("charpentier-couvreur",))) == [1, 2]


def test_similar_procedures_share_words_and_codes(index):
    """
    Without the procedure itself.
    """
    put(
        index,
        procedure(1, "Réfection de la toiture de l'école", cpv_main="45261000"),
        procedure(2, "Toiture de la mairie", cpv_main="45261000"),
        procedure(3, "Fourniture de mobilier de bureau", cpv_main="39130000"),
    )

    assert numbers(index, like=1) == [2]
    with pytest.raises(UnknownIdError, match=r"^search: procedure 77 is not in the index$"):
        numbers(index, like=77)


def test_a_procedure_put_again_replaces_itself(index):
    """
    The copy is whole and under the procedure's own id: putting twice keeps one.
    """
    first = procedure(1, "Peinture")

    put(index, first)
    put(index, replace(first, revision=2))

    assert index.count() == 1


def test_a_procedure_that_became_part_of_another_is_not_found(index):
    """
    Its notices are found under the other.
    """
    put(index, procedure(1, "Peinture", state=ProcedureState.MERGED), procedure(2, "Peinture"))

    assert numbers(index, "peinture") == [2]


def test_an_index_that_is_away_says_so_in_one_line():
    """
    No server: a transient error, that names the index.
    """
    away = SearchIndex("http://127.0.0.1:9", "procedures")

    with pytest.raises(SearchUnavailableError) as caught:
        away.generations()
    away.close()

    assert str(caught.value) == "search index 'procedures': no answer; start it, or see ELASTICSEARCH_URL"


def test_before_anything_is_indexed_a_search_says_what_to_do(elasticsearch_url):
    """
    No generation at all.
    """
    empty = SearchIndex(elasticsearch_url, f"test-{uuid4().hex}")

    for question in ({"text": "peinture"}, {"like": 1}):
        with pytest.raises(SearchError, match=r"^search: nothing is indexed yet; run: alerting run index$"):
            ask(empty, **question)
    empty.close()
