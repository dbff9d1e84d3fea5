"""The canonical request as one upstream takes it."""

from hashlib import sha256

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.foreign import refuse_foreign_choice, refuse_foreign_needs
from trunkline.canon.request import ChatRequest, OutputFormat, Request, Thinking
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import Body
from trunkline.dialects.notes import Notes
from trunkline.dialects.one_of import in_words
from trunkline.dialects.openai_effort import reasoning_effort
from trunkline.dialects.openai_names import Names
from trunkline.dialects.openai_responses.encode_request_items import ItemWriter
from trunkline.dialects.openai_responses.encode_request_tools import write_choice, write_tools
from trunkline.dialects.openai_responses.forward import apply
from trunkline.dialects.openai_responses.wire import ADDITIONAL, NAME
from trunkline.dialects.raws import NOT_JSON, RAW_LIST, RAW_MAP
from trunkline.dialects.single import refuse_several
from trunkline.dialects.unasked import declines_thinking, least_effort

# OpenAI: user and safety_identifier are at most 64 characters (seen 2026-11-21).
_LONGEST_USER = 64
# "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16".
_FEWEST_TOKENS = 16
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
_NO_SUCH_FIELD = "dropped: Responses has no such field"
_ABSENT = ("stop", "seed", "logit_bias", "top_k")
_PENALTIES = ("presence_penalty", "frequency_penalty")
"""Answers repeat them (recorded 2026-05), though no document says that requests may have them."""
# Fields that Chat Completions has by the same name and meaning.
_SHARED = frozenset(
    {"prompt_cache_key", "prompt_cache_retention", "safety_identifier", "store", "moderation"}
)
# OpenAI's reasoning models answer 400 to each (platform.openai.com/docs/guides/reasoning, seen
# 2026-11-21).
_NOT_FOR_REASONING = ("temperature", "top_p", "top_logprobs", *_PENALTIES)
_ENCRYPTED = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"
_SUMMARIES = ("auto", "concise", "detailed")


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported."""
    refuse_foreign_needs(request, NAME)
    request, told = in_words(request)
    refuse_several(request, "API")
    quirks, notes = deployment.quirks, Notes()
    own = request.origin == NAME
    names = Names(quirks.max_tool_name, strict=not own)
    items = ItemWriter(request, quirks, names, notes)
    body: Body = {"model": deployment.model}
    if items.instructions is not None:
        body["instructions"] = items.instructions
    body["input"] = items.write()
    _tools(body, request, names, notes)
    _sampling(body, request, quirks, notes)
    if declines_thinking(request):
        _no_reasoning(body, quirks)
    else:
        _reasoning(body, request.thinking, quirks, notes, own=own)
    _text(body, request, quirks, notes)
    _account(body, request, notes, own=own)
    for field, raw in request.extra.items():
        if own or field in _SHARED:
            body.setdefault(field, raw)
        else:
            notes.add(field, _NO_SUCH_FIELD)
    _state(body, request, quirks)
    if request.stream:
        body["stream"] = True
    apply(body, quirks, notes)
    return Encoded(json.encode(body), notes=(*told, *notes.all()), tool_names=names.used)


def _tools(body: Body, request: ChatRequest, names: Names, notes: Notes) -> None:
    if request.origin != NAME:
        refuse_foreign_choice(request, NAME)
    tools = write_tools(request, names, notes)
    if tools:
        body["tools"] = tools
    choice = request.tool_choice
    chosen = None if choice is None else write_choice(choice, request, names, notes)
    if not tools and not any(tool.origin == ADDITIONAL for tool in request.tools):
        # OpenAI refuses a choice among no tools.
        if choice is not None:
            notes.add("tool_choice", "dropped: there are no tools to choose from")
        return
    if chosen is not None:
        body["tool_choice"] = chosen
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _sampling(body: Body, request: ChatRequest, quirks: Quirks, notes: Notes) -> None:
    limit = request.max_output_tokens
    if limit is not None:
        body["max_output_tokens"] = max(limit, _FEWEST_TOKENS)
        if limit < _FEWEST_TOKENS:
            notes.add("max_tokens", f"raised to {_FEWEST_TOKENS}, the API's least")
    if request.temperature is not None:
        body["temperature"] = min(request.temperature, quirks.max_temperature)
        if request.temperature > quirks.max_temperature:
            notes.add("temperature", f"lowered to {quirks.max_temperature}, the provider's most")
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.top_logprobs is not None:
        body["top_logprobs"] = request.top_logprobs
    own = request.origin == NAME
    for field in (*_ABSENT, *(() if own else _PENALTIES)):
        if getattr(request, field):
            notes.add(field, _NO_SUCH_FIELD)
    for field in _PENALTIES if own else ():
        if getattr(request, field) is not None:
            body[field] = getattr(request, field)
    if quirks.reasoning_model:
        for field in _NOT_FOR_REASONING:
            if body.pop(field, None) is not None:
                notes.add(field, "dropped: the model reasons and does not take it")


def _reasoning(
    body: Body, thinking: Thinking | None, quirks: Quirks, notes: Notes, *, own: bool
) -> None:
    if thinking is None:
        return
    if not own:
        for field in () if _says_something(thinking) else thinking.native:
            notes.add(field, _NO_SUCH_FIELD)
        thinking = replace(thinking, native={})
    told: dict[str, object] = {}
    effort = reasoning_effort(thinking, quirks.efforts, notes)
    if effort is not None:
        told["effort"] = effort
    summary = _summary(thinking)
    if summary is not None and effort != "none" and quirks.efforts:
        told["summary"] = summary
    if own and "reasoning" in thinking.native:
        try:
            told = {**RAW_MAP.decode(thinking.native["reasoning"]), **told}
        except NOT_JSON:
            notes.add("reasoning", "dropped: not an object")
    if told:
        body["reasoning"] = told


def _no_reasoning(body: Body, quirks: Quirks) -> None:
    """Where it can be said. The client did not say it itself: no note tells of what cannot be."""
    effort = least_effort(quirks.efforts)
    if effort is not None and "reasoning" not in quirks.drop:
        body["reasoning"] = {"effort": effort}


def _says_something(thinking: Thinking) -> bool:
    return replace(thinking, native={}) != Thinking()


def _summary(thinking: Thinking) -> str | None:
    """Whoever is shown thinking elsewhere is shown its summary here; there is no more to see."""
    if thinking.display in _SUMMARIES:
        return thinking.display
    shows = thinking.display == "summarized" or thinking.mode in ("enabled", "adaptive")
    return "auto" if shows and thinking.display != "omitted" else None


def _text(body: Body, request: ChatRequest, quirks: Quirks, notes: Notes) -> None:
    told: dict[str, object] = {}
    if request.output_format is not None:
        told["format"] = _format(body, request.output_format, quirks, notes)
    if request.verbosity is not None:
        told["verbosity"] = request.verbosity
    if told:
        body["text"] = told


def _format(body: Body, wanted: OutputFormat, quirks: Quirks, notes: Notes) -> object:
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    schema = wanted.schema if wanted.schema is not None else Raw(b"{}")
    if not quirks.schema_output:
        words = "Answer with JSON that obeys this JSON schema, and nothing else:\n"
        items = body["input"]
        told = {"role": "system", "content": words + json.encode(schema).decode()}
        body["input"] = [told, *(items if isinstance(items, list) else ())]
        notes.add("text.format", "the schema is asked for in words, not enforced")
        return {"type": "json_object"}
    described: dict[str, object] = {"type": "json_schema", "name": wanted.name or "output"}
    if wanted.description is not None:
        described["description"] = wanted.description
    described["schema"] = schema
    if wanted.strict is not None:
        described["strict"] = wanted.strict
    return described


def _account(body: Body, request: ChatRequest, notes: Notes, *, own: bool) -> None:
    user = request.user
    if user is not None:
        if len(user) > _LONGEST_USER:
            # Claude Code's user_id is a JSON text of 150 characters; who it is must stay one.
            user = sha256(user.encode()).hexdigest()
            notes.add("user", "hashed: OpenAI takes 64 characters")
        body["user"] = user
    if request.metadata is not None:
        body["metadata"] = request.metadata
    # Anthropic's word for no priority.
    tier = "default" if request.service_tier == "standard_only" else request.service_tier
    if tier is not None:
        if own or tier in _TIERS:
            body["service_tier"] = tier
        else:
            notes.add("service_tier", f"dropped: the provider has no tier '{tier}'")


def _state(body: Body, request: ChatRequest, quirks: Quirks) -> None:
    """Nothing is stored for who did not ask for it; reasoning comes along sealed instead."""
    body.setdefault("store", False)
    include: list[object] = []
    if request.logprobs:
        include.append(_LOGPROBS)
    if (quirks.reasoning_model or "reasoning" in body) and not _is_true(body["store"]):
        include.append(_ENCRYPTED)
    told = _listed(body.get("include"))
    include = [*told, *(name for name in include if Raw(json.encode(name)) not in told)]
    if include:
        body["include"] = include


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, Raw) and bytes(value) == b"true")


def _listed(include: object) -> list[Raw]:
    try:
        return RAW_LIST.decode(include) if isinstance(include, Raw) else []
    except NOT_JSON:
        return []
