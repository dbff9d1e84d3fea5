"""Everybody who may call, with what has changed since they were read."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import attrgetter
from typing import TypeVar

from trunkline.storage.holders import (
    KeyChanges,
    KeyRecord,
    KeySet,
    SubscriptionRecord,
    UserRecord,
)

IdT = TypeVar("IdT", bound=Hashable)
RecordT = TypeVar("RecordT")
MadeT = TypeVar("MadeT", KeyRecord, SubscriptionRecord)
_made = attrgetter("created_at", "id")


def amended(known: KeySet, changes: KeyChanges) -> KeySet | None:
    """As a load at `changes.version` would have them; None where `known` is of another version."""
    if changes.since != known.version:
        return None
    return KeySet(
        changes.version,
        _in_order(known.keys, changes.keys),
        _with(known.tenants, attrgetter("name"), changes.tenants),
        _with(known.users, _place, changes.users),
        _in_order(known.subscriptions, changes.subscriptions),
    )


def _in_order(known: Sequence[MadeT], changes: Mapping[str, MadeT | None]) -> Sequence[MadeT]:
    """By when they were made. To sort 10,000 takes as long as all the rest, and most changes need not."""
    found = _with(known, attrgetter("id"), changes)
    before = {_made(one) for one in known if one.id in changes}
    after = {_made(one) for one in changes.values() if one is not None}
    return tuple(sorted(found, key=_made)) if after - before else found


def _with(
    known: Sequence[RecordT],
    place: Callable[[RecordT], IdT],
    changes: Mapping[IdT, RecordT | None],
) -> Sequence[RecordT]:
    if not changes:
        return known
    found: dict[IdT, RecordT | None] = {place(one): one for one in known}
    found.update(changes)
    return tuple(one for one in found.values() if one is not None)


def _place(user: UserRecord) -> tuple[str, str]:
    return user.tenant, user.name
