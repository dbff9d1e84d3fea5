"""
What coding agents really send (recorded), in shape, size and headers: both dialects take it.

Recordings hold "<text 6062 chars>" where people's words stood; they are as long again here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.integration.books import Told, of_ledger, thought_blocks
from tests.integration.program import Answer, Gateway, call, losses

CLAUDE_CODE = (
    "claude-code-2.1.197.json",
    "claude-code-2.1.197-haiku-jsonschema.json",
    "claude-code-2.1.197-authtoken-nobetas.json",
)
OPENCODE = "opencode-1.18.33.json"
_CUT = re.compile(r"<text (\d+) chars>")
# The gateway's own: these are set by whoever sends.
_NOT_SENT = {"host", "content-length", "connection", "x-api-key", "authorization"}
LOSES = ("near", "far", "far-responses", "far-gemini")


def full(value: Any) -> Any:
    """With text where it was cut out."""
    if isinstance(value, dict):
        return {key: full(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [full(inner) for inner in value]
    if isinstance(value, str):
        return _CUT.sub(lambda cut: ("word " * int(cut[1]))[: int(cut[1])], value)
    return value


def recorded(shared: Path, name: str) -> list[Any]:
    return list(msgspec.json.decode((shared / "fixtures/clients" / name).read_bytes()))


def send(gateway: Gateway, request: Any, model: str) -> Answer:
    headers = {n: v for n, v in request["headers"].items() if n.lower() not in _NOT_SENT}
    headers["x-api-key"] = gateway.key
    body = full(request["body"])
    if body is not None:
        body["model"] = model
    return call(gateway.base, request["method"], request["path"], body, headers)


def events(answer: Answer) -> Iterator[Any]:
    """The data of a stream's events."""
    for line in answer.body.splitlines():
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            yield msgspec.json.decode(line[6:])


@pytest.mark.parametrize("name", CLAUDE_CODE)
def test_claude_code(shared: Path, gateway: Gateway, upstream: str, name: str) -> None:
    """Its probe, and its requests of 76 to 116 KB with 25 tools, thinking and every beta."""
    for request in recorded(shared, name):
        answer = send(gateway, request, f"{upstream}/sim-reason")
        assert 200 == answer.status, answer.body
        if request["method"] == "HEAD":
            continue
        assert request["path"].endswith("?beta=true")
        told = list(events(answer))
        kinds = [event["type"] for event in told]
        assert ("message_start", "message_stop") == (kinds[0], kinds[-1])
        blocks = [e["content_block"]["type"] for e in told if e["type"] == "content_block_start"]
        assert thought_blocks(upstream) == blocks
        assert "end_turn" == told[-2]["delta"]["stop_reason"]
        start, usage = told[0]["message"]["usage"], told[-2]["usage"]
        assert start["input_tokens"] > 5000
        entry = gateway.entry(answer.headers["request-id"])
        assert Told(usage["input_tokens"], 0, 0, usage["output_tokens"]) == of_ledger(entry)
        assert (upstream in LOSES) == bool(losses(answer.headers))


@pytest.mark.parametrize("name", CLAUDE_CODE)
def test_claude_code_asks_again_without_a_stream(
    shared: Path, gateway: Gateway, upstream: str, name: str
) -> None:
    """After a broken stream it sends the same request without the flag: the same answer, whole."""
    request = recorded(shared, name)[-1]
    streamed = send(gateway, request, f"{upstream}/sim-reason")
    del request["body"]["stream"]

    whole = send(gateway, request, f"{upstream}/sim-reason").json()

    texts = [e["delta"].get("text", "") for e in events(streamed) if "delta" in e]
    assert thought_blocks(upstream) == [block["type"] for block in whole["content"]]
    assert whole["content"][1]["text"] == "".join(texts)


def test_claude_code_calls_its_tools(shared: Path, gateway: Gateway, upstream: str) -> None:
    """Arguments made from the schemas of its own tools come through as one call."""
    request = recorded(shared, CLAUDE_CODE[0])[1]

    told = list(events(send(gateway, request, f"{upstream}/sim-tools@calls=1")))

    (block,) = [e["content_block"] for e in told if e["type"] == "content_block_start"]
    pieces = [e["delta"].get("partial_json", "") for e in told if "delta" in e]
    assert "tool_use" == told[-2]["delta"]["stop_reason"]
    assert request["body"]["tools"][0]["name"] == block["name"]
    assert isinstance(msgspec.json.decode("".join(pieces)), dict)


def test_opencode(shared: Path, gateway: Gateway, upstream: str) -> None:
    """Its chat completions and messages, with tools and reasoning, streamed."""
    served = {"/v1/chat/completions", "/v1/messages"}
    for request in recorded(shared, OPENCODE):
        if request["path"] not in served:
            continue
        answer = send(gateway, request, f"{upstream}/sim-chat")
        assert 200 == answer.status, answer.body
        last = list(events(answer))[-1]
        assert "message_stop" == last.get("type") or last["usage"]["total_tokens"] > 0
