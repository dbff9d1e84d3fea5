"""LMDB's stage for the suite, and what its tests share."""

from pathlib import Path

from trunkline.storage.lmdb.state import TTL, LmdbState
from trunkline.storage.lmdb.store import Store
from trunkline.storage.state import State
from trunkline.testing.fakes import ManualClock


class LmdbStage:
    """Some workers of a machine, in one process: LMDB opens a folder once in each."""

    ttl = TTL

    def __init__(self, folder: Path, kind: type[LmdbState] = LmdbState) -> None:
        self._kind = kind
        self.clock = ManualClock()
        self.problems: list[str] = []
        self._folder = folder
        self._boots = 0
        self.store = self._boot()

    async def open(self, holder: str) -> State:
        return self._kind(self.store, holder, self.clock, self.problems.append, self.ttl)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    async def arrived(self) -> None:
        return

    async def lose(self) -> None:
        """The power goes, and comes back."""
        self.store.close()
        self.store = self._boot()

    def restart(self) -> None:
        """All workers are gone, without a word; the machine is not."""
        self.store.close()
        self._boots -= 1
        self.store = self._boot()

    def close(self) -> None:
        self.store.close()

    def _boot(self) -> Store:
        self._boots += 1
        store = Store(self._folder, f"boot-{self._boots}", 1 << 20)
        store.join()
        return store
