"""A client that speaks raw HTTP and keeps the second book: what it asked, and what it got for it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec

from trunkline.kernel.clock import SystemClock

RESPONSES = "openai-responses"
PATHS = {
    "openai-chat": "/v1/chat/completions",
    "anthropic-messages": "/v1/messages",
    RESPONSES: "/v1/responses",
}
# Long enough to be cut anywhere, and of characters that take several bytes, here and there.
PROMPT = "Näh, the 漢字 are fine: " + " ".join(f"word{n}" for n in range(24)) + " 🙂 end."
# Seconds a client waits for an answer's end: reached only by a test that fails.
PATIENCE = 60.0
_CLOCK = SystemClock()


@dataclass(frozen=True)
class Call:
    """One request a client makes."""

    name: str
    """The model it names; no other request does."""
    dialect: str
    stream: bool
    tag: str = ""
    """Its targets' tag: the simulator's log has it in the model."""
    body: Mapping[str, object] = field(default_factory=dict)
    """Fields beyond the usual ones."""

    def encode(self) -> bytes:
        said: dict[str, object] = {
            "max_tokens": 4000,
            "messages": [{"role": "user", "content": PROMPT}],
        }
        if self.dialect == RESPONSES:
            said = {"max_output_tokens": 4000, "input": PROMPT}
        body = {"model": self.name, **said}
        if self.stream:
            body["stream"] = True
        return msgspec.json.encode(body | dict(self.body))


class End(Enum):
    """How an answer ended, as a client can tell."""

    WHOLE = "whole"
    """Told why it finished, and closed as its dialect says."""
    ERROR = "error"
    """Told in the dialect what went wrong, in a status or in the stream."""
    BROKEN = "broken"
    """Neither."""
    LEFT = "left"
    """We left."""


@dataclass
class Seen:
    """One line of the client's book."""

    call: Call
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    framed: bool = False
    """The HTTP body came to its proper end."""
    text: str = ""
    thought: str = ""
    arguments: str = ""
    finish: str | None = None
    usage: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    closed: bool = False
    """The dialect's own last word came: [DONE], message_stop, response.completed."""
    response_id: str = ""
    """Of the Responses API, by which it can be come back to."""
    events: int = 0
    after_error: bool = False
    """Something came behind an error. Nothing may."""
    unreadable: str = ""
    """Why the body is not what its dialect says."""
    left_at: float | None = None
    took: float = 0.0

    @property
    def end(self) -> End:
        if self.unreadable:
            return End.BROKEN
        if self.left_at is not None:
            return End.LEFT
        if self.error is not None:
            return End.ERROR
        whole = self.framed and self.status in (200, 201) and self.finish is not None
        return End.WHOLE if whole and (self.closed or not self.call.stream) else End.BROKEN

    @property
    def attempts(self) -> int:
        return int(self.headers["x-trunkline-attempts"])

    @property
    def provider(self) -> str:
        return self.headers["x-trunkline-provider"]

    @property
    def told(self) -> tuple[object, object]:
        """The error's type and code."""
        error = self.error or {}
        return error.get("type"), error.get("code")

    def read(self) -> None:
        """Understand the body, with nothing of the gateway's own code."""
        try:
            if not self.unreadable:
                self._read()
        except (ValueError, LookupError, TypeError) as error:
            self.unreadable = repr(error)

    def _read(self) -> None:
        if not self.headers.get("content-type", "").startswith("text/event-stream"):
            if self.framed:
                self._whole(msgspec.json.decode(self.body))
            return
        for event in events_in(self.body):
            self.events += 1
            if event == "[DONE]":
                self.closed = True
                continue
            data = msgspec.json.decode(event)
            # Only the Responses API tells twice of a failure: in an error, and in the response.
            behind = self.error is not None and data.get("type") != "response.failed"
            self.after_error = self.after_error or behind
            reading = {"openai-chat": self._chat_event, RESPONSES: self._response_event}
            reading.get(self.call.dialect, self._message_event)(data)

    def _whole(self, answer: Mapping[str, Any]) -> None:
        if answer.get("error"):
            self.error = answer["error"]
            return
        self.usage = answer.get("usage")
        if self.call.dialect == RESPONSES:
            self._response(answer)
            return
        if self.call.dialect == "openai-chat":
            choice = answer["choices"][0]
            self._say(choice["message"])
            self.finish = choice["finish_reason"]
        else:
            for block in answer["content"]:
                self.text += block.get("text", "")
                self.thought += block.get("thinking", "")
                if "input" in block:
                    self.arguments += msgspec.json.encode(block["input"]).decode()
            self.finish = answer["stop_reason"]

    def _chat_event(self, chunk: Mapping[str, Any]) -> None:
        if "error" in chunk:
            self.error = chunk["error"]
            return
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk["choices"]:
            self._say(choice["delta"])
            self.finish = choice.get("finish_reason") or self.finish

    def _say(self, message: Mapping[str, Any]) -> None:
        self.text += message.get("content") or ""
        self.thought += message.get("reasoning_content") or ""
        for call in message.get("tool_calls") or ():
            self.arguments += call["function"].get("arguments", "")

    def _response(self, answer: Mapping[str, Any]) -> None:
        self.response_id, self.finish = answer["id"], answer["status"]
        for item in answer["output"]:
            self.text += "".join(part.get("text", "") for part in item.get("content") or ())
            self.thought += "".join(part["text"] for part in item.get("summary") or ())
            self.arguments += item.get("arguments", "")

    def _response_event(self, event: Mapping[str, Any]) -> None:
        match event["type"]:
            case "error":
                self.error = event["error"]
            case "response.output_text.delta":
                self.text += event["delta"]
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self.thought += event["delta"]
            case "response.function_call_arguments.delta":
                self.arguments += event["delta"]
            case "response.created":
                self.response_id = event["response"]["id"]
            case "response.completed" | "response.incomplete":
                self.closed, self.finish = True, event["response"]["status"]
                self.usage = event["response"]["usage"]
            case _:
                pass

    def _message_event(self, event: Mapping[str, Any]) -> None:
        match event["type"]:
            case "error":
                self.error = event["error"]
            case "content_block_delta":
                delta = event["delta"]
                self.text += delta.get("text", "")
                self.thought += delta.get("thinking", "")
                self.arguments += delta.get("partial_json", "")
            case "message_start":
                self.usage = event["message"].get("usage")
            case "message_delta":
                self.finish = event["delta"]["stop_reason"]
                self.usage = {**(self.usage or {}), **event.get("usage", {})}
            case "message_stop":
                self.closed = True
            case _:
                pass


