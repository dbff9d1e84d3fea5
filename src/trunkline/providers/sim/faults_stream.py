"""Faults that strike while an answer is on its way: silence, cuts, broken events, odd framing."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from trunkline.providers.sim.beats import Beat, Mark
from trunkline.providers.sim.scene import Scene, clean
from trunkline.providers.sim.steps import Cut, End, Hang, Head, Send, Step, Wait
from trunkline.providers.sim.turns import Answer, Tally, Turn

Steps = Iterator[Step]
_BLOCK = 1 << 16
_LARGEST = 256 << 20
"""Of what is made in one piece."""
POINTS = ("head", "finish", "usage")
"""What `after` may be beside a number: see `interrupted`."""


def silent(scene: Scene) -> Steps:
    """U2: the request is taken, no byte comes back; with `for`, the answer comes that late."""
    seconds = scene.fault.number("for", 0)
    if not seconds:
        yield Hang()
        return
    yield Wait(seconds)
    yield from clean(scene)


def headers_only(scene: Scene) -> Steps:
    """U3: headers, with `lead=1` also role or message_start, then silence (or a pause of `for`)."""
    fault = scene.fault
    if not scene.stream:
        body = scene.whole()
        yield Head(200, scene.headers(), len(body))
        yield from _silence(scene)
        yield Send(body, answer=scene.answer)
        yield End()
        return
    after = "0" if fault.text("lead", "0") != "0" else "head"
    yield from interrupted(scene, lambda: _silence(scene), after=after)


def stall(scene: Scene) -> Steps:
    """U4: silence after `after` content events (or a pause of `for` seconds)."""
    yield from interrupted(scene, lambda: _silence(scene), after=scene.fault.text("after", "3"))


def cut(scene: Scene) -> Steps:
    """U5: the connection or the body ends after `after` events: kind rst, eof or clean."""
    kind = scene.fault.text("kind", "rst")
    ending: Step = End() if kind == "clean" else Cut(reset=kind == "rst")
    after = scene.fault.text("after", "3")
    yield from interrupted(scene, lambda: iter((ending,)), after=after, sized=kind != "clean")


def error_event(scene: Scene) -> Steps:
    """U13: after `after` content events the stream says what went wrong, and ends."""
    kind = scene.fault.text("kind", "overloaded_error")
    message = scene.fault.text("message", "Overloaded").replace("_", " ")

    def event() -> bytes:
        return scene.voice.error_event(kind, message, scene.stamp, scene.sent)

    if not scene.stream:
        # Some OpenAI-speaking servers answer 200 with an error in a whole body, too.
        body = event().partition(b"data: ")[2].partition(b"\n")[0]
        yield Head(200, scene.headers(), len(body))
        yield Send(body)
        yield End()
        return
    after = scene.fault.text("after", "0")
    yield from interrupted(scene, lambda: iter((Send(event()), End())), after=after)


def interrupted(
    scene: Scene, then: Callable[[], Steps], *, after: str, sized: bool = True
) -> Steps:
    """
    The answer up to a point, then `then`, then the rest unless the interruption was the end.

    `after` is a number of content events, "head" (the header block alone), "finish" (the event
    that tells the finish reason has gone) or "usage" (all but the sentinel has). A stream with
    fewer events is interrupted before its finish. A whole answer is interrupted half way.
    """
    if not scene.stream:
        body = scene.whole()
        half = len(body) // 2
        yield Head(200, scene.headers(), len(body) if sized else None)
        yield Send(body[:half])
        yield from _ending(then(), iter((Send(body[half:], answer=scene.answer), End())))
        return
    yield Head(200, scene.headers())
    beats = scene.beats()
    if after == "head":
        yield from _ending(then(), scene.paced(beats))
        yield End()
        return
    kept, rest = _split(beats, after)
    yield from scene.paced(iter(kept))
    yield from _ending(then(), (Send(beat.data, beat) for beat in rest))
    yield End()


def _ending(interruption: Steps, rest: Steps) -> Steps:
    """The interruption, and the rest if it was not final; players stop at a final step."""
    yield from interruption
    yield from rest


def _split(beats: Iterator[Beat], after: str) -> tuple[list[Beat], Iterator[Beat]]:
    kept: list[Beat] = []
    seen = 0
    count = int(after) if after.isdigit() else None
    for beat in beats:
        mark = beat.mark
        final = mark in {Mark.FINISH, Mark.USAGE, Mark.END, Mark.LAST}
        if count is not None and (final or (mark is Mark.CONTENT and seen >= count)):
            return kept, _back(beat, beats)
        if count is None and mark is Mark.END:
            return kept, _back(beat, beats)
        kept.append(beat)
        seen += mark is Mark.CONTENT
        if after == "finish" and mark is Mark.FINISH:
            return kept, beats
    return kept, beats


def _back(beat: Beat, beats: Iterator[Beat]) -> Iterator[Beat]:
    yield beat
    yield from beats


def _silence(scene: Scene) -> Steps:
    seconds = scene.fault.number("for", 0)
    yield Wait(seconds) if seconds else Hang()


def malformed(scene: Scene) -> Steps:
    """
    U6: behind `after` good events comes one that is not what it should be.

    The answer goes on as if nothing had happened, or with then=end is over.
    """
    kind = scene.fault.text("kind", "json")
    if not scene.stream:
        good = scene.whole()
        body = good[: len(good) // 2] if kind == "json" else _bad_data(kind)
        yield Head(200, scene.headers(), len(body))
        yield Send(body)
        yield End()
        return
    name = _EVENTS.get(scene.voice.dialect, b"")
    data = _bad_data(kind).replace(b"content_block_delta", name or b"content_block_delta")
    event = Send(b"%bdata: %b\n\n" % (b"event: %b\n" % name if name else b"", data))
    after = scene.fault.text("after", "1")
    then: Steps = (
        iter((event, End())) if scene.fault.text("then", "go") == "end" else iter((event,))
    )
    yield from interrupted(scene, lambda: then, after=after)


_EVENTS = {
    "anthropic-messages": b"content_block_delta",
    "openai-responses": b"response.output_text.delta",
}
"""Where events have names: that of the bad one."""


def _bad_data(kind: str) -> bytes:
    return {
        "json": b'{"id":"x","type":"content_block_delta","choices":[{"ind',
        "utf8": b'{"type":"content_block_delta","index":0,"choices":[{"index":0,"delta":'
        b'{"type":"text_delta","text":"\xff\xfe","content":"\xff\xfe"}}]}',
        "shape": b'{"type":"content_block_delta","index":"no","delta":7,"choices":{"not":"a list"}}',
        "array": b"[]",
        "text": b"upstream connect error or disconnect/reset before headers",
        "nan": b'{"type":"content_block_delta","index":NaN,"choices":[NaN]}',
        "deep": b"[" * 100_000,
    }[kind]


def oversized(scene: Scene) -> Steps:
    """U8: one huge event, a line without end, very many events, or a huge header block."""
    kind = scene.fault.text("kind", "event")
    size = scene.fault.whole("size", {"event": 9 << 20, "line": 64 << 20}.get(kind, 1 << 18))
    if kind == "headers":
        pad = b"p" * 1000
        extra = tuple((b"x-pad-%d" % at, pad) for at in range(size // 1000))
        yield from clean(scene, extra=extra)
    elif kind == "line":
        yield Head(200, scene.headers())
        yield Send(b"data: ")
        for _ in range(size // _BLOCK):
            yield Send(b"x" * _BLOCK)
        yield End()
    elif kind == "tiny" and scene.stream:
        yield from _many(scene, scene.fault.whole("count", 1_000_000))
    else:
        text = "x" * min(size, _LARGEST)
        scene.answer = _saying(scene.answer, text, ("x", text[2:], "x"))
        yield from clean(scene)


def _saying(answer: Answer, text: str, chunks: tuple[str, ...]) -> Answer:
    turn = Turn(text=text, chunks=chunks)
    usage = Tally(input=answer.usage.input, output=turn.tokens)
    return Answer(turns=(turn,), usage=usage)


def _many(scene: Scene, count: int) -> Steps:
    """`count` events of one character each, some hundred in one write."""
    scene.answer = _saying(scene.answer, "x" * min(count, _LARGEST), ("x",))
    yield Head(200, scene.headers())
    batch = 512
    for beat in scene.beats():
        if beat.mark is not Mark.CONTENT:
            yield Send(beat.data, beat)
            continue
        for at in range(0, count, batch):
            times = min(batch, count - at)
            yield Send(beat.data * times, replace(beat, data=b""), times=times)
    yield End()


def dripping(scene: Scene) -> Steps:
    """U16: `bytes` bytes every `every` seconds; kind=head drips the header block, too."""
    every, step = scene.fault.number("every", 1.0), max(1, scene.fault.whole("bytes", 1))
    slow_head = every if scene.fault.text("kind", "body") == "head" else 0.0
    for done in clean(scene):
        if isinstance(done, Head):
            yield replace(done, every=slow_head)
        elif isinstance(done, Send):
            for part in in_parts(done, step):
                yield part
                yield Wait(every)
        else:
            yield done


def in_parts(send: Send, size: int) -> Iterator[Send]:
    """The same bytes in several writes; what they carry counts with the last."""
    data = send.data
    last = max(0, len(data) - 1) // size * size
    for at in range(0, last, size):
        yield Send(data[at : at + size])
    yield replace(send, data=data[last:])
