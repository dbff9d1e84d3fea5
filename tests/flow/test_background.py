"""Background responses: taken over from whoever let go, given up after some, told when they fail."""

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.gateway import CONFIG, World, head, within
from trunkline.canon.errors import LedgerUnavailable
from trunkline.canon.exchange import Principal
from trunkline.conversations.jobs import Job, Running, read_job, write_job
from trunkline.flow.background import Background, BackgroundStatistics
from trunkline.storage.records import ResponseRecord
from trunkline.testing.fakes import FakeReply
from trunkline.wire.sse import frames
from trunkline.wiring.serving import endpoints

JOB = Job(
    face="native",
    dialect="openai-responses",
    principal=Principal(key_id="k", tenant="acme"),
    model="sim/sim-chat",
    body=b'{"model":"sim/sim-chat","input":"hi","background":true}',
    stream=False,
)
RECORD = ResponseRecord(
    tenant="acme",
    id="resp_1",
    key_id="k",
    previous_id=None,
    status="in_progress",
    created_at=1_795_000_000.0,
    input=b"[]",
    body=b'{"id":"resp_1","status":"queued","background":true,"output":[],"error":null}',
    job=write_job(JOB),
)


async def asked_by(w, record, *, revoked=False):
    """The same, asked for with a key that is there, or was."""
    key_id = (await w.key()).split("_")[1]
    if revoked:
        await w.gateway.key_service.revoke(key_id)
    if b"principal" not in record.job:
        return record
    job = read_job(record.job)
    job = replace(job, principal=replace(job.principal, key_id=key_id))
    return replace(record, key_id=key_id, job=write_job(job))


def watched(folder, record, *, revoked=False):
    """What becomes of a response that some worker left behind."""

    ends: list[ResponseRecord] = []

    async def work(w: World) -> None:
        store = w.gateway.storage.responses
        await store.put(await asked_by(w, record, revoked=revoked))
        w.gateway.tasks.spawn("watch", w.gateway.background.watch())
        for _ in range(100_000):
            found = await store.get("acme", "resp_1")
            assert found is not None
            if found.status not in ("queued", "in_progress"):
                ends.append(found)
                return

    within(folder, work)
    [end] = ends
    return end


def test_what_another_worker_left_is_begun_anew(tmp_path):
    """Under its own id, in whole and in events; nothing of the job is kept."""
    done = watched(tmp_path, RECORD)
    answer = msgspec.json.decode(done.body)

    assert ("completed", "resp_1", "completed", b"") == (
        done.status,
        answer["id"],
        answer["status"],
        done.job,
    )
    assert answer["output"]
    assert b'"id":"resp_1"' in done.events


def test_what_nobody_can_make_fails(tmp_path):
    """The third worker it takes down is the last."""
    answer = msgspec.json.decode(watched(tmp_path, replace(RECORD, attempts=3)).body)
    assert ("failed", "server_error") == (answer["status"], answer["error"]["code"])


def test_what_a_provider_says_is_told(tmp_path):
    """In the response's own error."""
    job = replace(JOB, model="nobody/nothing")
    answer = msgspec.json.decode(watched(tmp_path, replace(RECORD, job=write_job(job))).body)
    assert "failed" == answer["status"]
    assert "nobody" in answer["error"]["message"]


def test_what_cannot_be_read_fails(tmp_path):
    """A job of another version, perhaps."""
    assert "failed" == watched(tmp_path, replace(RECORD, job=b"{}")).status


def test_a_key_revoked_meanwhile_asks_for_nothing(tmp_path):
    """No upstream hears of it, and the response says why."""
    answer = msgspec.json.decode(watched(tmp_path, RECORD, revoked=True).body)
    assert ("failed", "server_error") == (answer["status"], answer["error"]["code"])
    assert "key" in answer["error"]["message"]


async def ask(w: World, reply: FakeReply, **more: object) -> None:
    path = "/v1/responses"
    body = {"model": "sim/sim-chat", "input": "hi", "background": True, **more}
    call = endpoints(w.gateway)[b"POST", path.encode()].begin(head(await w.key(), path, w.clock))
    await call.run(msgspec.json.encode(body), reply)


async def over(w: World, reply: FakeReply) -> ResponseRecord:
    """What becomes of the one that was answered so."""
    response_id = msgspec.json.decode(reply.body)["id"]
    for _ in range(100_000):
        record = await w.gateway.conversations.get("default", response_id)
        if record.status not in ("queued", "in_progress"):
            return record
    raise AssertionError("it never ended")


def test_its_books_are_under_the_request_that_asked(tmp_path):
    """So that the request id of the answer finds what it cost."""

    async def work(w: World) -> None:
        reply = FakeReply()
        await ask(w, reply)
        await over(w, reply)
        request_id = (reply.header(b"x-trunkline-request-id") or b"").decode()
        entry = (await w.ask("GET", f"/admin/v1/requests/{request_id}")).json
        assert (201, "ok", True) == (reply.status, entry["status"], entry["cost_nanousd"] > 0)
        assert reply.header(b"x-trunkline-cost-usd") is None  # nobody knew it then

    within(tmp_path, work)