def events_in(body: bytes) -> list[str]:
    """The data of each event, by the HTML standard's rules; half an event is none."""
    text = body.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for block in text.split("\n\n")[:-1]:
        lines = [line[5:].removeprefix(" ") for line in block.split("\n") if line[:5] == "data:"]
        if lines:
            found.append("\n".join(lines))
    return found


class Line:
    """One connection to the gateway, read byte by byte as HTTP says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 24))

    def send(self, key: str, call: Call, *, path: str = "") -> None:
        body = call.encode()
        own = "anthropic-version: 2023-06-01\r\n" if call.dialect == "anthropic-messages" else ""
        head = (
            f"POST {path or PATHS[call.dialect]} HTTP/1.1\r\nhost: localhost\r\n{own}"
            f"authorization: Bearer {key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)

    async def head(self, seen: Seen) -> None:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        seen.status = int(lines[0].split(" ")[1])
        for line in lines[1:-2]:
            name, _, value = line.partition(":")
            seen.headers[name.lower()] = value.strip()

    async def piece(self, seen: Seen) -> bytes:
        """Of the body; b"" at its end."""
        length = seen.headers.get("content-length")
        if length is not None:
            seen.framed = True
            return await self.reader.readexactly(int(length) - len(seen.body))
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = (await self.reader.readexactly(size + 2))[:-2]
        seen.framed = not size
        return data

    def hang_up(self, *, reset: bool = False) -> None:
        if reset:
            self.writer.transport.abort()
        else:
            self.writer.close()


async def talk(port: int, key: str, call: Call) -> Seen:
    """Ask and read to the end."""
    seen = Seen(call)
    line = await Line.open(port)
    started = _CLOCK.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            line.send(key, call)
            await line.head(seen)
            while data := await line.piece(seen):
                seen.body += data
    except TimeoutError:
        seen.unreadable = "it never ended"
        seen.framed = False
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # `framed` stays False: the end says so
    finally:
        line.hang_up()
        seen.took = _CLOCK.monotonic() - started
    seen.read()
    return seen


async def leave(
    port: int,
    key: str,
    call: Call,
    *,
    after: float = PATIENCE,
    content: int = 0,
    reset: bool = False,
) -> Seen:
    """Ask, and hang up: after so many seconds, or once so many bytes of the body have come."""
    seen = Seen(call)
    line = await Line.open(port)
    try:
        line.send(key, call)
        async with asyncio.timeout(after):
            await line.head(seen)
            while data := await line.piece(seen):
                seen.body += data
                if content and len(seen.body) >= content:
                    break
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        if not seen.framed:
            seen.left_at = _CLOCK.unix()
        line.hang_up(reset=reset)
    seen.read()
    return seen
