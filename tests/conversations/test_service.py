"""Conversations: what was said before, for its tenant alone, and pages of it."""

import asyncio

import pytest
from msgspec import Raw
from msgspec.structs import replace

from tests.storage.sqlite.making import with_storage
from tests.storage.sqlite.test_responses import RECORD
from trunkline.canon.errors import LedgerUnavailable, Malformed, NotFound, TooLarge
from trunkline.conversations.items import id_of
from trunkline.conversations.service import (
    Conversations,
    ConversationStatistics,
    PreviousNotFound,
    page,
)
from trunkline.kernel.tasks import Tasks
from trunkline.testing.fakes import ManualClock

FIRST = replace(
    RECORD,
    input=b'[{"type":"message","id":"msg_1"}]',
    body=b'{"id":"resp_1","status":"completed","output":[{"type":"message","id":"msg_2"}]}',
)
SECOND = replace(
    FIRST,
    id="resp_2",
    previous_id="resp_1",
    input=b'[{"type":"message","id":"msg_3"}]',
    body=b'{"id":"resp_2","status":"completed","output":[{"type":"function_call","id":"fc_1"}]}',
)


def conversation(folder, work, *records):
    async def run(storage):
        conversations = Conversations(storage.responses, ManualClock(1000.0), lambda: "t", 60.0)
        for record in records:
            await conversations.keep(record)
        return await work(conversations)

    return with_storage(folder, run)


def ids(items):
    return [id_of(item) for item in items]


def test_all_that_was_said_stands_before(tmp_path):
    """In order, input and output of every turn; references find what they name there."""
    own = [Raw(b'{"type":"item_reference","id":"msg_2"}'), Raw(b'{"type":"message","id":"msg_9"}')]

    async def work(conversations):
        return await conversations.recall("acme", "resp_2", own)

    before, now = conversation(tmp_path, work, FIRST, SECOND)
    assert ["msg_1", "msg_2", "msg_3", "fc_1"] == ids(before)
    assert ["msg_2", "msg_9"] == ids(now)
    assert b"reference" not in bytes(now[0])


def refer(conversations, tenant, *names):
    items = [Raw(b'{"type":"item_reference","id":"%b"}' % name.encode()) for name in names]
    return conversations.recall(tenant, None, items)


def test_a_reference_finds_any_item_that_is_kept(tmp_path):
    """Without a response to go on from, too: clients that keep the conversation themselves."""

    async def work(conversations):
        return await refer(conversations, "acme", "msg_1", "fc_1", "msg_2")

    before, now = conversation(tmp_path, work, FIRST, SECOND)
    assert ([], ["msg_1", "fc_1", "msg_2"]) == (before, ids(now))


@pytest.mark.parametrize(
    ("tenant", "name", "kept", "refusal"),
    (
        ("acme", "msg_9", [FIRST], NotFound),
        ("other", "msg_1", [FIRST], NotFound),
        ("acme", "msg_1", [], NotFound),
        ("acme", "", [FIRST], Malformed),
    ),
)
def test_a_reference_to_nothing(tmp_path, tenant, name, kept, refusal):
    """Unknown, another tenant's, of a response that was deleted, or none at all."""

    async def work(conversations):
        await conversations.keep(SECOND)
        if not kept:
            await conversations.keep(FIRST)
            await conversations.delete("acme", "resp_1")
        with pytest.raises(refusal) as refused:
            await refer(conversations, tenant, name)
        return refused.value.param

    assert "input" == conversation(tmp_path, work, *kept)


def test_a_conversation_too_large_to_gather(tmp_path):
    """Is refused before it fills the memory: a thousand turns may hold a thousand requests."""
    large = b'["' + b"x" * (40 << 20) + b'"]'

    async def work(conversations):
        with pytest.raises(TooLarge) as refused:
            await conversations.recall("acme", "resp_2", [])
        return refused.value.param

    turns = (replace(FIRST, input=large), replace(SECOND, input=large))
    assert "previous_response_id" == conversation(tmp_path, work, *turns)


