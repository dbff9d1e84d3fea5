"""Suite 2, the way out: a request of one dialect asks an upstream of another for the same."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from anthropic.types.beta import message_create_params as messages
from google.genai import types as google
from msgspec import json
from openai.types.chat import completion_create_params as completions
from openai.types.responses import ResponseInputAudioParam
from openai.types.responses import response_create_params as responses
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.warnings import TypedDictExtraConfigWarning

from tests.conformance import carry
from tests.conformance.carry import Said
from tests.conformance.recordings import ANTHROPIC, GEMINI, OPENAI, RESPONSES, Recording
from tests.conformance.ways import Verdict, Ways, deployment
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Encoded

Fields = Mapping[str, Any]
Represents = Callable[[Any, Fields], bool]
"""Whether a field's value is said in a body of the other dialect."""

# Nothing that the SDKs' own types do not know. In a list: a TypedDict takes no config from here.
_CLOSED = ConfigDict(extra="forbid")


class _GeminiBody(BaseModel):
    """The SDK has types for all that is in a request, and none for the whole."""

    model_config = ConfigDict(extra="forbid")
    contents: list[google.Content]
    systemInstruction: google.Content | None = None  # noqa: N815 - the wire's name
    tools: list[google.Tool] | None = None
    toolConfig: google.ToolConfig | None = None  # noqa: N815 - the wire's name
    generationConfig: google.GenerationConfig | None = None  # noqa: N815 - the wire's name


_TYPES: Mapping[str, Any] = {
    OPENAI: list[
        completions.CompletionCreateParamsNonStreaming | completions.CompletionCreateParamsStreaming
    ],
    ANTHROPIC: list[
        messages.MessageCreateParamsNonStreaming | messages.MessageCreateParamsStreaming
    ],
    GEMINI: list[_GeminiBody],
    RESPONSES: list[
        responses.ResponseCreateParamsNonStreaming | responses.ResponseCreateParamsStreaming
    ],
}
# anthropic 2.x has left these to extra_body; models before Claude Opus 4.7 take them.
_LEFT_THE_TYPES = frozenset({"temperature", "top_p", "top_k"})
_AUDIO: TypeAdapter[Any] = TypeAdapter(ResponseInputAudioParam)
_PLACES: Mapping[str, tuple[Deployment, ...]] = {
    OPENAI: (
        deployment(OPENAI, "gpt-4.1", custom_tools=True),
        deployment(OPENAI, "gpt-5", reasoning_model=True, efforts=("low", "medium", "high")),
        deployment(OPENAI, "llama", efforts=(), schema_output=False, mid_system=False, max_stop=1),
    ),
    ANTHROPIC: (
        deployment(ANTHROPIC, "claude-opus-4-8"),
        deployment(ANTHROPIC, "claude-3-5-haiku-latest", schema_output=False, mid_system=False),
    ),
    RESPONSES: (
        deployment(RESPONSES, "gpt-4.1"),
        deployment(RESPONSES, "gpt-5", reasoning_model=True, efforts=("low", "medium", "high")),
        deployment(RESPONSES, "llama", efforts=(), schema_output=False, mid_system=False),
    ),
    GEMINI: (
        deployment(GEMINI, "gemini-3-flash", thought_signatures=True, tool_images=True),
        deployment(GEMINI, "gemini-2.5-flash", thinking_budget=(0, 24_576)),
        deployment(GEMINI, "gemini-2.0-flash", efforts=(), schema_output=False, max_stop=1),
    ),
}
"""Upstreams that take all, and some that take less."""


def _same(name: str) -> Represents:
    return lambda value, body: value == body.get(name)


def _compared(_value: Any, _body: Fields) -> bool:
    """The suite looks at it more closely elsewhere."""
    return True


def _reasons(value: Any, body: Fields) -> bool:
    """Silence says "none" to a model that cannot reason."""
    if str(body.get("model")).startswith("claude-3-5") and value in ("none", {"effort": "none"}):
        return True
    effort = (body.get("output_config") or {}).get("effort")
    asked = body.get("thinking") or body.get("reasoning_effort") or body.get("reasoning")
    return bool(asked or effort)


