"""The service tier that an answer says it was served at, in every dialect that tells of it."""

import pytest
from msgspec import UNSET, Raw, json

from trunkline.canon.fold import fold
from trunkline.dialects.registry import DIALECTS
from trunkline.dialects.service_tier import tier_told

CHAT = {
    "id": "c",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}
RESPONSE = {
    "id": "r",
    "object": "response",
    "status": "completed",
    "output": [],
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
GENERATED = {
    "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2},
}


def anthropic(**usage):
    return {**MESSAGE, "usage": {**MESSAGE["usage"], **usage}}


def gemini(**usage):
    return {**GENERATED, "usageMetadata": {**GENERATED["usageMetadata"], **usage}}


TOLD = (
    ("openai-chat", {**CHAT, "service_tier": "flex"}, "flex"),
    ("openai-chat", {**CHAT, "service_tier": None}, ""),
    ("openai-chat", {**CHAT, "service_tier": 7}, ""),
    ("openai-chat", {**CHAT, "model": "\u20ac", "service_tier": "priority"}, "priority"),
    ("openai-responses", {**RESPONSE, "service_tier": "default"}, "default"),
    ("openai-responses", {**RESPONSE, "service_tier": ["flex"]}, ""),
    ("anthropic-messages", anthropic(service_tier="standard"), "standard"),
    ("anthropic-messages", anthropic(service_tier="standard", speed="fast"), "fast"),
    ("anthropic-messages", anthropic(service_tier=1, speed={}), ""),
    ("gemini", gemini(serviceTier="priority"), "priority"),
    ("gemini", gemini(trafficType="ON_DEMAND_FLEX"), "flex"),
    ("gemini", gemini(trafficType="PROVISIONED_THROUGHPUT"), ""),
)


@pytest.mark.parametrize(("name", "answer", "tier"), TOLD)
def test_whole_answers_tell(name, answer, tier):
    """Read whole, or for the bill alone; what is no word is no reason to lose answer or bill."""
    body = json.encode(answer)
    for usage in (DIALECTS[name].decode_answer(body).usage, DIALECTS[name].read_usage(body)):
        assert (3, 2, tier) == (usage.input, usage.output, usage.tier)


CHUNK = (
    b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"service_tier":"priority",'
    b'"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
    b"data: [DONE]\n\n"
)
CREATED = b'data: {"type":"response.created","response":{"id":"r","status":"in_progress"}}\n\n'
COMPLETED = b'data: {"type":"response.completed","response":%b}\n\n'
STARTED = b'event: message_start\ndata: {"type":"message_start","message":%b}\n\n'
DELTA = (
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    b'"usage":{"output_tokens":2}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
)
STREAMS = (
    ("openai-chat", CHUNK, "priority"),
    (
        "openai-responses",
        CREATED + COMPLETED % json.encode({**RESPONSE, "service_tier": "flex"}),
        "flex",
    ),
    (
        "anthropic-messages",
        STARTED % json.encode({**anthropic(speed="fast"), "content": []}) + DELTA,
        "fast",
    ),
    ("gemini", b"data: " + json.encode(gemini(serviceTier="flex")) + b"\r\n\r\n", "flex"),
)


@pytest.mark.parametrize(("name", "stream", "tier"), STREAMS)
def test_streams_tell(name, stream, tier):
    """Whether they are translated or watched."""
    decoder, watcher = DIALECTS[name].decoder(), DIALECTS[name].watcher(wants_usage=True)
    events = [*decoder.feed(stream), *decoder.finish()]
    watcher.feed(stream)

    assert (3, 2, tier) == (watcher.usage.input, watcher.usage.output, watcher.usage.tier)
    assert watcher.usage == fold(events).usage


def test_no_word_is_none():
    """Absent, null, or something else."""
    assert "flex" == tier_told(Raw(b'"flex"'))
    assert [""] * 4 == [tier_told(raw) for raw in (None, UNSET, Raw(b"null"), Raw(b"[1"))]
