"""/v1/responses/{id} and what hangs on it: parameters that are wrong, and callers that are."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.flow.test_background import RECORD
from tests.gateway import World, within
from trunkline.admin.responses import awaited
from trunkline.conversations.events import event
from trunkline.wire.sse import frames

DONE = replace(
    RECORD,
    tenant="default",
    status="completed",
    body=RECORD.body.replace(b"queued", b"completed"),
    job=b"",
)


@pytest.mark.parametrize(
    ("method", "path", "status", "param"),
    (
        ("GET", "/v1/responses/resp_9", 404, None),
        ("DELETE", "/v1/responses/resp_9", 404, None),
        ("POST", "/v1/responses/resp_9/cancel", 404, None),
        ("POST", "/v1/responses/compact", 404, None),
        ("GET", "/v1/responses/resp_9/input_items", 404, None),
        ("GET", "/v1/responses/resp_1?stream=true&starting_after=x", 400, "starting_after"),
        ("GET", "/v1/responses/resp_1/input_items?order=up", 400, "order"),
        ("GET", "/v1/responses/resp_1/input_items?limit=0", 400, "limit"),
        ("GET", "/v1/responses/resp_1/input_items?limit=101", 400, "limit"),
        ("GET", "/v1/responses/resp_1/input_items?limit=x", 400, "limit"),
        ("GET", "/v1/responses/resp_1/input_items?after=msg_9", 404, "after"),
    ),
)
def test_what_is_refused(tmp_path, method, path, status, param):
    """In OpenAI's shape, the parameter named."""

    async def work(w: World) -> None:
        await w.gateway.conversations.keep(DONE)
        answer = await w.ask(method, path, key=await w.key())
        assert (status, param) == (answer.status, answer.json["error"]["param"])

    within(tmp_path, work)


def test_compaction_is_refused_by_name(tmp_path):
    """Not as a response's id that takes other methods; and a response may be called so all the same."""

    async def work(w: World) -> None:
        key = await w.key()
        told = (await w.ask("POST", "/v1/responses/compact", {"model": "m"}, key=key)).json["error"]
        assert "invalid_request_error" == told["type"]
        assert "compaction is not served here" in told["message"]
        gone = await w.ask("DELETE", "/v1/responses/compact", key=key)
        assert "compaction" not in gone.json["error"]["message"]

    within(tmp_path, work)


def test_what_was_not_streamed_streams_all_the_same(tmp_path):
    """From its beginning, or from behind an event."""

    async def work(w: World) -> None:
        await w.gateway.conversations.keep(DONE)
        key = await w.key()
        whole = await w.ask("GET", "/v1/responses/resp_1?stream=true", key=key)
        rest = await w.ask("GET", "/v1/responses/resp_1?stream=true&starting_after=1", key=key)
        kinds = [name.decode() for name, _ in frames(whole.body)]
        assert ["response.created", "response.in_progress", "response.completed"] == kinds
        assert [b"response.completed"] == [name for name, _ in frames(rest.body)]
        assert DONE.body in rest.body

    within(tmp_path, work)


@pytest.mark.parametrize(
    ("told", "expected"),
    (
        (event("x", 7, {}), ["x"]),
        (b"", ["response.created", "response.in_progress", "response.cancelled"]),
    ),
)
def test_what_is_cancelled_under_a_reader_s_eyes_is_read_to_its_end(told, expected):
    """By its worker's word, that comes a little later; for want of one, as it is stored."""
    cancelled = replace(DONE, status="cancelled", body=b'{"id":"resp_1","status":"cancelled"}')
    looks = [cancelled, cancelled, *[replace(cancelled, events=told)] * 10]

    async def look():
        return looks.pop(0)

    async def work():
        first = replace(DONE, status="in_progress")
        return b"".join([piece async for piece in awaited(first, -1, look, every=0.0)])

    assert expected == [name.decode() for name, _ in frames(asyncio.run(work()))]


def test_the_admin_key_has_no_responses(tmp_path):
    """They are a tenant's."""

    async def work(w: World) -> None:
        assert 403 == (await w.ask("GET", "/v1/responses/resp_1")).status

    within(tmp_path, work)


def test_shown_listed_and_deleted(tmp_path):
    """The object as it was kept; an empty list has no first item; deleting says so."""

    async def work(w: World) -> None:
        await w.gateway.conversations.keep(DONE)
        key = await w.key()
        shown = await w.ask("GET", "/v1/responses/resp_1", key=key)
        items = await w.ask("GET", "/v1/responses/resp_1/input_items", key=key)
        deleted = await w.ask("DELETE", "/v1/responses/resp_1", key=key)
        assert DONE.body == shown.body
        assert ([], None, None, False) == tuple(
            items.json[name] for name in ("data", "first_id", "last_id", "has_more")
        )
        assert {"id": "resp_1", "object": "response", "deleted": True} == deleted.json

    within(tmp_path, work)
