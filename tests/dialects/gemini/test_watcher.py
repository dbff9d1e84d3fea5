"""A passing stream, watched."""

import pytest
from msgspec import json

from tests.dialects.gemini.kit import DIALECT, event, framed
from trunkline.canon.errors import Disconnected, Garbled, Overloaded
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting

HI, END = event({"text": "hi"}), event({"text": ""}, finish="STOP")
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 4}


def watched(*pieces):
    watcher = DIALECT.watcher(wants_usage=True)
    for piece in pieces:
        assert piece == watcher.feed(piece)
    return watcher


def test_sightings():
    """Content, then the end; an empty text and bare usage are nothing a client would miss."""
    assert Sighting.NOTHING is watched(framed({"usageMetadata": USAGE})).sighting
    assert Sighting.NOTHING is watched(event({"text": ""})).sighting
    assert Sighting.CONTENT is watched(HI).sighting
    assert Sighting.CONTENT is watched(event({"text": "", "thoughtSignature": "s"})).sighting
    assert Sighting.CONTENT is watched(event({"executableCode": {}})).sighting
    assert Sighting.FINISHED is watched(HI + END).sighting


def test_candidates():
    """Finished when all that were seen have finished."""
    other = event({"text": "x"}, index=1)
    assert Sighting.CONTENT is watched(other, HI, END).sighting
    assert Sighting.FINISHED is watched(other, HI, END, event(index=1, finish="STOP")).sighting


def test_a_refused_prompt():
    """Is an answer."""
    blocked = framed({"promptFeedback": {"blockReason": "SAFETY"}})
    assert Sighting.FINISHED is watched(blocked).sighting


def test_usage_and_what_was_said():
    """The last usage counts; texts, names and arguments are kept for an estimate."""
    call = {"functionCall": {"name": "f", "args": {"a": 1}}}
    piece = {"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x"}]}}
    watcher = watched(HI, event(call, piece, usageMetadata=USAGE), END)
    assert Usage(input=3, output=4) == watcher.usage
    assert ["hi", "f", '{"a":1}', "x"] == watcher.delivered


def test_an_error():
    """Is raised, what came before it at hand."""
    watcher = DIALECT.watcher(wants_usage=True)
    with pytest.raises(Overloaded):
        watcher.feed(HI + framed({"error": {"code": 503, "message": "busy"}}) + END)
    assert HI == watcher.before_error


def test_what_is_no_event():
    """Raised as what it is, any line ends."""
    watcher = DIALECT.watcher(wants_usage=True)
    with pytest.raises(Garbled):
        watcher.feed(HI.replace(b"\r\n", b"\n") + b"data: {\n\n")
    assert HI.replace(b"\r\n", b"\n") == watcher.before_error


def test_comments():
    """Pass, and say nothing."""
    assert Sighting.NOTHING is watched(b": ping\r\n\r\n").sighting


def test_faults():
    """Told as an event of the dialect."""
    told = watched(HI).fault(Disconnected("gone"), "req_1")
    assert "gone" == json.decode(told[6:])["error"]["message"]
