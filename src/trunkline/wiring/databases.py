"""Databases as wholes: what there is in one, all of one into another, a backup of one."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct

from trunkline.config.errors import ConfigError
from trunkline.config.load import filled
from trunkline.ledger.service import FOLDER
from trunkline.ledger.workers import JournalFound, look
from trunkline.storage.base import StorageRefused
from trunkline.storage.copying import Copied, Wish, check_source, copy, unfinished
from trunkline.storage.keks import KEK_FILE
from trunkline.storage.records import Position
from trunkline.storage.registry import STORAGES
from trunkline.storage.secrets import ADMIN_KEY_FILE, PEPPER_FILE, load_or_create, load_pepper
from trunkline.storage.spec import StorageSpec, Where
from trunkline.storage.sql.database import as_int, as_text
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.whole import Advance, Source
from trunkline.tenancy.keys import Mac
from trunkline.wiring.machine import Loaded, Machine
from trunkline.wiring.stores import fingerprint_of, storage_spec

SECRETS: Final = (PEPPER_FILE, KEK_FILE, ADMIN_KEY_FILE)
_PEPPER: Final = "pepper"
_PUT: Final = """
INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class JournalStatus(Struct, frozen=True):
    worker: str
    running: bool
    """Its process is alive."""
    waiting: int
    """Bytes that are not in the database yet."""


class DatabaseStatus(Struct, frozen=True):
    place: str
    backend: str
    version: str
    schema: int
    latest_schema: int
    """That this program knows."""
    size: int
    """Bytes on disk."""
    unfinished: bool
    """A copy into it was begun, and not finished."""
    tables: Mapping[str, int]
    """Rows of each."""
    oldest_request: int | None
    """When it was received, in Unix microseconds."""
    newest_request: int | None
    open_requests: int
    """Without an end in the books."""
    connections: int
    """That others have to it, where the database tells."""
    journals: Sequence[JournalStatus]
    """Of this data folder."""


class Place(Struct, frozen=True):
    spec: StorageSpec
    where: Where
    """Its folder is that of the journals, too."""

    @property
    def in_folder(self) -> bool:
        return not self.where.url

    def journals(self) -> Sequence[JournalFound]:
        return look(self.where.folder / FOLDER)


class Databases:
    """Blocks, and makes no event loop's thread wait for it: for the command line."""

    def __init__(self, machine: Machine, loaded: Loaded, data: Path) -> None:
        self._machine = machine
        self._loaded = loaded
        self._data = data

    def place(self, text: str | None, option: str) -> Place:
        """
        The URL's database, the data folder's, or without a text the configured one.

        Raises ConfigError for what is neither.
        """
        if text is None:
            url = self._loaded[0].server.database
            return Place(storage_spec(self._loaded), Where(self._data, url))
        text = filled(text, self._machine.environ, option)
        scheme, _, rest = text.partition("://")
        # "host=... password=..." is how others name a PostgreSQL: as a folder, its name would be told.
        known = {} if "=" in text and not rest else STORAGES
        for spec in known.values():
            if rest and scheme in spec.schemes:
                return Place(spec, Where(self._data, text))
            if not rest and not spec.schemes:
                return Place(spec, Where(Path(text).expanduser()))
        raise ConfigError(option, 'expected "postgresql://user:password@host/name" or a folder')

    def status(self) -> DatabaseStatus:
        """Raises ConfigError, StorageRefused."""
        place = self.place(None, "")
        source = place.spec.source(place.where)
        try:
            return _status(source, place.journals())
        finally:
            source.close()

    def copy(self, source: str | None, target: str | None, wish: Wish, tell: Advance) -> Copied:
        """Raises ConfigError, StorageRefused; whatever happens, the source is as it was."""
        here, there = self.place(source, "--from"), self.place(target, "--to")
        if (here.spec, here.where) == (there.spec, there.where):
            raise ConfigError("", "a database cannot be copied into itself: name another by --to")
        if not wish.live:
            _unused(here, "--while-running copies what is there now")
        # The data folder's journals tell nothing of a database that its gateways do not use.
        if there.in_folder or there.where.url == self._loaded[0].server.database:
            _unused(there, "name another by --to")
        reading = here.spec.source(here.where)
        try:
            check_source(reading)
            if not wish.live:
                _at_rest(reading, here.journals())
            pepper = self._pepper(here, reading)
            self._recognised(there, pepper)
            writing = there.spec.target(there.where, self._machine.clock)
            try:
                done = copy(
                    reading, writing, wish, tell, lambda: self._bring_secrets(here, there, pepper)
                )
                if pepper and not there.in_folder:
                    writing.change("settings", _PUT, (_PEPPER, pepper))
                writing.finish()
            finally:
                writing.close()
        finally:
            reading.close()
        return done

    def save(self, to: Path, tell: Advance) -> int:
        """A backup, beside whoever uses the database. Raises ConfigError, StorageRefused."""
        place = self.place(None, "")
        return place.spec.save(place.where, to, tell)

    def _pepper(self, place: Place, source: Source) -> bytes:
        """The fingerprint of the one that the keys were made with; empty: nobody knows."""
        if place.in_folder and (known := self._of_folder(place.where.folder)):
            return known
        rows = source.ask("settings", "SELECT value FROM settings WHERE name = ?", (_PEPPER,))
        value = rows[0][0] if rows else b""
        return value if isinstance(value, bytes) else b""

    def _of_folder(self, folder: Path) -> bytes:
        if not (folder / PEPPER_FILE).exists():
            return b""
        return fingerprint_of(Mac(load_pepper(folder, self._machine.entropy)))

    def _bring_secrets(self, source: Place, target: Place, pepper: bytes) -> None:
        """What a data folder needs for its keys and credentials, where it has none of its own."""
        folder = source.where.folder
        if not target.in_folder or not pepper or pepper != self._of_folder(folder):
            return
        for name in SECRETS:
            if (folder / name).exists():
                content = (folder / name).read_bytes()
                load_or_create(
                    target.where.folder / name, partial(bytes, content), self._machine.entropy
                )

    def _recognised(self, target: Place, pepper: bytes) -> None:
        """Raises StorageRefused where the keys could not be verified afterwards."""
        there = self._of_folder(target.where.folder) if target.in_folder else b""
        if pepper and there and pepper != there:
            raise StorageRefused(
                f"{target.where.folder / PEPPER_FILE} is not the pepper that the keys in the source"
                " were made with: put the file `pepper` of its gateway there, or name a new folder"
            )


