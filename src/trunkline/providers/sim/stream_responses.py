"""The events of a streamed Responses answer, one by one."""

from collections.abc import Iterator

from msgspec import json

from trunkline.providers.sim.ask import Ask, count, pieces
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp
from trunkline.providers.sim.responses_parts import (
    IN_PROGRESS,
    How,
    Item,
    closed,
    event,
    finished,
    opened,
    outputs,
    part,
    response,
)
from trunkline.providers.sim.turns import Answer, Tally

_PADDING = b"ReLAoBL6oNRsXAfWZFXP9CAvnsSdEyJX"
_KINDS = {"function_call": "function_call_arguments", "custom_tool_call": "custom_tool_call_input"}


class ResponsesStream:
    """The events of one answer."""

    def __init__(self, id_: str, answer: Answer, ask: Ask, pace: Pace, stamp: Stamp) -> None:
        self._id = id_
        self._answer = answer
        self._turn = answer.turns[0]
        self._ask = ask
        self._pace = pace
        self._stamp = stamp
        self._number = -1
        self._index = -1
        self._done: list[bytes] = []
        self._written = 0

    def beats(self) -> Iterator[Beat]:
        for name in ("created", "in_progress"):
            yield Beat(self._response(name, IN_PROGRESS, None), Mark.LEAD)
        for item in outputs(self._turn, self._ask, self._stamp):
            self._index += 1
            if item.kind == "reasoning":
                yield from self._thought(item)
            elif item.kind == "message":
                yield from self._message(item)
            else:
                yield from self._call(item)
        skew = self._pace.skew
        if skew == "twice":
            data = self._response("in_progress", IN_PROGRESS, self._answer.usage)
            yield Beat(data, Mark.FRAME, usage=True)
        how = finished(self._turn.finish)
        told = self._answer.usage if skew != "missing" else None
        last = self._response(how.status, how, told)
        yield Beat(last, Mark.END, usage=told is not None)

    def _thought(self, item: Item) -> Iterator[Beat]:
        hidden = count(self._turn.thinking) - count(item.text)
        self._written += hidden
        yield self._added(item, Mark.CONTENT if hidden else Mark.FRAME, hidden)
        if item.text:
            where = b'"item_id":"%b","output_index":%d' % (item.id.encode(), self._index)
            empty, full = (
                b'%b,"part":%b,"summary_index":0'
                % (where, json.encode({"type": "summary_text", "text": text}))
                for text in ("", item.text)
            )
            yield self._frame("response.reasoning_summary_part.added", empty)
            for text in pieces(item.text, self._pace.chunk):
                data = b'"delta":%b,%b%b,"summary_index":0' % (
                    json.encode(text),
                    where,
                    self._padding(),
                )
                yield self._said("response.reasoning_summary_text.delta", data, "reasoning", text)
            data = b'%b,"summary_index":0,"text":%b' % (where, json.encode(item.text))
            yield self._frame("response.reasoning_summary_text.done", data)
            yield self._frame("response.reasoning_summary_part.done", full)
        yield self._closed(item)

    def _message(self, item: Item) -> Iterator[Beat]:
        yield self._added(item, Mark.FRAME)
        where = b'"content_index":0,"item_id":"%b","output_index":%d' % (
            item.id.encode(),
            self._index,
        )
        empty, full = (
            b'%b,"part":%b' % (where, json.encode(part(item, text))) for text in ("", item.text)
        )
        yield self._frame("response.content_part.added", empty)
        kind, name = ("refusal", "refusal") if item.refusal else ("text", "output_text")
        logprobs = b"" if item.refusal else b',"logprobs":[]'
        cut = item.chunks if item.chunks is not None else pieces(item.text, self._pace.chunk)
        for text in cut:
            data = b'%b,"delta":%b%b%b' % (where, json.encode(text), logprobs, self._padding())
            yield self._said(f"response.{name}.delta", data, kind, text)
        field = b"refusal" if item.refusal else b"text"
        data = b'%b%b,"%b":%b' % (where, logprobs, field, json.encode(item.text))
        yield self._frame(f"response.{name}.done", data)
        yield self._frame("response.content_part.done", full)
        yield self._closed(item)

    def _call(self, item: Item) -> Iterator[Beat]:
        self._written += count(item.name)
        yield self._added(item, Mark.CONTENT, count(item.name), "call")
        name, where = _KINDS[item.kind], b'"item_id":"%b"' % item.id.encode()
        for text in pieces(item.text, self._pace.chunk):
            data = b'"delta":%b,%b%b,"output_index":%d' % (
                json.encode(text),
                where,
                self._padding(),
                self._index,
            )
            yield self._said(f"response.{name}.delta", data, "arguments", text)
        field = b"input" if item.kind == "custom_tool_call" else b"arguments"
        data = b'"%b":%b,%b,"output_index":%d' % (field, json.encode(item.text), where, self._index)
        yield self._frame(f"response.{name}.done", data)
        yield self._closed(item)

    def _added(self, item: Item, mark: Mark, tokens: int = 0, kind: str = "") -> Beat:
        data = b'"item":%b,"output_index":%d' % (opened(item), self._index)
        return Beat(self._event("response.output_item.added", data), mark, kind, tokens=tokens)

    def _closed(self, item: Item) -> Beat:
        made = closed(item, self._turn.finish)
        self._done.append(made)
        data = b'"item":%b,"output_index":%d' % (made, self._index)
        return self._frame("response.output_item.done", data)

    def _frame(self, name: str, data: bytes) -> Beat:
        return Beat(self._event(name, data), Mark.FRAME)

    def _said(self, name: str, data: bytes, kind: str, text: str) -> Beat:
        tokens = count(text)
        self._written += tokens
        made = self._event(name, data)
        if self._pace.skew == "cumulative":
            tally = Tally(input=self._answer.usage.input, output=self._written)
            made += self._response("in_progress", IN_PROGRESS, tally)
        return Beat(made, Mark.CONTENT, kind, text, tokens)

    def _response(self, name: str, how: How, tally: Tally | None) -> bytes:
        skew = self._pace.skew
        data = response(self._id, self._stamp, self._ask, how, self._done, tally, skew)
        return self._event(f"response.{name}", b'"response":' + data)

    def _event(self, name: str, data: bytes) -> bytes:
        self._number += 1
        return event(name, data, self._number)

    def _padding(self) -> bytes:
        """Random letters that hide the token's length, unless the client asked for none."""
        if not self._ask.obfuscate:
            return b""
        start = self._stamp.seed[self._number % 32] % 16
        return b',"obfuscation":"%b"' % _PADDING[start : start + 2 + self._number % 14]
