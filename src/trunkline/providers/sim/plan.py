"""A model in a tool loop: plays a plan, found in the conversation, turn by turn."""

from collections.abc import Sequence

from msgspec import DecodeError, ValidationError, json
from msgspec.structs import replace

from trunkline.providers.sim.ask import Ask, Rejected, Said
from trunkline.providers.sim.script import Script, checked

_OPENED, _CLOSED = "<plan>", "</plan>"
_RESULTS = "{results}"
_PLAN = json.Decoder(tuple[Script, ...])


def step_of(ask: Ask) -> Script | None:
    """
    What the plan says for this turn: None where there is no plan, or it calls what is not offered.

    The turns that were answered already stand in the conversation, so nothing is remembered:
    who asks the same again, as after a broken stream, hears the same again. Clients ask for more
    than their user does (a title, a summary), with the user's words but other tools or none:
    that is not the plan's turn.
    """
    plan, answered = _found(ask.history)
    if not plan:
        return None
    step = plan[min(answered, len(plan) - 1)]
    if not {call.name for call in step.tool_calls} <= {tool.name for tool in ask.tools}:
        return None
    return replace(step, text=step.text.replace(_RESULTS, " | ".join(ask.results)))


def _found(history: Sequence[Said]) -> tuple[tuple[Script, ...], int]:
    """The newest plan, and how many turns of the assistant have followed it."""
    answered, previous = 0, ""
    for said in reversed(history):
        if said.role == "user" and (text := _inside(said.text)) is not None:
            return _read(text), answered
        if said.role == "assistant" != previous:
            answered += 1
        previous = said.role
    return (), 0


def _inside(text: str) -> str | None:
    _, opened, rest = text.rpartition(_OPENED)
    plan, closed, _ = rest.partition(_CLOSED)
    return plan if opened and closed else None


def _read(text: str) -> tuple[Script, ...]:
    try:
        return tuple(checked(step) for step in _PLAN.decode(text))
    except (DecodeError, ValidationError, UnicodeDecodeError) as error:
        raise Rejected(f"sim-agent: the plan is a list of scripts in JSON: {error}") from None
