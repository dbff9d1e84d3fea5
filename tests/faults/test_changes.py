"""Keys and configuration change while requests are under way: nobody else notices."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from tests.faults.client import Call, End, Seen, talk
from tests.faults.gateway import opened
from tests.faults.program import Program
from tests.faults.simulators import ANTHROPIC, OPENAI
from tests.integration.program import PATIENCE, pause, run

# What is promised; the poll of a busy machine may come a little later.
AT_ONCE = 1.0
NAMES = 3000


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Program]:
    with opened(Program(tmp_path)) as made:
        yield made


class Traffic:
    """Clients that ask one request after the other until they are told to stop."""

    def __init__(self, town: Program, calls: Iterator[Call], key: str, clients: int = 6) -> None:
        self._town = town
        self._calls = calls
        self._key = key
        self._going = True
        self.seen: list[tuple[float, Seen]] = []
        """With the moment at which each was begun."""
        self._work = asyncio.run_coroutine_threadsafe(self._all(clients), town._loop)

    async def _all(self, clients: int) -> None:
        await asyncio.gather(*(self._one() for _ in range(clients)))

    async def _one(self) -> None:
        while self._going:
            begun = self._town.clock.monotonic()
            seen = await talk(self._town.port, self._key, next(self._calls))
            self.seen.append((begun, seen))

    def stop(self) -> Sequence[tuple[float, Seen]]:
        self._going = False
        self._work.result(PATIENCE)
        return self.seen


def wait_for(reached: Callable[[], bool]) -> None:
    for _ in range(3000):
        if reached():
            return
        pause()
    raise AssertionError("it did not come about")


def test_a_revoked_key_is_refused_within_a_second(town: Program) -> None:
    """By the command line beside a running gateway; an answer that has begun is finished."""
    town.serve()
    made = run(town.folder, "keys", "create", "--name", "gone", "--json", "--data", "data")
    key = msgspec.json.decode(made.stdout)
    wait_for(lambda: 200 == town.gateway.get("/v1/models", key["key"]).status)
    calls = (town.call("o1/sim-echo@rate=400", dialect) for dialect in (OPENAI, ANTHROPIC) * 5000)
    traffic = Traffic(town, calls, key["key"])
    wait_for(lambda: len(traffic.seen) > 12)
    run(town.folder, "keys", "revoke", key["id"], "--data", "data")
    revoked = town.clock.monotonic()
    wait_for(lambda: traffic.seen[-1][1].status == 401)
    refused = town.clock.monotonic()
    everything = traffic.stop()
    assert 0 == town.gateway.stop()

    assert refused - revoked < AT_ONCE
    answered = [seen for _, seen in everything if seen.status != 401]
    assert {End.WHOLE} == {seen.end for seen in answered}
    assert [] == town.compare(answered).differences
    first = min(begun for begun, seen in everything if seen.status == 401)
    # Those who were just asking when the news came.
    assert not [s for begun, s in everything if begun > first + 0.1 and s.status != 401]


def configured(town: Program, provider: str) -> str:
    return town.config(
        {f"m-{number}": [f"{provider}/sim-echo@tag=m-{number}"] for number in range(NAMES)}
    )


def generation(town: Program) -> int:
    return int(town.gateway.admin("GET", "/targets").json()["generation"])


def test_a_reload_under_load_drops_nothing(town: Program) -> None:
    """The next request goes where the new file says; a bad file leaves the good one in force."""
    town.serve()
    file = town.gateway.config
    file.write_text(configured(town, "o1"))
    town.signal(signal.SIGHUP)
    wait_for(lambda: generation(town) > 1)
    calls = (
        Call(f"m-{number}", (OPENAI, ANTHROPIC)[number % 2], number % 3 > 0, f"m-{number}")
        for number in range(NAMES)
    )
    traffic = Traffic(town, calls, town.gateway.key)
    moments = []
    for provider in ("a2", "o2", "a1"):
        before = generation(town)
        file.write_text(configured(town, provider))
        town.signal(signal.SIGHUP)
        wait_for(lambda before=before: generation(town) > before)  # type: ignore[misc] # bound at once
        moments.append((town.clock.monotonic(), provider))
        have = len(traffic.seen)
        wait_for(lambda have=have: len(traffic.seen) > have + 12)  # type: ignore[misc] # bound at once
    good = generation(town)
    for bad in ('models = "none"', configured(town, "nobody"), "]["):
        refusals = town.gateway.log.count("configuration refused")
        file.write_text(bad)
        town.signal(signal.SIGHUP)
        wait_for(lambda n=refusals: town.gateway.log.count("configuration refused") > n)  # type: ignore[misc] # bound at once
    everything = traffic.stop()
    kept = generation(town)
    assert 0 == town.gateway.stop()

    assert good == kept
    assert [] == town.compare([seen for _, seen in everything]).differences
    assert {End.WHOLE} == {seen.end for _, seen in everything}
    for begun, seen in everything:
        last = [provider for moment, provider in moments if moment < begun]
        nexts = [provider for moment, provider in moments if moment >= begun]
        assert seen.provider in {*(last[-1:] or ["o1"]), *nexts[:1]}
    assert "a1" == everything[-1][1].provider
