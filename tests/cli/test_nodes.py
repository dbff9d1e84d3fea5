"""`trunkline nodes`: who shares the database, and who is not coming back."""

import asyncio

import msgspec
import pytest

from tests.storage.postgres.making import database_at
from tests.storage.rows import batch, request
from trunkline.cli.main import main
from trunkline.kernel.clock import SystemClock
from trunkline.storage.sql.ledger import SqlLedgerStore

MINUTE = 60_000_000
LOST, THERE = "lost-01KAK00000000000000000000A", "there-01KAK00000000000000000000B"


@pytest.fixture
def trunkline(tmp_path, capsys):
    """Runs commands with one configuration; gives the exit code and what was printed."""
    file = tmp_path / "t.toml"
    file.write_text("[providers.sim]\n")

    def run(*arguments, database=""):
        if database:
            file.write_text(f'[server]\ndatabase = "{database}"\n[providers.sim]\n')
        code = main([*arguments, "--config", str(file), "--data", str(tmp_path / "data")])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


@pytest.fixture
def shared(postgres):
    """A database with a node that is lost and one that was seen a moment ago; its URL."""
    url = postgres.fresh()
    now = round(SystemClock().unix() * 1e6)

    async def fill(database):
        ledger = SqlLedgerStore(database)
        await ledger.apply(
            batch((request(1, worker=LOST), request(2, worker=LOST), request(3, worker=THERE)))
        )
        await ledger.seen(LOST, now - 10 * MINUTE)
        await ledger.seen(THERE, now)

    # Rows of long ago: what they opened last says nothing.
    with database_at(url) as database:
        asyncio.run(fill(database))
        asyncio.run(
            database.write(
                lambda session: session.run(
                    "UPDATE requests SET received_at = ?", (now - 20 * MINUTE,)
                )
            )
        )
    return url


def test_nodes_are_listed_with_what_they_have_open(trunkline, shared):
    """Each worker in a line; as JSON, too."""
    _, text = trunkline("nodes", database=shared)
    code, json = trunkline("nodes", "--json")

    rows = [line.split() for line in text.splitlines()]
    assert [("lost", "silent", "2", LOST), ("there", "alive", "1", THERE)] == [
        (row[0], row[1], row[3], row[4]) for row in rows[1:]
    ]
    assert 0 == code
    found = msgspec.json.decode(json)
    assert [("lost", False, 2), ("there", True, 1)] == [
        (one["node"], one["alive"], one["open_requests"]) for one in found
    ]


def test_a_lost_node_is_forgotten_and_a_living_one_is_not(trunkline, shared):
    """By its name; refused with what to do."""
    done = trunkline("nodes", "forget", "lost", database=shared)
    refused = trunkline("nodes", "forget", "there")
    again = trunkline("nodes", "forget", "lost", "--json")

    assert done == (
        0,
        "Forgot the node lost with 1 workers; 2 requests that it left open are orphaned now.\n",
    )
    assert (1, True) == (refused[0], "Stop it; it can be forgotten 120 s after" in refused[1])
    assert (1, "trunkline: No node `lost` has anything open here; there are: there.\n") == again


def test_one_machine_has_no_nodes_to_forget(trunkline):
    """With a database of its own there is nobody else."""
    assert (0, "No worker of any node is there, and none has left anything open.\n") == trunkline(
        "nodes"
    )
    code, text = trunkline("nodes", "forget", "x")
    assert (1, True) == (code, "there are: none" in text)
