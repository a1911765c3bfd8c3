"""An own Postfix, for the tests and the benches: a mail server as providers run them.

In:   a folder; what it refuses, and where it hands mails to.
Out:  a server on one loopback address and port, with its own configuration, queue and log.

The programs are Debian's: root installs them when they are missing.  Nothing of the machine's own
``/etc/postfix`` is read or changed.

Source: Postfix 3.4 or newer (postlogd); postfix(1), master(5), postconf(5).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alerting.errors import LocalStackError


START_SECONDS = 30
PAUSE_SECONDS = 0.05
_PROGRAMS = Path("/usr/sbin")
_INSTALL = "apt-get install -y --no-install-recommends postfix"
_SERVICES = (
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "smtp unix - - n - - smtp",
    "virtual unix - n n - - virtual",
    "discard unix - - n - - discard",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "anvil unix - - n - 1 anvil",
    "postlog unix-dgram n - n - 1 postlogd",
)


@dataclass(slots=True)
class LocalPostfix:
    """One server.

    Args:
        folder: All that it keeps; other users must be able to pass through it.
        port: On 127.0.0.1.
        answers: To RCPT, by address: "550 5.1.1 no such user".
        next_hop: Where it hands mails to, "smtp:[127.0.0.1]:2525"; by default nowhere, they are discarded.
        mailbox_domain: Whose mail, whatever its local part, it keeps in ``maildir``.
    """

    folder: Path
    port: int
    answers: Mapping[str, str] = field(default_factory=dict)
    next_hop: str = "discard:"
    mailbox_domain: str = "returns.example"

    @property
    def url(self) -> str:
        """Its address, as ``SMTP_URL`` wants it."""
        return f"smtp+plain://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it did, a line each."""
        return self.folder / "mail.log"

    @property
    def maildir(self) -> Path:
        """The mails to ``mailbox_domain``."""
        return self.folder / "mailbox" / "all"

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            LocalStackError: There is no Postfix here, or it does not start.
        """
        find_program("postfix")
        self._write()
        self._run("check")
        self._run("start")
        until = time.monotonic() + START_SECONDS
        while "daemon started" not in (self.log.read_text() if self.log.exists() else ""):
            if time.monotonic() > until:
                raise LocalStackError(f"Postfix: did not start within {START_SECONDS} s; see {self.log}")
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """Stop it at once; its queue stays in the folder."""
        self._run("abort")

    def wait_for_mail(self, count: int) -> list[bytes]:
        """Return the mails of ``mailbox_domain`` once there are so many.

        Raises:
            LocalStackError: They did not come.
        """
        until = time.monotonic() + START_SECONDS
        while len(found := sorted((self.maildir / "new").glob("*"))) < count:
            if time.monotonic() > until:
                raise LocalStackError(
                    f"Postfix: {count} mails did not come (got {len(found)}); see {self.log}"
                )
            time.sleep(PAUSE_SECONDS)
        return [path.read_bytes() for path in found]

    def _run(self, verb: str) -> None:
        command: list[str | Path] = [find_program("postfix"), "-c", self.folder / "etc", verb]
        # A file for what it says: its servers inherit it, and would hold a pipe open.
        with (self.folder / "start.log").open("ab") as said:
            done = subprocess.run(command, check=False, stdout=said, stderr=said, stdin=subprocess.DEVNULL)  # noqa: S603
        if done.returncode != 0:
            raise LocalStackError(f"Postfix: {verb} failed; see {self.folder / 'start.log'}")

    def _write(self) -> None:
        for name in ("etc", "queue", "data", "mailbox"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        owner = pwd.getpwnam("postfix")
        for name in ("data", "mailbox"):
            os.chown(self.folder / name, owner.pw_uid, owner.pw_gid)
        for name in ("postfix-files", "dynamicmaps.cf"):
            shutil.copy(Path("/etc/postfix") / name, self.folder / "etc" / name)
        settings = "".join(f"{name} = {value}\n" for name, value in self._settings(owner).items())
        (self.folder / "etc" / "main.cf").write_text(settings)
        listening = f"127.0.0.1:{self.port} inet n - n - - smtpd\n"
        (self.folder / "etc" / "master.cf").write_text(listening + "\n".join(_SERVICES) + "\n")

    def _settings(self, owner: pwd.struct_passwd) -> dict[str, str]:
        answers = ", ".join(f"{{ {address} = {answer} }}" for address, answer in self.answers.items())
        judged = f"check_recipient_access inline:{{ {answers} }}, permit" if answers else "permit"
        return {
            "compatibility_level": "3.6",
            "config_directory": str(self.folder / "etc"),
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.log),
            "maillog_file_prefixes": str(self.folder),
            "myhostname": "mail.example",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_protocols": "ipv4",
            "alias_maps": "",
            "local_recipient_maps": "",
            "disable_dns_lookups": "yes",
            "default_transport": self.next_hop,
            "smtpd_recipient_restrictions": judged,
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtpd_client_connection_count_limit": "0",
            "virtual_mailbox_domains": self.mailbox_domain,
            "virtual_mailbox_base": str(self.folder / "mailbox"),
            "virtual_mailbox_maps": "static:all/",
            "virtual_uid_maps": f"static:{owner.pw_uid}",
            "virtual_gid_maps": f"static:{owner.pw_gid}",
            "virtual_transport": "virtual",
            "recipient_delimiter": "+",
            "maximal_queue_lifetime": "1h",
            "bounce_queue_lifetime": "1h",
            "notify_classes": "",
        }


def find_program(name: str) -> Path:
    """Return where a program of Postfix is; root installs Postfix when it is missing.

    Raises:
        LocalStackError: It is not there and cannot be installed; the line says how.
    """
    path = _PROGRAMS / name
    if not path.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update", _INSTALL):
            subprocess.run(command.split(), env=environment, check=False, capture_output=True)  # noqa: S603
    if not path.exists():
        raise LocalStackError(f"Postfix: {path} is not there; as root: {_INSTALL}")
    return path
