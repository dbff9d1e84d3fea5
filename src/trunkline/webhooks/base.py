"""What webhooks ask of the house: somewhere to keep their secrets."""

from typing import Protocol


class Vault(Protocol):
    """Secrets at rest. `about`: whose it is; what was sealed for one opens for no other."""

    def seal(self, secret: bytes, about: bytes) -> bytes: ...
    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Raises ValueError for what was not sealed here, or not for this."""
