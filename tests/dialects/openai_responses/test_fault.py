"""Faults within a stream."""

from msgspec import json

from trunkline.canon.errors import ContextLengthExceeded, Disconnected
from trunkline.dialects.openai_responses.fault import fault_events
from trunkline.wire.sse import frames


def test_both_events():
    """They count on; the error nests, the response is the one that had begun, failed."""
    response = {"id": "resp_1", "status": "in_progress", "output": []}
    told = fault_events(Disconnected("cut"), 5, response)
    (first, error), (second, failed) = ((n, json.decode(data)) for n, data in frames(told))

    assert (b"error", b"response.failed") == (first, second)
    assert ("error", 5, "cut") == (
        error["type"],
        error["sequence_number"],
        error["error"]["message"],
    )
    assert 6 == failed["sequence_number"]
    assert {
        "id": "resp_1",
        "status": "failed",
        "output": [],
        "usage": None,
        "error": {"code": "upstream_disconnected", "message": "cut"},
    } == failed["response"]


def test_the_code_an_agent_needs():
    """Codex compacts its context when it reads this one."""
    told = fault_events(ContextLengthExceeded("too long"), 0, {})
    assert b'"code":"context_length_exceeded"' in told.split(b"event: response.failed")[1]
