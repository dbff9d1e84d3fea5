"""Options of `trunkline keys create`: what the key may do."""

import argparse

import pytest

from trunkline.cli.key_options import add_wishes, wanted_key
from trunkline.cli.settings import UsageError
from trunkline.storage.holders import LimitSet
from trunkline.tenancy.wishes import NewKey


def wanted(*arguments: str) -> NewKey:
    parser = argparse.ArgumentParser()
    add_wishes(parser)
    return wanted_key(parser.parse_args(arguments))


def test_nothing_is_asked_of_a_key_by_itself() -> None:
    """It may use any model and choose no pipeline; it has no limits, and is the usual tenant's."""
    assert NewKey(name="unnamed", tenant="default") == wanted()


def test_everything_can_be_said() -> None:
    """Each option in its field; what repeats is a list."""
    key = wanted(
        *("--name", "ci", "--tenant", "acme", "--user", "ann", "--plan", "keyplex-monthly"),
        *("--scope", "chat:write", "--model", "a", "--model", "b", "--provider", "openai"),
        *("--mode", "eco", "--mode", "quality"),
        *("--pipe", "*", "--tag", "x", "--tag", "y", "--face", "plexor"),
        *("--limit", "requests_per_minute=60", "--limit", "cost_per_day_usd=0.1"),
        *("--budget", "12.5/month", "--expires", "2100-01-01"),
    )

    assert key == NewKey(
        name="ci",
        tenant="acme",
        user="ann",
        plan="keyplex-monthly",
        scopes=("chat:write",),
        models=("a", "b"),
        providers=("openai",),
        modes=("eco", "quality"),
        pipes=("*",),
        tags=("x", "y"),
        face="plexor",
        limits=LimitSet(
            requests_per_minute=60, cost_per_day=100_000_000, cost_per_month=12_500_000_000
        ),
        expires_at=4_102_444_800.0,
    )


@pytest.mark.parametrize(
    "arguments",
    (("--limit", "requests_per_minute=many"), ("--budget", "ten"), ("--expires", "tomorrow")),
)
def test_what_cannot_be_read_is_told(arguments: tuple[str, str]) -> None:
    """As a mistake of whoever typed it, naming the option."""
    with pytest.raises(UsageError, match=arguments[0]):
        wanted(*arguments)
