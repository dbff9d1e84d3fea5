"""The simulator as a program: `trunkline sim`."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy
from trunkline.providers.sim.log import Log
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.replay import Recordings, load
from trunkline.providers.sim.server import SimServer


async def serve_forever(
    host: str,
    port: int,
    replay: Path | None,
    log: Path | None,
    *,
    say: Callable[[str], object],
    clock: Clock,
    entropy: Entropy,
) -> None:
    """
    Serve until SIGINT or SIGTERM.

    `replay` is a folder of recordings, `log` a file that each finished request's row is appended
    to as a line of JSON, `say` prints a line. Raises OSError when the port is taken or a path is
    not to be had.
    """
    recordings = load(replay) if replay is not None else Recordings()
    with ExitStack() as stack:
        sink = None
        if log is not None:
            sink = stack.enter_context(log.open("ab", buffering=0)).write
        server = SimServer(clock, entropy, log=Log(sink=sink), recordings=recordings)
        bound = await server.start(host, port)
        try:
            say(greeting(host, bound, len(recordings)))
            await _told_to_stop()
        finally:
            await server.aclose()


async def _told_to_stop() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def greeting(host: str, port: int, recordings: int) -> str:
    """What a person needs for a first answer."""
    address = f"[{host}]" if ":" in host else host
    base = f"http://{address}:{port}"
    lines = (
        f"simulator     {base}",
        f"OpenAI        base_url={base}/v1  api_key=sk-sim",
        f"Anthropic     base_url={base}  api_key=sk-sim",
        f"models        {' '.join(MODELS)}",
        "options       sim-chat@ttft=200,rate=50,tokens=300   sim-chat@fault=u5:after=3",
        f"recordings    {recordings}",
        f"log           {base}/sim/log",
        "",
        f"curl {base}/v1/chat/completions -H 'authorization: Bearer sk-sim' \\",
        "  -H 'content-type: application/json' \\",
        """  -d '{"model":"sim-chat","messages":[{"role":"user","content":"Hello"}]}'""",
    )
    return "\n".join(lines)
