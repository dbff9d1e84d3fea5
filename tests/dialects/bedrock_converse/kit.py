"""What the tests of this dialect share: requests made, bodies read, streams framed."""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, json

from tests.dialects.turns import as_parts, user
from trunkline.canon.content import Message, Part, Role
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.event import Event
from trunkline.canon.request import ChatRequest, Tool
from trunkline.dialects.base import Encoded
from trunkline.dialects.bedrock_converse.dialect import BedrockConverse
from trunkline.wire.awsstream import encode as framed

DIALECT = BedrockConverse()
SONNET_4 = "us.anthropic.claude-sonnet-4-20250514-v1:0"
SONNET_4_5 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS_4_8 = "anthropic.claude-opus-4-8"
NOVA = "amazon.nova-pro-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"

WEATHER = Tool(name="weather", parameters=Raw(b'{"type":"object","properties":{}}'))


def to(model: str = SONNET_4, most: int | None = None, **quirks: Any) -> Deployment:
    return Deployment(
        id=f"bedrock/{model}",
        provider="bedrock",
        model=model,
        dialect=DIALECT.name,
        quirks=Quirks(**{"cache_marks": True, **quirks}),
        max_output_tokens=most,
    )


def tool(*parts: Part | str) -> Message:
    return Message(Role.TOOL, as_parts(parts))


def chat(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(
        **{"model": "m", "origin": "openai-chat", "messages": messages or (user("hi"),), **fields}
    )


def encode(request: ChatRequest, place: Deployment | None = None) -> tuple[Any, Encoded]:
    encoded = DIALECT.encode_request(request, place or to())
    return json.decode(encoded.body), encoded


def body_of(request: ChatRequest, place: Deployment | None = None) -> Any:
    return encode(request, place)[0]


def noted(request: ChatRequest, place: Deployment | None = None) -> list[str]:
    """The fields that notes are about."""
    return [note.field for note in encode(request, place)[1].notes]


def event(name: str, **payload: Any) -> bytes:
    """One event of a stream; fields in snake_case here."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    fields = {_camel(field): value for field, value in payload.items()}
    return framed(headers, json.encode({**fields, "p": "abcdef"}))


def exception(name: str, message: str) -> bytes:
    headers: Mapping[str, str] = {":exception-type": name, ":message-type": "exception"}
    return framed(headers, json.encode({"message": message}))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


START = event("messageStart", role="assistant")
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
METADATA = event("metadata", usage=USAGE, metrics={"latencyMs": 7})


def start(index: int, name: str, call_id: str = "t1", **more: str) -> bytes:
    call = {"toolUseId": call_id, "name": name, **more}
    return event("contentBlockStart", content_block_index=index, start={"toolUse": call})


def delta(index: int, **fields: Any) -> bytes:
    named = {_camel(field): value for field, value in fields.items()}
    return event("contentBlockDelta", content_block_index=index, delta=named)


def stop(index: int) -> bytes:
    return event("contentBlockStop", content_block_index=index)


def end(reason: str = "end_turn") -> bytes:
    return event("messageStop", stop_reason=reason) + METADATA


def decode(*stream: bytes) -> list[Event]:
    decoder = DIALECT.decoder()
    return [*decoder.feed(b"".join(stream)), *decoder.finish()]
