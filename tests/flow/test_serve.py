"""One request, start to finish: whatever happens, one answer and one closed entry in the books."""

import asyncio

import pytest
from msgspec import json

from tests.flow.world import (
    ANTHROPIC,
    DONE,
    HELLO,
    OPENAI,
    ROLE,
    STOP,
    USAGE,
    WHOLE,
    World,
    anthropic,
    chat_body,
    openai,
    streamed,
    whole,
)
from trunkline.canon.errors import Disconnected, TimedOut
from trunkline.canon.exchange import Principal, Status
from trunkline.faces.native.face import Native
from trunkline.flow.serve import Serving
from trunkline.testing.fakes import FakeReply


def test_a_whole_answer_passes_untouched():
    """Same dialect: the bytes of the upstream, with our headers and a bill."""
    world = World(openai(whole()))
    reply = world.ask(chat_body())

    assert (200, WHOLE, "whole") == (reply.status, reply.body, reply.closed)
    assert b"application/json" == reply.header(b"content-type")
    assert b"req_1" == reply.header(b"x-trunkline-request-id")
    assert b"up" == reply.header(b"x-trunkline-provider")
    assert b"0.000007000" == reply.header(b"x-trunkline-cost-usd")
    assert [("intent", "req_1", 1, None), ("close", "req_1", 1, "ok")] == world.ledger.entries
    assert 0 == world.unclosed


def test_a_stream_passes_untouched_but_for_what_only_we_asked_for():
    """The usage event was asked for by us; the client that did not gets the rest to the byte."""
    world = World(openai(streamed(ROLE, HELLO, STOP, USAGE + DONE)))
    reply = world.ask(chat_body(stream=True))
    sent = json.decode(world.providers["up"].transport.sent[0].request.body)

    assert ROLE + HELLO + STOP + DONE == reply.body
    assert "end" == reply.closed
    assert sent["stream_options"]["include_usage"]
    assert 7 == world.exchange.attempts[0].usage.total
    assert 7000 == world.exchange.attempts[0].cost_nanousd


def test_a_client_that_asked_for_usage_gets_it():
    """Then not a byte is missing."""
    world = World(openai(streamed(ROLE, HELLO, STOP, USAGE, DONE)))
    reply = world.ask(chat_body(stream=True, stream_options={"include_usage": True}))

    assert ROLE + HELLO + STOP + USAGE + DONE == reply.body


def test_the_books_are_closed_before_the_last_byte():
    """Nothing acknowledged may be lost: the sentinel leaves after the entry is written."""
    world = World(openai(streamed(ROLE, HELLO, STOP, USAGE, DONE)))
    reply = FakeReply()
    closed_at = []
    reply.on_write = lambda data: closed_at.append((data.endswith(DONE), len(world.ledger.entries)))
    asyncio.run(world.serve(chat_body(stream=True), reply=reply))

    assert (True, 2) == closed_at[-1]
    assert all(entries == 1 for last, entries in closed_at if not last)


def test_translation_both_ways():
    """An Anthropic client over an OpenAI upstream, whole and streamed."""
    body = json.encode(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    )
    reply = World(openai(whole())).ask(body, ANTHROPIC)
    message = json.decode(reply.body)
    stream = World(openai(streamed(ROLE, HELLO, STOP, USAGE, DONE))).ask(
        body[:-1] + b',"stream":true}', ANTHROPIC
    )

    assert ("message", "hello") == (message["type"], message["content"][0]["text"])
    assert b"event: message_start" in stream.body
    assert stream.body.rstrip().endswith(b'data: {"type":"message_stop"}')


def test_a_client_reads_what_is_billed():
    """Where the provider told no usage: counted here, and not nothing."""
    told = json.decode(WHOLE)
    del told["usage"]
    world = World(openai(whole(json.encode(told))))
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    message = json.decode(world.ask(json.encode(body), ANTHROPIC).body)
    (attempt,) = world.exchange.attempts

    assert attempt.estimated
    assert (attempt.usage.input, len("hello")) == (
        message["usage"]["input_tokens"],
        message["usage"]["output_tokens"],
    )
    assert attempt.usage.input


def test_a_fault_after_content_is_told_in_dialect_and_ends_there():
    """No sentinel, no second answer, and what was delivered is billed."""
    world = World(openai(streamed(ROLE, HELLO, Disconnected("reset"))), openai(whole(), name="b"))
    reply = world.ask(chat_body(stream=True))

    assert reply.body.startswith(ROLE + HELLO)
    assert b'"error"' in reply.body
    assert DONE not in reply.body
    assert [1, 0] == world.sent
    assert Status.PARTIAL is world.exchange.status
    assert world.exchange.attempts[0].estimated
    assert len("hello") == world.exchange.attempts[0].usage.output
    assert world.logged


def test_an_end_without_a_reason_is_no_end():
    """EOF before a finish reason is an error, never success."""
    world = World(openai(streamed(ROLE, HELLO)))

    assert b'"error"' in world.ask(chat_body(stream=True)).body
    assert Status.PARTIAL is world.exchange.status


def test_an_end_without_its_sentinel_is_one():
    """It said why it finished; the client gets the sentinel from us."""
    world = World(openai(streamed(ROLE, HELLO, STOP)))
    reply = world.ask(chat_body(stream=True))

    assert ROLE + HELLO + STOP + DONE == reply.body
    assert Status.OK is world.exchange.status


