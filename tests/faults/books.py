"""
Three books of the same requests, and where they differ.

The simulators' log says what arrived there and what they sent; the client's, what it asked for
and got; the ledger, what is billed. Nothing here knows which fault was played: what is right
follows from what the client and the simulators saw.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import apsw
import psycopg
from msgspec import Struct, convert

from tests.faults.client import PROMPT, End, Seen
from trunkline.canon.errors import LedgerUnavailable, Unreachable
from trunkline.providers.sim.log import Row
from trunkline.storage.records import OPEN, USAGE_CLASSES, AttemptRow, RequestRow, UsageColumns

R = TypeVar("R", RequestRow, AttemptRow)

# Nano-dollars a token: the made-up prices of docs/reference/simulator.md's models.
PRICES = {"input": 1000, "cache_read": 100, "cache_write": 1250, "output": 4000, "reasoning": 5000}
# Faults under which the simulator's usage is not what it tells, or its text not what it would say.
_LIES = frozenset({"u8", "u17"})
# A vocabulary's tokens and the simulator's, of four characters each, differ by no more than that.
FACTOR = 3.0


class Ledger(Struct, frozen=True):
    """The third book: all rows, as an auditor reads them from the file."""

    requests: Mapping[str, Sequence[RequestRow]]
    """By the model the client named."""
    attempts: Mapping[str, Sequence[AttemptRow]]
    """By request id, in order."""

    @classmethod
    def read(cls, data: Path) -> "Ledger":
        file = apsw.Connection(str(data / "trunkline.db"), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return cls._of(file.execute)
        finally:
            file.close()

    @classmethod
    def read_postgres(cls, url: str) -> "Ledger":
        with psycopg.connect(url) as connection:
            return cls._of(lambda sql: connection.execute(sql.encode()))

    @classmethod
    def _of(cls, execute: Callable[[str], Iterable[tuple[object, ...]]]) -> "Ledger":
        requests = list(_rows(execute, "requests", RequestRow, "model, request_id"))
        attempts = list(_rows(execute, "attempts", AttemptRow, "request_id, attempt"))
        return cls(
            {name: list(rows) for name, rows in groupby(requests, lambda r: r.model)},
            {name: list(rows) for name, rows in groupby(attempts, lambda a: a.request_id)},
        )


def _rows(
    execute: Callable[[str], Iterable[tuple[object, ...]]], table: str, kind: type[R], order: str
) -> Iterator[R]:
    names = kind.__struct_fields__
    for row in execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}"):
        yield convert(dict(zip(names, row, strict=True)), kind, strict=False)


class Entry(Struct, frozen=True):
    """One request in all three books."""

    seen: Seen
    requests: Sequence[RequestRow]
    """One, in sound books."""
    attempts: Sequence[AttemptRow]
    arrivals: Sequence[Row]
    """Of its tag: of this request alone, unless several share their targets."""

    @property
    def row(self) -> RequestRow:
        return self.requests[0]

    @property
    def answer(self) -> Row | None:
        """What the simulator that was heard last had sent."""
        said = [row for row in self.arrivals if row.status == 200]
        return said[-1] if said else None


class Books(Struct, frozen=True):
    """What the comparison found."""

    entries: Sequence[Entry]
    arrivals: int
    differences: Sequence[str]

    def __str__(self) -> str:
        rows = sum(len(entry.requests) for entry in self.entries)
        attempts = sum(len(entry.attempts) for entry in self.entries)
        return (
            f"client: {len(self.entries)} requests; ledger: {rows} requests, {attempts} attempts; "
            f"simulators: {self.arrivals} arrivals; {len(self.differences)} differences"
        )


def compare(
    seen: Sequence[Seen],
    arrivals: Sequence[Row],
    ledger: Ledger,
    *,
    unseen: int = 0,
    twice: int = 0,
) -> Books:
    """
    `unseen`: attempts that reached a simulator's door and no further; `twice`: requests that
    the transport sent again, since a kept-alive connection had been closed.
    """
    by_tag: dict[str, list[Row]] = {}
    for row in arrivals:
        by_tag.setdefault(row.model.rpartition("tag=")[2], []).append(row)
    entries = []
    for one in seen:
        rows = ledger.requests.get(one.call.name, ())
        tries = [a for row in rows for a in ledger.attempts.get(row.request_id, ())]
        entries.append(Entry(one, rows, tries, by_tag.get(one.call.tag, ())))
    tags = {one.call.tag for one in seen}
    arrived = sum(len(rows) for tag, rows in by_tag.items() if tag in tags)
    found = [text for entry in entries for text in differences(entry)]
    found += _arrivals(entries, by_tag, unseen, twice)
    return Books(entries, arrived, found)


def _arrivals(
    entries: Sequence[Entry], by_tag: Mapping[str, Sequence[Row]], unseen: int, twice: int
) -> Iterator[str]:
    """Every attempt that had a connection is an arrival."""
    missing = surplus = 0
    for tag in {entry.seen.call.tag: None for entry in entries}:
        tries = [a for e in entries if e.seen.call.tag == tag for a in e.attempts]
        reached = sum(a.error_code != Unreachable.code for a in tries)
        # A client that leaves may do so before its request has arrived anywhere.
        early = sum(a.status == "cancelled" and not a.output for a in tries)
        rows = by_tag.get(tag, ())
        silent = sum(row.status is None for row in rows)
        surplus += max(0, len(rows) - reached)
        missing += max(0, reached - early - len(rows))
        if not reached - early - unseen <= len(rows) <= reached + silent:
            yield f"{tag}: {reached} attempts, but {len(rows)} arrivals"
    if (missing, surplus) != (unseen, twice):
        yield f"{missing} arrivals missing, {surplus} too many; expected {unseen} and {twice}"


def differences(entry: Entry) -> Iterator[str]:
    """What is wrong with one request's lines, in words."""
    name = f"{entry.seen.call.name} ({entry.seen.call.dialect}, {_models(entry)})"
    if len(entry.requests) != 1:
        yield f"{name}: {len(entry.requests)} rows in the ledger"
        return
    for check in CHECKS:
        for text in check(entry):
            yield f"{name}: {text}"


