"""The stage of the memory model."""

from trunkline.storage.state import State
from trunkline.testing.fakes import ManualClock
from trunkline.testing.memory_state import TTL, MemoryCounts, MemoryState


class MemoryStage:
    ttl = TTL

    def __init__(self, kind: type[MemoryState] = MemoryState) -> None:
        self.clock = ManualClock()
        self.counts = MemoryCounts(self.clock, self.ttl)
        self._kind = kind

    async def open(self, holder: str) -> State:
        return self._kind(self.counts, holder)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    async def arrived(self) -> None:
        return

    async def lose(self) -> None:
        self.counts.lose()