def _within(outer: str, inner: str) -> Represents:
    return lambda value, body: value == (body.get(outer) or {}).get(inner)


def _formatted(_value: Any, body: Fields) -> bool:
    """Whatever it is called."""
    places = [body.get("output_config") or {}, body.get("text") or {}]
    return "response_format" in body or any("format" in place for place in places)


def _configured(value: Any, body: Fields) -> bool:
    """Anthropic's output_config."""
    says = {"effort": _reasons, "format": _formatted}
    return all(name in says and says[name](inner, body) for name, inner in value.items())


def _texted(value: Any, body: Fields) -> bool:
    """Responses' text; to ask for plain text is to ask for nothing."""
    verbosity = value.get("verbosity")
    wanted = (value.get("format") or {}).get("type", "text")
    return verbosity in (None, body.get("verbosity")) and (
        wanted == "text" or _formatted(value, body)
    )


def _user(value: Any, body: Fields) -> bool:
    return value in (body.get("user"), (body.get("metadata") or {}).get("user_id"))


def _limit(value: Any, body: Fields) -> bool:
    """Responses takes 16 at least."""
    said = [body.get(name) for name in ("max_tokens", "max_completion_tokens")]
    return value in said or max(value, 16) == body.get("max_output_tokens")


def _generated(value: Any, body: Fields) -> bool:
    """Gemini's generationConfig."""
    says: Mapping[str, Represents] = {
        "maxOutputTokens": _limit,
        "temperature": _same("temperature"),
        "topP": _same("top_p"),
        "topK": _same("top_k"),
        "stopSequences": lambda value, body: (
            value in (body.get("stop"), body.get("stop_sequences"))
        ),
        # Thoughts are shown where there are any.
        "thinkingConfig": lambda v, body: v.keys() <= {"includeThoughts"} or _reasons(v, body),
        "responseMimeType": _formatted,
        "responseJsonSchema": _formatted,
        "responseSchema": _formatted,
    }
    return all(
        name in says and says[name](inner, body)
        for name, inner in ((_camel(name), inner) for name, inner in value.items())
    )


def _camel(name: str) -> str:
    """As Google's documents write it; its Python clients send snake case, too."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _asked_of_us(_value: Any, _body: Fields) -> bool:
    """The gateway's own business: what it stores and how, what it seals and what it is asked for."""
    return True


def _included(value: Any, body: Fields) -> bool:
    """Sealed reasoning always comes; log probabilities are asked for by another field."""
    left = {*value} - {"reasoning.encrypted_content"}
    return not left or (left == {"message.output_text.logprobs"} and bool(body.get("logprobs")))


_COMMON: Mapping[str, Represents] = {
    "model": _compared,
    "messages": _compared,
    "tools": _compared,
    "tool_choice": _compared,
    "parallel_tool_calls": _compared,
    "temperature": _same("temperature"),
    "top_p": _same("top_p"),
    "stream": lambda value, body: value == body.get("stream", False),
    "thinking": _reasons,
    "reasoning": _reasons,
    "reasoning_effort": _reasons,
    "user": _user,
    "max_tokens": _limit,
    "max_completion_tokens": _limit,
    "max_output_tokens": _limit,
}
_SAYS: Mapping[str, Mapping[str, Represents]] = {
    OPENAI: {
        **_COMMON,
        "stop": _same("stop_sequences"),
        "stream_options": lambda _, body: body["stream"],  # usage is part of every stream there
        "n": lambda value, _: value == 1,
        "response_format": _formatted,
        "verbosity": _within("text", "verbosity"),
        "metadata": _same("metadata"),
        "service_tier": _same("service_tier"),
        "store": _same("store"),
        "top_logprobs": _same("top_logprobs"),
        "logprobs": lambda value, body: not value or "include" in body,
        "prompt_cache_key": _same("prompt_cache_key"),
        "moderation": _same("moderation"),
    },
    ANTHROPIC: {
        **_COMMON,
        "system": _compared,
        "stop_sequences": _same("stop"),
        "metadata": lambda value, body: value == {"user_id": body.get("user")},
        "output_config": _configured,
    },
    RESPONSES: {
        **_COMMON,
        "input": _compared,
        "instructions": _compared,
        "reasoning": lambda value, body: set(value) == {"summary"} or _reasons(value, body),
        "text": _texted,
        "include": _included,
        "store": _asked_of_us,
        "background": _asked_of_us,
        "previous_response_id": _asked_of_us,
        "metadata": _same("metadata"),
        "service_tier": _same("service_tier"),
    },
    GEMINI: {
        "contents": _compared,
        "systemInstruction": _compared,
        "tools": _compared,
        "toolConfig": _compared,
        "generationConfig": _generated,
    },
}
"""By the dialect a request comes from: how its fields are said in another one."""


