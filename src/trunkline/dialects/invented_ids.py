"""
Ids of tool calls that an upstream gave none, invented where the answer's Stamp is known.

Nothing else is sure to differ between two turns: an upstream that names no call may say the same
call again, in an answer that it does not name either.
"""

from itertools import count

from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.content import ToolCall
from trunkline.dialects.thought_ids import unsigned


def named(call_id: str, token: str, number: int) -> str:
    """
    The id, never empty: the call's result must name it, and no other call of the conversation.

    A thought signature stays in it. `token` is the Stamp's, `number` the part's in its answer.
    """
    plain, _ = unsigned(call_id)
    return call_id if plain else f"call_{token}{number:02x}{call_id}"


def all_named(answer: Answer, token: str) -> Answer:
    """A whole answer's, numbered as the parts of its stream would be."""
    numbers = count()
    choices = tuple(
        replace(
            choice,
            parts=tuple(
                replace(part, id=named(part.id, token, number))
                if isinstance(part, ToolCall)
                else part
                for part, number in zip(choice.parts, numbers, strict=False)
            ),
        )
        for choice in answer.choices
    )
    return replace(answer, choices=choices)
