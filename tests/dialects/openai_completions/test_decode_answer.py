"""Whole text completions of an upstream."""

import pytest
from msgspec import json

from tests.dialects.openai_completions.making import COLUMNS, DIALECT
from trunkline.canon.content import Text
from trunkline.canon.errors import Garbled, GatewayError, Throttled
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage


def body(**more):
    choice = {"text": "hi", "index": 0, "logprobs": None, "finish_reason": "length"}
    return json.encode({"id": "cmpl-1", "created": 5, "model": "up", "choices": [choice], **more})


def test_an_answer():
    """Text, why it ended, what it took."""
    answer = DIALECT.decode_answer(body(usage={"prompt_tokens": 3, "completion_tokens": 2}))
    [choice] = answer.choices

    assert ("cmpl-1", 5, "up", Usage(input=3, output=2)) == (
        answer.id,
        answer.created,
        answer.model,
        answer.usage,
    )
    assert ((Text("hi"),), FinishReason.LENGTH) == (choice.parts, choice.finish)


def test_logprobs_become_canonical():
    """Rows of tokens."""
    choice = {"text": " hi!", "index": 0, "logprobs": COLUMNS, "finish_reason": "stop"}
    [found] = DIALECT.decode_answer(json.encode({"choices": [choice]})).choices

    assert 2 == len(json.decode(found.logprobs)["content"])


@pytest.mark.parametrize("usage", (None, {}, {"prompt_tokens": -1}, {"prompt_tokens": 1e300}))
def test_a_usage_that_is_none(usage):
    """Then it is counted elsewhere."""
    assert DIALECT.read_usage(body(usage=usage)) is None


@pytest.mark.parametrize("data", (b"", b"[]", b'{"choices":[]}', b'{"choices":7}', b"\xff"))
def test_what_is_no_answer(data):
    """Garbled."""
    with pytest.raises(Garbled):
        DIALECT.decode_answer(data)


def test_an_error_in_a_200():
    """Is the error it tells of, whoever looks."""
    told = b'{"error":{"message":"slow","code":"rate_limit_exceeded"}}'
    for look in (DIALECT.decode_answer, DIALECT.read_usage):
        with pytest.raises(Throttled):
            look(told)
    with pytest.raises(GatewayError):
        DIALECT.decode_answer(b"{}")


def test_the_recorded_answer(shared):
    """Read, written again for a client of the same dialect, and still the same."""
    told = (shared / "fixtures/openai-completions/vai-openai-completion-text.json").read_bytes()
    answer = DIALECT.decode_answer(told)
    request = DIALECT.decode_request(b'{"model":"m","prompt":"Say"}', {})

    assert json.decode(told) == json.decode(DIALECT.encode_answer(answer, request, None))
    assert Usage(input=14, output=16) == answer.usage
    assert isinstance(answer.choices[0].parts[0], Text)
