"""The local stack: started and stopped as one, without orphans, even after it was killed."""

from __future__ import annotations

import email
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from alerting.errors import LocalStackError, StoreUnavailableError
from alerting.local.demo_run import blaming_the_dead
from alerting.local.ports import is_listening
from alerting.local.stack import MARK, Stack, stop_other, without_sourced
from alerting.settings import read_settings
from alerting.store.database import open_database


ROOT = Path(__file__).parents[2]
STARTS = """
import os, sys, time
from pathlib import Path
from alerting.local.signals import Stopped, stop_signals_raise
from alerting.local.stack import Stack
stop_signals_raise()
try:
    with Stack(Path(sys.argv[1]), Path(sys.argv[2]), servers=tuple(sys.argv[3].split(","))) as stack:
        print("UP", flush=True)
        while True:
            time.sleep(0.1)
except Stopped:
    print("DOWN", flush=True)
"""
LIMIT_SECONDS = 120


@pytest.fixture
def state(servers_folder, request):
    """A state folder of its own, short enough for a socket."""
    return servers_folder / f"stack-{abs(hash(request.node.name)) % 10_000}"


@pytest.fixture
def run_stack(state, elasticsearch_jars):
    """Run a stack in a process of its own until it is up; what is left is ended afterwards."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    runs = []

    def start(servers):
        arguments = [sys.executable, "-c", STARTS, str(state), str(elasticsearch_jars), servers]
        run = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        runs.append(run)
        lines = [line for line in iter(run.stdout.readline, "UP\n") if line]
        return run, lines

    yield start
    # Some rename themselves, and lose their mark by it: while their stack runs, they are its descendants.
    left = [
        one for run in runs if run.poll() is None for one in psutil.Process(run.pid).children(recursive=True)
    ]
    for run in runs:
        run.kill()
        run.wait()
        run.stdout.close()
    for process in [*left, *family_of(state)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def family_of(state):
    """Every process that runs for a state folder: by its mark, or because it names the folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            if process.environ().get(MARK) == str(state) or str(state) in " ".join(process.cmdline()):
                found.append(process)
    return found


def wait_until(condition):
    """Wait for a condition, at most LIMIT_SECONDS."""
    until = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def health_of(url):
    """What Airflow says of its own components."""
    with urllib.request.urlopen(f"{url}/api/v2/monitor/health") as answer:
        health = json.load(answer)
    return {health[name]["status"] for name in ("scheduler", "triggerer", "dag_processor")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(run_stack, state, number):
    run, _ = run_stack("postgres,mail")
    assert family_of(state) != []
    run.send_signal(number)
    assert run.wait(LIMIT_SECONDS) == 0
    assert run.stdout.read() == "DOWN\n"
    assert family_of(state) == []


def test_airflow_runs_and_a_start_after_sigkill_ends_what_was_left(run_stack, state):
    servers = "postgres,elasticsearch,mail,airflow"
    run, _ = run_stack(servers)
    left = {process.pid for process in family_of(state)} - {run.pid}
    run.kill()
    run.wait()
    assert len(left) > len(servers.split(","))

    again, lines = run_stack(servers)

    assert any(line.startswith("Ending ") for line in lines)
    wait_until(lambda: not left & {process.pid for process in family_of(state)})
    variables = dict(
        line.removeprefix("export ").split("=", 1)
        for line in (state / "environment.sh").read_text().splitlines()
    )
    # On a busy machine a component may be late with its sign of life.
    wait_until(lambda: health_of(variables["AIRFLOW_URL"]) == {"healthy"})
    again.terminate()
    assert again.wait(LIMIT_SECONDS) == 0
    assert family_of(state) == []


def test_a_node_that_a_kill_left_while_it_started_is_ended(state, elasticsearch_jars):
    """
    Killed before the node answers, and so before its number is noted: the next start finds it by its mark.
    """
    run = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(state), str(elasticsearch_jars), "elasticsearch"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.endswith("_URL")},
    )
    wait_until(lambda: nodes_of(state))
    run.kill()
    run.wait()
    run.stdout.close()
    (left,) = nodes_of(state)

    with Stack(state, elasticsearch_jars, servers=("postgres",), environment={}):
        wait_until(lambda: not left.is_running() or left.status() == psutil.STATUS_ZOMBIE)


