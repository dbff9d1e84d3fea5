"""How a caller chooses what the simulator does: options in model name, headers, key or defaults."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from trunkline.canon.exchange import Headers


class BadOption(ValueError):
    """An option that does not exist or has an unreadable value; the message says which."""


class Fault(Struct, frozen=True):
    """One fault class with its parameters: "u4:after=3" is Fault("u4", {"after": "3"})."""

    name: str
    words: Mapping[str, str] = {}

    def text(self, key: str, default: str) -> str:
        return self.words.get(key, default)

    def number(self, key: str, default: float) -> float:
        return _number(f"{self.name}:{key}", self.words[key]) if key in self.words else default

    def whole(self, key: str, default: int) -> int:
        return int(self.number(key, default))


class Options(Struct, frozen=True, kw_only=True):
    """See docs/reference/simulator.md, which has the same fields in a table."""

    ttft: float = 0.0
    """Milliseconds before the first content."""
    rate: float = 0.0
    """Tokens per second; 0: as fast as they can be written."""
    tokens: int | None = None
    """Length of the text."""
    chunk: int = 1
    """Tokens in one event."""
    think: int = 12
    """Length of the reasoning of `sim-reason`."""
    calls: int | None = None
    """How many tools `sim-tools` calls at once."""
    cached: int = 0
    """Input tokens said to come from a prompt cache."""
    cache_write: int = 0
    """Input tokens said to be written to one."""
    field: str = "reasoning_content"
    """Where OpenAI-speaking servers put reasoning: this, or "reasoning"."""
    redacted: bool = False
    """The reasoning is not shown."""
    preamble: bool = False
    """A sentence comes before the tool calls."""
    lax: bool = False
    """Accept what the real provider would refuse."""
    strict: bool = False
    """Refuse unknown top-level fields, as the real providers do."""
    name: str = ""
    """Which recording `sim-replay` answers with."""
    fault: Fault | None = None
    fail: int | None = None
    """The fault strikes the first so many requests of this very model name; then it is over."""
    skip: int = 0
    """The fault spares the first so many."""
    until: float | None = None
    """Seconds after the first request of this very model name at which the fault is over."""
    tag: str = ""
    """Means nothing; sets one test's model name, and with it its counters, apart from another's."""


NONE = Options()

_FLAGS = frozenset({"redacted", "preamble", "lax", "strict"})
_WHOLE = frozenset({"tokens", "chunk", "think", "calls", "cached", "cache_write", "fail", "skip"})
_FLOATS = frozenset({"ttft", "rate", "until"})
_WORDS = frozenset({"field", "name", "tag"})
_MOST = 1 << 30
_LONGEST = 1 << 20
"""Tokens: what a gateway serves with a simulator inside must not be able to fill its memory."""
_KNOWN = _FLAGS | _WHOLE | _FLOATS | _WORDS | {"fault", "status", "brownout"}

_PREFIX = b"x-sim-"
_NO_OPTIONS = frozenset({b"x-sim-script", b"x-sim-options"})


def split_model(model: str) -> tuple[str, str]:
    """The bare name and the options behind "@": ("sim-chat", "ttft=200")."""
    name, _, options = model.partition("@")
    return name, options


def header_options(headers: Headers) -> list[str]:
    """Option texts from `x-sim-options` and from `x-sim-<option>` headers."""
    found: list[str] = []
    for name, value in headers:
        if not name.startswith(_PREFIX):
            continue
        if name == b"x-sim-options":
            found.append(value.decode("latin-1"))
        elif name not in _NO_OPTIONS:
            key = name[len(_PREFIX) :].decode("latin-1").replace("-", "_").removesuffix("_ms")
            found.append(f"{key}={value.decode('latin-1')}")
    return found


def parse(texts: Iterable[str]) -> Options:
    """Options from texts like "ttft=200,fault=u4:after=3"; the first to name an option wins."""
    words: dict[str, str] = {}
    for text in texts:
        for item in text.split(","):
            key, _, value = item.strip().partition("=")
            if key:
                words.setdefault(key, value or "1")
    return _decode(words) if words else NONE


def _decode(words: Mapping[str, str]) -> Options:
    unknown = sorted(words.keys() - _KNOWN)
    if unknown:
        raise BadOption(f"unknown option {unknown[0]!r}; there are {', '.join(sorted(_KNOWN))}")
    values: dict[str, object] = {}
    for key, value in words.items():
        if key in _FLAGS:
            values[key] = value not in {"0", "false", "no"}
        elif key in _WHOLE:
            values[key] = int(_number(key, value))
            if int(_number(key, value)) > _LONGEST:
                raise BadOption(f"option {key} is at most {_LONGEST}, not {value!r}")
        elif key in _FLOATS:
            values[key] = _number(key, value)
        elif key in _WORDS:
            values[key] = value
    values["fault"] = _fault(words)
    return Options(**values)  # type: ignore[arg-type] # each value was made for its field above


def _fault(words: Mapping[str, str]) -> Fault | None:
    """`fault=` itself, or its short forms `status=529` and `brownout=0.5`."""
    if "fault" in words:
        name, *rest = words["fault"].split(":")
        pairs = (item.partition("=") for item in rest if item)
        return Fault(name.lower(), {key: value or "1" for key, _, value in pairs})
    if "status" in words:
        status = int(_number("status", words["status"]))
        kind = "u10" if status == 429 else "u12" if status < 500 else "u11"
        return Fault(kind, {"status": str(status)})
    if "brownout" in words:
        return Fault("u19", {"rate": words["brownout"]})
    return None


def _number(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise BadOption(f"option {key} must be a number, not {value!r}") from None
    if not -_MOST <= number <= _MOST:
        raise BadOption(f"option {key} is at most {_MOST}, not {value!r}")
    return number
