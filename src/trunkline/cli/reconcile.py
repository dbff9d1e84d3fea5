"""`trunkline reconcile`: a provider's usage export beside our books, by day and model."""

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec

from trunkline.admin.reconcile import Books, reconciled
from trunkline.cli.settings import add_options, of
from trunkline.ledger.reconciling import (
    FORMATS,
    MEASURES,
    TOLERANCE,
    Compared,
    Reconciliation,
    agrees,
)

_ABOUT = """\
Reads a provider's export of usage or costs (JSON of its API, or CSV of its dashboard), adds up
what this gateway asked that provider for on the same days, and prints both and the difference.
Exit code 1 where a number differs by more than the tolerance. See docs/reference/usage.md."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "reconcile", help="compare a provider's usage export with the ledger", description=_ABOUT
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the export; - reads it from stdin")
    parser.add_argument(
        "--provider", required=True, choices=sorted(FORMATS), help="whose export it is"
    )
    parser.add_argument(
        "--as",
        dest="names",
        action="append",
        default=[],
        metavar="NAME",
        help="a configured provider that is on this bill (default: the one of that name); may repeat",
    )
    parser.add_argument(
        "--tolerance",
        type=share,
        default=TOLERANCE,
        metavar="SHARE",
        help=f"difference that is no difference, from 0 to 1 (default {TOLERANCE})",
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def share(text: str) -> float:
    """For argparse."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1, not {text!r}")
    return value


def _run(options: argparse.Namespace) -> int:
    on_stdin = str(options.file) == "-"
    data = sys.stdin.buffer.read() if on_stdin else options.file.read_bytes()
    found = asyncio.run(_compare(options, data))
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return 0 if found.agrees else 1


async def _compare(options: argparse.Namespace, data: bytes) -> Reconciliation:
    """Works beside a running gateway."""
    gateway = of(options).gateway()
    try:
        books = Books(gateway.reports, gateway.rooms.providers)
        return await reconciled(
            books, options.provider, data, tuple(options.names), options.tolerance
        )
    finally:
        await gateway.aclose()


def _show(found: Reconciliation) -> None:
    print(f"{'DAY':10} {'MODEL':28} {'':12} {'OURS':>18} {'THEIRS':>18} {'DELTA':>18}")
    for row in (*found.rows, found.total):
        for line in _lines(row, found.tolerance, total=row is found.total):
            print(line)
    if found.answered_only_before:
        print(
            f"Before {found.answered_only_before} ours are the attempts that answered, no others."
        )
    print("The books agree." if found.agrees else "The books differ: see the numbers marked !")


def _lines(row: Compared, tolerance: float, *, total: bool) -> list[str]:
    """One for each number that the export tells."""
    lines = []
    first = ("TOTAL", "") if total else (row.day, row.model or "(all)")
    for name in MEASURES:
        delta = getattr(row.delta, name)
        if delta is None:
            continue
        ours, theirs = getattr(row.ours, name) or 0, getattr(row.theirs, name) or 0
        shown = [_number(name, value) for value in (ours, theirs, delta)]
        what = "cost" if name == "cost_nanousd" else name
        mark = "" if total or agrees(name, delta, theirs, tolerance) else " !"
        lines.append(
            f"{first[0]:10} {first[1][:28]:28} {what:12} "
            + " ".join(f"{n:>18}" for n in shown)
            + mark
        )
        first = ("", "")
    return lines


def _number(name: str, value: int) -> str:
    return f"${value / 1e9:,.6f}" if name == "cost_nanousd" else f"{value:,}"