_CANONICAL: Mapping[str, tuple[str, ...]] = {
    "stop_sequences": ("stop",),
    "output_config": ("thinking", "response_format"),
    "reasoning": ("thinking",),
    "reasoning_effort": ("thinking",),
    "text": ("verbosity", "response_format"),
    "metadata": ("user",),
    "generationConfig": (
        *("thinking", "response_format", "temperature"),
        *("top_p", "top_k", "stop", "max_tokens"),
    ),
}
"""Names a note may use instead of the client's own."""


def check(ways: Ways, recording: Recording, upstream: str) -> Verdict:
    if recording.request is None:
        return Verdict()
    request = _decoded(ways, recording)
    found = [_sent(ways, recording, request, place) for place in _PLACES[upstream]]
    faults = [fault for verdict in found for fault in verdict.faults]
    return Verdict(tuple(faults), found[0].losses)


def _sent(ways: Ways, recording: Recording, request: ChatRequest, place: Deployment) -> Verdict:
    upstream = ways.of(place.dialect)
    try:
        encoded = upstream.encode_request(request, place)
    except Unsupported as error:
        told = bool(error.param and error.message)
        return Verdict(() if told else (f"refused without a reason: {error!r}",), ("refused",))
    again = upstream.decode_request(encoded.body, {})
    faults = [
        *_invalid(place.dialect, encoded.body),
        *_silent(recording, request, encoded),
        *_unsaid(request, again, encoded),
        *_without_tools(request, again, encoded),
    ]
    told_of = ("noted",) if encoded.notes else ()
    return Verdict(tuple(f"{place.model}: {fault}" for fault in faults), told_of)


def _decoded(ways: Ways, recording: Recording) -> ChatRequest:
    """A question for the number of tokens has no limit of its own."""
    asked = recording.request or b""
    if recording.counting:
        asked = json.encode({"max_tokens": 1, **json.decode(asked)})
    return ways.of(recording.dialect).decode_request(asked, {})


@cache
def _validator(upstream: str) -> TypeAdapter[Any]:
    with warnings.catch_warnings():
        # Some of the types say themselves that they take anything.
        warnings.simplefilter("ignore", TypedDictExtraConfigWarning)
        return TypeAdapter(_TYPES[upstream], config=_CLOSED)


def _invalid(upstream: str, body: bytes) -> Iterator[str]:
    """By the SDK's own types."""
    fields = json.decode(body)
    if upstream == ANTHROPIC:
        fields = {name: value for name, value in fields.items() if name not in _LEFT_THE_TYPES}
    if upstream == RESPONSES:
        fields = {**fields, "input": list(map(_without_audio, fields["input"]))}
    try:
        _looked_through(_validator(upstream).validate_python([fields]))
    except ValidationError as error:
        yield f"no request of the SDK's types: {error.errors()[0]['loc']} {error}"


def _without_audio(item: Any) -> Any:
    """The SDK has a type for audio, though not among those of a message's content."""
    content = item.get("content")
    if not isinstance(content, list):
        return item
    silent = [part for part in content if part.get("type") != "input_audio"]
    for part in content:
        if part.get("type") == "input_audio":
            _AUDIO.validate_python(part)
    return {**item, "content": silent}


