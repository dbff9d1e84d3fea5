"""The composition root: what a start makes, what a reload keeps, what a stop leaves."""

import asyncio

import pytest
from msgspec import json

from tests.gateway import ADMIN_KEY, CONFIG, World, entropy, within, world
from trunkline.config.errors import ConfigError
from trunkline.config.schema import Config, ServerConfig
from trunkline.storage.secrets import ADMIN_KEY_FILE, PEPPER_FILE
from trunkline.testing.fakes import ManualClock
from trunkline.wiring import Gateway, Machine, edge, endpoints


def test_a_gateway_answers(tmp_path):
    """From a configuration to a billed answer, with nothing else at hand."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key())

        assert (200, b"sim-chat") == (reply.status, reply.header(b"x-trunkline-model"))
        assert reply.header(b"x-trunkline-cost-usd") > b"0.000000000"
        assert [] == w.bugs

    within(tmp_path, test)


def test_every_face_is_mounted(tmp_path):
    """By method and path."""
    mounted = set[tuple[bytes, bytes]]()

    async def test(w):
        mounted.update(endpoints(w.gateway))

    within(tmp_path, test)

    assert {
        (b"POST", b"/v1/chat/completions"),
        (b"POST", b"/v1/messages"),
        (b"POST", b"/v1/messages/count_tokens"),
        (b"POST", b"/v1/responses"),
        (b"POST", b"/v1/responses/input_tokens"),
        (b"POST", b"/v1/completions"),
        (b"POST", b"/v1/embeddings"),
        (b"POST", b"/api/v1/completions"),
        (b"POST", b"/api/v1/embeddings"),
        (b"POST", b"/gateway/openai/v1/chat/completions"),
        (b"POST", b"/gateway/anthropic/v1/messages"),
        (b"POST", b"/gateway/anthropic/v1/messages/count_tokens"),
        (b"POST", b"/api/v1/chat/completions"),
        *(
            (b"POST", b"/%b/{model}:%b" % (version, method))
            for version in (b"v1beta", b"v1beta1", b"v1")
            for method in (b"generateContent", b"streamGenerateContent", b"countTokens")
        ),
    } == mounted


def test_secrets_are_made_once(tmp_path):
    """Readable by their owner alone, and the same at the next start; so keys stay valid."""

    async def start():
        async with world(tmp_path, environ={}) as w:
            files = [(tmp_path / name) for name in (ADMIN_KEY_FILE, PEPPER_FILE)]
            return await w.key(), [(f.read_bytes(), f.stat().st_mode & 0o777) for f in files]

    async def again(key, admin):
        async with world(tmp_path, environ={}) as w:
            assert 200 == (await w.ask("GET", "/admin/v1/keys", key=admin)).status
            assert 200 == (await w.chat(key)).status

    key, first = asyncio.run(start())
    _, second = asyncio.run(start())
    asyncio.run(again(key, first[0][0].decode()))

    assert first == second
    assert {0o600} == {mode for _, mode in first}


def test_the_environments_admin_key_goes_before_the_files(tmp_path):
    """And no file is made for it."""

    async def test(w: World) -> None:
        assert 200 == (await w.ask("GET", "/admin/v1/keys", key=ADMIN_KEY)).status
        assert not (tmp_path / ADMIN_KEY_FILE).exists()

    within(tmp_path, test)


def failure(tmp_path, text=CONFIG, environ=None):
    """Why a gateway does not start."""
    with pytest.raises(ConfigError) as refused:
        within(tmp_path, None, text, **({} if environ is None else {"environ": environ}))
    return str(refused.value)


def test_secrets_that_protect_nothing_are_refused(tmp_path):
    """A key that can be guessed, a pepper that was cut."""
    assert "the admin key must have at least 8" in failure(
        tmp_path, environ={"TRUNKLINE_ADMIN_KEY": "short"}
    )
    (tmp_path / PEPPER_FILE).write_bytes(b"x")
    assert "pepper must hold exactly 32 bytes" in failure(tmp_path)


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

        assert ([gone] if active else []) == w.gateway._retired

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


def test_durability_follows_the_configuration(tmp_path):
    """With "power" each answer waits for the disk; it is billed all the same."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key())
        name = reply.header(b"x-trunkline-request-id").decode()

        assert "ok" == (await w.ask("GET", f"/admin/v1/requests/{name}")).json["status"]

    within(tmp_path, test, CONFIG + '[ledger]\ndurability = "power"\n')


def test_what_was_served_is_in_the_books_after_a_stop(tmp_path):
    """The journal is moved before the gateway lets go of its database."""

    async def main():
        async with world(tmp_path) as w:
            reply = await w.chat(await w.key())
        async with world(tmp_path) as w:
            name = reply.header(b"x-trunkline-request-id").decode()
            return (await w.ask("GET", f"/admin/v1/requests/{name}")).json

    assert "ok" == asyncio.run(main())["status"]


def test_the_edge_counts_in_the_statistics(tmp_path):
    """Once there is one; limits and stages come from the configuration."""

    async def test(w: World) -> None:
        assert "edge" not in w.gateway.statistics()
        made = edge(w.gateway, ServerConfig(max_body_bytes=7, drain_timeout=1.0))

        assert 7 == made.context.limits.body_bytes
        assert made.statistics() == w.gateway.statistics()["edge"]
        assert b"trunkline_edge_requests_total 0\n" in (await w.ask("GET", "/metrics")).body

    within(tmp_path, test)


def test_unknown_paths_are_told_what_there_is(tmp_path):
    """In JSON, by the control plane, with the hot paths among the hints."""

    async def test(w: World) -> None:
        sent = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completion",
            "raw_path": b"/v1/chat/completion",
            "headers": [],
        }
        made = edge(w.gateway, ServerConfig())
        await made._application(scope, None, send)

        assert 404 == sent[0]["status"]
        assert (
            "did you mean /v1/chat/completions" in json.decode(sent[1]["body"])["error"]["message"]
        )

    within(tmp_path, test)


def test_a_failed_task_is_logged(tmp_path):
    """With its name: nobody else hears of it."""

    async def test(w: World) -> None:
        async def fails():
            raise ZeroDivisionError("planted")

        task = w.gateway.tasks.spawn("planted task", fails())
        await asyncio.wait([task])
        await asyncio.sleep(0)

        assert "planted task" in w.logged[-1]
        assert "ZeroDivisionError" in w.logged[-1]

    within(tmp_path, test)


def test_the_machine_may_be_a_tests(tmp_path):
    """Time and entropy are arguments: the same twice gives the same keys."""

    def minted(folder):
        async def main():
            machine = Machine(
                environ={"TRUNKLINE_ADMIN_KEY": ADMIN_KEY},
                clock=ManualClock(),
                entropy=entropy(),
                write_log=lambda line: None,
            )
            gateway = Gateway(machine, lambda: (Config(), "", ""), folder)
            try:
                return gateway.next_id(gateway.clock.unix())
            finally:
                await gateway.aclose()

        return asyncio.run(main())

    assert minted(tmp_path / "1") == minted(tmp_path / "2")
