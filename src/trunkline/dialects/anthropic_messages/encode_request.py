"""The canonical request as the body an upstream of this dialect gets."""

from msgspec import json

from trunkline.canon.deployment import Deployment
from trunkline.canon.foreign import refuse_foreign_needs
from trunkline.canon.request import Request
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.encode_content import BlockOut, plain_text
from trunkline.dialects.anthropic_messages.encode_thinking import Reasoned, encode_thinking
from trunkline.dialects.anthropic_messages.encode_tools import encode_choice, encode_tools
from trunkline.dialects.anthropic_messages.encode_turns import encode_system, encode_turns
from trunkline.dialects.anthropic_messages.quirks import apply_quirks, beta_header
from trunkline.dialects.anthropic_messages.wire import BETA_HEADER, BROKEN, NAME, RAW_MAP, Fields
from trunkline.dialects.base import Encoded
from trunkline.dialects.claude_schema import closed
from trunkline.dialects.one_of import in_words
from trunkline.dialects.single import refuse_several

VERSION_HEADER = b"anthropic-version"
VERSION = b"2023-06-01"
"""The API refuses a request without; this is its only version (seen 2026-11-21)."""

_TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}
_NO_SUCH_FIELD = "dropped: this API has no such field"
_OURS = ("thinking", "tool_choice", "output_config", "metadata")
"""Fields we write ourselves; what a client put into them beyond that is added."""
_PARTIAL = ("thinking", "tool_choice")
"""Those of them that mean nothing without what we write."""
_BETAS = json.Decoder(str)


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported for what may neither be expressed nor dropped."""
    refuse_foreign_needs(request, NAME)
    request, told = in_words(request)
    draft = Draft(request, deployment)
    refuse_several(request)
    body = _body(draft)
    draft.limit_marks()
    _note_unknown(draft)
    apply_quirks(body, deployment.quirks, draft.note)
    return Encoded(
        json.encode(body),
        ((VERSION_HEADER, VERSION), *_betas(draft)),
        (*told, *draft.notes),
        draft.names.shortened,
    )


def _body(draft: Draft) -> Fields:
    request = draft.request
    # In the prompt's order, which is that of the cache breakpoints.
    tools = encode_tools(draft)
    system = encode_system(draft)
    turns = encode_turns(draft)
    reasoned = encode_thinking(draft, turns)
    output = _output_config(draft, reasoned, system)
    body: Fields = {"model": draft.deployment.model, "max_tokens": reasoned.max_tokens}
    if system:
        body["system"] = system
    body["messages"] = [turn.fields() for turn in turns]
    if tools:
        body["tools"] = tools
    choice = encode_choice(draft, tools, thinking=reasoned.budgeted)
    for field, value in (
        ("tool_choice", choice),
        ("thinking", reasoned.thinking),
        ("output_config", output),
        ("metadata", None if request.user is None else {"user_id": request.user}),
        ("service_tier", _tier(draft)),
    ):
        if value is not None:
            body[field] = value
    body |= _sampling(draft, thinking=reasoned.on)
    if request.stream:
        body["stream"] = True
    if draft.same:
        _add_extra(body, draft)
    return body


def _output_config(draft: Draft, reasoned: Reasoned, system: list[BlockOut]) -> Fields | None:
    """Effort and format; what cannot be enforced is asked for in the system prompt."""
    config: Fields = {} if reasoned.effort is None else {"effort": reasoned.effort}
    wanted = draft.request.output_format
    if wanted is None or wanted.kind == "text":
        return config or None
    schema = wanted.schema if wanted.kind == "json_schema" else None
    if wanted.description is not None:
        draft.note("response_format.description", _NO_SUCH_FIELD)
    fits = None
    if schema is not None and draft.deployment.quirks.schema_output:
        fits = (schema, "") if draft.same else closed(schema, "response_format")
    if fits is None:
        draft.note("response_format", "asked for in the system prompt: not enforced here")
        text = "Answer with one JSON object and nothing else."
        if schema is not None:
            text += " It must match this JSON schema:\n" + bytes(schema).decode("utf-8", "replace")
        system += filter(None, [plain_text(text)])
        return config or None
    schema, changes = fits
    if changes:
        draft.note("response_format", f"{changes}: not enforced here")
    config["format"] = {"type": "json_schema", "schema": schema}
    return config


def _sampling(draft: Draft, *, thinking: bool) -> Fields:
    request, fields = draft.request, Fields()
    temperature, top_p, top_k = request.temperature, request.top_p, request.top_k
    most = min(1.0, draft.deployment.quirks.max_temperature)
    if temperature is not None and temperature > most:
        draft.note("temperature", f"lowered to {most:g}, the highest here")
        temperature = most
    if thinking and temperature not in {None, 1.0}:
        draft.note("temperature", "dropped: not while the model thinks")
        temperature = None
    if thinking and top_k is not None:
        draft.note("top_k", "dropped: not while the model thinks")
        top_k = None
    if top_p is not None and thinking and top_p < 0.95:  # the API's lower bound while thinking
        draft.note("top_p", "dropped: below 0.95 not while the model thinks")
        top_p = None
    if top_p is not None and temperature is not None and not draft.same:
        # 400 on Claudes since Opus 4.1: "temperature and top_p cannot both be specified".
        draft.note("top_p", "dropped: not beside temperature")
        top_p = None
    stop = [text for text in request.stop if text.strip()]
    if len(stop) != len(request.stop):
        draft.note("stop", "sequences of white space dropped: refused here")
    for field, value in (
        ("temperature", temperature),
        ("top_p", top_p),
        ("top_k", top_k),
        ("stop_sequences", stop or None),
    ):
        if value is not None:
            fields[field] = value
    return fields


def _tier(draft: Draft) -> str | None:
    tier = draft.request.service_tier
    if tier is None or draft.same:
        return None if tier is None else _TIERS.get(tier, tier)
    if tier not in _TIERS:
        draft.note("service_tier", f"dropped: there is no tier {tier!r} here")
    return _TIERS.get(tier)


def _note_unknown(draft: Draft) -> None:
    """Fields of the shared request that this API lacks, and those only the client's dialect knows."""
    request = draft.request
    for field, value in (
        ("seed", request.seed),
        ("presence_penalty", request.presence_penalty or None),
        ("frequency_penalty", request.frequency_penalty or None),
        ("logprobs", request.logprobs or None),
        ("top_logprobs", request.top_logprobs),
        ("logit_bias", request.logit_bias),
        ("verbosity", request.verbosity),
        ("metadata", request.metadata),
    ):
        if value is not None:
            draft.note(field, _NO_SUCH_FIELD)
    if not draft.same:
        for field in request.extra:
            draft.note(field, _NO_SUCH_FIELD)


def _add_extra(body: Fields, draft: Draft) -> None:
    for field, raw in draft.request.extra.items():
        if field == BETA_HEADER:
            continue
        own = body.get(field)
        if field in _OURS and isinstance(own, dict):
            try:
                body[field] = {**RAW_MAP.decode(raw), **own}
            except BROKEN:
                draft.note(field, "dropped: not an object")
        elif field not in body and field not in _PARTIAL:
            body[field] = raw


def _betas(draft: Draft) -> tuple[tuple[bytes, bytes], ...]:
    raw = draft.request.extra.get(BETA_HEADER) if draft.same else None
    if raw is None:
        return ()
    return beta_header(_BETAS.decode(raw).encode(), draft.deployment.quirks, draft.note)