def _models(entry: Entry) -> str:
    return ", ".join(a.deployment for a in entry.attempts) or "no attempt"


def _closed(entry: Entry) -> Iterator[str]:
    if entry.row.status == OPEN:
        yield "its row is still open"
    for attempt in entry.attempts:
        if attempt.status == OPEN:
            yield f"attempt {attempt.attempt} is still open"
    if entry.row.attempts != len(entry.attempts):
        yield f"{entry.row.attempts} attempts said, {len(entry.attempts)} written"


def _status(entry: Entry) -> Iterator[str]:
    seen, status = entry.seen, entry.row.status
    match seen.end:
        case End.WHOLE:
            right = {"ok"}
        case End.ERROR:
            right = {"partial"} if seen.status == 200 else {"failed"}
            if entry.answer is not None and entry.answer.finished and _unwritten(seen):
                right.add("ok")
        case End.LEFT:
            # It may have left in the moment in which its answer became whole.
            over = entry.answer is not None and entry.answer.finished
            right = {"cancelled", "ok"} if over else {"cancelled"}
        case End.BROKEN:
            right = set()
    if status not in right:
        yield f"the client saw {seen.end.value} ({seen.status}), the ledger says {status}"


def _unwritten(seen: Seen) -> bool:
    """All of it came but its last byte: the record had to wait for the disk. It is billed."""
    return LedgerUnavailable.code in seen.told or b"books right now" in seen.body


def _headers(entry: Entry) -> Iterator[str]:
    headers, row = entry.seen.headers, entry.row
    if not headers:
        return
    said = {
        "x-trunkline-request-id": row.request_id,
        "x-trunkline-attempts": str(row.attempts),
    }
    if row.attempts:
        said |= {"x-trunkline-provider": row.provider, "x-trunkline-model": row.upstream_model}
    if "x-trunkline-cost-usd" in headers:
        # Of tokens without a price nobody knows the cost, and no answer may say that it does.
        said["x-trunkline-cost-usd"] = "" if row.unpriced else f"{row.cost_nanousd / 1e9:.9f}"
    for name, value in said.items():
        if headers.get(name) != value:
            yield f"{name} was {headers.get(name)!r}, the ledger has {value!r}"


