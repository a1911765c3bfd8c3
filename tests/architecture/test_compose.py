"""docker-compose.yml stays in step with the code; no container engine is needed to see that."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from alerting.local.airflow import COMPONENTS, airflow_environment
from alerting.settings import read_settings


ROOT = Path(__file__).parents[2]
GIVEN = {"ALERTING_SECRET": "a secret of the tests", "ALERTING_POSTGRES_PASSWORD": "letters1"}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
# What a container has elsewhere than a laptop; every other setting has the same value.
PLACES = {
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "PYTHONPATH",
}
OUR_PLACES = {
    "database_url",
    "elasticsearch_url",
    "smtp_url",
    "archive",
    "engine_file",
    "maildir",
    "dialogues",
}


@pytest.fixture(scope="module")
def services():
    """The services, anchors followed."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def environment(services):
    """What the tasks see when only the two secrets are given."""
    return {name: interpolate(value, GIVEN) for name, value in services["scheduler"]["environment"].items()}


def interpolate(text: str, given: dict[str, str]) -> str:
    """Fill in ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` as Compose does."""

    def fill(found: re.Match[str]) -> str:
        name, sign, rest = found.groups()
        if given.get(name):
            return given[name]
        assert sign == "-", f"{name} is not given and has no default"
        return rest

    return VARIABLE.sub(fill, text)


def test_every_setting_of_ours_can_be_set_and_has_its_default(environment):
    """
    Compose names the variables that the settings page names, no other; those that nobody sets are what
    alerting/settings.py says, but for the places of servers and folders.
    """
    page = (ROOT / "docs/settings.md").read_text()
    ours = {name for name in environment if not name.startswith("AIRFLOW") and name != "PYTHONPATH"}
    assert ours == set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))

    composed = read_settings(environment)

    plain = read_settings({"DATABASE_URL": "postgresql://", "ALERTING_SECRET": GIVEN["ALERTING_SECRET"]})
    differing = {
        field.name for field in fields(plain) if getattr(plain, field.name) != getattr(composed, field.name)
    }
    assert differing == OUR_PLACES


def test_airflow_is_set_as_on_a_laptop_but_asks_for_a_login(environment):
    """
    The same settings with the same values; where things are differs, and the login is not switched off.
    """
    laptop = airflow_environment(
        home=Path("/opt/airflow"),
        database_url="postgresql://x",
        port=8080,
        secret=GIVEN["ALERTING_SECRET"],
    )
    del laptop["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"]
    composed = {
        name: value
        for name, value in environment.items()
        if name.startswith("AIRFLOW") or name == "PYTHONPATH"
    }
    assert sorted(composed) == sorted(laptop)

    differing = {name for name in laptop if laptop[name] != composed[name]}

    assert differing == PLACES


def test_every_service_of_ours_has_the_same_environment(services):
    """
    Whoever runs our code sees the same settings.
    """
    ours = {name: service for name, service in services.items() if "build" in service}
    assert sorted(ours) == ["api-server", "dag-processor", "migrate", "scheduler", "triggerer", "web"]

    assert all(service["environment"] == services["scheduler"]["environment"] for service in ours.values())


def test_the_components_run_as_on_a_laptop(services):
    """
    The same four, with the same options; the API server listens to the other containers too.
    """
    wanted = {arguments[0]: ["airflow", *arguments] for arguments in COMPONENTS.values()}
    wanted["api-server"] = [word for word in wanted["api-server"] if word not in {"--host", "127.0.0.1"}]

    assert {name: services[name]["command"].split() for name in wanted} == wanted


def test_nothing_is_published_but_on_loopback(services):
    """
    Only Airflow's page, the mail catcher's and ours can be reached, from this machine.
    """
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert published == {
        "api-server": ["127.0.0.1:8080:8080"],
        "scheduler": ["127.0.0.1:8025:8025"],
        "web": ["127.0.0.1:8000:8000"],
    }


def test_images_are_pinned(services):
    """
    Every image has a whole version; ours is the one of pyproject.toml, and uv the one of the Makefile.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    makefile = (ROOT / "Makefile").read_text()
    dockerfile = services["scheduler"]["build"]["dockerfile_inline"]
    [base] = re.findall(r"^FROM (\S+)$", dockerfile, re.MULTILINE)
    images = {service["image"] for service in services.values()} | {base}

    assert [image for image in images if not re.fullmatch(r"[\w/]+:v?\d+\.\d+(\.\d+)?[\w-]*", image)] == []
    assert f"alerting:{project['version']}" in images
    assert re.findall(r"uv==(\S+)", dockerfile) == re.findall(r"^UV_VERSION := (\S+)", makefile, re.MULTILINE)


def test_the_image_is_built_of_what_there_is(services):
    """
    Every file and folder that the image copies exists.
    """
    dockerfile = services["scheduler"]["build"]["dockerfile_inline"]
    copied = [
        name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    ]
    assert {"requirements.lock", "alerting", "dags", "plugins", "templates"} <= set(copied)

    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_every_server_says_whether_it_is_well(services):
    """
    Each service has a health check, but the one that ends by itself.
    """
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["migrate"]


def test_no_secret_is_in_the_file(services):
    """
    Passwords and secrets come from whoever starts it, who is told when one is missing.
    """
    text = (ROOT / "docker-compose.yml").read_text()
    secret = [
        value
        for service in services.values()
        for name, value in service["environment"].items()
        if re.search(r"PASSWORD|SECRET", name)
    ]

    assert {"${ALERTING_POSTGRES_PASSWORD}", "${ALERTING_SECRET}"} <= set(secret)
    assert [value for value in secret if not value.startswith("${")] == []
    assert all(f"${{{name}:?" in text for name in GIVEN)
