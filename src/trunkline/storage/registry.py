"""Every storage backend there is, by name, and every backend of shared counters."""

from trunkline.kernel.registry import Registry
from trunkline.storage.lmdb.backend import SPEC as LMDB
from trunkline.storage.postgres.backend import SPEC as POSTGRES
from trunkline.storage.spec import StorageSpec
from trunkline.storage.sqlite.backend import SPEC as SQLITE
from trunkline.storage.state import StateSpec
from trunkline.storage.valkey.backend import SPEC as VALKEY

STORAGES: Registry[StorageSpec] = Registry((SQLITE, POSTGRES))
STATES: Registry[StateSpec] = Registry((LMDB, VALKEY))
"""In order: the first whose schemes know the configured URL; without one, the first that needs none."""
