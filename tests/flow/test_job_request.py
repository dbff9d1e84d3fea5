"""A background response as it is queued, and as the request that it was."""

import pytest
from msgspec import json

from tests.flow.test_background import JOB
from tests.flow.world import World, openai
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Principal
from trunkline.conversations.jobs import read_job
from trunkline.faces.native.face import Native
from trunkline.flow.job_request import asked, queued
from trunkline.testing.fakes import ManualClock


class Clocked:
    clock = ManualClock()


def rooms_of(world):
    return world.rooms.__class__(
        **{n: getattr(world.rooms, n) for n in world.rooms.__struct_fields__}
        | {"conversations": Clocked()}
    )


def queue(**fields):
    world = World(openai())
    exchange = world.make(json.encode({"model": "m", "input": "hi", **fields}), "openai-responses")
    exchange.model = fields.get("model", "m")
    return queued(rooms_of(world), exchange, Native(), [])


def test_it_is_queued():
    """Nothing is said yet; what it takes to make it is in the job."""
    record = queue(previous_response_id="resp_0", metadata={"a": "b"})
    body = json.decode(record.body)
    assert ("queued", "queued", "resp_0", 1) == (
        record.status,
        body["status"],
        record.previous_id,
        record.attempts,
    )
    assert (record.id, True, [], None, {"a": "b"}) == tuple(
        body[name] for name in ("id", "background", "output", "usage", "metadata")
    )
    assert "m" == read_job(record.job).model


@pytest.mark.parametrize("fields", ({"input": 7}, {"temperature": "hot"}))
def test_what_can_be_refused_is_refused_at_once(fields):
    """Not in minutes, by a poll."""
    with pytest.raises(GatewayError):
        queue(**fields)


def test_it_is_asked_as_a_stream_by_whoever_holds_the_key_now():
    """Whatever the client asked for."""
    now = Principal(key_id="k", tenant="acme", models=frozenset({"m"}))
    exchange = asked(JOB, now, "req_9", ManualClock())
    assert (True, "req_9", now, True) == (
        exchange.stream,
        exchange.id,
        exchange.principal,
        json.decode(exchange.body)["stream"],
    )


def test_it_stays_in_its_session():
    """What limits a session limits what it has made in the background."""
    world = World(openai())
    exchange = world.make(json.encode({"model": "m", "input": "hi"}), "openai-responses")
    exchange.session = "run-7"
    job = read_job(queued(rooms_of(world), exchange, Native(), []).job)

    assert "run-7" == asked(job, job.principal, "req_9", ManualClock()).session
