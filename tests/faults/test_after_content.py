"""What goes wrong behind the first content: told in the dialect, nothing spliced, billed as delivered."""

import msgspec
import pytest

from tests.faults.client import PROMPT, Call, End
from tests.faults.gateway import World
from tests.faults.simulators import ANTHROPIC, OPENAI
from trunkline.config.schema import Target

# Paced, so that what was sent before the fault has arrived and is not swallowed by a reset.
PACE = "rate=400"
# Where that is little: read at once with the fault, it would not have been content before a fault.
SLOWLY = "rate=40"


def idle(model: str, seconds: float = 0.3) -> Target:
    """A target that is given up when it falls silent, and not before it has begun."""
    return Target(model=model, first_content_timeout=30, idle_timeout=seconds)


def calls(town: World, *targets: Target | str, **body: object) -> list[Call]:
    """Streams in both dialects from upstreams of both; "?" stands for the upstream's letter."""

    def of(letter: str, target: Target | str) -> Target | str:
        if isinstance(target, str):
            return target.replace("?", letter)
        return Target(
            model=target.model.replace("?", letter),
            first_content_timeout=target.first_content_timeout,
            idle_timeout=target.idle_timeout,
        )

    return [
        town.call(*(of(letter, target) for target in targets), dialect=dialect, **body)
        for letter in "oag"
        for dialect in (OPENAI, ANTHROPIC)
    ]


SERVER, GARBLED = ("server_error", "upstream_disconnected"), ("server_error", "upstream_garbled")
TIMED_OUT = ("timeout", "upstream_timeout")

BROKEN = (
    ("u4:after=3", TIMED_OUT),
    ("u4:after=20", TIMED_OUT),
    ("u5:after=3", SERVER),
    ("u5:after=3:kind=eof", SERVER),
    ("u5:after=3:kind=clean", SERVER),
    ("u5:after=40:kind=eof", SERVER),
    ("u6:after=3", GARBLED),
    ("u6:after=3:kind=utf8", GARBLED),
    ("u6:after=3:kind=array", GARBLED),
    ("u6:after=3:kind=text", GARBLED),
    ("u6:after=3:kind=nan", GARBLED),
    ("u6:after=3:kind=deep", GARBLED),
    ("u8", GARBLED),
    ("u13:after=3", None),
)


@pytest.mark.parametrize(("fault", "chat"), BROKEN, ids=[fault for fault, _ in BROKEN])
def test_an_answer_that_breaks_off_says_so(
    town: World, fault: str, chat: tuple[str, str] | None
) -> None:
    """An error event and nothing behind it; the other target, which could answer, is not asked."""
    pace = SLOWLY if "after=3" in fault else PACE
    broken = f"?1/sim-echo@{pace},fault={fault}"
    first = idle(broken) if fault.startswith("u4") else broken
    seen = town.ask(*calls(town, first, "?2/sim-echo"))

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (200, End.ERROR, 1) == (one.status, one.end, one.attempts)
        assert one.text
        assert not one.closed
        assert one.framed
        if fault != "u8":
            assert PROMPT.startswith(one.text)
        if one.call.dialect == OPENAI and chat is not None:
            assert chat == one.told


def test_an_overload_in_the_middle_keeps_its_meaning(town: World) -> None:
    """Anthropic's overloaded_error reaches both dialects as what it is."""
    seen = town.ask(
        *(
            town.call(f"a1/sim-echo@{SLOWLY},fault=u13:after=5", dialect=dialect)
            for dialect in (OPENAI, ANTHROPIC)
        )
    )

    assert [] == town.compare(seen).differences
    assert ("server_error", "upstream_overloaded") == seen[0].told
    assert "overloaded_error" == seen[1].told[0]


FINISHED = (
    "u4:after=finish",
    "u5:after=finish",
    "u5:after=finish:kind=eof",
    "u5:after=finish:kind=clean",
    "u5:after=usage",
    "u5:after=usage:kind=eof",
    "u5:after=usage:kind=clean",
)


@pytest.mark.parametrize("fault", FINISHED)
def test_an_answer_that_lacks_only_its_sentinel_is_whole(town: World, fault: str) -> None:
    """It has said why it finished: the client gets the end that its dialect wants."""
    seen = town.ask(*calls(town, idle(f"?1/sim-echo@{PACE},fault={fault}", 0.4)))

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.WHOLE, PROMPT, True) == (one.end, one.text, one.closed)


