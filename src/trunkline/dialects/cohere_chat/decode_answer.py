"""A whole answer of Cohere's, made canonical."""

from collections.abc import Iterator, Sequence

from msgspec import Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Part, Reasoning, Text, ToolCall
from trunkline.canon.errors import Garbled
from trunkline.dialects.cohere_chat import wire
from trunkline.dialects.cohere_chat.errors import in_answer
from trunkline.dialects.cohere_chat.finish import failure_of, reason_of
from trunkline.dialects.cohere_chat.logprobs import logprobs_of
from trunkline.dialects.cohere_chat.usage import usage_of
from trunkline.dialects.cohere_chat.wire import NAME

PLAN = -1
"""The index of the plan among blocks of content, where it has none."""
_THINKING = "THINKING_CONTENT"
_PLANNED = "PLAN"


def decode_answer(body: bytes) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    try:
        answer = wire.ANSWER.decode(body)
        if answer.message is None:
            raise in_answer(body) or Garbled("the provider's answer has no message")
        parts = tuple(_parts(answer.message))
    except wire.BROKEN as error:
        raise in_answer(body) or garbled(error) from error
    native = answer.finish_reason or ""
    failure = failure_of(native)
    if failure is not None:
        raise failure
    called = any(isinstance(part, ToolCall) for part in parts)
    choice = Choice(
        parts=parts,
        finish=reason_of(native, called=called) if native else None,
        native=native,
        logprobs=logprobs_of(answer.logprobs or ()),
    )
    usage = usage_of(answer.usage)
    return Answer(id=answer.id or "", choices=(choice,), usage=usage, origin=NAME)


def _parts(message: wire.MessageIn) -> Iterator[Part]:
    """
    Thinking, the plan, what is said, calls: the order in which a stream has them.

    The plan is what the model says before it calls tools. Every other dialect has that as text, and
    as text clients send it back.
    """
    cited = [(wire.CITED.decode(raw), raw) for raw in message.citations or ()]
    planned = not message.tool_plan
    for index, block in enumerate(message.content or ()):
        if block.thinking:
            yield Reasoning(block.thinking, origin=NAME)
        elif block.text:
            if not planned:
                planned = True
                yield _text(message.tool_plan or "", PLAN, cited)
            yield _text(block.text, index, cited)
    if not planned:
        yield _text(message.tool_plan or "", PLAN, cited)
    for call in message.tool_calls or ():
        function = call.function or wire.FunctionIn()
        yield ToolCall(call.id or "", function.name or "", arguments_of(function.arguments))


def _text(text: str, index: int, cited: Sequence[tuple[wire.CitedIn, Raw]]) -> Text:
    notes = [raw for place, raw in cited if belongs(place, index)]
    if not notes:
        return Text(text)
    return Text(text, annotations=Raw(json.encode(notes)), origin=NAME)


def belongs(place: wire.CitedIn, index: int) -> bool:
    """Whether a citation is of the text at `index`, or of the plan. Thinking's are nobody's."""
    if place.type == _THINKING:
        return False
    if place.type == _PLANNED or index == PLAN:
        return place.type == _PLANNED and index == PLAN
    return place.content_index in (None, index)


def arguments_of(arguments: str | None) -> str:
    """A call without arguments says null, "null" or nothing (recorded)."""
    return "{}" if (arguments or "").strip() in ("", "null") else arguments or ""


def garbled(error: Exception) -> Garbled:
    return Garbled(
        "the provider's answer is not the Chat API's", detail=f"{type(error).__name__}: {error}"
    )
