"""Background tasks that are held, named, and never lost to the garbage collector."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

OnFailure = Callable[[str, BaseException], None]
"""Told the task's name and what it raised."""


class Tasks:
    """
    Owns every task it starts.

    asyncio keeps only weak references to tasks (docs.python.org, asyncio.create_task,
    seen 2026-11-21), so a bare `create_task` may vanish half way; this set holds them.
    """

    __slots__ = ("_on_failure", "_running")

    def __init__(self, on_failure: OnFailure) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._on_failure = on_failure

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def finish(self, prefix: str) -> None:
        """Wait for every task whose name begins so."""
        waiting = [task for task in self._running if task.get_name().startswith(prefix)]
        if waiting:
            await asyncio.wait(waiting)

    async def aclose(self) -> None:
        """Cancel what still runs and wait for it."""
        while self._running:
            running = list(self._running)
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(task.get_name(), error)

    def __len__(self) -> int:
        return len(self._running)

    def __repr__(self) -> str:
        return f"<Tasks {len(self._running)} running>"
