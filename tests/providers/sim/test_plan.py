"""A model in a tool loop: the plan in the conversation, step by step, without a memory."""

import pytest

from tests.providers.sim.kit import BOTH, CHAT, MESSAGES, TOOL, ask, engine, play, text_of, tools_of
from trunkline.providers.sim.ask import Ask, Rejected, Said, Tool
from trunkline.providers.sim.plan import step_of
from trunkline.providers.sim.script import ScriptCall

PLAN = (
    'Reminders. <plan>[{"tool_calls":[{"name":"get_weather","arguments":{"city":"Ulm"}}]},'
    '{"text":"It says: {results}"}]</plan> Thanks.'
)
USER, MODEL, TOOL_ROLE = Said("user", PLAN), Said("assistant"), Said("tool")


def asked(*history: Said, results: tuple[str, ...] = (), tool: str = "get_weather") -> Ask:
    return Ask(model="m", history=history, results=results, tools=(Tool(tool, None),))


def test_the_first_step_calls_the_tool() -> None:
    """The plan may stand anywhere in a user's text."""
    step = step_of(asked(USER))

    assert step is not None
    assert (ScriptCall("get_weather", {"city": "Ulm"}),) == step.tool_calls


def test_the_second_step_quotes_the_result() -> None:
    """Several results are set apart from each other."""
    step = step_of(asked(USER, MODEL, TOOL_ROLE, TOOL_ROLE, results=("rain", "sun")))

    assert step is not None
    assert "It says: rain | sun" == step.text


def test_a_turn_of_several_messages_is_one_step() -> None:
    """Text and calls may be messages of their own; so may reminders behind the plan."""
    step = step_of(asked(USER, Said("system"), Said("user", "P.S."), MODEL, MODEL, TOOL_ROLE))

    assert step is not None
    assert "It says: " == step.text


def test_behind_its_end_the_last_step_is_said_again() -> None:
    """A conversation that goes on without a new plan is still answered."""
    history = (USER, MODEL, TOOL_ROLE, MODEL, Said("user", "And?"), MODEL, Said("user", "And?"))

    step = step_of(asked(*history))

    assert step is not None
    assert "It says: " == step.text


def test_the_newest_plan_counts() -> None:
    """With the steps that were answered since."""
    again = Said("user", '<plan>[{"text":"old"}]</plan> or <plan>[{"text":"new"}]</plan>')

    step = step_of(asked(USER, MODEL, TOOL_ROLE, MODEL, again))

    assert step is not None
    assert "new" == step.text


@pytest.mark.parametrize(
    "history", ((), (Said("user", "hi"),), (Said("user", "<plan>[]"),), (Said("assistant", PLAN),))
)
def test_without_a_plan_there_is_no_step(history: tuple[Said, ...]) -> None:
    """Only a user's whole plan is one."""
    assert None is step_of(asked(*history))


def test_an_empty_plan_has_no_step() -> None:
    """It is as good as none."""
    assert None is step_of(asked(Said("user", "<plan>[]</plan>")))


def test_a_request_without_the_tool_is_not_the_plans_turn() -> None:
    """A client that asks for a title sends the same text with other tools."""
    assert None is step_of(asked(USER, tool="set_title"))


@pytest.mark.parametrize("plan", ("", "nope", "{}", '[{"txt":"a"}]', '[{"finish":"done"}]'))
def test_a_bad_plan_is_refused(plan: str) -> None:
    """A typing error must not pass for an answer."""
    with pytest.raises(Rejected):
        step_of(asked(Said("user", f"<plan>{plan}</plan>")))


def loop(path: str, stream: bool) -> tuple[str, int]:
    """The second answer's text, and how many results its request held."""
    said = {"role": "user", "content": PLAN}
    if path == CHAT:
        call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        told = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        ]
    else:
        told = [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "rain"}],
            },
        ]
    tools = tools_of(path, TOOL)
    seen = play(engine(), ask(path, "sim-agent", [said, *told], tools=tools, stream=stream))
    assert seen.row is not None
    return text_of(path, seen), seen.row.results


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize("path", BOTH)
def test_the_loop_in_both_dialects(path: str, stream: bool) -> None:
    """The log tells that the result came back, the text quotes it."""
    first = play(engine(), ask(path, "sim-agent", PLAN, tools=tools_of(path, TOOL), stream=stream))

    assert first.row is not None
    assert (1, 0, "tool_calls") == (first.row.tools, first.row.results, first.row.finish)
    assert ("It says: rain", 1) == loop(path, stream)


def test_a_bad_plan_is_told_to_the_caller() -> None:
    """400 in the dialect."""
    seen = play(engine(), ask(MESSAGES, "sim-agent", "<plan>nope</plan>"))

    assert 400 == seen.status
    assert "sim-agent: the plan is a list of scripts" in seen.json["error"]["message"]
