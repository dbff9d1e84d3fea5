"""`trunkline nodes`: the machines that share a database, and the end of one that is lost."""

import argparse
import asyncio

import msgspec

from trunkline.admin.times import rfc3339
from trunkline.cli.acting import add_action, beside
from trunkline.cli.settings import add_options
from trunkline.ledger.nodes import forget_node, nodes
from trunkline.wiring.gateway import Gateway


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "list the machines that share the database, forget one that is lost"
    parser = commands.add_parser("nodes", help=text, description=text)
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda options: asyncio.run(beside(_list, options)))
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    forget = add_action(
        actions, "forget", "give an end to what a node that is lost left open", _forget
    )
    forget.add_argument("name", help="as `trunkline nodes` shows it")


async def _list(gateway: Gateway, options: argparse.Namespace) -> int:
    found = await nodes(gateway.storage.ledger, gateway.clock.unix())
    if options.json:
        print(msgspec.json.encode(found).decode())
        return 0
    if not found:
        print("No worker of any node is there, and none has left anything open.")
        return 0
    print(f"{'NODE':16} {'STATE':6} {'LAST SEEN':21} {'OPEN':>6}  WORKER")
    for node in found:
        for one in node.workers:
            state = "alive" if one.alive else "silent"
            print(
                f"{node.node or '(this one)':16} {state:6} {rfc3339(one.last_seen):21}"
                f" {one.open_requests:6}  {one.worker}"
            )
    return 0


async def _forget(gateway: Gateway, options: argparse.Namespace) -> int:
    done = await forget_node(gateway.storage.ledger, options.name, gateway.clock.unix())
    if options.json:
        print(msgspec.json.encode(done).decode())
        return 0
    print(
        f"Forgot the node {done.node} with {done.workers} workers; {done.orphaned} requests that it"
        " left open are orphaned now."
    )
    return 0