def _failed(entry: Entry) -> Iterator[str]:
    """What gave no answer costs nothing."""
    lines: list[UsageColumns] = [a for a in entry.attempts if a.status == "failed"]
    if entry.row.status == "failed":
        lines.append(entry.row)
    if any(line.usage.total for line in lines):
        yield "a failure is billed"


def _billed(entry: Entry) -> Iterator[str]:
    """The row is its last attempt's bill, and the bill is the price list's."""
    row = entry.row
    if row.status == "failed" or not entry.attempts:
        return
    last = entry.attempts[-1]
    if row.usage != last.usage or row.cost_nanousd != last.cost_nanousd:
        yield f"billed {row.usage}, the attempt has {last.usage}"
    cost = sum(getattr(row, name) * PRICES.get(name, 0) for name in USAGE_CLASSES)
    if row.cost_nanousd != (cost if row.price_version else 0):
        yield f"costs {row.cost_nanousd}, by the price list {cost}"


def _counted(entry: Entry) -> Iterator[str]:
    """A whole answer's tokens are those its provider told of, and the client was told the same."""
    row, answer = entry.row, entry.answer
    if row.status != "ok" or answer is None or answer.usage is None:
        return
    told = answer.usage
    if answer.fault in _LIES:
        return
    if row.estimated == answer.usage_told:
        yield f"estimated: {row.estimated}, though told: {answer.usage_told}"
    if not row.estimated:
        right = (
            told.input - told.cache_read - told.cache_write,
            told.cache_read,
            told.cache_write,
            told.output,
        )
        billed = (row.input, row.cache_read, row.cache_write, row.output + row.reasoning)
        if right != billed:
            yield f"the simulator told {right}, the ledger has {billed}"
    usage = entry.seen.usage
    if usage is not None:
        said = usage.get("completion_tokens", usage.get("output_tokens"))
        if not row.estimated and said != row.output + row.reasoning:
            yield f"the client was told {said} tokens, the ledger has {row.output + row.reasoning}"


def _delivered(entry: Entry) -> Iterator[str]:
    """An answer that broke off is billed for what there was of it, and no more."""
    row, answer = entry.row, entry.answer
    if row.status not in {"partial", "cancelled"} or answer is None or answer.usage is None:
        return
    got = len(entry.seen.text + entry.seen.thought + entry.seen.arguments) / 4
    billed = row.output + row.reasoning
    if not got / FACTOR <= billed <= answer.tokens * FACTOR + 2:
        yield f"{got:.0f} tokens delivered, {answer.tokens} sent, {billed} billed"
    if got and not row.input + row.cache_read + row.cache_write:
        yield "its prompt is not billed"
    exact = answer.usage_told and billed <= answer.usage.output
    if got and not row.estimated and not exact:
        yield "its bill is an estimate that does not say so"


def _text(entry: Entry) -> Iterator[str]:
    """Word for word what one provider said: from the beginning, nothing spliced, nothing twice."""
    seen, answer = entry.seen, entry.answer
    echoes = answer is not None and answer.model.startswith("sim-echo") and answer.fault != "u8"
    if echoes and not PROMPT.startswith(seen.text):
        yield f"text that nobody sent: {seen.text[:200]!r}"
    if seen.after_error or (seen.error is not None and seen.closed):
        yield "something came behind the error"
    if seen.end is End.WHOLE and answer is not None:
        sent = {row.text_sha256 for row in entry.arrivals if row.status == 200}
        if sha256(seen.text.encode()).hexdigest() not in sent and seen.text:
            yield f"not the text that was sent: {seen.text[:200]!r}"


CHECKS: Sequence[Callable[[Entry], Iterator[str]]] = (
    _closed,
    _status,
    _headers,
    _failed,
    _billed,
    _counted,
    _delivered,
    _text,
)
