"""What api.anthropic.com refuses in a well-formed request."""

import pytest

from tests.providers.sim.kit import MESSAGES, ask, engine, play
from trunkline.providers.sim.messages_body import sign

USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "r"}
USER = {"role": "user", "content": "hi"}
CALLING = {"role": "assistant", "content": [USE]}
ANSWERED = {"role": "user", "content": [RESULT, {"type": "text", "text": "go on"}]}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": sign("hm")}


def refusal(messages: list, **more) -> str:
    seen = play(engine(), ask(MESSAGES, "sim-chat", messages, **more))
    lax = play(engine(), ask(MESSAGES, "sim-chat@lax", messages, **more))
    assert (400, 200) == (seen.status, lax.status)
    assert "invalid_request_error" == seen.json["error"]["type"]
    return seen.json["error"]["message"]


@pytest.mark.parametrize(
    ("messages", "message"),
    (
        ([], "at least one message is required"),
        ([{"role": "tool", "content": "x"}], 'Unexpected role "tool"'),
        ([{"role": "user", "content": ""}], "non-empty content"),
        ([{"role": "user", "content": []}], "non-empty content"),
        ([{"role": "user", "content": [{"type": "text", "text": ""}]}], "must be non-empty"),
        ([USER, CALLING, USER], "`tool_use` ids were found without `tool_result`"),
        ([USER, CALLING], "`tool_use` ids were found without `tool_result`"),
        ([ANSWERED], "unexpected `tool_use_id`"),
        (
            [USER, {"role": "assistant", "content": [{**THOUGHT, "signature": "foreign"}]}, USER],
            "messages.1.content.0: Invalid `signature` in `thinking` block",
        ),
        (
            [USER, {"role": "assistant", "content": [{**THOUGHT, "thinking": "changed"}]}, USER],
            "Invalid `signature`",
        ),
    ),
)
def test_messages_are_refused(messages: list, message: str) -> None:
    """400 with words a developer may search for; with lax it is let pass."""
    assert message in refusal(messages)


@pytest.mark.parametrize(
    ("more", "message"),
    (
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 1.5}, "temperature"),
        ({"thinking": {"type": "enabled"}}, "budget_tokens: Field required"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5}}, "greater than or equal to 1024"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "must be greater than"),
        (
            {"thinking": {"type": "adaptive"}, "tool_choice": {"type": "any"}},
            "Thinking may not be enabled",
        ),
    ),
)
def test_parameters_are_refused(more: dict, message: str) -> None:
    """Those that contradict each other, too."""
    assert message in refusal([USER], **more)


def test_max_tokens_is_required() -> None:
    """But not for counting."""
    missing = ask(MESSAGES, "sim-chat", max_tokens=1)
    body = missing.body.replace(b',"max_tokens":1', b"")
    counting = ask(MESSAGES + "/count_tokens", "sim-chat")

    assert b"max_tokens" not in body
    assert (
        "max_tokens: Field required"
        == play(engine(), type(missing)("POST", MESSAGES, missing.headers, body)).json["error"][
            "message"
        ]
    )
    assert b"max_tokens" not in counting.body
    assert {"input_tokens": 4} == play(engine(), counting).json


@pytest.mark.parametrize(
    "messages",
    (
        [USER, CALLING, ANSWERED],
        [USER, {"role": "assistant", "content": [THOUGHT, USE]}, ANSWERED],
        [USER, {"role": "system", "content": "mind"}, USER],
        [{"role": "assistant", "content": "I"}, USER, USER],
    ),
)
def test_it_is_accepted(messages: list) -> None:
    """What the real API takes is taken; its own signature comes back valid."""
    assert 200 == play(engine(), ask(MESSAGES, "sim-chat", messages)).status


@pytest.mark.parametrize(
    ("more", "message"),
    (
        ({"max_tokens": -5}, "max_tokens: Input should be greater than or equal to 1"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        ({"temperature": 1.5}, "temperature: range: 0..1"),
        ({"top_p": -0.5}, "top_p: range: 0..1"),
        ({"top_k": -1}, "top_k: Input should be greater than or equal to 0"),
    ),
)
def test_a_number_out_of_its_range_is_refused(more: dict, message: str) -> None:
    """With the field and its bound."""
    assert message == refusal([USER], **more)
