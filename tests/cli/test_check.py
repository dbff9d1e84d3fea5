"""`trunkline check` explains where each name would go."""

import msgspec
import pytest

from trunkline.cli.main import main

CONFIG = """
[providers.openai]
api_key = "sk-never-shown"
[providers.box]
dialect = "anthropic-messages"
base_url = "http://127.0.0.1:9"
models = ["own"]
[models.fast]
strategy = "weighted"
targets = [{ model = "openai/gpt-4o-mini", weight = 3 }, "box/own"]
"""


@pytest.fixture
def check(tmp_path, capsys):
    """Runs it on CONFIG (or another text) and gives the exit code and what was printed."""

    def run(*arguments, text=CONFIG):
        file = tmp_path / "t.toml"
        file.write_text(text)
        where = ["--config", str(file), "--data", str(tmp_path / "data")]
        code = main(["check", *where, *arguments])
        return code, capsys.readouterr()

    return run


def test_every_route_in_words(check):
    """Targets in order, what each speaks, and whose price is not known."""
    code, told = check()
    lines = told.out.splitlines()

    assert 0 == code
    assert lines[0].endswith("t.toml: ok")
    assert "Providers: openai, box" == lines[1]
    assert ["fast", "weighted", "openai/gpt-4o-mini", "(openai-chat)"] == lines[2].split()[:4]
    assert lines[2].endswith("> box/own (anthropic-messages, no known price)")
    assert "sk-never-shown" not in told.out + told.err


def test_one_route_for_programs(check):
    """As JSON, for the names that were asked for."""
    code, told = check("--json", "--model", "fast", "--model", "openai/gpt-4o-mini")
    report = msgspec.json.decode(told.out)
    fast, direct = report["routes"]

    assert (0, ["openai", "box"]) == (code, report["providers"])
    assert ("fast", "weighted", [3, 1]) == (
        fast["name"],
        fast["strategy"],
        [target["weight"] for target in fast["targets"]],
    )
    assert {
        "deployment": "openai/gpt-4o-mini",
        "dialect": "openai-chat",
        "priced": True,
        "context_window": 128_000,
        "weight": 1,
    } == direct["targets"][0]


def test_an_unknown_name_is_told_the_nearest(check):
    """So that a typo is seen as one."""
    code, told = check("--model", "gpt-4o-mimi")

    assert 1 == code
    assert "Did you mean gpt-4o-mini" in told.err


@pytest.mark.parametrize(
    ("text", "says"),
    (
        ('[providers.a]\nkind = "x"\n', "t.toml:2: providers.a.kind: no such kind; there are http"),
        ("[server]\nprot = 1\n", "t.toml:2: server.prot: unknown key; see trunkline.example.toml"),
        ("[providers.a]\n", "t.toml:1: providers.a"),
        (CONFIG + 'x = "', "not valid TOML"),
        ('[server]\ndatabase = "mysql://h/x"\n', "t.toml:2: server.database: expected"),
        ('[server]\ndatabase = "postgresql://u@[::/x"\n', "server.database is no address"),
    ),
)
def test_a_mistake_is_told_with_its_place(check, text, says):
    """File, line, key, and what was expected."""
    code, told = check(text=text)

    assert 1 == code
    assert says in told.err


def test_no_database_is_asked(check, tmp_path):
    """Nor any counters: it is checked whether they can be named so, and what is kept is thrown away."""
    away = '[server]\ndatabase = "postgresql://u@127.0.0.1:1/x"\nstate = "redis://127.0.0.1:1/0"\n'
    code, _ = check(text=away + CONFIG)

    assert 0 == code
    assert not (tmp_path / "data").exists()
