"""The table of faults, and when one strikes."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from trunkline.providers.sim import faults_answer as whole
from trunkline.providers.sim import faults_framing as framing
from trunkline.providers.sim import faults_stream as stream
from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.options import Fault, Options
from trunkline.providers.sim.scene import Scene
from trunkline.providers.sim.steps import Step
from trunkline.providers.sim.usage import SKEWS


class FaultSpec(Struct, frozen=True):
    play: Callable[[Scene], Iterator[Step]]
    about: str
    words: frozenset[str] = frozenset()
    """The parameters it takes, beside `kind`."""
    kinds: tuple[str, ...] = ()


def _spec(
    play: Callable[[Scene], Iterator[Step]], about: str, words: str = "", kinds: str = ""
) -> FaultSpec:
    return FaultSpec(play, about, frozenset(words.split()), tuple(kinds.split()))


FAULTS: Mapping[str, FaultSpec] = {
    "u1": _spec(whole.refused, "no connection", kinds="rst eof"),
    "u2": _spec(stream.silent, "no headers", "for"),
    "u3": _spec(stream.headers_only, "headers, then silence", "for lead"),
    "u4": _spec(stream.stall, "stall in the middle", "after for"),
    "u5": _spec(stream.cut, "cut in the middle", "after", "rst eof clean"),
    "u6": _spec(
        stream.malformed, "malformed event", "after then", "json utf8 shape array text nan deep"
    ),
    "u7": _spec(framing.oddly_framed, "odd but valid framing", "size", " ".join(framing.KINDS)),
    "u8": _spec(stream.oversized, "too much", "size count", "event line tiny headers body"),
    "u9": _spec(whole.wrong_type, "200 of another kind", kinds="html json answer sse empty"),
    "u10": _spec(
        whole.throttled,
        "429",
        "retry_after status",
        "seconds date ms both fraction absurd negative past garbage none spend quota",
    ),
    "u11": _spec(whole.failed, "5xx", "status retry_after", "json html"),
    "u12": _spec(whole.rejected, "4xx", "status", "context filter leak"),
    "u13": _spec(stream.error_event, "error event after 200", "after message", ""),
    "u14": _spec(whole.encoded, "encoding nobody asked for", "size", "gzip deflate bomb nested lie"),
    "u15": _spec(whole.redirected, "redirect", "status to", "host trap"),
    "u16": _spec(stream.dripping, "a byte at a time", "every bytes", "body head"),
    "u17": _spec(whole.miscounted, "wrong usage", "", " ".join(SKEWS)),
    "u18": _spec(whole.evil_headers, "evil headers", "", " ".join(whole.EVIL_KINDS)),
    "u19": _spec(whole.brownout, "brown-out", "rate status slow period down", "errors slow"),
}  # fmt: skip


_NUMBERS = frozenset(
    {"for", "size", "count", "retry_after", "status", "every", "bytes", "rate", "slow", "period",
     "down", "lead"}
)  # fmt: skip


def check(fault: Fault) -> FaultSpec:
    """Raises Rejected or BadOption for a typing error, lest a test pass without its fault."""
    spec = FAULTS.get(fault.name)
    if spec is None:
        raise Rejected(f"there is no fault {fault.name!r}; there are {', '.join(FAULTS)}")
    unknown = sorted(fault.words.keys() - spec.words - {"kind"})
    if unknown:
        raise Rejected(f"fault {fault.name} has no {unknown[0]!r}: it has {sorted(spec.words)}")
    for key in fault.words.keys() & _NUMBERS:
        fault.number(key, 0)  # raises BadOption
    after = fault.text("after", "0")
    if not after.isdigit() and after not in stream.POINTS:
        raise Rejected(f"after is a number or one of {stream.POINTS}, not {after!r}")
    for kind in fault.words.get("kind", "").split("+"):
        if kind and spec.kinds and kind not in spec.kinds:
            raise Rejected(f"fault {fault.name} has no kind {kind!r}: it has {spec.kinds}")
    return spec


class Strikes:
    """Counts requests by model name, to tell whether a fault strikes this one."""

    _CAP = 4096
    """Names remembered; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def hits(self, options: Options, model: str, now: float) -> bool:
        """`now` in monotonic seconds. Each call counts as a request."""
        if options.fail is None and not options.skip and options.until is None:
            return True
        count, first = self._seen.get(model, (0, now))
        if model not in self._seen and len(self._seen) >= self._CAP:
            del self._seen[next(iter(self._seen))]
        self._seen[model] = (count + 1, first)
        if count < options.skip:
            return False
        if options.fail is not None and count >= options.skip + options.fail:
            return False
        return options.until is None or now - first < options.until
