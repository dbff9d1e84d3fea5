"""How a stream tells of a fault after its first byte: an `error`, then the response that failed."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.errors import GatewayError
from trunkline.dialects.openai_errors import error_out


def fault_events(
    error: GatewayError, sequence_number: int, response: Mapping[str, Raw | object]
) -> bytes:
    """
    The two events that end a stream, the first of them numbered `sequence_number`.

    `response` is the object as `created` gave it. The specification writes the error's fields flat;
    the API nests them, as every other of its errors (recorded 2025-11), and clients read that.
    """
    told = error_out(error)
    code = told.code or told.type
    failed = {
        **response,
        "status": "failed",
        "error": {"code": code, "message": told.message},
        "usage": response.get("usage"),
    }
    return _event("error", sequence_number, "error", told) + _event(
        "response.failed", sequence_number + 1, "response", failed
    )


def _event(kind: str, sequence_number: int, field: str, value: object) -> bytes:
    body = {"type": kind, "sequence_number": sequence_number, field: value}
    return b"event: " + kind.encode() + b"\ndata: " + json.encode(body) + b"\n\n"
