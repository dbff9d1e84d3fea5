"""A gateway with something wrong in its rooms, for tests of the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.gateway import World
from trunkline.flow.rooms import Rooms
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.machine import Machine

Bug = Callable[[Rooms], Rooms]


class Faulty(World):
    """A world whose gateway has a bug in its rooms."""

    def __init__(self, data: Path, bug: Bug) -> None:
        super().__init__(data)
        self._bug = bug

    def build(self, machine: Machine) -> Gateway:
        gateway = Gateway(machine, self.config, self.data)
        generations, bug = gateway.generations, self._bug
        furnished = generations._furnished
        generations._rooms = bug(gateway.rooms)
        generations._furnished = lambda loaded, elder: bug(furnished(loaded, elder))  # type: ignore[method-assign] - a test's own instance
        return gateway


class Over:
    """Whatever the other has, but for what a subclass does in its stead."""

    def __init__(self, other: Any) -> None:
        self.other = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self.other, name)
