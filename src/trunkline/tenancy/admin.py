"""The admin key: one secret that may manage everything."""

from hmac import compare_digest

from trunkline.canon.errors import Unauthenticated
from trunkline.canon.exchange import Principal
from trunkline.kernel.ids import Entropy
from trunkline.tenancy.keys import Mac, base62

_PREFIX = "tl_admin_"
# What NIST SP 800-63B section 5.1.1.2 asks of a secret somebody chose himself. Ours has 256 bits.
_MINIMUM = 8

ADMIN = Principal(key_id="admin", tenant="default", admin=True)


def mint_admin_key(entropy: Entropy) -> bytes:
    return f"{_PREFIX}{base62(int.from_bytes(entropy(32), 'big'), 43)}".encode()


class AdminGate:
    __slots__ = ("_expected", "_mac")

    def __init__(self, key: str | bytes, mac: Mac) -> None:
        """White space around it is not part of it. Raises ValueError where it is too short."""
        secret = _bytes(key).strip()
        if len(secret) < _MINIMUM:
            raise ValueError(f"the admin key must have at least {_MINIMUM} characters")
        self._mac = mac
        self._expected = mac(secret)

    def opens(self, token: str | bytes) -> bool:
        # Both sides are hashed, so the comparison's time tells nothing of the key's length.
        return compare_digest(self._expected, self._mac(_bytes(token)))

    def authenticate(self, token: str | bytes) -> Principal:
        """Raises Unauthenticated."""
        if self.opens(token):
            return ADMIN
        raise Unauthenticated(
            "This needs the admin key, as `Authorization: Bearer <key>`: it is in"
            " TRUNKLINE_ADMIN_KEY, or else in the file `admin-key` of the data folder."
        )

    def __repr__(self) -> str:
        return "<AdminGate>"


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else text
