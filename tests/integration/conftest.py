"""One gateway for all tests that only talk through it, and the official SDKs pointed at it."""

from collections.abc import Generator

import anthropic
import openai
import pytest

from tests.integration.program import Gateway, serving, simulating

# In the process and over HTTP, in both dialects. Each SDK meets every one of them.
UPSTREAMS = ("near", "near-claude", "far", "far-claude", "far-responses", "far-gemini")

CONFIG = """
[providers.near]
kind = "sim"

[providers.near-claude]
kind = "sim"
dialect = "anthropic-messages"

[providers.far]
dialect = "openai-chat"
base_url = "{simulator}/v1"
api_key = "sk-far"
models = ["team/house-model"]

[providers.far-claude]
dialect = "anthropic-messages"
base_url = "{simulator}"
api_key = "sk-far-claude"

[providers.far-responses]
dialect = "openai-responses"
base_url = "{simulator}/v1"
api_key = "sk-far-responses"

[providers.far-gemini]
like = "gemini"
base_url = "{simulator}/v1beta"
api_key = "AIza-far-gemini"
models = ["sim-chat", "sim-echo", "sim-tools"]
quirks = {{ thinking_budget = [0, 32768], tool_images = true }}

[models.fast]
targets = ["near/sim-chat"]

[models."team/fast"]
targets = ["near-claude/sim-chat"]
"""


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The base URL of a simulator of its own."""
    with simulating(tmp_path_factory.mktemp("simulator")) as base:
        yield base


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, simulator: str) -> Generator[Gateway]:
    """A gateway with UPSTREAMS; tests leave it as it is."""
    config = CONFIG.format(simulator=simulator)
    with serving(tmp_path_factory.mktemp("gateway"), config) as running:
        yield running


@pytest.fixture(scope="session")
def gpt(gateway: Gateway) -> Generator[openai.OpenAI]:
    """The OpenAI SDK, as its user would point it here."""
    with openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def claude(gateway: Gateway) -> Generator[anthropic.Anthropic]:
    """The Anthropic SDK, as its user would point it here."""
    with anthropic.Anthropic(base_url=gateway.base, api_key=gateway.key, max_retries=0) as client:
        yield client


@pytest.fixture(params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest) -> str:
    """Each kind of upstream in turn; a model's name is f"{upstream}/sim-chat"."""
    return str(request.param)
