"""
The soak: agents and chats together, for minutes, on streams that never end early.

    python -m bench soak [--minutes 10] [--streams 200]

Half of the streams are like a coding agent's (100 KB, 25 tools, thinking, Anthropic dialect), half
an interactive chat (OpenAI dialect); of both, half go to an upstream of the other dialect. Every
stream is closed-loop with a pause between turns. The time added to the first byte is
measured by clock readings inside the stream itself (see pacer.py), not by subtraction of
averages. Fails on any error, on growing memory, and on a p99 of 10 ms or more.
"""

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop

from bench import pacer
from bench.machine import Program, free_port, running, wait_for

CONFIG = """
[server]
port = {port}
data = "{folder}/data"
[providers.o]
dialect = "openai-chat"
base_url = "http://127.0.0.1:{up}/v1"
api_key = "sk-upstream"
[providers.a]
dialect = "anthropic-messages"
base_url = "http://127.0.0.1:{up}"
api_key = "sk-upstream"
"""
P99_LIMIT_MS = 10.0
_BASELINE = 30.0
"""Seconds of the same load without the gateway: what the measuring itself takes."""
GROWTH_LIMIT = 0.05


def agent_body(model: str) -> bytes:
    """About 100 KB, as a coding agent sends: long system prompt, 25 tools, a tool loop so far."""
    words = "Read the file, change what is asked, run the tests and say what you did. "
    schema = {
        "type": "object",
        "properties": {f"argument_{i}": {"type": "string", "description": words} for i in range(6)},
        "required": ["argument_0"],
        "additionalProperties": False,
    }
    tools = [
        {"name": f"tool_{i}", "description": words * 8, "input_schema": schema} for i in range(25)
    ]
    turns: list[dict[str, object]] = [{"role": "user", "content": words * 20}]
    for i in range(10):
        use = {
            "type": "tool_use",
            "id": f"toolu_{i}",
            "name": "tool_1",
            "input": {"argument_0": words},
        }
        turns.append({"role": "assistant", "content": [{"type": "text", "text": words}, use]})
        result = {"type": "tool_result", "tool_use_id": f"toolu_{i}", "content": words * 50}
        turns.append({"role": "user", "content": [result]})
    return msgspec.json.encode(
        {
            "model": model,
            "max_tokens": 32000,
            "stream": True,
            "thinking": {"type": "adaptive"},
            "system": [
                {"type": "text", "text": words * 60, "cache_control": {"type": "ephemeral"}}
            ],
            "tools": tools,
            "messages": turns,
        }
    )


def chat_body(model: str) -> bytes:
    content = "Could you tell me where my order is? " * 25
    return msgspec.json.encode(
        {
            "model": model,
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": content}],
        }
    )


class Report:
    def __init__(self) -> None:
        self.added_ms: list[float] = []
        self.done = 0
        self.errors: list[str] = []


