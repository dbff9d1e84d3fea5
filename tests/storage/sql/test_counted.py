"""Tests of storage/sql/counted.py: whatever windows are open, the sums are what a pencil gets."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.storage.rows import DAY, HOUR, NOON_MICROS, batch, request
from tests.storage.sql.books import run
from tests.storage.sql.holders import Stores, Tell
from tests.storage.sql.holders import run as with_keys
from tests.storage.sql.test_keys import PLAIN
from trunkline.canon.limit import Unit
from trunkline.storage.records import OpenWindow, RequestRow
from trunkline.storage.sql.counted import counted, place_of
from trunkline.storage.sql.database import Database, Row, Session, SqlValue
from trunkline.storage.sql.ledger import SqlLedgerStore

SECOND = 1_000_000
SPAN = 3 * DAY
NOW = NOON_MICROS + SPAN
TENANTS, KEYS, USERS, MODELS = (
    ("acme", "bell"),
    ("k0", "k1", "k2"),
    ("", "ann"),
    ("mini", "m" * 130),
)


def row(number: int) -> RequestRow:
    """One of ninety in three days: no two dimensions repeat in the same step."""
    return request(
        number,
        received_at=NOON_MICROS + number * number * SPAN // 90**2,
        status=("ok", "failed", "partial", "open", "cancelled")[number % 5],
        tenant=TENANTS[number % 2],
        key_id=KEYS[number % 3],
        user_id=USERS[number % 7 % 2],
        model=MODELS[number % 4 % 2],
        byok=number % 11 == 0,
        input=number**2,
        reasoning=number,
        cost_nanousd=number**5,
    )


ROWS = tuple(map(row, range(90)))


def by_hand(window: OpenWindow) -> int:
    """`window`'s counter: its scope, who, its model or "", all apart by "/", and whatever follows."""
    scope, *names = window.counter.split("/")
    if scope == "key" and names[0] in TENANTS:
        scope = "token"
    who = names[:2] if scope in {"user", "token"} else names[:1]
    model = names[len(who) + 1] if names[len(who)] == "model" else None

    def counts(each: RequestRow) -> bool:
        whose = {
            "key": [each.key_id],
            "token": [each.tenant, each.key_id],
            "tenant": [each.tenant],
            "user": [each.tenant, each.user_id],
        }
        return (
            each.status != "open"
            and who == whose[scope]
            and model in (None, each.model)
            and (not window.closes or each.received_at >= window.opened - SECOND)
        )

    mine = [each for each in ROWS if counts(each)]
    match window.unit:
        case Unit.COST:
            return sum(each.cost_nanousd for each in mine if not each.byok)
        case Unit.TOKENS:
            return sum(each.input + each.reasoning for each in mine)
        case _:
            return sum(each.status != "failed" for each in mine)


holders = st.one_of(
    st.sampled_from(KEYS).map("key/{}".format),
    st.tuples(st.sampled_from(TENANTS), st.sampled_from(KEYS)).map("key/{0[0]}/{0[1]}".format),
    st.sampled_from(TENANTS).map("tenant/{}".format),
    st.tuples(st.sampled_from(TENANTS), st.just("ann")).map("user/{0[0]}/{0[1]}".format),
)
windows = st.builds(
    lambda holder, model, unit, opened, lasts: OpenWindow(
        f"{holder}{model}/{unit.value}/{lasts * opened}",
        unit,
        NOON_MICROS + opened,
        lasts * (NOW + DAY),
    ),
    holders,
    st.sampled_from(("", *map("/model/{}".format, MODELS))),
    st.sampled_from((Unit.COST, Unit.TOKENS, Unit.REQUESTS)),
    st.integers(-HOUR, SPAN) | st.integers(0, 72).map(lambda hour: hour * HOUR),
    st.sampled_from((0, 1)),
)


def fill(database: Database, rows: Sequence[RequestRow] = ROWS) -> None:
    async def work(ledger: SqlLedgerStore) -> None:
        for first in range(0, len(rows), 50):
            await ledger.apply(batch(tuple(rows[first : first + 50])))

    run(database, work)


def ask(database: Database, some: Iterable[OpenWindow]) -> Mapping[str, int]:
    return asyncio.run(database.report(lambda session: counted(session, list(some), NOW)))


def test_every_window_has_what_a_pencil_gets(database: Database) -> None:
    """Of any holders, models, units and beginnings, however many are asked for together."""
    fill(database)

    @settings(deadline=None)
    @given(some=st.lists(windows, unique_by=lambda window: window.counter, max_size=12))
    def check(some: list[OpenWindow]) -> None:
        assert {each.counter: by_hand(each) for each in some} == ask(database, some)

    check()


def test_before_the_rollups_are_complete(database: Database) -> None:
    """A ledger of an older version is read row by row."""
    fill(database)
    some = [OpenWindow(f"key/{key}/cost/0", Unit.COST, NOON_MICROS, 0) for key in KEYS]
    some.append(OpenWindow("tenant/acme/cost/9", Unit.COST, NOON_MICROS + DAY, NOW + 1))

    def spoil(session: Session) -> None:
        session.run("INSERT INTO ledger_marks VALUES ('backfill', '', 0)")
        session.run("DELETE FROM usage_days")

    asyncio.run(database.write(spoil))

    assert {each.counter: by_hand(each) for each in some} == ask(database, some)


