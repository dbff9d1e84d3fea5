"""What a provider says it was asked for: a statement read from its export, line by line."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol

from msgspec import DecodeError, Struct, json

from trunkline.canon.errors import Malformed

_NANO = 10**9
# Of tokens or requests in one line; a mistake, or mischief, beyond.
_MOST = 10**15
# Names that money or tokens may hide behind: one of these that is not known is not passed over.
_MATTERS = re.compile(r"token|amount|cost|price", re.IGNORECASE)
_DATE = re.compile(r"-(20\d\d-\d\d-\d\d|20\d{6}|latest)$")
_MOMENT = re.compile(r"20\d\d-\d\d-\d\d(?:[T ].+)?")
# What `_MOMENT` can write, in Unix seconds: days are added to it later.
_FIRST, _END = 946_684_800, 4_102_444_800

Record = Mapping[str, object]
"""A row of a CSV file, or a result of a JSON page."""


class Line(Struct, frozen=True, kw_only=True):
    """Some of one model's usage on one day; None: the export does not tell."""

    day: str
    """2026-11-21, in UTC."""
    model: str
    """See `plain`; empty: all models together."""
    requests: int | None = None
    input: int | None = None
    """Read, but not from a cache; written to one included."""
    cache_read: int | None = None
    output: int | None = None
    """Reasoning included."""
    cost_nanousd: int | None = None


class Format(Protocol):
    """How a provider writes its exports. Both raise Malformed, saying what was expected."""

    def rows(self, rows: Iterator[Record], columns: Sequence[str]) -> Iterator[Line]:
        """Of a CSV file with these columns."""

    def bucket(self, bucket: Record, result: Record) -> Line | None:
        """Of one result of a bucket of a JSON page; None where it tells nothing of models."""

    def plain(self, model: str) -> str:
        """A model's name as both sides may be compared by."""


def read_statement(data: bytes, form: Format) -> list[Line]:
    """A JSON page, or several in an array, or a CSV file. Raises Malformed."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("the export must be UTF-8 text: JSON or CSV") from None
    try:
        lines = list(_json(text, form) if text.lstrip()[:1] in ("{", "[") else _csv(text, form))
    except RecursionError:
        raise Malformed("the export is nested too deeply") from None
    if not lines:
        raise Malformed("the export has no line that tells of usage")
    return lines


def _csv(text: str, form: Format) -> Iterator[Line]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from form.rows(iter(reader), reader.fieldnames or ())
    except csv.Error as error:
        raise Malformed(f"line {reader.line_num} of the export is no CSV: {error}") from None


def _json(text: str, form: Format) -> Iterator[Line]:
    try:
        pages = json.decode(text)
    except DecodeError:
        raise Malformed("the export is not valid JSON") from None
    pages = pages if isinstance(pages, list) else [pages]
    for page in pages:
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise Malformed("a page of the export has no array `data`")
    if pages and pages[-1].get("has_more"):
        raise Malformed(
            "the export ends where `has_more` is true: ask the provider for the next pages and put"
            " all of them in one JSON array"
        )
    for page in pages:
        for bucket in page["data"]:
            for result in _results(bucket):
                line = form.bucket(bucket, result)
                if line is not None:
                    yield line


def _results(bucket: object) -> Sequence[Record]:
    results = bucket.get("results") if isinstance(bucket, dict) else None
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise Malformed("a bucket of the export has no array `results` of objects")
    return results


def known_only(names: Collection[str], known: Collection[str], what: str) -> None:
    """Raises Malformed for a name that money or tokens may hide behind."""
    for name in names:
        if name not in known and _MATTERS.search(name):
            raise Malformed(
                f"{what} `{name}` of the export is not known here; those that count are"
                f" {', '.join(sorted(n for n in known if _MATTERS.search(n)))}"
            )


def count(record: Record, name: str) -> int:
    """A number of tokens; what is left out or empty is none. Raises Malformed."""
    number = _decimal(record.get(name), name)
    # Compared first: to write out 1e300000 as an int takes seconds, in which no thread runs.
    if not 0 <= number <= _MOST or number != int(number):
        raise _not_a_number(name, record[name], ", whole and from 0 to 10^15")
    return int(number)


def nanousd(value: object, name: str, units: int = 1) -> int:
    """`units`: how many make a dollar. What is left out or empty is none. Raises Malformed."""
    amount = _decimal(value, name)
    # Not by abs(), which overflows at 1e1000000.
    if not -_NANO <= amount <= _NANO:
        raise _not_a_number(name, value, " of at most 10^9")
    return round(amount * _NANO / units)


def _decimal(value: object, name: str) -> Decimal:
    """What is left out or empty is none. Raises Malformed."""
    if value is None or value == "":
        return Decimal()
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _not_a_number(name, value) from None
    if not number.is_finite():
        raise _not_a_number(name, value)
    return number


def day_of(value: object, name: str) -> str:
    """Of a text: a day, or a moment, in UTC unless it says otherwise. Raises Malformed."""
    text = str(value).strip()
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        moment = None
    if moment is None or not _MOMENT.fullmatch(text):
        raise Malformed(
            f"`{name}` of the export must be a day like 2026-11-21, or a moment like"
            f" 2026-11-21T18:00:00Z: {value!r:.80}"
        )
    return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%d")


def day_at(seconds: float, name: str) -> str:
    """Of a moment in Unix seconds. Raises Malformed."""
    if not _FIRST <= seconds < _END:
        raise Malformed(
            f"`{name}` of the export must lie between 2000 and 2100, in seconds (not"
            f" milliseconds): {seconds!r:.80}"
        )
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def undated(model: str) -> str:
    """Without the date of its snapshot: we may have asked for the alias."""
    return _DATE.sub("", model)


def _not_a_number(name: str, value: object, more: str = "") -> Malformed:
    return Malformed(f"`{name}` of the export must be a number{more}: {value!r:.80}")
