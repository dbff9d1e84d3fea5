"""POST /v1/responses/input_tokens: a Responses request that is not answered but counted."""

from typing import Final

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from trunkline.canon.errors import Garbled, Malformed
from trunkline.dialects.base import Encoded
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

PATH: Final = "/responses/input_tokens"
# The endpoint's own fields: openai.types.responses.InputTokenCountParams (openai-python, seen
# 2026-11-21). Any other is answered by a 400.
_ASKING = frozenset(
    (
        *("conversation", "input", "instructions", "model", "parallel_tool_calls", "personality"),
        *("previous_response_id", "reasoning", "text", "tool_choice", "tools", "truncation"),
    )
)


class _Count(Struct):
    input_tokens: int


_COUNT = json.Decoder(_Count)


def count_request(encoded: Encoded) -> Encoded:
    """See CountingDialect."""
    try:
        fields = RAW_MAP.decode(encoded.body)
    except NOT_JSON:
        raise Malformed("the request body must be a JSON object") from None
    asked: dict[str, Raw] = {name: raw for name, raw in fields.items() if name in _ASKING}
    return replace(encoded, body=json.encode(asked))


def encode_count(tokens: int) -> bytes:
    return b'{"object":"response.input_tokens","input_tokens":%d}' % tokens


def decode_count(body: bytes) -> int:
    """See CountingDialect."""
    try:
        tokens = _COUNT.decode(body).input_tokens
    except NOT_JSON as error:
        raise Garbled("the provider's answer holds no count", detail=repr(error)) from error
    if tokens < 0:
        raise Garbled("the provider's answer holds no count")
    return tokens
