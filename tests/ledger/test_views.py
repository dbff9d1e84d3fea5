"""Tests of ledger/views.py: the shapes that programs outside rely on."""

import msgspec
import pytest

from tests.storage.rows import NOON_MICROS, attempt, request
from trunkline.canon.usage import Usage
from trunkline.ledger.views import request_facts, request_view, tokens, usage_view
from trunkline.storage.records import (
    Grouping,
    RequestRow,
    StoredRequest,
    UsageColumns,
    UsageReport,
    UsageSum,
)


def builtins(view: msgspec.Struct) -> dict[str, object]:
    """As a program sees it: through JSON."""
    decoded: dict[str, object] = msgspec.json.decode(msgspec.json.encode(view))
    return decoded


NO_TOKENS = builtins(tokens(Usage()))


def test_a_request_has_the_shape_of_the_contract() -> None:
    """Every field that the admin API promises, each attempt with what became of it."""
    stored = StoredRequest(
        request(
            1,
            provider="azure",
            upstream_model="gpt",
            stream=True,
            status="ok",
            first_content_ms=12.5,
            total_ms=42.0,
            input=3,
            output=4,
            cost_nanousd=77,
            price_version="2026-11-01",
            estimated=True,
            attempts=2,
            notes=1,
            user_id="ann",
            tags='["beta","web"]',
        ),
        (
            attempt(1, 1, status="failed", error_code="upstream_timeout", error_status=504),
            attempt(1, 2, status="ok", first_event_ms=2.5, total_ms=40.0, input=3, cost_nanousd=77),
        ),
    )

    failed = {
        "attempt": 1,
        "provider": "openai",
        "model": "gpt-4o-mini",
        "deployment": "openai/gpt-4o-mini",
        "status": "failed",
        "started_at": (NOON_MICROS + 1) / 1_000_000,
        "first_event_ms": None,
        "total_ms": None,
        "tokens": NO_TOKENS,
        "cost_nanousd": 0,
        "price_version": "",
        "estimated": False,
        "byok": False,
        "error": {"code": "upstream_timeout", "status": 504},
    }
    answered = {
        **{name: value for name, value in failed.items() if name != "error"},
        "attempt": 2,
        "status": "ok",
        "first_event_ms": 2.5,
        "total_ms": 40.0,
        "tokens": {**NO_TOKENS, "input": 3},
        "cost_nanousd": 77,
    }
    assert {
        "id": "req_1",
        "tenant": "default",
        "key_id": "key1",
        "face": "native",
        "dialect": "openai-chat",
        "operation": "chat",
        "model": "mini",
        "provider": "azure",
        "upstream_model": "gpt",
        "stream": True,
        "status": "ok",
        "received_at": (NOON_MICROS + 1) / 1_000_000,
        "first_content_ms": 12.5,
        "total_ms": 42.0,
        "attempts": [failed, answered],
        "tokens": {**NO_TOKENS, "input": 3, "output": 4},
        "cost_nanousd": 77,
        "baseline_nanousd": 0,
        "price_version": "2026-11-01",
        "unpriced": False,
        "estimated": True,
        "byok": False,
        "user": "ann",
        "mode": "",
        "tags": ["beta", "web"],
        "session": "",
        "notes": 1,
    } == builtins(request_view(stored))


def test_errors_carry_the_upstreams_word() -> None:
    """Where it gave one."""
    row = attempt(status="failed", error_code="upstream_overloaded", upstream_code="overloaded")
    view = request_view(StoredRequest(request(error_code="upstream_overloaded"), (row,)))

    assert {"code": "upstream_overloaded", "status": None, "upstream_code": "overloaded"} == (
        builtins(view.attempts[0])["error"]
    )
    assert "upstream_overloaded" == view.error_code


@pytest.mark.parametrize(
    ("row", "unpriced"),
    (
        (request(status="ok", output=1), True),
        (request(status="ok", output=1, price_version="2026-11-01"), False),
        (request(status="failed"), False),
        (request(), False),
    ),
)
def test_a_cost_of_nothing_is_told_from_an_unknown_one(row: RequestRow, unpriced: bool) -> None:
    """Tokens without a price are flagged: not those that are free, and not where there are none."""
    assert unpriced == request_facts(row).unpriced


def test_token_classes_stay_disjoint() -> None:
    """Both lifetimes of written cache are one class here, and the sum is the total."""
    usage = Usage(
        input=1,
        cache_read=2,
        cache_write=4,
        cache_write_1h=8,
        output=16,
        reasoning=32,
        audio_input=64,
        audio_output=128,
    )

    shown = builtins(tokens(usage))

    assert 12 == shown["cache_write"]
    assert usage.total == 255 == sum(value for value in shown.values() if isinstance(value, int))


@pytest.mark.parametrize(
    ("group", "field"),
    (
        ("model", "model"),
        ("upstream_model", "upstream_model"),
        ("key", "key_id"),
        ("user", "user"),
        ("tag", "tag"),
        ("hour", "hour"),
    ),
)
def test_usage_rows_name_their_group(group: Grouping, field: str) -> None:
    """And no group that was not asked for; the total names none."""
    row = UsageSum({group: "x"}, 2, UsageColumns(output=5), 9, total_ms=1.5, unpriced_requests=2)
    total = UsageSum({}, 2, UsageColumns(output=5), 9, total_ms=1.5, unpriced_requests=2)

    view = usage_view(UsageReport((row,), total))

    sums = {
        "requests": 2,
        "errors": 0,
        "tokens": {**NO_TOKENS, "output": 5},
        "cost_nanousd": 9,
        "unpriced_requests": 2,
        "baseline_nanousd": 0,
        "first_content_ms": None,
        "total_ms": 1.5,
    }
    assert {"rows": [{field: "x", **sums}], "total": sums} == builtins(view)
