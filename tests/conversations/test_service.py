"""Conversations: what was said before, for its tenant alone, and pages of it."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from tests.storage.sqlite.making import with_storage
from tests.storage.sqlite.test_responses import RECORD
from trunkline.canon.errors import NotFound
from trunkline.conversations.items import id_of
from trunkline.conversations.service import Conversations, PreviousNotFound, page
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

    found = conversation(tmp_path, work, FIRST, SECOND)
    assert ["msg_1", "msg_2", "msg_3", "fc_1", "msg_2", "msg_9"] == ids(found)


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

    assert own is conversation(tmp_path, work)


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
