"""
Anthropic's exports: usage and costs, from its Admin API or as CSV from its console.

JSON: GET /v1/organizations/usage_report/messages and /v1/organizations/cost_report
(platform.claude.com/docs/en/api/admin, seen 2026-11-21): pages of buckets; amounts are decimal texts of
cents. Group by `model`, or by `description` for costs, to see models. The console's CSV files (its
pages Usage and Cost, "Export") call a day `usage_date_utc`; no page of Anthropic's lists their columns,
so these are the columns of files as they were exported up to 2026.
"""

from collections.abc import Iterator, Sequence

from trunkline.canon.errors import Malformed
from trunkline.ledger.statements import (
    Format,
    Line,
    Record,
    count,
    day_of,
    known_only,
    nanousd,
    undated,
)

_CENTS = 100
_CSV_READ = (
    "usage_input_tokens_no_cache",
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_write",
)
_CSV_CACHED, _CSV_WRITTEN = "usage_input_tokens_cache_read", "usage_output_tokens"
_CSV_USAGE = frozenset((*_CSV_READ, _CSV_CACHED, _CSV_WRITTEN))
_CSV_COSTS = frozenset(("cost_usd", "list_price_usd", "cost_type", "token_type"))
_USAGE = frozenset(("uncached_input_tokens", "cache_read_input_tokens", "output_tokens"))
_CREATED = frozenset(("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"))
_COSTS = frozenset(("amount", "list_amount", "cost_type", "token_type"))


class AnthropicStatement:
    def rows(self, rows: Iterator[Record], columns: Sequence[str]) -> Iterator[Line]:
        costs, usage = "cost_usd" in columns, _CSV_WRITTEN in columns
        if not (costs or usage) or "usage_date_utc" not in columns:
            raise Malformed(
                "the export has none of Anthropic's columns: `usage_date_utc`, and"
                f" `{_CSV_WRITTEN}` (usage) or `cost_usd` (costs); it has {', '.join(columns)[:300]}"
            )
        known_only(columns, _CSV_COSTS if costs else _CSV_USAGE, "the column")
        for row in rows:
            day = day_of(row.get("usage_date_utc"), "usage_date_utc")
            model = self.plain(str(row.get("model_version") or row.get("model") or ""))
            if costs:
                cost = nanousd(row.get("cost_usd"), "cost_usd")
                yield Line(day=day, model=model, cost_nanousd=cost)
            else:
                yield Line(
                    day=day,
                    model=model,
                    input=sum(count(row, name) for name in _CSV_READ),
                    cache_read=count(row, _CSV_CACHED),
                    output=count(row, _CSV_WRITTEN),
                )

    def bucket(self, bucket: Record, result: Record) -> Line | None:
        day = day_of(bucket.get("starting_at"), "starting_at")
        model = self.plain(str(result.get("model") or ""))
        if "amount" in result:
            known_only(result, _COSTS, "the field")
            if str(result.get("currency") or "USD").upper() != "USD":
                raise Malformed(f"costs must be in US dollars, not {result['currency']!r:.20}")
            cost = nanousd(result["amount"], "amount", _CENTS)
            return Line(day=day, model=model, cost_nanousd=cost)
        if "output_tokens" not in result:
            raise Malformed(
                "a result of the export has neither `output_tokens` (usage) nor `amount` (costs)"
            )
        known_only(result, _USAGE, "the field")
        created = result.get("cache_creation") or {}
        if not isinstance(created, dict):
            raise Malformed("`cache_creation` of the export must be an object")
        known_only(created, _CREATED, "the field")
        return Line(
            day=day,
            model=model,
            input=count(result, "uncached_input_tokens")
            + sum(count(created, name) for name in _CREATED),
            cache_read=count(result, "cache_read_input_tokens"),
            output=count(result, "output_tokens"),
        )

    def plain(self, model: str) -> str:
        """The page of costs says "Claude Sonnet 4.5" for claude-sonnet-4-5-20250929."""
        return undated(model.strip().lower().replace(" ", "-").replace(".", "-"))

    def __repr__(self) -> str:
        return "<AnthropicStatement>"


_format: Format = AnthropicStatement()
