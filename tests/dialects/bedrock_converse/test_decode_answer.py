"""Tests of whole answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.dialects.bedrock_converse.kit import DIALECT
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.errors import Garbled, GatewayError, Throttled
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage

NAME = DIALECT.name


def answer(*blocks, stop="end_turn", **more):
    body = {
        "output": {"message": {"role": "assistant", "content": blocks}},
        "stopReason": stop,
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 1},
        **more,
    }
    return DIALECT.decode_answer(json.encode(body))


def test_every_kind_of_block():
    """Thinking, hidden thinking, text, a call with its input to the byte."""
    choice = answer(
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "b64="}},
        {"text": "Let me look."},
        {"toolUse": {"toolUseId": "t", "name": "f", "input": {"b": 1, "a": 2}, "type": "tool_use"}},
        stop="tool_use",
    ).choices[0]

    assert (
        Reasoning("hm", "s", NAME),
        Reasoning("", "b64=", NAME, redacted=True),
        Text("Let me look."),
        ToolCall("t", "f", '{"b":1,"a":2}'),
    ) == choice.parts
    assert (FinishReason.TOOL_CALLS, "tool_use") == (choice.finish, choice.native)


def test_cited_text():
    """The text whole, its citations as Bedrock wrote them."""
    cited = {"content": [{"text": "a"}, {"text": "b"}], "citations": [{"title": "t"}]}
    part = answer({"citationsContent": cited}).choices[0].parts[0]

    assert Text("ab", annotations=Raw(b'[{"title":"t"}]'), origin=NAME) == part


def test_what_the_provider_ran_itself():
    """Neither the call nor its result: no client could answer it."""
    parts = (
        answer(
            {"toolUse": {"toolUseId": "t", "name": "n", "input": {}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "t", "content": []}},
            {"text": "42"},
        )
        .choices[0]
        .parts
    )

    assert (Text("42"),) == parts


def test_usage_and_nothing():
    """What was counted; None where nothing was."""
    assert Usage(input=1, output=2) == answer().usage
    assert None is answer(usage=None).usage


@pytest.mark.parametrize("stop", ("malformed_model_output", "malformed_tool_use"))
def test_an_answer_the_provider_gave_up_on(stop):
    """Is none: another deployment may do better."""
    with pytest.raises(Garbled, match=stop):
        answer({"text": "x"}, stop=stop)


@pytest.mark.parametrize("body", (b"", b"[]", b"{}", b'{"output":{}}', b"[" * 5000, b"\xff"))
def test_what_is_no_answer(body):
    """Garbled, and nothing else."""
    with pytest.raises(Garbled):
        DIALECT.decode_answer(body)


def test_an_error_in_a_200():
    """Is that error."""
    with pytest.raises(Throttled):
        DIALECT.decode_answer(b'{"__type":"ThrottlingException","message":"slow"}')


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    (
                        "output",
                        "message",
                        "content",
                        "text",
                        "toolUse",
                        "input",
                        "reasoningContent",
                        "stopReason",
                        "usage",
                    )
                ),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_only_gateway_errors_escape(body):
    """JSON of any shape around the fields that are read."""
    try:
        DIALECT.decode_answer(json.encode(body))
    except GatewayError:
        return
