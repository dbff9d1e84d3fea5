"""The file of stored responses: small, its owner's alone, and given back."""

import apsw
from msgspec.structs import replace

from tests.storage.sql.test_responses import RECORD
from tests.storage.sqlite.making import with_storage


def with_responses(folder, work):
    return with_storage(folder, lambda storage: work(storage.responses))


def test_texts_are_packed(tmp_path):
    """What says the same again and again takes little."""

    async def work(responses):
        await responses.put(RECORD)

    with_responses(tmp_path, work)
    assert RECORD.body not in (tmp_path / "responses.db").read_bytes()


def test_items_go_with_their_response(tmp_path):
    """However it goes; nothing is left that names them."""

    async def work(responses):
        await responses.put(replace(RECORD, items=("msg_1",)))
        await responses.put(replace(RECORD, id="resp_2", items=("msg_2",)))
        await responses.delete("acme", "resp_1")
        await responses.expire(2000.0)

    with_responses(tmp_path, work)
    file = apsw.Connection(str(tmp_path / "responses.db"))
    assert [] == file.execute("SELECT * FROM items").fetchall()
    file.close()


def test_only_its_owner_reads_the_file(tmp_path):
    """Nor what SQLite keeps beside it: prompts are in all of them."""

    async def work(responses):
        await responses.put(RECORD)
        return {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}

    modes = with_responses(tmp_path, work)
    names = ("responses.db", "responses.db-wal", "responses.db-shm")
    assert ["0o600"] * 3 == [modes[name] for name in names]


def test_the_file_shrinks(tmp_path):
    """What is dropped is given back to the disk, not only to the next answer."""

    async def work(responses):
        for number in range(20):
            text = bytes(range(256)) * 40 + b"%d" % number
            await responses.put(replace(RECORD, id=f"resp_{number}", body=text, created_at=1.0))
        before = pages()
        while await responses.expire(1000.0):
            pass
        return before > pages()

    def pages():
        file = apsw.Connection(str(tmp_path / "responses.db"))
        [(count,)] = file.execute("PRAGMA page_count")
        file.close()
        return count

    assert with_responses(tmp_path, work)
