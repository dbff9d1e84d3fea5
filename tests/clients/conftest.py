"""The clients, and a gateway with one upstream for each dialect that the simulator speaks."""

from collections.abc import Callable, Generator
from functools import partial
from typing import NamedTuple

import pytest

from tests.clients import over_google
from tests.clients import over_langchain as langchain
from tests.clients import over_pydantic_ai as pydantic_ai
from tests.clients.parts import Client, Said
from tests.integration.program import Gateway, call, serving, simulating

# The dialect between the gateway and the simulator, and what a base URL of it ends in.
UPSTREAMS = {
    "openai-chat": "/v1",
    "anthropic-messages": "",
    "openai-responses": "/v1",
    "gemini": "",
}
CLIENTS: dict[str, Callable[[str, str], Client]] = {
    "langchain-openai": partial(
        langchain.LangChain,
        langchain.openai_chat,
        ("json_schema", "function_calling"),
        {"reasoning_effort": "low"},
        blind_to=UPSTREAMS,  # it reads what OpenAI itself documents: no reasoning (1.7.3)
    ),
    "langchain-openai-responses": partial(
        langchain.LangChain,
        langchain.openai_responses,
        ("json_schema", "function_calling"),
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ),
    "langchain-anthropic": partial(
        langchain.LangChain,
        langchain.anthropic_messages,
        ("json_schema", "function_calling"),
        {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    ),
    "pydantic-ai-openai": partial(
        pydantic_ai.PydanticAI,
        pydantic_ai.openai_chat,
        {"openai_reasoning_effort": "low"},
        # OpenAI shows reasoning only to those who ask for its summary, which cannot be done here.
        blind_to=("openai-responses",),
    ),
    "pydantic-ai-responses": partial(
        pydantic_ai.PydanticAI,
        pydantic_ai.openai_responses,
        {"openai_reasoning_effort": "low", "openai_reasoning_summary": "auto"},
    ),
    "pydantic-ai-anthropic": partial(
        pydantic_ai.PydanticAI,
        pydantic_ai.anthropic_messages,
        {"anthropic_thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 8000},
    ),
    "google-genai": over_google.Google,
}
_PROVIDER = """
[providers.{dialect}]
dialect = "{dialect}"
base_url = "{base}"
api_key = "sk-up"
"""


class Line(NamedTuple):
    """A gateway and the simulator behind it."""

    gateway: Gateway
    simulator: str

    def mark(self) -> int:
        """How much the simulator has answered until now."""
        rows = call(self.simulator, "GET", "/sim/log").json()["rows"]
        return int(rows[-1]["seq"]) if rows else 0

    def told(self, mark: int) -> list[Said]:
        """What it counted since; the text is not in its log."""
        rows = call(self.simulator, "GET", f"/sim/log?since={mark}").json()["rows"]
        usages = [row["usage"] for row in rows]
        return [Said("", usage["input"], usage["output"]) for usage in usages]


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Generator[Line]:
    with simulating(tmp_path_factory.mktemp("simulator")) as simulator:
        config = "".join(
            _PROVIDER.format(dialect=dialect, base=simulator + path)
            for dialect, path in UPSTREAMS.items()
        )
        with serving(tmp_path_factory.mktemp("gateway"), config) as gateway:
            yield Line(gateway, simulator)


@pytest.fixture(params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest) -> str:
    """Each in turn; a model's name is f"{upstream}/sim-chat"."""
    return str(request.param)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, line: Line) -> Client:
    return CLIENTS[request.param](line.gateway.base, line.gateway.key)
