"""Tests of wiring/reception.py: who may call follows the configuration."""

import pytest

from tests.gateway import CONFIG, World, within
from tests.tenancy.signers import AUDIENCE, ISSUER, SECRET, claims, signed
from trunkline.canon.errors import Forbidden

PLAN = """
[plans.small]
requests_per_minute = 1
"""
ISSUERS = f"""
[[auth.issuers]]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
secret = "{SECRET}"
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


def test_a_plan_that_is_gone_is_told_of_by_name(tmp_path):
    """When the file is read again, and when the gateway starts; not while nobody is under it."""
    told = '"what":"the plan `small` is not configured, and there is somebody under it: 1 key'

    def warned(w: World) -> int:
        return sum(told in line for line in w.logged)

    async def before(w: World) -> None:
        w.config[0] = CONFIG
        await w.gateway.reload()
        assert 0 == warned(w)
        w.config[0] = CONFIG + PLAN
        await w.gateway.reload()
        key = await w.key(plan="small")
        w.config[0] = CONFIG
        await w.gateway.reload()
        assert 1 == warned(w)
        with pytest.raises(Forbidden, match="The plan `small`"):
            await w.chat(key)

    async def after(w: World) -> None:
        assert 1 == warned(w)

    within(tmp_path, before, CONFIG + PLAN)
    within(tmp_path, after)


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


def test_a_token_of_another_tenant_is_another_caller(tmp_path):
    """The same subject of the same issuer: neither uses up what the other may."""

    async def test(w: World) -> None:
        said = claims(w.clock.unix(), plan="small")
        acme, bell = (signed({**said, "tenant": name}).decode() for name in ("acme", "bell"))
        assert [200, 429] == [(await w.chat(acme)).status for _ in range(2)]
        assert 0 == (await w.ask("GET", "/v1/me", key=bell)).json["limits"][0]["used"]
        assert [200, 429] == [(await w.chat(bell)).status for _ in range(2)]

    within(tmp_path, test, CONFIG + PLAN + ISSUERS)


def test_who_calls_is_counted(tmp_path):
    """Keys, tokens, issuers and credentials are in the statistics."""

    async def test(w: World) -> None:
        await w.key()
        told = w.gateway.reception.statistics()
        assert {"keys", "tokens", "issuers", "credentials"} == set(told)
        assert 1 == told["keys"].keys

    within(tmp_path, test)
