"""The seam of a storage backend: what it is opened with, and what it then has."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from trunkline.kernel.clock import Clock
from trunkline.storage.base import (
    KeyStore,
    LedgerStore,
    ResponseStore,
    SettingStore,
)
from trunkline.storage.bodies import BodyStore
from trunkline.storage.idempotency import IdempotencyStore
from trunkline.storage.sql.database import Database


class StorageStatistics(Struct, frozen=True):
    backend: str
    version: str
    """The database's own version."""
    schema: int
    """The last migration applied."""
    problems: tuple[str, ...] = ()
    """What is not as it should be there, though it can be used; for people."""


class Storage(Protocol):
    @property
    def database(self) -> Database:
        """For the stores in storage/sql, which are the same on every backend."""

    @property
    def keys(self) -> KeyStore: ...
    @property
    def settings(self) -> SettingStore: ...
    @property
    def ledger(self) -> LedgerStore: ...
    @property
    def responses(self) -> ResponseStore: ...
    @property
    def idempotency(self) -> IdempotencyStore: ...
    @property
    def bodies(self) -> BodyStore: ...
    def statistics(self) -> StorageStatistics: ...
    async def aclose(self) -> None: ...


class Where(Struct, frozen=True):
    folder: Path
    """The data folder."""
    url: str = ""
    """Of the database, for a backend that has one; with a password in it: not to be shown."""
    fingerprint: bytes = b""
    """Of the secrets that whoever shares the database must have in common; empty: none."""

    def __repr__(self) -> str:
        return f"<Where {self.folder}>"


class StorageSpec(Struct, frozen=True):
    name: str
    schemes: tuple[str, ...]
    """Of URLs: which choose it; none: it needs no URL."""
    open: Callable[[Where, Clock], Storage]
    """
    Blocks; for start-up. Brings an older schema up to date.

    Raises StorageRefused.
    """
    examine: Callable[[Where], None]
    """Can it be there? Opens and sends nothing. Raises StorageRefused."""
