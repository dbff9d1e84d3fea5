"""GET /v1/models: OpenAI's list and Anthropic's, and only what the key may use."""

import msgspec
import pytest

from tests.gateway import World, within
from trunkline.transport.replay import Recording, ReplayTransport

ANTHROPIC = {"anthropic-version": "2023-06-01"}


def test_openais_list(tmp_path):
    """Aliases first; what is known of a model stands beside OpenAI's own fields."""

    async def test(w: World) -> None:
        listed = (await w.ask("GET", "/v1/models", key=await w.key())).json
        first = listed["data"][0]

        assert "list" == listed["object"]
        assert ("fast", "model", ["sim", "claude"]) == (
            first["id"],
            first["object"],
            first["providers"],
        )
        assert first == (await w.ask("GET", "/v1/models/fast", key=await w.key())).json

    within(tmp_path, test)


def test_what_the_catalogue_knows(tmp_path):
    """Creator, context, dollars per million tokens to six places, and the day of its release."""
    config = '[providers.openai]\napi_key = "sk-1"\n'

    async def test(w: World) -> None:
        model = (await w.ask("GET", "/v1/models/gpt-4o-mini")).json

        assert ("openai", 128_000) == (model["owned_by"], model["context_window"])
        assert ("0.150000", "0.075000", "0.600000") == tuple(
            model["pricing"][kind] for kind in ("input", "cache_read", "output")
        )
        assert model["created"] > 1_700_000_000

    within(tmp_path, test, config)


def test_a_model_that_nobody_knows(tmp_path):
    """It is listed all the same, without a price, under its provider's name."""
    config = '[providers.box]\ndialect = "openai-chat"\nbase_url = "http://127.0.0.1:9"\nmodels = ["own"]\n'

    async def test(w: World) -> None:
        model = (await w.ask("GET", "/v1/models/own")).json
        shown = (await w.ask("GET", "/v1/models/own", headers=ANTHROPIC)).json

        assert ("box", None, None, 0) == tuple(
            model[name] for name in ("owned_by", "pricing", "context_window", "created")
        )
        assert {
            "type": "model",
            "id": "own",
            "display_name": "own",
            "created_at": "1970-01-01T00:00:00Z",
        } == shown

    within(tmp_path, test, config)


def test_a_key_sees_what_it_may_use(tmp_path):
    """Other models do not exist for it."""

    async def test(w: World) -> None:
        key = await w.key(models=("fast",))
        listed = (await w.ask("GET", "/v1/models", key=key)).json

        assert ["fast"] == [model["id"] for model in listed["data"]]
        assert 404 == (await w.ask("GET", "/v1/models/sim-chat", key=key)).status
        assert 200 == (await w.ask("GET", "/v1/models/fast", key=key)).status

    within(tmp_path, test)


def test_a_key_sees_what_its_providers_serve(tmp_path):
    """What it would be refused is not shown to it, nor who else answers to a name."""
    config = """
[providers.sim]
[providers.claude]
kind = "sim"
[providers.box]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9"
models = ["own"]
[models.fast]
targets = ["box/own", "claude/sim-chat"]
[models.boxed]
targets = ["box/own"]
"""

    async def names(w: World, key: str, **headers: str) -> set[str]:
        listed = (await w.ask("GET", "/v1/models", key=key, headers=headers)).json
        return {model["id"] for model in listed["data"]}

    async def test(w: World) -> None:
        key, none = await w.key(providers=("claude",)), await w.key(providers=())
        everything = await names(w, await w.key())
        shown = await names(w, key)

        assert {"own", "boxed"} == everything - shown
        assert shown == await names(w, key, **ANTHROPIC)
        assert set() == await names(w, none)
        for name in ("own", "boxed", "box/own"):
            assert 404 == (await w.ask("GET", f"/v1/models/{name}", key=key)).status
        assert ["claude"] == (await w.ask("GET", "/v1/models/fast", key=key)).json["providers"]
        assert {"fast"} == await names(
            w, await w.key(providers=("claude",), models=("fast", "boxed"))
        )

    within(tmp_path, test, config)


