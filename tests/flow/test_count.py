"""A request counted instead of answered: upstream where it can, else here; never in the books."""

import asyncio

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.flow.world import ANTHROPIC, World, anthropic, openai, whole
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Disconnected, RateLimited
from trunkline.canon.exchange import Principal
from trunkline.faces.native.face import Native
from trunkline.flow.admission import Unlimited
from trunkline.flow.count import Counting
from trunkline.routing.base import Route
from trunkline.routing.table import RouteTable
from trunkline.testing.fakes import FakeReply
from trunkline.transport.replay import Recording

COUNTS = Quirks(counts=(ANTHROPIC,))
SAID = [{"role": "user", "content": "hi"}]


def body(**more):
    return json.encode({"model": "m", "messages": SAID, **more})


def count(world, asked=None, *, headers=None, principal=None):
    """The reply to a request for a count."""
    reply = FakeReply()
    exchange = world.make(body() if asked is None else asked, ANTHROPIC)
    exchange.operation = "count_tokens"
    exchange.headers = headers or {}
    exchange.principal = principal or exchange.principal
    world.exchange = exchange
    asyncio.run(Counting(world.rooms, exchange, Native(), reply).run())
    assert 0 == world.unclosed
    assert [] == world.ledger.entries
    return reply


def upstream(*recordings, **more):
    return World(anthropic(*recordings, quirks=COUNTS, **more))


def told(tokens):
    return whole(b'{"input_tokens":%d}' % tokens)


def test_the_provider_counts_where_it_can():
    """Its own number, from the client's own body but for what only an answer needs."""
    world = upstream(told(42))
    asked = body(max_tokens=9, thinking={"type": "adaptive"}, future=[1])
    reply = count(world, asked, headers={b"anthropic-beta": b"token-counting-2024-11-01"})
    sent = world.providers["up"].transport.sent[0].request

    assert (200, b'{"input_tokens":42}', "whole") == (reply.status, reply.body, reply.closed)
    assert (b"POST", b"/v1/messages/count_tokens") == (sent.method, sent.path)
    assert {
        "model": "m",
        "messages": SAID,
        "thinking": {"type": "adaptive"},
        "future": [1],
    } == json.decode(sent.body)
    assert b"up" == reply.header(b"x-trunkline-provider")
    assert b"0.000000000" == reply.header(b"x-trunkline-cost-usd")
    assert reply.header(b"x-trunkline-warnings") is None


def test_a_provider_of_another_dialect_is_not_asked():
    """Counted here, after the translation its answer would need, whose notes are told."""
    world = World(openai())
    reply = count(world, body(top_k=5, max_tokens=1))

    assert (200, b'{"input_tokens":1}') == (reply.status, reply.body)
    assert [0] == world.sent
    assert b"0" == reply.header(b"x-trunkline-attempts")
    assert b"top_k: " in reply.header(b"x-trunkline-warnings")


def test_a_provider_without_the_endpoint_is_not_asked():
    """Speaking the dialect is not having all of it."""
    world = World(anthropic())

    assert b'{"input_tokens":1}' == count(world).body
    assert [0] == world.sent


@pytest.mark.parametrize(
    "failure",
    (
        whole(b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}', 529),
        whole(b'{"type":"error","error":{"type":"rate_limit_error","message":"x"}}', 429),
        whole(b'{"type":"error","error":{"type":"authentication_error","message":"x"}}', 401),
        whole(b"404 page not found", 404),
        whole(b'{"detail":"Not Found"}', 404),
        whole(b"{}"),
        whole(b"<html>"),
        Recording(steps=(Disconnected("gone"),)),
    ),
)
def test_a_provider_that_does_not_count_is_stood_in_for(failure):
    """A number of ours is better than an error, as long as the client is told whose it is."""
    world = upstream(failure)
    reply = count(world)

    assert (200, b'{"input_tokens":1}') == (reply.status, reply.body)
    assert b"input_tokens: counted by the gateway: up did not" == reply.header(
        b"x-trunkline-warnings"
    )
    assert b"1" == reply.header(b"x-trunkline-attempts")
    assert reply.header(b"x-trunkline-provider") is None
    assert 1 == len(world.logged)


