"""The table of faults, its page in the manual, and when a fault strikes."""

import re
from pathlib import Path

import pytest

from tests.providers.sim.kit import CHAT, EVERY, FakeClock, ask, engine, play
from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.faults import FAULTS, Strikes, check
from trunkline.providers.sim.log import Row
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.options import BadOption, Fault, Options, parse


def test_all_classes_are_there() -> None:
    """U1 to U19."""
    assert [f"u{number}" for number in range(1, 20)] == list(FAULTS)


@pytest.mark.parametrize(
    "fault",
    (
        Fault("u20"),
        Fault("u4", {"befor": "3"}),
        Fault("u5", {"kind": "rts"}),
        Fault("u7", {"kind": "crlf+nonsense"}),
        Fault("u4", {"after": "x"}),
        Fault("u4", {"for": "ever"}),
    ),
)
def test_a_typing_error_is_told(fault: Fault) -> None:
    """A test whose fault does not exist must not pass without it."""
    with pytest.raises((Rejected, BadOption)):
        check(fault)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("stream", (False, True))
def test_every_kind_of_every_fault_can_be_played(path: str, stream: bool) -> None:
    """To its last step, with the default parameters made small; the row names the fault."""
    small = {"u8": ":size=70000", "u14": ":size=2097152"}
    for name, spec in FAULTS.items():
        for kind in spec.kinds or ("",):
            fault = name + (f":kind={kind}" if kind else "") + small.get(name, "")
            fault += ":count=50" if name == "u8" else ""
            seen = play(engine(), ask(path, f"sim-chat@tokens=4,fault={fault}", stream=stream))
            assert name == seen.row.fault
            assert seen.last is not None, fault


def test_a_fault_strikes_the_first_so_many() -> None:
    """fail=2: two requests of this model's name, then it is over; another tag counts anew."""
    subject = engine()
    statuses = [
        play(subject, ask(CHAT, f"sim-chat@fault=u11,fail=2,tag={tag}")).status for tag in "aaaab"
    ]

    assert [500, 500, 200, 200, 500] == statuses


def test_a_fault_spares_the_first_so_many() -> None:
    """skip=1 and fail=1: only the second."""
    subject = engine()
    request = ask(CHAT, "sim-chat@fault=u11,skip=1,fail=1")
    rows = [play(subject, request).row for _ in range(3)]

    assert ["", "u11", ""] == [row.fault for row in rows]


def test_a_fault_is_over_after_a_while() -> None:
    """until=5: seconds since the first such request, by the injected clock."""
    clock = FakeClock()
    subject = engine(clock)
    request = ask(CHAT, "sim-chat@fault=u11,until=5")
    found = []
    for _ in range(4):
        found.append(play(subject, request).status)
        clock.now += 2

    assert [500, 500, 500, 200] == found


def test_names_are_forgotten_in_order() -> None:
    """Memory is bounded: the oldest name starts anew."""
    strikes = Strikes()
    once = parse(["fail=1"])

    assert strikes.hits(once, "first", 0)
    assert not strikes.hits(once, "first", 0)
    for number in range(Strikes._CAP):
        strikes.hits(once, str(number), 0)
    assert strikes.hits(once, "first", 0)


def test_without_conditions_it_always_strikes() -> None:
    """And nothing is counted."""
    strikes = Strikes()

    assert all(strikes.hits(Options(), "m", 0) for _ in range(3))
    assert {} == strikes._seen


def test_the_manual_knows_everything(repository: Path) -> None:
    """Each model, option, fault with its parameters and kinds, and field of a row is in the page."""
    page = (repository / "docs" / "reference" / "simulator.md").read_text("utf-8")
    faults = dict(re.findall(r"^\| `(u\d+)` \|(.*)$", page, re.MULTILINE))
    words = set(re.findall(r"`([\w-]+)[`=]", page))

    assert FAULTS.keys() == faults.keys()
    for name, spec in FAULTS.items():
        known = set(re.findall(r"`([\w-]+)`", faults[name]))
        assert set() == ({*spec.kinds, *spec.words} - known), name
    assert set() == set(MODELS) - words
    assert set() == set(Options.__struct_fields__) - words
    assert set() == set(Row.__struct_fields__) - words