def test_a_reader_has_the_id_at_once(tmp_path):
    """Then all events, counted through, and the same from the store afterwards."""

    async def work(w: World) -> None:
        reply = FakeReply()
        await ask(w, reply, stream=True)
        kinds = [name.decode() for name, _ in frames(reply.body)]
        numbers = [msgspec.json.decode(data)["sequence_number"] for _, data in frames(reply.body)]
        assert ["response.created", "response.queued", "response.in_progress"] == kinds[:3]
        assert "response.completed" == kinds[-1]
        assert list(range(len(kinds))) == numbers
        response_id = msgspec.json.decode(frames(reply.body)[0][1])["response"]["id"]
        for _ in range(100_000):
            record = await w.gateway.conversations.get("default", response_id)
            if record.events:
                break
        assert reply.body == record.events

    within(tmp_path, work)


def test_there_is_room_for_so_many(tmp_path):
    """The next is told to come again, and nothing of it is kept."""

    async def work(w: World) -> None:
        first, second = FakeReply(), FakeReply()
        await ask(w, first, model="sim/sim-chat@ttft=60000")
        await ask(w, second)
        error = msgspec.json.decode(second.body)["error"]
        assert (201, 429, "rate_limit_exceeded") == (first.status, second.status, error["code"])
        assert second.header(b"retry-after") is not None
        assert BackgroundStatistics(1, 1, 0, 1, 0) == w.gateway.statistics()["background"]
        left = await w.gateway.storage.responses.claim(9e9, 9e9)
        assert left is not None
        assert await w.gateway.storage.responses.claim(9e9, 9e9) is None

    within(tmp_path, work, config=CONFIG + "[responses]\nmax_background = 1\n")


def test_stopping_leaves_it_to_the_next(tmp_path):
    """At once, and without counting it among the workers it took down; its bill is closed."""
    ids: list[str] = []

    async def first(w: World) -> None:
        reply = FakeReply()
        await ask(w, reply, model="sim/sim-chat@ttft=60000")
        ids.append(msgspec.json.decode(reply.body)["id"])
        await asyncio.sleep(0)

    async def second(w: World) -> None:
        left = await w.gateway.storage.responses.get("default", ids[0])
        assert left is not None
        assert 0 == left.attempts or w.gateway.background.statistics().taken_over
        assert (await w.gateway.reports.totals()).requests

    within(tmp_path, first)
    within(tmp_path, second)


class Flaky:
    """A store whose disk is full for a while."""

    def __init__(self, store, failures):
        self.store, self.failures = store, failures

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def finish(self, record):
        return await self._may_fail(self.store.finish, record)

    async def hold(self, record, until):
        return await self._may_fail(self.store.hold, record, until)

    async def _may_fail(self, work, *given):
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable("the disk is full")
        return await work(*given)


def test_an_answer_that_never_ends_is_ended(tmp_path):
    """Its reader hears of it, and what came is billed."""

    async def work(w: World) -> None:
        w.gateway.generations._rooms = replace(w.gateway.rooms, max_answer=3000)
        reply = FakeReply()
        await ask(w, reply, model="sim/sim-chat@tokens=2000")
        record = await over(w, reply)
        assert ("failed", b"response.failed") == (record.status, frames(record.events)[-1][0])
        totals = await w.gateway.reports.totals()
        assert (1, True) == (totals.requests, totals.cost_nanousd > 0)

    within(tmp_path, work)


def test_an_answer_is_stored_as_soon_as_that_goes(tmp_path):
    """It is paid for: it is not made a second time for want of a page on the disk."""

    async def work(w: World) -> None:
        w.gateway.conversations.store = Flaky(w.gateway.storage.responses, 2)
        reply = FakeReply()
        await ask(w, reply)
        assert "completed" == (await over(w, reply)).status
        assert 1 == (await w.gateway.reports.totals()).requests

    within(tmp_path, work)


def test_a_cancelled_one_stays_cancelled(tmp_path):
    """Whoever reads its events comes to their end."""

    async def work(w: World) -> None:
        reply = FakeReply()
        await ask(w, reply, model="sim/sim-chat@ttft=60000")
        response_id = msgspec.json.decode(reply.body)["id"]
        running = w.gateway.background.running("default", response_id)
        assert running is not None
        await w.gateway.background.cancel("default", response_id)
        told = b"".join([piece async for piece in running.follow(-1)])
        assert b"response.queued" in told
        again = await w.gateway.background.cancel("default", response_id)
        assert ("cancelled", 1) == (again.status, w.gateway.background.statistics().cancelled)

    within(tmp_path, work)


async def begun(w: World, model: str) -> tuple[str, Running]:
    """One that has said something, and will be long."""
    reply = FakeReply()
    await ask(w, reply, model=f"{model}/sim-chat@rate=50,tokens=2000")
    response_id = msgspec.json.decode(reply.body)["id"]
    running = w.gateway.background.running("default", response_id)
    assert running is not None
    async for _ in running.follow(-1):
        if running.events.count(b"_text.delta") > 2:
            break
    return response_id, running


