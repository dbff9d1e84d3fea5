"""A registry is a literal list with names; duplicates are a start-up error."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    @property
    def name(self) -> str: ...


SpecT = TypeVar("SpecT", bound=Named)


class Registry(Mapping[str, SpecT], Generic[SpecT]):
    """Specs by name, in the order they were listed."""

    def __init__(self, specs: Iterable[SpecT]) -> None:
        self._specs: dict[str, SpecT] = {}
        for spec in specs:
            if spec.name in self._specs:
                raise ValueError(f"duplicate registration: {spec.name}")
            self._specs[spec.name] = spec

    def __getitem__(self, name: str) -> SpecT:
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def __repr__(self) -> str:
        return f"<Registry {', '.join(self._specs)}>"