def _unused(place: Place, otherwise: str) -> None:
    """Raises StorageRefused while a gateway runs in its folder."""
    running = [journal.worker for journal in place.journals() if journal.alive]
    if running:
        raise StorageRefused(
            f"a gateway runs in {place.where.folder} ({len(running)} workers): stop it first, or"
            f" {otherwise}"
        )


def _at_rest(source: Source, journals: Sequence[JournalFound]) -> None:
    """Raises StorageRefused where what the source has is not all there is."""
    if count := source.connected():
        raise StorageRefused(
            f"{count} other connections of Trunkline's use {source.about.place}: stop every"
            " gateway on it first, or --while-running copies what is there now"
        )
    moved = _moved(source)
    left = sum(journal.waiting(moved.get(journal.worker)) for journal in journals)
    if left:
        raise StorageRefused(
            f"journals have {left} bytes that are not in {source.about.place} yet, for a gateway"
            " was killed: start it and stop it once, or --while-running copies what is there now"
        )


def _status(source: Source, journals: Sequence[JournalFound]) -> DatabaseStatus:
    names = sorted(table.name for table in source.tables)
    counts = {name: _number(source, name, f'SELECT count(*) FROM "{name}"') for name in names}  # noqa: S608 - our own names
    oldest = newest = None
    opened = 0
    if "requests" in counts:
        [[oldest, newest]] = source.ask(
            "requests", "SELECT min(received_at), max(received_at) FROM requests"
        )
        opened = _number(source, "requests", "SELECT count(*) FROM requests WHERE status = 'open'")
    moved = _moved(source)
    about = source.about
    return DatabaseStatus(
        about.place,
        about.backend,
        about.version,
        about.schema,
        MIGRATIONS[-1].version,
        about.size,
        unfinished(source) is not None,
        counts,
        None if oldest is None else as_int(oldest),
        None if newest is None else as_int(newest),
        opened,
        source.connected(),
        tuple(
            JournalStatus(one.worker, one.alive, one.waiting(moved.get(one.worker)))
            for one in journals
        ),
    )


def _moved(source: Source) -> Mapping[str, Position]:
    if not any(table.name == "journals" for table in source.tables):
        return {}
    rows = source.ask("journals", 'SELECT worker, segment, "offset" FROM journals')
    return {as_text(row[0]): Position(as_int(row[1]), as_int(row[2])) for row in rows}


def _number(source: Source, table: str, sql: str) -> int:
    [[value]] = source.ask(table, sql)
    return as_int(value)
