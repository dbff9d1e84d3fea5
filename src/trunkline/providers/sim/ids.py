"""Ids in the shapes the providers use, derived from a seed so that a run can be repeated."""

from hashlib import sha256

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BYTES = tuple(_ALPHABET[byte % 62] for byte in range(256))


def token(seed: bytes, label: str, length: int) -> str:
    """Letters and digits, at most 64."""
    digest = sha256(seed + label.encode()).digest()
    if length > 32:
        digest += sha256(digest).digest()
    letters = _BYTES
    return "".join([letters[byte] for byte in digest[:length]])


def dice(seed: bytes, label: str) -> float:
    """A number in [0, 1) that looks random and is not."""
    return int.from_bytes(sha256(seed + label.encode()).digest()[:7], "big") / (1 << 56)
