"""Options before the environment, the environment before what lies in the folder."""

import asyncio
import contextlib
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

import pytest

from trunkline.cli.settings import Settings, add_options, port_number
from trunkline.config.errors import ConfigError


def settings(*arguments, environ=None):
    parser = ArgumentParser()
    add_options(parser)
    parser.add_argument("--port", type=port_number)
    return Settings(parser.parse_args(arguments), environ or {})


@pytest.fixture
def folder(tmp_path):
    """A working folder with nothing in it."""
    with contextlib.chdir(tmp_path):
        yield tmp_path


def test_which_file(folder):
    """The option, else the environment's, else trunkline.toml if there is one, else none."""
    for name in ("given.toml", "named.toml"):
        (folder / name).write_text("")
    named = {"TRUNKLINE_CONFIG": "named.toml"}
    assert settings().file is None

    (folder / "trunkline.toml").write_text("")
    assert Path("trunkline.toml") == settings().file
    assert Path("named.toml") == settings(environ=named).file
    assert Path("given.toml") == settings("--config", "given.toml", environ=named).file


def test_which_data_folder(folder):
    """The option, else the environment's, else what the file says, else a folder here."""
    (folder / "t.toml").write_text('[server]\ndata = "from-file"\n')
    named = {"TRUNKLINE_DATA": "from-environment"}

    assert Path("trunkline-data") == settings().data
    assert Path("from-file") == settings("--config", "t.toml").data
    assert Path("from-environment") == settings("--config", "t.toml", environ=named).data
    assert Path("given") == settings("--data", "given", environ=named).data
    assert Path.home() / "x" == settings("--data", "~/x").data


def test_options_stay_in_force_when_the_file_changes(folder):
    """A reload reads the file again; what the command line said still goes."""
    file = folder / "trunkline.toml"
    file.write_text("[server]\nport = 1000\ndrain_timeout = 1.0\n")
    made = settings("--port", "2000")
    file.write_text("[server]\nport = 3000\ndrain_timeout = 2.0\n")
    config, text, name = made.read()

    assert (2000, 2.0) == (config.server.port, config.server.drain_timeout)
    assert ("trunkline.toml", file.read_text()) == (name, text)


def test_the_environment_fills_the_file(folder):
    """As it was when the command was called."""
    (folder / "trunkline.toml").write_text('[server]\nhost = "${HOST}"\n')

    assert "::1" == settings(environ={"HOST": "::1"}).read()[0].server.host
    with pytest.raises(ConfigError, match=r"trunkline.toml:2: server.host: .* HOST is not set"):
        settings()


def test_without_a_file_there_are_defaults(folder):
    """And no place to point at."""
    config, text, name = settings().read()

    assert (8787, {}, "", "") == (config.server.port, config.providers, text, name)


def test_a_gateway_of_these_settings(folder):
    """It opens the data folder that was asked for."""
    gateway = settings("--data", "here", environ={"TRUNKLINE_ADMIN_KEY": "long enough"}).gateway()
    asyncio.run(gateway.aclose())

    assert (folder / "here" / "trunkline.db").exists()
    assert "sim" in gateway.rooms.providers


@pytest.mark.parametrize("text", ("0", "8787", "65535"))
def test_ports(text):
    """From 0, which takes any free one."""
    assert int(text) == port_number(text)


@pytest.mark.parametrize("text", ("x", "-1", "65536", "1.5", "", "²"))
def test_what_is_no_port(text):
    """Refused with what would be one."""
    with pytest.raises(ArgumentTypeError, match="a number from 0 to 65535, not"):
        port_number(text)
