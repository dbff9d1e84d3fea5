"""Keeping what a client may come back to: before it can, and only what it may."""

import asyncio

import pytest
from msgspec import Raw, json
from msgspec.structs import replace

from tests.flow import world as flow
from tests.gateway import World, head, within
from trunkline.canon.errors import LedgerUnavailable, Malformed
from trunkline.canon.exchange import Exchange, Principal
from trunkline.faces.native.face import Native
from trunkline.flow.remembered import Remembered, Wish, read_wish
from trunkline.storage.base import ResponseStore
from trunkline.testing.fakes import FakeReply
from trunkline.wiring.serving import endpoints


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


@pytest.mark.parametrize("stream", (False, True))
def test_an_answer_that_cannot_be_stored_says_so(tmp_path, stream):
    """201 means stored; a stream has told its head already, and ends as it would."""

    class Away:
        """A store whose database has gone."""

        async def put(self, record, held_until=0.0):
            raise LedgerUnavailable("the database is away")

    async def work(w: World) -> None:
        reply, store = FakeReply(), w.gateway.conversations.store
        w.gateway.conversations.store = Away()
        await asked(w, reply, stream=stream)
        w.gateway.conversations.store = store
        assert 200 == reply.status
        assert 1 == sum("response not stored" in line for line in w.logged)
        if stream:
            assert "end" == reply.closed
            assert b"event: response.completed" in reply.body
        else:
            assert json.decode(reply.body)["store"] is False
            assert b"store: this answer" in (reply.header(b"x-trunkline-warnings") or b"")

    within(tmp_path, work)


def test_a_stored_answer_says_so(tmp_path):
    """201, `store` is true, and nothing to warn of."""

    async def work(w: World) -> None:
        reply = FakeReply()
        await asked(w, reply, stream=False)
        assert (201, True) == (reply.status, json.decode(reply.body)["store"])
        assert b"store" not in (reply.header(b"x-trunkline-warnings") or b"")

    within(tmp_path, work)


def test_a_refusal_is_in_the_books(tmp_path):
    """Like every other, under the request id of the answer; it costs nothing."""

    async def work(w: World) -> None:
        reply = FakeReply()
        await asked(w, reply, previous_response_id="resp_nowhere")
        request_id = (reply.header(b"x-trunkline-request-id") or b"").decode()
        entry = (await w.ask("GET", f"/admin/v1/requests/{request_id}")).json
        assert (400, "failed", [], 0) == (
            reply.status,
            entry["status"],
            entry["attempts"],
            entry["cost_nanousd"],
        )

    within(tmp_path, work)


SAID = (
    {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
    {"id": "rs_2", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
    {
        "id": "fc_1",
        "type": "function_call",
        "call_id": "call_1",
        "name": "f",
        "arguments": "{}",
        "status": "completed",
    },
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Yes.", "annotations": [], "logprobs": []}],
    },
)


def first_answer() -> bytes:
    usage = {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 7,
    }
    body = {"id": "resp_0123456789abcdef0123456789", "object": "response", "created_at": 1}
    more = {"status": "completed", "model": "up-m", "output": SAID, "usage": usage, "error": None}
    return json.encode({**body, **more, "parallel_tool_calls": True, "tools": []})


def test_what_the_makers_of_the_api_see_of_the_next_turn(tmp_path):
    """
    All of it, and nothing that names what they may have stored.

    A call by its id would be refused without the reasoning that led to it; reasoning is sent only
    where it is sealed.
    """
    upstream = flow.ScriptedProvider(
        "up", "openai-responses", [flow.whole(first_answer()), flow.whole(first_answer())]
    )
    small = flow.World(upstream)

    async def turn(rooms, **fields):
        body = json.encode({"model": "m", "input": "Well?", **fields})
        reply = FakeReply()
        await Remembered(rooms, small.make(body, "openai-responses"), Native(), reply).run()
        return json.decode(reply.body)

    async def work(w: World) -> None:
        rooms = replace(small.rooms, conversations=w.gateway.conversations)
        first = await turn(rooms)
        results = [{"type": "function_call_output", "call_id": "call_1", "output": "3"}]
        await turn(rooms, previous_response_id=first["id"], input=results, background=None)

    within(tmp_path, work)
    sent = [json.decode(one.request.body) for one in upstream.transport.sent]
    assert [{"model": "m", "input": "Well?"}] == sent[:1]
    assert {"model", "input", "store"} == set(sent[1])
    assert sent[1]["store"] is False
    assert [
        (None, "user"),
        ("rs_2", "reasoning"),
        (None, "function_call"),
        (None, "assistant"),
        (None, "function_call_output"),
    ] == [(item.get("id"), item.get("type") or item.get("role")) for item in sent[1]["input"]]
