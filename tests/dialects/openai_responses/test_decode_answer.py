"""Whole answers of upstreams."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import OWN, RESPONSE, USAGE, whole
from trunkline.canon.errors import Disconnected, Garbled, GatewayError, Overloaded, Throttled
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_responses.decode_answer import decode_answer, read_usage_of

TEXT = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": [TEXT]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}


def test_what_an_answer_is():
    """Its head, why it ended, what it took, and what else only its dialect knows."""
    answer = whole(MESSAGE, store=False, service_tier=None)
    assert ("resp_1", "m", 7, OWN) == (answer.id, answer.model, answer.created, answer.origin)
    assert (FinishReason.STOP, "completed") == (answer.choices[0].finish, answer.choices[0].native)
    assert Usage(input=5, cache_read=4, output=3, reasoning=2) == answer.usage
    assert {"store": Raw(b"false")} == answer.extra


def test_calls_finish_a_turn():
    """But not one that was cut."""
    details = {"reason": "max_output_tokens"}
    cut = whole(CALL, status="incomplete", incomplete_details=details)
    assert FinishReason.TOOL_CALLS is whole(CALL).choices[0].finish
    assert FinishReason.LENGTH is cut.choices[0].finish


def test_log_probabilities():
    """Those of all parts, in one."""
    entry = {"token": "hi", "logprob": -1.0}
    told = {**MESSAGE, "content": [{**TEXT, "logprobs": [entry]}, {**TEXT, "logprobs": [entry]}]}
    raw = whole(told, {"type": "web_search_call", "content": 7}).choices[0].logprobs
    assert {"content": [entry, entry], "refusal": None} == json.decode(raw)


def test_an_error_in_a_200():
    """Of any form: alone, or as what became of the response."""
    bare = {"error": {"code": "rate_limit_exceeded", "message": "Slow."}}
    with pytest.raises(Throttled, match="Slow"):
        decode_answer(json.encode(bare))
    with pytest.raises(Overloaded, match="Oops"):
        whole(status="failed", error={"code": "server_error", "message": "Oops."})
    with pytest.raises(Throttled):
        read_usage_of(json.encode(bare))


@pytest.mark.parametrize("status", ("failed", "cancelled", "in_progress", "queued"))
def test_an_answer_that_is_none(status):
    """A response that did not end is no answer."""
    with pytest.raises(Disconnected):
        whole(status=status)


def test_a_chat_completion():
    """Another API's answer on this one's path is told as such."""
    body = {"object": "chat.completion", "choices": [{"message": {"content": "hi"}}]}
    with pytest.raises(Garbled, match="Chat Completions"):
        decode_answer(json.encode(body))


@pytest.mark.parametrize("body", (b"", b"<html>", b"[]", b'{"output":7}', b'{"output":[7]}', b"{}"))
def test_bodies_of_no_answer(body):
    """Garbled, and nothing else."""
    with pytest.raises(Garbled):
        decode_answer(body)


def test_a_list_with_an_error():
    """Google wraps its errors."""
    with pytest.raises(GatewayError, match="Slow"):
        decode_answer(b'[{"error":{"code":429,"message":"Slow."}}]')


def test_usage_alone():
    """Without reading the answer; an odd one is no reason to lose it."""
    body = {**RESPONSE, "output": "not looked at", "usage": USAGE, "error": None}
    assert 14 == read_usage_of(json.encode(body)).total
    assert read_usage_of(json.encode({**body, "usage": [7]})) is None
    assert 14 == read_usage_of(json.encode({**body, "model": "é"})).total
