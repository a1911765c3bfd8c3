"""Credentials: what a feed's server wants to see, kept where secrets are kept.

In:   a reference as the registry stores it ("env:KERLANN_KEY"), and where such names are looked up.
Out:  the header to send; the secret itself is in no row, no log line and no error.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping

from alerting.errors import SettingError


Secrets = Mapping[str, Callable[[str], str | None]]
"""By the word before the colon: how a name becomes its secret, None when there is none of that name."""

SCHEMES = ("env", "airflow")
_REFERENCE = re.compile(rf"(?P<scheme>{'|'.join(SCHEMES)}):(?P<name>[\w.-]+)", re.ASCII)
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(.*)", re.DOTALL)
_END_OF_SERVER = re.compile(r"[/?#\\]")
_SERVER = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*)(?::\d*)?")
_NAMED_HEADER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*): (?P<value>\S.*)")
_EXPECTED = "env:NAME or airflow:CONNECTION"


def check_reference(reference: str) -> None:
    """Refuse what is no reference: most likely somebody wrote the secret itself, so it is not repeated.

    Raises:
        SettingError: It is not ``env:NAME`` or ``airflow:CONNECTION``.
    """
    if _REFERENCE.fullmatch(reference) is None:
        raise SettingError("credentials", _EXPECTED, f"{len(reference)} characters of another form")


def find_header(reference: str, secrets: Secrets) -> tuple[str, str]:
    """Return the header that a reference stands for.

    The secret is ``user:password``, ``Header-Name: value``, or else what goes into Authorization
    ("Bearer …").

    Raises:
        SettingError: There is no such secret here, or it fits no header.

    >>> find_header("env:KEY", {"env": {"KEY": "X-Api-Key: 42"}.get})
    ('X-Api-Key', '42')
    """
    check_reference(reference)
    scheme, _, name = reference.partition(":")
    secret = secrets[scheme](name) if scheme in secrets else None
    if not secret or not secret.isprintable():
        where = "the environment" if scheme == "env" else "Airflow's connections"
        problem = "nothing" if not secret else "signs that no header can hold"
        raise SettingError(reference, f"a secret in {where}, on one line", problem)
    named = _NAMED_HEADER.fullmatch(secret)
    if named is not None:
        return named["name"], named["value"]
    if " " not in secret and ":" in secret:
        return "Authorization", f"Basic {b64encode(secret.encode()).decode()}"
    return "Authorization", secret


def hide_user(text: str) -> str:
    """Return a text without the user and password that it has where it is an address; any other as it is.

    A password that no address may hold ("/" in it) is hidden, too.
    Source: RFC 3986, 3.2.1.

    >>> hide_user("https://anne:s3cret@kerlann.example/avis?by=@anne")
    'https://kerlann.example/avis?by=@anne'
    >>> hide_user("ftp://anne:s3/cret@kerlann.example/"), hide_user("https://kerlann.example/@anne")
    ('ftp://kerlann.example/', 'https://kerlann.example/@anne')
    """
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return text
    scheme, rest = address.groups()
    server = _END_OF_SERVER.split(rest, maxsplit=1)[0]
    if "@" in server:
        return scheme + server.rpartition("@")[2] + rest[len(server) :]
    return text if _SERVER.fullmatch(server) else scheme + rest.rpartition("@")[2]
