"""Streams that pass."""

import pytest
from msgspec import json

from tests.dialects.openai_responses.upstream import (
    RESPONSE,
    added,
    created,
    delta,
    done,
    ended,
    event,
    message,
)
from trunkline.canon.errors import Disconnected, Garbled, QuotaExhausted, Throttled
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting
from trunkline.dialects.openai_responses.watcher import StreamWatcher
from trunkline.wire.sse import frames

ERROR = b'event: error\ndata: {"type":"error","error":{"code":"rate_limit_exceeded","message":"Slow."}}\n\n'


def watched(*blocks):
    watcher = StreamWatcher()
    for block in blocks:
        assert block == watcher.feed(block)
    return watcher


def test_how_far():
    """Announcements are nothing yet; the last event is the end."""
    before = created() + event("in_progress", response=RESPONSE) + added(0, "message")
    assert Sighting.NOTHING is watched(before).sighting
    assert Sighting.CONTENT is watched(before, delta(0, "hi", content_index=0)).sighting
    assert Sighting.ENDED is watched(before, ended()).sighting
    assert Sighting.ENDED is watched(before, ended("incomplete")).sighting


@pytest.mark.parametrize(
    "block",
    (
        added(0, "function_call", call_id="c", name="f"),
        added(0, "web_search_call"),
        done(0, "reasoning", encrypted_content="gAAA"),
        delta(0, "Hm", "reasoning_summary_text", summary_index=0),
        b'data: {"type":"response.refusal.delta","delta":"no","output_index":0}\n\n',
    ),
)
def test_what_a_client_would_miss(block):
    """From here on nothing can be undone."""
    assert Sighting.CONTENT is watched(created(), block).sighting


def test_what_a_client_would_not_miss():
    """Reasoning that only begins, deltas of nothing."""
    silent = (added(0, "reasoning"), delta(0, "", content_index=0), b": waiting\n\n")
    assert Sighting.NOTHING is watched(created(), *silent).sighting


def test_what_was_said():
    """Text, reasoning, names and arguments, once each; and what it took."""
    watcher = watched(
        created(),
        delta(0, "Hm.", "reasoning_summary_text", summary_index=0),
        message(1, "Hel", "lo"),
        added(2, "function_call", call_id="c", name="f"),
        delta(2, "{}", "function_call_arguments"),
        done(2, "function_call", call_id="c", name="f", arguments="{}"),
        event("shell_call_output_content.delta", output_index=3, delta={"stdout": "x"}),
        ended(),
    )
    assert ["Hm.", "Hel", "lo", "f", "{}"] == watcher.delivered
    assert Usage(input=5, cache_read=4, output=3, reasoning=2) == watcher.usage


@pytest.mark.parametrize("join", (b"\n", b"\r\n"))
def test_errors_are_raised(join):
    """What came before in the same read may still go out."""
    before = (created() + message(0, "hi")).replace(b"\n", join)
    watcher = StreamWatcher()
    with pytest.raises(Throttled, match="Slow"):
        watcher.feed(before + ERROR.replace(b"\n", join) + ended())
    assert before == watcher.before_error


def test_a_failed_response():
    """Told by itself; its usage counts."""
    failed = ended("failed", error={"code": "insufficient_quota", "message": "Pay."})
    watcher = StreamWatcher()
    with pytest.raises(QuotaExhausted):
        watcher.feed(created() + failed)
    assert (created(), 14) == (watcher.before_error, watcher.usage.total)
    with pytest.raises(Disconnected):
        StreamWatcher().feed(ended("failed", error=None))


def test_what_is_not_this_dialect():
    """Garbled; another API's stream by its name."""
    with pytest.raises(Garbled):
        StreamWatcher().feed(b"data: {\n\n")
    with pytest.raises(Garbled, match="Chat Completions"):
        StreamWatcher().feed(b'data: {"object":"chat.completion.chunk","choices":[]}\n\n')


def test_another_dialects_sentinel():
    """Passes, and says nothing."""
    assert Sighting.ENDED is watched(created(), ended(), b"data: [DONE]\n\n").sighting


def test_a_fault_of_ours():
    """Counts on from the last event, whatever it was, and fails the response that had begun."""
    watcher = watched(created(), delta(0, "hi", content_index=0, sequence_number=4))
    told = [json.decode(data) for _, data in frames(watcher.fault(Disconnected("cut"), "req_1"))]
    assert [5, 6] == [event["sequence_number"] for event in told]
    assert ("resp_1", "failed", "m") == (
        told[1]["response"]["id"],
        told[1]["response"]["status"],
        told[1]["response"]["model"],
    )
    later = watched(created(), event("odd.thing", sequence_number=9, delta=[7], item=7))
    first = json.decode(frames(later.fault(Disconnected("cut"), "req_1"))[0][1])
    assert 10 == first["sequence_number"]


def test_a_fault_before_anything():
    """Nothing had begun, yet the client is told in form."""
    told = frames(StreamWatcher().fault(Disconnected("cut"), "req_01"))
    assert [0, 1] == [json.decode(data)["sequence_number"] for _, data in told]
    assert "resp_01" == json.decode(told[1][1])["response"]["id"]
