"""
What a call costs in our transport alone: CPU per unary answer, per stream, per streamed event.

    python -m bench.micro_transport [--calls 50000] [--concurrency 64]

Calls go to the mock upstream in C, on another core. User time is ours; system time is the
kernel's share of reading, writing and polling, which no client escapes.
"""

import argparse
import asyncio
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import uvloop

from bench.machine import compile_c, free_port, running, wait_for
from trunkline.kernel.clock import SystemClock
from trunkline.transport.base import Origin, Timeouts, UpstreamRequest
from trunkline.transport.http import HttpTransport
from trunkline.transport.tls import TlsContexts

HEADERS = (
    (b"content-type", b"application/json"),
    (b"authorization", b"Bearer sk-upstream"),
    (b"accept", b"*/*"),
)
TIMEOUTS = Timeouts()
EVENTS = 53
"""What the mock sends in a stream: 50 pieces of text, a finish, the usage, the sentinel."""

Call = Callable[[HttpTransport, UpstreamRequest], Awaitable[None]]


async def unary(transport: HttpTransport, request: UpstreamRequest) -> None:
    response = await transport.send(request, TIMEOUTS)
    await response.body(1 << 20)
    response.close()


async def stream(transport: HttpTransport, request: UpstreamRequest) -> None:
    response = await transport.send(request, TIMEOUTS)
    while await response.read():
        pass
    response.close()


def request(port: int, *, streamed: bool) -> UpstreamRequest:
    """1,040 bytes of body, as in the published figures."""
    body = {"model": "gpt-4o-mini", "stream": streamed, "messages": ""}
    body["messages"] = "x" * (1040 - len(msgspec.json.encode(body)))
    origin = Origin("http", "127.0.0.1", port)
    return UpstreamRequest(
        origin, b"POST", b"/v1/chat/completions", HEADERS, msgspec.json.encode(body)
    )


async def measure(name: str, call: Call, asked: UpstreamRequest, calls: int, width: int) -> None:
    """One line: microseconds of CPU per call, user and system, and calls per second."""
    transport = HttpTransport(SystemClock(), TlsContexts())

    async def worker(count: int) -> None:
        for _ in range(count):
            await call(transport, asked)

    each = max(1, calls // width)
    await asyncio.gather(*[worker(20) for _ in range(width)])
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await asyncio.gather(*[worker(each) for _ in range(width)])
    after, seconds = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - started
    done = each * width
    user = (after.ru_utime - before.ru_utime) / done * 1e6
    system = (after.ru_stime - before.ru_stime) / done * 1e6
    print(f"{name:34} {width:4} {user:9.1f} {system:9.1f} {done / seconds:12,.0f}")
    await transport.aclose()


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.micro_transport")
    options.add_argument("--calls", type=int, default=50_000)
    options.add_argument("--concurrency", type=int, default=64)
    given = options.parse_args()
    source = Path(os.environ.get("TRUNKLINE_SHARED", "../shared")).resolve() / "bench" / "mock.c"
    if not source.exists():
        sys.exit(f"bench: the upstream is not there: {source}; set TRUNKLINE_SHARED")
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        mock, ports = compile_c(source, folder / "mock"), (free_port(), free_port())
        for port, pace in zip(ports, ((), ("2000",)), strict=True):
            command: list[str | Path] = [mock, str(port), *pace]
            stack.enter_context(running(command, core=1, log=folder / "mock.log"))
            wait_for(port)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {0})
        whole, streamed, slow = (
            request(ports[0], streamed=False),
            request(ports[0], streamed=True),
            request(ports[1], streamed=True),
        )
        calls, width = given.calls, given.concurrency
        print(f"{'CPU µs per call':34} {'wide':>4} {'user':>9} {'system':>9} {'calls/s':>12}")
        for title, call, asked, count, wide in (
            ("unary", unary, whole, calls, width),
            ("unary, one at a time", unary, whole, calls // 5, 1),
            (f"stream, {EVENTS} events at once", stream, streamed, calls // 3, width),
            (f"stream, {EVENTS} events 2 ms apart", stream, slow, calls // 25, width),
        ):
            uvloop.run(measure(title, call, asked, count, wide))


if __name__ == "__main__":
    main()
