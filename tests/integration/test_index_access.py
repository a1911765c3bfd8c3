"""Elasticsearch behind TLS that asks who is there: a real nginx before the real node.

The module with which Elasticsearch guards itself (x-pack-security) is not among its packages on Maven Central.
"""

from __future__ import annotations

import os
import subprocess
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from alerting import bootstrap, commands
from alerting.domain.notice import Notice, NoticeKind
from alerting.domain.procedure import ProcedureState
from alerting.domain.search import SearchRequest
from alerting.errors import SearchError, SettingError
from alerting.index.procedures import SearchIndex
from alerting.local.ports import free_port, is_listening
from alerting.settings import read_settings
from alerting.store import procedures
from tests.certificates import write_certificate


NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PASSWORD = "höchst-geheim"
KEY = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw=="


@dataclass(frozen=True)
class Guarded:
    """Where it is reached, and whom to trust for that."""

    url: str
    certificate: Path


@pytest.fixture(scope="module")
def guarded(servers_folder, elasticsearch_url, nginx):
    """A proxy that speaks TLS, wants one of two logins, and takes requests of 100 kB."""
    folder = servers_folder / "nginx"
    folder.mkdir()
    port = free_port()
    certificate, key = write_certificate(folder)
    basic = b64encode(f"alerting:{PASSWORD}".encode()).decode()
    (folder / "nginx.conf").write_text(
        f"""
        {"user root;" if os.geteuid() == 0 else ""}
        daemon off;
        pid {folder}/pid;
        error_log {folder}/log;
        events {{}}
        http {{
          access_log off;
          client_body_temp_path {folder}/body;
          proxy_temp_path {folder}/proxy;
          fastcgi_temp_path {folder}/fastcgi;
          uwsgi_temp_path {folder}/uwsgi;
          scgi_temp_path {folder}/scgi;
          map_hash_bucket_size 256;
          map $http_authorization $who {{
            default "";
            "Basic {basic}" user;
            "ApiKey {KEY}" key;
          }}
          server {{
            listen 127.0.0.1:{port} ssl;
            ssl_certificate {certificate};
            ssl_certificate_key {key};
            client_max_body_size 100k;
            if ($who = "") {{ return 401; }}
            location / {{
              proxy_pass {elasticsearch_url};
              proxy_http_version 1.1;
            }}
          }}
        }}
        """
    )
    process = subprocess.Popen([nginx, "-c", folder / "nginx.conf", "-e", folder / "log"])
    until = time.monotonic() + 30
    while not is_listening(port):
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, "nginx does not listen"
        time.sleep(0.05)
    yield Guarded(f"https://127.0.0.1:{port}", certificate)
    process.terminate()
    process.wait(30)


@pytest.fixture
def environment(database_url, guarded):
    return {
        "DATABASE_URL": database_url,
        "ELASTICSEARCH_URL": guarded.url,
        "ELASTICSEARCH_CA": str(guarded.certificate),
        "ELASTICSEARCH_LOGIN": "env:SECRET_OF_THIS_TEST",
        "ALERTING_INDEX_ALIAS": f"test-{uuid4().hex}",
        "ALERTING_SECRET": "a secret of the tests",
    }


@pytest.fixture
def open_parts(monkeypatch):
    """Build parts with a login in the process's environment, and close them at the end."""
    opened = []

    def build(environment, login):
        monkeypatch.setenv("SECRET_OF_THIS_TEST", login)
        opened.append(bootstrap.build(read_settings(environment), now=lambda: NOW))
        return opened[-1]

    yield build
    for parts in opened:
        parts.close()


@pytest.fixture
def cleaned(elasticsearch_url, environment):
    """Delete what a test indexed, by the way that asks nobody."""
    yield
    index = SearchIndex(elasticsearch_url, environment["ALERTING_INDEX_ALIAS"])
    for generation in index.generations():
        index.drop(generation)
    index.close()


def add(parts, *titles, description=None):
    with parts.database.begin() as connection:
        for title in titles:
            view = Notice("feed", title, None, NoticeKind.CALL, title, description=description)
            procedures.add_procedure(connection, view=view, state=ProcedureState.OPEN)


@pytest.mark.usefixtures("cleaned")
@pytest.mark.parametrize("login", [f"alerting:{PASSWORD}", f"ApiKey {KEY}"], ids=["user", "key"])
def test_a_guarded_server_is_indexed_and_searched(environment, open_parts, login):
    """
    Over TLS by the authority's certificate, with a user or an API key from the environment.
    """
    parts = open_parts(environment, login)
    add(parts, "Toiture")

    report = commands.index_procedures(parts=parts)
    parts.index.count()
    found = commands.search(SearchRequest("toiture"), parts=parts)

    assert (report, found["total"]) == ({"indexed": 1, "refused": 0, "waiting": 0}, 1)


@pytest.mark.usefixtures("cleaned")
def test_a_proxy_that_takes_less_is_given_less(environment, open_parts):
    """
    Its 413 is a page of its own, not Elasticsearch's answer; batches are halved all the same.
    """
    parts = open_parts(environment, f"ApiKey {KEY}")
    add(parts, *(f"Toiture {number}" for number in range(8)), description="ardoise " * 2_000)

    report = commands.index_procedures(parts=parts)

    assert (report, parts.index.count()) == ({"indexed": 8, "refused": 0, "waiting": 0}, 8)


def test_a_login_that_is_not_known_is_one_line_without_it(environment, open_parts, capsys):
    """
    A person must act; the secret is in no line, no log and no repr.
    """
    parts = open_parts(environment, "alerting:another secret")

    with pytest.raises(SearchError) as caught:
        commands.index_procedures(parts=parts)

    expected = "status 401 (Unauthorized); it does not know our login; see ELASTICSEARCH_LOGIN"
    assert str(caught.value) == f"search index {environment['ALERTING_INDEX_ALIAS']!r}: {expected}"
    said = "".join(capsys.readouterr()) + repr(parts)
    hidden = ("another secret", b64encode(b"alerting:another secret").decode())
    assert [secret for secret in hidden if secret in said] == []


def test_a_certificate_that_nobody_vouches_for_is_refused(environment, open_parts):
    """
    Nothing is sent to who cannot be trusted, least of all the login.
    """
    del environment["ELASTICSEARCH_CA"]
    parts = open_parts(environment, f"ApiKey {KEY}")

    with pytest.raises(
        SearchError, match=r": no TLS that we trust \(.*certificate verify failed.*\); see ELASTICSEARCH_CA$"
    ):
        commands.index_procedures(parts=parts)


def test_what_cannot_be_used_is_said_before_anything_is_sent(environment, open_parts, tmp_path):
    """
    A file that is no certificate, a variable that is not set, a secret that is no login.
    """
    missing = environment | {"ELASTICSEARCH_CA": str(tmp_path / "none.pem")}
    with pytest.raises(SettingError, match=r"^setting ELASTICSEARCH_CA: expected a file of certificates"):
        open_parts(missing, "alerting:x")
    with pytest.raises(SettingError, match=r"^setting env:SECRET_OF_THIS_TEST: expected a secret in the env"):
        open_parts(environment, "")
    with pytest.raises(SettingError, match=r"^setting env:SECRET_OF_THIS_TEST: expected user:password, or"):
        open_parts(environment, "X-Own: 42")
