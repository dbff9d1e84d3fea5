"""An answer that has begun: what came before its content is held, what ends it is told apart."""

import asyncio
import contextlib

import pytest

from tests.flow.world import DONE, HELLO, ROLE, SSE, STOP, USAGE
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, TimedOut
from trunkline.canon.event import FinishReason
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.registry import DIALECTS
from trunkline.flow.live import LiveAnswer, WholeAnswer, restore_names, spoken
from trunkline.flow.pipes import Passthrough
from trunkline.testing.fakes import FakeReply, ManualClock
from trunkline.transport.replay import CannedResponse

OPENAI = DIALECTS["openai-chat"]


async def played(steps):
    """One read per step of bytes; an error is raised in its place; a function is called first."""
    for step in steps:
        if isinstance(step, bytes):
            yield step
        elif isinstance(step, Exception):
            raise step
        else:
            await step()


def live(*steps, idle=10.0, clock=None):
    """A stream that passes through, and the answer it comes from."""
    body = steps[0] if len(steps) == 1 else played(steps)
    response = CannedResponse(200, SSE, body)
    pipe = Passthrough(OPENAI.watcher(wants_usage=True), OPENAI.sentinel)
    return LiveAnswer(response, pipe, clock or ManualClock(), idle), response


class Crowded(FakeReply):
    """Has to be waited for after every write."""

    def __init__(self):
        super().__init__()
        self.crowded = True
        self.steps = []
        self.on_write = lambda data: self.steps.append("write")

    async def drain(self):
        self.steps.append("drain")


async def rest(answer):
    """All that the client gets from here on."""
    reply = FakeReply()
    last = await answer.pour(reply)
    return [*reply.written, last]


def test_a_reader_that_cannot_keep_up_is_waited_for():
    """The upstream is asked for no more while the client's side is crowded."""

    async def main():
        answer, _ = live(ROLE, HELLO, HELLO, STOP, DONE)
        await answer.open(5.0)
        reply = Crowded()
        last = await answer.pour(reply)
        assert ROLE + HELLO + HELLO + STOP + DONE == reply.body + last
        assert ["write", "drain"] * 3 == reply.steps

    asyncio.run(main())


def test_nothing_goes_out_before_content():
    """What was held back leaves with the first content, in one piece."""

    async def main():
        answer, _ = live(ROLE, b": ping\n\n", HELLO, STOP, USAGE, DONE)
        await answer.open(5.0)
        assert ["hello"] == answer.delivered
        pieces = await rest(answer)
        assert [ROLE + b": ping\n\n" + HELLO, STOP, USAGE, DONE] == pieces
        assert 7 == answer.usage.total

    asyncio.run(main())


def test_an_answer_that_is_all_there_needs_no_clock():
    """Even where no time is left to wait for it."""

    async def main():
        answer, _ = live(ROLE + HELLO + STOP + DONE)
        await answer.open(-1.0)
        assert answer.ended
        assert [ROLE + HELLO + STOP + DONE] == await rest(answer)

    asyncio.run(main())


def test_silence_is_given_up():
    """Another target may say more."""

    async def main():
        answer, _ = live(ROLE, asyncio.Event().wait)
        with pytest.raises(TimedOut, match="no content in time"):
            await answer.open(0.01)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("steps", "error"),
    (
        ((ROLE, Disconnected("reset")), Disconnected),
        ((ROLE, b"data: {nonsense}\n\n"), Garbled),
        ((ROLE, b": the end\n\n"), Disconnected),
    ),
    ids=("reset", "nonsense", "end"),
)
def test_a_failure_before_content_is_raised_by_open(steps, error):
    """While nothing has gone out: so somebody else can be asked."""

    async def main():
        answer, _ = live(*steps)
        with pytest.raises(error):
            await answer.open(5.0)

    asyncio.run(main())


def test_a_failure_after_content_leaves_what_came_before_it():
    """Of the same read, too."""

    async def main():
        answer, _ = live(ROLE, HELLO, HELLO + b"data: {nonsense}\n\n")
        await answer.open(5.0)
        reply = FakeReply()
        with pytest.raises(Garbled):
            await answer.pour(reply)
        assert ROLE + HELLO == reply.body
        assert HELLO == answer.before_error()

    asyncio.run(main())


def test_what_was_held_is_not_lost_by_a_failure_right_behind_it():
    """The client still gets it, before the error."""

    async def main():
        answer, _ = live(ROLE, HELLO, Disconnected("reset"))
        await answer.open(5.0)
        assert ROLE + HELLO == answer.before_error()

    asyncio.run(main())


