"""PostgreSQL as the house's storage: for gateways on several machines. Its driver is an extra."""

import importlib
import importlib.util
from pathlib import Path
from typing import Final, cast

from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.spec import Storage, StorageSpec, Where
from trunkline.storage.whole import Advance, Source, Target

_DRIVER: Final = "psycopg"
# What needs the driver is imported when somebody asks for it.
_HERE: Final = __package__


def _open(where: Where, clock: Clock) -> Storage:
    _examine(where)
    opened = importlib.import_module(f"{_HERE}.storage").open_postgres(where, clock)
    return cast(Storage, opened)


def _examine(where: Where) -> None:
    if importlib.util.find_spec(_DRIVER) is None:
        raise StorageRefused(
            "server.database names a PostgreSQL, whose driver is not installed;"
            " pip install 'trunkline[cluster]' (in a checkout: scripts/install cluster)"
        )
    importlib.import_module(f"{_HERE}.connection").Address(where.url)


def _source(where: Where) -> Source:
    _examine(where)
    return cast(Source, importlib.import_module(f"{_HERE}.whole").open_source(where.url))


def _target(where: Where, clock: Clock) -> Target:
    _examine(where)
    return cast(Target, importlib.import_module(f"{_HERE}.whole").open_target(where.url, clock))


def _save(_where: Where, _to: Path, _tell: Advance) -> int:
    raise StorageRefused(
        "PostgreSQL brings its own: `pg_dump --format=custom --file=FILE URL` beside running"
        " gateways, and `pg_restore` (docs/how-to.md)"
    )


SPEC = StorageSpec("postgres", ("postgresql", "postgres"), _open, _examine, _source, _target, _save)
