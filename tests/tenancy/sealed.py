"""A vault and its service over a database of their own, as one process has them; several may share it."""

import hashlib

from trunkline.storage.keks import FileKeks
from trunkline.storage.sql.credentials import CredentialStore
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.tenancy.credentials import CredentialService, NewCredential
from trunkline.tenancy.keys import Mac
from trunkline.tenancy.vault import Ring, Vault
from trunkline.testing.fakes import ManualClock

SECRET = "sk-canary-0123456789-wxyz"


class Dice:
    """Never the same twice, over all processes of a test."""

    def __init__(self):
        self.count = 0

    def __call__(self, size):
        self.count += 1
        return hashlib.shake_256(b"%d" % self.count).digest(size)


class Process:
    """One worker's."""

    def __init__(self, folder, entropy, keks=None):
        self.clock = ManualClock()
        self.storage = open_sqlite(folder, self.clock)
        self.store = CredentialStore(self.storage.database)
        self.keks = keks or FileKeks(folder, entropy)
        self.problems = []
        self.vault = Vault(self.store, Ring(self.keks), self.problems.append)
        self.service = CredentialService(self.vault, Mac(bytes(32)), self.clock, entropy)

    async def create(self, **more):
        self.clock.advance(1)  # lists are in the order of creation
        said = {"tenant": "acme", "provider": "openai", "api_key": SECRET, **more}
        return await self.service.create(NewCredential(**said))

    def own(self, tenant="acme", provider="openai"):
        keys = (self.vault.of(tenant) or {}).get(provider, ())
        return [key.key for key in keys if key.key is not None]

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.storage.aclose()
