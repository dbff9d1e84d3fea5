"""Structs as rows: the columns are the fields, lists and limits are JSON."""

from collections.abc import Sequence

import msgspec

from trunkline.storage.holders import NO_LIMITS, LimitSet
from trunkline.storage.sql.database import SqlValue

_names = msgspec.json.Decoder(tuple[str, ...])
_limits = msgspec.json.Decoder(LimitSet)


def quoted(names: Sequence[str]) -> str:
    """Some fields are words of SQL's."""
    return ", ".join(f'"{name}"' for name in names)


def list_out(names: Sequence[str] | None) -> str | None:
    return None if names is None else msgspec.json.encode(names).decode()


def list_in(value: SqlValue) -> tuple[str, ...] | None:
    # Most keys have the defaults, and all keys are read at start, and where nobody says what changed.
    if value is None:
        return None
    return () if value == "[]" else _names.decode(str(value))


def limits_out(limits: LimitSet) -> str:
    return msgspec.json.encode(limits).decode()


def limits_in(value: SqlValue) -> LimitSet:
    return NO_LIMITS if value == "{}" else _limits.decode(str(value))
