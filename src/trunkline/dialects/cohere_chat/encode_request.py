"""The canonical request as the body Cohere gets."""

from msgspec import json

from trunkline.canon.deployment import Deployment
from trunkline.canon.foreign import refuse_foreign_needs
from trunkline.canon.request import Request
from trunkline.dialects.base import Encoded
from trunkline.dialects.cohere_chat.draft import Draft
from trunkline.dialects.cohere_chat.encode_messages import ask_in_words, encode_messages
from trunkline.dialects.cohere_chat.encode_thinking import encode_thinking
from trunkline.dialects.cohere_chat.encode_tools import encode_tools
from trunkline.dialects.cohere_chat.wire import NAME, Fields
from trunkline.dialects.field_quirks import apply_quirks
from trunkline.dialects.one_of import in_words
from trunkline.dialects.single import refuse_several

_NO_SUCH_FIELD = "dropped: this API has no such field"
_NOT_TAKEN = "dropped: this provider does not take it"
_OURS = frozenset({"citation_options", "documents", "priority", "safety_mode"})
"""Fields of Cohere's own, which clients that mean its models may send as they are."""
# docs.cohere.com, "Chat", seen 2026-11-21.
_MOST_P, _LEAST_P = 0.99, 0.01
_MOST_K = 500
_MOST_PENALTY = 1.0


def encode_request(request: Request, deployment: Deployment) -> Encoded:
    """Raises Unsupported for what may neither be expressed nor dropped."""
    refuse_foreign_needs(request, NAME)
    request, told = in_words(request)
    refuse_several(request)
    draft = Draft(request, deployment)
    body = _body(draft)
    _note_unknown(draft)
    apply_quirks(body, deployment.quirks, draft.note, why=_NOT_TAKEN)
    return Encoded(json.encode(body), (), (*told, *draft.notes.all()), draft.names.used)


def _body(draft: Draft) -> Fields:
    request = draft.request
    messages = encode_messages(draft)
    tools = encode_tools(draft)
    most = _limit(draft)
    own: Fields = {name: raw for name, raw in request.extra.items() if name in _OURS}
    shape = _response_format(draft, messages, free="tools" in tools or "documents" in own)
    body: Fields = {"model": draft.deployment.model, "messages": messages, "stream": request.stream}
    body |= tools
    for field, value in (
        ("response_format", shape),
        ("thinking", encode_thinking(draft, most)),
        ("max_tokens", most),
        ("stop_sequences", _stop(draft)),
        *_sampling(draft),
        ("seed", request.seed),
        ("logprobs", request.logprobs or None),
    ):
        if value is not None:
            body[field] = value
    return body | own


def _limit(draft: Draft) -> int | None:
    """More than a model writes is a 400: "max tokens must be less than or equal to"."""
    asked, most = draft.request.max_output_tokens, draft.deployment.max_output_tokens
    if asked is not None and most is not None and asked > most:
        draft.note("max_tokens", f"lowered to {most}, the most this model writes")
        return most
    return asked


def _response_format(draft: Draft, messages: list[Fields], *, free: bool) -> Fields | None:
    """
    `free`: with tools or documents the API holds no answer to a format: it is asked for in words.

    "response_format is not supported with RAG" (docs.cohere.com, "Errors" and "Structured Outputs",
    seen 2026-11-21).
    """
    wanted = draft.request.output_format
    if wanted is None or wanted.kind == "text":
        return None
    schema = wanted.schema if wanted.kind == "json_schema" else None
    enforced = schema is None or draft.deployment.quirks.schema_output
    if free or not enforced:
        draft.note("response_format", "asked for in the system prompt: not enforced here")
        text = "Answer with one JSON object and nothing else."
        if schema is not None:
            text += " It must match this JSON schema:\n" + bytes(schema).decode("utf-8", "replace")
        ask_in_words(messages, text)
    if free:
        return None
    shape: Fields = {"type": "json_object"}
    if schema is not None and enforced:
        shape["json_schema"] = schema
    return shape


def _stop(draft: Draft) -> list[str] | None:
    most = draft.deployment.quirks.max_stop
    stop = [text for text in draft.request.stop if text]
    if len(stop) > most:
        draft.note("stop", f"the first {most} kept: no more are taken")
    return stop[:most] or None


def _sampling(draft: Draft) -> list[tuple[str, float | None]]:
    request = draft.request
    frequency = request.frequency_penalty or None
    presence = request.presence_penalty or None
    if frequency is not None and presence is not None:
        # 400: "only one of 'presence_penalty' and 'frequency_penalty' can be specified".
        draft.note("presence_penalty", "dropped: not beside frequency_penalty")
        presence = None
    warmest = draft.deployment.quirks.max_temperature
    return [
        ("temperature", _within(draft, "temperature", request.temperature, 0.0, warmest)),
        ("p", _within(draft, "top_p", request.top_p, _LEAST_P, _MOST_P)),
        ("k", _k(draft)),
        ("frequency_penalty", _within(draft, "frequency_penalty", frequency, 0.0, _MOST_PENALTY)),
        ("presence_penalty", _within(draft, "presence_penalty", presence, 0.0, _MOST_PENALTY)),
    ]


def _within(
    draft: Draft, field: str, value: float | None, least: float, most: float
) -> float | None:
    if value is None or least <= value <= most:
        return value
    nearest = least if value < least else most
    draft.note(field, f"set to {nearest:g}: {least:g} to {most:g} are taken here")
    return nearest


def _k(draft: Draft) -> int | None:
    value = _within(draft, "top_k", draft.request.top_k, 0, _MOST_K)
    return None if value is None else int(value)


def _note_unknown(draft: Draft) -> None:
    """Fields of the shared request that this API lacks, and those only the client's dialect knows."""
    request = draft.request
    tier = None if request.service_tier in (None, "auto", "default") else request.service_tier
    for field, value in (
        ("top_logprobs", request.top_logprobs),
        ("logit_bias", request.logit_bias),
        ("verbosity", request.verbosity),
        ("metadata", request.metadata),
        ("user", request.user),
        ("service_tier", tier),
    ):
        if value is not None:
            draft.note(field, _NO_SUCH_FIELD)
    for field in request.extra:
        if field not in _OURS:
            draft.note(field, _NO_SUCH_FIELD)
