"""The canonical request as one upstream takes it."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.foreign import refuse_foreign_choice, refuse_foreign_needs
from trunkline.canon.request import (
    ChatRequest,
    ChoiceMode,
    OutputFormat,
    Request,
    Thinking,
    ToolChoice,
)
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import Body
from trunkline.dialects.notes import Notes
from trunkline.dialects.one_of import in_words
from trunkline.dialects.openai_chat.encode_messages import MessageWriter, with_schema
from trunkline.dialects.openai_chat.quirks import apply
from trunkline.dialects.openai_chat.tools import write_choice, write_tools
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.openai_effort import reasoning_effort
from trunkline.dialects.openai_names import Names
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.dialects.unasked import declines_thinking, least_effort

# OpenAI: user and safety_identifier are at most 64 characters (seen 2026-11-21).
_LONGEST_USER = 64
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
_SAME = (
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "n",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "verbosity",
    "metadata",
)
# OpenAI's reasoning models answer 400 to each (platform.openai.com/docs/guides/reasoning, seen
# 2026-11-21).
_NOT_FOR_REASONING = (
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "logprobs",
    "top_logprobs",
    "logit_bias",
)


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported."""
    quirks, notes = deployment.quirks, Notes()
    own = request.origin == NAME
    refuse_foreign_needs(request, NAME)
    request, told = in_words(request)
    names = Names(quirks.max_tool_name, strict=not own)
    messages = MessageWriter(request, quirks, names, notes).write()
    body: Body = {"model": deployment.model, "messages": messages}
    _tools(body, request, names, notes, quirks)
    _sampling(body, request, quirks, notes)
    if declines_thinking(request):
        _no_thinking(body, quirks)
    else:
        _thinking(body, request.thinking, quirks, notes, own=own)
    _output(body, request.output_format, quirks, notes)
    _account(body, request, notes, own=own)
    _stream(body, request, quirks)
    for field, raw in request.extra.items():
        if own:
            body.setdefault(field, raw)
        else:
            notes.add(field, "dropped: Chat Completions has no such field")
    apply(body, quirks, notes)
    return Encoded(json.encode(body), notes=(*told, *notes.all()), tool_names=names.used)


def _tools(body: Body, request: ChatRequest, names: Names, notes: Notes, quirks: Quirks) -> None:
    refuse_foreign_choice(request, NAME)
    marks, custom = quirks.cache_marks or request.origin == NAME, quirks.custom_tools
    tools = write_tools(request, names, notes, marks=marks, custom=custom)
    choice = request.tool_choice
    if not tools:
        # OpenAI refuses a choice among no tools, and parallel calls of none.
        if choice is not None:
            notes.add("tool_choice", "dropped: there are no tools to choose from")
        return
    body["tools"] = tools
    if choice is not None:
        chosen = _among_sent(choice, request, notes)
        if chosen is not None:
            body["tool_choice"] = write_choice(chosen, request.tools, names, custom=custom)
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _among_sent(choice: ToolChoice, request: ChatRequest, notes: Notes) -> ToolChoice | None:
    """Without the built-in tools of another provider, which are not sent."""
    gone = {tool.name for tool in request.tools if tool.kind == "builtin" and tool.origin != NAME}
    names = tuple(name for name in choice.names if name not in gone)
    if names == choice.names:
        return choice
    notes.add("tool_choice", "built-in tools of another provider were taken out")
    return ToolChoice(choice.mode, names) if names else ToolChoice(ChoiceMode.NONE)


def _sampling(body: Body, request: ChatRequest, quirks: Quirks, notes: Notes) -> None:
    if request.max_output_tokens is not None:
        body["max_completion_tokens"] = request.max_output_tokens
    if request.temperature is not None:
        body["temperature"] = min(request.temperature, quirks.max_temperature)
        if request.temperature > quirks.max_temperature:
            notes.add("temperature", f"lowered to {quirks.max_temperature}, the provider's most")
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.top_k is not None:
        if request.origin == NAME:
            body["top_k"] = request.top_k
        else:
            notes.add("top_k", "dropped: Chat Completions has no such field")
    if request.stop:
        body["stop"] = request.stop[: quirks.max_stop]
        if len(request.stop) > quirks.max_stop:
            notes.add("stop", f"cut to {quirks.max_stop}, the provider's most")
    for field in _SAME:
        value = getattr(request, field)
        if value is not None:
            body[field] = value
    if quirks.reasoning_model:
        for field in _NOT_FOR_REASONING:
            if body.pop(field, None) is not None:
                notes.add(field, "dropped: the model reasons and does not take it")


def _thinking(
    body: Body, thinking: Thinking | None, quirks: Quirks, notes: Notes, *, own: bool
) -> None:
    if thinking is None:
        return
    native = {
        field: raw for field, raw in thinking.native.items() if own and field not in quirks.drop
    }
    if not own and replace(thinking, native={}) == Thinking():
        for field in thinking.native:
            notes.add(field, "dropped: only its own dialect knows what it asks for")
    body.update(native)
    if native and (thinking.effort is None or "reasoning" in native):
        return
    effort = reasoning_effort(thinking, quirks.efforts, notes)
    if effort is not None:
        body.setdefault("reasoning_effort", effort)


def _no_thinking(body: Body, quirks: Quirks) -> None:
    """Where it can be said. The client did not say it itself: no note tells of what cannot be."""
    effort = least_effort(quirks.efforts)
    if effort is not None and "reasoning_effort" not in quirks.drop:
        body["reasoning_effort"] = effort


def _output(body: Body, wanted: OutputFormat | None, quirks: Quirks, notes: Notes) -> None:
    if wanted is None:
        return
    if wanted.kind != "json_schema":
        body["response_format"] = {"type": wanted.kind}
        return
    schema = wanted.schema if wanted.schema is not None else Raw(b"{}")
    if not quirks.schema_output:
        body["response_format"] = {"type": "json_object"}
        messages = body["messages"]
        body["messages"] = with_schema(messages if isinstance(messages, list) else [], schema)
        notes.add("response_format", "the schema is asked for in words, not enforced")
        return
    described: dict[str, object] = {"name": wanted.name or "output"}
    if wanted.description is not None:
        described["description"] = wanted.description
    if wanted.schema is not None:
        described["schema"] = schema
    if wanted.strict is not None:
        described["strict"] = wanted.strict
    body["response_format"] = {"type": "json_schema", "json_schema": described}


def _account(body: Body, request: ChatRequest, notes: Notes, *, own: bool) -> None:
    user = request.user
    if user is not None:
        if len(user) > _LONGEST_USER:
            # Claude Code's user_id is a JSON text of 150 characters; who it is must stay one.
            user = sha256(user.encode()).hexdigest()
            notes.add("user", "hashed: OpenAI takes 64 characters")
        body["user"] = user
    tier = request.service_tier
    if tier == "standard_only":
        # Anthropic's word for no priority.
        tier = "default"
    if tier is not None:
        if own or tier in _TIERS:
            body["service_tier"] = tier
        else:
            notes.add("service_tier", f"dropped: the provider has no tier '{tier}'")


def _stream(body: Body, request: ChatRequest, quirks: Quirks) -> None:
    if not request.stream:
        return
    body["stream"] = True
    if not quirks.stream_usage:
        return
    options: Mapping[str, Raw] = {}
    if request.origin == NAME and "stream_options" in request.extra:
        try:
            options = RAW_MAP.decode(request.extra["stream_options"])
        except NOT_JSON:
            options = {}
    body["stream_options"] = {**options, "include_usage": True}
