"""GET /v1beta/models: Google's list, and only what the key may use."""

import pytest

from tests.gateway import World, within

PATH = "/v1beta/models"


def test_googles_list(tmp_path):
    """By the names that go into a request's path; each can be asked for alone."""

    async def test(w: World) -> None:
        listed = (await w.ask("GET", PATH, key=await w.key())).json
        first = listed["models"][0]

        assert ("models/fast", "fast") == (first["name"], first["baseModelId"])
        assert "generateContent" in first["supportedGenerationMethods"]
        assert first == (await w.ask("GET", f"{PATH}/fast", key=await w.key())).json

    within(tmp_path, test)


def test_what_a_model_can_do(tmp_path):
    """Clients choose by it: one that embeds does not write."""
    config = '[providers.openai]\napi_key = "sk"\n'

    async def test(w: World) -> None:
        key = await w.key()
        told = {
            name: (await w.ask("GET", f"{PATH}/{name}", key=key)).json["supportedGenerationMethods"]
            for name in ("text-embedding-3-small", "gpt-4o-mini")
        }
        assert {
            "text-embedding-3-small": ["embedContent", "batchEmbedContents"],
            "gpt-4o-mini": ["generateContent", "streamGenerateContent", "countTokens"],
        } == told

    within(tmp_path, test, config)


def test_pages(tmp_path):
    """As many as are wanted, and a token for the rest."""

    async def test(w: World) -> None:
        key = await w.key()
        everything = (await w.ask("GET", f"{PATH}?pageSize=1000", key=key)).json["models"]
        first = (await w.ask("GET", f"{PATH}?pageSize=1", key=key)).json
        token = first["nextPageToken"]
        rest = (await w.ask("GET", f"{PATH}?pageSize=1000&pageToken={token}", key=key)).json

        assert everything == [*first["models"], *rest["models"]]
        assert "nextPageToken" not in rest

    within(tmp_path, test)


@pytest.mark.parametrize("query", ("pageSize=x", "pageToken=-1", "pageToken=99999"))
def test_pages_that_are_none(tmp_path, query):
    """Refused in Google's shape, whoever asks."""

    async def test(w: World) -> None:
        told = await w.ask("GET", f"{PATH}?{query}", key=await w.key())
        assert (400, "INVALID_ARGUMENT") == (told.status, told.json["error"]["status"])

    within(tmp_path, test)


def test_a_key_in_the_url(tmp_path):
    """Where Google's documentation puts it; on no other path."""

    async def test(w: World) -> None:
        key = await w.key()
        assert 200 == (await w.ask("GET", f"{PATH}?key={key}", key="")).status
        assert 401 == (await w.ask("GET", f"/v1/models?key={key}", key="")).status
        assert 401 == (await w.ask("GET", f"{PATH}?key=wrong", key="")).status

    within(tmp_path, test)


def test_a_model_the_key_may_not_name(tmp_path):
    """Does not exist for it."""

    async def test(w: World) -> None:
        key = await w.key(models=["fast"])
        listed = (await w.ask("GET", PATH, key=key)).json["models"]
        assert ["models/fast"] == [model["name"] for model in listed]
        told = await w.ask("GET", f"{PATH}/sim/sim-chat", key=key)
        assert (404, "NOT_FOUND") == (told.status, told.json["error"]["status"])

    within(tmp_path, test)


def test_a_model_of_a_provider_the_key_may_not_use(tmp_path):
    """Does not exist for it, and whoever else answers to a name is not told."""

    async def test(w: World) -> None:
        key = await w.key(providers=["claude"])
        one = (await w.ask("GET", f"{PATH}/fast", key=key)).json
        assert "Served by claude" == one["description"]
        told = await w.ask("GET", f"{PATH}/sim/sim-chat", key=key)
        assert (404, "NOT_FOUND") == (told.status, told.json["error"]["status"])
        nothing = await w.ask("GET", PATH, key=await w.key(providers=[]))
        assert [] == nothing.json["models"]

    within(tmp_path, test)


def test_googles_clients_at_the_path_of_others(tmp_path):
    """google-genai asks for /v1/models: its headers tell."""

    async def test(w: World) -> None:
        key = await w.key()
        for header in ("x-goog-api-client", "x-goog-api-key"):
            told = {header: key}
            listed = (await w.ask("GET", "/v1/models", key=key, headers=told)).json
            assert listed == (await w.ask("GET", PATH, key=key)).json
            one = (await w.ask("GET", "/v1/models/fast", key=key, headers=told)).json
            assert "models/fast" == one["name"]

    within(tmp_path, test)
