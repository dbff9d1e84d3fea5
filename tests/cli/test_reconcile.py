"""`trunkline reconcile`: a provider's export beside the ledger, and an exit code that tells."""

import argparse

import msgspec
import pytest

from trunkline.cli.main import main
from trunkline.cli.reconcile import share

EXPORT = """start_time_iso,model,num_model_requests,input_tokens,input_cached_tokens,output_tokens
2026-11-21T00:00:00+00:00,gpt-4o-mini-2024-07-18,1,{read},0,5
"""
COSTS = """start_time_iso,amount_value,amount_currency,line_item
2026-11-21T00:00:00+00:00,0.001,usd,
"""


@pytest.fixture
def reconcile(tmp_path, capsys):
    """Runs it on an empty ledger and one export; gives the exit code and what it printed."""
    config, file = tmp_path / "t.toml", tmp_path / "export.csv"
    named = "".join(f'[providers.{name}]\nkind = "sim"\n' for name in ("openai", "a", "b"))
    config.write_text(named)

    def run(export, *arguments):
        file.write_text(export)
        where = ["--config", str(config), "--data", str(tmp_path / "data")]
        code = main(["reconcile", str(file), "--provider", "openai", *arguments, *where])
        return code, capsys.readouterr()

    return run


def test_books_that_differ(reconcile):
    """One, with a line for each number, ours, theirs and the difference, marked."""
    code, printed = reconcile(EXPORT.format(read=1000))

    assert 1 == code
    lines = printed.out.splitlines()
    assert ["2026-11-21", "gpt-4o-mini", "input", "0", "1,000", "-1,000", "!"] == lines[1].split()
    assert ["cache_read", "0", "0", "0"] == lines[2].split()
    assert ["TOTAL", "input", "0", "1,000", "-1,000"] == lines[4].split()
    assert "The books differ: see the numbers marked !" == lines[-1]


def test_books_that_agree(reconcile):
    """Zero; less than a cent is no difference, and costs are dollars."""
    code, printed = reconcile(COSTS)

    assert 0 == code
    assert ["2026-11-21", "(all)", "cost", "$0.000000", "$0.001000", "$-0.001000"] == (
        printed.out.splitlines()[1].split()
    )
    assert "The books agree." == printed.out.splitlines()[-1]


def test_json_for_programs(reconcile):
    """The same as over HTTP."""
    code, printed = reconcile(EXPORT.format(read=7), "--json", "--as", "a", "--as", "b")
    told = msgspec.json.decode(printed.out)

    assert (1, False, ["a", "b"]) == (code, told["agrees"], told["names"])


def test_a_provider_that_nobody_knows_is_refused(reconcile):
    """One, with those that there are: nothing of theirs would be compared with all of ours."""
    code, printed = reconcile(EXPORT.format(read=7), "--as", "nope")

    assert (1, "") == (code, printed.out)
    assert "no provider `nope` is configured" in printed.err
    assert "there are openai, a, b" in printed.err


@pytest.mark.parametrize(
    ("export", "says"),
    (
        ("date,model\n", "it has date, model"),
        (EXPORT.format(read="1e400"), "`input_tokens` of the export must be a number"),
        (
            EXPORT.format(read=1).replace("11-21", "02-30"),
            "`start_time` of the export must be a day",
        ),
        (EXPORT.format(read=1).replace("2026", "9999"), "`start_time` of the export must be a day"),
    ),
)
def test_what_is_no_export_is_refused(reconcile, export, says):
    """One, with the reason in a line."""
    code, printed = reconcile(export)

    assert (1, "") == (code, printed.out)
    assert printed.err.startswith("trunkline: ")
    assert says in printed.err
    assert 1 == printed.err.count("\n")


def test_a_tolerance_is_a_share():
    """From nothing to all."""
    assert 0.5 == share("0.5")
    for text in ("2", "-1", "x"):
        with pytest.raises(argparse.ArgumentTypeError):
            share(text)
