"""A background response that is being made in this process, and who may still stop it."""

import asyncio

from trunkline.conversations.jobs import Running
from trunkline.flow.job_reply import JobReply
from trunkline.storage.records import ResponseRecord


class Making:
    """One per response; `task` is there as soon as it runs."""

    __slots__ = ("record", "reply", "running", "settling", "task", "wanted")

    task: asyncio.Task[None]

    def __init__(self, record: ResponseRecord, most: int) -> None:
        """`most`: bytes of its answer."""
        self.record = record
        self.running = Running()
        self.reply = JobReply(record, self.running, most)
        self.wanted = True
        """False once it was cancelled."""
        self.settling = False
        """It is being stored: it is paid for, and whoever cancels now comes too late."""

    def cancel(self) -> None:
        """It is wanted no more; what there is of it is still stored."""
        if not self.settling:
            self.wanted = False
            self.task.cancel()
