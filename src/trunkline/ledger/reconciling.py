"""Our books beside a provider's: the difference by day and model, in tokens and money."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from trunkline.ledger.statement_anthropic import AnthropicStatement
from trunkline.ledger.statement_openai import OpenAIStatement
from trunkline.ledger.statements import Format, Line
from trunkline.storage.records import Spent, SpentQuery

FORMATS: Mapping[str, Format] = {"openai": OpenAIStatement(), "anthropic": AnthropicStatement()}
TOLERANCE = 0.01
# Their pages round to cents.
_CENT = 10_000_000
_EVERYTHING = ""


class Side(Struct, frozen=True, kw_only=True):
    """None: not told."""

    requests: int | None = None
    input: int | None = None
    """Read, but not from a cache; written to one included."""
    cache_read: int | None = None
    output: int | None = None
    """Reasoning included."""
    cost_nanousd: int | None = None


MEASURES = ("input", "cache_read", "output", "cost_nanousd")


class Compared(Struct, frozen=True, kw_only=True):
    day: str
    model: str
    """Without the date of a snapshot; empty: all of them together."""
    ours: Side
    theirs: Side
    delta: Side
    """Ours less theirs, where they told."""
    agrees: bool


class Reconciliation(Struct, frozen=True, kw_only=True):
    provider: str
    names: tuple[str, ...]
    """Our names of the providers that are on this bill."""
    start: str
    """The first day."""
    end: str
    """The last one."""
    tolerance: float
    rows: tuple[Compared, ...]
    total: Compared
    agrees: bool
    """Each row does."""
    answered_only_before: str | None
    """Before that day attempts are no longer kept: ours are those that answered. None: all are there."""


def asked(lines: Sequence[Line], names: tuple[str, ...]) -> SpentQuery:
    """What to ask our books for, to have the days of a statement."""
    days = [line.day for line in lines]
    end = _moment(max(days)) + timedelta(days=1)
    return SpentQuery(_micros(_moment(min(days))), _micros(end), names)


def compare(
    provider: str,
    lines: Sequence[Line],
    spent: Sequence[Spent],
    query: SpentQuery,
    tolerance: float,
) -> Reconciliation:
    """
    Row by row. A statement that tells of no models is compared day by day.

    A number differs when it does by more than the tolerance's share of theirs (money: and a cent).
    """
    form = FORMATS[provider]
    single = any(line.model != _EVERYTHING for line in lines)
    mine = [_ours(one, form.plain(one.model) if single else _EVERYTHING) for one in spent]
    theirs, ours = _summed(lines), _summed(mine)
    their_sum = _sum(lines)
    told = [name for name in MEASURES if getattr(their_sum, name) is not None]
    rows = tuple(
        _compared(key, ours.get(key), theirs.get(key), told, tolerance)
        for key in sorted({*ours, *theirs})
    )
    whole = (f"{min(r.day for r in rows)}/{max(r.day for r in rows)}", _EVERYTHING)
    everything = _compared(whole, _sum(mine), their_sum, told, tolerance)
    gone = [one.day for one in spent if not one.attempts]
    return Reconciliation(
        provider=provider,
        names=query.providers,
        start=_day(query.start),
        end=_day(query.end - 1),
        tolerance=tolerance,
        rows=rows,
        total=everything,
        agrees=all(row.agrees for row in rows),
        answered_only_before=_day(max(gone) + 86_400_000_000) if gone else None,
    )


def _ours(one: Spent, model: str) -> Line:
    usage = one.usage.usage
    return Line(
        day=_day(one.day),
        model=model,
        requests=one.requests,
        input=usage.total_input - usage.cache_read,
        cache_read=usage.cache_read,
        output=usage.total_output,
        cost_nanousd=one.cost_nanousd,
    )


def _summed(lines: Iterable[Line]) -> Mapping[tuple[str, str], Side]:
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.day, line.model), []).append(line)
    return {key: _sum(group) for key, group in groups.items()}


def _sum(lines: Sequence[Line]) -> Side:
    def total(name: str) -> int | None:
        told = [value for line in lines if (value := getattr(line, name)) is not None]
        return sum(told) if told else None

    return Side(**{name: total(name) for name in Side.__struct_fields__})


def _compared(
    key: tuple[str, str],
    ours: Side | None,
    theirs: Side | None,
    told: Sequence[str],
    tolerance: float,
) -> Compared:
    """`told`: what the statement tells of; a side that lacks a row has none of it."""
    none = Side(**dict.fromkeys(told, 0))
    left, right = ours or none, theirs or none
    deltas = {name: (getattr(left, name) or 0) - (getattr(right, name) or 0) for name in told}
    return Compared(
        day=key[0],
        model=key[1],
        ours=left,
        theirs=right,
        delta=Side(**deltas),
        agrees=all(
            agrees(name, delta, getattr(right, name), tolerance) for name, delta in deltas.items()
        ),
    )


def agrees(name: str, delta: int, theirs: int | None, tolerance: float) -> bool:
    """Whether a number of MEASURES is as good as the same."""
    return abs(delta) <= tolerance * (theirs or 0) + (_CENT if name == "cost_nanousd" else 0)


def _moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _day(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).strftime("%Y-%m-%d")
