"""The stand-alone simulator, seen by the official SDKs."""

import asyncio
import os
import signal
from pathlib import Path

import anthropic
import openai
import pytest
from msgspec import json

from tests.providers.sim.kit import CHAT, TOOL, FakeClock, ask, exchange, serve, until, wire, zeros
from trunkline.providers.sim.server import SimServer, greeting, serve_forever

HI = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": "w", "parameters": TOOL["schema"]}}]
NATIVE = [{"name": "w", "input_schema": TOOL["schema"]}]
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
    "required": ["n", "s"],
    "additionalProperties": False,
}


def chat(port: int) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="k", max_retries=0)


def messages(port: int) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=f"http://127.0.0.1:{port}", api_key="k", max_retries=0)


def test_openai_plain_and_streamed() -> None:
    """The SDK reads the same text both ways, and it is the text in the log."""

    async def work(server: SimServer, port: int) -> None:
        async with chat(port) as client:
            whole = await client.chat.completions.create(model="sim-chat", messages=HI)
            stream = await client.chat.completions.create(
                model="sim-chat", messages=HI, stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk async for chunk in stream]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

        assert whole.choices[0].message.content == text
        assert whole.usage == chunks[-1].usage
        assert [len(text)] * 2 == [row.text_chars for row in server.log]
        assert [whole.usage.completion_tokens] * 2 == [row.tokens for row in server.log]

    serve(work)


def test_openai_tools_streamed() -> None:
    """The SDK's own accumulator puts the calls together."""

    async def work(server: SimServer, port: int) -> None:
        async with (
            chat(port) as client,
            client.chat.completions.stream(
                model="sim-tools", messages=HI, tools=TOOLS, parallel_tool_calls=True
            ) as stream,
        ):
            final = await stream.get_final_completion()
        calls = final.choices[0].message.tool_calls

        assert ("tool_calls", 2) == (final.choices[0].finish_reason, len(calls))
        assert {"city", "unit"} == json.decode(calls[0].function.arguments).keys()

    serve(work)


def test_openai_reasoning_and_json() -> None:
    """Reasoning in its field; the answer to a schema is its instance."""

    async def work(server: SimServer, port: int) -> None:
        form = {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
        }
        async with chat(port) as client:
            thought = await client.chat.completions.create(model="sim-reason", messages=HI)
            made = await client.chat.completions.create(
                model="sim-json", messages=HI, response_format=form
            )

        assert thought.choices[0].message.reasoning_content
        assert SCHEMA["properties"].keys() == json.decode(made.choices[0].message.content).keys()

    serve(work)


def test_anthropic_plain_and_streamed() -> None:
    """The SDK reads the same text both ways, and it is the text in the log."""

    async def work(server: SimServer, port: int) -> None:
        async with messages(port) as client:
            whole = await client.messages.create(model="sim-chat", max_tokens=500, messages=HI)
            async with client.messages.stream(
                model="sim-chat", max_tokens=500, messages=HI
            ) as stream:
                text = "".join([piece async for piece in stream.text_stream])
                final = await stream.get_final_message()

        assert whole.content[0].text == text == final.content[0].text
        assert whole.usage.output_tokens == final.usage.output_tokens
        assert [len(text)] * 2 == [row.text_chars for row in server.log]

    serve(work)


def test_anthropic_thinking_tools_and_json() -> None:
    """Blocks of all kinds come out of the SDK's accumulator."""

    async def work(server: SimServer, port: int) -> None:
        script = {
            "reasoning": "hm",
            "text": "so",
            "tool_calls": [{"name": "w", "arguments": {"city": "a", "unit": "c"}}],
        }
        async with messages(port) as client:
            async with client.messages.stream(
                model="any",
                max_tokens=500,
                messages=HI,
                tools=NATIVE,
                extra_headers={"x-sim-script": json.encode(script).decode()},
            ) as stream:
                final = await stream.get_final_message()
            made = await client.messages.create(
                model="sim-json",
                max_tokens=500,
                messages=HI,
                output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
            )

        assert ["thinking", "text", "tool_use"] == [block.type for block in final.content]
        assert ("hm", {"city": "a", "unit": "c"}) == (
            final.content[0].thinking,
            final.content[2].input,
        )
        assert SCHEMA["properties"].keys() == json.decode(made.content[0].text).keys()

    serve(work)


