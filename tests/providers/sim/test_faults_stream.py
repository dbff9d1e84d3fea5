"""Faults while an answer is on its way: the promised steps and bytes, in both dialects."""

import pytest
from msgspec import DecodeError, json

from tests.providers.sim.kit import (
    BOTH,
    CHAT,
    EVERY,
    MESSAGES,
    TOOL,
    ask,
    engine,
    play,
    text_of,
    tools_of,
)
from trunkline.providers.sim.steps import Cut, End, Hang, Head, Send

MODEL = "sim-chat@tokens=6,fault="
USAGE = {"stream_options": {"include_usage": True}}


def stream(path: str, fault: str, **more):
    return play(engine(), ask(path, MODEL + fault, stream=True, **more))


def whole(path: str, fault: str):
    return play(engine(), ask(path, MODEL + fault))


def clean(path: str, **more) -> bytes:
    """The same answer without the fault."""
    return play(engine(), ask(path, "sim-chat@tokens=6", **more)).body


def said(path: str) -> str:
    """Its text."""
    return text_of(path, play(engine(), ask(path, "sim-chat@tokens=6")))


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("streamed", (False, True))
def test_u2_says_nothing(path: str, streamed: bool) -> None:
    """Not even a status; with `for` the answer comes that late."""
    seen = play(engine(), ask(path, MODEL + "u2", stream=streamed))
    late = play(engine(), ask(path, MODEL + "u2:for=3", stream=streamed))

    assert (None, b"", Hang()) == (seen.head, seen.body, seen.last)
    assert ([3], clean(path, stream=streamed)) == (late.waits, late.body)


@pytest.mark.parametrize("path", BOTH)
def test_u3_says_its_headers(path: str) -> None:
    """Then nothing, or with lead=1 what comes before content, then nothing."""
    bare, led = stream(path, "u3"), stream(path, "u3:lead=1")
    late = stream(path, "u3:for=2")

    assert (200, b"", Hang()) == (bare.status, bare.body, bare.last)
    assert (b"role" if path == CHAT else b"message_start") in led.body
    assert ("", Hang(), 0) == (text_of(path, led), led.last, led.row.content_events)
    assert ([2], clean(path, stream=True)) == (late.waits, late.body)
    assert (200, b"", Hang()) == (
        whole(path, "u3").status,
        whole(path, "u3").body,
        whole(path, "u3").last,
    )
    assert clean(path) == whole(path, "u3:for=2").body


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("after", (0, 1, 3, 5))
def test_u4_stalls_after_so_many_events(path: str, after: int) -> None:
    """Exactly so many content events and tokens have gone; the rest never comes, or after `for`."""
    seen = stream(path, f"u4:after={after}")
    late = stream(path, f"u4:after={after}:for=2")

    assert (Hang(), after, after) == (seen.last, seen.row.content_events, seen.row.tokens)
    assert said(path)[: after * 4] == text_of(path, seen)
    assert ([2], clean(path, stream=True)) == (late.waits, late.body)


@pytest.mark.parametrize("path", EVERY)
def test_u4_stalls_before_the_finish_at_the_latest(path: str) -> None:
    """An answer with fewer events is never finished either."""
    seen = stream(path, "u4:after=99")

    assert (Hang(), 6, None) == (seen.last, seen.row.content_events, seen.row.finish)


@pytest.mark.parametrize("path", EVERY)
def test_u4_cuts_a_whole_answer_in_half(path: str) -> None:
    """Its length is promised, half of it comes; no token counts as delivered."""
    seen = whole(path, "u4")

    assert len(clean(path)) == seen.head.length
    assert (len(clean(path)) // 2, 0) == (len(seen.body), seen.row.tokens)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    ("kind", "last"), (("rst", Cut(reset=True)), ("eof", Cut(reset=False)), ("clean", End()))
)
def test_u5_ends_as_named(path: str, kind: str, last: object) -> None:
    """RST, FIN, or an HTTP body that ends properly in the middle of the answer."""
    seen = stream(path, f"u5:kind={kind}:after=2")
    half = whole(path, f"u5:kind={kind}")

    assert (last, 2, False) == (seen.last, seen.row.content_events, seen.row.finished)
    assert last == half.last
    assert (None if kind == "clean" else len(clean(path))) == half.head.length


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("after", ("finish", "usage"))
def test_u5_may_leave_out_the_sentinel(path: str, after: str) -> None:
    """Everything came but the usage, or but the very last event."""
    more = USAGE if path == CHAT else {}
    seen = stream(path, f"u5:kind=clean:after={after}", **more)

    assert ("stop", False) == (seen.row.finish, seen.row.finished)
    told = path == MESSAGES or after == "usage"
    assert told == seen.row.usage_told
    assert clean(path, stream=True, **more).startswith(seen.body)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("kind", ("json", "utf8", "shape", "array", "text", "nan", "deep"))
