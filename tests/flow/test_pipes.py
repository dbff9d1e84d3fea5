"""Bytes through a pipe: whatever their chunks, the same comes out, and the same is learned."""

import pytest
from msgspec import json

from tests.flow.world import DONE, HELLO, ROLE, STOP, USAGE, chunk
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Message, Reasoning, Role, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, GatewayError, Overloaded
from trunkline.canon.event import (
    Ended,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
)
from trunkline.canon.fold import unfold
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting, Stamp
from trunkline.dialects.registry import DIALECTS
from trunkline.flow.pipes import Passthrough, Translation, check_text

OPENAI, ANTHROPIC = DIALECTS["openai-chat"], DIALECTS["anthropic-messages"]
STAMP = Stamp("0123456789abcdef", "m", 1)
LONG = "fn_" + "x" * 80

ANSWER = Answer(
    id="a1",
    model="m",
    created=1,
    choices=(
        Choice(
            parts=(
                Reasoning("Let me see."),
                Text("It is fine: 5 \u20ac."),
                ToolCall("call_1", "short", '{"city":"Oslo"}'),
            ),
            finish=FinishReason.TOOL_CALLS,
        ),
    ),
    usage=Usage(input=10, output=5),
)


def request(dialect, *, stream=True):
    return ChatRequest(
        model="m",
        origin=dialect.name,
        messages=(Message(Role.USER, (Text("hi"),)),),
        stream=stream,
        include_usage=True,
    )


def wire(dialect):
    """ANSWER as an upstream of this dialect streams it."""
    return bytes(dialect.encoder(request(dialect), STAMP).feed(unfold(ANSWER)))


def passthrough(dialect=OPENAI, *, wants_usage=True):
    return Passthrough(dialect.watcher(wants_usage=wants_usage), dialect.sentinel)


def translation(upstream, client, names=None):
    return Translation(upstream.decoder(), client.encoder(request(client), STAMP), names or {})


def through(pipe, data, step):
    """What the client gets of it, the error that ended it if one did, and the pipe."""
    out = b""
    try:
        for start in range(0, len(data), step):
            out += pipe.feed(data[start : start + step])
        out += pipe.finish()
    except GatewayError as error:
        return out + pipe.before_error, (type(error), error.message), pipe
    return out, None, pipe


def same_however_cut(make, data):
    """One outcome for every chunking: bytes, error, usage, how far, what was said."""
    outcomes = []
    for step in (len(data) or 1, 1, 2, 3, 7, 64):
        out, error, pipe = through(make(), data, step)
        said = "".join(pipe.delivered)
        outcomes.append((out, error, pipe.usage, pipe.sighting, said))
    assert all(outcome == outcomes[0] for outcome in outcomes), outcomes
    return outcomes[0]


@pytest.mark.parametrize("newline", (b"\n", b"\r\n"))
@pytest.mark.parametrize("dialect", (OPENAI, ANTHROPIC), ids=lambda d: d.name)
def test_what_passes_is_what_came(dialect, newline):
    """To the byte; usage and content are seen on the way."""
    data = wire(dialect).replace(b"\n", newline)
    out, error, usage, sighting, said = same_however_cut(lambda: passthrough(dialect), data)

    assert (data, None, Sighting.ENDED) == (out, error, sighting)
    assert 15 == usage.total
    assert "It is fine: 5 \u20ac." in said
    assert "short" in said


@pytest.mark.parametrize(
    ("upstream", "client"), ((OPENAI, ANTHROPIC), (ANTHROPIC, OPENAI)), ids=lambda d: d.name
)
def test_a_translation_does_not_depend_on_chunks(upstream, client):
    """It says in the other dialect what the whole answer says."""
    out, error, usage, sighting, said = same_however_cut(
        lambda: translation(upstream, client), wire(upstream)
    )
    decoder = client.decoder()
    events = [*decoder.feed(out), *decoder.finish()]

    assert (None, Sighting.ENDED, 15) == (error, sighting, usage.total)
    assert "It is fine: 5 \u20ac." in said
    assert 'short{"city":"Oslo"}' in said
    assert events


