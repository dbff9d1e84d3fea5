"""Whole text completions as OpenAI writes them."""

from msgspec import Raw, json

from tests.dialects.openai_completions.making import DIALECT, STAMP, asked
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Reasoning, Refusal, Text
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage


def told(request, *choices, **more):
    return json.decode(DIALECT.encode_answer(Answer(choices=choices, **more), request, STAMP))


def test_an_answer_of_a_model_that_chats():
    """Text, and what stands for it; thoughts have no place here."""
    choice = Choice(
        parts=(Reasoning("Hm."), Text("Hel"), Text("lo"), Refusal("!")), finish=FinishReason.LENGTH
    )

    assert {
        "id": "cmpl-t0k3n",
        "object": "text_completion",
        "created": 7,
        "model": "up",
        "choices": [{"text": "Hello!", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9},
    } == told(
        asked(), choice, model="up", usage=Usage(input=2, cache_read=1, output=2, reasoning=4)
    )


def test_an_echo_stands_before_every_choice():
    """And the tokens' places count it."""
    logprobs = Raw(b'{"content":[{"token":"hi","logprob":-1.5,"top_logprobs":[]}]}')
    choices = [Choice(index=at, parts=(Text("hi"),), logprobs=logprobs) for at in range(2)]
    body = told(asked(echo=True, logprobs=1), *choices)

    assert ["Sayhi", "Sayhi"] == [choice["text"] for choice in body["choices"]]
    assert [3] == body["choices"][1]["logprobs"]["text_offset"]
    assert "usage" not in body


def test_calls_are_an_end_like_any_other():
    """Nobody who asks for a completion has tools."""
    assert (
        "stop"
        == told(asked(), Choice(finish=FinishReason.TOOL_CALLS))["choices"][0]["finish_reason"]
    )
