"""The command line: what there is, its options and its help. Each command has a file of its own."""

import argparse
import sys
from collections.abc import Callable, Sequence

import msgspec

from trunkline import __version__
from trunkline.canon.errors import GatewayError
from trunkline.cli import check, credentials, database, keys, nodes, reconcile, serve, sim, tenants
from trunkline.cli.settings import UsageError
from trunkline.config.errors import ConfigError
from trunkline.storage.base import StorageRefused

OK, FAILED, USAGE = 0, 1, 2

Command = Callable[[argparse.Namespace], int]


class Version(msgspec.Struct, frozen=True):
    """What `trunkline version --json` prints."""

    version: str


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="trunkline",
        description="One line to every model: a self-hosted LLM gateway.",
        epilog="Exit codes: 0 ok, 1 failed, 2 usage. `trunkline COMMAND --help` tells more.",
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)
    serve.add_to(commands)
    check.add_to(commands)
    keys.add_to(commands)
    tenants.add_to(commands)
    credentials.add_to(commands)
    reconcile.add_to(commands)
    nodes.add_to(commands)
    database.add_to(commands)
    sim.add_to(commands)
    version = commands.add_parser("version", help="print the version")
    version.add_argument("--json", action="store_true", help="print JSON")
    version.set_defaults(run=_version)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    command: Command = options.run
    try:
        return command(options)
    except UsageError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return USAGE
    except (ConfigError, StorageRefused) as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return FAILED
    except GatewayError as error:
        detail = f" ({error.detail})" if error.detail else ""
        print(f"trunkline: {error.message}{detail}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(
            f"trunkline: {error.strerror or error}: {error.filename or ''}".rstrip(": "),
            file=sys.stderr,
        )
        return FAILED
    except KeyboardInterrupt:
        return FAILED


def _version(options: argparse.Namespace) -> int:
    if options.json:
        print(msgspec.json.encode(Version(__version__)).decode())
    else:
        print(f"trunkline {__version__}")
    return OK
