"""Which configuration a command works with: options, then the environment, then what lies in the folder."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from trunkline.config.load import parse, read
from trunkline.config.schema import Config
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.machine import Machine

DEFAULT_FILE = "trunkline.toml"


class UsageError(Exception):
    """The command was called in a way that cannot work; the message says how it can."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"configuration (default: $TRUNKLINE_CONFIG, or ./{DEFAULT_FILE} if there is one)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data folder (default: $TRUNKLINE_DATA, or what the configuration says)",
    )


def port_number(text: str) -> int:
    """For argparse."""
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, not {text!r}")
    return int(text)


class Settings:
    """Options and environment, resolved."""

    def __init__(self, options: argparse.Namespace, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.file = _file(options.config, environ)
        self._options = options
        config, _, _ = self.read()
        self.data = Path(config.server.data).expanduser()

    def read(self) -> tuple[Config, str, str]:
        """The configuration as it is now, its text and name. Raises ConfigError."""
        if self.file is None:
            config, text, name = Config(), "", ""
        else:
            text, name = read(self.file), str(self.file)
            config = parse(text, self.environ, name)
        return self._overridden(config), text, name

    def gateway(self, scratch: Path | None = None) -> Gateway:
        """`scratch`: what is kept is kept in this folder, whatever the settings say."""
        machine = self.machine()
        if scratch is None:
            return Gateway(machine, self.read, self.data)
        return Gateway(machine, self._read_alone, scratch)

    def machine(self) -> Machine:
        return Machine(environ=self.environ, write_log=sys.stderr.write)

    def _read_alone(self) -> tuple[Config, str, str]:
        config, text, name = self.read()
        server = replace(config.server, database="", state="")
        return replace(config, server=server), text, name

    def _overridden(self, config: Config) -> Config:
        given = vars(self._options)
        changes = {
            name: given[name] for name in ("host", "port", "workers") if given.get(name) is not None
        }
        data = given.get("data") or self.environ.get("TRUNKLINE_DATA")
        if data:
            changes["data"] = str(data)
        return replace(config, server=replace(config.server, **changes)) if changes else config


def _file(given: Path | None, environ: Mapping[str, str]) -> Path | None:
    if given is not None:
        return given
    if environ.get("TRUNKLINE_CONFIG"):
        return Path(environ["TRUNKLINE_CONFIG"])
    here = Path(DEFAULT_FILE)
    return here if here.exists() else None


def of(options: argparse.Namespace) -> Settings:
    return Settings(options, dict(os.environ))  # noqa: TID251 - where the environment enters
