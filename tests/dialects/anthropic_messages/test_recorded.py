"""
Recorded traffic of the real API: what it took and gave must survive us.

Its own SDK is the judge of answers: what it reads from our bytes must be what it reads from
the API's.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from msgspec import json

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    STAMP,
    chat,
    deployment,
    events_of,
)
from trunkline.canon.answer import Answer
from trunkline.canon.errors import Disconnected, GatewayError, ModelMissing, Refused
from trunkline.canon.event import Event, Started, UsageReported
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Sighting

STOP = b'{"type":"message_stop"}'


def files(shared: Path, *patterns: str) -> list[Path]:
    found = sorted(path for pattern in patterns for path in (shared / "fixtures").glob(pattern))
    assert found
    return found


def exchanges(shared: Path) -> Iterator[tuple[str, bool, Any, Any]]:
    """Name, whether it only counts tokens, request body, response."""
    for path in files(shared, "anthropic/*.json"):
        recorded = json.decode(path.read_bytes())
        if "request" in recorded:
            request, response = recorded["request"], recorded["response"]
            yield path.name, "count_tokens" in request["path"], request["body"], response
    for path in files(shared, "clients/claude-code*.json"):
        for number, request in enumerate(json.decode(path.read_bytes())):
            if request["body"]:
                yield f"{path.name}#{number}", False, request["body"], {}


def answers(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Whole answers."""
    for path in files(shared, "anthropic/*.json"):
        recorded = json.decode(path.read_bytes())
        body = recorded.get("response", {}).get("body") if "request" in recorded else recorded
        if isinstance(body, dict) and body.get("type") == "message":
            yield path.name, json.encode(body)


@cache
def streams(shared: Path) -> list[tuple[str, bytes]]:
    """Framed as they came, or framed here; of two answers in one file the first."""
    found = [(path.name, path.read_bytes()) for path in files(shared, "anthropic/*.sse")]
    for path in files(shared, "anthropic/*.chunks.txt"):
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        if STOP in lines:
            lines = lines[: lines.index(STOP) + 1]
        frames = [
            b"event: %b\ndata: %b\n\n" % (json.decode(line)["type"].encode(), line)
            for line in lines
        ]
        found.append((path.name, b"".join(frames)))
    return found


def read(body: Any, *, counting: bool) -> ChatRequest:
    decode = DIALECT.decode_count_request if counting else DIALECT.decode_request
    return decode(json.encode(body), {})


def simple(content: Any) -> list[Any]:
    """A string is one text; blank text is none; the usual lifetime and "no error" go unsaid."""
    if content is None or isinstance(content, str):
        content = [{"type": "text", "text": content or ""}]
    blocks = []
    for block in content:
        block = dict(block)
        if block.get("cache_control"):
            block["cache_control"] = {
                k: v for k, v in block["cache_control"].items() if (k, v) != ("ttl", "5m")
            }
        if block["type"] == "tool_result":
            block["content"] = simple(block.get("content"))
            block["is_error"] = bool(block.get("is_error"))
        if block["type"] == "thinking":
            block.pop("cache_control", None)
        if block["type"] != "text" or block["text"].strip():
            blocks.append(block)
    return blocks


def normal(body: Any) -> Any:
    """The normalisations this dialect allows itself, and no others."""
    body = {name: value for name, value in body.items() if value is not None}
    if not body.get("stream"):
        body.pop("stream", None)
    if not body.get("tools"):
        body.pop("tools", None)
    if "system" in body:
        body["system"] = simple(body["system"])
    turns: list[Any] = []
    for message in body["messages"]:
        content = simple(message["content"])
        if not content:
            continue
        if turns and turns[-1]["role"] == message["role"] != "system":
            content = [*turns.pop()["content"], *content]
        content.sort(key=lambda block: block["type"] != "tool_result")
        turns.append({**message, "content": content})
    last = turns[-1]["content"][-1]
    if turns[-1]["role"] == "assistant" and last["type"] == "text":
        last["text"] = last["text"].rstrip()
    return {**body, "messages": turns}


def sdk(answer: bytes, *, stream: bool) -> Any:
    """What the API's own Python SDK makes of an answer."""
    kind = "text/event-stream" if stream else "application/json"

    def respond(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": kind}, content=answer)

    with anthropic.Anthropic(
        api_key="k",
        base_url="http://gateway",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(respond)),
    ) as client:
        asked: Any = {
            "model": "claude-opus-4-8",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "x"}],
        }
        if stream:
            with client.beta.messages.stream(**asked) as events:
                return comparable(events.get_final_message())
        return comparable(client.beta.messages.create(**asked))


def comparable(message: Any) -> Any:
    """
    Zero tokens are none; text that says nothing is no block, no citations are none; a plain end
    with a tool call is one that waits for its result.
    """
    fields = message.model_dump(warnings=False)
    fields["usage"] = {
        name: value
        for name, value in fields["usage"].items()
        if value and not (name == "cache_creation" and not any(value.values()))
    }
    fields["content"] = [
        {name: value for name, value in block.items() if value is not None and value != []}
        for block in fields["content"]
        if block != {"type": "text", "text": "", "citations": None}
        and not (block["type"] == "text" and not block["text"])
    ]
    kinds = {block["type"] for block in fields["content"]}
    if "fallback" in kinds:
        del fields["model"]  # accumulating a stream, the SDK renames it to the one that answered
    called = "tool_use" in kinds
    if called and fields["stop_reason"] == "end_turn":
        fields["stop_reason"] = "tool_use"
    return {name: value for name, value in fields.items() if value is not None}


