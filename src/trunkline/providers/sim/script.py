"""Answers word for word: what a test wants to hear, in JSON."""

from collections.abc import Mapping

from msgspec import DecodeError, Struct, ValidationError, json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.turns import Call, Turn


class ScriptCall(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    arguments: object = None
    """A string goes out as it is; anything else as its JSON."""
    id: str | None = None


class Script(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer word for word: the header `x-sim-script`, or the prompt of model `sim-script`."""

    text: str = ""
    chunks: tuple[str, ...] | None = None
    reasoning: str = ""
    redacted: bool = False
    refusal: str = ""
    tool_calls: tuple[ScriptCall, ...] = ()
    finish: str | None = None
    stop_sequence: str | None = None
    usage: Mapping[str, int] = {}


_SCRIPT = json.Decoder(Script)
_FINISHES = ("stop", "length", "tool_calls", "content_filter", "refusal", "pause")


def read_script(script: bytes) -> Script:
    try:
        found = _SCRIPT.decode(script)
    except (DecodeError, ValidationError, UnicodeDecodeError) as error:
        raise Rejected(f"x-sim-script: {error}", param="x-sim-script") from None
    return checked(found)


def checked(script: Script) -> Script:
    """The same. Raises Rejected for a finish that there is not."""
    if script.finish is not None and script.finish not in _FINISHES:
        raise Rejected(f"x-sim-script: finish is one of {', '.join(_FINISHES)}")
    return script


def play(script: Script) -> Turn:
    calls = tuple(
        Call(call.name, _arguments(call.arguments), call.id) for call in script.tool_calls
    )
    usual = "tool_calls" if calls else "stop"
    return Turn(
        thinking=script.reasoning,
        redacted=script.redacted,
        text="".join(script.chunks) if script.chunks is not None else script.text,
        chunks=script.chunks,
        refusal=script.refusal,
        calls=calls,
        finish=script.finish or usual,
        stopped_by=script.stop_sequence,
    )


def _arguments(value: object) -> str:
    if value is None:
        return "{}"
    return value if isinstance(value, str) else json.encode(value).decode()