def test_usage_that_only_we_asked_for_is_taken_out():
    """And kept for the books."""
    data = ROLE + HELLO + STOP + USAGE + DONE
    out, _, usage, _, _ = same_however_cut(lambda: passthrough(wants_usage=False), data)

    assert ROLE + HELLO + STOP + DONE == out
    assert 7 == usage.total


ERROR = b'data: {"error":{"message":"busy","type":"server_error","code":503}}\n\n'


@pytest.mark.parametrize(
    "make", (passthrough, lambda: translation(OPENAI, ANTHROPIC)), ids=("passes", "translated")
)
@pytest.mark.parametrize(
    ("bad", "kind"),
    (
        (ERROR, GatewayError),
        (b"data: {nonsense}\n\n", Garbled),
        (b'data: {"x":"\xff"}\n\n', Garbled),
    ),
    ids=("error", "nonsense", "no text"),
)
def test_what_came_before_an_error_still_reaches_the_client(make, bad, kind):
    """However the two lay in the network's reads; nothing of what follows does."""
    out, (error, _), _, sighting, said = same_however_cut(make, ROLE + HELLO + bad + STOP + DONE)

    assert issubclass(error, kind)
    assert (b"hello" in out, "hello", Sighting.CONTENT) == (True, said, sighting)
    assert b"[DONE]" not in out
    assert b"message_stop" not in out


def test_what_is_no_text_is_found_after_any_kind_of_line_end():
    """The events before it pass, in one read as in many."""
    data = (ROLE + HELLO + b'data: {"x":"\xff"}\n\n').replace(b"\n", b"\r\n")
    out, (error, _), _, _, _ = same_however_cut(passthrough, data)

    assert (Garbled, (ROLE + HELLO).replace(b"\n", b"\r\n")) == (error, out)


MAKERS = (passthrough, lambda: translation(OPENAI, ANTHROPIC))


@pytest.mark.parametrize("make", MAKERS, ids=("passes", "translated"))
@pytest.mark.parametrize(
    "data",
    (
        b"",
        ROLE,
        ROLE + HELLO,
        ROLE + HELLO + STOP[:20],
        ROLE + HELLO + b'data: {"choices":[{"delta":{"content":"\xe2\x82',
        ROLE + HELLO + b": ping\n\n",
    ),
    ids=("nothing", "role", "content", "half an event", "half a letter", "comment"),
)
def test_an_end_without_a_reason_is_a_cut(make, data):
    """Never an ending: whoever pays for a whole answer must know that it is not one."""
    _, error, _, sighting, _ = same_however_cut(make, data)

    assert error[0] is Disconnected
    assert sighting in (Sighting.NOTHING, Sighting.CONTENT)


@pytest.mark.parametrize(
    "rest", (b"", USAGE, b"data: [DONE]", b"data: {half"), ids=lambda rest: rest[:12]
)
def test_an_end_behind_the_reason_is_whole(rest):
    """The sentinel is ours to add where it is missing; half an event there harms nobody."""
    data = ROLE + HELLO + STOP + rest
    out, error, _, _, _ = same_however_cut(passthrough, data)

    assert error is None
    assert out.startswith(ROLE + HELLO + STOP)
    assert 1 == out.count(b"[DONE]")
    assert b"half" not in out


def test_a_translation_ends_as_its_client_expects():
    """With the other dialect's own last event."""
    out, error, _, _, _ = same_however_cut(
        lambda: translation(OPENAI, ANTHROPIC), ROLE + HELLO + STOP
    )

    assert error is None
    assert out.rstrip().endswith(b'data: {"type":"message_stop"}')


