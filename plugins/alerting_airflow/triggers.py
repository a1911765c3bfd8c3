"""The watchers: each asks a cheap question and emits a wake-up when the answer is not nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent


class WaitingTrigger(BaseEventTrigger):
    """Wakes a DAG when something waits for it.

    Args:
        question: The name of the function of ``alerting.commands`` that counts what waits.
        pause_seconds: How long it waits between two questions.
        quiet_seconds: How long the woken run has, before the question is asked again.
    """

    def __init__(self, question: str, pause_seconds: int, quiet_seconds: int) -> None:
        super().__init__()
        self.question = question
        self.pause_seconds = pause_seconds
        self.quiet_seconds = quiet_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how another process makes this trigger."""
        return "alerting_airflow.triggers.WaitingTrigger", {
            "question": self.question,
            "pause_seconds": self.pause_seconds,
            "quiet_seconds": self.quiet_seconds,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event whenever something waits."""
        from alerting import commands
        from alerting.errors import AlertingError, PermanentError

        ask = getattr(commands, self.question)
        while True:
            try:
                count = await asyncio.to_thread(ask)
            except AlertingError as error:
                # One that a person must mend ends no watcher either: it goes on when that is done.
                say = self.log.error if isinstance(error, PermanentError) else self.log.warning
                say("%s_unknown: %s", self.question, error)
                count = 0
            if count:
                yield TriggerEvent({self.question: count})
                await asyncio.sleep(self.quiet_seconds)
            await asyncio.sleep(self.pause_seconds)
