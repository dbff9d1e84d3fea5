"""PostgreSQL as the house's storage: for gateways on several machines. Its driver is an extra."""

import importlib
import importlib.util
from typing import Final, cast

from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.spec import Storage, StorageSpec, Where

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


SPEC = StorageSpec("postgres", ("postgresql", "postgres"), _open, _examine)
