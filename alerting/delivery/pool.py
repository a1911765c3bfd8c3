"""Carry many mails over a few connections to one mail server.

In:   mails, how to open a connection, limits.
Out:  what became of each.

A connection that the server gave up before it heard more than addresses costs no mail an attempt: another
carries it.  When no connection can be had at all, every mail that waits for one is deferred with the same
answer, so that a server that is away is asked once and not once a mail.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from alerting.delivery.dialogue import Line, OutgoingMail, StaleLineError
from alerting.domain.mail_limits import SmtpLimits
from alerting.errors import AlertingError, Blame, MailRefusedError, MailServerError


@dataclass(slots=True, eq=False)
class _Waiting:
    """A mail, and who waits for what becomes of it."""

    mail: OutgoingMail
    outcome: asyncio.Future[str]
    needs_fresh_line: bool = False


class Pool:
    """Connections to one server, as many as mails need at once and limits allow.

    Args:
        connect: Opens one; raises MailServerError.
        limits: How many.
    """

    def __init__(self, connect: Callable[[], Awaitable[Line]], limits: SmtpLimits) -> None:
        self.connect = connect
        self._limits = limits
        self._most = limits.connections
        self._waiting: deque[_Waiting] = deque()
        self._under_way: Counter[str] = Counter()
        self._lanes: dict[asyncio.Task[None], _Lane] = {}
        self._free: list[Line] = []

    async def send(self, mail: OutgoingMail) -> str:
        """Carry one mail; see ``SmtpMailer.send``."""
        waiting = _Waiting(mail, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self.start_lanes()
        return await waiting.outcome

    async def close(self) -> None:
        """End every connection."""
        lanes = list(self._lanes)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        await asyncio.gather(*(line.leave() for line in self._free))
        self._free.clear()

    def take(self, line: Line | None) -> _Waiting | None:
        """Return the next mail that a connection may carry; None for the connection: one to be opened."""
        for waiting in self._waiting:
            if self._may_carry(line, waiting):
                self._waiting.remove(waiting)
                self._under_way[waiting.mail.domain] += 1
                return waiting
        return None

    def start_lanes(self) -> None:
        """Put connections to work for the mails that wait, as many as may be."""
        while len(self._lanes) < self._most:
            line = self._free.pop() if self._free else None
            first = self.take(line) or self.take(None)
            if first is None:
                if line is not None:
                    self._free.append(line)
                return
            lane = _Lane(self, line)
            task = asyncio.create_task(lane.run(first))
            self._lanes[task] = lane
            task.add_done_callback(self._lane_ended)

    def settle(self, waiting: _Waiting, outcome: str | AlertingError) -> None:
        """Tell who waits what became of a mail."""
        self._under_way[waiting.mail.domain] -= 1
        if not waiting.outcome.done():
            if isinstance(outcome, str):
                waiting.outcome.set_result(outcome)
            else:
                waiting.outcome.set_exception(outcome)

    def put_back(self, waiting: _Waiting) -> None:
        """Let a connection that nobody has used yet carry a mail."""
        self._under_way[waiting.mail.domain] -= 1
        waiting.needs_fresh_line = True
        self._waiting.appendleft(waiting)

    def no_connection(self, waiting: _Waiting, error: MailServerError) -> None:
        """Leave the mail to the other connections, open or tried; without any, nothing leaves now."""
        others_count = len(self._lanes) - 1
        if others_count or self._free:
            self._most = max(1, others_count)
            self._under_way[waiting.mail.domain] -= 1
            self._waiting.appendleft(waiting)
            return
        others, self._waiting = self._waiting, deque()
        self.settle(waiting, error)
        for other in others:
            self._under_way[other.mail.domain] += 1
            self.settle(other, MailServerError(str(error)))

    def release(self, task: asyncio.Task[None] | None) -> None:
        """Take a lane's connection back, before anybody can ask for another."""
        lane = self._lanes.pop(task) if task is not None else None
        if lane is not None and lane.line is not None:
            self._free.append(lane.line)
        self.start_lanes()

    def is_worn_for(self, line: Line, waiting: _Waiting) -> bool:
        """Tell whether a connection has carried too much for one more mail of this kind."""
        if line.carried_count == 0:
            return False
        if waiting.needs_fresh_line or line.carried_count >= self._limits.mails_per_connection:
            return True
        limit = self._limits.of(waiting.mail.domain).per_connection
        return limit is not None and line.carried_by_domain[waiting.mail.domain] >= limit

    def _may_carry(self, line: Line | None, waiting: _Waiting) -> bool:
        domain = waiting.mail.domain
        limit = self._limits.of(domain)
        if limit.at_once is not None and self._under_way[domain] >= limit.at_once:
            return False
        return line is None or not self.is_worn_for(line, waiting)

    def _lane_ended(self, task: asyncio.Task[None]) -> None:
        """Let whoever waits hear of a lane that was cut off or met a bug of ours."""
        lane = self._lanes.pop(task, None)
        if lane is None:
            return
        if lane.line is not None:
            lane.line.is_over = True
            lane.line.writer.transport.abort()
            self._free.append(lane.line)
        error = None if task.cancelled() else task.exception()
        for waiting in (*lane.held, *self._waiting):
            if waiting.outcome.done():
                continue
            if error is None:
                waiting.outcome.cancel()
            else:
                waiting.outcome.set_exception(error)


