"""What api.openai.com refuses in a well-formed request."""

import pytest

from tests.providers.sim.kit import CHAT, ask, engine, play

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "r"}
USER = {"role": "user", "content": "hi"}
TOOLS = [{"type": "function", "function": {"name": "f"}}]


@pytest.mark.parametrize(
    ("messages", "more", "message"),
    (
        ([], {}, "empty array"),
        ([{"role": "robot", "content": "x"}], {}, "Invalid value: 'robot'"),
        ([USER, CALLING, USER], {}, "did not have response messages: c1"),
        ([USER, CALLING], {}, "did not have response messages: c1"),
        ([USER, RESULT], {}, "must be a response to a preceeding message"),
        ([USER, CALLING, RESULT, RESULT], {}, "must be a response to a preceeding message"),
        ([USER], {"tool_choice": "auto"}, "only allowed when 'tools' are specified"),
        (
            [USER],
            {"tools": [{"type": "function", "function": {"name": "a.b"}}]},
            "does not match pattern",
        ),
        (
            [USER],
            {"tools": [{"type": "function", "function": {"name": "a" * 65}}]},
            "does not match pattern",
        ),
        ([USER], {"stop": list("abcde")}, "array too long"),
        ([USER], {"top_logprobs": 2}, "only allowed when 'logprobs' is enabled"),
    ),
)
def test_it_is_refused(messages: list, more: dict, message: str) -> None:
    """400, with words a developer may search for; with lax it is let pass."""
    refused = play(engine(), ask(CHAT, "sim-chat", messages, **more))

    assert 400 == refused.status
    assert message in refused.json["error"]["message"]
    assert 200 == play(engine(), ask(CHAT, "sim-chat@lax", messages, **more)).status


@pytest.mark.parametrize(
    ("messages", "more"),
    (
        ([USER, CALLING, RESULT, USER], {"tools": TOOLS, "tool_choice": "auto"}),
        ([USER], {"tool_choice": None, "stop": list("abcd"), "logprobs": True, "top_logprobs": 2}),
        ([{"role": "developer", "content": "x"}, {"role": "system", "content": "y"}, USER], {}),
    ),
)
def test_it_is_accepted(messages: list, more: dict) -> None:
    """What the real API takes is taken."""
    assert 200 == play(engine(), ask(CHAT, "sim-chat", messages, **more)).status
