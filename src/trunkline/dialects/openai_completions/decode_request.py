"""A client's prompt to the canonical request: what a model that only chats is asked."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Raw, json

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.errors import Malformed, Unsupported
from trunkline.dialects.fields import BOOL, INT, NUMBER, STR, Fields
from trunkline.dialects.openai_completions.wire import NAME, CompletionRequest
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

# As OpenAI has it: platform.openai.com, Create completion (2026-11-21).
_DEFAULT_TOKENS = 16
_STRINGS: json.Decoder[str | list[str]] = json.Decoder(str | list[str])
_PROMPT: json.Decoder[str | list[str]] = json.Decoder(str | list[str])
_TOP = json.Decoder(Annotated[int, Meta(ge=0, le=20)])


def decode_request(raw: bytes) -> CompletionRequest:
    """One prompt, in words. Raises Malformed; Unsupported for what only the real endpoint can do."""
    body = Fields.of(raw, "")
    prompt = _prompt(body)
    if body.get("suffix", STR):
        raise Unsupported("this model only chats: it cannot insert before a suffix", param="suffix")
    top = body.get("logprobs", _TOP)
    stop = body.get("stop", _STRINGS)
    return CompletionRequest(
        model=body.need("model", STR),
        messages=(Message(Role.USER, (Text(prompt),)),),
        origin=NAME,
        prompt=prompt,
        echoes=body.get("echo", BOOL) or False,
        max_output_tokens=_limit(body),
        temperature=body.get("temperature", NUMBER),
        top_p=body.get("top_p", NUMBER),
        n=body.get("n", INT),
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        seed=body.get("seed", INT),
        presence_penalty=body.get("presence_penalty", NUMBER),
        frequency_penalty=body.get("frequency_penalty", NUMBER),
        logit_bias=body.raw("logit_bias"),
        logprobs=None if top is None else True,
        top_logprobs=top,
        user=body.get("user", STR),
        stream=body.get("stream", BOOL) or False,
        include_usage=_include_usage(body),
        extra=dict(body.rest()),
    )


def wants_usage(envelope: Mapping[str, Raw]) -> bool:
    raw = envelope.get("stream_options")
    try:
        return raw is not None and bytes(RAW_MAP.decode(raw).get("include_usage", b"")) == b"true"
    except NOT_JSON:
        return False


def _prompt(body: Fields) -> str:
    """A text, or a list of one; several, and tokens, are the flow's business."""
    found = body.need("prompt", _PROMPT)
    if isinstance(found, str):
        return found
    if len(found) != 1:
        raise Malformed("'prompt' must be one text here", param="prompt")
    return found[0]


def _limit(body: Fields) -> int:
    """0 asks for the scores of the prompt's own tokens, with `echo`: no chat endpoint has them."""
    limit = body.get("max_tokens", INT)
    if limit == 0:
        raise Unsupported(
            "this model only chats: it scores no prompt, and writes at least one token",
            param="max_tokens",
        )
    return _DEFAULT_TOKENS if limit is None else limit


def _include_usage(body: Fields) -> bool:
    options = body.inner("stream_options")
    return options is not None and (options.get("include_usage", BOOL) or False)
