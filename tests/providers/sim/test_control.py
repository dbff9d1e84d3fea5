"""The endpoints about the simulator itself."""

import pytest
from msgspec import json

from tests.providers.sim.kit import CHAT, ask, engine, play
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.control import Door
from trunkline.providers.sim.faults import FAULTS


def call(subject, method: str, path: str, body: bytes = b""):
    seen = play(subject, Arrival(method, path, (), body))
    return seen.status, seen.json


def test_the_log_is_read_and_cleared() -> None:
    """All rows, those since a number, one by its id; then none. Reading leaves no row."""
    subject = engine()
    ids = [play(subject, ask(CHAT, "sim-chat")).row.id for _ in range(2)]

    status, found = call(subject, "GET", "/sim/log")
    assert (200, ids, 2) == (status, [row["id"] for row in found["rows"]], found["total"])
    assert [2] == [row["seq"] for row in call(subject, "GET", "/sim/log?since=1")[1]["rows"]]
    assert 1 == call(subject, "GET", f"/sim/log/{ids[0]}")[1]["seq"]
    assert 404 == call(subject, "GET", "/sim/log/nobody")[0]
    assert 400 == call(subject, "GET", "/sim/log?since=x")[0]
    assert 200 == call(subject, "DELETE", "/sim/log")[0]
    assert [] == call(subject, "GET", "/sim/log")[1]["rows"]


def test_defaults_break_a_running_provider() -> None:
    """And mend it again; a model's own options still win."""
    subject = engine()
    body = json.encode({"options": "fault=u11:status=503"})

    assert (200, {"options": "fault=u11:status=503"}) == call(subject, "PUT", "/sim/defaults", body)
    assert 503 == play(subject, ask(CHAT, "sim-chat")).status
    assert 429 == play(subject, ask(CHAT, "sim-chat@fault=u10")).status
    call(subject, "PUT", "/sim/defaults", b'{"options":""}')
    assert 200 == play(subject, ask(CHAT, "sim-chat")).status


def test_the_door_is_set_and_shown() -> None:
    """Its mode, and for how many connections."""
    subject = engine()

    assert {"mode": "open", "next": None} == call(subject, "GET", "/sim/door")[1]
    assert 200 == call(subject, "PUT", "/sim/door", b'{"mode":"reset","next":2}')[0]
    assert Door(mode="reset", next=2) == subject.door


def test_a_door_counts_and_opens_again() -> None:
    """Two connections are turned away, the third is let in."""
    door = Door(mode="close", next=2)

    assert ["close", "close", "open"] == [door.pass_() for _ in range(3)]
    assert ["silent"] * 3 == [Door(mode="silent").pass_() for _ in range(3)]


@pytest.mark.parametrize(
    ("path", "body"),
    (
        ("/sim/defaults", b"{"),
        ("/sim/defaults", b'{"options":"nonsense=1"}'),
        ("/sim/defaults", b'{"options":"fault=u99"}'),
        ("/sim/door", b'{"mode":"ajar"}'),
        ("/sim/door", b"[]"),
    ),
)
def test_nonsense_is_refused(path: str, body: bytes) -> None:
    """400 with a reason."""
    status, told = call(engine(), "PUT", path, body)

    assert 400 == status
    assert told["error"]


def test_it_tells_what_there_is() -> None:
    """Models and faults; other paths name the right ones."""
    assert set(FAULTS) == call(engine(), "GET", "/sim")[1]["faults"].keys()
    assert 404 == call(engine(), "GET", "/sim/nothing")[0]
