"""The stand-alone simulator, seen by the official SDKs and by a bare socket."""

import asyncio
from collections.abc import Awaitable, Callable

import anthropic
import openai

from trunkline.kernel.clock import SystemClock
from trunkline.providers.sim.server import SimServer


def serve(work: Callable[[SimServer, int], Awaitable[None]]) -> None:
    """Run `work` against a fresh simulator."""

    async def run() -> None:
        server = SimServer(SystemClock(), lambda count: b"\x01" * count)
        port = await server.start()
        try:
            await work(server, port)
        finally:
            await server.aclose()

    asyncio.run(run())


def test_the_openai_sdk_gets_an_answer() -> None:
    """The text that the SDK reads is the text the log says was sent."""

    async def work(server: SimServer, port: int) -> None:
        async with openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key="k"
        ) as client:
            answer = await client.chat.completions.create(
                model="sim-echo", messages=[{"role": "user", "content": "repeat me"}]
            )

        assert "repeat me" == answer.choices[0].message.content
        assert 9 == server.log.rows()[0].text_chars

    serve(work)


def test_the_anthropic_sdk_gets_an_answer() -> None:
    """The text that the SDK reads is the text the log says was sent."""

    async def work(server: SimServer, port: int) -> None:
        async with anthropic.AsyncAnthropic(
            base_url=f"http://127.0.0.1:{port}", api_key="k"
        ) as client:
            answer = await client.messages.create(
                model="sim-echo", max_tokens=50, messages=[{"role": "user", "content": "repeat me"}]
            )

        assert "repeat me" == answer.content[0].text
        assert 9 == server.log.rows()[0].text_chars

    serve(work)
