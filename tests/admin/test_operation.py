"""Running the gateway: reload, health of targets, statistics, metrics."""

from tests.gateway import World, within


def test_a_reload_serves_the_new_configuration(tmp_path):
    """From the next request on."""

    async def test(w: World) -> None:
        w.config[0] += '[models.fresh]\ntargets = ["sim/sim-chat"]\n'
        assert 404 == (await w.ask("GET", "/v1/models/fresh")).status
        told = await w.ask("POST", "/admin/v1/config/reload")

        assert (200, {"generation": 2}) == (told.status, told.json)
        assert 200 == (await w.ask("GET", "/v1/models/fresh")).status

    within(tmp_path, test)


def test_a_bad_file_keeps_the_good_one(tmp_path):
    """Refused with its reason; everything goes on as before."""

    async def test(w: World) -> None:
        w.config[0] = '[providers.sim]\n[models.fast]\ntargets = ["nobody/m"]\n'
        refused = await w.ask("POST", "/admin/v1/config/reload")

        assert 400 == refused.status
        assert "no provider 'nobody' is configured; there are: sim" in refused.body.decode()
        assert 1 == (await w.ask("GET", "/admin/v1/targets")).json["generation"]
        assert 200 == (await w.chat(await w.key())).status

    within(tmp_path, test)


def test_targets_tell_their_health(tmp_path):
    """Who was asked, how it went; and who could be."""

    async def test(w: World) -> None:
        key = await w.key()
        await w.chat(key)
        await w.chat(key, "claude/sim-chat@fault=u5")
        told = (await w.ask("GET", "/admin/v1/targets")).json
        well, ill = told["targets"]

        assert ["claude", "sim"] == told["providers"]
        assert ("sim/sim-chat", "closed", 1, 0) == tuple(
            well[name] for name in ("deployment", "health", "successes", "failures")
        )
        assert (0, True) == (ill["successes"], ill["failures"] > 0)

    within(tmp_path, test)


def test_statistics_and_metrics_say_the_same(tmp_path):
    """For people as JSON, for Prometheus as text in its own format."""

    async def test(w: World) -> None:
        await w.chat(await w.key())
        rooms = (await w.ask("GET", "/admin/v1/statistics")).json
        scraped = await w.ask("GET", "/metrics")
        lines = scraped.body.decode().splitlines()

        named = {"routing", "transport", "ledger", "keys", "storage", "catalog", "models"}
        counted = {"tokens", "issuers", "credentials", "limits", "counters", "idempotency"}
        kept = {"conversations", "background", "webhooks", "bodies"}
        assert named | counted | kept == set(rooms)
        assert "text/plain; version=0.0.4; charset=utf-8" == scraped.headers["content-type"]
        assert 'trunkline_target_successes_total{deployment="sim/sim-chat"} 1' in lines
        assert f"trunkline_catalog_models {rooms['catalog']['models']}" in lines

    within(tmp_path, test)
