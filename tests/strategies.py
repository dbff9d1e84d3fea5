"""
Hypothesis strategies for canonical requests, answers and streams, shared by all dialects.

They draw from the subset every chat dialect can express, so that decode∘encode must be the
identity on it; `more` adds what only some dialects know.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import (
    Image,
    Inline,
    Message,
    Part,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.event import Event, FinishReason, PartDelta, PartKind, PartOpened
from trunkline.canon.fold import unfold
from trunkline.canon.request import ChatRequest, ChoiceMode, Tool, ToolChoice
from trunkline.canon.usage import Usage

NOTHING: Mapping[str, SearchStrategy[Any]] = {}

# Surrogates are no text; all else is, control characters and emoji included.
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
words = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
call_ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=12).map(
    "call_{}".format
)
numbers = st.integers(0, 5000)


@st.composite
def json_objects(draw: st.DrawFn) -> Raw:
    """A small JSON object, as a client might write it."""
    return Raw(json.encode(draw(st.dictionaries(words, st.integers() | texts, max_size=3))))


@st.composite
def tools(draw: st.DrawFn, origin: str = "") -> Tool:
    return Tool(
        name=draw(words),
        description=draw(st.none() | texts),
        parameters=Raw(
            b'{"type":"object","properties":{"a":{"type":"string"}}}'
            if draw(st.booleans())
            else b'{ "type": "object", "properties": {} }'
        ),
        strict=draw(st.none() | st.booleans()),
    )


@st.composite
def tool_choices(draw: st.DrawFn, names: list[str]) -> ToolChoice:
    mode = draw(st.sampled_from(ChoiceMode))
    if mode is ChoiceMode.ONE:
        return ToolChoice(mode, (draw(st.sampled_from(names)),))
    if mode in (ChoiceMode.SUBSET, ChoiceMode.SUBSET_REQUIRED):
        some = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        return ToolChoice(mode, tuple(some))
    return ToolChoice(mode)


images = st.one_of(
    st.builds(Image, st.builds(Inline, st.just("image/png"), st.just("iVBORw0KGgo="))),
    st.builds(Image, st.builds(Remote, words.map("https://example.com/{}.png".format))),
)


def user_messages() -> SearchStrategy[Message]:
    parts: SearchStrategy[Part] = st.builds(Text, texts) | images
    return st.builds(
        Message, st.just(Role.USER), st.lists(parts, min_size=1, max_size=3).map(tuple)
    )


@st.composite
def reasonings(draw: st.DrawFn, origin: str) -> Reasoning:
    """Signed by `origin`, its text shown or hidden."""
    signature = draw(st.text("ABCabc019+/=", min_size=4, max_size=20))
    if draw(st.booleans()):
        return Reasoning("", signature, origin, redacted=True)
    return Reasoning(draw(texts), signature, origin)


@st.composite
def _said(draw: st.DrawFn, signed_by: str) -> tuple[Part, ...]:
    """What an assistant says in a turn: thinking, text, calls, in this order, something at least."""
    thoughts: list[Part] = (
        list(draw(st.lists(reasonings(signed_by), max_size=2))) if signed_by else []
    )
    text = [Text(draw(texts))] if draw(st.booleans()) else []
    ids = draw(st.lists(call_ids, min_size=0 if text else 1, max_size=3, unique=True))
    calls = [ToolCall(i, draw(words), bytes(draw(json_objects())).decode()) for i in ids]
    return (*thoughts, *text, *calls)


@st.composite
def _turn(draw: st.DrawFn, signed_by: str) -> list[Message]:
    """A user's words, the answer, and the results of every call in it."""
    said = draw(_said(signed_by))
    turn = [draw(user_messages()), Message(Role.ASSISTANT, said)]
    calls = [part for part in said if isinstance(part, ToolCall)]
    if calls:
        results = tuple(ToolResult(call.id, (Text(draw(texts)),)) for call in calls)
        turn.append(Message(Role.TOOL, results))
    return turn


COMMON: Mapping[str, SearchStrategy[Any]] = {
    "max_output_tokens": st.none() | st.integers(1, 100_000),
    "temperature": st.none() | st.floats(0, 1),
    "top_p": st.none() | st.floats(0, 1),
    "stop": st.lists(words, max_size=4, unique=True).map(tuple),
    "user": st.none() | words,
    "stream": st.booleans(),
}


