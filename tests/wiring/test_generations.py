"""Tests of wiring/generations.py: what a configuration furnishes, what a reload keeps."""

import asyncio

import pytest

from tests.gateway import ADMIN_KEY, CONFIG, World, within
from tests.wiring.failing import failure
from trunkline.config.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "says"),
    (
        (
            '[providers.a]\nkind = "x"\n',
            "t.toml:2: providers.a.kind: no such kind; there are http, bedrock, local, sim",
        ),
        (
            '[providers.a]\ndialect = "openai"\nbase_url = "http://127.0.0.1:1/v1"\n',
            "t.toml:2: providers.a.dialect: no such dialect; there are openai-chat, anthropic-mess",
        ),
        (
            '[server]\ndatabase = "mysql://u:s3cret@h/x"\n',
            't.toml:2: server.database: expected "postgresql://user:password@host/name"',
        ),
        ('[[faces]]\nname = "plexor"\nprefix = "/x"\n', "t.toml:1: faces: is not served yet"),
        ("[providers.sim]\ndefault = 1\n", "t.toml:2: providers.sim.default: unknown key"),
        (
            '[providers.sim]\n[models.m]\ntargets = ["sim/sim-chat"]\nstrategy = "x"\n',
            "t.toml:4: models.m.strategy: no such strategy; there are fallback, weighted",
        ),
    ),
)
def test_a_wrong_configuration_is_told_with_its_place(tmp_path, text, says):
    """Also what only a room further down can see."""
    assert says in failure(tmp_path, text)


def test_without_providers_the_environment_decides(tmp_path):
    """Keys that lie there bring their providers."""
    environ = {"TRUNKLINE_ADMIN_KEY": ADMIN_KEY, "MISTRAL_API_KEY": "k"}

    async def test(w: World) -> None:
        assert {"mistral", "sim", "sim-anthropic"} <= set(w.gateway.rooms.providers)
        assert "openai" not in w.gateway.rooms.providers

    within(tmp_path, test, "", environ=environ)


def test_a_reload_keeps_what_did_not_change(tmp_path):
    """An unchanged provider, and what the router learned; a changed one is built anew."""

    async def test(w: World) -> None:
        await w.chat(await w.key())
        before = w.gateway.rooms
        w.config[0] = CONFIG.replace('kind = "sim"', 'kind = "sim"\ndefaults = "tokens=3"')
        assert 2 == await w.gateway.reload()
        after = w.gateway.rooms

        assert before.providers["sim"] is after.providers["sim"]
        assert before.providers["claude"] is not after.providers["claude"]
        assert ["sim/sim-chat"] == [t.deployment for t in after.router.statistics(0.0)]
        assert (1, 2) == (before.generation, after.generation)

    within(tmp_path, test)


@pytest.mark.parametrize("active", (0, 1))
def test_a_provider_that_is_gone_is_let_go_after_its_last_exchange(tmp_path, active):
    """At once where nobody asks it any more; not while an exchange of its generation runs."""

    async def test(w: World) -> None:
        gone = w.gateway.rooms.providers["claude"]
        w.gateway.rooms.router.retries.active = active
        w.config[0] = "[providers.sim]\n"
        await w.gateway.reload()
        for _ in range(5):
            await asyncio.sleep(0)

        assert ([gone] if active else []) == w.gateway.generations.retired

    within(tmp_path, test)


def test_a_bad_reload_changes_nothing(tmp_path):
    """Not even a part."""

    async def test(w: World) -> None:
        before = w.gateway.rooms
        w.config[0] = '[providers.claude]\nkind = "sim"\n[models.m]\ntargets = ["no/m"]\n'
        with pytest.raises(ConfigError):
            await w.gateway.reload()

        assert before is w.gateway.rooms
        assert 200 == (await w.chat(await w.key())).status

    within(tmp_path, test)


@pytest.mark.parametrize("emptied", ("", "\n# [providers.sim]\n"))
def test_a_file_that_was_emptied_changes_nothing(tmp_path, emptied):
    """As a full disk or a write that has only begun leaves it; one table is enough to mean it."""

    async def test(w: World) -> None:
        before = w.gateway.rooms
        w.config[0] = emptied
        refused = await w.ask("POST", "/admin/v1/config/reload")
        assert (400, "invalid_config") == (refused.status, refused.json["error"]["code"])
        assert "t.toml: is empty, and the configuration in force is not" in refused.body.decode()
        assert before is w.gateway.rooms
        assert 200 == (await w.chat(await w.key())).status

        w.config[0] = "[server]\n"
        assert 2 == await w.gateway.reload()

    within(tmp_path, test)


def test_a_file_that_was_empty_may_stay_so(tmp_path):
    """All defaults, before as after."""

    async def test(w: World) -> None:
        assert 2 == await w.gateway.reload()
        w.config[0] = "# nothing yet\n"
        assert 3 == await w.gateway.reload()

    within(tmp_path, test, "")


def test_routing_follows_the_configuration(tmp_path):
    """How often the same target is asked, how soon a target is given up."""
    rules = "[routing]\nsame_target_retries = 0\nbreaker_failures = 1\n"
    failing = '[providers.sim]\ndefaults = "fault=u5"\n' + CONFIG.replace("[providers.sim]", "")

    async def test(w: World) -> None:
        reply = await w.chat(await w.key())
        targets = {t.deployment: t for t in w.gateway.rooms.router.statistics(0.0)}

        assert (200, b"2") == (reply.status, reply.header(b"x-trunkline-attempts"))
        assert ("open", 1) == (
            targets["sim/sim-chat"].health,
            targets["sim/sim-chat"].failures,
        )

    within(tmp_path, test, failing + rules)


def test_what_has_no_effect_is_said_to_have_none(tmp_path):
    """Somebody who asks for it would else wait for it."""
    rules = '[routing]\nmode = "eco"\n'

    async def test(w: World) -> None:
        assert any("routing.mode" in line for line in w.logged)

    within(tmp_path, test, CONFIG + rules)
