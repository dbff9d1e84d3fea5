"""An edge as a process of its own, for the tests of its signals."""

import asyncio
import sys

from tests.edge.test_server import Gate
from tests.edge.world import FakeEndpoint, run
from trunkline.edge.context import EdgeContext
from trunkline.edge.server import Edge, Listen
from trunkline.kernel.clock import SystemClock


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main() -> None:
    routes = {(b"POST", b"/gate"): FakeEndpoint(Gate())}

    def failed(name: str, error: BaseException) -> None:
        say(f"{name}: {error!r}")

    edge = Edge(EdgeContext(routes, SystemClock(), lambda: "req_1", failed), failed)
    say(str(await edge.start(Listen())))
    running = asyncio.get_running_loop().create_task(edge.run())
    while not edge.context.draining:  # noqa: ASYNC110 - as the parent will see it
        await asyncio.sleep(0.01)
    say("draining")
    await running


if __name__ == "__main__":
    run(main)
