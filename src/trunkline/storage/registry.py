"""Every storage backend there is, by name."""

from trunkline.kernel.registry import Registry
from trunkline.storage.base import StorageSpec
from trunkline.storage.sqlite.backend import SPEC as SQLITE

STORAGES: Registry[StorageSpec] = Registry((SQLITE,))
