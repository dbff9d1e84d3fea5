"""A gateway with something wrong in its rooms, for tests of the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.gateway import World
from trunkline.flow.rooms import Rooms
from trunkline.routing.router import Router
from trunkline.wiring import Gateway, Loaded, Machine

Bug = Callable[[Rooms], Rooms]


class Faulty(World):
    """A world whose gateway has a bug in its rooms."""

    def __init__(self, data: Path, bug: Bug) -> None:
        super().__init__(data)
        self._bug = bug

    def build(self, machine: Machine) -> Gateway:
        bug = self._bug

        class FaultyGateway(Gateway):
            def _furnish(self, loaded: Loaded, generation: int, elder: Router | None) -> Rooms:
                return bug(super()._furnish(loaded, generation, elder))

        return FaultyGateway(machine, self.config, self.data)


class Over:
    """Whatever the other has, but for what a subclass does in its stead."""

    def __init__(self, other: Any) -> None:
        self.other = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self.other, name)
