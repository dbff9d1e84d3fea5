"""The events of a streamed Responses answer, in the order and the shapes of the real ones."""

import re
from pathlib import Path

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tests.providers.sim.kit import RESPONSES, TOOL, Played, ask, engine, events, play, tools_of

EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)


def stream(model: str, prompt: object = "hi", **more: object) -> Played:
    return play(engine(), ask(RESPONSES, model, prompt, stream=True, **more))


def names(seen: Played) -> list[str]:
    return [name.removeprefix("response.") for name, _ in seen.events]


def test_the_order_of_a_text() -> None:
    """Item and part open before any delta, and close behind the last."""
    assert [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ] == names(stream("sim-echo", "abcdefgh"))


def test_the_order_of_a_thought_and_a_call() -> None:
    """Each item has an index of its own."""
    summary = {"reasoning": {"summary": "auto"}}
    thought = names(stream("sim-reason@think=1,tokens=1", **summary))
    call = stream("sim-tools", tools=tools_of(RESPONSES, TOOL))

    assert [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
    ] == thought[2:9]
    assert {
        "created",
        "in_progress",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    } == set(names(call))


@pytest.mark.parametrize(
    "model", ("sim-chat", "sim-reason", "sim-refusal", "sim-length", "sim-tools")
)
def test_every_event_is_one_of_the_sdks(model: str) -> None:
    """Numbers without a gap; names equal types; the last response holds what was streamed."""
    custom = {"type": "custom", "name": "patch"}
    tools = {"tools": [*tools_of(RESPONSES, TOOL), custom]} if model == "sim-tools" else {}
    seen = stream(f"{model}@calls=2", reasoning={"summary": "auto"}, **tools)
    made = [EVENT.validate_python(data) for _, data in seen.events]

    assert list(range(len(made))) == [one.sequence_number for one in made]
    assert [name for name, _ in seen.events] == [one.type for one in made]
    done = [data["item"] for name, data in seen.events if name == "response.output_item.done"]
    assert done == seen.events[-1][1]["response"]["output"]
    whole = play(
        engine(), ask(RESPONSES, f"{model}@calls=2", reasoning={"summary": "auto"}, **tools)
    )
    assert whole.json == seen.events[-1][1]["response"]


def test_the_log_credits_what_was_sent() -> None:
    """Events, tokens, the finish and the end, though one event says both."""
    row = stream("sim-echo", "abcdefgh").row

    assert row is not None
    assert (2, 2, "stop", True, True) == (
        row.content_events,
        row.tokens,
        row.finish,
        row.finished,
        row.usage_told,
    )


def test_padding_may_be_left_out() -> None:
    """Deltas have some unless the request says no."""
    without = stream("sim-chat", stream_options={"include_obfuscation": False})

    assert b"obfuscation" in stream("sim-chat").body
    assert b"obfuscation" not in without.body


@pytest.mark.parametrize(("kind", "told"), (("twice", [6, 6]), ("missing", [])))
def test_usage_may_be_wrong(kind: str, told: list[int]) -> None:
    """U17: two times over, or not at all."""
    assert told == _told(stream(f"sim-chat@tokens=6,fault=u17:kind={kind}"))


def test_usage_may_grow() -> None:
    """U17: on each event a little more."""
    told = _told(stream("sim-chat@tokens=6,fault=u17:kind=cumulative"))

    assert [1, 2, 3, 4, 5, 6, 6] == told


def _told(seen: Played) -> list[int]:
    responses = [data.get("response") or {} for _, data in seen.events]
    return [one["usage"]["output_tokens"] for one in responses if one.get("usage")]


@pytest.mark.parametrize("after", (0, 2))
def test_an_error_breaks_it_off(after: int) -> None:
    """U13: the error, then the failed response, numbered on; nothing behind them."""
    seen = stream(f"sim-chat@tokens=6,fault=u13:after={after}:message=Too_busy")
    (_, error), (last, failed) = seen.events[-2:]

    assert ("Too busy", "server_error") == (error["error"]["message"], error["error"]["code"])
    assert ("response.failed", "failed") == (last, failed["response"]["status"])
    assert list(range(len(seen.events))) == [data["sequence_number"] for _, data in seen.events]


def test_events_are_shaped_as_recorded(shared: Path) -> None:
    """Each kind of event has the keys that the real one had."""
    folder = shared / "fixtures" / "openai-responses"
    recorded = (folder / "llm-test-responses-tool-use-streaming.00.sse").read_bytes()
    text = (folder / "llm-test-responses-tool-use-streaming.01.sse").read_bytes()
    real = {name: data for file in (recorded, text) for name, data in events(file)}
    made = {}
    for model in ("sim-chat", "sim-tools"):
        made |= dict(stream(model, tools=tools_of(RESPONSES, TOOL)).events)

    assert {} == {
        name: sorted(data.keys() ^ made[name].keys())
        for name, data in real.items()
        if data.keys() != made[name].keys()
    }
    assert b"\r" not in stream("sim-chat").body
    assert re.fullmatch(rb"(event: \S+\ndata: \{.*\}\n\n)+", stream("sim-chat").body)
