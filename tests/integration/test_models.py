"""The list of models through both SDKs: both shapes, paging, and names with a slash."""

import anthropic
import openai
import pytest

from tests.integration.program import Gateway

SIMULATED = ("sim-chat", "sim-echo", "sim-tools", "sim-reason", "sim-json")


def test_openai_lists_every_name(gpt: openai.OpenAI, gateway: Gateway) -> None:
    """Aliases first, then each provider's models, each with what the catalogue knows of it."""
    listed = list(gpt.models.list())

    names = [model.id for model in listed]
    assert ["fast", "team/fast"] == names[:2]
    assert {*SIMULATED, "team/house-model"} <= set(names)
    assert len(names) == len(set(names))
    assert {"model"} == {model.object for model in listed}
    raw = {entry["id"]: entry for entry in gateway.get("/v1/models").json()["data"]}
    assert (200_000, 64_000) == (
        raw["sim-chat"]["context_window"],
        raw["sim-chat"]["max_output_tokens"],
    )
    assert "1.000000" == raw["sim-chat"]["pricing"]["input"]
    # Others join once they have told that they have it.
    assert ["near", "near-claude"] == raw["sim-chat"]["providers"][:2]
    assert None is raw["team/house-model"]["pricing"]


def test_anthropic_pages_through_every_name(
    claude: anthropic.Anthropic, gpt: openai.OpenAI
) -> None:
    """Pages of any size add up to the same names in the same order."""
    names = [model.id for model in gpt.models.list()]
    paged = list(claude.models.list(limit=3))
    page = claude.models.list(limit=3)

    assert names == [model.id for model in paged]
    assert (True, *names[0:3:2]) == (page.has_more, page.first_id, page.last_id)
    assert "model" == paged[0].type
    assert paged[0].created_at.year >= 1970
    following = claude.models.list(limit=2, after_id=names[4])
    assert names[5:7] == [model.id for model in following.data]
    before = claude.models.list(limit=2, before_id=names[4])
    assert names[2:4] == [model.id for model in before.data]


@pytest.mark.parametrize(
    "name", ("sim-chat", "fast", "team/fast", "team/house-model", "near-claude/sim-chat")
)
def test_one_model(gpt: openai.OpenAI, claude: anthropic.Anthropic, name: str) -> None:
    """Each SDK gets any name, with the slash encoded as it does."""
    assert name == gpt.models.retrieve(name).id
    assert name == claude.models.retrieve(name).id


@pytest.mark.parametrize("path", ("team/fast", "team%2Ffast", "team%2ffast"))
def test_a_slash_is_taken_raw_and_encoded(gateway: Gateway, path: str) -> None:
    """By hand, too."""
    answer = gateway.get(f"/v1/models/{path}")

    assert (200, "team/fast") == (answer.status, answer.json()["id"])


def test_an_unknown_model(gpt: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    """404, as for a request to it."""
    with pytest.raises(openai.NotFoundError) as of_openai:
        gpt.models.retrieve("sim-chta")
    with pytest.raises(anthropic.NotFoundError) as of_anthropic:
        claude.models.retrieve("sim-chta")

    assert ("model_not_found", "model") == (of_openai.value.code, of_openai.value.param)
    assert "Did you mean sim-chat" in of_anthropic.value.message


def test_a_key_sees_the_models_it_may_use(gateway: Gateway) -> None:
    """A key for two models lists these two, and is refused all others."""
    key = gateway.new_key(models=["fast", "sim-echo"])
    with openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=key, max_retries=0) as client:
        assert ["fast", "sim-echo"] == [model.id for model in client.models.list()]
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("sim-chat")
        with pytest.raises(openai.PermissionDeniedError) as refused:
            client.chat.completions.create(
                model="sim-chat", messages=[{"role": "user", "content": "Hello"}]
            )
        answer = client.chat.completions.create(
            model="fast", messages=[{"role": "user", "content": "Hello"}]
        )

    assert "fast, sim-echo" in refused.value.message
    assert answer.choices[0].message.content
