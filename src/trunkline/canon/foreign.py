"""What a request carries inside its messages that only the dialect it arrived in understands."""

from collections.abc import Sequence

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
    fields = _fields(message.parts)
    if not fields and not message.extra:
        return ()
    inner = [f"content.{field}" for field in fields]
    return [Note(f"messages.{index}.{field}", why) for field in (*message.extra, *inner)]


def refuse_foreign_needs(request: ChatRequest, own: str) -> None:
    """Raises Unsupported where an encoder of the dialect `own` would drop what cannot be dropped."""
    if request.origin != own:
        for param, why in request.needs.items():
            raise Unsupported(why, param=param)


def refuse_foreign_choice(request: ChatRequest, own: str) -> None:
    """
    Raises Unsupported where the answer must call a built-in tool that only the provider of
    another dialect than `own` runs: that very one, or any where there are no others. One that it
    merely may call can be left out.
    """
    choice = request.tool_choice
    if choice is None:
        return
    here = {t.name for t in request.tools if t.kind != "builtin" or t.origin == own}
    abroad = [t.name for t in request.tools if t.name not in here]
    if choice.mode is ChoiceMode.REQUIRED:
        wanted: Sequence[str] = () if here else abroad
    else:
        wanted = choice.names if choice.mode in _DEPENDS else ()
    if wanted and set(abroad).issuperset(wanted):
        raise Unsupported(f"the provider has no built-in tool '{wanted[0]}'", param="tool_choice")


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


def _fields(parts: Sequence[Part]) -> Sequence[str]:
    """Where extra fields stand. Nearly all of a history has none, and it comes with every turn."""
    found: list[str] = []
    for position, part in enumerate(parts):
        if isinstance(part, ToolResult) and (inner := _fields(part.parts)):
            found += [f"{position}.content.{field}" for field in inner]
        if extra := getattr(part, "extra", None):
            found += [f"{position}.{field}" for field in extra]
    return found
