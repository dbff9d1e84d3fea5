"""What the real API refuses in a Responses request."""

from collections.abc import Sequence

import pytest

from tests.providers.sim.kit import RESPONSES, TOOL, ask, engine, play, tools_of
from trunkline.providers.sim.responses_body import seal

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
CUSTOM = {"type": "custom_tool_call", "call_id": "c1", "name": "f", "input": "x"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "rain"}
CUSTOM_OUTPUT = {"type": "custom_tool_call_output", "call_id": "c1", "output": "rain"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}


def refused(prompt: object = "hi", **more: object) -> tuple[int, str, str | None, str | None]:
    seen = play(engine(), ask(RESPONSES, "sim-chat", prompt, **more))
    error = seen.json.get("error") or {}
    return seen.status, error.get("message", ""), error.get("param"), error.get("code")


@pytest.mark.parametrize(
    ("more", "param", "code"),
    (
        ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"top_p": -1}, "top_p", "decimal_below_min_value"),
        ({"previous_response_id": "resp_1"}, "previous_response_id", "previous_response_not_found"),
        ({"tools": [{"type": "function", "name": "a b"}]}, "tools[0].name", "invalid_value"),
        ({"prompt": []}, "input", "missing_required_parameter"),
    ),
)
def test_a_wrong_field_is_named(more: dict, param: str, code: str) -> None:
    """With the field's name and the API's code."""
    prompt = more.pop("prompt", "hi")

    status, _, told_param, told_code = refused(prompt, **more)

    assert (400, param, code) == (status, told_param, told_code)


@pytest.mark.parametrize(
    ("items", "message"),
    (
        ([CALL], "No tool output found for function call c1."),
        ([OUTPUT], "No tool call found for function call output with call_id c1."),
        ([CALL, CUSTOM_OUTPUT, OUTPUT], "No tool call found for function call output with"),
    ),
)
def test_calls_and_outputs_belong_together(items: Sequence[dict], message: str) -> None:
    """Neither stands without the other."""
    status, told, param, _ = refused([{"role": "user", "content": "hi"}, *items])

    assert (400, "input") == (status, param)
    assert message in told


@pytest.mark.parametrize("items", ([CALL, OUTPUT], [CUSTOM, CUSTOM_OUTPUT], [THOUGHT]))
def test_what_belongs_together_is_taken(items: Sequence[dict]) -> None:
    """Function and custom calls with their outputs; a thought without its encrypted form."""
    assert 200 == refused([{"role": "user", "content": "hi"}, *items])[0]


def test_only_its_own_thoughts_come_back() -> None:
    """Encrypted content of somebody else cannot be verified."""
    said = {"role": "user", "content": "hi"}
    own, foreign = ({**THOUGHT, "encrypted_content": c} for c in (seal("hm"), "gAAAAABforeign"))

    assert 200 == refused([said, own])[0]
    assert (400, "invalid_encrypted_content") == refused([said, foreign])[::3]


def test_built_in_tools_need_no_name() -> None:
    """As little as namespaces do: they are somebody else's."""
    tools = [{"type": "web_search"}, {"type": "namespace", "name": "a.b", "tools": []}]

    assert 200 == refused(tools=[*tools, *tools_of(RESPONSES, TOOL)])[0]