def _looked_through(found: Any) -> None:
    """The SDKs type lists as Iterable, which pydantic validates as it is read."""
    if isinstance(found, Mapping):
        for inner in found.values():
            _looked_through(inner)
    elif isinstance(found, Iterable) and not isinstance(found, str | bytes):
        for inner in found:
            _looked_through(inner)


def _flat(body: Fields, request: ChatRequest) -> Fields:
    """A Gemini body by the names that others have for what is in it; the path says the rest."""
    config = body.get("generationConfig") or {}
    said = {name: config[word] for name, word in _IN_THE_CONFIG.items() if word in config}
    if "responseMimeType" in config:
        said["response_format"] = config["responseMimeType"]
    return {**said, "stream": request.stream}


_IN_THE_CONFIG: Mapping[str, str] = {
    "max_output_tokens": "maxOutputTokens",
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop": "stopSequences",
    "stop_sequences": "stopSequences",
    "thinking": "thinkingConfig",
    "n": "candidateCount",
    "seed": "seed",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}


def _silent(recording: Recording, request: ChatRequest, encoded: Encoded) -> Iterator[str]:
    """Each field of the recorded request is said in the other dialect, or a note tells of it."""
    asked, body = json.decode(recording.request or b""), json.decode(encoded.body)
    if "contents" in body:
        body = _flat(body, request)
    says = _SAYS[recording.dialect]
    for field, value in asked.items():
        if value is None or value == [] or _noted(encoded, field, *_CANONICAL.get(field, ())):
            continue
        if field not in says or not says[field](value, body):
            yield f"{field} is neither said nor noted: {str(value)[:100]}"


def _noted(encoded: Encoded, *fields: str) -> bool:
    return any(
        note.field == field or note.field.startswith(f"{field}.")
        for note in encoded.notes
        for field in fields
    )


def _unsaid(request: ChatRequest, again: ChatRequest, encoded: Encoded) -> Iterator[str]:
    """
    The conversation comes back as it was: whole messages to the part; of messages that a note is
    about, at least all that the model reads.
    """
    sent = carry.conversation(request.messages, {})
    back = [said for m in carry.conversation(again.messages, encoded.tool_names) for said in m]
    payloads = {payload for said in back for payload in _payload(said)}
    at = 0
    for number, message in enumerate(sent):
        changed, start = _noted(encoded, f"messages.{number}"), at
        for said in message:
            # Within a turn, Chat Completions tells calls behind all text.
            if not changed and said in back[start:]:
                at = max(at, back.index(said, start) + 1)
            elif not changed or not (_may_go(said) or _arrives(said, payloads, back)):
                yield f"message {number} loses {str(said)[:200]}"
    if len(back) > sum(map(len, sent)) and not encoded.notes:
        yield "the conversation has more in it than was said, and no note"


def _payload(said: Said) -> Iterator[str]:
    if said[1] != "result":
        yield said[-1]


def _may_go(said: Said) -> bool:
    """Where noted: parts one provider alone understands, and thinking that cannot be proved."""
    return said[1] in ("opaque", "reasoning")


def _arrives(said: Said, payloads: set[str], back: list[Said]) -> bool:
    """Somewhere: the images of a tool's result in the user's turn behind it, say."""
    if said[1] == "result":
        return said in back
    return any(said[-1] in payload for payload in payloads)


def _without_tools(request: ChatRequest, again: ChatRequest, encoded: Encoded) -> Iterator[str]:
    back = {tool.name: tool for tool in carry.tools(again, encoded.tool_names)}
    for number, tool in enumerate(carry.tools(request, {})):
        if tool != back.get(tool.name) and not _noted(encoded, f"tools.{number}", "tools"):
            yield f"tool {tool.name} becomes {back.get(tool.name)}"
    chosen, got = carry.choice(request, {}), carry.choice(again, encoded.tool_names)
    if chosen.mode == "subset_required" and got.mode == "required" and {*chosen.names} == {*back}:
        return  # there are no others
    if chosen != got and not _noted(encoded, "tool_choice", "tools"):
        yield f"{chosen} becomes {got}"
