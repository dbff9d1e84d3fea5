"""What a request carries inside its messages that only the dialect it arrived in understands."""

from collections.abc import Iterator, Sequence

from trunkline.canon.content import Message, Opaque, Part, Role, ToolResult
from trunkline.canon.errors import Unsupported
from trunkline.canon.note import Note
from trunkline.canon.request import ChatRequest, ChoiceMode

_DEPENDS = (ChoiceMode.ONE, ChoiceMode.SUBSET_REQUIRED)


def foreign_fields(index: int, message: Message, why: str) -> Sequence[Note]:
    """
    A note for every extra field of a message and its parts, for an encoder of another dialect.

    `index` is the message's place, `why` the note's clause. Opaque parts are left to the
    encoder, which meets them anyway.
    """
    if not message.extra and _is_plain(message.parts):
        return ()
    notes = [Note(f"messages.{index}.{field}", why) for field in message.extra]
    return [*notes, *_parts(f"messages.{index}.content", message.parts, why)]


def refuse_foreign_choice(request: ChatRequest, own: str) -> None:
    """
    Raises Unsupported where the answer must call a built-in tool that only the provider of
    another dialect than `own` runs. One that it merely may call can be left out.
    """
    choice = request.tool_choice
    if choice is None or choice.mode not in _DEPENDS or not choice.names:
        return
    here = {t.name for t in request.tools if t.kind != "builtin" or t.origin == own}
    abroad = {t.name for t in request.tools if t.name not in here}
    if abroad.issuperset(choice.names):
        name = choice.names[0]
        raise Unsupported(f"the provider has no built-in tool '{name}'", param="tool_choice")


def refuse_foreign_parts(index: int, message: Message, own: str) -> None:
    """
    Raises Unsupported for a part of another dialect than `own` that a user showed to the model:
    nobody would like to be answered without. What the history holds besides can be left out.
    """
    if message.role is not Role.USER:
        return
    for position, part in enumerate(message.parts):
        if isinstance(part, Opaque) and part.origin != own:
            param = f"messages.{index}.content.{position}"
            raise Unsupported(
                f"'{param}' is of a kind this provider's API does not have", param=param
            )


def _is_plain(parts: tuple[Part, ...]) -> bool:
    """Nearly all of a history is, and it comes whole with every turn."""
    for part in parts:
        if getattr(part, "extra", None) or (
            isinstance(part, ToolResult) and not _is_plain(part.parts)
        ):
            return False
    return True


def _parts(path: str, parts: tuple[Part, ...], why: str) -> Iterator[Note]:
    for position, part in enumerate(parts):
        if isinstance(part, ToolResult):
            yield from _parts(f"{path}.{position}.content", part.parts, why)
        if not isinstance(part, Opaque):
            for field in getattr(part, "extra", ()):
                yield Note(f"{path}.{position}.{field}", why)