ODD = (
    "split:size=7",
    "crlf+split:size=5",
    "cr",
    "mixed",
    "comments+fields+multiline",
    "bom+noend",
    "nospace",
    "noend",
)


@pytest.mark.parametrize("kind", ODD)
def test_odd_framing_makes_no_difference(town: World, kind: str) -> None:
    """Whatever the standard allows between events gives the same answer."""
    seen = town.ask(*calls(town, f"?1/sim-echo@chunk=6,fault=u7:kind={kind}"))

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.WHOLE, PROMPT) == (one.end, one.text)


USAGES = ("missing", "twice", "cumulative", "negative", "huge", "null", "text", "float", "zero")
TOLD = ("twice", "cumulative", "text", "float")


@pytest.mark.parametrize("kind", USAGES)
@pytest.mark.parametrize("stream", (True, False), ids=("streamed", "whole"))
def test_odd_usage_is_believed_or_counted_here(town: World, kind: str, stream: bool) -> None:
    """The last cumulative count stands; what cannot be true is estimated, and says so."""
    asked = [
        town.call(f"{letter}1/sim-echo@fault=u17:kind={kind}", dialect=dialect, stream=stream)
        for letter in "oag"
        for dialect in (OPENAI, ANTHROPIC)
    ]
    seen = town.ask(*asked)
    books = town.compare(seen)

    assert [] == books.differences
    for entry in books.entries:
        assert (End.WHOLE, PROMPT) == (entry.seen.end, entry.seen.text)
        row, answer = entry.row, entry.answer
        assert answer is not None
        assert answer.usage is not None
        if not row.estimated:
            assert kind in TOLD
            assert (answer.usage.input, answer.usage.output) == (row.input, row.output)
        assert len(PROMPT) / 12 < row.output < len(PROMPT)
        assert len(PROMPT) / 12 < row.input < len(PROMPT)


def test_a_trickle_is_no_answer(town: World) -> None:
    """Bytes keep coming and no event is ever whole: the idle clock of events runs out."""
    script = msgspec.json.encode({"chunks": ["soon ", "late" * 1000]}).decode()
    slow = Target(
        model="?1/sim-script@fault=u16:every=0.05:bytes=150",
        first_content_timeout=9,
        idle_timeout=0.4,
    )
    seen = town.ask(*calls(town, slow, messages=[{"role": "user", "content": script}]))

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.ERROR, 200, "soon ") == (one.end, one.status, one.text)
        assert one.told[0] in {"timeout", "timeout_error"}


def test_slow_is_not_stalled(town: World) -> None:
    """An answer whose events come slower than they might, but come, is let be."""
    seen = town.ask(*calls(town, idle("?1/sim-echo@rate=5,chunk=1,tokens=8", 1.0)))

    assert [] == town.compare(seen).differences
    assert [End.WHOLE] * 6 == [one.end for one in seen]


def test_evil_headers_stay_outside(town: World) -> None:
    """An answer's headers are ours; of the upstream's not one gets through."""
    seen = town.ask(*calls(town, "?1/sim-echo@fault=u18"))

    assert [] == town.compare(seen).differences
    own = {
        "date",
        "content-type",
        "cache-control",
        "x-accel-buffering",
        "x-trunkline-request-id",
        "x-request-id",
        "request-id",
        "x-trunkline-attempts",
        "x-trunkline-provider",
        "x-trunkline-model",
        "x-trunkline-warnings",
        "server-timing",
        "transfer-encoding",
    }
    for one in seen:
        assert not one.headers.keys() - own
        assert one.headers["x-trunkline-request-id"] != "req_forged"


def test_tools_and_thinking_break_off_alike(town: World) -> None:
    """Arguments and reasoning count as content: the same error, the same bill."""
    tool = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    chat = {"tools": [{"type": "function", "function": {"name": "weather", "parameters": tool}}]}
    messages = {"tools": [{"name": "weather", "input_schema": tool}]}
    asked = [
        town.call(f"{letter}1/{model}@{SLOWLY},fault=u5:after=4:kind=eof", dialect=dialect, **body)
        for letter in "oag"
        for model in ("sim-tools", "sim-reason")
        for dialect, body in ((OPENAI, chat), (ANTHROPIC, messages))
    ]
    seen = town.ask(*asked)

    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.ERROR, 1) == (one.end, one.attempts)
        assert one.arguments or one.thought
