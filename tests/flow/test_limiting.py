"""Tests of flow/limiting.py: who hears of limits that run out, and what survives a start."""

import asyncio

from tests.gateway import World, within
from trunkline.canon.errors import LedgerUnavailable


def told(tmp_path, limits, requests, failing=False):
    """Events, and problems, after so many requests of a key with these limits."""
    events, problems = [], []

    async def test(w: World) -> None:
        async def emit(tenant, kind, data, once):
            if failing:
                raise LedgerUnavailable("not now", detail="the database is down")
            events.append((tenant, kind, data.limit, data.threshold_percent))
            return True

        w.gateway.limiting._emit = emit
        made = await w.ask("POST", "/admin/v1/keys", {"name": "a", "limits": limits})
        for _ in range(requests):
            await w.chat(made.json["key"])
        await w.gateway.tasks.finish("settle ")
        problems.extend(line for line in w.logged if "was not told" in line)

    within(tmp_path, test)
    return events, problems


def test_who_listens_hears_of_it_once(tmp_path):
    """At 80 %, at 90 %, and at the first refusal."""
    events, problems = told(tmp_path, {"requests_per_hour": 10}, 12)

    assert [
        ("default", "usage.threshold_reached", "requests_per_hour", 80),
        ("default", "usage.threshold_reached", "requests_per_hour", 90),
        ("default", "usage.limit_exceeded", "requests_per_hour", 100),
    ] == events
    assert [] == problems


def test_money_is_told_of_as_a_budget(tmp_path):
    """With other names."""
    events, _ = told(tmp_path, {"cost_total_usd": "0.0145"}, 400)

    assert ("default", "budget.threshold_reached", "cost_total_usd", 80) in events


def test_what_cannot_be_told_costs_the_request_nothing(tmp_path):
    """It is a problem in the log."""
    events, problems = told(tmp_path, {"requests_per_hour": 1}, 1, failing=True)

    assert ([], 2) == (events, len(problems))
    assert "the database is down" in problems[0]


def test_counts_survive_a_start(tmp_path):
    """What was used up before is used up after."""
    keys = []

    async def before(w: World) -> None:
        made = await w.ask(
            "POST", "/admin/v1/keys", {"name": "a", "limits": {"requests_per_day": 1}}
        )
        keys.append(made.json["key"])
        assert 200 == (await w.chat(keys[0])).status

    async def after(w: World) -> None:
        assert 429 == (await w.chat(keys[0])).status
        await asyncio.sleep(0)

    within(tmp_path, before)
    within(tmp_path, after)
