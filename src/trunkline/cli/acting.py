"""What commands with actions have in common: `trunkline keys list`, `trunkline credentials rotate-kek`."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from trunkline.cli.settings import add_options, of
from trunkline.wiring.gateway import Gateway

Work = Callable[[Gateway, argparse.Namespace], Awaitable[int]]
"""Returns the exit code."""


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, work: Work
) -> argparse.ArgumentParser:
    """One that does its work on a gateway that serves nobody, and can print JSON."""
    parser = actions.add_parser(name, help=text, description=text)
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda options: asyncio.run(beside(work, options)))
    return parser


async def beside(work: Work, options: argparse.Namespace) -> int:
    """A running gateway sees the change within a second."""
    gateway = of(options).gateway()
    try:
        return await work(gateway, options)
    finally:
        await gateway.aclose()