class Stream:
    """One client: asks, reads to the end, pauses, asks again on the same connection."""

    def __init__(self, port: int, key: str, path: str, body: bytes, report: Report) -> None:
        self._port = port
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
            f"content-type: application/json\r\nanthropic-version: 2023-06-01\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._last = b"message_stop" if path.endswith("messages") else b"[DONE]"
        self._report = report

    async def run(self, until: float, pause: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        try:
            await asyncio.sleep(pause)
            while time.monotonic() < until:
                await self._turn(reader, writer)
                await asyncio.sleep(0.2)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            self._report.errors.append(repr(error)[:300])
        finally:
            writer.close()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = time.monotonic_ns()
        writer.write(self._request)
        seen, first = b"", 0
        while not seen.endswith(b"0\r\n\r\n"):
            data = await asyncio.wait_for(reader.read(1 << 16), 60)
            now = time.monotonic_ns()
            if not data:
                raise ValueError(f"ended early: {seen[-200:]!r}")
            seen += data
            if not first and b'"T' in seen and b";" in seen.split(b'"T')[1]:
                first = now
        if not seen.startswith(b"HTTP/1.1 200") or self._last not in seen or not first:
            raise ValueError(f"not a whole answer: {seen[:300]!r}")
        stamp = seen.split(b'"T')[1].split(b";")[0]
        arrived, written = (int(n) for n in stamp.split(b","))
        self._report.added_ms.append((arrived - sent + first - written) / 1e6)
        self._report.done += 1


async def load(
    up: int, port: int, key: str, streams: int, seconds: float, gateway: Program | None
) -> tuple[Report, list[float]]:
    """Clients and upstream in one loop: as two processes they would wait for each other's slices."""
    gc.freeze()
    gc.disable()  # the harness's own pauses would stand in the figures; it makes no cycles to speak of
    report, until = Report(), time.monotonic() + seconds
    loop = asyncio.get_running_loop()
    upstream = await loop.create_server(pacer.Server, "127.0.0.1", up, backlog=1024)
    kinds = [
        ("/v1/messages", agent_body("a/claude-sonnet-4-5")),
        ("/v1/messages", agent_body("o/gpt-4o-mini")),
        ("/v1/chat/completions", chat_body("o/gpt-4o-mini")),
        ("/v1/chat/completions", chat_body("a/claude-sonnet-4-5")),
    ]
    print(f"  agent request {len(kinds[0][1]):,} bytes, chat request {len(kinds[2][1]):,} bytes")
    clients = [
        Stream(port, key, *kinds[i % len(kinds)], report).run(until, i * 2.0 / streams)
        for i in range(streams)
    ]
    memory: list[float] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(5)
            memory.append(gateway.rss() if gateway else 0.0)
            print(
                f"  {until - time.monotonic():5.0f} s left, {report.done} answers, "
                f"{len(report.errors)} errors, {memory[-1]:.0f} MiB",
                flush=True,
            )

    watching = loop.create_task(watch())
    await asyncio.gather(*clients)
    watching.cancel()
    upstream.close()
    return report, memory


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[int((len(ordered) - 1) * share)] if ordered else float("nan")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--streams", type=int, default=200)
    options = parser.parse_args(arguments)
    # The gateway has its core to itself: beside a client, it would wait for whole time slices.
    os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
    with tempfile.TemporaryDirectory(prefix="trunkline-soak-") as name:
        folder = Path(name)
        up, port = free_port(), free_port()
        config = folder / "trunkline.toml"
        config.write_text(CONFIG.format(folder=folder, port=port, up=up))
        command = [sys.executable, "-m", "trunkline"]
        made = subprocess.run(
            [*command, "keys", "create", "--json", "--config", str(config)],
            capture_output=True,
            check=True,
        )
        key = msgspec.json.decode(made.stdout)["key"]
        log = folder / "gateway.log"
        with (
            running([*command, "serve", "--config", str(config)], core=0, log=log) as gateway,
        ):
            wait_for(port)
            own, _ = uvloop.run(load(up, up, key, options.streams, _BASELINE, None))
            report, memory = uvloop.run(
                load(up, port, key, options.streams, options.minutes * 60, gateway)
            )
        return judge(report, own, memory, log)


def judge(report: Report, own: Report, memory: list[float], log: Path) -> int:
    p50, p99 = percentile(report.added_ms, 0.5), percentile(report.added_ms, 0.99)
    own50, own99 = percentile(own.added_ms, 0.5), percentile(own.added_ms, 0.99)
    print(
        f"without the gateway, client and upstream themselves take p50 {own50:.2f} ms, "
        f"p99 {own99:.2f} ms of it ({own.done} streams straight to the upstream)"
    )
    p50, p99 = p50 - own50, p99 - own99
    settled = memory[len(memory) // 5 :] or [0.0]
    growth = settled[-1] / settled[0] - 1 if settled[0] else 0.0
    print(
        f"{report.done} streams, {len(report.errors)} errors; time added to the first byte: "
        f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {percentile(report.added_ms, 1):.2f} ms; memory "
        f"{settled[0]:.0f} -> {settled[-1]:.0f} MiB ({growth:+.1%})"
    )
    for error in report.errors[:5]:
        print("  error:", error)
    if report.errors:
        print(log.read_text(errors="replace")[-2000:])
    bad = report.errors or p99 >= P99_LIMIT_MS or growth > GROWTH_LIMIT or not report.done
    return 1 if bad else 0
