"""`trunkline sim`: the provider simulator alone, for trying tools, faults and load."""

import argparse
from functools import partial
from pathlib import Path

import uvloop

from trunkline.cli.settings import UsageError, port_number
from trunkline.wiring.serving import simulator


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "sim",
        help="start the provider simulator",
        description="A provider that is none: speaks OpenAI Chat Completions, OpenAI "
        "Responses and Anthropic Messages, answers by script, and fails on request.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (default 127.0.0.1)")
    parser.add_argument(
        "--port", type=port_number, default=8788, help="port (default 8788; 0: any)"
    )
    parser.add_argument(
        "--replay", type=Path, metavar="DIR", help="recorded exchanges to answer from"
    )
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="append its log there, as JSON lines"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.replay is not None and not options.replay.is_dir():
        raise UsageError(f"--replay {options.replay}: no such folder")
    say = partial(print, flush=True)  # whoever reads it from a pipe waits for the port, too
    uvloop.run(simulator(options.host, options.port, options.replay, options.log, say=say))
    return 0
