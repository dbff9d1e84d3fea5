"""
OpenAI's exports: usage and costs, from its API or as CSV from its dashboard.

JSON: GET /v1/organization/usage/completions (embeddings and others alike) and /v1/organization/costs
(developers.openai.com/api/reference/resources/organization, seen 2026-11-21): pages of buckets. Group
by `model`, or by `line_item` for costs, to see models. The dashboard's CSV files have the same names
as columns, `amount` as `amount_value` and `amount_currency`; no page of OpenAI's lists them, so these
are the columns of files as they were exported up to 2026.
"""

from collections.abc import Iterator, Sequence

from trunkline.canon.errors import Malformed
from trunkline.ledger.statements import (
    Format,
    Line,
    Record,
    count,
    day_at,
    day_of,
    known_only,
    nanousd,
    undated,
)

_READ = ("input_tokens", "input_audio_tokens", "input_image_tokens")
_WRITTEN = ("output_tokens", "output_audio_tokens", "output_image_tokens")
_CACHED = ("input_cached_tokens", "input_cached_audio_tokens", "input_cached_image_tokens")
# The same tokens once more, told apart in other ways.
_AGAIN = (
    "input_uncached_tokens",
    "input_text_tokens",
    "output_text_tokens",
    "input_cached_text_tokens",
    "input_cache_write_tokens",
)
_USAGE = frozenset((*_READ, *_WRITTEN, *_CACHED, *_AGAIN))
_COSTS = frozenset(("amount", "amount_value", "amount_currency"))


class OpenAIStatement:
    def rows(self, rows: Iterator[Record], columns: Sequence[str]) -> Iterator[Line]:
        costs, usage = "amount_value" in columns, "input_tokens" in columns
        if not (costs or usage) or not {"start_time_iso", "start_time"}.intersection(columns):
            raise Malformed(
                "the export has none of OpenAI's columns: `start_time_iso` or `start_time`, and"
                f" `input_tokens` (usage) or `amount_value` (costs); it has {', '.join(columns)[:300]}"
            )
        known_only(columns, _COSTS if costs else _USAGE, "the column")
        for row in rows:
            day = _day(row.get("start_time_iso") or row.get("start_time"))
            if costs:
                if row.get("amount_value"):
                    yield _cost(self, day, row, row["amount_value"], row.get("amount_currency"))
            elif row.get("input_tokens"):
                yield _usage(self, day, row)

    def bucket(self, bucket: Record, result: Record) -> Line | None:
        day, kind = _day(bucket.get("start_time")), str(result.get("object"))
        if kind == "organization.costs.result":
            known_only(result, _COSTS, "the field")
            amount = result.get("amount")
            if not isinstance(amount, dict):
                raise Malformed("a result of the export has no object `amount`")
            return _cost(self, day, result, amount.get("value"), amount.get("currency"))
        if not kind.startswith("organization.usage."):
            raise Malformed(
                "a result of the export is neither an organization.usage.*.result nor an"
                f" organization.costs.result: {kind:.80}"
            )
        known_only(result, _USAGE, "the field")
        return _usage(self, day, result) if "input_tokens" in result else None

    def plain(self, model: str) -> str:
        return undated(model.strip().lower())

    def __repr__(self) -> str:
        return "<OpenAIStatement>"


def _usage(form: Format, day: str, row: Record) -> Line:
    cached = sum(count(row, name) for name in _CACHED)
    return Line(
        day=day,
        model=form.plain(str(row.get("model") or "")),
        requests=count(row, "num_model_requests"),
        input=sum(count(row, name) for name in _READ) - cached,
        cache_read=cached,
        output=sum(count(row, name) for name in _WRITTEN),
    )


def _cost(form: Format, day: str, row: Record, value: object, currency: object) -> Line:
    if str(currency or "usd").lower() != "usd":
        raise Malformed(f"costs must be in US dollars, not {currency!r:.20}")
    # "gpt-4o-mini-2024-07-18, input"
    model = str(row.get("line_item") or "").partition(",")[0]
    return Line(day=day, model=form.plain(model), cost_nanousd=nanousd(value, "amount"))


def _day(value: object) -> str:
    """Of Unix seconds, or of a text."""
    text = str(value)
    if text.replace(".", "", 1).isdecimal() and len(text) < 20:
        return day_at(float(text), "start_time")
    return day_of(value, "start_time")


_format: Format = OpenAIStatement()
