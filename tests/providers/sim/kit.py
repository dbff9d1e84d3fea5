"""What tests of the simulator share: an engine with fixed dice, requests, and somebody to watch."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from msgspec import json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.engine import Engine
from trunkline.providers.sim.log import Log, Row
from trunkline.providers.sim.server import SimServer
from trunkline.providers.sim.steps import Cut, End, Hang, Head, Refuse, Send, Step, Wait

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
BOTH = (CHAT, MESSAGES)
EVERY = (CHAT, RESPONSES, MESSAGES)
TOOL = {
    "name": "get_weather",
    "description": "The weather in a city",
    "schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["c", "f"]}},
        "required": ["city", "unit"],
    },
}


class FakeClock:
    """Moves when it is told to, or when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    unix = monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def zeros(count: int) -> bytes:
    return b"\0" * count


def engine(clock: FakeClock | None = None, **more) -> Engine:
    return Engine(clock or FakeClock(), zeros, **more)


def body_of(path: str, model: str, prompt: object = "hi", **more) -> bytes:
    required = {"max_tokens": 1000} if path == MESSAGES else {}
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    field = "input" if path == RESPONSES else "messages"
    return json.encode({"model": model, field: messages, **required, **more})


def ask(path: str, model: str, prompt: object = "hi", *, headers: Headers = (), **more) -> Arrival:
    """A request in the dialect of `path`."""
    keys = (
        (b"authorization", b"Bearer sk-test"),
        (b"anthropic-version", b"2023-06-01"),
        (b"content-type", b"application/json"),
    )
    return Arrival("POST", path, (*keys, *headers), body_of(path, model, prompt, **more))


def tools_of(path: str, *tools) -> list:
    """Tools as the dialect writes them."""
    if path == CHAT:
        return [
            {"type": "function", "function": {"name": tool["name"], "parameters": tool["schema"]}}
            for tool in tools
        ]
    if path == RESPONSES:
        return [
            {"type": "function", "name": tool["name"], "parameters": tool["schema"]}
            for tool in tools
        ]
    return [{"name": tool["name"], "input_schema": tool["schema"]} for tool in tools]


@dataclass
class Played:
    """What an observer without a network saw."""

    head: Head | None = None
    body: bytes = b""
    sends: list[bytes] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    last: Step | None = None
    row: Row | None = None

    @property
    def status(self) -> int:
        assert self.head is not None
        return self.head.status

    def header(self, name: bytes) -> bytes | None:
        assert self.head is not None
        return dict(self.head.headers).get(name)

    @property
    def json(self):
        return json.decode(self.body)

    @property
    def events(self) -> list[tuple[str, object]]:
        return list(events(self.body))


def events(body: bytes) -> Iterator[tuple[str, object]]:
    """(event name, decoded data) of a stream with plain framing; "[DONE]" stays text."""
    for block in body.decode().split("\n\n"):
        if not block:
            continue
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        data = lines["data"]
        yield lines.get("event", ""), data if data == "[DONE]" else json.decode(data)


def play(subject: Engine, arrival: Arrival) -> Played:
    """Watch a performance to its last step, whatever time it takes."""
    performance = subject.respond(arrival)
    seen = Played()
    for step in performance.steps:
        if isinstance(step, Head):
            seen.head = step
        elif isinstance(step, Send):
            seen.sends.append(step.data)
            if performance.record is not None:
                performance.record.sent(step, 1.0)
        elif isinstance(step, Wait):
            seen.waits.append(step.seconds)
        elif isinstance(step, Hang | Cut | Refuse | End):
            seen.last = step
            break
    seen.body = b"".join(seen.sends)
    if performance.record is not None:
        performance.record.end("played", 2.0)
        seen.row = performance.record.row
    return seen


def text_of(path: str, seen: Played) -> str:
    """The visible text of a whole or streamed answer."""
    if seen.body.startswith(b"{"):
        answer = seen.json
        if path == CHAT:
            return answer["choices"][0]["message"]["content"] or ""
        if path == RESPONSES:
            parts = [part for item in answer["output"] for part in item.get("content", ())]
            return "".join(part.get("text", "") for part in parts)
        return "".join(block.get("text", "") for block in answer["content"])
    found = []
    for _, data in seen.events:
        if not isinstance(data, dict):
            continue
        if path == CHAT:
            found += [choice["delta"].get("content") or "" for choice in data["choices"]]
        elif data["type"] == "response.output_text.delta":
            found.append(data["delta"])
        elif data["type"] == "content_block_delta":
            found.append(data["delta"].get("text", ""))
    return "".join(found)


def usage_of(path: str, seen: Played) -> tuple[int, int]:
    """Input and output tokens as the answer tells them."""
    if seen.body.startswith(b"{"):
        usage = seen.json["usage"]
    elif path == RESPONSES:
        usage = seen.events[-1][1]["response"]["usage"]
    elif path == CHAT:
        usage = [data["usage"] for _, data in seen.events if isinstance(data, dict)][-1]
    else:
        usage = next(data["usage"] for name, data in seen.events if name == "message_delta")
    if path == CHAT:
        return usage["prompt_tokens"], usage["completion_tokens"]
    return usage["input_tokens"], usage["output_tokens"]


def serve(work: Callable[[SimServer, int], Awaitable[None]], **more) -> None:
    """Run `work` against a simulator on a port; one that hangs fails within ten seconds."""

    async def main() -> None:
        server = SimServer(FakeClock(), zeros, log=Log(keep_bodies=True), **more)
        port = await server.start()
        try:
            async with asyncio.timeout(10):
                await work(server, port)
        finally:
            await server.aclose()

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until it holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is awaited is the kernel's doing
            await asyncio.sleep(0)


def wire(arrival: Arrival, *extra: bytes) -> bytes:
    """The request as it goes over a socket."""
    lines = [f"{arrival.method} {arrival.path} HTTP/1.1".encode(), b"host: sim"]
    lines += [b"%b: %b" % pair for pair in arrival.headers]
    lines += [b"content-length: %d" % len(arrival.body), *extra]
    return b"\r\n".join(lines) + b"\r\n\r\n" + arrival.body


async def exchange(port: int, data: bytes) -> tuple[bytes, str]:
    """Everything that comes back on a bare socket, and how it ended: "eof" or "rst"."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = b""
    try:
        writer.write(data)
        while part := await reader.read(1 << 16):
            found += part
        return found, "eof"
    except ConnectionResetError:
        return found, "rst"
    finally:
        writer.close()
