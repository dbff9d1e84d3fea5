"""Tests of ledger/folding.py: many entries about a request become the row that is true."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.ledger.making import AZURE, NOON, answer, exchange, fail, try_at
from trunkline.canon.exchange import Exchange, Principal, Status
from trunkline.canon.usage import Usage
from trunkline.ledger.entries import Asked, Entry, answered, asked, begun, settled
from trunkline.ledger.folding import COST_LIMIT, TOKEN_LIMIT, Folding, merged
from trunkline.storage.records import OPEN, AttemptRow, Position, RequestRow


def fold(*entries: Entry) -> tuple[list[RequestRow], list[AttemptRow]]:
    folding = Folding("w1")
    for entry in entries:
        folding.add(entry)
    batch = folding.batch(Position(1, 5))
    assert ("w1", Position(1, 5)) == (batch.worker, batch.position)
    return list(batch.requests), list(batch.attempts)


def intent(one: Exchange) -> Entry:
    return asked(one, begun(one.attempts[-1], one.id))


def ending(one: Exchange) -> Entry:
    assert one.status is not None
    status = one.status.value
    tried = settled(one.attempts[-1], one.id, status) if one.attempts else None
    return answered(one, tried, status, 50.0)


def test_an_intent_alone_is_an_open_request() -> None:
    """With one attempt, times in microseconds, and nothing to pay."""
    one = exchange(1)
    try_at(one)

    requests, attempts = fold(intent(one))

    received = int(NOON * 1_000_000) + 1000
    assert [
        RequestRow(
            request_id=one.id,
            tenant="default",
            key_id="key1",
            face="native",
            dialect="openai-chat",
            operation="chat",
            model="mini",
            provider="openai",
            upstream_model="gpt-4o-mini",
            stream=True,
            received_at=received,
            attempts=1,
            worker="w1",
        )
    ] == requests
    assert [(OPEN, received + 500)] == [(row.status, row.started_at) for row in attempts]


def test_the_end_replaces_the_intent() -> None:
    """One row each, billed for the attempt that answered."""
    one = exchange()
    try_at(one)
    begun_so = intent(one)
    answer(one)

    requests, attempts = fold(begun_so, ending(one))

    usage = Usage(input=100, cache_read=20, output=50, reasoning=7)
    assert [("ok", usage, 1234, "2026-11-01", 12.0, 50.0)] == [
        (
            row.status,
            row.usage,
            row.cost_nanousd,
            row.price_version,
            row.first_content_ms,
            row.total_ms,
        )
        for row in requests
    ]
    assert [("ok", usage, 1234, 42.0)] == [
        (row.status, row.usage, row.cost_nanousd, row.total_ms) for row in attempts
    ]


def test_what_follows_the_end_changes_nothing() -> None:
    """An intent read twice, or a second close, leaves the first end in force."""
    one = exchange()
    try_at(one)
    begun_so = intent(one)
    answer(one, cost=5)
    ended = ending(one)
    answer(one, cost=99, status=Status.PARTIAL)

    requests, attempts = fold(begun_so, ended, begun_so, ending(one))

    assert [("ok", 5)] == [(row.status, row.cost_nanousd) for row in requests]
    assert [("ok", 5)] == [(row.status, row.cost_nanousd) for row in attempts]


def test_a_request_is_billed_once_whatever_its_attempts() -> None:
    """What a failed attempt cost stays with the attempt."""
    one = exchange()
    first = try_at(one)
    begun_so = intent(one)
    fail(first)
    first.cost_nanousd = 7
    failed = settled(first, one.id, "failed")
    try_at(one, AZURE)
    second = begun(one.attempts[-1], one.id)
    answer(one)

    requests, attempts = fold(begun_so, failed, second, ending(one))

    assert [(1234, 2, "azure", "")] == [
        (row.cost_nanousd, row.attempts, row.provider, row.error_code) for row in requests
    ]
    assert [("failed", 7, 529), ("ok", 1234, None)] == [
        (row.status, row.cost_nanousd, row.error_status) for row in attempts
    ]


def test_a_failed_request_costs_nothing() -> None:
    """Even where its last attempt did; the error says why it failed."""
    one = exchange()
    attempt = try_at(one)
    answer(one, status=Status.FAILED)
    fail(attempt)

    requests, attempts = fold(ending(one))

    assert [("failed", Usage(), 0, "", "upstream_overloaded")] == [
        (row.status, row.usage, row.cost_nanousd, row.price_version, row.error_code)
        for row in requests
    ]
    assert [1234] == [row.cost_nanousd for row in attempts]


@pytest.mark.parametrize("status", (Status.PARTIAL, Status.CANCELLED))
def test_what_was_delivered_is_billed(status: Status) -> None:
    """A stream that broke off, or whose client left, costs what it had given."""
    one = exchange()
    try_at(one)
    answer(one, status=status)

    requests, _ = fold(ending(one))

    assert [(status.value, 1234)] == [(row.status, row.cost_nanousd) for row in requests]


def test_a_request_without_attempts_is_told_all_the_same() -> None:
    """Every deployment was cooling: no attempt, no provider, no cost."""
    one = exchange()
    one.status = Status.FAILED
    one.refused = "rate_limit_exceeded"

    requests, attempts = fold(ending(one))

    assert [("failed", 0, "", "", "rate_limit_exceeded")] == [
        (row.status, row.attempts, row.provider, row.upstream_model, row.error_code)
        for row in requests
    ]
    assert [] == attempts


@pytest.mark.parametrize(("cost", "kept"), ((-5, 0), (1 << 62, COST_LIMIT)))
def test_no_upstream_can_break_the_books(cost: int, kept: int) -> None:
    """Negative and absurd counts are brought to what a column can hold."""
    one = exchange()
    attempt = try_at(one)
    answer(one, cost=cost)
    attempt.usage = Usage(input=-1, output=1 << 62, reasoning=3)

    requests, attempts = fold(ending(one))

    expected = (Usage(output=TOKEN_LIMIT, reasoning=3), kept)
    assert [expected] == [(row.usage, row.cost_nanousd) for row in requests]
    assert [expected] == [(row.usage, row.cost_nanousd) for row in attempts]


def test_batches_are_merged_as_if_they_were_one() -> None:
    """Wherever a journal is cut into batches, the rows are those of the whole, each once."""
    one = exchange(1)
    first = try_at(one)
    entries = [intent(one)]
    fail(first)
    entries.append(settled(first, one.id, "failed"))
    try_at(one, AZURE)
    entries.append(begun(one.attempts[-1], one.id))
    answer(one)
    entries.append(ending(one))
    other = exchange(2)
    try_at(other)
    entries += [intent(other), entries[0], entries[3]]

    for cut in range(len(entries) + 1):
        parts = []
        for offset, half in enumerate((entries[:cut], entries[cut:])):
            folding = Folding("w1")
            for entry in half:
                folding.add(entry)
            parts.append(folding.batch(Position(1, offset)))

        whole = merged(parts)

        assert fold(*entries) == (whole.requests, whole.attempts)
        assert ("w1", Position(1, 1)) == (whole.worker, whole.position)


def test_the_legs_of_an_answer_add_up() -> None:
    """Those that gave a part of it, not those that failed in between; estimated where one was."""
    one = exchange(1)
    for error in (False, True, False):
        attempt = try_at(one)
        if error:
            fail(attempt)
        else:
            answer(one, cost=1000)
    one.attempts[0].estimated = True

    requests, attempts = fold(intent(one), *legs(one), ending(one))

    [row] = requests
    assert (2000, 3, True) == (row.cost_nanousd, row.attempts, row.estimated)
    assert Usage(input=200, cache_read=40, output=100, reasoning=14) == row.usage
    assert ["ok", "failed", "ok"] == [
        tried.status for tried in sorted(attempts, key=lambda a: a.attempt)
    ]


def test_a_request_that_failed_after_some_legs_was_not_answered() -> None:
    """What they cost stands with the attempts."""
    one = exchange(1)
    try_at(one)
    answer(one, cost=1000)
    fail(try_at(one))
    one.status = Status.FAILED

    requests, attempts = fold(intent(one), *legs(one), ending(one))

    assert [(0, 0)] == [(row.cost_nanousd, row.usage.input) for row in requests]
    assert {1: 1000, 2: 0} == {tried.attempt: tried.cost_nanousd for tried in attempts}


def legs(one: Exchange) -> list[Entry]:
    return [settled(tried, one.id, Status.FAILED.value) for tried in one.attempts[:-1]]


def test_what_finance_tells_requests_apart_by_is_written_down() -> None:
    """The key's user and tags: sorted, each once, as many as have room."""
    one = exchange()
    tags = ("web", "beta", "web", "b" * 300)
    one.principal = Principal(key_id="k", tenant="t", user="ann", tags=tags)
    try_at(one)
    answer(one)

    (row,), _ = fold(ending(one))

    assert ("ann", '["beta","web"]', True) == (row.user_id, row.tags, row.rolled)