@pytest.mark.parametrize(
    ("tenant", "records"),
    (
        ("acme", []),
        ("other", [FIRST, SECOND]),
        ("acme", [SECOND]),
        ("acme", [FIRST, replace(SECOND, status="in_progress")]),
    ),
)
def test_what_cannot_be_gone_on_from(tmp_path, tenant, records):
    """Unknown, another tenant's, one whose beginning is gone, one that is not over."""

    async def work(conversations):
        with pytest.raises(PreviousNotFound) as refused:
            await conversations.recall(tenant, "resp_2", [])
        return refused.value

    error = conversation(tmp_path, work, *records)
    assert (400, "previous_response_not_found", "previous_response_id") == (
        error.status,
        error.code,
        error.param,
    )


def test_nothing_before_is_nothing_before(tmp_path):
    """The very items, so that who asks can tell."""
    own = [Raw(b'{"type":"message","id":"msg_9"}')]

    async def work(conversations):
        return await conversations.recall("acme", None, own)

    before, now = conversation(tmp_path, work)
    assert ([], True) == (before, now is own)


def test_what_a_response_was_made_from(tmp_path):
    """All of it; of another tenant's nothing, not even that it is there."""

    async def work(conversations):
        with pytest.raises(NotFound):
            await conversations.input_items("other", "resp_2")
        with pytest.raises(NotFound):
            await conversations.delete("other", "resp_2")
        return await conversations.input_items("acme", "resp_2")

    assert ["msg_1", "msg_2", "msg_3"] == ids(conversation(tmp_path, work, FIRST, SECOND))


def test_sweeping(tmp_path):
    """What is older than the retention goes at the first look."""

    async def work(conversations):
        await conversations.keep(replace(FIRST, created_at=939.0))
        tasks = Tasks(lambda name, error: None)
        tasks.spawn("sweep", conversations.sweep())
        for _ in range(1000):
            if await conversations.store.get("acme", "resp_1") is None:
                break
        await tasks.aclose()
        return (await conversations.get("acme", "resp_2")).id

    young = replace(SECOND, created_at=941.0)
    assert "resp_2" == conversation(tmp_path, work, young)


def test_a_sweep_that_fails_is_not_the_last(tmp_path):
    """Somebody hears of it, and the next one is due."""
    told = []

    class Full:
        async def expire(self, before):
            raise LedgerUnavailable("the disk is full")

    async def run():
        conversations = Conversations(Full(), ManualClock(), lambda: "t", 60.0, told.append)
        tasks = Tasks(lambda name, error: told.append(name))
        tasks.spawn("sweep", conversations.sweep())
        await asyncio.sleep(0)
        running = len(tasks)
        await tasks.aclose()
        return running

    assert 1 == asyncio.run(run())
    assert ["full" in one for one in told] == [True]


def test_what_is_counted(tmp_path):
    """Answers kept and deleted."""

    async def work(conversations):
        await conversations.delete("acme", "resp_1")
        return conversations.statistics()

    assert ConversationStatistics(2, 1, 0, 60.0) == conversation(tmp_path, work, FIRST, SECOND)


ITEMS = [Raw(b'{"id":"i%d"}' % number) for number in range(5)]


@pytest.mark.parametrize(
    ("after", "newest_first", "expected"),
    (
        (None, True, (["i4", "i3"], True)),
        ("i3", True, (["i2", "i1"], True)),
        ("i2", True, (["i1", "i0"], False)),
        ("i2", False, (["i3", "i4"], False)),
        ("i4", False, ([], False)),
    ),
)
def test_pages(after, newest_first, expected):
    """Either way round, from behind any item."""
    data, more = page(ITEMS, after=after, limit=2, newest_first=newest_first)
    assert expected == (ids(data), more)


def test_a_page_behind_nothing():
    """Is refused, not empty."""
    with pytest.raises(NotFound):
        page(ITEMS, after="i9", limit=2, newest_first=True)
