"""What would have let a notice through is proved by ``decide``."""

from __future__ import annotations

from hypothesis import given, settings

from alerting.domain.decide import decide
from alerting.domain.profile_change import change_criteria
from alerting.matching.analyse import analyse_notice
from alerting.matching.compile import compile_criteria
from alerting.matching.remedy import find_remedy
from tests.contract.test_engines_agree import criteria, notices


@settings(max_examples=600)
@given(criteria, notices)
def test_proposed_changes_let_a_notice_through_and_each_is_needed(asked, notice):
    """
    Whatever profile and notice: with all changes it matches, without any one of them it does not; where it
    matches already nothing is proposed.
    """
    analysed = analyse_notice(notice)

    def accepts(changes) -> bool:
        return decide(compile_criteria(change_criteria(asked, changes)), analysed).accepted

    changes = find_remedy(asked, analysed)

    if changes is None:
        assert not accepts(())
        return
    assert accepts(changes)
    assert (changes == ()) == accepts(())
    for left_out in changes:
        assert not accepts([change for change in changes if change is not left_out])
