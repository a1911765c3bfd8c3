"""What decided is said in words."""

from __future__ import annotations

import pytest

from alerting.domain.match import Decision, Reason
from alerting.pipeline.why import say


ROOF = Reason("words", "met", None, ("toiture",))


@pytest.mark.parametrize(
    ("reason", "told", "refused"),
    [
        (
            Reason("country", "unknown"),
            "words: toiture; place: no more than France is stated",
            "country: no more than France is stated, and the profile does not let that pass",
        ),
        (
            Reason("namesake", "unknown", facts=("Savigneux",)),
            "words: toiture; place: one of several communes of the name: Savigneux",
            (
                "namesake: several communes bear the name that is stated, and the profile does not let that pass"
                " (Savigneux)"
            ),
        ),
        (
            Reason("place", "unknown"),
            "words: toiture; place not stated",
            "place: not stated, and the profile does not let that pass",
        ),
    ],
)
def test_a_place_that_is_not_known_is_said(reason, told, refused):
    """
    Not stated, no more than France, or a name that several communes bear: each is another thing.
    """
    against = Reason(reason.criterion, "refused", facts=reason.facts)

    assert say(Decision(accepted=True, reasons=(ROOF, reason))) == told
    assert say(Decision(accepted=False, reasons=(against,))) == refused


def test_amounts_are_said_in_euros():
    """
    Not in the cents in which they are kept.
    """
    met = Reason("value", "met", facts=("1250000", "990099"))

    assert say(Decision(accepted=True, reasons=(met,))) == "value: 12500 euros, 9900 euros"
    assert say(Decision(accepted=False, reasons=(Reason("value", "refused", facts=("78000000",)),))) == (
        "value: the value is out of range (780000 euros)"
    )
