"""Deployments asked in turn: when again, whom next, with which credential, and what is told at last."""

import asyncio

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.flow.world import (
    DONE,
    HELLO,
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
from trunkline.canon.errors import (
    BadCredential,
    Disconnected,
    Garbled,
    GatewayError,
    NoRouteAvailable,
    Overloaded,
    QuotaExhausted,
    Refused,
    Throttled,
    TimedOut,
    Unreachable,
)
from trunkline.flow.attempt import Asking, _most_telling
from trunkline.flow.books import Books
from trunkline.flow.chat import ChatQuestion
from trunkline.flow.live import LiveAnswer
from trunkline.kernel.clock import SystemClock
from trunkline.routing.breaker import Health
from trunkline.routing.retry import RetryRules
from trunkline.transport.replay import Recording

JSON = (b"content-type", b"application/json")
GOOD = streamed(ROLE, HELLO, STOP, USAGE, DONE)


def failing(error):
    """No answer at all: an error where its head should be."""
    return Recording(before=(error,))


def refused(status, code=None, **headers):
    """An error of an OpenAI-like upstream."""
    body = {"error": {"message": "no", "type": "x", "param": None, "code": code}}
    more = tuple((n.replace("_", "-").encode(), v.encode()) for n, v in headers.items())
    return whole(json.encode(body), status, (JSON, *more))


def used(world):
    """The credential of each request, over all providers."""
    return [
        dict(sent.request.headers)[b"x-credential"].decode()
        for provider in world.providers.values()
        for sent in provider.transport.sent
    ]


def errors(world):
    return [type(a.error).__name__ if a.error else "ok" for a in world.exchange.attempts]


ONCE_MORE = (
    failing(Disconnected("reset")),
    refused(500),
    refused(503),
    refused(529),
    refused(429, retry_after="0"),
    streamed(ROLE, Disconnected("reset")),
    streamed(ROLE),
)


@pytest.mark.parametrize("first", ONCE_MORE, ids=range(len(ONCE_MORE)))
def test_what_passes_quickly_is_tried_once_more(first):
    """A reset, a 5xx, a short pause, a stream that broke before its content: same target."""
    world = World(openai(first, GOOD), openai(GOOD, name="b"))
    reply = world.ask(chat_body(stream=True))

    assert (200, [2, 0]) == (reply.status, world.sent)
    assert b"2" == reply.header(b"x-trunkline-attempts")
    assert "ok" == errors(world)[-1]
    assert 0 == world.router.retries.retrying
    assert 0 == world.unclosed


NEXT_AT_ONCE = (
    failing(Unreachable("refused")),
    failing(TimedOut("no head")),
    refused(429),
    refused(429, retry_after="60"),
    refused(401),
    refused(403),
    refused(404, "model_not_found"),
    refused(429, "insufficient_quota"),
    whole(b"<html>", 200),
    whole(status=200),
    refused(302),
    streamed(ROLE, b"data: {nonsense}\n\n"),
    streamed(b'data: {"error":{"message":"no","type":"invalid_api_key","code":"x"}}\n\n'),
)


@pytest.mark.parametrize("first", NEXT_AT_ONCE, ids=range(len(NEXT_AT_ONCE)))
def test_what_does_not_pass_quickly_moves_on(first):
    """Silence, a long pause, a bad credential, what is no stream, a redirect: the next target."""
    world = World(openai(first, GOOD), openai(GOOD, name="b"))
    reply = world.ask(chat_body(stream=True))

    assert (200, b"b", [1, 1]) == (reply.status, reply.header(b"x-trunkline-provider"), world.sent)
    assert 0 == world.unclosed


FINAL = (
    (refused(400), 400),
    (refused(422), 422),
    (refused(400, "content_filter"), 400),
)


@pytest.mark.parametrize(("first", "status"), FINAL, ids=range(3))
def test_what_any_other_would_repeat_is_final(first, status):
    """The client's own mistake, and a filter's no."""
    world = World(openai(first, GOOD), openai(GOOD, name="b"))

    assert status == world.ask(chat_body()).status
    assert [1, 0] == world.sent


def test_an_error_names_the_last_who_was_tried():
    """It took so many attempts, and nothing is billed: as good an answer's headers would say it."""
    reply = World(openai(refused(401)), openai(whole(b"<html>"), name="b")).ask(chat_body())

    assert (502, b"2", b"b", b"0.000000000") == (
        reply.status,
        *(reply.header(b"x-trunkline-" + n) for n in (b"attempts", b"provider", b"cost-usd")),
    )


def test_twice_is_enough():
    """The same target is asked as often as the rules say; then the next one is."""
    bad = [refused(500) for _ in range(5)]
    world = World(openai(*bad), openai(GOOD, name="b"))
    world.ask(chat_body(stream=True))
    patient = World(
        openai(*bad), openai(GOOD, name="b"), retry=RetryRules(same_target=3, jitter=0.0)
    )
    patient.ask(chat_body(stream=True))

    assert ([2, 1], [4, 1]) == (world.sent, patient.sent)


def test_retries_have_a_budget():
    """When too many exchanges are retrying already, this one moves on."""
    rules = RetryRules(jitter=0.0, floor=0, share=0.0)
    world = World(openai(refused(500), GOOD), openai(GOOD, name="b"), retry=rules)
    world.ask(chat_body(stream=True))

    assert [1, 1] == world.sent


def test_a_short_pause_is_waited_out():
    """By the machine's clock, which may lag a little behind the timer: the credential is free then."""
    world = World(openai(refused(429, retry_after_ms="30"), GOOD))
    world.rooms = replace(world.rooms, clock=SystemClock())
    reply = world.ask(chat_body(stream=True))

    assert (200, [2]) == (reply.status, world.sent)


def test_too_long_a_prompt_goes_to_who_reads_more():
    """Nobody else is asked."""
    long = refused(400, "context_length_exceeded")
    world = World(
        openai(long, context_window=8),
        openai(GOOD, name="same", context_window=8),
        openai(GOOD, name="unknown"),
        openai(GOOD, name="large", context_window=100),
    )

    assert b"large" == world.ask(chat_body(stream=True)).header(b"x-trunkline-provider")
    assert [1, 0, 0, 1] == world.sent


REFUSED_KEYS = (
    (refused(429), Throttled, 429),
    (refused(401), BadCredential, 502),
    (refused(429, "insufficient_quota"), QuotaExhausted, 429),
)


@pytest.mark.parametrize(("first", "kind", "status"), REFUSED_KEYS, ids=("429", "401", "dry"))
def test_the_next_credential_takes_over(first, kind, status):
    """Each counts on its own; the refused one rests, also for the next request."""
    world = World(openai(first, GOOD, GOOD, keys=2))
    assert 200 == world.ask(chat_body(stream=True)).status
    assert 200 == world.ask(chat_body(stream=True)).status

    assert ["up#1", "up#2", "up#2"] == used(world)
    assert ["ok"] == errors(world)


@pytest.mark.parametrize(("first", "kind", "status"), REFUSED_KEYS, ids=("429", "401", "dry"))
def test_when_all_rest_the_client_is_told_why(first, kind, status):
    """Without asking the provider again before it wants to be asked."""
    world = World(openai(first, first, first, keys=2))
    assert status == world.ask(chat_body()).status
    reply = world.ask(chat_body())

    assert (status, ["up#1", "up#2"]) == (reply.status, used(world))
    assert [] == world.exchange.attempts
    assert int(reply.header(b"retry-after")) >= 1
    message = json.decode(reply.body)["error"]["message"]
    assert "up" in message
    assert "#1" not in message


def test_a_credential_is_used_again_after_its_pause():
    """And forgotten once it worked."""
    world = World(openai(refused(429, retry_after="5"), GOOD, GOOD))
    assert 429 == world.ask(chat_body(stream=True)).status
    world.clock.advance(4.0)
    assert 429 == world.ask(chat_body(stream=True)).status
    world.clock.advance(1.0)

    assert 200 == world.ask(chat_body(stream=True)).status
    assert 0 == world.router.cooling.remaining("up#1", "m", world.clock.monotonic())


def test_a_refused_credential_is_in_the_log():
    """Somebody has to repair it; the client cannot."""
    world = World(openai(refused(401)))
    reply = world.ask(chat_body())

    assert any("credential refused" in line and "up#1" in line for line in world.logged)
    assert b"up#1" not in reply.body


def test_one_who_fails_often_is_asked_last():
    """Its breaker is open; and a target that answers is well again."""
    world = World(openai(*[refused(500)] * 4, name="a"), openai(GOOD, GOOD, GOOD, name="b"))
    for _ in range(3):
        world.ask(chat_body(stream=True))

    assert [4, 3] == world.sent
    assert Health.OPEN is world.router.health("a/m", world.clock.monotonic())


def test_notes_are_of_the_target_that_answered():
    """What a target dropped that gave no answer is no concern of the client."""
    world = World(anthropic(failing(Unreachable("x")), name="a"), openai(GOOD, name="b"))

    told = world.ask(chat_body(stream=True, seed=7)).header(b"x-trunkline-warnings")
    assert (
        b"model: no price is known for it" == told[:31]
    )  # of the one that answered, and that alone
    assert b"seed" not in told


def test_a_larger_answer_than_we_take():
    """Garbled, before it fills the memory."""
    world = World(openai(whole(b"x" * 2000)), openai(whole(), name="b"))
    world.rooms = replace(world.rooms, max_answer=1000)

    assert 200 == world.ask(chat_body()).status
    assert ["Garbled", "ok"] == errors(world)


def test_a_whole_answer_has_a_time_to_be_whole():
    """However its pieces trickle."""
    slow = Recording(steps=(b"{", asyncio.Event().wait))
    world = World(openai(slow, answer_timeout=0.01), openai(whole(), name="b"))

    assert 200 == world.ask(chat_body()).status
    assert ["TimedOut", "ok"] == errors(world)
    assert 0 == world.unclosed


def test_an_answer_that_is_no_text_is_none():
    """No client could read it."""
    world = World(openai(whole(WHOLE.replace(b"hello", b"h\xff"))), openai(whole(), name="b"))

    assert WHOLE == world.ask(chat_body()).body
    assert ["Garbled", "ok"] == errors(world)


@pytest.mark.parametrize(
    "headers",
    (
        (),
        ((b"content-type", b"text/plain; charset=utf-8"),),
        ((b"content-type", b"application/octet-stream"),),
    ),
)
def test_a_stream_may_forget_to_say_that_it_is_one(headers):
    """No SDK asks for its type either; something else under such a name is none."""
    told = streamed(ROLE, HELLO, STOP, DONE)

    world = World(openai(replace(told, headers=headers)))
    assert b"".join(told.steps) == world.ask(chat_body(stream=True)).body

    world = World(openai(whole(headers=headers)), openai(told, name="b"))
    assert b"".join(told.steps) == world.ask(chat_body(stream=True)).body


def test_a_client_that_leaves_stops_the_search():
    """Nobody else is asked, and the target is not blamed."""

    async def main():
        world = World(openai(Recording(before=(asyncio.Event().wait,))), openai(GOOD, name="b"))
        task = asyncio.get_running_loop().create_task(world.serve(chat_body(stream=True)))
        while not world.providers["up"].transport.sent:  # noqa: ASYNC110 - a list grows
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert [1, 0] == world.sent
        assert 0 == world.router.retries.active == world.router.retries.retrying
        (told,) = world.router.statistics(0.0)
        assert 0 == told.failures

    asyncio.run(main())


def test_a_retry_under_way_is_given_back_when_the_client_leaves():
    """Or the budget would leak away."""

    async def main():
        stuck = Recording(before=(asyncio.Event().wait,))
        world = World(openai(refused(500), stuck))
        task = asyncio.get_running_loop().create_task(world.serve(chat_body()))
        while world.sent != [2]:  # noqa: ASYNC110 - a list grows
            await asyncio.sleep(0)
        assert 1 == world.router.retries.retrying
        task.cancel()
        await asyncio.wait([task])
        assert 0 == world.router.retries.retrying

    asyncio.run(main())


class Sleeper:
    """A provider whose engine must be started first."""

    def __init__(self, inner):
        self._inner = inner
        self.is_ready = False

    def __getattr__(self, name):
        return getattr(self._inner, name)

    async def ready(self, deployment):
        assert not self.transport.sent
        assert "up/m" == deployment.id
        self.is_ready = True


def test_an_engine_is_started_by_the_first_request():
    """Before it is sent."""
    sleeper = Sleeper(openai(GOOD))
    world = World(sleeper)

    assert 200 == world.ask(chat_body(stream=True)).status
    assert sleeper.is_ready


def test_each_target_keeps_its_own_clocks():
    """A stream's limit is that of its first content, a whole answer's that of its end."""
    limits = {"first_content_timeout": 7.0, "answer_timeout": 70.0, "idle_timeout": 3.0}
    world = World(openai(GOOD, whole(), **limits))
    world.ask(chat_body(stream=True))
    world.ask(chat_body())
    stream, answer = (sent.timeouts for sent in world.providers["up"].transport.sent)

    assert (7.0, 70.0, 3.0) == (stream.headers, answer.headers, answer.idle)


PAUSES = [Throttled("a", retry_after=9.0), Throttled("b", retry_after=2.0), Throttled("c")]
GONE, LATE, BUSY = Unreachable("gone"), TimedOut("late"), Overloaded("busy")
KEY, SAID = BadCredential("key"), Refused("said no")


@pytest.mark.parametrize(
    ("given", "told"),
    (
        (PAUSES, PAUSES[1]),
        (PAUSES[2:], PAUSES[2]),
        ([GONE, BUSY], BUSY),
        ([BUSY, LATE], BUSY),
        ([BUSY, PAUSES[0]], BUSY),
        ([KEY, LATE], LATE),
        ([BUSY, KEY, PAUSES[0]], BUSY),
        ([LATE, PAUSES[0]], PAUSES[0]),
        ([LATE, SAID], SAID),
        ([LATE, LATE], LATE),
    ),
)
def test_what_the_client_hears_when_nobody_answered(given, told):
    """The last resort's word, unless it is only that of somebody who was too busy to say anything."""
    assert told is _most_telling(given)


def test_nobody_to_ask():
    """A route without targets is told as that."""
    assert isinstance(_most_telling([]), NoRouteAvailable)


def test_the_first_answer_may_be_asked_for_alone():
    """What the flow builds upon: an open stream, its first content in hand, its attempt entered."""

    async def main():
        world = World(openai(refused(500), GOOD))
        made = world.make(chat_body(stream=True))
        server = world.rooms.dialects["openai-chat"]
        question = ChatQuestion(world.rooms, made, server)
        asking = Asking(world.rooms, made, question, Books(world.rooms, made, server))
        plan = world.router.table.resolve("m").deployments
        live = await asking.first_answer(plan)
        assert isinstance(live, LiveAnswer)
        assert ROLE + HELLO == live.before_error()
        live.close()
        assert ["intent", "settle", "intent"] == [entry[0] for entry in world.ledger.entries]

        with pytest.raises(GatewayError):
            await asking.first_answer(plan)
        assert isinstance(made.attempts[-1].error, Unreachable | Garbled)

    asyncio.run(main())
