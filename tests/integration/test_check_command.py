"""`trunkline check`, help and exit codes: what a person meets before anything runs."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.integration.program import run

GOOD = """
[providers.openai]
api_key = "${OPENAI_API_KEY}"

[providers.sim]

[providers.sim-claude]
kind = "sim"
dialect = "anthropic-messages"

[models.fast]
targets = ["openai/gpt-4o-mini", "sim/sim-chat"]

[models."team/split"]
strategy = "weighted"
targets = [{ model = "sim/sim-chat", weight = 3 }, "sim-claude/sim-chat"]
"""
KEY = {"OPENAI_API_KEY": "sk-not-a-real-one"}
COMMANDS = (
    (),
    ("serve",),
    ("check",),
    ("keys",),
    ("keys", "create"),
    ("keys", "list"),
    ("keys", "revoke"),
    ("sim",),
    ("version",),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(tmp_path: Path, command: tuple[str, ...]) -> None:
    """--help exits with 0, says what the command does and each option for what."""
    ended = run(tmp_path, *command, "--help")

    assert (0, "") == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith(f"usage: {' '.join(('trunkline', *command))}")
    for line in ended.stdout.splitlines():
        if line.startswith("  --") and len(line) < 24:
            assert "  " in line.strip(), f"an option without help: {line}"


@pytest.mark.parametrize(
    "wrong",
    (
        (),
        ("serv",),
        ("serve", "--prot", "1"),
        ("serve", "--port", "x"),
        ("serve", "--port", "70000"),
        ("serve", "--workers", "0"),
        ("keys",),
        ("keys", "revoke"),
        ("keys", "create", "--expires", "soon"),
    ),
    ids=" ".join,
)
def test_a_wrong_call_exits_with_two(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    """Usage errors are told from failures; the message is for people, without our names for things."""
    ended = run(tmp_path, *wrong)

    assert (2, "") == (ended.returncode, ended.stdout)
    assert "trunkline" in ended.stderr
    assert not {"Traceback", "_port", "_positive", "_count"} & set(ended.stderr.split())


def test_the_version(tmp_path: Path) -> None:
    """`trunkline version` says its name and number."""
    ended = run(tmp_path, "version")

    assert (0, True) == (ended.returncode, ended.stdout.startswith("trunkline 0."))


def test_check_explains_every_route(tmp_path: Path) -> None:
    """A good file: who is configured, and where each name goes, in order."""
    (tmp_path / "my.toml").write_text(GOOD)

    ended = run(tmp_path, "check", "--config", "my.toml", "--data", "data", environ=KEY)

    assert (0, "") == (ended.returncode, ended.stderr)
    assert "my.toml: ok" in ended.stdout
    assert "openai, sim, sim-claude" in ended.stdout
    routes = {line.split()[0]: line for line in ended.stdout.splitlines() if "  " in line}
    assert routes["fast"].index("openai/gpt-4o-mini") < routes["fast"].index("sim/sim-chat")
    assert "weighted" in routes["team/split"]
    assert KEY["OPENAI_API_KEY"] not in ended.stdout
    assert ["my.toml"] == [path.name for path in tmp_path.iterdir()]


def test_check_for_programs(tmp_path: Path) -> None:
    """--json, and only the names that were asked for."""
    (tmp_path / "trunkline.toml").write_text(GOOD)

    ended = run(
        tmp_path,
        *("check", "--data", "data", "--json", "--model", "fast", "--model", "openai/gpt-4o"),
        environ=KEY,
    )

    report = msgspec.json.decode(ended.stdout)
    assert ["fast", "openai/gpt-4o"] == [route["name"] for route in report["routes"]]
    assert ["openai/gpt-4o-mini", "sim/sim-chat"] == [
        target["deployment"] for target in report["routes"][0]["targets"]
    ]


def test_check_of_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    """Exit code 1 and the nearest names."""
    ended = run(tmp_path, "check", "--data", "data", "--model", "sim-chta")

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "sim-chta" in ended.stderr
    assert "Did you mean sim-chat" in ended.stderr


@pytest.mark.parametrize(
    ("text", "line", "key", "told"),
    (
        ("[server]\nport = 'x'\n", 2, "server.port", "expected `int`, got `str`"),
        ("[server]\n\nprot = 1\n", 3, "server.prot", "unknown key"),
        ("[server\n", 1, "", "not valid TOML"),
        ("[providers.mybox]\n", 1, "providers.mybox.dialect", "openai-chat"),
        (
            "[providers.openai]\napi_key = '${NOT_THERE}'\n",
            2,
            "providers.openai.api_key",
            "NOT_THERE is not set",
        ),
        ("[providers.sim]\n\n[models.a]\ntargets = []\n", 4, "models.a.targets", ">= 1"),
        (
            "[providers.sim]\n[models.a]\ntargets = ['simm/sim-chat']\n",
            3,
            "models.a.targets",
            "simm",
        ),
        (
            "[providers.sim]\n[models.a]\nstrategy = 'best'\ntargets = ['sim/sim-chat']\n",
            3,
            "models.a.strategy",
            "fallback",
        ),
        ("[providers.sim]\nkind = 'smi'\n", 2, "providers.sim.kind", "sim"),
        ("[routing]\nretry_share = 2\n", 2, "routing.retry_share", "<= 1"),
        ("[ledger]\ndurability = 'none'\n", 2, "ledger.durability", "none"),
        ("[[faces]]\nname = 'native'\nprefix = '/x'\n", 1, "faces", "not served yet"),
    ),
)
def test_a_bad_file(tmp_path: Path, text: str, line: int, key: str, told: str) -> None:
    """Exit code 1, and one line: file, line, key, and what was expected."""
    (tmp_path / "bad.toml").write_text(text)

    ended = run(tmp_path, "check", "--config", "bad.toml", "--data", "data")

    assert (1, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith(f"trunkline: bad.toml:{line}: {key}"), ended.stderr
    assert told in ended.stderr
    assert 1 == ended.stderr.count("\n")


def test_a_bad_file_is_not_served(tmp_path: Path) -> None:
    """`serve` says the same and ends; no folder is made for it."""
    (tmp_path / "bad.toml").write_text("[server]\nport = 'x'\n")

    ended = run(tmp_path, "serve", "--config", "bad.toml", "--data", "data")

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "trunkline: bad.toml:2: server.port: expected `int`, got `str`\n" == ended.stderr
    assert not (tmp_path / "data").exists()


def test_the_readmes_configuration(tmp_path: Path, repository: Path) -> None:
    """What a stranger copies from the first page is right as it stands."""
    (text,) = re.findall(r"```toml\n(.*?)```", (repository / "README.md").read_text(), re.DOTALL)
    (tmp_path / "trunkline.toml").write_text(text)

    ended = run(
        tmp_path,
        *("check", "--data", "data", "--model", "smart"),
        environ={**KEY, "ANTHROPIC_API_KEY": "sk-not-a-real-one"},
    )

    assert (0, "") == (ended.returncode, ended.stderr)
    assert "anthropic/claude-sonnet-4-5" in ended.stdout


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Named, with the reason."""
    ended = run(tmp_path, "check", "--config", "nothing.toml")

    assert 1 == ended.returncode
    assert "nothing.toml: cannot read the file: No such file or directory" in ended.stderr
