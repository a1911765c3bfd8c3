"""Settings: read once, each bad value one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerting.domain.dkim_key import DkimKey
from alerting.domain.mail_limits import DomainLimit
from alerting.errors import SettingError
from alerting.settings import NAMES, Settings, read_settings


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
        pytest.param("alertes@example", id="a domain of one word"),
        pytest.param("alertes@example.org.", id="a dot at the end"),
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


@pytest.mark.parametrize(
    ("domain", "kept"),
    [
        pytest.param("", None, id="empty: none"),
        pytest.param(" Retours.Example.org ", "retours.example.org", id="any case"),
        pytest.param("métiers.example", "xn--mtiers-bva.example", id="accents"),
    ],
)
def test_a_domain_for_bounces_is_kept_as_the_network_writes_it(domain, kept):
    """
    In ASCII and lower case; not set, bounces go to the sender.
    """
    assert read_settings(ENVIRONMENT | {"ALERTING_BOUNCE_DOMAIN": domain}).bounce_domain == kept


@pytest.mark.parametrize("domain", ["retours@example.org", "a domain", "a..b", "retours.example\nBcc: x"])
def test_a_domain_for_bounces_that_is_none_is_refused_at_start(domain):
    """
    One line names the variable.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {"ALERTING_BOUNCE_DOMAIN": domain})

    assert str(caught.value) == f"setting ALERTING_BOUNCE_DOMAIN: expected a domain (got {domain!r})"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("", "http://127.0.0.1:8000", id="empty: the laptop"),
        pytest.param("https://Alertes.example/", "https://alertes.example", id="any case"),
        pytest.param("https://métiers.example", "https://xn--mtiers-bva.example", id="accents"),
        pytest.param("https://alertes.example:8443/avis", "https://alertes.example:8443/avis", id="a path"),
        pytest.param("http://[::1]:8000", "http://[::1]:8000", id="a number in brackets"),
    ],
)
def test_the_address_of_our_pages_is_kept_as_a_mails_header_holds_it(given, kept):
    """
    Its host in ASCII, without a slash at the end: each link of a mail begins with it.
    """
    assert read_settings(ENVIRONMENT | {"ALERTING_BASE_URL": given}).base_url == kept


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("alertes.example", "alertes.example"),
        ("ftp://alertes.example", "ftp://alertes.example"),
        ("https://", "https://"),
        ("https://a..b", "https://a..b"),
        ("https://alertes.example:99999", "https://alertes.example:99999"),
        ("https://alertes.example/é", "https://alertes.example/é"),
        ("https://alertes.example/?page=1", "https://alertes.example/?page=1"),
        ("https://alertes.example\n.other.example", "https://alertes.example\n.other.example"),
        ("https://user:secret@alertes.example", "alertes.example"),
    ],
)
def test_an_address_that_no_page_can_have_is_refused_at_start(given, shown):
    """
    One line, before any mail waits for it; a login in it is not repeated.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {"ALERTING_BASE_URL": given})

    expected = "http:// or https:// and a host, perhaps a port and a path, without a login"
    assert str(caught.value) == f"setting ALERTING_BASE_URL: expected {expected} (got {shown!r})"


def test_how_hard_a_mail_server_is_worked():
    """
    Connections, mails over each, and limits by domain; "*" is every other one.
    """
    limits = read_settings(
        ENVIRONMENT
        | {
            "ALERTING_SMTP_CONNECTIONS": "2",
            "ALERTING_SMTP_MAILS_PER_CONNECTION": "50",
            "ALERTING_SMTP_DOMAIN_LIMITS": "Orange.fr=2/30 *=10",
        }
    ).smtp_limits

    assert (limits.connections, limits.mails_per_connection) == (2, 50)
    assert limits.of("orange.fr") == DomainLimit(2, 30)
    assert limits.of("free.fr") == DomainLimit(10, None)
    assert read_settings(ENVIRONMENT).smtp_limits.of("orange.fr") == DomainLimit(None, None)


@pytest.mark.parametrize("entry", ["orange.fr", "orange.fr=0", "orange.fr=2/", "=2", "orange.fr=two"])
def test_a_limit_that_is_none_is_refused(entry):
    """
    One line names the entry.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {"ALERTING_SMTP_DOMAIN_LIMITS": f"free.fr=1 {entry}"})

    assert str(caught.value) == (
        "setting ALERTING_SMTP_DOMAIN_LIMITS: expected domain=AT_ONCE or domain=AT_ONCE/PER_CONNECTION, with "
        f"spaces (got {entry!r})"
    )


