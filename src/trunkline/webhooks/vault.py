"""Secrets sealed by AES-256-GCM, under a key that the database does not hold."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trunkline.kernel.ids import Entropy

_NONCE = 12
"""Bytes; drawn for each seal (NIST SP 800-38D, 8.2.2, seen 2026-11-21)."""
_FORM = b"\1"
"""What a sealed secret begins with: how it was sealed."""


class AesGcmVault:
    """See Vault."""

    __slots__ = ("_cipher", "_entropy")

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        """`key`: 32 bytes, the same in every process that shares the database."""
        self._cipher = AESGCM(key)
        self._entropy = entropy

    def seal(self, secret: bytes, about: bytes) -> bytes:
        nonce = self._entropy(_NONCE)
        return _FORM + nonce + self._cipher.encrypt(nonce, secret, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != _FORM or len(nonce) < _NONCE:
            raise ValueError("not a sealed secret")
        try:
            return self._cipher.decrypt(nonce, rest, about)
        except InvalidTag:
            raise ValueError("sealed under another key, or for something else") from None

    def __repr__(self) -> str:
        return "<AesGcmVault>"