@pytest.mark.parametrize("error", (Disconnected("reset"), TimedOut("idle")))
def test_a_break_behind_the_reason_is_the_end(error):
    """It has said why it finished; the sentinel is ours."""

    async def main():
        answer, _ = live(ROLE, HELLO, STOP, error)
        await answer.open(5.0)
        assert ROLE + HELLO + STOP + DONE == b"".join(await rest(answer))

    asyncio.run(main())


@pytest.mark.parametrize("error", (Disconnected("reset"), TimedOut("idle")))
def test_a_break_before_the_reason_is_none(error):
    """The client must hear of it."""

    async def main():
        answer, _ = live(ROLE, HELLO, error)
        await answer.open(5.0)
        with pytest.raises(type(error)):
            await rest(answer)
        assert not answer.ended

    asyncio.run(main())


def trickle(letter_size, seconds):
    """Content, then one endless line in pieces of this size, each after so many seconds."""
    clock = ManualClock()

    async def wait():
        clock.advance(seconds)

    pieces = [step for _ in range(10) for step in (wait, b"x" * letter_size)]
    answer, _ = live(ROLE, HELLO, b'data: {"', *pieces, idle=10.0, clock=clock)

    async def main():
        await answer.open(5.0)
        with contextlib.suppress(Disconnected):  # the pieces end there, and so does the stream
            await rest(answer)

    asyncio.run(main())


def test_a_trickle_is_given_up():
    """Single bytes keep a connection's clock from running out, and a client waiting for ever."""
    with pytest.raises(TimedOut, match="too slowly"):
        trickle(1, 3.0)


@pytest.mark.parametrize(("size", "seconds"), ((16 << 10, 3.0), (1, 0.5)))
def test_a_long_line_may_take_its_time(size, seconds):
    """An image in base64 that keeps coming; or a few letters within the idle time."""
    trickle(size, seconds)


def test_lines_that_end_are_progress():
    """Comments that keep a connection alive while a model thinks."""
    clock = ManualClock()

    async def wait():
        clock.advance(9.0)

    async def main():
        pings = [step for _ in range(5) for step in (wait, b": pi", wait, b"ng\n")]
        answer, _ = live(ROLE, HELLO, *pings, b"\n", STOP, DONE, clock=clock)
        await answer.open(5.0)
        assert (await rest(answer))[-1] == DONE

    asyncio.run(main())


@pytest.mark.parametrize("end", ((), (Disconnected("reset"),), (asyncio.Event().wait,)))
def test_lingering_lets_the_connection_be_used_again(end):
    """One more read for the framing's end; whatever it brings no longer matters."""

    async def main():
        answer, response = live(ROLE, HELLO, STOP, DONE, *end)
        await answer.open(5.0)
        await rest(answer)
        await answer.linger()
        answer.close()
        assert (not end) == response.complete
        assert response.closed

    asyncio.run(main())


PARTS = (
    Reasoning("hm"),
    Text("Hello"),
    Refusal("no"),
    ToolCall("c", "short", '{"a":1}'),
    Opaque("x", None),
)
ANSWER = Answer(
    id="a",
    model="m",
    choices=(Choice(parts=PARTS, finish=FinishReason.STOP), Choice(index=1, parts=(Text("2"),))),
    usage=Usage(input=1, output=2),
)


def test_what_is_counted_of_an_answer():
    """All text of all choices, and calls by name and arguments."""
    assert ["hm", "Hello", "no", "short", '{"a":1}', "2"] == spoken(ANSWER)


def test_names_come_back():
    """Those that were shortened; without any the answer is the same object."""
    restored = restore_names(ANSWER, {"short": "long_name"})

    assert "long_name" == restored.choices[0].parts[3].name
    assert PARTS[:3] == restored.choices[0].parts[:3]
    assert ANSWER is restore_names(ANSWER, {})
    assert ANSWER == restore_names(ANSWER, {"other": "x"})


def test_a_translated_answer_keeps_its_books():
    """The body is the client's dialect's, the usage and the words are the upstream's."""
    request = ChatRequest(model="m", messages=(), origin="openai-chat")
    answer = Answer(
        id="a", model="m", choices=(Choice(parts=(Text("Hello"),)),), usage=Usage(input=1)
    )
    whole = WholeAnswer.translated(answer, OPENAI, request, Stamp("t", "m", 1))
    whole.close()

    assert b'"Hello"' in whole.body
    assert (Usage(input=1), ["Hello"]) == (whole.usage, whole.delivered)
