"""Stored responses: each its tenant's, in chains, and held by one worker at a time."""

import apsw
import pytest
from msgspec.structs import replace

from tests.storage.sqlite.making import with_storage
from trunkline.canon.errors import TooLarge
from trunkline.storage.records import ResponseRecord

BYTES = 1 << 20

RECORD = ResponseRecord(
    tenant="acme",
    id="resp_1",
    key_id="key1",
    previous_id=None,
    status="completed",
    created_at=1000.5,
    input=b'[{"id":"msg_1"}]',
    body=b'{"id":"resp_1"}' * 100,
    events=b"data: x\n\n",
    job=b"job",
    attempts=2,
)


def store(folder, work):
    return with_storage(folder, lambda storage: work(storage.responses))


def test_a_response_comes_back_as_it_went_in(tmp_path):
    """Small on disk; replaced by a second of its id; nobody else's."""

    async def work(responses):
        await responses.put(RECORD)
        first = await responses.get("acme", "resp_1")
        await responses.put(replace(RECORD, status="failed"))
        second = await responses.get("acme", "resp_1")
        return first, second.status, await responses.get("other", "resp_1")

    assert (RECORD, "failed", None) == store(tmp_path, work)
    assert RECORD.body not in (tmp_path / "responses.db").read_bytes()


def test_a_chain_is_oldest_first_and_ends_where_one_is_missing(tmp_path):
    """And at another tenant's response, which is as good as missing; and after as many as asked."""

    async def work(responses):
        for number in (1, 2, 3):
            previous = f"resp_{number - 1}"
            await responses.put(replace(RECORD, id=f"resp_{number}", previous_id=previous))
        await responses.put(replace(RECORD, id="resp_0", tenant="other"))
        whole = await responses.chain("acme", "resp_3", 10, BYTES)
        return (
            [turn.id for turn in whole],
            whole[0].body == RECORD.body,
            [turn.id for turn in await responses.chain("acme", "resp_3", 2, BYTES)],
            await responses.chain("acme", "resp_9", 10, BYTES),
        )

    assert (["resp_1", "resp_2", "resp_3"], True, ["resp_2", "resp_3"], []) == store(tmp_path, work)


def test_deleting_is_for_its_owner(tmp_path):
    """Once."""

    async def work(responses):
        await responses.put(RECORD)
        return [await responses.delete(t, "resp_1") for t in ("other", "acme", "acme")]

    assert [False, True, False] == store(tmp_path, work)


def test_one_worker_makes_a_background_response(tmp_path):
    """Another gets it only when the first has not said for long enough that it still does."""
    queued = replace(RECORD, status="queued", attempts=0)

    async def work(responses):
        await responses.put(queued)
        first = await responses.claim(100.0, 115.0)
        held = await responses.claim(110.0, 125.0)
        status = await responses.hold(first, 130.0)
        still = await responses.claim(129.0, 144.0)
        second = await responses.claim(131.0, 146.0)
        return first, held, status, still, second

    first, held, status, still, second = store(tmp_path, work)
    assert replace(queued, attempts=1) == first
    assert (None, "in_progress", None) == (held, status, still)
    assert 2 == second.attempts


def test_what_is_over_stays_over(tmp_path):
    """The first end counts: of two workers, or of a worker and a client who cancels."""

    async def work(responses):
        await responses.put(replace(RECORD, status="queued"))
        ends = [
            await responses.finish(replace(RECORD, status=status))
            for status in ("cancelled", "completed")
        ]
        left = await responses.get("acme", "resp_1")
        return ends, left.status, left.job, await responses.claim(9e9, 9e9)

    assert ([True, False], "cancelled", b"", None) == store(tmp_path, work)


def test_a_hold_on_what_is_gone(tmp_path):
    """Tells so."""

    async def work(responses):
        return await responses.hold(RECORD, 1.0)

    assert store(tmp_path, work) is None


def test_a_worker_whose_time_ran_out_learns_it(tmp_path):
    """What another has begun since is not its own any more, to hold or to let go."""

    async def work(responses):
        await responses.put(replace(RECORD, status="queued", attempts=0))
        first = await responses.claim(100.0, 115.0)
        second = await responses.claim(200.0, 215.0)
        await responses.let_go(first)
        return await responses.hold(first, 230.0), await responses.hold(second, 230.0)

    assert (None, "in_progress") == store(tmp_path, work)


def test_letting_go_does_not_count(tmp_path):
    """Another may have it at once, however often workers are restarted."""

    async def work(responses):
        await responses.put(replace(RECORD, status="queued", attempts=0))
        for _ in range(5):
            claimed = await responses.claim(100.0, 115.0)
            await responses.let_go(claimed)
        return claimed.attempts

    assert 1 == store(tmp_path, work)


def test_a_chain_is_as_large_as_it_may_be(tmp_path):
    """Counted unpacked: a megabyte of the same letter takes next to nothing on disk."""
    one = len(RECORD.input) + len(RECORD.body)

    async def work(responses):
        await responses.put(RECORD)
        await responses.put(replace(RECORD, id="resp_2", previous_id="resp_1"))
        with pytest.raises(TooLarge):
            await responses.chain("acme", "resp_2", 10, 2 * one - 1)
        return len(await responses.chain("acme", "resp_2", 10, 2 * one))

    assert 2 == store(tmp_path, work)


def test_responses_are_found_by_their_items(tmp_path):
    """Each once, its tenant's alone, until it is gone; a finished one by what it said."""

    async def work(responses):
        await responses.put(replace(RECORD, items=("msg_1", "msg_2")))
        await responses.put(replace(RECORD, id="resp_2", status="queued"))
        await responses.finish(replace(RECORD, id="resp_2", items=("msg_3",)))
        both = await responses.holding("acme", ("msg_3", "msg_1", "msg_2", "msg_9"))
        others = await responses.holding("other", ("msg_1",))
        await responses.delete("acme", "resp_1")
        left = await responses.holding("acme", ("msg_1", "msg_3"))
        return [[turn.id for turn in found] for found in (both, others, left)]

    assert [["resp_2", "resp_1"], [], ["resp_2"]] == store(tmp_path, work)


def test_large_ones_come_back_as_they_went_in(tmp_path):
    """Though they are packed elsewhere."""
    large = replace(RECORD, events=b"data: x\n\n" * 100_000)

    async def work(responses):
        await responses.put(large)
        return await responses.get("acme", "resp_1")

    assert large == store(tmp_path, work)


def test_only_its_owner_reads_the_file(tmp_path):
    """Nor what SQLite keeps beside it: prompts are in all of them."""

    async def work(responses):
        await responses.put(RECORD)
        return {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}

    modes = store(tmp_path, work)
    names = ("responses.db", "responses.db-wal", "responses.db-shm")
    assert ["0o600"] * 3 == [modes[name] for name in names]


def test_what_is_old_enough_is_dropped(tmp_path):
    """By its age; not while it is being made; some at a time."""

    async def work(responses):
        for number in range(300):
            await responses.put(replace(RECORD, id=f"resp_{number}"))
        await responses.put(replace(RECORD, id="young", created_at=2000.0))
        await responses.put(replace(RECORD, id="queued", status="queued"))
        dropped = [await responses.expire(1500.0) for _ in range(3)]
        left = [await responses.get("acme", one) for one in ("resp_1", "young", "queued")]
        return dropped, [one and one.id for one in left]

    assert ([200, 100, 0], [None, "young", "queued"]) == store(tmp_path, work)


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

    assert store(tmp_path, work)
