"""What the collector passes over can be part of no cycle: a cycle through it would stay for ever."""

import importlib
import pkgutil
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Raw, Struct, UnsetType

import trunkline

_PLAIN = (int, float, str, bytes, bool, type(None), Raw, UnsetType, slice)
# Of plain things alone, as whoever names it says.
_NAMED = (Hashable,)
_CONTAINERS = (tuple, list, dict, Mapping, Sequence, Union, UnionType)


def passed_over() -> Iterator[type[Struct]]:
    """Every Struct of ours that the collector does not look into."""
    for module in pkgutil.walk_packages(trunkline.__path__, "trunkline."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting = deque([Struct])
    while waiting:
        waiting += (one := waiting.popleft()).__subclasses__()
        if one.__module__.startswith("trunkline.") and not one.__struct_config__.gc:
            yield one


def not_plain(kind: object) -> Iterator[object]:
    """What a value of this type may hold that could lead back to whatever holds the value."""
    if (origin := get_origin(kind)) in _CONTAINERS:
        for part in get_args(kind):
            yield from () if part is ... else not_plain(part)
    elif origin is not Literal and not _is_plain(kind):
        yield kind


def _is_plain(kind: object) -> bool:
    if kind in _NAMED:
        return True
    if not isinstance(kind, type):
        return False
    if issubclass(kind, Struct):
        return kind is not Struct and not kind.__struct_config__.gc
    return issubclass(kind, (*_PLAIN, Enum))


def faults(struct: type[Struct]) -> list[str]:
    return [
        f"{struct.__module__}.{struct.__name__}.{name}: {found}"
        for name, kind in get_type_hints(struct).items()
        for found in not_plain(kind)
    ]


def test_what_the_collector_passes_over_is_plain() -> None:
    """No exception (its traceback holds frames), no function, nothing the collector looks into."""
    structs = list(passed_over())

    assert len(structs) > 50
    assert [] == [fault for struct in structs for fault in faults(struct)]


class _Held(Struct):
    """Which the collector looks into."""


class _Broken(Struct, gc=False):
    error: ValueError | None
    call: Callable[[], None]
    held: Sequence[tuple[str, _Held]]
    any: object
    fine: Mapping[str, int | Raw] | Literal["x"]


def test_what_may_lead_back_is_seen() -> None:
    """Each of four fields that may hold their own holder, and not the one that cannot."""
    assert ["error", "call", "held", "any"] == [
        fault.rpartition(":")[0].split(":")[0].rpartition(".")[2] for fault in faults(_Broken)
    ]
