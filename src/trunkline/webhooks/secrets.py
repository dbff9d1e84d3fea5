"""The secrets of one endpoint: sealed while they rest, two of them for a while after a rotation."""

from collections.abc import Sequence

from trunkline.storage.sql.webhooks import Endpoint
from trunkline.webhooks.base import Vault


class Secrets:
    __slots__ = ("_vault",)

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealed(self, secret: str, tenant: str, endpoint_id: str) -> bytes:
        return self._vault.seal(secret.encode(), _about(tenant, endpoint_id))

    def in_force(self, endpoint: Endpoint, now: int) -> Sequence[str]:
        """The newest first. `now`: Unix microseconds. Raises ValueError where one does not open."""
        about = _about(endpoint.tenant, endpoint.id)
        found = [self._vault.open(endpoint.secret, about).decode()]
        if endpoint.former is not None and now < (endpoint.former_until or 0):
            found.append(self._vault.open(endpoint.former, about).decode())
        return found

    def __repr__(self) -> str:
        return "<Secrets>"


def _about(tenant: str, endpoint_id: str) -> bytes:
    return f"webhook {tenant} {endpoint_id}".encode()
