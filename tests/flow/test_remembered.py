"""Keeping what a client may come back to: before it can, and only what it may."""

import asyncio

import pytest
from msgspec import Raw, json

from tests.gateway import World, head, within
from trunkline.canon.errors import Malformed
from trunkline.canon.exchange import Exchange, Principal
from trunkline.flow.remembered import Wish, read_wish
from trunkline.storage.base import ResponseStore
from trunkline.testing.fakes import FakeReply
from trunkline.wiring import endpoints


def exchange(**fields):
    return Exchange(
        id="req_1",
        face="native",
        dialect="openai-responses",
        operation="chat",
        principal=Principal(key_id="k", tenant="t"),
        envelope={name: Raw(value) for name, value in fields.items()},
        model="m",
        stream=False,
        headers={},
        received_at=0.0,
        started=0.0,
    )


@pytest.mark.parametrize(
    ("fields", "wish"),
    (
        ({}, Wish()),
        ({"store": b"null", "background": b"null", "previous_response_id": b"null"}, Wish()),
        ({"store": b"false"}, Wish(store=False)),
        ({"background": b"true"}, Wish(background=True)),
        ({"previous_response_id": b'"resp_1"'}, Wish(previous_id="resp_1")),
    ),
)
def test_what_a_request_wishes(fields, wish):
    """With the API's defaults."""
    assert wish == read_wish(exchange(**fields))


@pytest.mark.parametrize(
    ("fields", "param"),
    (
        ({"store": b"1"}, "store"),
        ({"background": b'"yes"'}, "background"),
        ({"previous_response_id": b"7"}, "previous_response_id"),
        ({"background": b"true", "store": b"false"}, "background"),
        ({"conversation": b'"conv_1"'}, "conversation"),
    ),
)
def test_what_it_may_not_wish(fields, param):
    """The field is named."""
    with pytest.raises(Malformed) as refused:
        read_wish(exchange(**fields))
    assert param == refused.value.param


async def asked(w: World, reply: FakeReply, **more: object) -> None:
    """One request on the hot path, whose answer comes in many pieces."""
    path = "/v1/responses"
    endpoint = endpoints(w.gateway)[b"POST", path.encode()]
    body = json.encode(
        {"model": "sim/sim-chat@rate=2000", "input": "Say hello.", "stream": True, **more}
    )
    await endpoint.begin(head(await w.key(), path, w.clock)).run(body, reply)


def response_id(reply: FakeReply) -> str:
    return reply.body.partition(b'"id":"')[2].partition(b'"')[0].decode()


def cut(reply: FakeReply, *, draining: bool) -> None:
    """The first piece of content is the last that is let through."""

    def cancel(_data: bytes) -> None:
        if reply.on_write is not None:
            reply.on_write = None
            reply.draining = draining
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    reply.on_write = cancel


def test_a_stream_cut_by_our_shutdown_says_so(tmp_path):
    """The client gets the failure, though its answer would have been kept."""
    reply = FakeReply()
    cut(reply, draining=True)

    async def work(w: World) -> None:
        with pytest.raises(asyncio.CancelledError):
            await asked(w, reply)
        await w.gateway.tasks.finish("settle ")
        kept = await w.gateway.conversations.get("default", response_id(reply))
        assert "failed" == kept.status

    within(tmp_path, work)
    assert "end" == reply.closed
    assert b"event: response.failed" in reply.body


def test_a_client_that_leaves_has_cancelled(tmp_path):
    """As at OpenAI: nothing is kept, and what was delivered is billed."""
    reply = FakeReply()
    cut(reply, draining=False)

    async def work(w: World) -> None:
        with pytest.raises(asyncio.CancelledError):
            await asked(w, reply)
        await w.gateway.tasks.finish("settle ")
        found = await w.gateway.storage.responses.get("default", response_id(reply))
        assert ("", None) == (reply.closed, found)
        totals = await w.gateway.reports.totals()
        assert (1, True) == (totals.requests, totals.cost_nanousd > 0)

    within(tmp_path, work)


def test_a_client_that_leaves_at_the_very_end_does_not_undo_the_keeping(tmp_path):
    """It may have read all but the last event."""
    reply = FakeReply()

    async def work(w: World) -> None:
        class Slow:
            """Its client is cut off while it writes."""

            def __init__(self, store: ResponseStore) -> None:
                self.store = store

            async def put(self, record, held_until=0.0):
                asking.cancel()
                await asyncio.sleep(0)
                await self.store.put(record, held_until)

        store = w.gateway.conversations.store
        w.gateway.conversations.store = Slow(store)
        asking = w.gateway.tasks.spawn("asking", asked(w, reply))
        with pytest.raises(asyncio.CancelledError):
            await asking
        await w.gateway.tasks.finish("settle ")
        w.gateway.conversations.store = store
        kept = await store.get("default", response_id(reply))
        assert kept is not None
        assert "completed" == kept.status

    within(tmp_path, work)
