"""Cohere's recorded answers, which no client's SDK reads: as every client gets them, and the way out."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, ValidationError, field, json
from msgspec.structs import replace

from tests.conformance import sdk, streams
from tests.conformance.cross import told
from tests.conformance.losses import Patterns, explained, leaves
from tests.conformance.meaning import (
    END,
    LENGTH,
    TOOL,
    Call,
    Counts,
    Meaning,
    Turn,
    meaning,
    seen_by,
)
from tests.conformance.recordings import COHERE, Recording, recordings_in
from tests.conformance.upstream import cut, halves, strings, unsaid
from tests.conformance.ways import CLIENTS, Verdict, Ways, deployment, through
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Unsupported

_STOPS: Mapping[str, str] = {
    "COMPLETE": END,
    "STOP_SEQUENCE": END,
    "MAX_TOKENS": LENGTH,
    "TOOL_CALL": TOOL,
}
_WIDTHS = (1 << 20, 61, 7)
_CARRIED: Patterns = tuple((pattern, "") for pattern in (
    "id",  # the answer has one of its own
    "finish_reason",
    "message.role",
    "message.content[].type",
    "message.content[].text",
    "message.content[].thinking",
    "message.tool_plan",
    "message.tool_calls[].*",
    "usage.billed_units.*",
))  # fmt: skip
"""What is compared by its meaning."""
_LOST: Patterns = (("message.citations[].*", "citations"), ("usage.*", "usage"))
PLACES = (
    deployment(COHERE, "command-a-reasoning-08-2025", max_temperature=1.0, mid_system=False),
    deployment(COHERE, "command-r7b-12-2024", efforts=(), schema_output=False, mid_system=False),
)
"""A model that thinks, and one that takes less."""


def answers(shared: Path) -> tuple[Recording, ...]:
    return tuple(r for r in recordings_in(shared) if r.dialect == COHERE)


def check(ways: Ways, recording: Recording) -> Verdict:
    """Whole, as the stream it was or would have been, and cut: what every SDK makes of it."""
    if recording.dialect != COHERE or not recording.is_answer:
        return Verdict()
    recorded = json.decode(recording.body) if recording.body else _gathered(recording.stream or b"")
    faults = [f for client in CLIENTS for f in _read(ways, recording, recorded, client)]
    faults += streams.check(ways, recording).faults
    rest, _ = explained(dict.fromkeys(p for p, _ in leaves(recorded)), _CARRIED)
    unknown, losses = explained(rest, _LOST)
    faults += [f"nothing says what becomes of {path}" for path in unknown]
    return Verdict(tuple(faults), tuple(losses))


def _read(ways: Ways, recording: Recording, recorded: Any, client: str) -> Iterator[str]:
    expected = seen_by(client, _meaning(recorded))
    events = _events(recording.stream) if recording.stream else [*_streamed(recorded)]
    stream = b"".join(events)
    received = []
    if recording.body is not None:
        received.append(sdk.STRICT.whole(client, ways.whole(recording, client)))
    for width in _WIDTHS:
        pieces = [stream[at : at + width] for at in range(0, len(stream), width)]
        out = through(ways.translation(recording, client), pieces)
        received.append(sdk.STRICT.streamed(client, out))
    for answer in received:
        yield from told(expected, replace(meaning(client, answer), model=""), client)
    yield from cut(ways, recording, client, events, last=0)


def _meaning(recorded: Any) -> Meaning:
    """The plan is what is said before the calls; no arguments are an empty object."""
    message = recorded["message"]
    blocks = message.get("content") or ()
    texts = [message.get("tool_plan") or "", *(b.get("text", "") for b in blocks)]
    calls = tuple(
        Call(call["id"], call["function"]["name"], _arguments(call["function"]["arguments"]))
        for call in message.get("tool_calls") or ()
    )
    turn = Turn(
        text="".join(texts),
        refusal="",
        reasoning="".join(b.get("thinking", "") for b in blocks),
        calls=calls,
        stop=_STOPS[recorded["finish_reason"]],
    )
    billed = recorded["usage"]["billed_units"]
    counts = Counts(billed["input_tokens"], 0, 0, billed["output_tokens"])
    return Meaning((turn,), counts, "", "")


def _arguments(text: str | None) -> Any:
    return json.decode(text or "null") or {}


def _events(stream: bytes) -> list[bytes]:
    return [event + b"\n\n" for event in stream.split(b"\n\n") if event]


def _gathered(stream: bytes) -> Any:
    """The whole answer that recorded events amount to."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": [],
        "tool_plan": "",
        "tool_calls": [],
    }
    whole: dict[str, Any] = {"message": message}
    for event in _events(stream):
        found = json.decode(event.partition(b"\ndata: ")[2])
        inner = found.get("delta", {}).get("message", {})
        match found["type"]:
            case "message-start":
                whole["id"] = found["id"]
            case "content-start":
                message["content"].append(inner["content"])
            case "content-delta":
                for name, piece in inner["content"].items():
                    message["content"][found["index"]][name] += piece
            case "tool-plan-delta":
                message["tool_plan"] += inner["tool_plan"]
            case "tool-call-start":
                message["tool_calls"].append(inner["tool_calls"])
            case "tool-call-delta":
                function = message["tool_calls"][found["index"]]["function"]
                function["arguments"] += inner["tool_calls"]["function"]["arguments"]
            case "message-end":
                whole |= found["delta"]
    return whole


