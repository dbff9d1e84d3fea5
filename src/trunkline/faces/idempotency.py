"""What an Idempotency-Key says: whose it is, and what is asked under it, as two digests."""

from hashlib import sha256
from typing import Final

from msgspec import MsgspecError, json

from trunkline.canon.errors import Malformed
from trunkline.canon.exchange import Exchange
from trunkline.flow.base import Head
from trunkline.storage.idempotency import Ask

HEADER: Final = b"idempotency-key"
_LONGEST: Final = 255
# Sorting the fields of a larger body would hold up everybody else for milliseconds.
_SORTED: Final = 256 << 10


def asked(key: bytes, head: Head, body: bytes, exchange: Exchange, *, array: bool) -> Ask:
    """
    `body`: as the client sent it. `array`: its stream comes as a JSON array.

    Raises Malformed.
    """
    if not 0 < len(key) <= _LONGEST:
        raise Malformed(
            f"'Idempotency-Key' must have 1 to {_LONGEST} characters", param="Idempotency-Key"
        )
    principal = exchange.principal
    whose = (principal.tenant, principal.key_id, head.path.decode("latin-1"), key.decode("latin-1"))
    what = sha256(canonical(body))
    what.update(b"\x01" if array else b"\x00")
    return Ask(sha256(json.encode(whose)).digest(), what.digest(), exchange.id)


def canonical(body: bytes) -> bytes:
    """The same for bodies that differ in spaces and in the order of fields; as it is, if large."""
    if len(body) > _SORTED:
        return body
    try:
        return json.encode(json.decode(body), order="sorted")
    except (MsgspecError, RecursionError, ValueError):  # for whoever reads it in full to refuse
        return body
