"""The answer of a background response: under its own id, for readers and for the store."""

import msgspec
import pytest

from tests.flow.test_background import RECORD
from trunkline.canon.errors import Garbled
from trunkline.conversations.jobs import Running
from trunkline.flow.job_reply import JobReply, told_failure
from trunkline.wire.sse import frames

CREATED = b'data: {"type":"response.created","response":{"id":"resp_theirs"}}\n\n'
DONE = (
    b'data: {"type":"response.completed","response":{"id":"resp_theirs","status":"completed"}}\n\n'
)


def test_the_upstream_s_id_becomes_ours():
    """From the first event on, wherever it stands."""
    running = Running()
    reply = JobReply(RECORD, running, 1000)
    reply.start(200, ())
    reply.write(CREATED)
    reply.end(DONE)
    done = reply.finished()

    assert b"theirs" not in running.events
    assert ("completed", running.events, b"") == (done.status, done.events, done.job)
    assert {"id": "resp_1", "status": "completed"} == msgspec.json.decode(done.body)


def test_a_cancelled_one_keeps_what_came():
    """Its events, and the response with them at their end."""
    running = Running()
    reply = JobReply(RECORD, running, 1000)
    reply.write(CREATED)
    done = reply.cancelled(msgspec.Raw(b'{"output_tokens":3}'))
    name, data = frames(running.events)[-1]
    told = msgspec.json.decode(data)

    assert (b"response.cancelled", 2) == (name, told["sequence_number"])
    assert ("cancelled", [], {"output_tokens": 3}) == tuple(
        told["response"][field] for field in ("status", "output", "usage")
    )
    assert ("cancelled", running.events, b"") == (done.status, done.events, done.job)
    assert msgspec.json.decode(done.body) == told["response"]


def test_one_that_is_whole_is_not_broken_off():
    """Whoever cancels, or stops, comes too late."""
    running = Running()
    reply = JobReply(RECORD, running, 1000)
    reply.end(DONE)
    reply.abandoned()
    done = reply.cancelled(msgspec.Raw(b"null"))
    assert ("completed", running.events) == (done.status, done.events)
    assert b"response.completed" == frames(running.events)[-1][0]


@pytest.mark.parametrize("pieces", ((), (CREATED,)))
def test_no_answer_is_a_failure(pieces):
    """That readers hear of, too."""
    running = Running()
    reply = JobReply(RECORD, running, 1000)
    for piece in pieces:
        reply.write(piece)
    done = reply.finished()
    name, data = frames(running.events)[-1]

    assert ("failed", b"response.failed") == (done.status, name)
    assert done.body in data
    assert running.events == done.events


def test_an_answer_that_never_ends_is_ended():
    """Once: what tells of the failure still comes through."""
    running = Running()
    reply = JobReply(RECORD, running, 1000)
    piece = b'data: {"type":"response.x","delta":"%b"}\n\n' % (b"a" * 300)
    reply.write(piece)
    reply.write(piece)
    with pytest.raises(Garbled):
        reply.write(piece)
    reply.end(DONE.replace(b"completed", b"failed"))
    done = reply.finished()
    assert "failed" == done.status
    assert len(done.events) < 3000


@pytest.mark.parametrize(
    ("refusal", "code", "message"),
    (
        (b"", "server_error", "could not"),
        (b"nonsense", "server_error", "could not"),
        (b'{"error":{"message":"Why.","code":null}}', "server_error", "Why."),
        (b'{"error":{"message":"Slow.","code":"rate_limit_exceeded"}}', "rate_limit_exceeded", "S"),
        (b'{"error":{"message":"Who?","code":"model_not_found"}}', "server_error", "Who?"),
    ),
)
def test_why_it_failed(refusal, code, message):
    """In the words of the error, by the codes that a response has."""
    told = told_failure(refusal)
    assert code == told["code"]
    assert message in told["message"]