def test_u6_has_one_bad_event(path: str, kind: str) -> None:
    """Behind `after` good ones; the good events are all there, or with then=end no more of them."""
    good = clean(path, stream=True)
    seen = stream(path, f"u6:kind={kind}:after=2")
    ended = stream(path, f"u6:kind={kind}:after=2:then=end")
    at = next(at for at, data in enumerate(seen.sends) if data not in good)

    assert good == b"".join(seen.sends[:at] + seen.sends[at + 1 :])
    assert (2, 6) == (ended.row.content_events, seen.row.content_events)
    assert ended.sends == seen.sends[: at + 1]
    data = seen.sends[at].partition(b"data: ")[2].rstrip()
    if kind not in {"shape", "array"}:
        with pytest.raises((DecodeError, UnicodeDecodeError, RecursionError)):
            json.decode(data)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("kind", ("json", "utf8", "nan", "text"))
def test_u6_spoils_a_whole_answer(path: str, kind: str) -> None:
    """200, the right type, and no JSON."""
    seen = whole(path, f"u6:kind={kind}")

    assert (200, b"application/json") == (seen.status, seen.header(b"content-type"))
    with pytest.raises((DecodeError, UnicodeDecodeError)):
        json.decode(seen.body)


@pytest.mark.parametrize("path", BOTH)
def test_u8_sends_a_huge_event(path: str) -> None:
    """One event of that size between two small ones; the answer is valid."""
    seen = stream(path, "u8:size=300000")

    assert 300_000 < max(map(len, seen.sends)) < 301_000
    assert (300_000, 3, True) == (
        seen.row.text_chars,
        seen.row.content_events,
        seen.row.finished,
    )
    assert 300_000 < len(whole(path, "u8:size=300000").body) < 301_000


@pytest.mark.parametrize("path", EVERY)
def test_u8_sends_a_line_without_end(path: str) -> None:
    """No line break, in pieces that need no memory."""
    seen = stream(path, "u8:kind=line:size=1000000")

    assert 900_000 < len(seen.body)
    assert (0, 1 << 16) == (seen.body.count(b"\n"), max(map(len, seen.sends)))


@pytest.mark.parametrize("path", EVERY)
def test_u8_sends_very_many_events(path: str) -> None:
    """Each of one character, each counted."""
    seen = stream(path, "u8:kind=tiny:count=2000")

    assert (2000, 2000) == (seen.row.content_events, seen.row.text_chars)
    assert "x" * 2000 == text_of(path, seen)


@pytest.mark.parametrize("path", EVERY)
def test_u8_sends_huge_headers(path: str) -> None:
    """A header block of that size before a good answer."""
    seen = stream(path, "u8:kind=headers:size=100000")

    assert 100_000 < sum(len(name) + len(value) for name, value in seen.head.headers) < 110_000


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("after", ("0", "2", "head"))
def test_u13_says_what_went_wrong(path: str, after: str) -> None:
    """An error event in the dialect, then a proper end, and nothing behind it."""
    seen = stream(path, f"u13:after={after}:message=Too_busy")
    name, data = seen.events[-1]

    assert (int(after) if after.isdigit() else 0) == seen.row.content_events
    assert ("" if path == CHAT else "error", "Too busy") == (name, data["error"]["message"])
    assert ("server_error" if path == CHAT else "overloaded_error") == data["error"]["type"]
    assert (End(), False) == (seen.last, seen.row.finished)
    if after == "head":
        assert 1 == len(seen.events)


@pytest.mark.parametrize("path", EVERY)
def test_u13_in_a_whole_answer(path: str) -> None:
    """A 200 that holds an error."""
    seen = whole(path, "u13:kind=api_error")

    assert (200, "Overloaded") == (seen.status, seen.json["error"]["message"])


@pytest.mark.parametrize("path", EVERY)
def test_u16_drips(path: str) -> None:
    """So many bytes, then so long a wait; the answer is the same; kind=head drips headers, too."""
    seen = stream(path, "u16:every=0.5:bytes=7")

    assert clean(path, stream=True) == seen.body
    assert 7 == max(map(len, seen.sends))
    assert ({0.5}, len(seen.sends)) == (set(seen.waits), len(seen.waits))
    assert (0.0, 0.5) == (seen.head.every, stream(path, "u16:kind=head:every=0.5").head.every)


@pytest.mark.parametrize("fault", ("u4:after=1", "u5:after=1:kind=clean"))
def test_calls_count_as_content(fault: str) -> None:
    """The event that opens a call is the first content of an answer of calls."""
    for path in BOTH:
        seen = play(
            engine(), ask(path, f"sim-tools@fault={fault}", stream=True, tools=tools_of(path, TOOL))
        )
        assert (1, 0) == (seen.row.content_events, seen.row.argument_chars)


def test_a_fault_keeps_the_pace() -> None:
    """ttft and rate hold up to the fault."""
    seen = stream(CHAT, "u4:after=2,ttft=100,rate=10")

    assert [0.1, 0.1] == seen.waits


def test_the_steps_of_a_stall() -> None:
    """Head, role, one event, silence: nothing else before it."""
    performance = engine().respond(ask(CHAT, MODEL + "u4:after=1", stream=True))

    assert [Head, Send, Send, Hang] == [type(next(performance.steps)) for _ in range(4)]
