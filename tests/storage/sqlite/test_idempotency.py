"""On one machine: a file of its own, that outlives whoever wrote it."""

from tests.storage.sqlite.making import with_storage
from trunkline.storage.idempotency import Ask, Found, KeptAnswer

ASK = Ask(b"scope", b"what", "req_1")
ANSWER = KeptAnswer(201, (), b"Not to be found in the main file.")


def test_an_answer_is_there_after_a_restart(tmp_path):
    """Of another process, and not in the file in which the money is."""

    async def first(storage):
        await storage.idempotency.claim(ASK, 0, 10, 100)
        await storage.idempotency.finish(ASK, ANSWER, 100)

    async def second(storage):
        return await storage.idempotency.claim(ASK, 50, 60, 150)

    with_storage(tmp_path, first)
    assert Found(b"what", ANSWER) == with_storage(tmp_path, second)
    assert 0o600 == (tmp_path / "idempotency.db").stat().st_mode & 0o777


def test_its_table_in_the_main_file_stays_empty(tmp_path):
    """The history makes it there, for databases that have one place for all."""

    async def work(storage):
        await storage.idempotency.claim(ASK, 0, 10, 100)
        return await storage.database.read(lambda s: s.one("SELECT count(*) FROM idempotency"))

    assert (0,) == with_storage(tmp_path, work)
