"""The ways an answer takes through the house, for the dialects under test."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tests.conformance.recordings import (
    ANTHROPIC,
    COHERE,
    CONVERSE,
    GEMINI,
    OPENAI,
    RESPONSES,
    Recording,
)
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.event import Event
from trunkline.canon.request import ChatRequest
from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.base import ClientDialect, Dialect, Stamp
from trunkline.dialects.bedrock_converse.dialect import BedrockConverse
from trunkline.dialects.cohere_chat.dialect import CohereChat
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.dialects.openai_responses.dialect import OpenAIResponses
from trunkline.flow.pipes import Passthrough, Pipe, Translation

CLIENTS = (OPENAI, ANTHROPIC, RESPONSES, GEMINI)
STAMP = Stamp("0123456789abcdef", "stamped-model", 1_700_000_000)


class Verdict(Struct, frozen=True):
    """What a suite says of one recording."""

    faults: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    """Keys of losses.WHY: what did not come through, and may."""


class Ways(Struct, frozen=True):
    """The dialects, and what is done with them."""

    openai: Dialect = OpenAIChat()
    anthropic: Dialect = AnthropicMessages()
    responses: Dialect = OpenAIResponses()
    gemini: Dialect = Gemini()
    converse: ClientDialect = BedrockConverse()
    cohere: ClientDialect = CohereChat()

    def of(self, name: str) -> Dialect:
        others = {ANTHROPIC: self.anthropic, RESPONSES: self.responses, GEMINI: self.gemini}
        return others.get(name, self.openai)

    def upstream(self, name: str) -> ClientDialect:
        alone = {CONVERSE: self.converse, COHERE: self.cohere}
        return alone.get(name) or self.of(name)

    def events(self, dialect: str, stream: bytes) -> list[Event]:
        decoder = self.upstream(dialect).decoder()
        return [*decoder.feed(stream), *decoder.finish()]

    def asked(self, recording: Recording, client: str) -> ChatRequest:
        """The request to answer: the recorded one where it is the client's, else any."""
        if recording.request is not None and recording.dialect == client:
            request = self.of(client).decode_request(recording.request, {})
            return replace(request, include_usage=True)
        return self.hello(client)

    def hello(self, client: str) -> ChatRequest:
        said = (Message(Role.USER, (Text("hi"),)),)
        return ChatRequest(model="m", messages=said, origin=client, include_usage=True)

    def whole(self, recording: Recording, client: str) -> bytes:
        """Decoded, and encoded for the client."""
        answer = self.upstream(recording.dialect).decode_answer(recording.body or b"")
        return self.of(client).encode_answer(answer, self.asked(recording, client), STAMP)

    def passthrough(self, dialect: str, *, wants_usage: bool = True) -> Pipe:
        speaks = self.of(dialect)
        return Passthrough(speaks.watcher(wants_usage=wants_usage), speaks.sentinel)

    def translation(self, recording: Recording, client: str) -> Pipe:
        encoder = self.of(client).encoder(self.asked(recording, client), STAMP)
        return Translation(self.upstream(recording.dialect).decoder(), encoder, {})


def through(pipe: Pipe, pieces: Iterable[bytes]) -> bytes:
    return b"".join([*[pipe.feed(piece) for piece in pieces], pipe.finish()])


def deployment(dialect: str, model: str, **quirks: Any) -> Deployment:
    return Deployment(
        id="p/m",
        provider="p",
        model=model,
        dialect=dialect,
        quirks=Quirks(**{"system_role": "developer", **quirks}),
    )


REAL = Ways()