def _streamed(recorded: Any) -> Iterator[bytes]:
    """The events that amount to a whole answer, as the recorded streams have them."""
    message = recorded["message"]
    yield _event("message-start", id=recorded["id"], delta={"message": {"role": "assistant"}})
    for piece in halves(message.get("tool_plan") or ""):
        yield _event("tool-plan-delta", delta={"message": {"tool_plan": piece}})
    for index, block in enumerate(message.get("content") or ()):
        kind = block["type"]
        begun = {"type": kind, kind: ""}
        yield _event("content-start", index=index, delta={"message": {"content": begun}})
        for piece in halves(block[kind]):
            more = {"message": {"content": {kind: piece}}}
            yield _event("content-delta", index=index, delta=more)
        yield _event("content-end", index=index)
    for index, citation in enumerate(message.get("citations") or ()):
        yield _event("citation-start", index=index, delta={"message": {"citations": citation}})
        yield _event("citation-end", index=index)
    for index, call in enumerate(message.get("tool_calls") or ()):
        begun = {**call, "function": {**call["function"], "arguments": ""}}
        yield _event("tool-call-start", index=index, delta={"message": {"tool_calls": begun}})
        for piece in halves(call["function"]["arguments"]):
            more = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
            yield _event("tool-call-delta", index=index, delta=more)
        yield _event("tool-call-end", index=index)
    end = {"finish_reason": recorded["finish_reason"], "usage": recorded["usage"]}
    yield _event("message-end", delta=end)


def _event(kind: str, **fields: Any) -> bytes:
    data = json.encode({"type": kind, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


# --- the way out: the types of docs.cohere.com, "Chat" (seen 2026-11-21)


class _Strict(Struct, forbid_unknown_fields=True):
    """Nothing but what is documented."""


class _ImageUrl(_Strict):
    url: str
    detail: Literal["auto", "low", "high"] | None = None


class _TextBlock(_Strict, tag="text"):
    text: str


class _ThinkingBlock(_Strict, tag="thinking"):
    thinking: str


class _ImageBlock(_Strict, tag="image_url"):
    image_url: _ImageUrl


class _DocumentData(_Strict):
    data: dict[str, str]


class _DocumentBlock(_Strict, tag="document"):
    document: _DocumentData


class _System(_Strict, tag_field="role", tag="system"):
    content: str | list[_TextBlock]


class _User(_Strict, tag_field="role", tag="user"):
    content: str | list[_TextBlock | _ImageBlock]


class _CalledFunction(_Strict):
    name: str
    arguments: str


class _Call(_Strict):
    id: str
    type: Literal["function"]
    function: _CalledFunction


class _Assistant(_Strict, tag_field="role", tag="assistant"):
    content: str | list[_TextBlock | _ThinkingBlock] | None = None
    tool_plan: str | None = None
    tool_calls: list[_Call] | None = None


class _Tool(_Strict, tag_field="role", tag="tool"):
    tool_call_id: str
    content: str | list[_TextBlock | _DocumentBlock]


class _Function(_Strict):
    name: str
    parameters: dict[str, Any]
    description: str | None = None


class _Declared(_Strict):
    type: Literal["function"]
    function: _Function


class _Thinking(_Strict):
    type: Literal["enabled", "disabled"]
    token_budget: int | None = None


class _Format(_Strict):
    type: Literal["json_object"]
    json_schema: dict[str, Any] | None = None


class _Body(_Strict):
    model: str
    messages: list[_System | _User | _Assistant | _Tool]
    stream: bool
    tools: list[_Declared] = field(default_factory=list)
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    strict_tools: bool = False
    response_format: _Format | None = None
    thinking: _Thinking | None = None
    max_tokens: int | None = None
    stop_sequences: list[str] = field(default_factory=list)
    temperature: float | None = None
    p: float | None = None
    k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool | None = None


def check_request(ways: Ways, recording: Recording, place: Deployment) -> list[str]:
    """A recorded request of a client: valid by the documented types, and nothing unsaid."""
    asked = recording.request or b""
    if recording.counting:
        asked = json.encode({"max_tokens": 1, **json.decode(asked)})
    request = ways.of(recording.dialect).decode_request(asked, {})
    try:
        encoded = ways.cohere.encode_request(request, place)
    except Unsupported as error:
        return [] if error.param and error.message else [f"refused without a reason: {error!r}"]
    try:
        body = json.decode(encoded.body, type=_Body)
    except ValidationError as error:
        return [str(error)]
    faults = [f"sends the header {name!r}" for name, _ in encoded.headers]
    faults += _order(body.messages)
    texts = strings(json.decode(encoded.body))
    return faults + list(unsaid(request, encoded.notes, texts, _inputs(body)))


def _order(messages: Sequence[Struct]) -> Iterator[str]:
    """ "system turn must be the first in the list", and "message must not be empty in a turn"."""
    for at, message in enumerate(messages):
        if at and isinstance(message, _System):
            yield f"message {at} is of the system"
        if isinstance(message, _Assistant) and not (message.content or message.tool_calls):
            yield f"message {at} is empty"


def _inputs(body: _Body) -> Iterator[Any]:
    for message in body.messages:
        for call in (message.tool_calls or ()) if isinstance(message, _Assistant) else ():
            yield json.decode(call.function.arguments)