@st.composite
def canon_requests(
    draw: st.DrawFn,
    origin: str,
    signed_by: str = "",
    more: Mapping[str, SearchStrategy[Any]] = NOTHING,
) -> ChatRequest:
    """
    Whole conversations. `signed_by` is the dialect that signed the history's thinking, "" for
    none of it; `more` draws further fields of the request.
    """
    system = [Message(Role.SYSTEM, (Text(draw(texts)),))] if draw(st.booleans()) else []
    turns = [m for turn in draw(st.lists(_turn(signed_by), max_size=2)) for m in turn]
    offered = draw(st.lists(tools(origin), max_size=3, unique_by=lambda tool: tool.name))
    choice = None
    if offered and draw(st.booleans()):
        choice = draw(tool_choices([tool.name for tool in offered]))
    return ChatRequest(
        model="a-model",
        messages=(*system, *turns, draw(user_messages())),
        origin=origin,
        tools=tuple(offered),
        tool_choice=choice,
        parallel_tool_calls=draw(st.none() | st.booleans()) if offered else None,
        **{name: draw(values) for name, values in {**COMMON, **more}.items()},
    )


USAGE_CLASSES = ("input", "cache_read", "cache_write", "output", "reasoning")


def usages(classes: tuple[str, ...] = USAGE_CLASSES) -> SearchStrategy[Usage]:
    return st.builds(Usage, **dict.fromkeys(classes, numbers))


@st.composite
def choices(draw: st.DrawFn, index: int, signed_by: str) -> Choice:
    """Finish reasons agree with what was said."""
    if draw(st.integers(0, 9)) == 0:
        return Choice(index=index, parts=(Refusal(draw(texts)),), finish=FinishReason.STOP)
    parts = draw(_said(signed_by))
    called = any(isinstance(part, ToolCall) for part in parts)
    natural = FinishReason.TOOL_CALLS if called else FinishReason.STOP
    finish = draw(st.sampled_from((natural, natural, FinishReason.LENGTH)))
    return Choice(index=index, parts=parts, finish=finish)


@st.composite
def canon_answers(
    draw: st.DrawFn,
    origin: str,
    signed_by: str = "",
    most_choices: int = 1,
    usage: SearchStrategy[Usage | None] | None = None,
) -> Answer:
    count = draw(st.integers(1, most_choices))
    return Answer(
        id=draw(words),
        model="a-model",
        created=1_700_000_000,
        choices=tuple(draw(choices(index, signed_by)) for index in range(count)),
        usage=draw(usages() if usage is None else usage),
        origin=origin,
    )


@st.composite
def canon_streams(
    draw: st.DrawFn, origin: str, signed_by: str = "", most_choices: int = 1
) -> list[Event]:
    """A stream that obeys the grammar, its text cut anywhere."""
    answer = draw(canon_answers(origin, signed_by, most_choices))
    return [piece for event in unfold(answer) for piece in _cut(draw, event)]


def _cut(draw: st.DrawFn, event: Event) -> list[Event]:
    if not isinstance(event, PartDelta):
        return [event]
    text, pieces = event.text, []
    while text:
        width = draw(st.integers(1, len(text)))
        pieces.append(PartDelta(event.index, text[:width]))
        text = text[width:]
    return list[Event](pieces)


def interleaved(events: list[Event]) -> list[Event]:
    """
    The same answer from an upstream that writes a choice's parallel calls at the same time:
    their deltas alternate, and all of them close together.
    """
    opened = {e.index: e for e in events if isinstance(e, PartOpened)}
    for choice in {part.choice for part in opened.values()}:
        calls = [
            index
            for index, part in opened.items()
            if part.kind is PartKind.TOOL_CALL and part.choice == choice
        ]
        events = _mixed(events, calls)
    return events


def _mixed(events: list[Event], calls: list[int]) -> list[Event]:
    of_calls = [e for e in events if getattr(e, "index", None) in calls]
    if not of_calls:
        return events
    at = events.index(of_calls[0])
    others = [e for e in events if getattr(e, "index", None) not in calls]
    heads = [e for e in of_calls if isinstance(e, PartOpened)]
    deltas = [[e for e in of_calls if isinstance(e, PartDelta) and e.index == i] for i in calls]
    longest = max(map(len, deltas))
    mixed = [row[n] for n in range(longest) for row in deltas if n < len(row)]
    ends = [e for e in of_calls if not isinstance(e, PartOpened | PartDelta)]
    return [*others[:at], *heads, *mixed, *ends, *others[at:]]


@st.composite
def chunkings(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data` in pieces of any size."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
