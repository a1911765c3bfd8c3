"""Which changes a firm's opinions suggest, before it is known what each would keep out."""

from __future__ import annotations

from alerting.domain.criteria import Criteria
from alerting.domain.decide import decide
from alerting.domain.notice import Buyer, Lot, Notice, NoticeKind, Place
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.matching.proposals import Accepted, propose


def accepted(criteria: Criteria, title: str, **facts) -> Accepted:
    analysed = analyse_notice(Notice("any", "1", None, NoticeKind.CALL, title, **facts))
    decision = decide(compile_criteria(criteria), analysed)
    assert decision.accepted
    return Accepted(analysed, decision)


def words(criteria: Criteria, not_for_us: list[Accepted], useful: list[Accepted] = []) -> list[str]:  # noqa: B006
    found = propose(criteria, not_for_us=not_for_us, useful=useful, others=[])
    return [change.value for (change,) in found]


def test_words_that_stand_in_two_titles_are_suggested_and_none_that_is_wanted():
    """
    Not the profile's own words, nor words that stand everywhere, nor a place's or a buyer's name, nor what stands in
    something useful; of lots those that fit.
    """
    asked = Criteria(words=("toiture",))
    redon = {"places": (Place(departement="35", commune="Redon"),), "buyer": Buyer("Ville de Redon")}
    school = accepted(asked, "Toiture végétalisée, école de Redon", **redon)
    lots = (Lot("1", "Toiture végétalisée"), Lot("2", "Menuiserie et école"))
    library = accepted(asked, "Redon, médiathèque", lots=lots, **redon)
    other = accepted(asked, "Toiture de la nouvelle école", **redon)

    assert words(asked, [school, library]) == ["végétalisée"]
    assert words(asked, [school, other]) == ["école"]
    assert words(asked, [school, other], [accepted(asked, "Toiture d'une école")]) == []


def test_a_wide_code_is_replaced_by_those_that_stay():
    """
    Roofing stays, demolition shall go: of all works the code of what stays, as wide as it can be.
    """
    asked = Criteria(cpv_codes=("45000000",))
    roof, tiles, wreck = (
        accepted(asked, "Travaux", cpv_main=code) for code in ("45261000", "45261210", "45111100")
    )

    (changes,) = propose(asked, not_for_us=[wreck], useful=[roof], others=[tiles])
    nothing = list(propose(asked, not_for_us=[roof], useful=[roof], others=[tiles]))

    assert [(change.act.value, change.value) for change in changes] == [
        ("remove", "45000000"),
        ("add", "45200000"),
    ]
    assert nothing == []