@pytest.mark.parametrize(
    ("delta", "sighting"),
    (
        ({"role": "assistant", "content": ""}, Sighting.NOTHING),
        ({"content": "x"}, Sighting.CONTENT),
        ({"refusal": "no"}, Sighting.CONTENT),
        ({"reasoning_content": "hm"}, Sighting.CONTENT),
        (
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]},
            Sighting.CONTENT,
        ),
    ),
    ids=("role", "text", "refusal", "reasoning", "call"),
)
@pytest.mark.parametrize("make", MAKERS, ids=("passes", "translated"))
def test_what_counts_as_content(make, delta, sighting):
    """What a client would miss; until then another target may still take over unseen."""
    pipe = make()
    pipe.feed(ROLE + chunk(delta))

    assert sighting is pipe.sighting


def test_shortened_names_come_back():
    """A tool's name that was too long for the upstream, as the client wrote it."""
    data = wire(OPENAI)
    out, _, _, _, said = same_however_cut(
        lambda: translation(OPENAI, ANTHROPIC, {"short": LONG}), data
    )

    assert LONG.encode() in out
    assert b'"name":"short"' not in out
    assert LONG in said


def test_an_upstreams_error_keeps_its_meaning():
    """Whichever pipe it comes through."""
    for make in MAKERS:
        _, (error, message), _ = through(make(), ROLE + HELLO + ERROR, 5)
        assert (Overloaded, "busy") == (error, message)


def test_text_is_utf8():
    """All else no client could read."""
    check_text(b"plain")
    check_text("5 \u20ac".encode())
    with pytest.raises(Garbled):
        check_text(b"\xff")


def test_the_sample_holds_what_these_tests_rely_on():
    """Several events, and letters of several bytes to cut through."""
    assert wire(OPENAI).count(b"\n\n") > 5
    assert json.decode(wire(OPENAI).split(b"\n\n")[0].removeprefix(b"data: "))["id"]
    assert not wire(ANTHROPIC).isascii()


@pytest.mark.parametrize(
    ("upstream", "make"),
    (
        (OPENAI, passthrough),
        (ANTHROPIC, lambda: passthrough(ANTHROPIC)),
        (OPENAI, lambda: translation(OPENAI, ANTHROPIC)),
    ),
    ids=("openai", "anthropic", "translated"),
)
def test_what_was_said_is_kept_in_few_pieces(upstream, make):
    """A string for each event takes ten times the memory of the text; and nothing of that is lost."""
    words = [f"{number} " for number in range(2000)]
    encoder, pipe = upstream.encoder(request(upstream), STAMP), make()
    pipe.feed(encoder.feed([Started("a", "m", 1, {}, upstream.name), PartOpened(0, PartKind.TEXT)]))
    for word in words:
        pipe.feed(encoder.feed([PartDelta(0, word)]))

    assert "".join(words) == "".join(pipe.delivered)
    assert len(pipe.delivered) < 600


def halves(dialect):
    """A stream that says "one", half a character, "two", the other half and "three"."""
    events = [Started("a", "m", 1, {}, dialect.name), PartOpened(0, PartKind.TEXT)]
    events += [PartDelta(0, said) for said in ("one", "HIGH", "two", "LOW", "three")]
    events += [PartClosed(0), Finished(FinishReason.STOP), Ended()]
    told = bytes(dialect.encoder(request(dialect), STAMP).feed(events))
    return told.replace(b"HIGH", b"\\ud83d").replace(b"LOW", b"\\ude00")


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=lambda d: d.name)
def test_half_a_character_ends_no_stream(dialect):
    """Whoever cuts text by UTF-16 sends them; clients that pass them on know what to do."""
    data = halves(dialect)
    out, error, _, _, said = same_however_cut(lambda: passthrough(dialect), data)
    assert (data, None, "one�two�three") == (out, error, said)

    client = ANTHROPIC if dialect is OPENAI else OPENAI
    _, error, _, _, said = same_however_cut(lambda: translation(dialect, client), data)
    assert (None, "one�two�three") == (error, said)
