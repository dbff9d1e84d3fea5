"""The events of a streamed Messages answer, one by one."""

from collections.abc import Iterator

from msgspec import json

from trunkline.providers.sim.ask import Ask, count, pieces
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp
from trunkline.providers.sim.messages_body import sign
from trunkline.providers.sim.messages_parts import (
    PLACE,
    REFUSAL,
    classes,
    creation,
    output,
    stop_reason,
    tool_id,
)
from trunkline.providers.sim.turns import Answer, Tally


class MessagesStream:
    """The events of one answer."""

    def __init__(self, id_: str, answer: Answer, ask: Ask, pace: Pace, stamp: Stamp) -> None:
        self._id = id_
        self._answer = answer
        self._turn = answer.turns[0]
        self._ask = ask
        self._pace = pace
        self._stamp = stamp
        self._index = -1
        self._events = 0
        self._written = 0

    def beats(self) -> Iterator[Beat]:
        skew = self._pace.skew
        yield self._start()
        yield from self._thinking()
        yield from self._text()
        yield from self._calls()
        if self._index < 0:
            yield self._ping()
        if skew == "twice":
            yield Beat(self._delta(self._answer.usage, b"null"), Mark.FRAME, usage=True)
        reason = b'"%b"' % stop_reason(self._turn).encode()
        yield Beat(self._delta(self._answer.usage, reason), Mark.FINISH, usage=skew != "missing")
        yield Beat(self._event(b"message_stop", b'{"type":"message_stop"'), Mark.END)

    def _start(self) -> Beat:
        usage = b""
        if self._pace.skew != "missing":
            # output_tokens here is a small number that has nothing to say.
            tally, skew = self._answer.usage, self._pace.skew
            usage = b',"usage":{%b,%b,"output_tokens":1,%b}' % (
                classes(tally, skew),
                creation(tally, skew),
                PLACE,
            )
        message = (
            b'{"model":%b,"id":"%b","type":"message","role":"assistant","content":[],'
            b'"stop_reason":null,"stop_sequence":null,"stop_details":null%b}'
        ) % (json.encode(self._stamp.model), self._id.encode(), usage)
        data = b'{"type":"message_start","message":' + message
        return Beat(self._event(b"message_start", data), Mark.LEAD, usage=bool(usage))

    def _thinking(self) -> Iterator[Beat]:
        turn = self._turn
        if not turn.thinking:
            return
        tokens = count(turn.thinking)
        if turn.redacted:
            block = b'{"type":"redacted_thinking","data":%b}' % json.encode(sign(turn.thinking))
            self._written += tokens
            yield from self._open(block, Mark.CONTENT, tokens)
            yield self._close()
            return
        yield from self._open(b'{"type":"thinking","thinking":"","signature":""}', Mark.FRAME)
        shown = "" if self._ask.thinking == "omitted" else turn.thinking
        for text in pieces(shown, self._pace.chunk):
            delta = b'{"type":"thinking_delta","thinking":%b}' % json.encode(text)
            yield self._content(delta, "reasoning", text)
        delta = b'{"type":"signature_delta","signature":%b}' % json.encode(sign(shown))
        hidden = tokens - count(shown)
        self._written += hidden
        yield Beat(self._block_delta(delta), Mark.CONTENT, "signature", tokens=hidden)
        yield self._close()

    def _text(self) -> Iterator[Beat]:
        turn = self._turn
        text = turn.text or turn.refusal
        if not text:
            return
        yield from self._open(b'{"type":"text","text":""}', Mark.FRAME)
        kind = "text" if turn.text else "refusal"
        for piece in turn.chunks if turn.chunks is not None else pieces(text, self._pace.chunk):
            delta = b'{"type":"text_delta","text":%b}' % json.encode(piece)
            yield self._content(delta, kind, piece)
        yield self._close()

    def _calls(self) -> Iterator[Beat]:
        for at, call in enumerate(self._turn.calls):
            block = (
                b'{"type":"tool_use","id":%b,"name":%b,"input":{},"caller":{"type":"direct"}}'
                % (
                    json.encode(call.id or tool_id(self._stamp.seed, at)),
                    json.encode(call.name),
                )
            )
            tokens = count(call.name)
            self._written += tokens
            yield from self._open(block, Mark.CONTENT, tokens)
            # The first fragment is empty, and the only one of a call without arguments.
            fragments = pieces("" if call.arguments == "{}" else call.arguments, self._pace.chunk)
            first = b'{"type":"input_json_delta","partial_json":""}'
            spared = 0 if fragments else count(call.arguments)
            self._written += spared
            yield Beat(self._block_delta(first), Mark.CONTENT, "arguments", tokens=spared)
            for text in fragments:
                delta = b'{"type":"input_json_delta","partial_json":%b}' % json.encode(text)
                yield self._content(delta, "arguments", text)
            yield self._close()

    def _open(self, block: bytes, mark: Mark, tokens: int = 0) -> Iterator[Beat]:
        self._index += 1
        data = b'{"type":"content_block_start","index":%d,"content_block":%b' % (self._index, block)
        kind = "call" if mark is Mark.CONTENT else ""
        yield Beat(self._event(b"content_block_start", data), mark, kind, tokens=tokens)
        if self._index == 0:
            yield self._ping()

    def _close(self) -> Beat:
        data = b'{"type":"content_block_stop","index":%d' % self._index
        return Beat(self._event(b"content_block_stop", data), Mark.FRAME)

    def _ping(self) -> Beat:
        return Beat(b'event: ping\ndata: {"type": "ping"}\n\n', Mark.LEAD)

    def _content(self, delta: bytes, kind: str, text: str) -> Beat:
        tokens = count(text)
        self._written += tokens
        return Beat(self._block_delta(delta), Mark.CONTENT, kind, text, tokens)

    def _block_delta(self, delta: bytes) -> bytes:
        data = b'{"type":"content_block_delta","index":%d,"delta":%b' % (self._index, delta)
        event = self._event(b"content_block_delta", data)
        if self._pace.skew != "cumulative":
            return event
        tally = Tally(
            input=self._answer.usage.input,
            cache_read=self._answer.usage.cache_read,
            cache_write=self._answer.usage.cache_write,
            output=self._written,
        )
        return event + self._delta(tally, b"null")

    def _delta(self, tally: Tally, reason: bytes) -> bytes:
        skew = self._pace.skew
        usage = b""
        if skew != "missing":
            usage = b',"usage":{%b,%b}' % (classes(tally, skew), output(tally, skew))
        final = reason != b"null"
        stopped = json.encode(self._turn.stopped_by if final else None)
        details = json.encode(REFUSAL if final and self._turn.finish == "refusal" else None)
        data = (
            b'{"type":"message_delta","delta":{"stop_reason":%b,"stop_sequence":%b,"stop_details":%b}%b'
            % (
                reason,
                stopped,
                details,
                usage,
            )
        )
        return self._event(b"message_delta", data)

    def _event(self, name: bytes, data: bytes) -> bytes:
        """`data` lacks its last brace: a few spaces stand before it, as in the recordings."""
        self._events += 1
        pad = self._stamp.seed[self._events % 32] % 16
        return b"event: %b\ndata: %b%b}\n\n" % (name, data, b" " * pad)
