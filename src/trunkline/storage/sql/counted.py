"""
What was used in open windows of limits, by the ledger: of all of them in a few statements.

Asked window by window, each would read the requests of a whole hour again: with a hundred windows
and a busy hour that took eleven seconds (2026-11-21), in which no budget could be decided.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from trunkline.canon.limit import Unit
from trunkline.storage.records import USAGE_CLASSES, OpenWindow, UsageQuery
from trunkline.storage.sql.database import Row, Session, SqlValue, as_int, as_text
from trunkline.storage.sql.rollup import DAY, NAME_LIMIT
from trunkline.storage.sql.usage import OF_REQUESTS, Source, Span, kept_since, spans

# A request is received a moment before it opens a window, or is counted in it, and rather a second
# of the window before is counted again than that one not at all.
_BEFORE = 1_000_000
_FAILED = "failed"
_WHOSE = ("tenant", "key_id", "user_id", "model", "status", "byok")
_TOKENS = " + ".join(USAGE_CLASSES)
_MOST_NAMED = 500
"""Holders in one statement; of more, no index and no filter is quicker than to read all."""
_FAMILIES = "SELECT id, created_by, meter FROM keys WHERE created_by <> '' OR meter <> ''"

_TOKEN = "token"
_OF_KEYS = ("key", _TOKEN)

Place = tuple[str, ...]
"""What requests have in common that count in a window: a scope, its holder, and maybe a model."""


class _Wanted(Struct, frozen=True):
    """A stretch of one window."""

    span: Span
    window: OpenWindow
    places: Sequence[Place]


def counted(session: Session, windows: Sequence[OpenWindow], now: int) -> Mapping[str, int]:
    """
    By counter, in its window's unit. `now`: Unix microseconds.

    Rollups are written with the requests they count: those of today are whole up to this moment.
    """
    kept, families = kept_since(session), _families(session)
    end = (now // DAY + 2) * DAY
    used = dict.fromkeys((window.counter for window in windows), 0)
    groups: dict[tuple[Source, int, int], list[_Wanted]] = {}
    for window in windows:
        places = list(_places(window.counter, families))
        start = max(0, window.opened - _BEFORE) if window.closes else 0
        for span in spans(UsageQuery(start=start, end=end), kept):
            # Requests are read one by one: a statement serves all windows that opened in an hour.
            begins = 0 if span.source == "requests" else span.start
            group = groups.setdefault((span.source, begins, span.end), [])
            group.append(_Wanted(span, window, places))
    for wanted in groups.values():
        _add_up(session, wanted, used)
    return used


def place_of(counter: str) -> Place:
    """
    Whose requests a counter counts: "key/ab12/requests/60", "user/acme/ann/model/gpt-4o/cost/0"; of
    who calls with a token, "key/acme/jwt:login:ann/cost/0", which is no key without its tenant.

    Raises ValueError for a scope that the ledger knows nothing of.
    """
    scope, _, rest = counter.partition("/")
    holder = rest.rsplit("/", 2)[0]
    holder, _, model = holder.partition("/model/")
    if scope not in {"key", "tenant", "user"}:
        raise ValueError(f"nobody knows whose counter {counter!r} is")
    named = (model[:NAME_LIMIT],) if model else ()
    tenant, inside, name = holder.partition("/")
    if scope == "user":
        return (scope, tenant, name[:NAME_LIMIT], *named)
    if scope == "key" and inside:
        return (_TOKEN, name, tenant, *named)
    return (scope, holder, *named)


def _places(counter: str, families: Mapping[str, Sequence[str]]) -> Iterator[Place]:
    """Of a key, also those of its successors, and of the keys that it made."""
    place = place_of(counter)
    yield place
    if place[0] != "key":
        return
    seen, waiting = {place[1]}, [place[1]]
    for one in waiting:
        for other in families.get(one, ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield ("key", other, *place[2:])


def _families(session: Session) -> Mapping[str, Sequence[str]]:
    """The keys whose use counts for each key, without those that count for them in turn."""
    families: dict[str, list[str]] = {}
    for key_id, maker, meter in session.all(_FAMILIES):
        for counts_for in {as_text(maker), as_text(meter)} - {""}:
            families.setdefault(counts_for, []).append(as_text(key_id))
    return families


def _add_up(session: Session, wanted: Sequence[_Wanted], used: dict[str, int]) -> None:
    """Stretches of one source that end together; `used` grows by what is found."""
    start, end = min(one.span.start for one in wanted), wanted[0].span.end
    raw = wanted[0].span.source == "requests"
    by_place: dict[Place, list[_Wanted]] = {}
    for one in wanted:
        for place in one.places:
            by_place.setdefault(place, []).append(one)
    for row in _rows(session, wanted[0].span.source, (start, end), sorted(by_place)):
        begins = as_int(row[-4])
        for place in _found_in(row):
            for one in by_place.get(place, ()):
                if not raw or begins >= one.span.start:
                    used[one.window.counter] += _amount(row, one.window.unit)


def _rows(
    session: Session, source: Source, between: tuple[int, int], places: Sequence[Place]
) -> Iterator[Row]:
    """Of _WHOSE, the time, requests, tokens, money: of these places, and maybe of others."""
    if source == "requests":
        time, once = "received_at", "1"
        columns = [f"{OF_REQUESTS[name]} AS {name}" for name in _WHOSE]
        terms, group = "received_at >= ? AND received_at < ? AND status <> 'open'", ""
        tokens, cost = _TOKENS, "cost_nanousd"
    else:
        time, once = "0", "CAST(sum(requests) AS BIGINT)"
        columns = list(_WHOSE)
        terms, group = "begins >= ? AND begins < ?", f" GROUP BY {', '.join(_WHOSE)}"
        tokens = f"CAST(sum({_TOKENS}) AS BIGINT)"
        cost = "CAST(sum(cost_nanousd) AS BIGINT)"
    select = f"SELECT {', '.join((*columns, time, once, tokens, cost))} FROM {source} WHERE {terms}"  # noqa: S608 - our own names
    for filtered, values in _filters(places, narrow=source == "requests"):
        yield from session.all(f"{select}{filtered}{group}", (*between, *values))


def _filters(places: Sequence[Place], *, narrow: bool) -> Iterator[tuple[str, Sequence[SqlValue]]]:
    """
    For each statement to be made, what else it asks for: together they find each row once.

    `narrow`: each row is worth another statement that does not return it.
    """
    keys = sorted({place[1] for place in places if place[0] in _OF_KEYS})
    tenants = sorted({place[1] for place in places if place[0] not in _OF_KEYS})
    if len(keys) + len(tenants) > _MOST_NAMED and not narrow:
        yield "", ()
        return
    for column, names, unless in (("tenant", tenants, ()), ("key_id", keys, tenants)):
        for some in _slices(names):
            terms = f" AND {column} IN ({_marks(some)})"
            # A row of a tenant's was found already, whosever key it is of.
            for others in _slices(unless):
                terms += f" AND tenant NOT IN ({_marks(others)})"
            yield terms, (*some, *unless)


def _slices(names: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while some := list(islice(rest, _MOST_NAMED)):
        yield some


def _marks(names: Sequence[str]) -> str:
    return ", ".join("?" * len(names))


def _found_in(row: Row) -> Iterator[Place]:
    """The places that a row is of."""
    tenant, key_id, user, model = (as_text(value) for value in row[:4])
    own = (("key", key_id), (_TOKEN, key_id, tenant))
    for place in (("tenant", tenant), *own, ("user", tenant, user)):
        yield place
        yield (*place, model)


def _amount(row: Row, unit: Unit) -> int:
    status, byok, _time, requests, tokens, cost = row[4:]
    match unit:
        case Unit.COST:
            return 0 if byok else as_int(cost)  # as Admission.settle
        case Unit.TOKENS:
            return as_int(tokens)
        case Unit.REQUESTS if status != _FAILED:
            return as_int(requests)
        case _:
            return 0  # one that failed was refused by us, mostly, and those were never counted