def test_models_and_counting() -> None:
    """Both lists, one model, and the tokens of a request."""

    async def work(server: SimServer, port: int) -> None:
        async with chat(port) as one, messages(port) as other:
            theirs = [model.id async for model in one.models.list()]
            ours = [model.id async for model in other.models.list()]
            single = await one.models.retrieve("sim-chat")
            counted = await other.messages.count_tokens(model="sim-chat", messages=HI)

        assert theirs == ours
        assert ("sim-chat", 4) == (single.id, counted.input_tokens)

    serve(work)


@pytest.mark.parametrize(
    ("fault", "theirs", "ours"),
    (
        ("u10", openai.RateLimitError, anthropic.RateLimitError),
        ("u11:status=500", openai.InternalServerError, anthropic.InternalServerError),
        ("u12:status=400", openai.BadRequestError, anthropic.BadRequestError),
        ("u12:status=401", openai.AuthenticationError, anthropic.AuthenticationError),
        ("u12:status=403", openai.PermissionDeniedError, anthropic.PermissionDeniedError),
        ("u12:status=404", openai.NotFoundError, anthropic.NotFoundError),
        ("u13:after=1", openai.APIError, anthropic.APIStatusError),
        ("u1", openai.APIConnectionError, anthropic.APIConnectionError),
    ),
)
def test_sdks_raise_what_they_raise_for_the_real_ones(fault: str, theirs: type, ours: type) -> None:
    """Each error is the class that its SDK has for it."""

    async def work(server: SimServer, port: int) -> None:
        async with chat(port) as client:
            with pytest.raises(theirs):
                async for _ in await client.chat.completions.create(
                    model=f"sim-chat@fault={fault}", messages=HI, stream=True
                ):
                    pass
        async with messages(port) as client:
            with pytest.raises(ours):
                async for _ in await client.messages.create(
                    model=f"sim-chat@fault={fault}", max_tokens=9, messages=HI, stream=True
                ):
                    pass

    serve(work)


def test_a_closed_server_refuses() -> None:
    """Open connections end, new ones are refused; it may start again on its port."""

    async def work(server: SimServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wire(ask(CHAT, "sim-chat@fault=u2")))
        await until(lambda: len(server.log) == 1)
        await server.aclose()
        assert b"" == await reader.read()
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

        assert port == await server.start(port=port)
        assert (
            b"HTTP/1.1 200"
            == (await exchange(port, wire(ask(CHAT, "sim-chat"), b"connection: close")))[0][:12]
        )

    serve(work)


def test_the_program(tmp_path: Path) -> None:
    """It greets, answers, writes its log as JSON lines, and stops on SIGTERM."""
    said: list[str] = []
    log = tmp_path / "log.jsonl"

    async def main() -> None:
        program = asyncio.get_running_loop().create_task(
            serve_forever(
                "127.0.0.1", 0, tmp_path, log, say=said.append, clock=FakeClock(), entropy=zeros
            )
        )
        await until(lambda: bool(said))
        port = int(said[0].split("http://127.0.0.1:")[1].split()[0])
        await exchange(port, wire(ask(CHAT, "sim-chat"), b"connection: close"))
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await program

    asyncio.run(main())

    assert ["sim-chat"] == [json.decode(line)["model"] for line in log.read_bytes().splitlines()]


def test_the_greeting_gets_a_person_to_an_answer() -> None:
    """Both base URLs, a key, the models and a curl; an IPv6 address in brackets."""
    text = greeting("::1", 5, 2)

    for part in ("http://[::1]:5/v1", "sim-echo", "curl http://[::1]:5/v1/chat/completions"):
        assert part in text
