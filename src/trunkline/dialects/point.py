"""What a request must not lose on its way to another dialect: its last turn, and all of it."""

from collections.abc import Sequence
from itertools import takewhile

from trunkline.canon.content import Message, Part, Role, Text
from trunkline.canon.errors import Unsupported

SAYS_NOTHING = "dropped: it says nothing, and no turn may be empty here"

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_MODELS = ("assistant", "model")


def is_empty(parts: Sequence[Part]) -> bool:
    """Of nothing but white space, if of anything."""
    return all(isinstance(part, Text) and not part.text.strip() for part in parts)


def is_empty_turn(messages: Sequence[Message], at: int) -> bool:
    """An assistant's turn may come in several messages: one of them that is empty is no turn."""
    message = messages[at]
    if message.role is Role.ASSISTANT:
        beside = (*messages[max(at - 1, 0) : at], *messages[at + 1 : at + 2])
        if any(other.role is Role.ASSISTANT for other in beside):
            return False
    return is_empty(message.parts)


def refuse_pointless(messages: Sequence[Message], last: str | None) -> None:
    """
    `last` is the wire's role of the last turn that is sent, None where there is none.

    Raises Unsupported where nothing of the conversation is left, and where the user's last turn
    is not: the model would be asked to go on with its own. A system prompt alone is a conversation
    that has not begun.
    """
    if last is None:
        if all(m.role in _SYSTEM for m in messages) and not all(
            is_empty(m.parts) for m in messages
        ):
            return
        raise Unsupported(
            "nothing of this conversation can be sent to the provider of this model: "
            "it is empty, or of kinds that the provider's API does not have",
            param="messages",
        )
    since = list(takewhile(lambda message: message.role is not Role.ASSISTANT, reversed(messages)))
    if last in _MODELS and any(message.role is Role.USER for message in since):
        param = f"messages.{len(messages) - 1}.content"
        raise Unsupported(f"'{param}' is empty: the last turn must say something", param=param)
