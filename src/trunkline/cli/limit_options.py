"""How much somebody may use, as options of the command line."""

import argparse
from collections.abc import Sequence

from msgspec import Raw, json

from trunkline.canon.errors import Malformed
from trunkline.cli.settings import UsageError
from trunkline.storage.holders import LimitSet
from trunkline.tenancy.limits import LimitChanges, parse_budget, parse_limits


def add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="e.g. requests_per_minute=60 or cost_per_day_usd=2.50; may repeat",
    )
    parser.add_argument("--budget", metavar="USD", help="e.g. 10, 10/day or 10/month")


def limits_of(options: argparse.Namespace) -> LimitSet:
    """Raises UsageError, naming the option."""
    try:
        return _beside(_limits(options.limit), options.budget)
    except Malformed as error:
        raise UsageError(error.message) from None


def _limits(given: Sequence[str]) -> LimitSet:
    fields: dict[str, Raw | str] = {}
    for text in given:
        name, _, value = text.partition("=")
        # A number as it was written; what is none is refused by its name.
        plain = value.isascii() and value.replace(".", "", 1).isdecimal()
        fields[name] = Raw(value.encode()) if plain else value
    return parse_limits(json.encode(fields), "--limit")


def _beside(limits: LimitSet, budget: str | None) -> LimitSet:
    if budget is None:
        return limits
    usd, _, period = budget.partition("/")
    said = parse_budget(json.encode({"usd": usd, "period": period or "total"}), "--budget")
    return LimitChanges(limits, said).of(limits)
