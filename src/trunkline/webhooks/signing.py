"""Secrets of webhooks, and the signatures made with them."""

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence

from trunkline.canon.errors import Malformed
from trunkline.kernel.ids import Entropy

# Standard Webhooks, "Signature scheme" (github.com/standard-webhooks, seen 2026-11-21): 24 to 64
# bytes, in base64 behind this prefix.
PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
# Of a secret that is used as it is written.
_LONGEST_TEXT = 256
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_BYTES = 32


def new_secret(entropy: Entropy) -> str:
    return PREFIX + b64encode(entropy(_BYTES)).decode()


def check_secret(secret: str, *, standard: bool) -> None:
    """
    Raises Malformed for one that would protect nothing, without repeating it.

    Under an empty key anybody can sign (CVE-2026-41432, seen 2026-11-21).
    """
    if standard:
        _key(secret)
    elif not _SHORTEST <= len(secret) <= _LONGEST_TEXT or not _VISIBLE.fullmatch(secret):
        raise Malformed(
            f"`secret` must have {_SHORTEST} to {_LONGEST_TEXT} visible ASCII characters; leave"
            " it out and one is made.",
            param="secret",
        )


def standard_signature(
    secrets: Sequence[str], message_id: str, timestamp: int, body: bytes
) -> bytes:
    """The value of webhook-signature: one for each secret, the newest first."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    found = (hmac.digest(_key(secret), signed, "sha256") for secret in secrets)
    return b" ".join(b"v1," + b64encode(mac) for mac in found)


def hex_signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 under the secret as it is written."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise Malformed(
            f"`secret` must be {PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64; leave it"
            " out and one is made.",
            param="secret",
        )
    return key
