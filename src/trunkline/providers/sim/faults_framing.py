"""U7: server-sent events as the standard allows them and parsers forget: the answer is the same."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from trunkline.providers.sim.faults_stream import Steps, in_parts
from trunkline.providers.sim.scene import Scene, clean
from trunkline.providers.sim.steps import Head, Send, Wait

_BOM = b"\xef\xbb\xbf"


def _multiline(event: bytes) -> bytes:
    """An object's data over three lines: a line break is white space to JSON."""
    head, mark, data = event.partition(b"data: ")
    body = data.rstrip()
    if not body.startswith(b"{"):
        return event
    return b"%b%b{\ndata: %b\ndata: }\n\n" % (head, mark, body[1:-1])


def _lines(event: bytes) -> bytes:
    """Google ends its lines with CRLF already."""
    return event.replace(b"\r\n", b"\n")


def _commented(event: bytes) -> bytes:
    # OpenRouter sends the first kind while it waits (openrouter.ai/docs, seen 2026-11-21).
    return b": OPENROUTER PROCESSING\n\n: keep-alive\n" + event


def _fielded(event: bytes) -> bytes:
    return b"id: 7\nretry: 3000\nunknown: field\nbare\n" + event


_CHANGES: Mapping[str, Callable[[bytes], bytes]] = {
    "comments": _commented,
    "fields": _fielded,
    "multiline": _multiline,
    "nospace": lambda event: event.replace(b"data: ", b"data:").replace(b"event: ", b"event:"),
    "crlf": lambda event: _lines(event).replace(b"\n", b"\r\n"),
    "cr": lambda event: _lines(event).replace(b"\n", b"\r"),
}
KINDS = (*_CHANGES, "mixed", "bom", "noend", "split")


def oddly_framed(scene: Scene) -> Steps:
    """Kinds may be joined by "+": kind=crlf+split. A whole answer can only be split."""
    kinds = scene.fault.text("kind", "split").split("+")
    steps = clean(scene)
    if scene.stream:
        steps = _last_open(steps) if "noend" in kinds else steps
        steps = _changed(steps, kinds)
    if "split" in kinds:
        steps = _split(steps, max(1, scene.fault.whole("size", 1)))
    yield from steps


def _changed(steps: Steps, kinds: list[str]) -> Steps:
    first = True
    endings = 0
    for step in steps:
        if not isinstance(step, Send):
            yield step
            continue
        data = step.data
        for kind, change in _CHANGES.items():
            if kind in kinds:
                data = change(data)
        if "mixed" in kinds:
            data = _lines(data).replace(b"\n", (b"\n", b"\r\n", b"\r")[endings % 3])
            endings += 1
        if first and "bom" in kinds:
            data = _BOM + data
        first = False
        yield replace(step, data=data)


def _last_open(steps: Steps) -> Steps:
    """The last event lacks its blank line; even its line break."""
    held: Send | None = None
    for step in steps:
        if isinstance(step, Send):
            if held is not None:
                yield held
            held = step
            continue
        if held is not None and not isinstance(step, Head):
            yield replace(held, data=held.data.rstrip(b"\r\n"))
            held = None
        yield step


def _split(steps: Steps, size: int) -> Steps:
    for step in steps:
        if isinstance(step, Send):
            for part in in_parts(step, size):
                yield part
                yield Wait(0)
        else:
            yield step
