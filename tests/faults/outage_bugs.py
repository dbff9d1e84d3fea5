"""Bugs planted into a gateway's processes, for tests of the tests of outages."""

from collections.abc import Mapping
from pathlib import Path

DROPS_WHAT_WAITS = """
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.mover import Mover
from trunkline.storage.sqlite import connection
connection._BUSY_TIMEOUT_MS = 100
move = Mover._move
async def _move(self):
    try:
        return await move(self)
    except LedgerUnavailable:
        self._moved = self._journal.position
        raise
Mover._move = _move
"""
"""Records that the database does not take at once are taken for written."""
SERVES_ON_HOPE = """
from trunkline.flow.outage import Outage
Outage.check = lambda self, *, budgeted: None
"""
"""Budgets are spent whether or not anybody adds them up."""
HOLDS_NOTHING = """
from trunkline.ledger.journal import Journal
Journal.append_or_hold = Journal.append
"""
"""What cannot be written at once is forgotten."""
BEGINS_ANEW = """
from trunkline.storage.sql.windows import WindowStore
from trunkline.storage.valkey.own import Own
async def used(self, windows, now):
    return {window.counter: 0 for window in windows}
WindowStore.used = used
begin_anew = Own.begin_anew
def forgetful(self, *arguments):
    self.counts.clear()
    return begin_anew(self, *arguments)
Own.begin_anew = forgetful
"""
"""After a flush everybody has all of his budget again."""
FORGETS_THE_DEAD = """
from trunkline.ledger.counters import CounterKeeper
async def _settle(self, lease):
    self._state.withdraw(lease.lease)
CounterKeeper._settle = _settle
"""
"""What requests of killed workers took counts in no budget."""


def planted(folder: Path, bug: str) -> Mapping[str, str]:
    """The environment of processes that have it."""
    place = folder / "planted"
    place.mkdir()
    (place / "sitecustomize.py").write_text(bug)
    return {"PYTHONPATH": str(place)}