def nodes_of(state):
    """The nodes of Elasticsearch that run for a state folder."""
    return [one for one in family_of(state) if "alerting.local.elasticsearch_node" in one.cmdline()]


LEAVES_A_WORKER = "import os; os.execvp('sh', ['sh', '-c', 'env -i sleep 300 & echo $!; wait'])"


@pytest.mark.parametrize("is_stopped", [True, False], ids=["by the stop", "by the next start"])
def test_what_a_killed_server_left_without_our_mark_is_ended(state, elasticsearch_jars, is_stopped):
    """
    As workers of Airflow do, which rename themselves: a killed scheduler left four of them for good.
    """
    stack = Stack(state, elasticsearch_jars, servers=(), environment={"PATH": os.environ["PATH"]})
    stack.start()
    stack.spawn("scheduler", [sys.executable, "-c", LEAVES_A_WORKER])
    log = state / "logs/scheduler.log"
    wait_until(lambda: log.read_text().endswith("\n"))
    worker = psutil.Process(int(log.read_text()))
    note = state / "run/scheduler.pid"
    kept = note.read_text()
    os.kill(json.loads(kept)["pid"], signal.SIGKILL)
    with pytest.raises(LocalStackError, match=r"scheduler: ended by itself \(-9\)"):
        wait_until(stack.check)

    if is_stopped:
        stack.stop()
    else:
        stack._children.clear()
        stack.stop()
        note.write_text(kept)
        with Stack(state, elasticsearch_jars, servers=(), environment={}):
            pass

    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_a_folder_that_cannot_be_written_is_one_line(state, elasticsearch_jars):
    state.write_text("a file")

    with pytest.raises(LocalStackError, match="cannot be written"):
        Stack(state, elasticsearch_jars, servers=(), environment={}).start()
    state.unlink()


def test_one_stack_a_folder(run_stack, state, elasticsearch_jars):
    run, _ = run_stack("postgres")
    with pytest.raises(LocalStackError, match=rf"in use by process {run.pid}; stop it with make down"):
        Stack(state, elasticsearch_jars, servers=("postgres",), environment={}).start()
    assert stop_other(state)
    assert run.wait(LIMIT_SECONDS) == 0
    assert not stop_other(state)


def test_a_dead_postgresql_is_named_and_not_what_it_took_with_it(state, elasticsearch_jars):
    """
    The line leads to the log that says why.
    """
    with Stack(state, elasticsearch_jars, servers=("postgres", "mail"), environment={}) as stack:
        stack.check()
        for name in ("mail", "postgres"):
            number = json.loads((state / "run" / f"{name}.pid").read_text())["pid"]
            os.kill(number, signal.SIGKILL)
            wait_until(lambda number=number: psutil.Process(number).status() == psutil.STATUS_ZOMBIE)

        with pytest.raises(LocalStackError) as raised:
            stack.check()

    ended = f"postgres: ended by itself (-9); see {state / 'logs/postgres.log'}"
    assert str(raised.value) == f"{ended}; all is stopped until the next start"


ENDS_WHILE_ASKED = """
import os, sys, time
from pathlib import Path
from alerting.local.signals import stop_signals_raise
from alerting.local.stack import Stack
stop_signals_raise()
state = Path(sys.argv[1])
with Stack(state, state, servers=(), environment=dict(os.environ)) as stack:
    stack.spawn("last", [sys.executable, "-c", "import time; time.sleep(300)"])
    stack.spawn("first", [sys.executable, "-c", sys.argv[2]])
    while not (state / "logs/first.log").read_text():
        time.sleep(0.01)
print("DOWN")
"""
ASKS_ITS_PARENT = """
import os, signal, sys, time
def ask(*_):
    os.kill(os.getppid(), signal.SIGTERM)
    sys.exit()
signal.signal(signal.SIGTERM, ask)
print("ready", flush=True)
time.sleep(300)
"""