@pytest.mark.parametrize(
    "entry", ["b.example", "yann", "@", "yann@", "@b..example", "a@b.example c@d.example"]
)
def test_an_entry_of_who_may_get_mail_that_names_nobody_is_refused(entry):
    """
    A sign that was forgotten would else take the mails away from all whom it was to name.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {"ALERTING_RECIPIENTS_ALLOWED": f"@a.example, {entry}"})

    assert str(caught.value) == (
        f"setting ALERTING_RECIPIENTS_ALLOWED: expected addresses and @domains with commas, or * (got {entry!r})"
    )


def test_who_may_get_mail_is_read():
    """
    Addresses and domains in any case, also with accents; everybody; nobody.
    """
    given = {"Yann@A.example, @Métiers.example ,": ("yann@a.example", "@métiers.example"), "*": None, "": ()}
    read = {
        text: read_settings(ENVIRONMENT | {"ALERTING_RECIPIENTS_ALLOWED": text}).recipients_allowed
        for text in given
    }

    assert read == given


def test_a_dkim_key_needs_its_domain_and_selector():
    """
    All three or none; the file itself is read when mail is to leave.
    """
    names = ("ALERTING_DKIM_DOMAIN", "ALERTING_DKIM_SELECTOR", "ALERTING_DKIM_KEY")
    given = dict(zip(names, ("example.org", "mars", "/keys/dkim.pem"), strict=True))

    assert read_settings(ENVIRONMENT).dkim_key is None
    assert read_settings(ENVIRONMENT | given).dkim_key == DkimKey(
        "example.org", "mars", Path("/keys/dkim.pem")
    )
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | given | {"ALERTING_DKIM_SELECTOR": ""})
    assert str(caught.value) == (
        "setting ALERTING_DKIM_SELECTOR: expected all of ALERTING_DKIM_DOMAIN, ALERTING_DKIM_SELECTOR, "
        "ALERTING_DKIM_KEY, or none (got '')"
    )


@pytest.mark.parametrize(
    ("given", "line"),
    [
        pytest.param(
            {"ELASTICSEARCH_URL": "https://elastic:geheim@search.example:9200"},
            "setting ELASTICSEARCH_URL: expected http:// or https:// and a host, without a login (that is"
            " ELASTICSEARCH_LOGIN) (got 'search.example:9200')",
            id="a login in the address",
        ),
        pytest.param(
            {"ELASTICSEARCH_URL": "search.example:9200"},
            "setting ELASTICSEARCH_URL: expected http:// or https:// and a host, without a login (that is"
            " ELASTICSEARCH_LOGIN) (got 'search.example:9200')",
            id="no scheme",
        ),
        pytest.param(
            {"ELASTICSEARCH_URL": "http://search.example:9200", "ELASTICSEARCH_LOGIN": "env:KEY"},
            "setting ELASTICSEARCH_URL: expected https:// where ELASTICSEARCH_LOGIN is set"
            " (got 'http://search.example')",
            id="a login in clear",
        ),
        pytest.param(
            {"ELASTICSEARCH_URL": "https://search.example:9200", "ELASTICSEARCH_LOGIN": "elastic:geheim"},
            "setting ELASTICSEARCH_LOGIN: expected env:NAME, the variable that holds it"
            " (got '14 characters of another form')",
            id="the secret itself",
        ),
    ],
)
def test_elasticsearch_is_spoken_to_as_its_secrets_deserve(given, line):
    """
    No login in an address, in clear, or in the settings; what may be a secret is not repeated.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | given)

    assert str(caught.value) == line


def test_a_login_in_clear_is_for_loopback():
    """
    The laptop's own node, behind a proxy or not.
    """
    given = {"ELASTICSEARCH_URL": "http://127.0.0.1:9200", "ELASTICSEARCH_LOGIN": "env:KEY"}

    settings = read_settings(ENVIRONMENT | given)

    assert (settings.elasticsearch_login, settings.elasticsearch_ca) == ("env:KEY", None)


def test_blanks_are_no_secret():
    """
    They do not count around it; one that is long enough is used as it was given.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {"ALERTING_SECRET": " " * 20})
    given = f" {'s' * 16} "

    assert str(caught.value) == (
        "setting ALERTING_SECRET: expected at least 16 characters, blanks around them left out "
        "(got '0 characters')"
    )
    assert read_settings(ENVIRONMENT | {"ALERTING_SECRET": given}).secret == given


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("ALERTING_DIGST_HOUR", "ALERTING_DIGEST_HOUR", id="a letter too few"),
        pytest.param("ALERTING_MAIL_PER_HOUR", "ALERTING_MAILS_PER_HOUR", id="no plural"),
        pytest.param(
            "ALERTING_RECIPIENT_ALLOWED", "ALERTING_RECIPIENTS_ALLOWED", id="no plural in the middle"
        ),
        pytest.param("ALERTING_BASEURL", "ALERTING_BASE_URL", id="a word too few"),
    ],
)
def test_a_name_that_is_nearly_one_of_ours_is_refused(name, meant):
    """
    It would count for nothing, and nobody would see that; its value is not repeated.
    """
    with pytest.raises(SettingError) as caught:
        read_settings(ENVIRONMENT | {name: "7"})

    assert str(caught.value) == f"setting {name}: expected the name {meant} (got {name!r})"


def test_the_settings_are_called_as_the_documentation_names_them():
    """
    What is refused as misspelt is compared with the names that ``Settings`` documents.
    """
    assert set(re.findall(r"``(ALERTING_[A-Z_]+)``", Settings.__doc__)) == NAMES


def test_other_names_that_begin_like_ours_are_no_settings():
    """
    Those of the compose file, of the laptop's stack and of the tests.
    """
    others = (
        "BROKER_PASSWORD",
        "CORPUS",
        "ELASTICSEARCH_PASSWORD",
        "EXECUTOR",
        "KEY",
        "POSTGRES_PASSWORD",
        "STACK",
    )

    found = read_settings(ENVIRONMENT | {f"ALERTING_{name}": "x" for name in others})

    assert found == read_settings(ENVIRONMENT)
