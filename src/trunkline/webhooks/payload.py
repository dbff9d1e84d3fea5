"""What an event looks like on the wire: the body and headers that each face knows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Raw, Struct, json

from trunkline.canon.exchange import Headers
from trunkline.storage.sql.outbox import PLATFORM
from trunkline.webhooks.events import told
from trunkline.webhooks.signing import hex_signature, standard_signature

NATIVE: Final = "native"
KEYPLEX: Final = "keyplex"
PLUTOSAI: Final = "plutosai"
FACES = (NATIVE, KEYPLEX, PLUTOSAI)
# A second header, since the first is known to hold exactly one signature.
_FORMER = b"x-webhook-signature-previous"


class Told(Struct, frozen=True, kw_only=True):
    """One attempt to tell of an event."""

    id: str
    """The same in every attempt: what receivers tell duplicates by."""
    type: str
    data: bytes
    """A JSON object."""
    happened_at: int
    """Unix microseconds."""
    attempted_at: int
    """Unix seconds."""
    tenant: str = ""
    """For those who hear of more than one."""


class _Native(Struct, frozen=True, omit_defaults=True):
    """As Standard Webhooks recommends a payload to be (seen 2026-11-21)."""

    type: str
    timestamp: str
    data: Raw
    tenant: str = ""


class _Keyplex(Struct, frozen=True, omit_defaults=True):
    id: str
    type: str
    created: int
    data: Raw
    tenant: str = ""


class _Plutosai(Struct, frozen=True, omit_defaults=True):
    event: str
    timestamp: str
    data: Raw
    tenant: str = ""


def is_standard(face: str) -> bool:
    """Whether its secrets are those of Standard Webhooks."""
    return face == NATIVE


def for_whom(tenant: str, endpoint_tenant: str) -> str:
    """The tenant to name: none to itself, and none that is the platform."""
    return "" if tenant in (endpoint_tenant, PLATFORM) else tenant


def rendered(face: str, event: Told, secrets: Sequence[str]) -> tuple[Headers, bytes]:
    """`secrets`: those in force, the newest first."""
    kind = told(event.type, face)
    data = Raw(event.data)
    signed: Headers
    if face == KEYPLEX:
        created = event.happened_at // 1_000_000
        body = json.encode(_Keyplex(event.id, kind, created, data, event.tenant))
        signed = _hex(b"x-keyplex-signature", secrets, body)
    elif face == PLUTOSAI:
        unsigned = _Plutosai(kind, _iso(event.happened_at), data, event.tenant)
        bare = json.encode(unsigned)
        signature = hex_signature(secrets[0], bare)
        body = bare[:-1] + b',"signature":"sha256=%b"}' % signature.encode()
        signed = tuple((_FORMER, _sha256(secret, bare)) for secret in secrets[1:])
    else:
        body = json.encode(_Native(kind, _iso(event.happened_at), data, event.tenant))
        made = standard_signature(secrets, event.id, event.attempted_at, body)
        signed = ((b"webhook-signature", made),)
    return (
        (b"content-type", b"application/json"),
        (b"user-agent", b"Trunkline-Webhooks/1"),
        (b"webhook-id", event.id.encode()),
        (b"webhook-timestamp", b"%d" % event.attempted_at),
        *signed,
    ), body


def _hex(name: bytes, secrets: Sequence[str], body: bytes) -> Headers:
    names = (name, *(_FORMER for _ in secrets[1:]))
    return tuple((n, _sha256(s, body)) for n, s in zip(names, secrets, strict=True))


def _sha256(secret: str, body: bytes) -> bytes:
    return b"sha256=" + hex_signature(secret, body).encode()


def _iso(micros: int) -> str:
    moment = datetime.fromtimestamp(micros / 1_000_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
