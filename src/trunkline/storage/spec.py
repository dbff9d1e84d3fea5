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
from trunkline.storage.whole import Advance, Source, Target


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
    source: Callable[[Where], Source]
    """To look at all of it, or copy it. Makes and changes nothing. Raises StorageRefused."""
    target: Callable[[Where, Clock], Target]
    """To be copied into; made where it is missing. Not within an event loop. Raises StorageRefused."""
    save: Callable[[Where, Path, Advance], int]
    """
    A backup into a folder that is empty, beside whoever uses the database; returns its bytes.

    Raises StorageRefused, where other tools do it better, too.
    """
