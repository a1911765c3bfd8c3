"""docker-compose.yml stays in step with the code; no container engine is needed to see that."""

from __future__ import annotations

import re
import ssl
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from alerting.local.airflow import COMPONENTS, airflow_environment
from alerting.settings import read_settings


ROOT = Path(__file__).parents[2]
GIVEN = {
    "ALERTING_SECRET": "a secret of the tests",
    "ALERTING_POSTGRES_PASSWORD": "letters1",
    "ALERTING_ELASTICSEARCH_PASSWORD": "letters2",
}
# Not read by name: ELASTICSEARCH_LOGIN refers to it.
ACCOUNT = "ELASTICSEARCH_ACCOUNT"
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
    "elasticsearch_ca",
    "elasticsearch_login",
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
    """What the tasks see when only the secrets are given."""
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
    others = {"PYTHONPATH", ACCOUNT}
    ours = {name for name in environment if not name.startswith("AIRFLOW") and name not in others}
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
        if name == "PYTHONPATH" or (name.startswith("AIRFLOW") and not name.startswith("AIRFLOW__CELERY"))
    }
    assert sorted(composed) == sorted(laptop)

    differing = {name for name in laptop if laptop[name] != composed[name]}

    assert differing == PLACES


def test_every_service_of_ours_has_the_same_environment(services):
    """
    Whoever runs our code sees the same settings.
    """
    ours = {name: service for name, service in services.items() if "build" in service}
    assert sorted(ours) == [
        "api-server", "certificates", "dag-processor", "migrate", "scheduler", "triggerer", "web", "worker",
    ]  # fmt: skip

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
    assert {
        "requirements.lock",
        "requirements-celery.lock",
        "alerting",
        "dags",
        "plugins",
        "templates",
    } <= set(copied)

    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_every_server_says_whether_it_is_well(services):
    """
    Each service has a health check, but those that end by themselves.
    """
    assert [name for name, service in services.items() if "healthcheck" not in service] == [
        "certificates", "migrate",
    ]  # fmt: skip


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

    assert {f"${{{name}}}" for name in GIVEN} <= set(secret)
    assert [value for value in secret if not value.startswith("${")] == []
    assert all(f"${{{name}:?" in text for name in GIVEN)


def test_the_example_names_every_secret_and_has_none():
    """
    What must be given is there, empty; what else is there is a variable of the file.
    """
    lines = re.findall(r"^#?(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    known = {name for name, _, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    assert set(GIVEN) <= {name for name, _ in lines} <= known

    assert {name for name, value in lines if value} == {"ALERTING_RECIPIENTS_ALLOWED", "ALERTING_EXECUTOR"}
    assert ".env" in (ROOT / ".gitignore").read_text().split("\n")


def test_the_certificates_are_those_of_the_server_by_its_names(services, tmp_path):
    """
    The script of the service, run here: the authority vouches for the server by the names that are used, twice
    it makes nothing new, and its key is gone.
    """
    script = services["certificates"]["command"]
    subprocess.run(script, cwd=tmp_path, check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    subprocess.run(script, cwd=tmp_path, check=True, capture_output=True)

    assert sorted(made) == ["ca.crt", "node.crt", "node.key"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made
    for name in ("elasticsearch", "localhost"):
        verify = ["openssl", "verify", "-CAfile", "ca.crt", "-verify_hostname", name, "node.crt"]
        subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "node.crt", tmp_path / "node.key")


def test_elasticsearch_guards_itself(services, environment):
    """
    Security is on, over TLS, and the password that it is given is that of the login that we use; the heap is set.
    """
    given = {
        name: interpolate(value, GIVEN) for name, value in services["elasticsearch"]["environment"].items()
    }

    assert (given["xpack.security.enabled"], given["xpack.security.http.ssl.enabled"]) == ("true", "true")
    assert "-Xmx" in given["ES_JAVA_OPTS"]
    assert environment[ACCOUNT] == f"elastic:{given['ELASTIC_PASSWORD']}"
    assert environment["ELASTICSEARCH_URL"].startswith("https://")
    assert (environment["ELASTICSEARCH_CA"], environment["ELASTICSEARCH_LOGIN"]) == (
        "/certificates/ca.crt",
        f"env:{ACCOUNT}",
    )


def test_a_celery_worker_and_its_broker_start_only_on_purpose(services, environment):
    """
    They are of a profile; without it the scheduler runs the tasks, and no other service waits for them.
    """
    of_profile = [name for name, service in services.items() if service.get("profiles") == ["celery"]]
    waited_for = {
        name
        for service in services.values()
        if "profiles" not in service
        for name in service.get("depends_on", {})
    }

    assert (of_profile, waited_for & set(of_profile)) == (["worker", "broker"], set())
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"


def test_who_shares_anothers_network_is_started_again_with_it(services):
    """
    A container that is started again has a new network, which those that shared the old one have not.
    """
    shared = {
        name: service["network_mode"].removeprefix("service:")
        for name, service in services.items()
        if service.get("network_mode", "").startswith("service:")
    }
    assert shared == {"mail": "scheduler", "worker": "scheduler"}

    followed = {name: services[name]["depends_on"][other].get("restart") for name, other in shared.items()}
    assert followed == {"mail": True, "worker": True}


def test_the_lock_of_celery_adds_to_ours_and_changes_nothing():
    """
    No package stands in both, each has its hashes.
    """
    pins = [
        re.findall(r"^([\w.-]+)(?:\[.*?\])?==", (ROOT / name).read_text(), re.MULTILINE)
        for name in ("requirements.lock", "requirements-celery.lock")
    ]
    blocks = re.split(r"^(?=\S)", (ROOT / "requirements-celery.lock").read_text(), flags=re.MULTILINE)[1:]
    assert {"apache-airflow-providers-celery", "celery", "redis"} <= set(pins[1])

    assert set(pins[0]) & set(pins[1]) == set()
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_a_task_waits_longer_for_a_busy_airflow_than_its_first_answers_take(environment):
    """
    A first task after a start was answered after up to 13 s; one that is silent for longer than its heartbeat
    may be counts as dead.
    """
    waits = float(environment["AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT"])
    assert 13 < waits < float(environment["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
