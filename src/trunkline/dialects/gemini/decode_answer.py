"""A whole answer of an upstream, made canonical: by the same steps as a stream of one event."""

from msgspec import Raw, Struct, json

from trunkline.canon.answer import Answer
from trunkline.canon.errors import Garbled
from trunkline.canon.event import Faulted
from trunkline.canon.fold import fold
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.decode_error import decode_inline
from trunkline.dialects.gemini.decoder import StreamDecoder
from trunkline.dialects.gemini.usage import read_usage
from trunkline.dialects.gemini.wire import ABSENT, present
from trunkline.dialects.raws import NOT_JSON, RAW_LIST


class _Told(Struct, rename="camel"):
    usage_metadata: Raw = ABSENT
    error: Raw = ABSENT


_TOLD = json.Decoder(_Told)


def decode_answer(body: bytes) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    events = StreamDecoder().read_whole(body)
    if events and isinstance(events[-1], Faulted):
        raise events[-1].error
    return fold(events)


def read_answer_usage(body: bytes) -> Usage | None:
    """Only what the ledger needs of an answer that passes through. Raises as `decode_answer`."""
    try:
        pieces = RAW_LIST.decode(body) if body.lstrip()[:1] == b"[" else [body]
        usage = None
        for piece in pieces:
            told = _TOLD.decode(piece)
            if (error := present(told.error)) is not None:
                raise decode_inline(error)
            usage = read_usage(told.usage_metadata) or usage
    except NOT_JSON as error:
        raise Garbled("the provider's answer is not the Gemini API's", detail=str(error)) from None
    return usage
