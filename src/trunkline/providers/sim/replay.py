"""Recorded traffic, answered again to the byte."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Raw, Struct, json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.beats import Beat, Mark, Stamp, Voice
from trunkline.providers.sim.options import Options
from trunkline.providers.sim.scene import Scene
from trunkline.providers.sim.turns import Answer

_HOP = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})


class _Asked(Struct):
    model: str = ""
    stream: bool | None = None


class _Request(Struct):
    method: str = "POST"
    path: str = ""
    body: Raw = Raw()


class _Response(Struct):
    status: int | None = 200
    headers: dict[str, str] | None = None
    body: Raw = Raw()
    sse_file: str | None = None


class _File(Struct):
    request: _Request
    response: _Response


class Recording(Struct, frozen=True):
    """One recorded exchange."""

    name: str
    """Its file's name without ".json"."""
    endpoint: str
    """Last words of its path: "/chat/completions", "/responses" or "/messages"."""
    model: str
    stream: bool
    request: bytes
    status: int
    headers: Headers
    body: bytes


class Recordings:
    """Finds the recording that answers a request."""

    def __init__(self, recordings: Sequence[Recording] = ()) -> None:
        self._all = recordings
        self._names = {recording.name: recording for recording in recordings}

    def find(self, path: str, model: str, name: str, body: bytes) -> Recording | None:
        """By `name`, else by model and endpoint: the one with the same body, stream flag or neither."""
        if name:
            return self._names.get(name)
        fitting = [one for one in self._all if one.model == model and path.endswith(one.endpoint)]
        if len(fitting) > 1:
            asked = _plain(body)
            stream = json.decode(body, type=_Asked).stream is True
            fitting.sort(key=lambda one: (_plain(one.request) != asked, one.stream != stream))
        return fitting[0] if fitting else None

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return f"<Recordings {len(self._all)}>"


def _plain(body: bytes) -> object:
    try:
        return json.decode(body)
    except (ValueError, RecursionError):
        return None


def load(folder: Path) -> Recordings:
    """
    Every `NAME.json` under `folder` that holds {request{path, body}, response{status, headers, body | sse_file}}.

    Files of other shapes are passed over. A stream's bytes lie beside in the `sse_file`.
    """
    found = [_read(file) for file in sorted(folder.rglob("*.json"))]
    return Recordings([recording for recording in found if recording is not None])


def _read(file: Path) -> Recording | None:
    try:
        entry = json.decode(file.read_bytes(), type=_File)
        asked = json.decode(entry.request.body or b"{}", type=_Asked)
    except (ValueError, RecursionError):
        return None
    response = entry.response
    stream = response.sse_file is not None
    if response.sse_file is not None:
        source = file.parent / response.sse_file
        if not source.exists():
            return None
        body = source.read_bytes()
    else:
        body = bytes(response.body)
    headers = tuple(
        (name.lower().encode(), value.encode())
        for name, value in (response.headers or {}).items()
        if name.lower() not in _HOP
    )
    path = entry.request.path.partition("?")[0]
    endpoint = re.sub(r"^.*?(/chat/completions|/responses|/messages)$", r"\1", path)
    return Recording(
        name=file.stem,
        endpoint=endpoint,
        model=asked.model,
        stream=stream,
        request=bytes(entry.request.body),
        status=response.status or 200,
        headers=headers,
        body=body,
    )


_EVENT = re.compile(rb".*?(?:\r?\n\r?\n|\r\r|\Z)", re.DOTALL)
_CONTENT = re.compile(rb'[_.]delta"|"(?:content|reasoning_content|reasoning|tool_calls)":["\[]')
_RESPONSE_END = re.compile(rb"event: response\.(?:completed|incomplete|failed)\s")
_FINISH = re.compile(rb'"(?:finish|stop)_reason": ?"')


class ReplayScene(Scene):
    """A scene whose bytes were recorded."""

    __slots__ = ("recording",)

    def __init__(
        self,
        voice: Voice,
        ask: Ask,
        options: Options,
        answer: Answer,
        stamp: Stamp,
        monotonic: float,
        recording: Recording,
    ) -> None:
        super().__init__(voice, ask, options, answer, stamp, monotonic)
        self.recording = recording

    @property
    def stream(self) -> bool:
        return self.recording.stream

    @property
    def status(self) -> int:
        return self.recording.status

    def headers(self, *, stream: bool | None = None) -> Headers:
        return self.recording.headers

    def whole(self, skew: str = "") -> bytes:
        return self.recording.body

    def beats(self, skew: str = "") -> Iterator[Beat]:
        for match in _EVENT.finditer(self.recording.body):
            if event := match.group():
                yield Beat(event, _mark(event))


def replayed(scene: Scene, recording: Recording) -> Scene:
    """The same request, answered by the recording."""
    return ReplayScene(
        scene.voice,
        scene.ask,
        scene.options,
        scene.answer,
        scene.stamp,
        scene.monotonic,
        recording,
    )


def _mark(event: bytes) -> Mark:
    if b"[DONE]" in event or b"message_stop" in event or _RESPONSE_END.match(event):
        return Mark.END
    if _FINISH.search(event):
        return Mark.FINISH
    return Mark.CONTENT if _CONTENT.search(event) else Mark.FRAME
