"""
Canonical events to a Chat Completions stream, byte for byte as OpenAI shapes it.

What every chunk repeats is encoded once per answer, and what every chunk of a part repeats once
per part: a delta costs a look-up, one JSON string and one list append.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Raw, json

from trunkline.canon.content import Reasoning
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import (
    Annotated,
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.custom_input import Unwrapping
from trunkline.dialects.invented_ids import named as named_id
from trunkline.dialects.openai_chat.block import DONE
from trunkline.dialects.openai_chat.reasoning import write_details
from trunkline.dialects.openai_chat.tools import custom_names, uses_functions
from trunkline.dialects.openai_chat.usage import write_usage
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.openai_errors import stream_error
from trunkline.wire.run import write_run

_encode = json.Encoder().encode

_FIELDS = {
    PartKind.TEXT: b'"content":',
    PartKind.REASONING: b'"reasoning_content":',
    PartKind.REFUSAL: b'"refusal":',
}


class _Part(NamedTuple):
    """An open part: the bytes around each of its deltas."""

    before: bytes
    after: bytes
    choice: int
    pick: Callable[[str], str] | None = None
    """What is written of each piece; a thought keeps it besides, to repeat it by its signature."""


class _Thought:
    """A reasoning part on its way, until its signature comes."""

    __slots__ = ("number", "pieces", "redacted")

    def __init__(self, number: int, *, redacted: bool) -> None:
        self.number = number
        self.redacted = redacted
        self.pieces: list[str] = []

    def keep(self, piece: str) -> str:
        self.pieces.append(piece)
        return piece


class StreamEncoder:
    """One per answer. After Ended or Faulted it says nothing more."""

    __slots__ = (
        "_calls",
        "_cited",
        "_customs",
        "_end",
        "_extra",
        "_functions",
        "_head",
        "_include_usage",
        "_out",
        "_parts",
        "_stamp",
        "_thoughts",
        "_told",
        "_unwrapping",
        "_usage",
    )

    def __init__(self, request: Request, stamp: Stamp) -> None:
        self._stamp = stamp
        self._include_usage = request.include_usage
        self._functions = uses_functions(request)
        self._customs = custom_names(request)
        self._unwrapping: dict[int, Unwrapping] = {}
        """Calls of custom tools, by part, whose upstream knew them as functions."""
        self._parts: dict[int, _Part] = {}
        self._thoughts: dict[int, _Thought] = {}
        self._calls: dict[int, int] = {}
        """Calls so far, by choice: a call's index counts calls alone."""
        self._cited: dict[int, list[Raw]] = {}
        """
        Annotations so far, by choice: they go out together, for openai-python's accumulator
        raises RuntimeError on a second list of entries that have no index (seen 2026-11-21).
        """
        self._told: set[int] = set()
        """Choices that have had their role."""
        self._usage: Usage | None = None
        self._out: list[bytes] = []
        self._extra: Mapping[str, Raw] = {}
        self._end = b"}]" + (b',"usage":null' if self._include_usage else b"") + b"}\n\n"
        self._head = b""
        self._start(Started("", ""))

    def feed(self, burst: Burst) -> bytes:
        out, texts, index = self._out, list[str](), -1
        for event in burst:
            if event.__class__ is PartDelta:
                if event.index != index:
                    if texts:
                        self._write(index, texts)
                        texts = []
                    index = event.index
                texts.append(event.text)
            else:
                if texts:
                    self._write(index, texts)
                    texts = []
                self._take(event)
        if texts:
            self._write(index, texts)
        data = b"".join(out)
        out.clear()
        return data

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error)

    def _write(self, index: int, texts: Sequence[str]) -> None:
        """Deltas of one part."""
        before, after, _, pick = self._parts[index]
        if pick is not None:
            texts = [text for piece in texts if (text := pick(piece))]
        if texts:
            self._out.append(write_run(before, after, texts))

    def _take(self, event: Event) -> None:
        match event:
            case PartOpened():
                self._open(event)
            case PartClosed(index=index):
                self._shut(index)
            case Signed():
                self._sign(event)
            case Annotated() if event.origin == NAME:
                choice = self._parts[event.index].choice
                self._cited.setdefault(choice, []).append(event.raw)
            case Logprobs():
                self._weigh(event)
            case UsageReported(usage=usage):
                self._usage = usage
            case Finished():
                self._finish(event)
            case Started():
                self._start(event)
            case Ended():
                self._close()
            case Faulted(error=error):
                self._out.append(stream_error(error))
            case _:
                pass

    def _start(self, event: Started) -> None:
        own = event.origin == NAME
        self._extra = event.extra if own else {}
        head = _encode(
            {
                "id": (own and event.id) or "chatcmpl-" + self._stamp.id,
                "object": "chat.completion.chunk",
                "created": event.created or self._stamp.created,
                "model": event.model or self._stamp.model,
                "system_fingerprint": None,
                **self._extra,
            }
        )
        self._head = b"data: " + head[:-1] + b',"choices":['

    def _open(self, event: PartOpened) -> None:
        choice = event.choice
        if choice not in self._told:
            self._begin(choice, event.kind)
        if event.kind is PartKind.TOOL_CALL:
            self._open_call(event)
        elif event.kind is PartKind.OPAQUE:
            if event.origin == NAME and event.raw is not None:
                self._chunk(choice, bytes(event.raw).strip()[1:-1])
        else:
            pick = None
            if event.kind is PartKind.REASONING:
                thought = _Thought(len(self._thoughts), redacted=event.redacted)
                self._thoughts[event.index] = thought
                pick = thought.keep
            before = self._before(choice) + _FIELDS[event.kind]
            self._parts[event.index] = _Part(before, self._after(), choice, pick)

    def _begin(self, choice: int, kind: PartKind | None) -> None:
        """The role's own chunk. `content` is null in a turn that does not begin with text."""
        self._told.add(choice)
        content = b'""' if kind in (PartKind.TEXT, None) else b"null"
        self._chunk(choice, b'"role":"assistant","content":' + content + b',"refusal":null')

    def _open_call(self, event: PartOpened) -> None:
        choice = event.choice
        number = self._calls.get(choice, 0)
        self._calls[choice] = number + 1
        field, written = "function", "arguments"
        pick = None
        if event.call_kind == "custom" or event.name in self._customs:
            field, written = "custom", "input"
            if event.call_kind != "custom":
                unwrapping = self._unwrapping[event.index] = Unwrapping()
                pick = unwrapping.feed
        named = {"name": event.name, written: ""}
        if self._functions:
            # The API before tools: one call an answer, which has no id.
            self._chunk(choice, b'"function_call":' + _encode(named))
            opening, closing = b'"function_call":{"arguments":', b"}"
        else:
            call_id = named_id(event.id, self._stamp.id, event.index)
            call = {"index": number, "id": call_id, "type": field, field: named}
            self._chunk(choice, b'"tool_calls":[' + _encode(call) + b"]")
            names = (number, field.encode(), written.encode())
            opening, closing = b'"tool_calls":[{"index":%d,"%b":{"%b":' % names, b"}}]"
        self._parts[event.index] = _Part(
            self._before(choice) + opening, closing + self._after(), choice, pick
        )

    def _shut(self, index: int) -> None:
        """What a custom call's JSON holds back until it is whole."""
        unwrapping = self._unwrapping.pop(index, None)
        if unwrapping is not None and (rest := unwrapping.finish()):
            part = self._parts[index]
            self._out.append(part.before + _encode(rest) + part.after)

    def _sign(self, event: Signed) -> None:
        thought = self._thoughts[event.index]
        text = "".join(thought.pieces)
        part = Reasoning(text, event.signature, event.origin, thought.redacted)
        details = write_details(part, thought.number)
        if details:
            self._chunk(self._parts[event.index].choice, b'"reasoning_details":' + _encode(details))

    def _weigh(self, event: Logprobs) -> None:
        """Into the chunk of the tokens they weigh, if it is still in hand."""
        raw, out, plain = bytes(event.raw), self._out, self._after()
        if out and out[-1].endswith(plain) and out[-1].startswith(self._before(event.choice)):
            out[-1] = out[-1][: -len(plain)] + self._after(raw)
        else:
            if event.choice not in self._told:
                self._begin(event.choice, None)
            self._chunk(event.choice, b"", self._after(raw))

    def _finish(self, event: Finished) -> None:
        if event.choice not in self._told:
            self._begin(event.choice, None)
        if cited := self._cited.pop(event.choice, None):
            self._chunk(event.choice, b'"annotations":' + _encode(cited))
        word = event.reason.value
        if self._functions and event.reason is FinishReason.TOOL_CALLS:
            word = "function_call"
        after = b'},"logprobs":null,"finish_reason":"%b"' % word.encode() + self._end
        self._chunk(event.choice, b"", after)

    def _close(self) -> None:
        if self._include_usage and self._usage is not None:
            usage = _encode(write_usage(self._usage))
            self._out.append(self._head + b'],"usage":' + usage + b"}\n\n")
        self._out.append(DONE)

    def _chunk(self, choice: int, delta: bytes, after: bytes | None = None) -> None:
        self._out.append(self._before(choice) + delta + (after or self._after()))

    def _before(self, choice: int) -> bytes:
        return self._head + b'{"index":%d,"delta":{' % choice

    def _after(self, logprobs: bytes = b"null") -> bytes:
        return b'},"logprobs":' + logprobs + b',"finish_reason":null' + self._end