def test_a_wrong_sum_is_noticed(database: Database) -> None:
    """A day that costs a nano-dollar too much is caught by the pencil."""
    fill(database)
    window = OpenWindow("key/k1/cost/0", Unit.COST, NOON_MICROS, 0)
    change = "UPDATE usage_days SET cost_nanousd = cost_nanousd + 1"
    asyncio.run(database.write(lambda session: session.run(change)))

    assert by_hand(window) < ask(database, [window])[window.counter]


def test_the_request_that_opened_a_window_counts(database: Database) -> None:
    """It was received a moment before; one of the hour before is not counted."""
    early, late = NOON_MICROS - 2 * SECOND, NOON_MICROS - SECOND // 2
    rows = [
        request(1, received_at=early, cost_nanousd=1),
        request(2, received_at=late, cost_nanousd=10),
    ]
    fill(database, [replace(each, status="ok") for each in rows])
    window = OpenWindow("key/key1/cost/86400", Unit.COST, NOON_MICROS, NOW)

    assert {window.counter: 10} == ask(database, [window])


def test_what_counts_for_a_key(database: Database) -> None:
    """Itself, its successors, and what any of them made; of a stranger, its own."""
    line = (("a", ""), ("b", "a"), ("c", "b"), ("x", ""), ("y", "x"))

    async def work(stores: Stores) -> None:
        for name, maker in line:
            await stores.keys.add(replace(PLAIN, id=name, created_by=maker), Tell())
        for new, old in (("a2", "a"), ("a3", "a2")):
            await stores.keys.succeed(replace(PLAIN, id=new, meter="a"), old, 9.0, Tell())
        await stores.keys.add(replace(PLAIN, id="d", created_by="a3"), Tell())

    with_keys(database, work)
    keys = ("a", "a2", "a3", "b", "c", "d", "x", "y", "jwt:s")
    rows = [
        request(at, key_id=key, status="ok", cost_nanousd=10**at) for at, key in enumerate(keys)
    ]
    fill(database, rows)
    some = [
        OpenWindow(f"key/{key}/cost/{closes}", Unit.COST, NOON_MICROS, closes)
        for key in ("a", "b", "y", "jwt:s")
        for closes in (0, NOW)
    ]

    expected = {"a": 111_111, "b": 11_000, "y": 10_000_000, "jwt:s": 100_000_000}
    assert {each.counter: expected[each.counter.split("/")[1]] for each in some} == ask(
        database, some
    )


class Counting:
    """A session that remembers what it was asked."""

    def __init__(self, session: Session) -> None:
        self.one, self.run, self._all = session.one, session.run, session.all
        self.asked: list[str] = []

    def all(self, sql: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        self.asked.append(sql)
        return self._all(sql, values)


def test_many_windows_take_few_statements(database: Database) -> None:
    """A thousand keys and tenants, whose rows are of both, each row counted once for each of them."""
    names = range(600)
    rows = [
        request(at, key_id=f"key{at}", tenant=f"tenant{at}", status="ok", cost_nanousd=at + 1)
        for at in names
    ]
    fill(database, rows)
    expected = {
        f"{scope}/{scope}{at}/cost/{closes}": at + 1
        for scope in ("key", "tenant")
        for at in names
        for closes in (0, NOW)
    }
    some = [
        OpenWindow(counter, Unit.COST, NOON_MICROS, int(counter.rpartition("/")[2]))
        for counter in expected
    ]

    def work(session: Session) -> tuple[Mapping[str, int], int]:
        watched = Counting(session)
        return counted(watched, some, NOW), len(watched.asked)

    found, statements = asyncio.run(database.report(work))

    assert expected == found
    assert statements <= 10


@pytest.mark.parametrize(
    ("counter", "place"),
    (
        ("key/ab12/requests/60", ("key", "ab12")),
        ("tenant/acme/cost/0", ("tenant", "acme")),
        ("user/acme/ann/cost/0", ("user", "acme", "ann")),
        ("key/ab12/model/org/gpt/tokens/60", ("key", "ab12", "org/gpt")),
        ("user/acme/ann/model/m/tokens/60", ("user", "acme", "ann", "m")),
        ("key/acme/jwt:login:a/b/cost/0", ("token", "jwt:login:a/b", "acme")),
        (
            "key/acme/jwt:login:ann/model/org/gpt/cost/0",
            ("token", "jwt:login:ann", "acme", "org/gpt"),
        ),
    ),
)
def test_whose_a_counter_is(counter: str, place: tuple[str, ...]) -> None:
    """Its name tells."""
    assert place == place_of(counter)


def test_a_counter_of_nobody() -> None:
    """Is a bug, not a guess."""
    with pytest.raises(ValueError, match="planet"):
        place_of("planet/x/cost/0")
