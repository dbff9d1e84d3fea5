"""A whole answer of Bedrock, made canonical."""

from collections.abc import Iterator

from msgspec import Raw

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Part, Reasoning, Text, ToolCall
from trunkline.canon.errors import Garbled
from trunkline.dialects.bedrock_converse import wire
from trunkline.dialects.bedrock_converse.errors import in_answer
from trunkline.dialects.bedrock_converse.finish import MALFORMED, reason_of
from trunkline.dialects.bedrock_converse.usage import usage_of
from trunkline.dialects.bedrock_converse.wire import NAME, present

_NO_INPUT = Raw(b"{}")


def decode_answer(body: bytes) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    try:
        answer = wire.ANSWER.decode(body)
        if answer.output is None or answer.output.message is None:
            raise in_answer(body) or Garbled("the provider's answer has no message")
        parts = tuple(p for block in answer.output.message.content for p in _parts(block))
    except wire.BROKEN as error:
        raise garbled(error) from error
    stop_reason = answer.stop_reason or ""
    check_stop(stop_reason)
    called = any(isinstance(part, ToolCall) for part in parts)
    choice = Choice(
        parts=parts,
        finish=reason_of(stop_reason, called=called) if stop_reason else None,
        native=stop_reason,
    )
    usage = None if answer.usage is None else usage_of(answer.usage)
    return Answer(choices=(choice,), usage=usage, origin=NAME)


def _parts(block: wire.BlockIn) -> Iterator[Part]:
    """
    None of a block that nobody here could use.

    Those are tools the provider ran itself, with their results, and images: what the model says
    of them comes as text.
    """
    if block.text is not None:
        yield Text(block.text)
    elif (call := block.tool_use) is not None:
        if call.is_clients:
            yield _call(call)
    elif (thought := block.reasoning_content) is not None:
        if thought.redacted_content is not None:
            yield Reasoning("", thought.redacted_content, NAME, redacted=True)
        elif (said := thought.reasoning_text) is not None:
            yield Reasoning(said.text, said.signature or "", NAME)
    elif (cited := block.citations_content) is not None:
        text = "".join(piece.text for piece in cited.content)
        notes = present(cited.citations)
        yield Text(text, annotations=notes, origin="" if notes is None else NAME)


def _call(block: wire.ToolUseIn) -> ToolCall:
    arguments = present(block.input) or _NO_INPUT
    return ToolCall(block.tool_use_id, block.name, bytes(arguments).decode())


def check_stop(stop_reason: str) -> None:
    """Raises Garbled for an answer that the provider itself gave up on."""
    if stop_reason in MALFORMED:
        raise Garbled(f"the model's answer was not usable ({stop_reason})")


def garbled(error: Exception) -> Garbled:
    return Garbled(
        "the provider's answer is not the Converse API's", detail=f"{type(error).__name__}: {error}"
    )
