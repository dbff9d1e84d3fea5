"""
A stream that was read and written is given back at once, without the collector.

Whoever holds a method bound to himself leaves a cycle per stream, and the more of them lie about,
the longer all streams stand still when the collector comes.
"""

import gc
from collections.abc import Callable, Sequence

import pytest

from tests.dialects.bedrock_converse.kit import METADATA
from tests.dialects.bedrock_converse.test_decoder import WHOLE as CONVERSE
from tests.dialects.cohere_chat.test_decoder import WHOLE as COHERE
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.event import Ended, Event, FinishReason, PartDelta
from trunkline.canon.fold import unfold
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.registry import DIALECTS, UPSTREAM_ONLY

_STAMP = Stamp("0123456789abcdef", "m", 1)


def _events(name: str) -> Sequence[Event]:
    """Thinking, text and a call, each in two pieces."""
    parts = (
        Reasoning("Let me see.", "c2lnbmVk", name),
        Text("It is"),
        ToolCall("call_1", "weather", "{}"),
    )
    choice = Choice(parts=parts, finish=FinishReason.TOOL_CALLS)
    answer = Answer(
        id="id", model="m", choices=(choice,), usage=Usage(input=3, output=2), origin=name
    )
    return [piece for event in unfold(answer) for piece in _halves(event)]


def _halves(event: Event) -> Sequence[Event]:
    if not isinstance(event, PartDelta):
        return (event,)
    return tuple(PartDelta(event.index, text) for text in (event.text[:1], event.text[1:]))


def _left_behind(work: Callable[[], bool]) -> int:
    """Objects in cycles; once before, for what is made once and kept. `work` tells that it worked."""
    assert work()
    gc.collect()
    gc.disable()
    try:
        assert work()
        return gc.collect()
    finally:
        gc.enable()


def _reads(name: str, stream: bytes) -> bool:
    decoder = {**DIALECTS, **UPSTREAM_ONLY}[name].decoder()
    return isinstance([*decoder.feed(stream), *decoder.finish()][-1], Ended)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_written_and_read_leaves_nothing_behind(name: str) -> None:
    """Of any dialect that has both sides."""
    asked = ChatRequest(model="m", messages=(), origin=name)
    events = _events(name)

    def work() -> bool:
        return _reads(name, DIALECTS[name].encoder(asked, _STAMP).feed(events))

    assert 0 == _left_behind(work)


@pytest.mark.parametrize(
    ("name", "stream"),
    (("bedrock-converse", CONVERSE + METADATA), ("cohere-chat", COHERE)),
)
def test_a_stream_read_leaves_nothing_behind(name: str, stream: bytes) -> None:
    """Of those that stand at the upstream's side alone."""
    assert 0 == _left_behind(lambda: _reads(name, stream))


def test_what_stays_is_seen() -> None:
    """One that holds itself is counted."""

    def work() -> bool:
        held: list[object] = []
        held.append(held)
        return True

    assert 1 == _left_behind(work)