@dataclass(slots=True)
class _Lane:
    """One connection at work, one mail after the other, until none waits."""

    pool: Pool
    line: Line | None
    held: list[_Waiting] = field(default_factory=list)

    async def run(self, first: _Waiting) -> None:
        """Carry mails until none waits that this lane may carry."""
        waiting: _Waiting | None = first
        while waiting is not None and await self._can_carry(waiting):
            await self._carry(waiting)
            waiting = self.pool.take(self.line) or self.pool.take(None)
            self.pool.start_lanes()
        self.pool.release(asyncio.current_task())

    async def _can_carry(self, waiting: _Waiting) -> bool:
        """Open a connection where there is none that is good for this mail; tell whether there is one."""
        self.held = [waiting]
        if self.line is not None and self.pool.is_worn_for(self.line, waiting):
            await self._leave()
        if self.line is None:
            try:
                self.line = await self.pool.connect()
            except MailServerError as error:
                self.pool.no_connection(waiting, error)
                return False
        return True

    async def _carry(self, waiting: _Waiting) -> None:
        """Carry one mail, and those that are begun behind its end."""
        assert self.line is not None
        problem = _find_problem(self.line, waiting.mail)
        if problem is not None:
            self.pool.settle(waiting, problem)
            return
        self.line.begin(waiting.mail)
        following: _Waiting | None = waiting
        while following is not None:
            following = await self._carry_begun(self.line, following)
        if self.line.is_over:
            await self._leave()

    async def _carry_begun(self, line: Line, waiting: _Waiting) -> _Waiting | None:
        """Carry one mail that was begun; return the one that was begun with its end."""
        following = None
        try:
            await line.open(waiting.mail)
            following = self._take_following(line)
            self.held = [waiting] if following is None else [waiting, following]
            answer = await line.transfer(waiting.mail, None if following is None else following.mail)
        except StaleLineError:
            self.pool.put_back(waiting)
        except AlertingError as error:
            self.pool.settle(waiting, error)
        else:
            self.pool.settle(waiting, answer)
        if line.is_over and following is not None:
            self.pool.put_back(following)
            return None
        return following

    def _take_following(self, line: Line) -> _Waiting | None:
        if not line.offers.has_pipelining:
            return None
        following = self.pool.take(line)
        if following is None or (problem := _find_problem(line, following.mail)) is None:
            return following
        self.pool.settle(following, problem)
        return None

    async def _leave(self) -> None:
        if self.line is not None:
            line, self.line = self.line, None
            await line.leave()


def _find_problem(line: Line, mail: OutgoingMail) -> MailRefusedError | None:
    """Return why a server cannot carry a mail, by what it offers; nothing is said to it then."""
    if mail.needs_smtputf8 and not line.offers.has_smtputf8:
        return MailRefusedError(
            f"{line.server_name}: takes no address that is not in ASCII (no SMTPUTF8)",
            code=553,
            enhanced_code="5.6.7",
            blame=Blame.ADDRESS,
        )
    limit = line.offers.size_bytes
    if limit is not None and len(mail.message) > limit:
        return MailRefusedError(
            f"{line.server_name}: takes mails of {limit} bytes at most (got {len(mail.message)})",
            code=552,
            enhanced_code="5.3.4",
            blame=Blame.CONTENT,
        )
    return None
