"""POST /v1/messages/count_tokens: a Messages request that is not answered but counted."""

from typing import Final

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from trunkline.canon.errors import Garbled, Malformed
from trunkline.dialects.anthropic_messages.decode_answer import garbled
from trunkline.dialects.anthropic_messages.errors import decode_inline
from trunkline.dialects.anthropic_messages.wire import BROKEN, RAW_MAP, present
from trunkline.dialects.base import Encoded

PATH: Final = "/v1/messages/count_tokens"
# What tells how to answer. The endpoint's own fields are those of
# anthropic.types.MessageCountTokensParams (anthropic 2.11, seen 2026-11-21); any other is
# answered by a 400, "Extra inputs are not permitted".
_ANSWERING = frozenset(
    (
        *("inference_geo", "max_tokens", "metadata", "service_tier", "stop_sequences", "stream"),
        *("temperature", "top_k", "top_p"),
    )
)


class _Count(Struct):
    input_tokens: int | None = None
    error: Raw = Raw(b"")


_COUNT = json.Decoder(_Count)


def count_request(encoded: Encoded) -> Encoded:
    """See CountingDialect."""
    try:
        fields = RAW_MAP.decode(encoded.body)
    except BROKEN:
        raise Malformed("the request body must be a JSON object") from None
    asked = {name: raw for name, raw in fields.items() if name not in _ANSWERING}
    return replace(encoded, body=json.encode(asked))


def encode_count(tokens: int) -> bytes:
    return b'{"input_tokens":%d}' % tokens


def decode_count(body: bytes) -> int:
    """See CountingDialect."""
    try:
        count = _COUNT.decode(body)
    except BROKEN as error:
        raise garbled(error) from error
    if (told := present(count.error)) is not None:
        raise decode_inline(told)
    if count.input_tokens is None or count.input_tokens < 0:
        raise Garbled("the provider's answer holds no count")
    return count.input_tokens
