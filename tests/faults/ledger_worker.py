"""
A worker that serves requests as fast as it can until it is killed, and the client's log of it.

Run as a program: data folder, first number, honest | lazy, URL of a database or "". Every line it prints is a request id whose
last byte has gone out: from then on it must be in the books.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.ledger.making import AZURE, answer, exchange, fail, try_at
from trunkline.kernel.clock import SystemClock
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.mover import Pace
from trunkline.ledger.service import Home, LedgerService
from trunkline.storage.postgres.storage import open_postgres
from trunkline.storage.spec import Storage, Where
from trunkline.storage.sqlite.backend import open_sqlite


# Small and often, so that a kill hits every part of the work: moving, rotating, removing.
class HastyLedger(LedgerService):
    pace = Pace(interval=0.002, batch=20, slice=7, share=1.0, rotate_bytes=2000, rotate_after=0.01)


def cost_of(number: int) -> int:
    """A different one for each request, so that no row can pass for another."""
    return number + 1


def opened(folder: Path, url: str) -> Storage:
    """SQLite in this folder, or PostgreSQL where there is a URL."""
    if url:
        return open_postgres(Where(folder, url), SystemClock())
    return open_sqlite(folder, SystemClock())


def home(folder: Path, url: str) -> Home:
    return Home(folder, "node" if url else "")


async def serve(folder: Path, first: int, lazy: bool, url: str) -> None:
    storage = opened(folder, url)
    worker = HastyLedger(
        home(folder, url),
        storage.ledger,
        SystemClock(),
        os.urandom,
        SystemDisk(),
        lambda problem: sys.stderr.write(problem + "\n"),
    )
    worker.start(Tasks(lambda name, error: sys.stderr.write(f"{name}: {error!r}\n")))
    late = []
    for number in range(first, first + 1_000_000):
        one = exchange(number)
        attempt = try_at(one)
        worker.book.intent(one, attempt)
        if number % 3 == 0:
            fail(attempt)
            worker.book.settle(one, attempt)
            worker.book.intent(one, try_at(one, AZURE))
        answer(one, cost=cost_of(number))
        late.append(one)
        # The planted bug: acknowledging first, and writing a dozen at once when it suits.
        if not lazy or len(late) == 12:
            for waiting in late:
                worker.book.close(waiting)
            late.clear()
        await worker.book.durable()
        os.write(1, f"{number}\n".encode())
        if number % 5 == 0:
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "lazy", sys.argv[4]))
