"""Pydantic AI's agents over its models of OpenAI's two APIs and of Anthropic's."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
from pydantic_ai import Agent, BinaryContent, NativeOutput, ToolOutput
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.messages import ThinkingPart
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.parts import HELLO, PIXEL, Failure, Said, Weather, look


@asynccontextmanager
async def openai_chat(base: str, key: str, model: str) -> AsyncIterator[Model]:
    async with openai.AsyncOpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0) as client:
        yield OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))


@asynccontextmanager
async def openai_responses(base: str, key: str, model: str) -> AsyncIterator[Model]:
    async with openai.AsyncOpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0) as client:
        yield OpenAIResponsesModel(model, provider=OpenAIProvider(openai_client=client))


@asynccontextmanager
async def anthropic_messages(base: str, key: str, model: str) -> AsyncIterator[Model]:
    async with anthropic.AsyncAnthropic(base_url=base, api_key=key, max_retries=0) as client:
        profile = ModelProfile(supports_json_schema_output=True)  # it goes by names it knows
        provider = AnthropicProvider(anthropic_client=client)
        yield AnthropicModel(model, provider=provider, profile=profile)


@dataclass(frozen=True)
class PydanticAI:
    make: Callable[..., Any]
    thinking: dict[str, object]
    """Its settings that ask for reasoning."""
    base: str
    key: str
    blind_to: Collection[str] = ()

    def _run(self, model: str, use: Callable[[Model], Any], key: str | None = None) -> Any:
        async def run() -> Any:
            async with self.make(self.base, self.key if key is None else key, model) as made:
                return await use(made)

        return asyncio.run(run())

    def say(self, model: str) -> Said:
        async def use(made: Model) -> Said:
            return _said(await Agent(made).run(HELLO))

        return self._run(model, use)

    def stream(self, model: str) -> tuple[Sequence[str], Said]:
        async def use(made: Model) -> tuple[Sequence[str], Said]:
            async with Agent(made).run_stream(HELLO) as result:
                pieces = [p async for p in result.stream_text(delta=True, debounce_by=None)]
                usage = result.usage
                said = Said(await result.get_output(), usage.input_tokens, usage.output_tokens)
            return pieces, said

        return self._run(model, use)

    def think(self, model: str) -> tuple[str, str]:
        async def use(made: Model) -> tuple[str, str]:
            agent = Agent(made, model_settings=self.thinking)
            async with agent.run_stream(HELLO) as first:
                said = await first.get_output()
            history = first.all_messages()
            second = await agent.run("Go on.", message_history=history)
            assert second.output
            parts = history[-1].parts
            return "".join(p.content for p in parts if isinstance(p, ThinkingPart)), said

        return self._run(model, use)

    def call(self, model: str) -> str:
        async def use(made: Model) -> str:
            return (await Agent(made, tools=[look]).run(HELLO)).output

        return str(self._run(model, use))

    def call_streaming(self, model: str) -> str:
        async def use(made: Model) -> str:
            # Not run_stream, which takes the first text for the answer and ends there.
            agent = Agent(made, tools=[look])
            return (await agent.run(HELLO, event_stream_handler=_to_the_end)).output

        return str(self._run(model, use))

    def parse(self, model: str) -> Sequence[object]:
        async def use(made: Model) -> Sequence[object]:
            ways = (NativeOutput(Weather), ToolOutput(Weather))
            return [(await Agent(made, output_type=way).run(HELLO)).output for way in ways]

        return self._run(model, use)

    def see(self, model: str) -> str:
        async def use(made: Model) -> str:
            image = BinaryContent(data=PIXEL, media_type="image/png")
            return (await Agent(made).run(["What is this?", image])).output

        return str(self._run(model, use))

    def fail(self, model: str, key: str | None = None) -> Failure:
        async def use(made: Model) -> Failure:
            try:
                await Agent(made).run(HELLO)
            except ModelHTTPError as error:
                return Failure(type(error).__name__, error.status_code, error.retry_after)
            raise AssertionError("it did not fail")

        return self._run(model, use, key)

    def break_off(self, model: str) -> tuple[Sequence[str], str]:
        pieces: list[str] = []

        async def use(made: Model) -> str:
            try:
                async with Agent(made).run_stream(HELLO) as result:
                    async for piece in result.stream_text(delta=True, debounce_by=None):
                        pieces.extend([piece])
            except (ModelAPIError, openai.APIError, anthropic.APIError) as error:
                return type(error).__name__
            raise AssertionError(f"it ended well: {pieces}")

        return pieces, self._run(model, use)


async def _to_the_end(context: object, events: AsyncIterable[object]) -> None:
    async for _ in events:
        pass


def _said(result: Any) -> Said:
    usage = result.usage
    return Said(result.output, usage.input_tokens, usage.output_tokens)
