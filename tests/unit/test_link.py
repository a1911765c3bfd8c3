"""The ladder: what is certain is linked, what is uncertain stays apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st
from rapidfuzz.fuzz import token_sort_ratio

from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import LinkStep
from alerting.notices.likeness import find_likeness, fold
from alerting.notices.link import Candidate, Link, Member, find_link, find_others, link_all


KEY = "7f0c2a4e-5b1d-4c39-9a66-0d1e2f3a4b5c"
SIRET = "21350001200015"
NOTICE = Notice(
    feed_id="boamp",
    source_id="26-88092",
    version=None,
    kind=NoticeKind.CALL,
    title="Réfection de la toiture de l'école Jean-Jaurès",
    buyer=Buyer("Ville de Kerlann", SIRET, "35"),
    deadline_at=datetime(2026, 4, 1, 10, 0, tzinfo=UTC),
)
COPY = replace(
    NOTICE, feed_id="profil", source_id="7", title="REFECTION DE LA TOITURE DE L'ECOLE JEAN JAURES"
)


def link_of(notice: Notice, stored: Notice = NOTICE) -> Link | None:
    """Link a notice against one that is stored in procedure 5."""
    return find_link(notice, [Candidate(5, stored)])


@pytest.mark.parametrize(
    ("notice", "stored", "expected"),
    [
        pytest.param(
            replace(COPY, procedure_key=KEY, deadline_at=None),
            replace(NOTICE, procedure_key=KEY),
            Link(5, LinkStep.PROCEDURE_KEY, KEY),
            id="the same procedure key",
        ),
        pytest.param(
            replace(NOTICE, source_id="26-90000", kind=NoticeKind.CORRECTION, refers_to=("26-88092",)),
            NOTICE,
            Link(5, LinkStep.REFERENCE, "26-88092"),
            id="a correction names its call",
        ),
        pytest.param(
            NOTICE,
            replace(NOTICE, source_id="26-90000", kind=NoticeKind.CORRECTION, refers_to=("26-88092",)),
            Link(5, LinkStep.REFERENCE, "26-88092"),
            id="the correction came first",
        ),
        pytest.param(
            replace(NOTICE, title="Un autre titre", deadline_at=None),
            NOTICE,
            Link(5, LinkStep.REFERENCE, "26-88092"),
            id="a new version of the same notice",
        ),
        pytest.param(
            replace(COPY, internal_reference="2026-T 04", title="Toiture", deadline_at=None),
            replace(NOTICE, internal_reference="2026 T-04"),
            Link(5, LinkStep.BUYER_REFERENCE, f"{SIRET} 2026-T 04"),
            id="the buyer's own number",
        ),
        pytest.param(
            COPY,
            NOTICE,
            Link(5, LinkStep.SIMILARITY, "2026-04-01, titles 100 of 100 alike"),
            id="buyer, day and title",
        ),
    ],
)
def test_what_is_certain_is_linked(notice, stored, expected):
    """
    Each step of the ladder links, and says on what evidence.
    """
    assert link_of(notice, stored) == expected


@pytest.mark.parametrize(
    ("notice", "stored"),
    [
        pytest.param(replace(COPY, buyer=Buyer("Ville de Kerlann", "21220278400012")), NOTICE, id="buyer"),
        pytest.param(replace(COPY, buyer=None), NOTICE, id="no buyer"),
        pytest.param(replace(COPY, deadline_at=datetime(2026, 4, 2, 10, tzinfo=UTC)), NOTICE, id="day"),
        pytest.param(replace(COPY, title="Réfection de la toiture de la mairie"), NOTICE, id="title"),
        pytest.param(replace(COPY, lots=(Lot("1"),)), replace(NOTICE, lots=(Lot("1"), Lot("2"))), id="lots"),
        pytest.param(
            replace(COPY, value=Money(100, "EUR")), replace(NOTICE, value=Money(200, "EUR")), id="value"
        ),
        pytest.param(replace(COPY, procedure_key="a"), replace(NOTICE, procedure_key="b"), id="key"),
        pytest.param(
            replace(COPY, feed_id="boamp", title="Réfection de la toiture, école Jean-Jaurès"),
            NOTICE,
            id="two calls of one feed",
        ),
        pytest.param(replace(COPY, title=f"{NOTICE.title}, lot 2"), NOTICE, id="a lot of it"),
        pytest.param(
            replace(COPY, title="Toitures 2026"), replace(NOTICE, title="Toitures 2025"), id="another year"
        ),
        pytest.param(
            replace(COPY, title="Rénovation énergétique de l'école maternelle Kennedy"),
            replace(NOTICE, title="Rénovation énergétique de l'école maternelle Kergomard"),
            id="another school",
        ),
        pytest.param(
            replace(COPY, title="Mission SPS - réhabilitation de la salle des fêtes"),
            replace(NOTICE, title="Mission CT - réhabilitation de la salle des fêtes"),
            id="another mission for the same works",
        ),
        pytest.param(
            replace(COPY, title="Autre", refers_to=("12",)),
            replace(NOTICE, source_id="12"),
            id="a short reference of another feed",
        ),
        pytest.param(
            replace(COPY, title="Nettoyage des vitres", internal_reference="MAPA", deadline_at=None),
            replace(NOTICE, internal_reference="MAPA"),
            id="a number that may be any purchase's",
        ),
        pytest.param(
            replace(COPY, title="Nettoyage des vitres", internal_reference="MAPA 2026", deadline_at=None),
            replace(NOTICE, internal_reference="MAPA 2026"),
            id="a year that may be any purchase's",
        ),
        pytest.param(replace(COPY, buyer=Buyer("CCAS de Kerlann")), NOTICE, id="the town's welfare centre"),
        pytest.param(
            replace(COPY, buyer=Buyer("Centre hospitalier de Kerlann")), NOTICE, id="the town's hospital"
        ),
        pytest.param(
            replace(COPY, buyer=Buyer("Lycée Jean Macé Kerlann")), NOTICE, id="a school of the town"
        ),
        pytest.param(
            replace(COPY, buyer=Buyer("Kerlann Agglomération")), NOTICE, id="the communes around the town"
        ),
        pytest.param(
            replace(COPY, buyer=Buyer("Commune de Kerlann-le-Vieux")), NOTICE, id="the town beside the town"
        ),
        pytest.param(
            replace(COPY, places=(Place(commune="Dinan"),)),
            replace(NOTICE, places=(Place(commune="Lannion"),)),
            id="work in another commune",
        ),
        pytest.param(
            replace(COPY, places=(Place(postcode="22100"),)),
            replace(NOTICE, places=(Place(postcode="22300"),)),
            id="work at another postcode",
        ),
        pytest.param(
            replace(COPY, places=(Place(departement="974"),)),
            replace(NOTICE, places=(Place(departement="35"), Place(departement="22"))),
            id="work in another département",
        ),
        pytest.param(
            replace(COPY, places=(Place(commune="Sainte-Marie", departement="974"),)),
            replace(NOTICE, places=(Place(commune="Sainte-Marie", departement="35"),)),
            id="work in another commune of that name",
        ),
        pytest.param(
            replace(COPY, buyer=Buyer("Commune de Kerlann", None, "974")),
            NOTICE,
            id="another commune of that name",
        ),
    ],
)
def test_what_is_uncertain_stays_apart(notice, stored):
    """
    One stated fact that speaks against it keeps two notices apart.
    """
    assert link_of(notice, stored) is None


@pytest.mark.parametrize(
    ("notice", "stored"),
    [
        pytest.param(replace(COPY, buyer=Buyer("Mairie de Kerlann (35)")), NOTICE, id="the buyer in other words"),
        pytest.param(replace(COPY, buyer=Buyer("KERLANN", SIRET[:9] + "00023")), NOTICE, id="another establishment"),
        pytest.param(replace(COPY, buyer=Buyer("KERLANN")), NOTICE, id="the town's name alone"),
        pytest.param(
            replace(COPY, places=(Place(commune="KERLANN", postcode="35065"),)),
            replace(NOTICE, places=(Place(commune="Kerlann", postcode="35000"),)),
            id="one commune under two postcodes",
        ),
        pytest.param(
            replace(COPY, buyer=Buyer("Kerlann", None, "75"), places=(Place(departement="35"),)),
            replace(NOTICE, places=(Place(departement="35"), Place(departement="22"))),
            id="the place decides, wherever the buyer sits",
        ),
        pytest.param(replace(COPY, buyer=Buyer("Kerlann", SIRET, "75")), NOTICE, id="one SIREN in two départements"),
        pytest.param(replace(COPY, title="2026-T04 - Réfection de la toiture, école Jean Jaurès"), NOTICE, id="a number first"),
        pytest.param(replace(COPY, title="Réfections des toitures de l'école Jean-Jaures"), NOTICE, id="endings"),
        pytest.param(
            replace(COPY, title="Couverture " * 18 + "de l'éc"),
            replace(NOTICE, title="Couverture " * 18 + "de l'école maternelle Kergomard et du préau"),
            id="cut off",
        ),
        pytest.param(replace(NOTICE, source_id="26-88100"), NOTICE, id="published again in the very same words"),
    ],
)  # fmt: skip
def test_one_purchase_in_other_words_is_linked(notice, stored):
    """
    Sources spell buyers and cut titles as they like.
    """
    assert link_of(notice, stored).step is LinkStep.SIMILARITY


def test_the_answer_does_not_depend_on_the_order_of_candidates():
    """
    Among several certain candidates the lowest procedure wins.
    """
    candidates = [Candidate(number, replace(NOTICE, procedure_key=KEY)) for number in (9, 3, 7)]

    assert find_link(replace(COPY, procedure_key=KEY), candidates).procedure_id == 3


def test_the_most_similar_wins_and_two_that_are_equally_similar_are_uncertain():
    """
    A guess between two would hide one of them.
    """
    near = replace(NOTICE, title="Réfection de la toiture de l'école maternelle Jean-Jaurès")

    assert find_link(COPY, [Candidate(3, near), Candidate(7, NOTICE)]).procedure_id == 7
    assert find_link(COPY, [Candidate(3, NOTICE), Candidate(7, NOTICE)]) is None


NUMBERED = replace(NOTICE, internal_reference="2026-T04", published_at=datetime(2026, 3, 2, 7, tzinfo=UTC))
AGAIN = replace(
    NUMBERED,
    source_id="26-99001",
    title="Réfection de la toiture de l'école Jean-Jaurès (relance)",
    published_at=datetime(2026, 3, 25, 7, tzinfo=UTC),
    deadline_at=datetime(2026, 5, 6, 10, tzinfo=UTC),
)
END = replace(
    NUMBERED,
    source_id="26-95000",
    kind=NoticeKind.CANCELLATION,
    published_at=datetime(2026, 3, 20, 7, tzinfo=UTC),
    deadline_at=None,
)


@pytest.mark.parametrize(
    ("notice", "stored", "expected"),
    [
        pytest.param(AGAIN, [(5, NUMBERED), (5, END)], None, id="a call after the end is another purchase"),
        pytest.param(
            AGAIN,
            [(5, NUMBERED), (5, replace(END, kind=NoticeKind.AWARD, lots=(Lot("1"),)))],
            None,
            id="a call after an award, of what nobody won",
        ),
        pytest.param(
            replace(NUMBERED, feed_id="ted", source_id="8", published_at=AGAIN.published_at),
            [(5, NUMBERED), (5, END)],
            5,
            id="a copy that is late repeats the day",
        ),
        pytest.param(
            replace(AGAIN, published_at=datetime(2026, 4, 3, tzinfo=UTC)),
            [(5, NUMBERED)],
            None,
            id="a call after the deadline, though nobody told the end",
        ),
        pytest.param(END, [(7, AGAIN)], None, id="the end of what was called before"),
        pytest.param(END, [(5, NUMBERED), (7, AGAIN)], 5, id="the end of the first of two"),
        pytest.param(
            replace(END, source_id="26-99500", published_at=datetime(2026, 4, 20, tzinfo=UTC)),
            [(5, NUMBERED), (5, END), (7, AGAIN)],
            7,
            id="the end of the second of two",
        ),
        pytest.param(
            replace(END, source_id="26-99500", published_at=datetime(2026, 4, 20, tzinfo=UTC)),
            [(5, NUMBERED), (7, AGAIN)],
            None,
            id="an end of nobody knows which",
        ),
        pytest.param(
            replace(END, kind=NoticeKind.AWARD, published_at=datetime(2026, 4, 20, tzinfo=UTC)),
            [(5, NUMBERED), (7, AGAIN)],
            5,
            id="no award is told before the last day to answer",
        ),
        pytest.param(
            replace(END, source_id="26-99500", kind=NoticeKind.CORRECTION, published_at=datetime(2026, 4, 20, tzinfo=UTC)),
            [(5, NUMBERED), (5, END), (7, AGAIN)],
            7,
            id="a correction is the latest call's",
        ),
        pytest.param(
            replace(AGAIN, title=NOTICE.title, published_at=datetime(2027, 3, 2, tzinfo=UTC), deadline_at=None),
            [(5, replace(NUMBERED, deadline_at=None))],
            None,
            id="the number is used again a year later",
        ),
        pytest.param(
            replace(END, kind=NoticeKind.AWARD, published_at=datetime(2027, 3, 2, tzinfo=UTC)),
            [(5, NUMBERED)],
            5,
            id="an award comes late, in the same words",
        ),
        pytest.param(
            replace(END, kind=NoticeKind.AWARD, title="Vitres", published_at=datetime(2027, 3, 2, tzinfo=UTC)),
            [(5, NUMBERED)],
            None,
            id="an award comes late, in other words",
        ),
    ],
)  # fmt: skip
def test_a_number_that_is_used_again_names_another_purchase(notice, stored, expected):
    """
    What is called after an end is told by itself; what ends or corrects goes to the one it can be about.
    """
    link = find_link(notice, [Candidate(number, other) for number, other in stored])

    assert (link and (link.procedure_id, link.step)) == (
        None if expected is None else (expected, LinkStep.BUYER_REFERENCE)
    )


@given(order=st.permutations(range(4)))
def test_a_relaunch_is_a_group_of_its_own_in_whatever_order_notices_come(order):
    """
    The first call with its end, and the second with its copy.
    """
    copied = replace(AGAIN, feed_id="profil", source_id="9")
    notices = [NUMBERED, END, AGAIN, copied]

    groups = link_all([notices[position] for position in order])

    assert {frozenset(order[member.position] for member in group) for group in groups} == {
        frozenset({0, 1}),
        frozenset({2, 3}),
    }


def test_what_was_decided_by_hand_is_followed_by_later_versions():
    """
    The key of another procedure does not draw it back.
    """
    stored = replace(NOTICE, procedure_key=KEY)
    candidates = [Candidate(3, replace(COPY, procedure_key=KEY)), Candidate(7, stored, is_by_hand=True)]
    version = replace(stored, title="Toiture", version="02")

    link = find_link(version, candidates)

    assert (link.procedure_id, link.step) == (7, LinkStep.BY_HAND)
    assert find_others(version, link, candidates) == []


def test_a_notice_that_names_two_procedures_proves_them_one():
    """
    A correction came before its call, and then the call with a key that another source had brought.
    """
    correction = replace(NOTICE, source_id="26-90000", kind=NoticeKind.CORRECTION, refers_to=("26-88092",))
    candidates = [Candidate(3, correction), Candidate(7, replace(COPY, procedure_key=KEY))]
    call = replace(NOTICE, procedure_key=KEY)

    link = find_link(call, candidates)

    assert (link.procedure_id, find_others(call, link, candidates)) == (7, [3])


@given(order=st.permutations(range(6)))
def test_groups_do_not_depend_on_the_order_of_notices(order):
    """
    A correction before its call, a copy before both: the same groups.
    """
    keyed = replace(NOTICE, procedure_key=KEY)
    notices = [
        keyed,
        COPY,
        replace(NOTICE, source_id="26-90000", title="Correctif", kind=NoticeKind.CORRECTION, refers_to=("26-88092",), deadline_at=None),
        replace(NOTICE, feed_id="ted", source_id="1-2026", title="Dach", procedure_key=KEY, deadline_at=None),
        replace(COPY, source_id="8", title="Réfection de la toiture de la mairie"),
        replace(COPY, feed_id="autre", source_id="9", title=NOTICE.title, procedure_key="other"),
    ]  # fmt: skip

    groups = link_all([notices[position] for position in order])

    found = {frozenset(order[member.position] for member in group) for group in groups}
    assert found == {frozenset({0, 2, 3}), frozenset({1, 5}), frozenset({4})}
    assert all(group[0].step is LinkStep.FIRST for group in groups)


@given(order=st.permutations(range(3)))
def test_a_key_under_two_buyers_goes_with_the_call_that_was_published_first(order):
    """
    A form was filled in over another one, and a correction of the key names no buyer: it bridges nothing.
    """
    first = replace(NOTICE, procedure_key=KEY, published_at=datetime(2026, 8, 1, tzinfo=UTC))
    other = replace(
        COPY, title="Vitres", buyer=Buyer("Commune de Bruz"), procedure_key=KEY,
        published_at=datetime(2026, 8, 2, tzinfo=UTC),
    )  # fmt: skip
    correction = replace(
        first, feed_id="rss", source_id="8", kind=NoticeKind.CORRECTION, buyer=None, deadline_at=None,
        published_at=datetime(2026, 8, 3, tzinfo=UTC),
    )  # fmt: skip
    notices = [first, other, correction]

    groups = link_all([notices[position] for position in order])

    found = {frozenset(order[member.position] for member in group) for group in groups}
    assert found == {frozenset({0, 2}), frozenset({1})}


def test_a_reference_that_is_given_twice_joins_once():
    """
    The call comes first, the correction with its step and evidence behind it, and what neither names is alone.
    """
    correction = replace(
        NOTICE, source_id="26-90000", kind=NoticeKind.CORRECTION, refers_to=("26-88092", "26-88092 "),
        deadline_at=None,
    )  # fmt: skip
    other = replace(NOTICE, source_id="26-90001", title="Nettoyage des vitres")

    groups = link_all([NOTICE, other, correction])

    assert groups == [
        [Member(0, LinkStep.FIRST), Member(2, LinkStep.REFERENCE, "26-88092")],
        [Member(1, LinkStep.FIRST)],
    ]


WORDS = st.lists(st.text("abc12", min_size=1, max_size=5), max_size=6)


@given(words=WORDS.filter(bool), before=WORDS, behind=WORDS)
def test_a_title_within_another_is_as_alike_as_their_words_in_order_say(words, before, behind):
    """
    To the last bit, for of two procedures that are equally alike neither is certain.
    """
    within, around = " ".join(words), " ".join([*before, *words, *behind])

    likeness = find_likeness(replace(COPY, title=around), replace(NOTICE, title=within))

    assert token_sort_ratio(within, around) == likeness


LONG_TITLE = "Réhabilitation de la salle des fêtes, " + "de ses abords plantés et de son parvis pavé, " * 3


@pytest.mark.parametrize(
    ("title", "part"),
    [("Travaux 2026 de couverture", "lot 2"), (LONG_TITLE, "phase 2")],
    ids=["numbers that both have", "a title that looks cut off"],
)
def test_a_title_that_names_a_lot_is_not_the_whole_purchases(title, part):
    """
    However long both are, and whatever other numbers they share, one of them is a part.
    """
    whole, copied = replace(NOTICE, title=title), replace(COPY, title=f"{title} - {part}")

    assert link_of(copied, whole) is None
    assert link_of(replace(copied, title=f"{title} - suite"), whole) is not None


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’École n°2, côté cœur", "l ecole n 2 cote coeur"),
        ("L'ECOLE N° 2 - CÔTE CŒUR", "l ecole n 2 cote coeur"),
        ("L'e\u0301cole \N{LATIN SMALL LIGATURE FI}n", "l ecole fin"),
        ("Mise aux normes – 12 m²", "mise aux normes 12 m2"),
        ("Ω", ""),
        (None, ""),
    ],
)
def test_a_text_is_compared_by_its_words_however_it_is_typed(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    "key",
    ["0", "1234567", "sans-numero", "00000000-0000-0000-0000-000000000000"],
)
def test_a_key_that_may_be_any_purchases_proves_nothing(key):
    """
    Whoever the buyers are, and whether notices are linked one by one or at once.
    """
    other = replace(COPY, buyer=Buyer("Ville de Dinan"), title="Nettoyage des vitres", procedure_key=key)
    stored = replace(NOTICE, procedure_key=key)

    assert link_of(other, stored) is None
    assert len(link_all([stored, other])) == 2


@pytest.mark.parametrize("feed_id", ["boamp", "profil"])
@pytest.mark.parametrize("key", [KEY, "ocds-b5fd17-cace3fd0-1", "2026-0001"])
@pytest.mark.parametrize(
    ("name", "stored_name", "is_linked"),
    [
        ("Ville de Dinan", "Ville de Kerlann", False),
        ("SDIS 35", "Service départemental d'incendie et de secours d'Ille-et-Vilaine", True),
        ("Kerlann Habitat", "Office public de l'habitat de Kerlann", True),
        (None, "Ville de Kerlann", True),
    ],
)
def test_a_key_does_not_join_buyers_that_differ(feed_id, key, name, stored_name, is_linked):
    """
    An abbreviation, a word in common or a silent source are no other buyer.
    """
    other = replace(
        COPY, feed_id=feed_id, buyer=Buyer(name), title="Vitres", deadline_at=None, procedure_key=key
    )
    stored = replace(NOTICE, buyer=Buyer(stored_name), procedure_key=key)

    link = link_of(other, stored)

    assert link == (Link(5, LinkStep.PROCEDURE_KEY, key) if is_linked else None)


@pytest.mark.parametrize(("name", "is_linked"), [("Ville de Dinan", False), ("Kerlann", True)])
def test_a_reference_to_another_feed_names_no_notice_of_another_buyer(name, is_linked):
    """
    A number of six digits may be a guid of any other feed.
    """
    stored = replace(NOTICE, source_id="812345", buyer=Buyer("Ville de Kerlann"))
    correction = replace(
        COPY, kind=NoticeKind.CORRECTION, title="Vitres", refers_to=("812345",), buyer=Buyer(name)
    )

    assert (link_of(correction, stored) is not None) is is_linked
    assert len(link_all([stored, correction])) == (1 if is_linked else 2)


ROOF_LOT = replace(NUMBERED, title="Groupe scolaire - lot 1 couverture")
WIRES_LOT = replace(NUMBERED, source_id="26-88093", title="Groupe scolaire - lot 2 électricité")


@pytest.mark.parametrize(
    ("notice", "members"),
    [
        pytest.param(WIRES_LOT, [ROOF_LOT], id="two lots of one feed"),
        pytest.param(replace(WIRES_LOT, feed_id="profil"), [ROOF_LOT], id="two lots of two feeds"),
        pytest.param(replace(WIRES_LOT, title="Nettoyage des vitres"), [ROOF_LOT], id="other words"),
        pytest.param(
            WIRES_LOT,
            [ROOF_LOT, replace(NUMBERED, source_id="26-9", kind=NoticeKind.CORRECTION, title="Groupe scolaire")],
            id="a correction of the other lot is no bridge",
        ),
    ],
)  # fmt: skip
def test_two_calls_under_one_number_for_other_lots_stay_apart(notice, members):
    """
    A buyer numbers its file, and calls each lot by itself.
    """
    groups = link_all([*members, notice])

    assert find_link(notice, [Candidate(5, each) for each in members]) is None
    assert [[member.position for member in group] for group in groups] == [
        [*range(len(members))],
        [len(members)],
    ]


def test_a_similar_notice_does_not_lead_to_a_procedure_that_another_of_its_notices_speaks_against():
    """
    A and B are one, C is like B and has another number than A: linked one by one as all at once.
    """
    first = replace(NOTICE, internal_reference="2026-T01")
    silent = replace(COPY, feed_id="rss", source_id="8")
    third = replace(COPY, internal_reference="2026-T02")

    assert find_link(third, [Candidate(5, first), Candidate(5, silent)]) is None
    assert find_link(third, [Candidate(5, first), Candidate(6, silent)]).procedure_id == 6
    assert find_link(third, [Candidate(5, first, is_view=True), Candidate(5, silent)]).procedure_id == 5
    assert sorted(len(group) for group in link_all([first, silent, third])) == [1, 2]


@pytest.mark.parametrize(
    "reference",
    [
        "LOT 01", "lot n° 12", "MAPA 1", "MAPA 2026", "MARCHE 1", "MARCHE1", "Marché de travaux 2026", "AAPC 1", "PHASE 2",
        "Tranche 3", "consultation 1", "DCE V2", "procédure adaptée 7", "R.2123-1 1°", "L2113-10", "Articles R2123-1 à R2123-7",
    ],
)  # fmt: skip
def test_a_number_of_generic_words_needs_titles_that_are_alike(reference):
    """
    The SIRET is the same, the purchase need not be.
    """
    stored = replace(NOTICE, internal_reference=reference)
    vitres = replace(COPY, title="Nettoyage des vitres", internal_reference=reference, deadline_at=None)

    assert link_of(vitres, stored) is None
    assert link_of(replace(vitres, title=NOTICE.title), stored).step is LinkStep.BUYER_REFERENCE


@pytest.mark.parametrize(
    "reference",
    ["2026-T04", "MAPA 2026-T04", "2026-04", "26DCE017", "L2024-05", "marché n°26017 lot 1", "T2026/17"],
)
def test_a_number_of_the_buyers_own_is_proof_with_its_siret(reference):
    """
    What is left without generic words is long enough, and more than a year.
    """
    stored = replace(NOTICE, internal_reference=reference)
    other = replace(COPY, title="Toitures", internal_reference=reference, deadline_at=None)

    assert link_of(other, stored) == Link(5, LinkStep.BUYER_REFERENCE, f"{SIRET} {reference}")


@pytest.mark.parametrize(("kind", "is_linked"), [(NoticeKind.AWARD, True), (NoticeKind.CALL, False)])
def test_what_was_paid_speaks_against_no_estimate(kind, is_linked):
    """
    An award went its own way because its contract came to less than its call had estimated.
    """
    notice = replace(COPY, kind=kind, value=Money(9_000_000, "EUR"))

    found = link_of(notice, replace(NOTICE, value=Money(12_000_000, "EUR")))

    assert (found is not None) is is_linked


def test_what_two_sources_say_was_paid_parts_no_purchase():
    """
    One sums up its contracts, the other tells of one of them, or still what was estimated: linked all at once they parted.
    """
    results = [
        replace(
            call,
            kind=NoticeKind.AWARD,
            source_id=f"{call.source_id}-R",
            refers_to=(call.source_id,),
            value=value,
        )
        for call, value in ((NOTICE, Money(9_500_000, "EUR")), (COPY, Money(10_000_000, "EUR")))
    ]

    assert [len(group) for group in link_all([NOTICE, COPY, *results])] == [4]