@pytest.mark.parametrize(
    ("failure", "status"),
    (
        (
            whole(b'{"error":{"type":"invalid_request_error","message":"messages.0: no"}}', 400),
            400,
        ),
        (whole(b'{"error":{"type":"not_found_error","message":"model: m"}}', 404), 404),
    ),
)
def test_what_is_wrong_with_the_request_is_told(failure, status):
    """As the request itself would be refused; a count of it would be no help."""
    reply = count(upstream(failure))

    assert status == reply.status
    assert "error" == json.decode(reply.body)["type"]
    assert b"up" == reply.header(b"x-trunkline-provider")
    assert b"0.000000000" == reply.header(b"x-trunkline-cost-usd")


def test_a_failed_count_teaches_the_router_nothing():
    """Counting is limited apart from answering: its credential goes on answering."""
    limited = whole(b'{"error":{"type":"rate_limit_error","message":"x"}}', 429)
    world = upstream(limited, limited, limited, limited)
    for _ in range(4):
        count(world)

    assert [4] == world.sent
    assert () == world.router.statistics(world.clock.monotonic())
    assert 0 == world.router.cooling.remaining("up#1", "m", world.clock.monotonic())


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    (
        (b'{"model":"m"}', 400, "invalid_request_error"),
        (b'{"model":"m","messages":[]}', 400, "invalid_request_error"),
        (b'{"model":"m","messages":[{"role":"user","content":5}]}', 400, "invalid_request_error"),
    ),
)
def test_a_request_that_is_none_is_refused(asked, status, kind):
    """In the caller's dialect, before anybody is asked."""
    world = upstream()
    reply = count(world, asked)

    assert (status, kind) == (reply.status, json.decode(reply.body)["error"]["type"])
    assert [0] == world.sent


def test_a_model_the_key_may_not_name_is_refused():
    """As its use would be."""
    narrow = Principal(key_id="k", tenant="t", models=frozenset({"other"}))

    assert 403 == count(upstream(), principal=narrow).status


def test_a_bug_is_answered_and_logged():
    """A client gets an answer whatever happens here."""
    world = upstream(told(1))
    world.providers["up"].request = None
    reply = count(world)

    assert (500, "api_error") == (reply.status, json.decode(reply.body)["error"]["type"])
    assert "count failed" in world.logged[0]


@pytest.mark.parametrize(("draining", "status"), ((True, 529), (False, 0)))
def test_a_cancelled_count(draining, status):
    """When we shut down the client is told to ask again; one that has left is told nothing."""
    world = upstream(Recording(steps=(lambda: asyncio.Event().wait(),)))
    reply = FakeReply()
    reply.draining = draining

    async def main():
        exchange = world.make(body(), ANTHROPIC)
        counting = Counting(world.rooms, exchange, Native(), reply)
        task = world.rooms.tasks.spawn("count", counting.run())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert status == reply.status


def test_a_deployment_without_conversations_is_passed_over():
    """One that only embeds has nothing to count them by; where there is no other, that is said."""
    world = World(anthropic(name="embeds"), anthropic(told(7), name="up", quirks=COUNTS))
    route = world.router.table.resolve("m")
    silent = replace(route.deployments[0], dialect="embeddings")
    for deployments, status in (((silent, route.deployments[1]), 200), ((silent,), 529)):
        world.router.table = RouteTable({"m": Route("m", deployments)}, world.providers, None)
        assert status == count(world).status

    assert [0, 1] == world.sent


def test_counting_takes_a_place():
    """Under whatever limit of requests under way; and gives it back, answered or refused."""
    world = upstream(told(42), whole(status=400, body=b"{}"))
    held = []

    class Places(Unlimited):
        async def hold(self, exchange):
            held.append(exchange.id)

        def release(self, exchange):
            held.remove(exchange.id)

    world.rooms = replace(world.rooms, admission=Places())
    statuses = [count(world).status for _ in range(2)]

    assert ([200, 400], []) == (statuses, held)


def test_no_place_no_count():
    """Nobody is asked, and nothing is counted here."""
    world = upstream(told(42))

    class Full(Unlimited):
        async def hold(self, exchange):
            raise RateLimited("come back later", retry_after=1.0)

    world.rooms = replace(world.rooms, admission=Full())

    assert 429 == count(world).status
    assert [0] == world.sent
