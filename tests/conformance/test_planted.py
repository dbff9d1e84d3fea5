"""The suites see what they are there to see: each planted bug, in the smallest exchange that has it."""

from collections.abc import Iterator

import pytest
from msgspec import json

from tests.conformance import broken
from tests.conformance.recordings import ANTHROPIC, GEMINI, OPENAI, RESPONSES, Recording
from tests.conformance.suites import SUITES
from tests.conformance.ways import Ways
from trunkline.dialects.openai_responses.dialect import OpenAIResponses

HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
NO_CHOICE = {**HEAD, "choices": [], "usage": USAGE}


def chunk(finish: str | None = None, **delta: object) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {**HEAD, "choices": [choice], "usage": None}


def call(index: int, **function: str) -> dict[str, object]:
    named = {"id": f"call_{index}", "type": "function"} if "name" in function else {}
    return {"index": index, **named, "function": function}


CHUNKS = (
    chunk(role="assistant", content=""),
    chunk(reasoning_content="They want "),
    chunk(reasoning_content="both."),
    chunk(content="Let me look."),
    chunk(tool_calls=[call(0, name="weather", arguments="")]),
    chunk(tool_calls=[call(1, name="time", arguments="")]),
    chunk(tool_calls=[call(0, arguments='{"city":"Oslo"}')]),
    chunk(tool_calls=[call(1, arguments="{}")]),
    chunk("tool_calls"),
    NO_CHOICE,
)
MESSAGE = {
    "role": "assistant",
    "content": "Let me look.",
    "refusal": None,
    "reasoning_content": "They want both.",
    "tool_calls": [
        {"id": "call_0", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
        {"id": "call_1", "type": "function", "function": {"name": "time", "arguments": "{}"}},
    ],
}
WHOLE = {
    **HEAD,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls", "logprobs": None}],
    "usage": USAGE,
}
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stop": ["END"]}
REFUSED = {"error": {"message": "no", "type": "x", "param": None, "code": "invalid_value"}}

STREAM = Recording(
    id="stream",
    provider="p",
    dialect=OPENAI,
    stream=b"".join(b"data: %b\n\n" % json.encode(c) for c in CHUNKS) + b"data: [DONE]\n\n",
)
ANSWER = Recording(id="whole", provider="p", dialect=OPENAI, body=json.encode(WHOLE))
REQUEST = Recording(id="request", provider="p", dialect=OPENAI, request=json.encode(ASKED))
MESSAGES = Recording(
    id="messages",
    provider="p",
    dialect=ANTHROPIC,
    request=json.encode(
        {"model": "m", "messages": ASKED["messages"], "system": "Be brief.", "max_tokens": 9}
    ),
)
PROVEN = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "They want both.", "thought": True},
                    {"text": "Let me look.", "thoughtSignature": "c2lnbmVk"},
                    {"functionCall": {"name": "f"}, "thoughtSignature": "Y2FsbGVk"},
                ],
            },
            "finishReason": "STOP",
        }
    ],
    "modelVersion": "m",
    "responseId": "r",
}
GOOGLE = Recording(
    id="google",
    provider="p",
    dialect=GEMINI,
    request=json.encode({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
    body=json.encode(PROVEN),
)
ERROR = Recording(id="e", provider="p", dialect=OPENAI, status=400, body=json.encode(REFUSED))


RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 7,
    "model": "m",
    "status": "completed",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "function_call", "id": "a", "call_id": "c_a", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call", "id": "b", "call_id": "c_b", "name": "f", "arguments": '{"b":2}'},
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    },
}


def told(kind: str, **fields: object) -> bytes:
    name = f"response.{kind}"
    return b"event: %b\ndata: %b\n\n" % (name.encode(), json.encode({"type": name, **fields}))


def items(output: list[dict[str, str]]) -> Iterator[bytes]:
    """Both calls open before either has its arguments."""
    for place, item in enumerate(output):
        yield told("output_item.added", output_index=place, item={**item, "arguments": ""})
    for place, item in enumerate(output):
        given, place_of = item.get("arguments", ""), {"output_index": place, "item_id": item["id"]}
        if given:
            yield told("function_call_arguments.delta", delta=given, **place_of)
    for place, item in enumerate(output):
        yield told("output_item.done", output_index=place, item=item)


RESPONSE_STREAM = Recording(
    id="response-stream",
    provider="p",
    dialect=RESPONSES,
    stream=b"".join(
        (
            told("created", response={**RESPONSE, "status": "in_progress", "output": []}),
            *items(RESPONSE["output"]),
            told("completed", response=RESPONSE),
        )
    ),
)
RESPONSE_WHOLE = Recording(
    id="response-whole", provider="p", dialect=RESPONSES, body=json.encode(RESPONSE)
)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    "recording",
    (STREAM, ANSWER, REQUEST, MESSAGES, GOOGLE, ERROR, RESPONSE_STREAM, RESPONSE_WHOLE),
    ids=lambda r: r.id,
)
def test_nothing_is_seen_where_nothing_is_wrong(suite: str, recording: Recording) -> None:
    """The dialects as they are pass every suite."""
    assert () == SUITES[suite](Ways(openai=broken.Healthy()), recording).faults


@pytest.mark.parametrize(
    "suite, bug, recording",
    (
        ("same", broken.Thoughtless, STREAM),
        ("same", broken.HardOfHearing, STREAM),
        ("same", broken.HardOfHearing, ANSWER),
        ("same", broken.Merging, STREAM),
        ("same", broken.Merging, ANSWER),
        ("same", broken.Leaking, STREAM),
        ("same", broken.Forgetful, REQUEST),
        ("cross", broken.HardOfHearing, STREAM),
        ("cross", broken.HardOfHearing, ANSWER),
        ("cross", broken.Merging, ANSWER),
        ("requests", broken.Forgetful, REQUEST),
        ("requests", broken.Untyped, MESSAGES),
        ("requests", broken.Hushing, MESSAGES),
        ("streams", broken.Thoughtless, STREAM),
        ("streams", broken.Thoughtless, ANSWER),
        ("streams", broken.Merging, STREAM),
        ("cuts", broken.Hopeful, STREAM),
        ("cuts", broken.Leaking, STREAM),
        ("errors", broken.Blaming, ERROR),
    ),
    ids=lambda value: getattr(value, "id", None) or getattr(value, "__name__", value),
)
def test_a_planted_bug_is_seen(suite: str, bug: type[broken.Healthy], recording: Recording) -> None:
    """A broken dialect fails the suite."""
    assert () != SUITES[suite](Ways(openai=bug()), recording).faults


@pytest.mark.parametrize("suite", ("same", "cross"))
def test_a_proof_that_is_lost_is_seen(suite: str) -> None:
    """Of what Gemini thought: its own clients miss it, and so do others."""
    assert () != SUITES[suite](Ways(gemini=broken.Careless()), GOOGLE).faults


@pytest.mark.parametrize(
    "suite, bug, recording",
    (
        ("same", broken.Muddled, RESPONSE_STREAM),
        ("cross", broken.Muddled, RESPONSE_STREAM),
        ("cross", broken.Sealing, RESPONSE_WHOLE),
    ),
    ids=lambda value: getattr(value, "id", None) or getattr(value, "__name__", value),
)
def test_a_planted_bug_in_responses_is_seen(
    suite: str, bug: type[OpenAIResponses], recording: Recording
) -> None:
    """A broken dialect fails the suite, here too."""
    assert () != SUITES[suite](Ways(responses=bug()), recording).faults