def test_requests_decode_and_encode_to_themselves(shared: Path) -> None:
    """For the same dialect, up to the normalisations above."""
    for name, counting, body, _ in exchanges(shared):
        request = read(body, counting=counting)
        encoded = DIALECT.encode_request(request, deployment(body["model"]))
        sent = json.decode(encoded.body)
        if counting:
            del sent["max_tokens"]

        assert normal(body) == normal(sent), name
        assert () == encoded.notes, name


def test_requests_decode_to_the_same_again(shared: Path) -> None:
    """decode∘encode∘decode is decode, once normalised."""
    for name, counting, body, _ in exchanges(shared):
        once = DIALECT.encode_request(read(body, counting=counting), deployment(body["model"]))
        request = DIALECT.decode_request(once.body, {})
        again = DIALECT.encode_request(request, deployment(body["model"]))

        assert once.body == again.body, name
        assert json.encode(request) == json.encode(DIALECT.decode_request(again.body, {})), name


def test_requests_go_to_other_models(shared: Path) -> None:
    """To an older Claude, or to a look-alike: no recorded request is beyond expression."""
    for name, counting, body, _ in exchanges(shared):
        for model in ("claude-3-5-haiku-latest", "deepseek-chat"):
            encoded = DIALECT.encode_request(read(body, counting=counting), deployment(model))
            assert model == json.decode(encoded.body)["model"], name


def test_whole_answers_survive(shared: Path) -> None:
    """decode, then encode: its SDK reads the same."""
    for name, body in answers(shared):
        ours = DIALECT.encode_answer(DIALECT.decode_answer(body), chat(), STAMP)

        assert sdk(body, stream=False) == sdk(ours, stream=False), name


def test_whole_answers_streamed_say_the_same(shared: Path) -> None:
    """A stream of our making amounts to the whole."""
    for name, body in answers(shared):
        answer = DIALECT.decode_answer(body)
        if answer.choices[0].finish is None:
            continue  # a hand-made one without a reason: no stream ends so
        events = sorted(unfold(answer), key=early)
        stream = DIALECT.encoder(chat(), STAMP).feed(events)

        assert [] == violations(events), name
        assert sdk(body, stream=False) == sdk(stream, stream=True), name


def early(event: Event) -> int:
    """Usage behind the start: message_start alone tells how cache writes split by lifetime."""
    return {Started: 0, UsageReported: 1}.get(type(event), 2)


def test_streams_decode_in_any_chunking(shared: Path) -> None:
    """Whole, byte by byte, and by sevens; the grammar is obeyed."""
    for name, stream in streams(shared):
        events = events_of(stream)

        assert [] == violations(events), name
        for width in (1, 7):
            if width > 1 or len(stream) < 20_000:
                assert json.encode(events) == json.encode(events_of(stream, width)), name


def test_streams_survive(shared: Path) -> None:
    """decode, then encode: its SDK accumulates the same; and whole, the answer says it, too."""
    for name, stream in streams(shared):
        events = events_of(stream)
        theirs = sdk(stream, stream=True)
        ours = DIALECT.encoder(chat(), STAMP).feed(events)
        whole = DIALECT.encode_answer(fold(events), chat(), STAMP)

        assert theirs == sdk(ours, stream=True), name
        assert theirs == sdk(whole, stream=False), name


def test_streams_are_watched(shared: Path) -> None:
    """The watcher sees the end, the usage and the content that the decoder sees."""
    for name, stream in streams(shared):
        watcher = DIALECT.watcher(wants_usage=True)
        answer = fold(events_of(stream))

        assert stream == watcher.feed(stream)
        assert (Sighting.ENDED, answer.usage) == (watcher.sighting, watcher.usage), name
        assert said(answer) in "".join(watcher.delivered), name


def said(answer: Answer) -> str:
    """The text of the longest part, which passes in one piece or many."""
    texts = [getattr(part, "text", "") for part in answer.choices[0].parts]
    return max(texts, key=len, default="")


def test_streams_cut_anywhere_are_cut(shared: Path) -> None:
    """At every event before the reason: an error, never an ending."""
    for name, stream in streams(shared):
        blocks = stream.split(b"\n\n")
        told = next(at for at, block in enumerate(blocks) if b'"message_delta"' in block)
        for at in range(0, told, 1 + told // 20):
            with pytest.raises(Disconnected):
                events_of(b"\n\n".join([*blocks[:at], b""]))
        found: list[Event] = events_of(b"\n\n".join([*blocks[: told + 1], b""]))
        assert [] == violations(found), name
        assert any(isinstance(event, UsageReported) for event in found), name


def test_errors_are_told_apart(shared: Path) -> None:
    """The recorded refusals, with the API's own words."""
    found: list[GatewayError] = [
        DIALECT.decode_error(response["status"], (), json.encode(response["body"]))
        for _, _, _, response in exchanges(shared)
        if response.get("status", 200) >= 400
    ]

    assert {Refused, ModelMissing} == {type(error) for error in found}
    assert any("xhigh" in error.message for error in found)
