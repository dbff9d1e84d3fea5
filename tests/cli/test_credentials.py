"""`trunkline credentials`: listed without their secrets, and rested under another key."""

import argparse
import asyncio
from types import SimpleNamespace

import msgspec
import pytest

from tests.tenancy.sealed import SECRET, Dice, Process
from trunkline.cli.credentials import _rotate
from trunkline.cli.main import main
from trunkline.storage.keks import KEK_FILE, GivenKeks


@pytest.fixture
def credentials(tmp_path, capsys):
    """Runs `trunkline credentials ...` on one data folder; gives what it printed."""
    file, data = tmp_path / "t.toml", tmp_path / "data"
    file.write_text("[providers.sim]\n")

    def run(*arguments):
        assert 0 == main(["credentials", *arguments, "--config", str(file), "--data", str(data)])
        return capsys.readouterr().out

    return run


def bring(folder):
    async def run():
        async with Process(folder, Dice()) as it:
            await it.create(label="ours")
            await it.create(tenant="globex")

    asyncio.run(run())


def test_without_any_the_list_says_how_to_add_one(credentials):
    """Rather than an empty table."""
    assert "No credentials; POST /admin/v1/credentials adds one.\n" == credentials("list")
    assert "No credentials of the tenant acme; POST" in credentials("list", "--tenant", "acme")


def test_they_are_listed_by_their_ends(credentials, tmp_path):
    """Everybody's or a tenant's; no secret is among them."""
    bring(tmp_path / "data")

    printed = credentials("list")

    assert ["acme", "globex"] == [line.split()[1] for line in printed.splitlines()[1:]]
    assert "wxyz" in printed
    assert "ours" in printed
    assert SECRET not in printed
    (own,) = msgspec.json.decode(credentials("list", "--tenant", "globex", "--json"))
    assert "globex" == own["tenant"]


def test_the_key_is_changed(credentials, tmp_path):
    """And says what has become of the former."""
    bring(tmp_path / "data")
    before = (tmp_path / "data" / KEK_FILE).read_bytes()

    printed = credentials("rotate-kek")
    told = msgspec.json.decode(credentials("rotate-kek", "--json"))

    assert printed.startswith("2 data keys are wrapped with the key ")
    assert "former key is gone" in printed
    assert (2, True) == (told["rewrapped"], told["removed"])
    assert before != (tmp_path / "data" / KEK_FILE).read_bytes()


def test_a_given_key_is_somebody_elses_to_remove(tmp_path, capsys):
    """It says which are needed no more."""

    async def run():
        async with Process(tmp_path, Dice(), GivenKeks("11" * 32)) as it:
            gateway = SimpleNamespace(credentials=it.service)
            return await _rotate(gateway, argparse.Namespace(json=False))

    assert 0 == asyncio.run(run())
    assert "needed no more" in capsys.readouterr().out
