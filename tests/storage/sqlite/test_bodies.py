"""The file of logged bodies: apart from the books, its owner's alone, and given back."""

import apsw
from msgspec.structs import replace

from tests.storage.sql.test_bodies import BODIES
from tests.storage.sqlite.making import with_storage
from trunkline.storage.bodies import Body


def test_bodies_are_there_after_a_restart(tmp_path):
    """In a file of their own: the table of the main one stays empty."""

    async def first(storage):
        await storage.bodies.add([BODIES])
        return await storage.database.read(lambda s: s.one("SELECT count(*) FROM request_bodies"))

    async def second(storage):
        return await storage.bodies.get("req_1")

    assert (0,) == with_storage(tmp_path, first)
    assert BODIES == with_storage(tmp_path, second)
    assert 0o600 == (tmp_path / "bodies.db").stat().st_mode & 0o777


def test_the_file_shrinks(tmp_path):
    """What is dropped is given back to the disk."""

    def pages():
        file = apsw.Connection(str(tmp_path / "bodies.db"))
        [(count,)] = file.execute("PRAGMA page_count")
        file.close()
        return count

    async def work(storage):
        texts = ("".join(chr(0x4E00 + n * m % 20_000) for m in range(5000)) for n in range(20))
        await storage.bodies.add(
            [
                replace(BODIES, request_id=f"req_{n}", request=Body(text, 1))
                for n, text in enumerate(texts)
            ]
        )
        before = pages()
        while await storage.bodies.drop(2000):
            pass
        return before > pages()

    assert with_storage(tmp_path, work)