@pytest.mark.usefixtures("run_stack")
def test_a_stack_that_is_asked_to_stop_while_it_stops_leaves_nothing(state):
    """
    A demo had ended and was stopping when SIGTERM came: it said that nothing was left running, and PostgreSQL,
    Elasticsearch, mail and pages were.
    """
    finished = subprocess.run(
        [sys.executable, "-c", ENDS_WHILE_ASKED, str(state), ASKS_ITS_PARENT],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "DOWN\n", "")
    assert family_of(state) == []


DIES_WHILE_WATCHED = """
import sys
from pathlib import Path
from alerting.errors import AlertingError
from alerting.local.stack import Stack, tell
state = Path(sys.argv[1])
try:
    with Stack(state, state, servers=(), environment={}) as stack:
        stack.spawn("first", [sys.executable, "-c", sys.argv[2], str(state / "told")])
        while not (state / "logs/first.log").read_text():
            pass
        stack.spawn("second", [sys.executable, "-c", ""])
        while True:
            stack.check()
except AlertingError as error:
    tell(error)
"""
READS_WHAT_IS_TOLD = """
import signal, sys, time
from pathlib import Path
def read(*_):
    print(Path(sys.argv[1]).read_text(), end="", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, read)
print("ready", flush=True)
time.sleep(300)
"""


def test_who_has_died_is_named_before_the_others_are_stopped(state):
    """
    It was named once all had stopped, up to a quarter of a minute later.  It is named once.
    """
    state.mkdir(parents=True)
    with (state / "told").open("w") as told:
        subprocess.run(
            [sys.executable, "-c", DIES_WHILE_WATCHED, str(state), READS_WHAT_IS_TOLD],
            stderr=told,
            check=True,
            cwd=ROOT,
        )

    ended = f"second: ended by itself (0); see {state / 'logs/second.log'}"
    line = f"{ended}; all is stopped until the next start\n"
    assert (state / "told").read_text() == line
    assert (state / "logs/first.log").read_text() == f"ready\n{line}"


