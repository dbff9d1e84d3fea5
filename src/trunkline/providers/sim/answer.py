"""Composes the answer to a request: by script or by model, then within stops and limits."""

from msgspec.structs import replace

from trunkline.providers.sim.ask import Ask, Rejected, count
from trunkline.providers.sim.models import Muse
from trunkline.providers.sim.options import Options
from trunkline.providers.sim.plan import step_of
from trunkline.providers.sim.script import Script, play, read_script
from trunkline.providers.sim.turns import Answer, Call, Tally, Turn


def compose(ask: Ask, base: str, options: Options, script: bytes | None) -> Answer:
    """
    The answer to `ask` by the model `base`. Raises Rejected for a bad script.

    A script that names its finish is played as it is; all else obeys stop sequences and the
    token limit, as a provider does whatever its model wants.
    """
    if script is None and base == "sim-script":
        script = ask.prompt.encode()
    scripted = read_script(script) if script is not None else _planned(ask, base)
    turns = []
    for index in range(ask.n):
        turn = play(scripted) if scripted else Muse(ask, options, index).turn(base)
        exact = scripted is not None and scripted.finish is not None
        turns.append(turn if exact else _within(turn, ask))
    return Answer(turns=tuple(turns), usage=_tally(ask, options, turns, scripted))


def _planned(ask: Ask, base: str) -> Script | None:
    return step_of(ask) if base == "sim-agent" else None


def _within(turn: Turn, ask: Ask) -> Turn:
    hits = [(turn.text.find(stop), stop) for stop in ask.stops if stop and stop in turn.text]
    if hits:
        at, stop = min(hits)
        turn = replace(
            turn, text=turn.text[:at], chunks=None, calls=(), finish="stop", stopped_by=stop
        )
    if ask.limit is None or turn.tokens <= ask.limit:
        return turn
    return _shorten(turn, max(0, ask.limit))


def _shorten(turn: Turn, limit: int) -> Turn:
    thinking = turn.thinking[: limit * 4]
    limit -= count(thinking)
    text = turn.text[: limit * 4]
    limit -= count(text)
    refusal = turn.refusal[: limit * 4]
    limit -= count(refusal)
    calls = []
    for call in turn.calls:
        limit -= count(call.name)
        if limit < 0:
            break
        arguments = call.arguments[: limit * 4]
        limit -= count(arguments)
        calls.append(Call(call.name, arguments, call.id))
    return replace(
        turn,
        thinking=thinking,
        text=text,
        chunks=None,
        refusal=refusal,
        calls=tuple(calls),
        finish="length",
        stopped_by=None,
    )


def _tally(ask: Ask, options: Options, turns: list[Turn], script: Script | None) -> Tally:
    read = min(options.cached, ask.input_tokens)
    counted = {
        "input": ask.input_tokens,
        "output": sum(turn.tokens for turn in turns),
        "reasoning": sum(count(turn.thinking) for turn in turns),
        "cache_read": read,
        "cache_write": min(options.cache_write, ask.input_tokens - read),
    }
    if script is not None:
        unknown = sorted(script.usage.keys() - counted.keys())
        if unknown:
            raise Rejected(f"x-sim-script: usage has {', '.join(counted)}, not {unknown[0]!r}")
        counted |= script.usage
    return Tally(**counted)