async def read_to_the_end(running: Running) -> bytes:
    async with asyncio.timeout(10):
        return b"".join([piece async for piece in running.follow(-1)])


def told_at_the_end(record: ResponseRecord) -> dict[str, Any]:
    """What a later reader learns: each event in its place, the last of them as GET tells it."""
    told = [msgspec.json.decode(data) for _, data in frames(record.events)]
    assert list(range(len(told))) == [one["sequence_number"] for one in told]
    last: dict[str, Any] = told[-1]["response"]
    assert ("response.cancelled", "cancelled") == (told[-1]["type"], last["status"])
    assert msgspec.json.decode(record.body) == last
    said = "".join(one["delta"] for one in told if one["type"] == "response.output_text.delta")
    [item] = last["output"]
    assert [said, "incomplete"] == [item["content"][0]["text"], item["status"]]
    assert said
    return last


DIALECTS = (
    CONFIG
    + """[providers.own]
kind = "sim"
dialect = "openai-responses"
"""
)


@pytest.mark.parametrize("provider", ("sim", "claude", "own"))
def test_a_cancelled_one_says_so_and_keeps_what_was_said(tmp_path, provider):
    """To whoever reads it then and later; with the usage that is billed."""

    async def work(w: World) -> None:
        response_id, running = await begun(w, provider)
        reading = asyncio.gather(read_to_the_end(running))
        await asyncio.sleep(0)
        record = await w.gateway.background.cancel("default", response_id)
        assert [record.events] == await reading
        usage = told_at_the_end(record)["usage"]
        totals = await w.gateway.reports.totals()
        assert (totals.usage.total_input, totals.usage.total_output) == (
            usage["input_tokens"],
            usage["output_tokens"],
        )
        assert 0 < usage["output_tokens"]

    within(tmp_path, work, config=DIALECTS)


def test_what_another_worker_cancels_is_told_by_the_one_that_makes_it(tmp_path):
    """Which learns of it at its next look: the first says only that it is cancelled."""

    async def work(w: World) -> None:
        background, store = w.gateway.background, w.gateway.storage.responses
        response_id, running = await begun(w, "sim")
        elsewhere = Background(
            w.gateway.conversations, w.gateway.background._rooms, {}, str, lambda p, _: p, 1
        )
        first = await elsewhere.cancel("default", response_id)
        assert ("cancelled", b"", 1) == (
            first.status,
            first.events,
            elsewhere.statistics().cancelled,
        )
        making = background._making["default", response_id]
        w.gateway.tasks.spawn("look now", background._hold(making))
        told = await read_to_the_end(running)
        await asyncio.wait([making.task])
        record = await store.get("default", response_id)
        assert record is not None
        assert told == record.events
        told_at_the_end(record)
        assert 0 == background.statistics().cancelled

    within(tmp_path, work)


def test_readers_of_what_is_let_go_are_told(tmp_path):
    """Another worker begins it anew: what they have is no beginning of its answer."""
    told: list[bytes] = []

    async def work(w: World) -> None:
        _, running = await begun(w, "sim")
        await w.gateway.background.aclose()
        told.append(await read_to_the_end(running))

    within(tmp_path, work)
    name, data = frames(told[0])[-1]
    assert (b"error", "server_error") == (name, msgspec.json.decode(data)["error"]["code"])


def test_who_has_used_up_his_requests_queues_nothing(tmp_path):
    """Refused at once: what is queued is kept."""

    async def work(w: World) -> None:
        made = await w.ask(
            "POST", "/admin/v1/keys", {"name": "a", "limits": {"requests_per_day": 1}}
        )
        key = made.json["key"]
        assert 200 == (await w.chat(key)).status
        body = {"model": "sim/sim-chat", "input": "hi", "background": True}
        call = endpoints(w.gateway)[b"POST", b"/v1/responses"].begin(
            head(key, "/v1/responses", w.clock)
        )
        reply = FakeReply()
        await call.run(msgspec.json.encode(body), reply)

        assert 429 == reply.status
        assert b"requests_per_day" in reply.body
        assert 0 == w.gateway.background.statistics().begun

    within(tmp_path, work)


def test_a_store_that_is_away_is_told_of_once(tmp_path):
    """However often it is looked at; and once more when it is back."""

    async def work(w: World) -> None:
        store = w.gateway.storage.responses
        asked = 0

        async def claim(now, until):
            nonlocal asked
            asked += 1
            if 1 < asked < 6:  # the first to ask is the gateway's own watch
                raise LedgerUnavailable("no")

        store.claim = claim
        w.gateway.tasks.spawn("watch again", w.gateway.background.watch(every=0.0))
        async with asyncio.timeout(10):
            while asked < 8:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0)
        told = [line for line in w.logged if "background responses" in line]
        assert ["wait", "are"] == [
            line.partition("background responses ")[2].partition(" ")[0].rstrip(":")
            for line in told
        ]

    within(tmp_path, work)
