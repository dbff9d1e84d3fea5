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
    ("field", "value", "kind", "expected"),
    (
        ("max_tokens", -5, "integer_below_min", ">= 1, but got -5"),
        ("max_tokens", 0, "integer_below_min", ">= 1, but got 0"),
        ("max_completion_tokens", -1, "integer_below_min", ">= 1, but got -1"),
        ("n", 0, "integer_below_min", ">= 1, but got 0"),
        ("n", 129, "integer_above_max", "<= 128, but got 129"),
        ("top_logprobs", 21, "integer_above_max", "<= 20, but got 21"),
        ("temperature", 2.5, "decimal_above_max", "<= 2, but got 2.5"),
        ("temperature", -1, "decimal_below_min", ">= 0, but got -1"),
        ("top_p", 1.5, "decimal_above_max", "<= 1, but got 1.5"),
        ("presence_penalty", -3, "decimal_below_min", ">= -2, but got -3"),
    ),
)
def test_a_number_out_of_its_range_is_refused(field, value, kind, expected) -> None:
    """400 with the field, the bound and the code of the real API; with lax it is let pass."""
    more = {field: value, "logprobs": True}
    refused = play(engine(), ask(CHAT, "sim-chat", [USER], **more))
    what = kind.replace("_below_min", " below minimum").replace("_above_max", " above maximum")

    assert 400 == refused.status
    assert {
        "message": f"Invalid '{field}': {what} value. Expected a value {expected} instead.",
        "type": "invalid_request_error",
        "param": field,
        "code": f"{kind}_value",
    } == refused.json["error"]
    assert 200 == play(engine(), ask(CHAT, "sim-chat@lax", [USER], **more)).status


@pytest.mark.parametrize(
    ("messages", "more"),
    (
        ([USER], {"max_tokens": 1, "n": 2, "temperature": 2, "top_p": 0, "presence_penalty": -2}),
        ([USER, CALLING, RESULT, USER], {"tools": TOOLS, "tool_choice": "auto"}),
        ([USER], {"tool_choice": None, "stop": list("abcd"), "logprobs": True, "top_logprobs": 2}),
        ([{"role": "developer", "content": "x"}, {"role": "system", "content": "y"}, USER], {}),
    ),
)
def test_it_is_accepted(messages: list, more: dict) -> None:
    """What the real API takes is taken."""
    assert 200 == play(engine(), ask(CHAT, "sim-chat", messages, **more)).status
