"""Under one key one request runs, and whoever asks later finds its answer."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from msgspec.structs import replace

from tests.ledger.making import FakeClock
from tests.storage.postgres_server import PostgresServer
from trunkline.storage.idempotency import Ask, Found, KeptAnswer
from trunkline.storage.postgres.connection import Address
from trunkline.storage.postgres.database import connected
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.idempotency import SqlIdempotency
from trunkline.storage.sqlite.idempotency import open_idempotency

ASK = Ask(b"scope", b"what", "req_1")
AGAIN = replace(ASK, request_id="req_2")
ANSWER = KeptAnswer(200, ((b"content-type", b"application/json"),), b'{"id":"x"}' * 20)
RAN = Found(b"what", ANSWER)
RUNNING = Found(b"what", None)
HOLD, KEEP = 100, 1000


def within(database: Database, work: Callable[[SqlIdempotency], Awaitable[None]]) -> None:
    async def main() -> None:
        await work(SqlIdempotency(database))

    asyncio.run(main())


async def claim(store: SqlIdempotency, ask: Ask = ASK, now: int = 0) -> Found | None:
    return await store.claim(ask, now, now + HOLD, now + KEEP)


def test_one_runs_and_the_next_gets_its_answer(database: Database) -> None:
    """Whatever that one asks: its fingerprint is for the asker to compare."""

    async def work(store: SqlIdempotency) -> None:
        assert await claim(store) is None
        assert RUNNING == await claim(store, AGAIN)
        assert await store.finish(ASK, ANSWER, KEEP)
        assert RAN == await claim(store, AGAIN)
        assert RAN == await claim(store, replace(AGAIN, fingerprint=b"other"))
        assert await claim(store, replace(AGAIN, scope=b"other")) is None

    within(database, work)


@pytest.mark.parametrize("body", (None, b"", b"0123456789abcdef" * (40 << 10)))
def test_every_body_comes_back(database: Database, body: bytes | None) -> None:
    """None at all, and one that is packed in a thread of its own, too."""
    answer = replace(ANSWER, body=body, streamed=True)

    async def work(store: SqlIdempotency) -> None:
        await claim(store)
        await store.finish(ASK, answer, KEEP)
        assert Found(b"what", answer) == await claim(store, AGAIN)

    within(database, work)


def test_what_came_to_nothing_leaves_nothing(database: Database) -> None:
    """The next runs it; a release that comes late takes nothing from that one."""

    async def work(store: SqlIdempotency) -> None:
        await claim(store)
        await store.release(ASK)
        assert await claim(store, AGAIN) is None
        await store.release(ASK)
        assert RUNNING == await claim(store)
        await store.finish(AGAIN, ANSWER, KEEP)
        await store.release(AGAIN)
        assert RAN == await claim(store)

    within(database, work)


def test_a_claim_nobody_holds_is_taken_over(database: Database) -> None:
    """Its maker has died, or slept too long: then it no longer counts what that one says."""

    async def work(store: SqlIdempotency) -> None:
        await claim(store)
        await store.hold([ASK], 250)
        assert RUNNING == await claim(store, AGAIN, 249)
        assert await claim(store, AGAIN, 250) is None
        assert not await store.finish(ASK, ANSWER, KEEP)
        await store.hold([ASK], 10_000)
        assert await claim(store, ASK, 250 + HOLD) is None

    within(database, work)


def test_an_answer_grows_old(database: Database) -> None:
    """Then the request is run anew, swept or not; what is under way is never swept."""

    async def work(store: SqlIdempotency) -> None:
        await claim(store)
        await store.finish(ASK, ANSWER, KEEP)
        assert RAN == await claim(store, AGAIN, KEEP - 1)
        assert await claim(store, AGAIN, KEEP) is None
        await store.hold([AGAIN], 10 * KEEP)
        assert 0 == await store.expire(5 * KEEP)
        await store.finish(AGAIN, ANSWER, 5 * KEEP)
        assert [1, 0] == [await store.expire(5 * KEEP), await store.expire(5 * KEEP)]

    within(database, work)


def first_of(stores: Sequence[SqlIdempotency], rounds: int) -> Awaitable[list[int]]:
    """How many were told to run, in each round of forty askers."""

    async def one(number: int) -> int:
        asks = [Ask(b"%d" % number, b"what", f"req_{number}_{n}") for n in range(40)]
        found = await asyncio.gather(
            *(claim(stores[n % len(stores)], ask) for n, ask in enumerate(asks))
        )
        return sum(answer is None for answer in found)

    async def rounds_of() -> list[int]:
        return [await one(number) for number in range(rounds)]

    return rounds_of()


class Hasty(SqlIdempotency):
    """Looks, and then writes."""

    async def claim(self, ask: Ask, now: int, until: int, expires: int) -> Found | None:
        row = await self._database.read(
            lambda s: s.one("SELECT 1 FROM idempotency WHERE scope = ?", (ask.scope,))
        )
        if row is not None:
            return RUNNING
        await super().claim(ask, now, until, expires)
        return None


def test_over_two_servers_connections_one_runs(postgres: PostgresServer) -> None:
    """As two machines have: the row is given to one alone."""
    url = postgres.fresh()

    async def main() -> list[int]:
        databases = [connected(Address(url), FakeClock()) for _ in range(2)]
        try:
            return await first_of([SqlIdempotency(database) for database in databases], 10)
        finally:
            for database in databases:
                await database.aclose()

    assert [1] * 10 == asyncio.run(main())
    postgres.drop(url)


@pytest.mark.parametrize("hasty", (False, True))
def test_of_many_at_once_one_runs(tmp_path: Path, hasty: bool) -> None:
    """Over two connections to one file, as two workers have; a store that looks first is caught."""

    async def main() -> list[int]:
        stores = [open_idempotency(tmp_path) for _ in range(2)]
        try:
            asked = [Hasty(s._database) for s in stores] if hasty else stores
            return await first_of(asked, 25)
        finally:
            for store in stores:
                await store.aclose()

    assert ([1] * 25 == asyncio.run(main())) is not hasty


class Model(RuleBasedStateMachine):
    """Some requests under two keys, in any order, while time passes; beside them what should be."""

    make: Callable[[Any], SqlIdempotency] = staticmethod(lambda store: store)

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.opened = open_idempotency(Path(self.folder.name))
        self.store = type(self).make(self.opened)
        self.now = 0
        self.rows: dict[bytes, tuple[Ask, int, int, KeptAnswer | None]] = {}
        """By scope: who runs it, held until, expires, and what was answered."""

    def teardown(self) -> None:
        self.runner.run(self.opened.aclose())
        self.runner.close()
        self.folder.cleanup()

    asks = st.builds(
        Ask,
        st.sampled_from((b"a", b"b")),
        st.sampled_from((b"x", b"y")),
        st.sampled_from(("req_1", "req_2", "req_3")),
    )

    @rule(seconds=st.sampled_from((1, 60, HOLD, KEEP)))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @rule(ask=asks)
    def ask(self, ask: Ask) -> None:
        row = self.rows.get(ask.scope)
        mine = row is None or (row[2] <= self.now if row[3] else row[1] <= self.now)
        wanted = None if mine or row is None else Found(row[0].fingerprint, row[3])
        assert wanted == self.runner.run(claim(self.store, ask, self.now))
        if mine:
            self.rows[ask.scope] = (ask, self.now + HOLD, self.now + KEEP, None)

    @rule(ask=asks, large=st.booleans())
    def finish(self, ask: Ask, large: bool) -> None:
        row = self.rows.get(ask.scope)
        mine = row is not None and row[0].request_id == ask.request_id
        answer = replace(ANSWER, body=None) if large else ANSWER
        assert mine == self.runner.run(self.store.finish(ask, answer, self.now + KEEP))
        if row is not None and mine:
            self.rows[ask.scope] = (row[0], 0, self.now + KEEP, answer)

    @rule(ask=asks)
    def release(self, ask: Ask) -> None:
        self.runner.run(self.store.release(ask))
        row = self.rows.get(ask.scope)
        if row is not None and row[3] is None and row[0].request_id == ask.request_id:
            del self.rows[ask.scope]

    @rule(ask=asks)
    def hold(self, ask: Ask) -> None:
        self.runner.run(self.store.hold([ask], self.now + HOLD))
        row = self.rows.get(ask.scope)
        if row is not None and row[3] is None and row[0].request_id == ask.request_id:
            self.rows[ask.scope] = (row[0], self.now + HOLD, row[2], None)

    @rule()
    def expire(self) -> None:
        old = [s for s, row in self.rows.items() if row[2] <= self.now and row[1] <= self.now]
        assert len(old) == self.runner.run(self.store.expire(self.now))
        for scope in old:
            del self.rows[scope]


class Careless(SqlIdempotency):
    """Takes an answer from whoever brings one."""

    async def finish(self, ask: Ask, answer: KeptAnswer, expires: int) -> bool:
        row = await self._database.read(
            lambda s: s.one("SELECT request_id FROM idempotency WHERE scope = ?", (ask.scope,))
        )
        holder = ask.request_id if row is None else str(row[0])
        return await super().finish(replace(ask, request_id=holder), answer, expires)


class CarelessModel(Model):
    make = staticmethod(lambda store: Careless(store._database))


_FEW = settings(
    max_examples=25, stateful_step_count=20, deadline=None, phases=(Phase.explicit, Phase.generate)
)


def test_any_history_is_as_the_model_says() -> None:
    """Claims, ends, deaths and time in any order."""
    run_state_machine_as_test(Model, settings=_FEW)


def test_the_model_sees_a_careless_store() -> None:
    """One that lets a request answer for another."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(CarelessModel, settings=_FEW)
