"""What a second request under a key gets is what the first one got, if that was an answer."""

import pytest

from trunkline.canon.exchange import Attempt, Exchange, Principal, Status
from trunkline.flow.recording import RecordingReply
from trunkline.storage.idempotency import KeptAnswer
from trunkline.testing.fakes import FakeReply

JSON = (b"content-type", b"application/json")


def exchange(status=None, attempts=0):
    made = Exchange(
        id="req_1",
        face="native",
        dialect="openai-chat",
        operation="chat",
        principal=Principal(key_id="k", tenant="acme"),
        envelope={},
        model="m",
        stream=False,
        headers={},
        received_at=0.0,
        started=0.0,
    )
    made.status = status
    made.attempts += [Attempt(1, None, 0.0)] * attempts
    return made


def recording(reply, of=None, most=100, ends=None):
    ends = [] if ends is None else ends
    return RecordingReply(reply, exchange() if of is None else of, most, ends.append)


def test_a_whole_answer_waits_until_it_is_kept():
    """Without the headers that tell of the moment."""
    reply, ends = FakeReply(), []
    headers = (JSON, (b"x-ratelimit-remaining", b"1"), (b"server-timing", b"x"), (b"x-a", b"b"))
    recorded = recording(reply, ends=ends)
    recorded.whole(201, headers, b"{}")

    assert ([recorded], "", True) == (ends, reply.closed, recorded.started)
    assert KeptAnswer(201, (JSON, (b"x-a", b"b")), b"{}") == recorded.answer
    recorded.release()
    recorded.release()  # once is enough
    assert (201, headers, b"{}", "whole") == (reply.status, reply.headers, reply.body, reply.closed)


def test_of_a_stream_only_the_end_waits():
    """All before it goes out as it comes."""
    reply = FakeReply()
    recorded = recording(reply, exchange(Status.OK))
    recorded.start(200, (JSON,))
    recorded.write(b"one ")
    assert (b"one ", None) == (reply.body, recorded.answer)
    recorded.end(b"two")

    assert ([b"one "], "") == (reply.written, reply.closed)
    assert KeptAnswer(200, (JSON,), b"one two", streamed=True) == recorded.answer
    recorded.release()
    assert (b"one two", "end") == (reply.body, reply.closed)


@pytest.mark.parametrize(
    ("status", "kept"),
    (
        (200, True),
        (201, True),
        (400, False),
        (404, False),
        (429, False),
        (500, False),
        (529, False),
    ),
)
def test_which_whole_answers_are_kept(status, kept):
    """No error: nobody paid for it, and it may be mended."""
    recorded = recording(FakeReply())
    recorded.whole(status, (), b"{}")

    assert kept == (recorded.answer is not None)


@pytest.mark.parametrize(
    ("status", "kept"),
    (
        (Status.OK, True),
        (None, True),  # a background response
        (Status.PARTIAL, False),
        (Status.FAILED, False),
        (Status.CANCELLED, False),
    ),
)
def test_which_streams_are_kept(status, kept):
    """An error at the end looks like any event; the books know better."""
    recorded = recording(FakeReply(), exchange(status))
    recorded.start(200, ())
    recorded.end(b"x")

    assert kept == (recorded.answer is not None)


def test_one_too_large_is_known_to_have_been():
    """Its body is not kept, and nothing of it is held in memory."""
    recorded = recording(FakeReply(), exchange(Status.OK), most=3)
    recorded.start(200, ())
    for _ in range(4):
        recorded.write(b"xx")
    recorded.end()

    assert KeptAnswer(200, (), None, streamed=True) == recorded.answer
    assert [] == recorded._pieces


def test_what_is_broken_off_comes_to_no_end():
    """Nothing is kept, and nothing waits."""
    reply, ends = FakeReply(), []
    recorded = recording(reply, ends=ends)
    recorded.start(200, ())
    recorded.write(b"x")
    recorded.abort()
    recorded.release()

    assert ([], False, None, "abort") == (ends, recorded.over, recorded.answer, reply.closed)


def test_how_the_client_reads_is_told_through_it():
    """As the edge says."""
    reply = FakeReply()
    recorded = recording(reply)
    before = (recorded.started, recorded.crowded, recorded.draining)
    reply.crowded = reply.draining = True

    assert (False, False, False) == before
    assert (True, True) == (recorded.crowded, recorded.draining)
