"""Background responses: taken over from whoever let go, given up after some, told when they fail."""

import msgspec
from msgspec.structs import replace

from tests.gateway import World, within
from trunkline.canon.exchange import Principal
from trunkline.conversations.jobs import Job, Running, write_job
from trunkline.flow.background import _JobReply
from trunkline.storage.records import ResponseRecord

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


def watched(folder, record):
    """What becomes of a response that some worker left behind."""

    ends: list[ResponseRecord] = []

    async def work(w: World) -> None:
        store = w.gateway.storage.responses
        await store.put(record)
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
    job = msgspec.structs.replace(JOB, model="nobody/nothing")
    answer = msgspec.json.decode(watched(tmp_path, replace(RECORD, job=write_job(job))).body)
    assert "failed" == answer["status"]
    assert "nobody" in answer["error"]["message"]


def test_what_cannot_be_read_fails(tmp_path):
    """A job of another version, perhaps."""
    assert "failed" == watched(tmp_path, replace(RECORD, job=b"{}")).status


def test_the_upstream_s_id_becomes_ours():
    """From the first event on, wherever it stands."""
    running = Running()
    reply = _JobReply("resp_ours", running)
    reply.start(200, ())
    reply.write(b'data: {"type":"response.created","response":{"id":"resp_theirs"}}\n\n')
    reply.end(
        b'data: {"type":"response.completed","response":{"id":"resp_theirs","status":"completed"}}\n\n'
    )
    assert b"theirs" not in running.events
    assert b'{"id":"resp_ours","status":"completed"}' == reply.response
