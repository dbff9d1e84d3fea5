"""Tests of wiring/reception.py: who may call follows the configuration."""

from tests.gateway import CONFIG, World, within

PLAN = """
[plans.small]
requests_per_minute = 1
"""
SESSIONS = """
[sessions]
requests = 1
"""


def test_plans_follow_the_configuration(tmp_path):
    """A key's plan is what the file says today."""

    async def test(w: World) -> None:
        key = await w.key(plan="small")
        assert [200, 429] == [(await w.chat(key)).status for _ in range(2)]
        w.config[0] = CONFIG + PLAN.replace("1", "9")
        await w.gateway.reload()
        assert 200 == (await w.chat(key)).status

    within(tmp_path, test, CONFIG + PLAN)


def test_sessions_follow_the_configuration(tmp_path):
    """Limited while the file says so."""

    async def test(w: World) -> None:
        key = await w.key()
        said = {"prompt_cache_key": "run 1"}
        assert [200, 429] == [(await w.chat(key, **said)).status for _ in range(2)]
        w.config[0] = CONFIG
        await w.gateway.reload()
        assert 200 == (await w.chat(key, **said)).status

    within(tmp_path, test, CONFIG + SESSIONS)


def test_who_calls_is_counted(tmp_path):
    """Keys, tokens, issuers and credentials are in the statistics."""

    async def test(w: World) -> None:
        await w.key()
        told = w.gateway.reception.statistics()
        assert {"keys", "tokens", "issuers", "credentials"} == set(told)
        assert 1 == told["keys"].keys

    within(tmp_path, test)