def test_names_with_slashes_are_found(tmp_path):
    """`provider/model` is a name like any other."""

    async def test(w: World) -> None:
        assert "sim/sim-chat" == (await w.ask("GET", "/v1/models/sim/sim-chat")).json["id"]
        told = await w.ask("GET", "/v1/models/nope/nope")
        assert (404, "model_not_found") == (told.status, told.json["error"]["code"])

    within(tmp_path, test)


FIVE = "[providers.sim]\n" + "".join(
    f'[models.m{number}]\ntargets = ["sim/sim-chat"]\n' for number in range(5)
)


async def page(w: World, key: str, query: str) -> tuple[list[str], bool]:
    told = (await w.ask("GET", f"/v1/models?{query}", key=key, headers=ANTHROPIC)).json
    names = [model["id"] for model in told["data"]]
    assert (names[0], names[-1]) == (told["first_id"], told["last_id"]) if names else True
    return names, told["has_more"]


def test_anthropics_pages(tmp_path):
    """Forwards and backwards, as their API reference has it."""

    async def test(w: World) -> None:
        key = await w.key(models=tuple(f"m{number}" for number in range(5)))

        assert (["m0", "m1"], True) == await page(w, key, "limit=2")
        assert (["m2", "m3"], True) == await page(w, key, "limit=2&after_id=m1")
        assert (["m4"], False) == await page(w, key, "limit=2&after_id=m3")
        assert (["m1", "m2"], True) == await page(w, key, "limit=2&before_id=m3")
        assert (["m0", "m1", "m2"], False) == await page(w, key, "limit=3&before_id=m3")
        assert ([], False) == await page(w, key, "before_id=m0")
        assert 5 == len((await page(w, key, ""))[0])

    within(tmp_path, test, FIVE)


@pytest.mark.parametrize(
    ("query", "param"),
    (
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("after_id=x", "after_id"),
    ),
)
def test_a_page_that_is_not_there(tmp_path, query, param):
    """400 with the parameter that is wrong."""

    async def test(w: World) -> None:
        told = await w.ask("GET", f"/v1/models?{query}", headers=ANTHROPIC)

        assert 400 == told.status
        assert f"`{param}` must be" in told.json["error"]["message"]

    within(tmp_path, test, FIVE)


def test_what_providers_list_themselves(tmp_path):
    """Their names instead of the catalogue's, with what they tell where the catalogue is silent."""
    config = """
[providers.box]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
api_key = "k"
[models.mine]
targets = ["box/pulled"]
"""
    told = {"created": 1_700_000_000, "max_model_len": 8192, "max_tokens": 512, "name": "Pulled!"}
    listed = msgspec.json.encode({"data": [{"id": "pulled", **told}, {"id": "team/other"}]})

    async def test(w: World) -> None:
        assert ["mine"] == [m["id"] for m in (await w.ask("GET", "/v1/models")).json["data"]]
        assert 404 == (await w.ask("GET", "/v1/models/pulled")).status
        box = w.gateway.rooms.providers["box"]
        box.transport = ReplayTransport([Recording(steps=(listed,)), Recording(status=500)])
        await w.gateway.lists.refresh()

        for _ in range(2):  # the second time after a round that failed
            models = (await w.ask("GET", "/v1/models")).json["data"]
            assert ["mine", "pulled", "team/other"] == [m["id"] for m in models]
            await w.gateway.lists.refresh()
        for model in models[:2]:
            assert (1_700_000_000, 8192, 512) == tuple(
                model[name] for name in ("created", "context_window", "max_output_tokens")
            )
        shown = (await w.ask("GET", "/v1/models/pulled", headers=ANTHROPIC)).json
        assert ("Pulled!", "2023-11-14T22:13:20Z", 8192, 512) == tuple(
            shown[name] for name in ("display_name", "created_at", "max_input_tokens", "max_tokens")
        )
        assert 200 == (await w.ask("GET", "/v1/models/team/other")).status

    within(tmp_path, test, config)
