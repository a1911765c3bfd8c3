"""One watcher for all feeds: asks a cheap question, emits one wake-up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent


QUIET_SECONDS = 4


class FeedsDueTrigger(BaseEventTrigger):
    """Wakes ``ingest_notices`` when a feed is due.

    Args:
        pause_seconds: How long it waits between two questions.
    """

    def __init__(self, pause_seconds: int) -> None:
        super().__init__()
        self.pause_seconds = pause_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how another process makes this trigger."""
        return "alerting_airflow.triggers.FeedsDueTrigger", {"pause_seconds": self.pause_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event whenever feeds are due, then leave the run time to ask them."""
        from alerting import commands
        from alerting.errors import TransientError

        while True:
            try:
                due_count = await asyncio.to_thread(commands.feeds_due_count)
            except TransientError as error:
                self.log.warning("feeds_due_unknown: %s", error)
                due_count = 0
            if due_count:
                yield TriggerEvent({"due_count": due_count})
                await asyncio.sleep(QUIET_SECONDS)
            await asyncio.sleep(self.pause_seconds)
