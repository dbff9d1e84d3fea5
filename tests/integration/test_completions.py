"""Legacy completions through the official OpenAI SDK: of models that chat, and of those that complete."""

from collections.abc import Generator

import openai
import pytest

from tests.integration.program import Gateway, serving

CONFIG = """
[providers.near]
kind = "sim"

[providers.claude]
kind = "sim"
dialect = "anthropic-messages"

[providers.chats]
dialect = "openai-chat"
base_url = "{simulator}/v1"
api_key = "sk-chats"

[providers.completes]
dialect = "openai-completions"
base_url = "{simulator}/v1"
api_key = "sk-completes"
"""
UPSTREAMS = ("near", "claude", "chats", "completes")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, simulator: str) -> Generator[Gateway]:
    config = CONFIG.format(simulator=simulator)
    with serving(tmp_path_factory.mktemp("completions"), config) as running:
        yield running


@pytest.fixture(scope="module")
def client(own: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{own.base}/v1", api_key=own.key, max_retries=0) as made:
        yield made


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_whole_and_streamed(client: openai.OpenAI, own: Gateway, upstream: str) -> None:
    """The same text, usage and end; the ledger agrees."""
    asked = {"model": f"{upstream}/sim-chat", "prompt": "Say hello.", "max_tokens": 8}
    raw = client.completions.with_raw_response.create(**asked)
    whole = raw.parse()
    chunks = list(
        client.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    )

    assert ("text_completion", "length") == (whole.object, whole.choices[0].finish_reason)
    assert whole.choices[0].text
    assert whole.choices[0].text == "".join(c.text for one in chunks for c in one.choices)
    assert whole.usage == chunks[-1].usage
    entry = own.entry(raw.headers["x-trunkline-request-id"])
    assert ("text_completion", "ok", upstream) == (
        entry["operation"],
        entry["status"],
        entry["provider"],
    )
    assert whole.usage is not None
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (
        entry["tokens"]["input"],
        entry["tokens"]["output"],
    )


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_echo_and_stop(client: openai.OpenAI, upstream: str) -> None:
    """The prompt stands before the answer; a stop sequence ends it."""
    answer = client.completions.create(
        model=f"{upstream}/sim-stop", prompt="Say", echo=True, stop=["###"], max_tokens=200
    )
    [choice] = answer.choices

    assert choice.text.startswith("Say")
    assert len(choice.text) > len("Say")
    assert ("stop", False) == (choice.finish_reason, "###" in choice.text)


def test_several_prompts(client: openai.OpenAI, own: Gateway) -> None:
    """A choice each, in order, and an attempt each where the model only chats."""
    raw = client.completions.with_raw_response.create(
        model="chats/sim-echo", prompt=["one", "two", "three"]
    )
    answer = raw.parse()

    assert [(0, "one"), (1, "two"), (2, "three")] == [(c.index, c.text) for c in answer.choices]
    entry = own.entry(raw.headers["x-trunkline-request-id"])
    assert 3 == len(entry["attempts"])
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == entry["tokens"]["input"]


@pytest.mark.parametrize(
    ("asked", "kind", "param"),
    (
        ({"prompt": "a", "suffix": "b"}, openai.BadRequestError, "suffix"),
        ({"prompt": [[1], [2]]}, openai.BadRequestError, "prompt"),
        ({"prompt": "a", "model": "chats/sim-chat@fault=u10"}, openai.RateLimitError, None),
        ({"prompt": "a", "model": "nobody/knows"}, openai.NotFoundError, "model"),
    ),
)
def test_errors(
    client: openai.OpenAI, asked: dict[str, object], kind: type[openai.APIError], param: str | None
) -> None:
    """Of the class the SDK has for them, with the parameter's name."""
    with pytest.raises(kind) as told:
        client.completions.create(**{"model": "chats/sim-chat", **asked})
    if param is not None:
        assert param == told.value.param


def test_a_stream_that_breaks_is_an_error(client: openai.OpenAI) -> None:
    """Never an end, whoever was asked."""
    for upstream in UPSTREAMS:
        stream = client.completions.create(
            model=f"{upstream}/sim-chat@fault=u5:after=3,tag={upstream}",
            prompt="Say",
            max_tokens=60,
            stream=True,
        )
        with pytest.raises(openai.APIError):
            list(stream)


def test_a_conversation_with_a_model_that_completes(client: openai.OpenAI) -> None:
    """A transcript stands for it; tools it has none."""
    said = [{"role": "user", "content": "Hi"}]
    answer = client.chat.completions.create(model="completes/sim-chat", messages=said)
    assert answer.choices[0].message.content
    tool = {"type": "function", "function": {"name": "t", "parameters": {"type": "object"}}}
    with pytest.raises(openai.BadRequestError, match="no tools"):
        client.chat.completions.create(model="completes/sim-chat", messages=said, tools=[tool])


def test_scopes_and_keyplex(own: Gateway) -> None:
    """`completions:write` is its scope, on both faces."""
    key = own.admin("POST", "/keys", {"name": "c", "scopes": ["chat:write"]}).json()["key"]
    for base in (f"{own.base}/v1", f"{own.base}/api/v1"):
        with (
            openai.OpenAI(base_url=base, api_key=key, max_retries=0) as other,
            pytest.raises(openai.PermissionDeniedError, match="completions:write"),
        ):
            other.completions.create(model="near/sim-chat", prompt="a")
    with openai.OpenAI(base_url=f"{own.base}/api/v1", api_key=own.key, max_retries=0) as other:
        assert other.completions.create(model="near/sim-chat", prompt="a").choices[0].text
