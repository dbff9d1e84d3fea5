"""Requests to an upstream that speaks Completions: a client's own, and a conversation as a transcript."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Unsupported
from trunkline.canon.foreign import refuse_foreign_needs
from trunkline.canon.request import ChatRequest, Request
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import drop, drop_routing
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_completions.wire import NAME, CompletionRequest
from trunkline.dialects.point import refuse_pointless

_SAME = (
    "temperature",
    "top_p",
    "n",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "user",
)
_NAMES: Mapping[Role, str] = {
    Role.SYSTEM: "System",
    Role.DEVELOPER: "System",
    Role.USER: "User",
    Role.ASSISTANT: "Assistant",
}
_NEXT = "\n\nUser:"
"""Where a model that goes on writing a transcript would speak for its user."""
_INCLUDE_USAGE = {"include_usage": True}
_REJECTED = "dropped: the provider rejects it"


def forward(envelope: Mapping[str, Raw], deployment: Deployment) -> Encoded:
    """The client's own body, its model replaced, all else to the byte; a stream tells its usage."""
    body: dict[str, object] = {**envelope, "model": deployment.model}
    quirks, notes = deployment.quirks, Notes()
    if quirks.stream_usage and bytes(envelope.get("stream", b"")) == b"true":
        body["stream_options"] = _INCLUDE_USAGE
    drop_routing(body, quirks, notes.add)
    drop(body, quirks.drop, notes.add, why=_REJECTED)
    return Encoded(json.encode(body), notes=notes.all())


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported for what is no text."""
    own = isinstance(request, CompletionRequest)
    refuse_foreign_needs(request, NAME)
    notes = Notes()
    body: dict[str, object] = {"model": deployment.model, "prompt": _prompt(request)}
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
    stop = list(request.stop) if own else [*request.stop, _NEXT]
    if stop:
        body["stop"] = stop[: deployment.quirks.max_stop]
    for name in _SAME:
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if request.logprobs:
        body["logprobs"] = request.top_logprobs or 0
    if request.stream:
        body["stream"] = True
        if deployment.quirks.stream_usage:
            body["stream_options"] = _INCLUDE_USAGE
    for name, raw in request.extra.items():
        if own:
            body.setdefault(name, raw)
        else:
            notes.add(name, "dropped: Completions has no such field")
    drop_routing(body, deployment.quirks, notes.add)
    drop(body, deployment.quirks.drop, notes.add, why=_REJECTED)
    return Encoded(json.encode(body), notes=notes.all())


def _prompt(request: ChatRequest) -> str:
    if isinstance(request, CompletionRequest):
        return request.prompt
    if request.tools:
        raise Unsupported("this model only completes text: it has no tools", param="tools")
    if request.output_format is not None and request.output_format.kind != "text":
        raise Unsupported(
            "this model only completes text: its output has no format", param="response_format"
        )
    turns = [_turn(message) for message in request.messages]
    refuse_pointless(request.messages, "user" if turns else None)
    return "\n\n".join((*turns, "Assistant:"))


def _turn(message: Message) -> str:
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    if len(texts) < len(message.parts) or message.role not in _NAMES:
        raise Unsupported("this model only completes text", param="messages")
    return f"{_NAMES[message.role]}: {''.join(texts)}"
