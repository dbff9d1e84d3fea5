"""SIGTERM lets answers finish, then ends them in their dialect; a second one does so at once."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.faults.client import PROMPT, End, Seen
from tests.faults.gateway import opened
from tests.faults.program import Listening, Program
from tests.faults.simulators import ANTHROPIC, OPENAI, until
from trunkline.storage.records import OPEN

BOTH = [(letter, dialect) for letter in "oa" for dialect in (OPENAI, ANTHROPIC)]
# 49 tokens, so half a second.
PACE = "rate=100"


async def begin(town: Program, options: str) -> list[Listening]:
    return [
        await town.begin(town.call(f"{letter}1/sim-echo@{options}", dialect))
        for letter, dialect in BOTH
    ]


async def finish(listening: list[Listening]) -> list[Seen]:
    return list(await asyncio.gather(*(one.rest() for one in listening)))


def test_open_answers_finish_and_new_ones_are_refused(tmp_path: Path) -> None:
    """Nothing new is accepted, nothing begun is lost, and the exit code is 0."""
    with opened(Program(tmp_path, drain_timeout=20.0)) as town:
        town.serve()

        async def go() -> list[Seen]:
            open_ = await begin(town, PACE)
            town.signal(signal.SIGTERM)
            while True:  # until nobody listens any more
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", town.port)
                except ConnectionError:
                    break
                writer.close()
                await asyncio.sleep(0.01)
            return await finish(open_)

        seen = town.do(go())

        assert 0 == town.gateway.process.wait(20)
        assert [] == town.compare(seen).differences
        assert [(End.WHOLE, PROMPT)] * 4 == [(one.end, one.text) for one in seen]


@pytest.mark.parametrize("second", (False, True), ids=("deadline", "second-signal"))
def test_what_does_not_finish_is_ended_in_its_dialect(tmp_path: Path, second: bool) -> None:
    """At the limit, or on the second signal: an error event, settled for what was delivered."""
    with opened(Program(tmp_path, drain_timeout=60.0 if second else 0.3)) as town:
        town.serve()

        async def go() -> list[Seen]:
            open_ = await begin(town, "rate=100,fault=u4:after=20")
            waiting = asyncio.ensure_future(  # noqa: TID251 - held and awaited right here
                town.talk(town.call("o2/sim-echo@fault=u2", ANTHROPIC))
            )
            await until(lambda: any(row.method == "POST" for row in town.sims[1].log))
            town.signal(signal.SIGTERM)
            if second:
                await asyncio.sleep(0.01)
                town.signal(signal.SIGTERM)
            return [*await finish(open_), await waiting]

        seen = town.do(go())

        assert 0 == town.gateway.process.wait(20)
        books = town.compare(seen)
        assert [] == books.differences
        streams, unheard = seen[:4], seen[4]
        for one in streams:
            assert (End.ERROR, 200, True) == (one.end, one.status, one.framed)
            assert one.text
            assert PROMPT.startswith(one.text)
        assert ["partial"] * 4 == [entry.row.status for entry in books.entries[:4]]
        # 529 is how Anthropic says 503.
        assert (End.ERROR, 529, "overloaded_error") == (
            unheard.end,
            unheard.status,
            unheard.told[0],
        )


def left_open(town: Program, seen: list[Seen]) -> bool:
    """Some of these the ledger does not know yet, or not how they ended: recovery is under way."""
    requests = town.ledger().requests
    rows = [row for one in seen for row in requests.get(one.call.name, ())]
    return len(rows) < len(seen) or any(row.status == OPEN for row in rows)


def test_a_killed_gateway_remembers(tmp_path: Path) -> None:
    """kill -9 in the middle: what was acknowledged is there, what was not is orphaned, once each."""
    with opened(Program(tmp_path)) as town:
        town.serve()

        async def before() -> tuple[list[Seen], list[Seen]]:
            done = [
                await town.talk(town.call(f"{letter}1/sim-echo", dialect, stream=stream))
                for letter, dialect in BOTH
                for stream in (True, False)
            ]
            open_ = await begin(town, "rate=20")
            done.append(await town.talk(town.call("a2/sim-echo")))
            os.kill(town.gateway.process.pid, signal.SIGKILL)
            return done, await finish(open_)

        done, broken = town.do(before())
        town.gateway.process.wait(20)
        town.serve()
        done += [town.do(town.talk(town.call("o1/sim-echo", dialect))) for _, dialect in BOTH]
        town.do(until(lambda: not left_open(town, broken)))
        assert 0 == town.gateway.stop()

        assert [] == town.compare(done).differences
        books = town.compare(broken)
        assert [End.BROKEN] * 4 == [one.end for one in broken]
        rows = [entry.requests for entry in books.entries]
        assert [["orphaned"]] * 4 == [[row.status for row in one] for one in rows]
        assert ["orphaned"] * 4 == [e.attempts[0].status for e in books.entries]
