"""A bounce made by a real Postfix: out through it, refused by the next server, back into our mailbox."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import pytest
from aiosmtpd.smtp import SMTP

from alerting import bootstrap, commands
from alerting.local.ports import free_port
from alerting.local.postfix import LocalPostfix


NOTICE = ("7", "Réfection de la toiture de l'école")
PATIENCE_SECONDS = 60


class NextServer:
    """The firm's own mail server, which knows no Yann; ``accepted`` are the recipients of what it took."""

    def __init__(self) -> None:
        self.accepted = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802 - aiosmtpd's names
        if address == "yann@legoff.example":
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd's names
        self.accepted += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def next_server():
    """The firm's server on loopback."""
    handler = NextServer()
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        loop.create_server(lambda: SMTP(handler, hostname="mx.example", loop=loop), "127.0.0.1", 0)
    )
    handler.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield handler
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listening.close()
    loop.close()


@pytest.fixture
def postfix(servers_folder, next_server):
    """Our own mail server, which keeps the mails to the domain of bounces."""
    server = LocalPostfix(
        servers_folder / "postfix-returns",
        free_port(),
        next_hop=f"smtp:[127.0.0.1]:{next_server.port}",
        mailbox_domain="retours.example",
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postfix_parts(settings, clock, authority, add_feed, firms_file, rss, postfix):
    """Parts that send by it and read its mailbox; two recipients of a firm."""
    changed = replace(
        settings,
        smtp_url=postfix.url,
        recipients_allowed=None,
        bounce_domain="retours.example",
        bounce_mailbox=f"maildir:{postfix.maildir}",
    )
    built = bootstrap.build(changed, now=clock)
    add_feed(built, authority)
    commands.import_firms(firms_file, parts=built)
    authority.publish("/avis", rss(NOTICE))
    yield built
    built.close()


def wait_until(is_there) -> None:
    """Wait for what a server does in its own time."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_what_the_next_server_refuses_comes_back_and_suppresses(postfix_parts, postfix, next_server):
    """
    Postfix takes both mails; one bounces to its signed address and suppresses Yann, and the office, which got
    the other, is told.
    """
    sent = commands.run_all(parts=postfix_parts)["deliver"]["sent"]
    wait_until(lambda: list(postfix.maildir.glob("new/*")))
    report = commands.receive_mails(parts=postfix_parts)
    commands.compose_digests(parts=postfix_parts)
    commands.deliver_digests(parts=postfix_parts)
    wait_until(lambda: len(next_server.accepted) == 2)

    [order] = commands.list_suppressions(parts=postfix_parts)
    assert (sent, report["hard_bounce"], report["unsigned"]) == (2, 1, 0)
    assert (order["email"], order["kind"]) == ("yann@legoff.example", "hard bounce")
    assert order["reason"] == "bounced: 5.1.1 smtp; 550 5.1.1 no such user"
    assert next_server.accepted == ["bureau@legoff.example"] * 2
