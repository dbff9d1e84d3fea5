"""Clients that go away in the middle: their upstream is let go, and they pay for what they got."""

import asyncio
from typing import Any

import anthropic
import openai
import pytest

from tests.integration.program import Gateway, call, pause

HELLO = [{"role": "user", "content": "Say hello."}]


def settled(gateway: Gateway, request_id: str) -> Any:
    """The entry, once it is closed: the client was gone before the gateway saw it go."""
    for _ in range(500):
        entry = gateway.entry(request_id)
        if "open" != entry["status"]:
            return entry
        pause()
    raise AssertionError(f"{request_id} is still open")


def seen_leaving(simulator: str, model: str) -> Any:
    """The simulator's row of a stream, once it has seen the other side leave."""
    for _ in range(500):
        rows = call(simulator, "GET", "/sim/log").json()["rows"]
        row = next(row for row in rows if model == row["model"])
        if "open" != row["outcome"]:
            return row
        pause()
    raise AssertionError(f"the simulator still plays to nobody: {model}")


@pytest.mark.parametrize("upstream", ("far", "far-claude"), indirect=True)
def test_an_openai_stream_left_early(
    gpt: openai.OpenAI, gateway: Gateway, simulator: str, upstream: str
) -> None:
    """Metered for what was delivered, and the upstream's stream ends long before its end."""
    model = f"sim-chat@rate=100,tokens=1000,tag=left-{upstream}"
    with gpt.chat.completions.create(
        model=f"{upstream}/{model}", messages=HELLO, stream=True
    ) as stream:
        request_id = stream.response.headers["x-request-id"]
        for _ in range(5):
            next(iter(stream))

    entry = settled(gateway, request_id)
    assert ("cancelled", True) == (entry["status"], entry["estimated"])
    assert 1 <= entry["tokens"]["output"] < 100
    row = seen_leaving(simulator, model)
    assert ("gone", False) == (row["outcome"], row["finished"])
    assert row["gone_at"] - row["at"] < 5


@pytest.mark.parametrize("upstream", ("far", "far-claude"), indirect=True)
def test_an_anthropic_stream_left_early(
    claude: anthropic.Anthropic, gateway: Gateway, simulator: str, upstream: str
) -> None:
    """The same for the other SDK's helper."""
    model = f"sim-chat@rate=100,tokens=1000,tag=left-too-{upstream}"
    with claude.messages.stream(
        model=f"{upstream}/{model}", max_tokens=2000, messages=HELLO
    ) as stream:
        request_id = stream.request_id or ""
        for _ in range(5):
            next(stream.text_stream)

    entry = settled(gateway, request_id)
    assert ("cancelled", True) == (entry["status"], entry["estimated"])
    assert 1 <= entry["tokens"]["output"] < 100
    assert "gone" == seen_leaving(simulator, model)["outcome"]


def test_a_whole_answer_nobody_waits_for(gateway: Gateway, simulator: str) -> None:
    """Left while the upstream thinks: the call upstream is dropped, and the entry is cancelled."""
    model = "sim-chat@ttft=20000,tag=nobody"

    async def leave() -> None:
        async with openai.AsyncOpenAI(
            base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0
        ) as client:
            asked = asyncio.ensure_future(  # noqa: TID251 - cancelled and awaited right here
                client.chat.completions.create(model=f"far/{model}", messages=HELLO)
            )
            while model not in await asyncio.to_thread(_models_asked, simulator):  # noqa: ASYNC110 - another process has no Event
                await asyncio.sleep(0.01)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)

    asyncio.run(leave())

    assert "gone" == seen_leaving(simulator, model)["outcome"]
    rows = gateway.admin("GET", "/usage?group_by=model,status").json()["rows"]
    assert [("cancelled", 1)] == [
        (row["status"], row["requests"]) for row in rows if f"far/{model}" == row["model"]
    ]


def _models_asked(simulator: str) -> list[str]:
    return [row["model"] for row in call(simulator, "GET", "/sim/log").json()["rows"]]