def test_an_unknown_model_leaves_an_entry_without_attempts():
    """The client is told; the ledger knows that somebody asked."""
    world = World(openai(whole()))
    world.router.table._aliases = {}
    world.router.table._names = type(
        "N",
        (),
        {"direct": lambda s, n: None, "nearest": lambda s, n, k: [], "holders": lambda s, n: []},
    )()
    reply = world.ask(chat_body())

    assert 404 == reply.status
    assert "model_not_found" == json.decode(reply.body)["error"]["code"]
    assert [("close", "req_1", 0, "failed")] == world.ledger.entries


def test_a_key_may_be_held_to_models():
    """Others are forbidden before anybody is asked."""
    world = World(openai(whole()))
    exchange = world.make(chat_body())
    exchange.principal = Principal(key_id="k", tenant="t", models=frozenset({"other"}))
    reply = FakeReply()
    asyncio.run(Serving(world.rooms, exchange, Native(), reply).run())

    assert 403 == reply.status
    assert [0] == world.sent


def test_a_client_that_leaves_is_billed_for_what_it_got():
    """The upstream is closed at once; the estimate follows."""

    async def main():
        stuck = asyncio.Event()
        world = World(openai(streamed(ROLE, HELLO, stuck.wait)))
        task = asyncio.get_running_loop().create_task(world.serve(chat_body(stream=True)))
        while not (world.providers["up"].transport.responses and world.ledger.entries):  # noqa: ASYNC110 - lists grow, nothing signals it
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await world.rooms.tasks.finish("settle ")
        return world

    world = asyncio.run(main())

    assert ("close", "req_1", 1, "cancelled") == world.ledger.entries[-1]
    assert 2 == len(world.ledger.entries)
    assert len("hello") == world.exchange.attempts[0].usage.output
    assert 0 == world.unclosed


def test_a_drain_says_farewell_in_dialect():
    """Cancelled by the shutdown, not by the client: the stream ends with an error event."""

    async def main():
        world = World(openai(streamed(ROLE, HELLO, asyncio.Event().wait)))
        reply = FakeReply()
        task = asyncio.get_running_loop().create_task(
            world.serve(chat_body(stream=True), reply=reply)
        )
        while not reply.written:  # noqa: ASYNC110 - a list grows, nothing signals it
            await asyncio.sleep(0)
        reply.draining = True
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await world.rooms.tasks.finish("settle ")
        return world, reply

    world, reply = asyncio.run(main())

    assert b"shutting down" in reply.body
    assert "end" == reply.closed
    assert ("close", "req_1", 1, "partial") == world.ledger.entries[-1]


def test_a_bug_of_ours_is_an_answer_too():
    """The client gets a 500 in its dialect, the log the reason, the books their entry."""
    world = World(openai(whole()))

    class Broken:
        name = "native"

        def __getattr__(self, name):
            return getattr(Native(), name)

        def extend(self, body, exchange):
            raise ZeroDivisionError("planted")

    exchange, reply = world.make(chat_body()), FakeReply()
    asyncio.run(Serving(world.rooms, exchange, Broken(), reply).run())

    assert 500 == reply.status
    assert "planted" not in reply.body.decode()
    assert "planted" in world.logged[0]
    assert 1 == sum(entry[0] == "close" for entry in world.ledger.entries)


def test_notes_reach_the_client():
    """What a translation dropped is said in a header."""
    message = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "c",
        "stop_reason": "end_turn",
    }
    answer = {
        **message,
        "content": [{"type": "text", "text": "hi"}],
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }

    world = World(anthropic(whole(json.encode(answer))))
    reply = world.ask(chat_body(seed=7))

    assert b"seed" in reply.header(b"x-trunkline-warnings")


DIALECTS = [OPENAI, ANTHROPIC]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_silence_is_a_timeout_told_in_dialect(dialect):
    """504, once each deployment had its time."""
    body = json.encode(
        {
            "model": "m",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "hi"}],
            "stream": True,
        }
    )
    silent = streamed(ROLE, asyncio.Event().wait)

    async def main():
        world = World(openai(silent, first_content_timeout=0.01))
        return world, await world.serve(body, dialect)

    world, reply = asyncio.run(main())

    assert 504 == reply.status
    assert isinstance(world.exchange.attempts[0].error, TimedOut)
    assert [1] == world.sent
    assert 0 == world.unclosed


def test_the_log_does_not_hold_what_a_provider_says_of_the_request():
    """It may quote the prompt, which is the client's to read: code, status and length remain."""
    said = "Invalid prompt: 'my secret diary'"
    body = json.encode({"error": {"message": said, "type": "invalid_request_error", "code": "bad"}})
    world = World(openai(whole(body, 400)))
    reply = world.ask(chat_body())
    (line,) = map(json.decode, world.logged)

    assert said == json.decode(reply.body)["error"]["message"]
    assert ("Refused", 400, "bad", f"({len(said)} characters)") == tuple(
        line[name] for name in ("error", "status", "code", "message")
    )
    assert "diary" not in "".join(world.logged)


def test_the_log_holds_what_a_provider_says_of_itself():
    """That is for whoever has to repair it."""
    body = json.encode({"error": {"message": "Over your limit of 5", "type": "x", "code": "y"}})
    world = World(openai(*[whole(body, 429)] * 2))
    world.ask(chat_body())

    assert "Over your limit of 5" == json.decode(world.logged[-1])["message"]
