"""The backend as the registry has it: it is there without its driver, and says what is missing."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.backend import SPEC
from trunkline.storage.spec import Where

WITHOUT_DRIVER = """
import sys
from pathlib import Path
from trunkline.storage.postgres import backend
backend.importlib.util.find_spec = lambda name: None
assert "psycopg" not in sys.modules, "the driver is imported before anybody asks for it"
try:
    backend.SPEC.open(backend.Where(Path("."), "postgresql://localhost/x"), None)
except backend.StorageRefused as error:
    print(error)
"""


def test_it_opens_what_the_url_names(tmp_path, postgres):
    """And makes nothing in the data folder."""
    storage = SPEC.open(Where(tmp_path, postgres.fresh()), FakeClock())
    asyncio.run(storage.aclose())

    assert "postgres" == storage.statistics().backend
    assert [] == list(tmp_path.iterdir())


def test_what_is_no_address_is_refused():
    """Before anybody is asked; without repeating what may hold a password."""
    SPEC.examine(Where(Path(), "postgresql://u:s3cret@127.0.0.1:1/x"))
    with pytest.raises(StorageRefused, match=r"server\.database") as caught:
        SPEC.examine(Where(Path(), "postgresql://u:s3cret@[::/x"))

    assert "s3cret" not in str(caught.value)


def test_without_its_driver_it_says_how_to_get_it():
    """The driver is an extra: importing the backend does not ask for it."""
    said = subprocess.run(
        (sys.executable, "-c", WITHOUT_DRIVER), capture_output=True, text=True, check=True
    ).stdout

    assert "pip install 'trunkline[cluster]'" in said


def test_backups_are_others_business(tmp_path):
    """It says whose, and how."""
    with pytest.raises(StorageRefused, match="pg_dump --format=custom"):
        SPEC.save(Where(tmp_path, "postgresql://localhost/x"), tmp_path / "b", lambda *_: None)