def test_a_name_has_no_nul() -> None:
    """PostgreSQL could not keep it, and the whole batch with it."""
    one = exchange(model="a\0b")
    try_at(one)
    answer(one)

    (row,), _ = fold(ending(one))

    assert "a\ufffdb" == row.model


@pytest.mark.parametrize(("status", "expected"), ((Status.OK, True), (Status.FAILED, False)))
def test_what_the_tenant_paid_itself_is_marked(status: Status, expected: bool) -> None:
    """The attempt always, the request where that is what it is billed for."""
    one = exchange()
    try_at(one).byok = True
    answer(one, status=status)

    (row,), (tried,) = fold(ending(one))

    assert (expected, True) == (row.byok, tried.byok)


@pytest.mark.parametrize(
    ("versions", "kept"),
    (
        (("a", "b"), "b"),
        (("", "b"), ""),
        (("a", ""), ""),
        (("", "a", "b"), ""),
        (("", ""), ""),
    ),
)
def test_a_leg_without_a_price_leaves_the_whole_without(versions: Sequence[str], kept: str) -> None:
    """For what the others cost is not what the answer did."""
    one = exchange(1)
    for version in versions:
        attempt = try_at(one)
        answer(one)
        attempt.price_version = version

    (row,), _ = fold(ending(one))

    assert (kept, not kept) == (row.price_version, row.unpriced)


def test_a_leg_that_took_nothing_needs_no_price() -> None:
    """Its client left before it had begun: what came before has its price."""
    one = exchange(1)
    try_at(one)
    answer(one)
    try_at(one).status = one.status = Status.CANCELLED

    (row,), _ = fold(ending(one))

    assert ("2026-11-01", False, 1234) == (row.price_version, row.unpriced, row.cost_nanousd)


def test_an_older_version_did_not_say_what_priced_the_legs() -> None:
    """Then the last one's price stands for all, as it did there."""
    one = exchange(1)
    for _ in range(2):
        try_at(one)
        answer(one)
    ended = ending(one)
    assert isinstance(ended, Asked)
    assert ended.earlier is not None

    (row,), _ = fold(replace(ended, earlier=replace(ended.earlier, price_version=None)))

    assert "2026-11-01" == row.price_version
