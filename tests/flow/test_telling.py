"""Telling of failures: the client in its own shape, the log without what the client wrote."""

import pytest
from msgspec import json

from tests.flow.world import World, chat_body, openai
from trunkline.canon.errors import InternalError, Malformed, Overloaded, Refused, Throttled
from trunkline.faces.native.face import Native
from trunkline.flow.telling import bug, log_failure, refuse
from trunkline.testing.fakes import FakeReply


def test_a_refusal_has_the_dialect_s_headers_and_the_face_s():
    """Each name once: the dialect's own word for the request id counts."""
    world = World(openai())
    exchange, reply = world.make(chat_body()), FakeReply()
    refuse(Malformed("no"), exchange, Native(), world.rooms.dialects["openai-chat"], reply)

    names = [name for name, _ in reply.headers]
    assert (400, "no") == (reply.status, json.decode(reply.body)["error"]["message"])
    assert len(names) == len(set(names))
    assert {b"content-type", b"x-request-id", b"x-trunkline-request-id"} <= set(names)


def test_a_bug_is_told_to_the_log_alone():
    """The client learns that it was ours, and no more."""
    error = bug(KeyError("secret"))

    assert isinstance(error, InternalError)
    assert "secret" not in error.message
    assert "secret" in error.detail


@pytest.mark.parametrize(
    ("error", "lines", "quoted"),
    (
        (Malformed("the prompt"), 0, False),
        (Refused("the prompt"), 1, False),
        (Throttled("the prompt"), 1, True),
        (Overloaded("the prompt"), 1, True),
    ),
)
def test_what_is_logged(error, lines, quoted):
    """Nothing where the client is at fault, and nothing of what it wrote."""
    world = World(openai())
    log_failure(error, world.make(chat_body()), world.rooms.log)

    assert lines == len(world.logged)
    assert quoted == ("the prompt" in "".join(world.logged))