def test_a_full_disk_is_named_where_a_server_ends_by_it(state, elasticsearch_jars):
    """
    The log of who ended had no room for the reason.  Every disk is full that needs an exabyte.
    """
    stack = Stack(state, elasticsearch_jars, servers=(), environment={}, least_bytes=1 << 60)
    with stack:
        stack.spawn("scheduler", [sys.executable, "-c", "raise SystemExit(1)"], {})
        child = json.loads((state / "run/scheduler.pid").read_text())["pid"]
        wait_until(lambda: psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
        with pytest.raises(LocalStackError) as caught:
            stack.check()

    ended = f"scheduler: ended by itself (1); see {state / 'logs/scheduler.log'}"
    no_room = f"{ended}; no room is left on the disk of {state} ("
    assert str(caught.value).startswith(no_room)
    assert str(caught.value).endswith(
        " MB free): make some, then start again; all is stopped until the next start"
    )


def test_a_lock_that_cannot_be_signed_is_an_error_of_ours(state, elasticsearch_jars):
    """
    A device in its place takes no number; a full disk ended in a trace there.  The lock is let go.
    """
    (state / "run").mkdir(parents=True)
    (state / "run/lock").symlink_to("/dev/full")
    stack = Stack(state, elasticsearch_jars, servers=(), environment={})

    with pytest.raises(LocalStackError, match=rf"^{state}: cannot be written \("):
        stack.start()

    (state / "run/lock").unlink()
    with stack:
        assert (state / "run/lock").read_text() == str(os.getpid())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(
            "with open('/dev/full', 'w') as file: file.write('x')",
            ".local: cannot be written (No space left on device)",
            id="its disk is full",
        ),
        pytest.param(
            "import errno; raise OSError(errno.EROFS, 'Read-only file system', '.local/stack/run/web.pid')",
            ".local/stack/run/web.pid: cannot be written (Read-only file system)",
            id="it may only be read",
        ),
    ],
)
def test_wherever_a_program_of_the_laptop_meets_a_full_disk_it_ends_with_one_line(tmp_path, line, problem):
    """
    It ended with a trace: pid files, the environment, the day of the demo and its summary are written on the way.
    """
    (tmp_path / "fills.py").write_text(f"def main(_):\n    {line}\n")

    finished = subprocess.run(
        [sys.executable, "-m", "alerting.local.start", "fills"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    expected = "expected a folder with room that can be written to; then start again"
    assert (finished.returncode, finished.stdout, finished.stderr) == (1, "", f"{problem}; {expected}\n")


def test_a_demo_names_the_server_that_has_died_and_not_who_asked_it(state, elasticsearch_jars):
    """
    PostgreSQL was killed, and the demo said what its own next question got; an error of the living is kept.
    """
    with Stack(state, elasticsearch_jars, servers=("postgres",), environment={}) as stack:
        with pytest.raises(StoreUnavailableError, match=r"^busy$"), blaming_the_dead(stack):
            raise StoreUnavailableError("busy")
        database = open_database(read_settings(stack.addresses).database_url)
        postgres = psutil.Process(json.loads((state / "run/postgres.pid").read_text())["pid"])
        postgres.kill()
        wait_until(lambda: postgres.status() == psutil.STATUS_ZOMBIE)
        with pytest.raises(LocalStackError) as caught, blaming_the_dead(stack), database.begin():
            pass
        database.close()

    ended = f"postgres: ended by itself (-9); see {state / 'logs/postgres.log'}"
    assert str(caught.value) == f"{ended}; all is stopped until the next start"


def test_a_dead_mail_server_is_told_and_started_again_at_its_address(state, elasticsearch_jars):
    """
    Mails wait for it, and nothing else does: it ended Airflow and PostgreSQL with it.  One that ends again at
    once is not told at every look.
    """
    lines = []
    with Stack(state, elasticsearch_jars, servers=("mail",), environment={}, say=lines.append) as stack:
        port = int(stack.addresses["SMTP_URL"].rpartition(":")[2])
        os.kill(json.loads((state / "run/mail.pid").read_text())["pid"], signal.SIGKILL)
        wait_until(lambda: stack.check() or lines)
        wait_until(lambda: is_listening(port))

        os.kill(json.loads((state / "run/mail.pid").read_text())["pid"], signal.SIGKILL)
        wait_until(lambda: not is_listening(port))
        stack.check()

    ended = f"mail: ended by itself (-9); see {state / 'logs/mail.log'}"
    assert lines == [f"{ended}; it is started again, the others go on"]
    assert family_of(state) == []


def test_a_dead_search_that_is_not_needed_is_told_once(state, elasticsearch_jars):
    """
    All others go on; where it is needed, the stack ends as for any other server.
    """
    lines = []
    stack = Stack(
        state,
        elasticsearch_jars,
        servers=("elasticsearch",),
        environment={},
        say=lines.append,
        search_is_needed=False,
    )
    with stack:
        number = json.loads((state / "run/elasticsearch.pid").read_text())["pid"]
        for process in [*psutil.Process(number).children(recursive=True), psutil.Process(number)]:
            process.kill()
        del lines[:]

        wait_until(lambda: stack.check() or lines)
        stack.check()

        ended = f"elasticsearch: ended by itself (-9); see {state / 'logs/elasticsearch.log'}"
        assert lines == [f"{ended}; all but the search goes on until the next start"]
        stack.search_is_needed = True
        stack._is_search_away = False
        with pytest.raises(LocalStackError, match="ended by itself"):
            stack.check()


def test_a_shell_that_sourced_a_stack_starts_one_of_its_own(state, elasticsearch_jars):
    """
    The servers that ``environment.sh`` named may be gone; what somebody set since is still theirs.
    """
    with Stack(state, elasticsearch_jars, servers=("postgres",), environment={}):
        pass
    command = f". {state}/environment.sh; env -0"
    given = {"PATH": os.environ["PATH"], "SMTP_URL": "smtp+plain://127.0.0.1:9"}
    shown = subprocess.run(["bash", "-c", command], env=given, capture_output=True, text=True, check=True)
    sourced = dict(line.split("=", 1) for line in shown.stdout.split("\0") if line)

    assert sourced["DATABASE_URL"]
    assert [
        name for name in without_sourced(sourced) if name.startswith("ALERTING_") or "DATABASE" in name
    ] == []
    assert without_sourced(sourced)["SMTP_URL"] == "smtp+plain://127.0.0.1:9"
    mine = sourced | {"DATABASE_URL": "postgresql://me@db.example/alerting"}
    assert without_sourced(mine)["DATABASE_URL"] == "postgresql://me@db.example/alerting"


def test_a_ctrl_c_before_a_program_has_begun_is_one_line(tmp_path):
    """
    Its imports take a second or two: no trace is shown.
    """
    (tmp_path / "slow_program.py").write_text("import time\nprint('IMPORTING', flush=True)\ntime.sleep(60)\n")
    run = subprocess.Popen(
        [sys.executable, "-m", "alerting.local.start", "slow_program"],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout.readline() == "IMPORTING\n"

    run.send_signal(signal.SIGINT)

    assert run.communicate(timeout=LIMIT_SECONDS) == ("", "Stopped; nothing is left running\n")
    assert run.returncode == 130


def test_mail_that_is_accepted_is_a_file_of_the_inbox(state, elasticsearch_jars):
    with Stack(state, elasticsearch_jars, servers=("postgres", "mail"), environment={}) as stack:
        host, _, port = stack.addresses["SMTP_URL"].rpartition("/")[2].partition(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.sendmail("a@demo.example", ["b@demo.example"], b"Subject: bonjour\r\n\r\nDemat\r\n")
        (mail,) = (state / "inbox" / "new").iterdir()
    kept = email.message_from_bytes(mail.read_bytes())
    assert (kept["X-Envelope-To"], kept["Subject"]) == ("b@demo.example", "bonjour")


def test_the_links_of_mails_lead_to_pages_that_answer(state, elasticsearch_jars):
    servers = ("postgres", "web")
    with Stack(state, elasticsearch_jars, servers=servers, environment={}) as stack:
        address = stack.variables()["ALERTING_BASE_URL"]
        with urllib.request.urlopen(f"{address}/health") as answer:
            assert json.load(answer) == {"status": "ok"}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(f"{address}/unsubscribe/not-ours")
    given = {"ALERTING_BASE_URL": "https://alertes.example"}
    with Stack(state, elasticsearch_jars, servers=servers, environment=given) as stack:
        assert stack.variables()["ALERTING_BASE_URL"] == "https://alertes.example"


def test_given_servers_are_used_and_airflow_gets_a_database_beside_ours(
    state, elasticsearch_jars, database_url
):
    given = {"DATABASE_URL": database_url, "SMTP_URL": "smtp+plain://127.0.0.1:9"}
    with Stack(state, elasticsearch_jars, servers=("postgres", "mail"), environment=given) as stack:
        assert {name: stack.variables()[name] for name in given} == given
        assert "ALERTING_RECIPIENTS_ALLOWED" not in stack.variables()
    assert not (state / "postgres").exists()


def test_without_jars_the_stack_says_so_and_goes_on(state, tmp_path):
    jars = tmp_path / "jars"
    jars.write_text("not a folder")
    lines = []
    stack = Stack(
        state,
        jars,
        servers=("postgres", "elasticsearch"),
        environment={},
        say=lines.append,
        search_is_needed=False,
    )
    with stack:
        assert "ELASTICSEARCH_URL" not in stack.variables()
    assert lines[-1].startswith("Elasticsearch: no jars (")
    assert lines[-1].endswith("; set ELASTICSEARCH_URL to a server of yours, or go on without search")
