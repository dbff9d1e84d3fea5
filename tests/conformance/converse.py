"""Bedrock's recorded answers, which no client's SDK reads: as either client gets them, and the way out."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from msgspec import json
from msgspec.structs import replace

from tests.conformance import sdk, streams
from tests.conformance.cross import proofs, told
from tests.conformance.losses import CONVERSE_CARRIED, CONVERSE_LOST, explained, leaves
from tests.conformance.meaning import (
    END,
    FILTER,
    LENGTH,
    TOOL,
    Call,
    Counts,
    Meaning,
    Turn,
    meaning,
    seen_by,
)
from tests.conformance.recordings import CONVERSE, Recording, recordings_in
from tests.conformance.upstream import cut, halves, strings, unsaid
from tests.conformance.ways import CLIENTS, Verdict, Ways, deployment, through
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Unsupported
from trunkline.wire.awsstream import encode as framed

_STOPS: Mapping[str, str] = {
    "end_turn": END,
    "stop_sequence": END,
    "tool_use": TOOL,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "guardrail_intervened": FILTER,
    "content_filtered": FILTER,
}
_WIDTHS = (1 << 20, 61, 7)
PLACES = (
    deployment(CONVERSE, "us.anthropic.claude-opus-4-8", cache_marks=True),
    deployment(CONVERSE, "us.meta.llama4-scout-17b-instruct-v1:0", schema_output=False),
)
"""Upstreams that take all, and one that takes less."""


def answers(shared: Path) -> tuple[Recording, ...]:
    """Exchanges with the Converse API, errors among them."""
    return tuple(r for r in recordings_in(shared) if r.dialect == CONVERSE)


def check(ways: Ways, recording: Recording) -> Verdict:
    """Whole, as the stream it would have been, and cut: what either SDK makes of it."""
    if recording.dialect != CONVERSE or not recording.is_whole:
        return Verdict()
    recorded = json.decode(recording.body or b"")
    faults = [f for client in CLIENTS for f in _read(ways, recording, recorded, client)]
    faults += streams.check(ways, recording).faults
    rest, _ = explained(dict.fromkeys(p for p, _ in leaves(recorded)), CONVERSE_CARRIED)
    unknown, losses = explained(rest, CONVERSE_LOST)
    faults += [f"nothing says what becomes of {path}" for path in unknown]
    return Verdict(tuple(faults), tuple(losses))


def _read(ways: Ways, recording: Recording, recorded: Any, client: str) -> Iterator[str]:
    expected = seen_by(client, _meaning(recorded))
    events = list(_streamed(recorded))
    stream = b"".join(events)
    received = [sdk.STRICT.whole(client, ways.whole(recording, client))]
    for width in _WIDTHS:
        pieces = [stream[at : at + width] for at in range(0, len(stream), width)]
        out = through(ways.translation(recording, client), pieces)
        received.append(sdk.STRICT.streamed(client, out))
    for answer in received:
        got = replace(meaning(client, answer), model="")
        yield from told(expected, replace(got, id=got.id), client)
        kept = "".join(proofs(answer.model_dump(warnings=False)))
        yield from (f"the proof {p[:40]} is lost" for p in _signatures(recorded) if p not in kept)
    yield from cut(ways, recording, client, events)


def _meaning(recorded: Any) -> Meaning:
    blocks = recorded["output"]["message"]["content"]
    texts = [block["text"] for block in blocks if "text" in block]
    uses = [block["toolUse"] for block in blocks if "toolUse" in block]
    thoughts = [
        b["reasoningContent"].get("reasoningText") or {} for b in blocks if "reasoningContent" in b
    ]
    calls = tuple(
        Call(use["toolUseId"], use["name"], use["input"])
        for use in uses
        if use.get("type") != "server_tool_use"
    )
    turn = Turn(
        text="".join(texts),
        refusal="",
        reasoning="".join(thought.get("text", "") for thought in thoughts),
        calls=calls,
        stop=_STOPS[recorded["stopReason"]],
    )
    usage = recorded["usage"]
    read, write = usage.get("cacheReadInputTokens", 0), usage.get("cacheWriteInputTokens", 0)
    counts = Counts(usage["inputTokens"] + read + write, read, write, usage["outputTokens"])
    return Meaning((turn,), counts, "", "")


def _signatures(recorded: Any) -> Iterator[str]:
    for block in recorded["output"]["message"]["content"]:
        thought = block.get("reasoningContent", {}).get("reasoningText", {})
        if thought.get("signature"):
            yield thought["signature"]


def _streamed(recorded: Any) -> Iterator[bytes]:
    """The events of ConverseStream that amount to a whole answer, as its documentation has them."""
    yield _event("messageStart", role="assistant")
    for index, block in enumerate(recorded["output"]["message"]["content"]):
        for name, fields in _block(block):
            yield _event(name, contentBlockIndex=index, **fields)
        yield _event("contentBlockStop", contentBlockIndex=index)
    yield _event("messageStop", stopReason=recorded["stopReason"])
    yield _event("metadata", usage=recorded["usage"], metrics=recorded["metrics"])


def _block(block: Any) -> Iterator[tuple[str, Any]]:
    """In two pieces each."""
    if "text" in block:
        for piece in halves(block["text"]):
            yield "contentBlockDelta", {"delta": {"text": piece}}
    elif "toolUse" in block:
        use = block["toolUse"]
        start = {name: use[name] for name in ("toolUseId", "name", "type") if name in use}
        yield "contentBlockStart", {"start": {"toolUse": start}}
        for piece in halves(json.encode(use["input"]).decode() if use["input"] else ""):
            yield "contentBlockDelta", {"delta": {"toolUse": {"input": piece}}}
    elif "toolResult" in block:
        result = block["toolResult"]
        start = {name: result[name] for name in ("toolUseId", "type", "status")}
        yield "contentBlockStart", {"start": {"toolResult": start}}
        yield "contentBlockDelta", {"delta": {"toolResult": result["content"]}}
    else:
        thought = block["reasoningContent"]["reasoningText"]
        for piece in halves(thought["text"]):
            yield "contentBlockDelta", {"delta": {"reasoningContent": {"text": piece}}}
        signature = {"signature": thought["signature"]}
        yield "contentBlockDelta", {"delta": {"reasoningContent": signature}}


def _event(name: str, **payload: Any) -> bytes:
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return framed(headers, json.encode({**payload, "p": "abcdefgh"}))


# --- the way out


def check_request(ways: Ways, recording: Recording, place: Deployment) -> list[str]:
    """A recorded request of a client: valid by AWS's own model of the service, and nothing unsaid."""
    asked = recording.request or b""
    if recording.counting:
        asked = json.encode({"max_tokens": 1, **json.decode(asked)})
    request = ways.of(recording.dialect).decode_request(asked, {})
    try:
        encoded = ways.converse.encode_request(request, place)
    except Unsupported as error:
        return [] if error.param and error.message else [f"refused without a reason: {error!r}"]
    body = json.decode(encoded.body)
    report = _validator().validate(
        {"modelId": place.model, **body}, _model().shape_for("ConverseRequest")
    )
    faults = [report.generate_report()] if report.has_errors() else []
    faults += [f"sends the header {name!r}" for name, _ in encoded.headers]
    texts = (*strings(body), *_text_files(body))
    return faults + list(unsaid(request, encoded.notes, texts, _inputs(body)))


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))


@cache
def _validator() -> ParamValidator:
    return ParamValidator()


def _text_files(body: Any) -> Iterator[str]:
    """Documents given as text travel as files of it."""
    for message in body["messages"]:
        for block in message["content"]:
            if block.get("document", {}).get("format") == "txt":
                yield b64decode(block["document"]["source"]["bytes"]).decode()


def _inputs(body: Any) -> Iterator[Any]:
    for message in body["messages"]:
        for block in message["content"]:
            if "toolUse" in block:
                yield block["toolUse"]["input"]
