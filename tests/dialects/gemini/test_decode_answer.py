"""Whole answers."""

import pytest
from msgspec import json

from tests.dialects.gemini.kit import response, whole
from trunkline.canon.content import Text
from trunkline.canon.errors import Disconnected, Garbled, Throttled
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.decode_answer import decode_answer, read_answer_usage

USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 4, "thoughtsTokenCount": 5}


def test_an_answer():
    """Everything a stream would tell."""
    answer = whole({"text": "hi"}, usageMetadata=USAGE, createTime="2026-01-01T00:00:00Z")
    assert ("r1", "m", "gemini") == (answer.id, answer.model, answer.origin)
    assert (Text("hi"),) == answer.choices[0].parts
    assert Usage(input=3, output=4, reasoning=5) == answer.usage
    assert ["createTime"] == list(answer.extra)


def test_without_a_reason():
    """A candidate that does not say why it ended, ended."""
    answer = decode_answer(json.encode({"candidates": [{"content": {"parts": [{"text": "a"}]}}]}))
    assert FinishReason.STOP == answer.choices[0].finish


def test_no_answer():
    """No candidates and no reason for it: another deployment may do better."""
    for body in (b"{}", b'{"usageMetadata":{"promptTokenCount":1}}', b"[]", b"", b"\xff", b"[{"):
        with pytest.raises(Garbled):
            decode_answer(body)


def test_an_error_in_a_200():
    """Alone, or in the array of a stream."""
    error = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}
    for body in (error, [error]):
        for read in (decode_answer, read_answer_usage):
            with pytest.raises(Throttled):
                read(json.encode(body))


def test_a_call_nobody_can_read():
    """Is broken off, as in a stream."""
    with pytest.raises(Disconnected):
        whole(finish="MALFORMED_FUNCTION_CALL")


def test_an_array():
    """The chunks of an answer are the answer."""
    chunks = [response({"text": "h"}), response({"text": "i"}, finish="STOP", usageMetadata=USAGE)]
    assert (Text("hi"),) == decode_answer(json.encode(chunks)).choices[0].parts
    assert Usage(input=3, output=4, reasoning=5) == read_answer_usage(json.encode(chunks))


def test_usage_alone():
    """Without building the answer; what is no JSON is told."""
    body = json.encode(response({"text": "hi"}, usageMetadata=USAGE))
    assert Usage(input=3, output=4, reasoning=5) == read_answer_usage(body)
    assert read_answer_usage(b"{}") is None
    with pytest.raises(Garbled):
        read_answer_usage(b"<html>")
