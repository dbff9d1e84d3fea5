"""The command line as a whole: exit codes, and a message instead of a traceback."""

import tomllib

import msgspec
import pytest

from trunkline import __version__
from trunkline.cli.main import main, parser


def test_the_version(capsys):
    """The one of the package."""
    assert 0 == main(["version"])
    assert f"trunkline {__version__}\n" == capsys.readouterr().out


def test_the_version_for_programs(capsys):
    """--json, as with everything that prints data."""
    assert 0 == main(["version", "--json"])
    assert {"version": __version__} == msgspec.json.decode(capsys.readouterr().out)


@pytest.mark.parametrize(
    "arguments", ([], ["bake"], ["serve", "--port"], ["keys"], ["keys", "eat"])
)
def test_a_call_that_cannot_be_understood(arguments, capsys):
    """Exit code 2, and on standard error what there is."""
    with pytest.raises(SystemExit) as left:
        main(arguments)

    assert 2 == left.value.code
    assert "usage: trunkline" in capsys.readouterr().err


def test_every_command_has_help(capsys):
    """The list of commands shows what each is for."""
    shown = parser().format_help()

    for command in ("serve", "check", "keys", "tenants", "sim", "version"):
        assert command in shown
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert 0 == left.value.code
    capsys.readouterr()


SIM = "[providers.sim]\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    (
        (["check", "--config", "{}/nope.toml"], 1, "nope.toml: cannot read the file: No such"),
        (["check", "--model", "nope"], 1, "The model 'nope' does not exist here."),
        (["keys", "revoke", "nope"], 1, "There is no key `nope`."),
        (["keys", "create", "--expires", "soon"], 2, "`--expires` must be Unix seconds or a date"),
        (["keys", "create", "--tenant", "a b"], 1, "`tenant` must have 1 to 64 letters"),
        (["keys", "list", "--data", "{}/c.toml"], 1, "cannot use the data folder"),
        (["sim", "--log", "{}/no/where"], 1, "No such file or directory: {}/no/where"),
        (["sim", "--replay", "{}/no"], 2, "--replay {}/no: no such folder"),
    ),
)
def test_what_goes_wrong_is_one_line_on_standard_error(tmp_path, capsys, arguments, code, says):
    """What failed and with which name; 1 where it failed, 2 where the call was at fault."""
    config = tmp_path / "c.toml"
    config.write_text(SIM)
    given = [argument.format(tmp_path) for argument in arguments]
    if given[0] != "sim":
        given += ["--config", str(config)] if "--config" not in given else []
        given += ["--data", str(tmp_path / "data")] if "--data" not in given else []

    assert code == main(given)
    told = capsys.readouterr()
    assert "" == told.out
    assert told.err.startswith("trunkline: ")
    assert says.format(tmp_path) in told.err
    assert 1 == told.err.count("\n")


def test_the_command_is_installed_under_its_name(repository):
    """What `pip install` makes of it."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]

    assert "trunkline.cli.main:main" == project["scripts"]["trunkline"]
