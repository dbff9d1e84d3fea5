"""`trunkline check`: is the configuration right, and where would each name go?"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from trunkline.cli.settings import add_options, of
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.stores import examine_storage


class TargetReport(Struct, frozen=True):
    deployment: str
    dialect: str
    priced: bool
    context_window: int | None
    weight: int


class RouteReport(Struct, frozen=True):
    name: str
    strategy: str
    targets: tuple[TargetReport, ...]


class Report(Struct, frozen=True):
    file: str
    """Empty: no file, so what the environment offers."""
    providers: tuple[str, ...]
    routes: tuple[RouteReport, ...]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "check",
        help="validate the configuration and explain every route",
        description="Validate the configuration and explain every route. Sends nothing to anybody "
        "and leaves nothing behind.",
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--model", action="append", help="explain this name; may repeat")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    return asyncio.run(_check(options))


async def _check(options: argparse.Namespace) -> int:
    settings = of(options)
    examine_storage(settings.read(), settings.data)
    # Neither in the data folder nor in a database: looking leaves no keys and no books behind.
    with TemporaryDirectory(prefix="trunkline-check-") as scratch:
        gateway = settings.gateway(Path(scratch))
        try:
            report = explain(gateway, str(settings.file or ""), options.model)
        finally:
            await gateway.aclose()
    if options.json:
        print(msgspec.json.encode(report).decode())
    else:
        _print(report)
    return 0


def explain(gateway: Gateway, file: str, wanted: list[str] | None) -> Report:
    """Raises UnknownModel for a wanted name that leads nowhere."""
    table = gateway.rooms.router.table
    routes = [table.resolve(name) for name in wanted or table.names()]
    return Report(
        file,
        tuple(gateway.rooms.providers),
        tuple(
            RouteReport(
                route.name,
                route.strategy,
                tuple(
                    TargetReport(
                        d.id, d.dialect, d.price_model is not None, d.context_window, d.weight
                    )
                    for d in route.deployments
                ),
            )
            for route in routes
        ),
    )


def _print(report: Report) -> None:
    print(f"{report.file or 'No configuration file: what the environment offers'}: ok")
    print(f"Providers: {', '.join(report.providers)}")
    for route in report.routes:
        targets = " > ".join(
            f"{t.deployment} ({t.dialect}{'' if t.priced else ', no known price'})"
            for t in route.targets
        )
        print(f"  {route.name:40} {route.strategy:14} {targets}")
