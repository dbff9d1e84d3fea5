"""Stored responses: each its tenant's, in chains, and held by one worker at a time."""

from msgspec.structs import replace

from tests.storage.sqlite.making import with_storage
from trunkline.storage.records import ResponseRecord

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
        whole = await responses.chain("acme", "resp_3", 10)
        return (
            [turn.id for turn in whole],
            whole[0].body == RECORD.body,
            [turn.id for turn in await responses.chain("acme", "resp_3", 2)],
            await responses.chain("acme", "resp_9", 10),
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
        status = await responses.hold("acme", "resp_1", 130.0)
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
        return await responses.hold("acme", "resp_1", 1.0)

    assert store(tmp_path, work) is None


def test_what_is_old_enough_is_dropped(tmp_path):
    """By its age alone."""

    async def work(responses):
        await responses.put(RECORD)
        await responses.put(replace(RECORD, id="resp_2", created_at=2000.0))
        dropped = await responses.expire(1500.0)
        return dropped, await responses.get("acme", "resp_1"), await responses.get("acme", "resp_2")

    dropped, old, young = store(tmp_path, work)
    assert (1, None, 2000.0) == (dropped, old, young.created_at)
