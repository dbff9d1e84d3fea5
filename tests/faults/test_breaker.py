"""A failing target steps aside, is probed by one request at a time, and is back within seconds."""

from collections.abc import Iterator, Sequence

import pytest

from tests.faults.client import End, Seen
from tests.faults.gateway import World, impatient
from tests.faults.simulators import OPENAI, until

# The breaker's first pause is a second; a probe that fails doubles it.
FAULTS = ("u11:status=503", "u5:after=0", "u1:kind=eof", "u2")


@pytest.fixture
def books(town: World) -> Iterator[list[Seen]]:
    """Whatever a test asked for, compared at its end."""
    seen: list[Seen] = []
    yield seen
    assert [] == town.compare(seen).differences


def health(town: World, tag: str) -> Sequence[str]:
    """Of the targets with that tag, the first target's first."""

    async def read() -> Sequence[str]:
        rows = town.gateway.rooms.router.statistics(town.clock.monotonic())
        return [row.health for row in rows if row.deployment.endswith(f"tag={tag}")]

    return town.do(read())


def wait_for(town: World, tag: str, wanted: str) -> None:
    """Until the first target's health is this."""

    def reached() -> bool:
        rows = town.gateway.rooms.router.statistics(town.clock.monotonic())
        return wanted in [row.health for row in rows if row.deployment.endswith(f"tag={tag}")][:1]

    town.do(until(reached))


def arrivals(town: World, tag: str, port: int = 0) -> int:
    async def count() -> int:
        return sum(row.model.endswith(f"tag={tag}") for row in town.sims[port].log.rows())

    return town.do(count())


def test_it_opens_and_spares_everybody_the_wait(town: World, books: list[Seen]) -> None:
    """Three failures in a row: from then on the second target is asked first."""
    for _ in range(6):
        books += town.ask(town.call("o1/sim-echo@fault=u11", "o2/sim-echo", tag="opens"))

    assert {(200, "o2")} == {(one.status, one.provider) for one in books}
    # Twice each at first; then out of the order.
    assert [3, 3, 1, 1, 1, 1] == [one.attempts for one in books]
    assert ["open", "closed"] == health(town, "opens")


def test_one_probe_at_a_time_and_back_at_once(town: World, books: list[Seen]) -> None:
    """After the pause a single request tries the primary; once it has answered, all do."""
    tag = "probe"
    primary = "o1/sim-echo@ttft=150,fault=u11,fail=4"
    for _ in range(3):
        books += town.ask(town.call(primary, "o2/sim-echo", tag=tag))
    assert "open" == health(town, tag)[0]
    before = arrivals(town, tag)
    wait_for(town, tag, "half_open")
    probing = town.ask(*(town.call(primary, "o2/sim-echo", tag=tag) for _ in range(12)))
    after = town.ask(*(town.call(primary, "o2/sim-echo", tag=tag) for _ in range(4)))
    books += [*probing, *after]

    assert before + 1 + 4 == arrivals(town, tag)
    assert 1 == sum(one.provider == "o1" for one in probing)
    assert {("o1", 1)} == {(one.provider, one.attempts) for one in after}
    assert {End.WHOLE} == {one.end for one in books}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_primary_is_back_within_seconds_of_its_recovery(
    town: World, books: list[Seen], fault: str
) -> None:
    """Broken for half a second, asked again at the first probe: every request is answered."""
    tag = f"back-{fault.partition(':')[0]}"
    primary = f"a1/sim-echo@fault={fault},until=0.5"
    started = town.clock.monotonic()
    while not books or books[-1].provider != "a1":
        call = town.call(primary, "o2/sim-echo", tag=tag, dialect=OPENAI)
        # A silent one is given up soon.
        targets = town.models[call.name].targets
        town.models[call.name].targets[0] = type(targets[0])(
            model=targets[0].model, first_content_timeout=0.2
        )
        books += town.ask(call)
        assert town.clock.monotonic() - started < 10

    assert {(200, End.WHOLE)} == {(one.status, one.end) for one in books}
    assert town.clock.monotonic() - started < 5


def test_the_last_target_is_never_ejected(town: World, books: list[Seen]) -> None:
    """Alone, or with all the others open as well, it is asked all the same."""
    alone = "o1/sim-echo@fault=u11,fail=8"
    pair = ("o1/sim-chat@fault=u11,fail=12", "o2/sim-chat@fault=u11,fail=12")
    for _ in range(5):
        books += town.ask(town.call(alone, tag="alone"))
    for _ in range(7):
        books += town.ask(town.call(*pair, tag="pair"))

    assert [502] * 4 + [200] == [one.status for one in books[:5]]
    assert 200 == books[-1].status
    assert {"o1", "o2"} >= {books[-1].provider}


DEAD = ("u1", "u2", "u3:lead=1", "u9", "u10:retry_after=30", "u11", "u13:kind=api_error")


@pytest.mark.parametrize("fault", DEAD)
def test_a_dead_primary_costs_nobody_an_answer(town: World, books: list[Seen], fault: str) -> None:
    """Before it is found out and after: every request is answered, soon by the second alone."""
    first = impatient(f"o1/sim-echo@fault={fault}", 0.2)
    for _ in range(3):
        calls = [
            town.call(first, "a2/sim-echo", tag=f"dead-{fault}", stream=stream)
            for stream in (True, False) * 8
        ]
        books += town.ask(*calls)

    assert {(End.WHOLE, "a2")} == {(one.end, one.provider) for one in books}
    assert {1} == {one.attempts for one in books[-16:]}


def test_a_brown_out_of_slowness_costs_nobody_an_answer(town: World, books: list[Seen]) -> None:
    """Half of all requests would take five seconds at the primary."""
    first = impatient("a1/sim-echo@fault=u19:kind=slow:slow=5", 0.25)
    for _ in range(3):
        books += town.ask(*(town.call(first, "o2/sim-echo", tag="slow") for _ in range(16)))

    assert {End.WHOLE} == {one.end for one in books}
    assert all(one.took < 5 for one in books)


def test_a_brown_out_costs_nobody_an_answer(town: World, books: list[Seen]) -> None:
    """Half of all requests fail at the primary; none at the gateway."""
    tag = "brown"
    for _ in range(5):
        books += town.ask(
            *(town.call("o1/sim-echo@brownout=0.5", "a2/sim-echo", tag=tag) for _ in range(20))
        )

    assert {End.WHOLE} == {one.end for one in books}
    assert arrivals(town, tag, 1)
