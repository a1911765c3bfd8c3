"""What tests against real servers share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from elasticsearch import Elasticsearch

import alerting.store
from alerting.store.database import Database, open_database


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def database(database_url):
    """A migrated database of the test's own, open."""
    own = open_database(database_url)
    yield own
    own.close()


@pytest.fixture
def database_at(empty_database_url):
    """Bring the test's own database to an older revision, and return it open."""
    own = open_database(empty_database_url)
    config = Config()
    folder = Path(alerting.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))

    def bring_to(revision: str) -> Database:
        with own.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        return own

    yield bring_to
    own.close()


@pytest.fixture
def alias():
    """A name that no other test's index has."""
    return f"test-{uuid4().hex}"


@pytest.fixture
def client(elasticsearch_url):
    """An operator's own way to the server."""
    with Elasticsearch(elasticsearch_url) as own:
        yield own
