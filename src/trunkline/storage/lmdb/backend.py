"""LMDB as the house's shared counters: a folder in the data folder, for the workers of one machine."""

from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store, boot_id
from trunkline.storage.state import Place, State, StateSpec

NAME = "lmdb"
FOLDER = "state"


def open_lmdb(place: Place) -> State:
    """Once in a process, and never before a fork. Raises StorageRefused, LimitsUnavailable."""
    store = Store(place.data / FOLDER, boot_id())
    return LmdbState(store, place.holder, place.clock, place.tell)


SPEC = StateSpec(NAME, (), open_lmdb)
