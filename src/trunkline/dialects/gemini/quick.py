"""
The usual event of a stream, nothing but a piece of text and the counts so far, in one call into C.

Whatever has a field more is no usual event: it is read as any other (wire.RESPONSE).
"""

from msgspec import Struct, ValidationError, json

from trunkline.dialects.gemini.usage import Metadata


class Piece(Struct, gc=False, forbid_unknown_fields=True):
    text: str
    thought: bool = False


class _Content(Struct, gc=False, forbid_unknown_fields=True):
    parts: list[Piece]
    role: str = ""


class _Candidate(Struct, gc=False, forbid_unknown_fields=True):
    content: _Content
    index: int = 0


class Usual(Struct, gc=False, forbid_unknown_fields=True, rename="camel"):
    candidates: list[_Candidate]
    usage_metadata: Metadata | None = None
    model_version: str = ""
    response_id: str = ""
    create_time: str = ""


_USUAL = json.Decoder(Usual, strict=False)


def usual(payload: bytes) -> Usual | None:
    """None for any other event. Raises msgspec.DecodeError for what is no JSON."""
    try:
        return _USUAL.decode(payload)
    except ValidationError:
        return None
