"""
POST models/{model}:countTokens: a request that is not answered but counted.

It takes `contents`, or a whole `generateContentRequest` that names its model once more
(ai.google.dev/api/tokens, seen 2026-11-21).
"""

from typing import Final

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from trunkline.canon.errors import Garbled, Malformed
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Encoded
from trunkline.dialects.camel import camel
from trunkline.dialects.fields import read
from trunkline.dialects.gemini.decode_error import decode_inline
from trunkline.dialects.gemini.decode_request import decode_request
from trunkline.dialects.gemini.wire import ABSENT, present
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

METHOD: Final = "countTokens"
_WHOLE: Final = "generateContentRequest"
# What a face reads from the path and puts beside the request.
_OF_THE_PATH = ("model", "stream")


class _Count(Struct, rename="camel"):
    total_tokens: int | None = None
    error: Raw = ABSENT


_COUNT = json.Decoder(_Count)


def decode_count_request(body: bytes) -> ChatRequest:
    """As decode_request, whose `model` counts before the one within. Raises Malformed, only."""
    fields = {camel(name): raw for name, raw in _fields(body).items()}
    whole = fields.get(_WHOLE)
    if whole is None:
        return decode_request(body)
    asked: dict[str, Raw] = read(whole, RAW_MAP, _WHOLE)
    over = {name: fields[name] for name in _OF_THE_PATH if name in fields}
    return decode_request(json.encode({**asked, **over}))


def count_request(encoded: Encoded, model: str) -> Encoded:
    """See CountingDialect."""
    fields = {camel(name): raw for name, raw in _fields(encoded.body).items()}
    if fields.keys() <= {"contents"}:
        return encoded
    within: Raw | None = fields.get(_WHOLE)
    asked: dict[str, Raw] = fields if within is None else read(within, RAW_MAP, _WHOLE)
    named = model if "/" in model else f"models/{model}"
    body = {_WHOLE: {**asked, "model": named}}
    return replace(encoded, body=json.encode(body))


def encode_count(tokens: int) -> bytes:
    return b'{"totalTokens":%d}' % tokens


def decode_count(body: bytes) -> int:
    """See CountingDialect."""
    try:
        count = _COUNT.decode(body)
        if (told := present(count.error)) is not None:
            raise decode_inline(told)
    except NOT_JSON as error:
        raise Garbled("the provider's answer holds no count", detail=repr(error)) from error
    if count.total_tokens is None or count.total_tokens < 0:
        raise Garbled("the provider's answer holds no count")
    return count.total_tokens


def _fields(body: bytes) -> dict[str, Raw]:
    try:
        return RAW_MAP.decode(body)
    except NOT_JSON:
        raise Malformed("the request body must be a JSON object") from None
