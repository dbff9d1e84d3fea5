"""Streams that pass through."""

import pytest

from tests.dialects.openai_chat.kit import DIALECT, DONE, STAMP, calls, chunk, request, text
from trunkline.canon.errors import Disconnected, Garbled, GatewayError, Throttled
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting

ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk(finish="stop")
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
SPENT = Usage(input=3, output=2)


def watcher(*, wants_usage=True):
    return DIALECT.watcher(wants_usage=wants_usage)


def test_sightings():
    """Role, content, reason, sentinel: how far the stream is."""
    watching = watcher()
    found = []
    for event in (ROLE, text("a"), text("b"), STOP, USAGE, DONE):
        assert event == watching.feed(event)
        found.append(watching.sighting)
    content, finished = Sighting.CONTENT, Sighting.FINISHED
    assert [Sighting.NOTHING, content, content, finished, finished, Sighting.ENDED] == found
    assert (SPENT, ["a", "b"]) == (watching.usage, watching.delivered)


def test_all_at_once():
    """One read or many, the same."""
    watching, stream = watcher(), ROLE + text("a") + text("b") + STOP + USAGE + DONE
    assert stream == watching.feed(stream)
    assert (Sighting.ENDED, SPENT, ["a", "b"]) == (
        watching.sighting,
        watching.usage,
        watching.delivered,
    )


@pytest.mark.parametrize(
    ("event", "said"),
    (
        (chunk({"reasoning_content": "r"}), ["r"]),
        (chunk({"reasoning": "r", "content": ""}), ["r"]),
        (chunk({"refusal": "no"}), ["no"]),
        (calls({"index": 0, "function": {"name": "f", "arguments": "{}"}}), ["f", "{}"]),
        (chunk({"function_call": {"name": "f"}}), ["f"]),
        (chunk({"content": [{"type": "text", "text": "a"}]}), ["a"]),
        (chunk({"audio": {"data": "x"}}), []),
    ),
)
def test_content(event, said):
    """Whatever a client would miss."""
    watching = watcher()
    assert event == watching.feed(event)
    assert (Sighting.CONTENT, said) == (watching.sighting, watching.delivered)


@pytest.mark.parametrize(
    "event", (ROLE, chunk({}), chunk({"tool_calls": []}), b": hi\n\n", b'data: {"choices":[]}\n\n')
)
def test_no_content(event):
    """Nothing a client would miss."""
    watching = watcher()
    assert event == watching.feed(event)
    assert Sighting.NOTHING is watching.sighting


@pytest.mark.parametrize("framing", (lambda b: b, lambda b: b.replace(b"\n", b"\r\n")))
def test_unwanted_usage(framing):
    """The event that only we asked for stays here; all else passes to the byte."""
    watching = watcher(wants_usage=False)
    stream = framing(ROLE + text("a") + STOP + USAGE + DONE)
    assert framing(ROLE + text("a") + STOP + DONE) == watching.feed(stream)
    assert SPENT == watching.usage
    assert b"" == watcher(wants_usage=False).feed(framing(USAGE))


def test_usage_beside_content():
    """Is not ours to take out."""
    event = text("a", usage={"prompt_tokens": 3, "completion_tokens": 2})
    watching = watcher(wants_usage=False)
    assert event == watching.feed(event)
    assert SPENT == watching.usage


def test_groq_usage():
    """In a field of its own."""
    watching = watcher()
    watching.feed(
        chunk(finish="stop", x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    )
    assert SPENT == watching.usage


@pytest.mark.parametrize(
    ("event", "kind"),
    (
        (b'data: {"error":{"code":429,"message":"x"}}\n\n', Throttled),
        (b'event: error\ndata: {"code":429,"message":"x"}\n\n', Throttled),
        (b"data: nonsense\n\n", Garbled),
        (b'data: {"choices":[],"usage":"\xff"}\n\n', Garbled),
        (b"data: 1\n\n", Garbled),
        (chunk(finish="error"), Disconnected),
    ),
)
@pytest.mark.parametrize("comment", (b"", b": hi\n\n"))
def test_errors(event, kind, comment):
    """Raised, with what came before them ready to be passed on."""
    watching = watcher(wants_usage=False)
    before = comment + text("a")
    with pytest.raises(kind):
        watching.feed(before + USAGE + event + text("b"))
    assert (before, ["a"]) == (watching.before_error, watching.delivered)


def test_done_without_a_finish():
    """The sentinel says that the answer is whole; alone it is none."""
    watching = watcher()
    watching.feed(text("a") + DONE)
    assert Sighting.ENDED is watching.sighting
    with pytest.raises(GatewayError):
        watcher().feed(DONE)
    with pytest.raises(GatewayError):
        watcher().feed(b": hi\n\n" + DONE)


def test_choices():
    """Finished when all of them are."""
    watching = watcher()
    watching.feed(text("a", index=0) + text("b", index=1) + chunk(finish="stop", index=0))
    assert Sighting.CONTENT is watching.sighting
    watching.feed(chunk(finish="stop", index=1))
    assert Sighting.FINISHED is watching.sighting


def test_unknown_shapes():
    """JSON of a shape we do not know may mean something to the client."""
    for event in (b'data: {"choices":"odd"}\n\n', b'data: {"choices":[{"index":"x"}]}\n\n'):
        watching = watcher()
        assert event == watching.feed(event)
        assert Sighting.CONTENT is watching.sighting


def test_usage_of_no_kind():
    """Passes, and counts for nothing."""
    event = text("a", usage={"prompt_tokens": "many"})
    watching = watcher()
    assert event == watching.feed(event)
    assert (None, Sighting.CONTENT) == (watching.usage, watching.sighting)


def test_usage_without_end():
    """Nesting that no decoder follows is no JSON of anybody's, even where the rest is of its shape."""
    event = b'data: {"choices":[],"usage":{"completion_tokens":%b}}\n\n'
    with pytest.raises(Garbled):
        watcher().feed(event % (b'{"":' * 1100))


def test_a_fault():
    """A stream that broke is told of as its own encoder would tell."""
    fault = watcher().fault(Disconnected("gone"), "req_1")
    assert DIALECT.encoder(request(), STAMP).fault(Disconnected("gone"), "req_1") == fault
    assert b"gone" in fault
