"""Settings: read once, each bad value one line."""

from __future__ import annotations

import pytest

from alerting.errors import SettingError
from alerting.settings import read_settings


ENVIRONMENT = {"DATABASE_URL": "postgresql://localhost/alerting", "ALERTING_SECRET": "a secret of the tests"}


@pytest.mark.parametrize(
    "sender",
    [
        pytest.param("alertes@example.org", id="a bare address"),
        pytest.param("Alerte marchés <alertes@example.org>", id="a name with accents"),
        pytest.param('"Alerte, marchés" <alertes@example.org>', id="a quoted name"),
        pytest.param("<alertes@métiers.example>", id="a domain with accents"),
        pytest.param("Alerte <alertes@localhost>", id="the laptop"),
    ],
)
def test_a_sender_is_a_bare_or_a_named_address(sender):
    """
    It is kept as it was written.
    """
    assert read_settings(ENVIRONMENT | {"ALERTING_SENDER": sender}).sender == sender


@pytest.mark.parametrize(
    "sender",
    [
        pytest.param("", id="empty"),
        pytest.param("Alerte marchés", id="a name alone"),
        pytest.param("alertes", id="no domain"),
        pytest.param("alertes@", id="an empty domain"),
        pytest.param("Alerte <alertes@example.org", id="half a pair of brackets"),
        pytest.param("a@example.org, b@example.org", id="two addresses"),
        pytest.param("hélène@example.org", id="accents before the sign"),
        pytest.param("a@example..org", id="an empty part"),
        pytest.param("a@example.org\nBcc: b@example.org", id="a line break"),
    ],
)
def test_a_sender_that_no_mail_can_come_from_is_refused_at_start(sender):
    """
    One line names the variable; no delivery has to fail first.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {"ALERTING_SENDER": sender})

    expected = f"setting ALERTING_SENDER: expected name@domain or Name <name@domain> (got {sender!r})"
    assert str(caught.value) == expected
