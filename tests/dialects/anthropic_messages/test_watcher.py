"""Tests of a passing stream watched."""

from typing import Any

import pytest

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    STOP,
    block_start,
    block_stop,
    delta,
    message_delta,
    message_start,
    sse,
    text_stream,
)
from trunkline.canon.errors import Disconnected, Garbled, Overloaded
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting

ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def seen(*events: dict[str, Any]) -> Any:
    watcher = DIALECT.watcher(wants_usage=False)
    stream = sse(*events)
    assert stream == watcher.feed(stream)
    return watcher


@pytest.mark.parametrize(
    "event, sighting",
    (
        (message_start(), Sighting.NOTHING),
        ({"type": "ping"}, Sighting.NOTHING),
        ({"type": "weather"}, Sighting.NOTHING),
        (block_start(0, type="text", text=""), Sighting.NOTHING),
        (block_start(0, type="text", text="x"), Sighting.CONTENT),
        (block_start(0, type="tool_use", id="t", name="f", input={}), Sighting.CONTENT),
        (block_start(0, type="thinking", thinking="", signature=""), Sighting.CONTENT),
        (block_start(0, type="redacted_thinking", data="D"), Sighting.CONTENT),
        (block_start(0, type="server_tool_use", id="s", name="n", input={}), Sighting.CONTENT),
        (delta(0, type="text_delta", text=""), Sighting.NOTHING),
        (delta(0, type="text_delta", text="x"), Sighting.CONTENT),
        (delta(0, type="thinking_delta", thinking="x"), Sighting.CONTENT),
        (delta(0, type="input_json_delta", partial_json="{"), Sighting.CONTENT),
        (delta(0, type="signature_delta", signature="Eq"), Sighting.CONTENT),
        ({"type": "content_block_delta", "index": 0}, Sighting.NOTHING),
        (block_stop(0), Sighting.NOTHING),
        ({"type": "message_delta", "delta": {"stop_reason": None}}, Sighting.NOTHING),
        (message_delta(), Sighting.FINISHED),
        (STOP, Sighting.ENDED),
    ),
)
def test_how_far_it_is(event: dict[str, Any], sighting: Sighting) -> None:
    """Nothing is what a client would not miss."""
    assert sighting is seen(event).sighting


def test_it_never_goes_back() -> None:
    """What has finished stays finished."""
    assert (
        Sighting.FINISHED is seen(message_delta(), delta(0, type="text_delta", text="x")).sighting
    )


def test_usage_and_content() -> None:
    """The last usage stands; all that was said is kept for an estimate."""
    watcher = seen(
        message_start(input_tokens=10, cache_read_input_tokens=5, output_tokens=1),
        delta(0, type="text_delta", text="a"),
        block_start(1, type="tool_use", id="t", name="f", input={}),
        delta(1, type="input_json_delta", partial_json="{}"),
        delta(2, type="thinking_delta", thinking="hm"),
        message_delta(output=7),
        STOP,
    )

    assert Usage(input=10, cache_read=5, output=7) == watcher.usage
    assert ["a", "f", "{}", "hm"] == watcher.delivered


def test_before_any_usage_there_is_none() -> None:
    """Not zero."""
    assert seen({"type": "ping"}).usage is None


def test_any_framing() -> None:
    """Line ends and missing names make no difference."""
    watcher = DIALECT.watcher(wants_usage=True)
    stream = (
        text_stream("a").replace(b"\n", b"\r\n")
        + b'data:{"type":"content_block_delta",\ndata: "delta":{"text":"b"}}\n\ndata: [DONE]\n\n'
    )

    assert stream == watcher.feed(stream)
    assert ["a", "b"] == watcher.delivered


@pytest.mark.parametrize("newline", (b"\n", b"\r\n", b"\r"))
@pytest.mark.parametrize(
    "bad, error", ((sse(ERROR), Overloaded), (b"data: {\n\n", Garbled), (b"data: 3\n\n", Garbled))
)
def test_what_came_before_an_error(newline: bytes, bad: bytes, error: type[Exception]) -> None:
    """It may still be forwarded; the offender and what follows may not."""
    good = b": hello\n\n" + sse(
        message_start(), {"type": "ping"}, delta(0, type="text_delta", text="x")
    )
    good, bad = good.replace(b"\n", newline), (bad + sse(STOP)).replace(b"\n", newline)
    watcher = DIALECT.watcher(wants_usage=True)

    with pytest.raises(error):
        watcher.feed(good + bad)

    assert good == watcher.before_error


def test_an_error_alone() -> None:
    """Nothing came before it."""
    watcher = DIALECT.watcher(wants_usage=True)

    with pytest.raises(Overloaded):
        watcher.feed(sse(ERROR))

    assert b"" == watcher.before_error


def test_a_fault() -> None:
    """An error event with the request's id, whatever has passed."""
    fault = DIALECT.watcher(wants_usage=True).fault(Disconnected("gone"), "req_1")
    assert fault.startswith(b"event: error\ndata: {")
    assert fault.endswith(b'"request_id":"req_1"}\n\n')
