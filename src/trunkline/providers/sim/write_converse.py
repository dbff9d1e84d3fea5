"""
Writes Converse and ConverseStream as Bedrock does: whole answers, binary events, exceptions.

Shapes follow the service model (botocore 1.44) and recorded answers, seen 2026-11-21.
"""

from collections.abc import Iterator, Mapping

from msgspec import json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask, count, pieces
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice, Wrong
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.messages_body import sign
from trunkline.providers.sim.turns import Answer, Tally, Turn
from trunkline.providers.sim.usage import number
from trunkline.wire.awsstream import encode

_STREAM = b"application/vnd.amazon.eventstream"
_FINISH = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "content_filtered",
    "refusal": "content_filtered",
    "pause": "end_turn",
}
_EXCEPTIONS = {
    400: "ValidationException", 401: "UnrecognizedClientException", 402: "ServiceQuotaExceededException",
    403: "AccessDeniedException", 404: "ResourceNotFoundException", 408: "ModelTimeoutException",
    424: "ModelErrorException", 429: "ThrottlingException", 500: "InternalServerException",
    503: "ServiceUnavailableException", 529: "ServiceUnavailableException",
}  # fmt: skip
_IN_STREAM: Mapping[str, str] = {
    "overloaded_error": "serviceUnavailableException",
    "rate_limit_error": "throttlingException",
    "invalid_request_error": "validationException",
}
_METRICS = b'"metrics":{"latencyMs":100}'


class ConverseVoice:
    dialect = "bedrock-converse"

    def request_id(self, seed: bytes) -> str:
        return token(seed, "request", 36)

    def answer_id(self, seed: bytes) -> str:
        """Answers have no id here; the log tells them apart by this one."""
        return "converse_" + token(seed, "answer", 22)

    def headers(self, stamp: Stamp, *, stream: bool) -> Headers:
        return (
            (b"content-type", _STREAM if stream else b"application/json"),
            (b"x-amzn-requestid", stamp.request_id.encode()),
        )

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        turn = answer.turns[0]
        content = list(_blocks(turn, stamp))
        message = json.encode({"message": {"role": "assistant", "content": content}})
        told = b'"output":%b,"stopReason":"%b",%b' % (message, _reason(turn), _METRICS)
        if pace.skew == "missing":
            return b"{%b}" % told
        return b'{%b,"usage":%b}' % (told, _usage(answer.usage, pace.skew))

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        turn = answer.turns[0]
        yield Beat(_event("messageStart", b'"role":"assistant"'), Mark.LEAD)
        at = 0
        for block in (_thinking(turn, pace), _text(turn, pace), *_calls(turn, stamp, pace)):
            index, empty = b'"contentBlockIndex":%d' % at, True
            for name, field, beat in block:
                data = _event(name, b"%b,%b" % (index, field))
                yield Beat(data, beat.mark, beat.kind, beat.text, beat.tokens)
                empty = False
            if not empty:
                yield Beat(_event("contentBlockStop", index), Mark.FRAME)
                at += 1
        yield Beat(_event("messageStop", b'"stopReason":"%b"' % _reason(turn)), Mark.FINISH)
        usage = b"" if pace.skew == "missing" else b'"usage":%b,' % _usage(answer.usage, pace.skew)
        yield Beat(_event("metadata", usage + _METRICS), Mark.USAGE, usage=bool(usage))

    def error(self, fault: Wrong, stamp: Stamp) -> bytes:
        """With the exception's name in the body, where services say it that send no header for it."""
        kind = _EXCEPTIONS.get(fault.status)
        named = {} if kind is None else {"__type": kind}
        return json.encode({"message": fault.message, **named})

    def error_event(self, kind: str, message: str, stamp: Stamp, sent: int = 0) -> bytes:
        name = _IN_STREAM.get(kind, "internalServerException")
        headers = {
            ":exception-type": name,
            ":content-type": "application/json",
            ":message-type": "exception",
        }
        return encode(headers, json.encode({"message": message}))


_Beats = Iterator[tuple[str, bytes, Beat]]
"""An event's name, its field, and what the beat says of it; its bytes are still to come."""


def _thinking(turn: Turn, pace: Pace) -> _Beats:
    if not turn.thinking:
        return
    if turn.redacted:
        hidden = json.encode(sign(turn.thinking))
        yield _reasoning(b'"redactedContent":%b' % hidden, "", count(turn.thinking))
        return
    for text in pieces(turn.thinking, pace.chunk):
        yield _reasoning(b'"text":%b' % json.encode(text), text, count(text))
    yield _reasoning(b'"signature":%b' % json.encode(sign(turn.thinking)), "", 0)


def _reasoning(field: bytes, text: str, tokens: int) -> tuple[str, bytes, Beat]:
    delta = b'"delta":{"reasoningContent":{%b}}' % field
    kind = "reasoning" if text else "signature"
    return "contentBlockDelta", delta, Beat(b"", Mark.CONTENT, kind, text, tokens)


def _text(turn: Turn, pace: Pace) -> _Beats:
    said = turn.text or turn.refusal
    kind = "text" if turn.text else "refusal"
    for text in turn.chunks if turn.chunks is not None else pieces(said, pace.chunk):
        delta = b'"delta":{"text":%b}' % json.encode(text)
        yield "contentBlockDelta", delta, Beat(b"", Mark.CONTENT, kind, text, count(text))


def _calls(turn: Turn, stamp: Stamp, pace: Pace) -> Iterator[_Beats]:
    for at in range(len(turn.calls)):
        yield _call(turn, at, stamp, pace)


def _call(turn: Turn, at: int, stamp: Stamp, pace: Pace) -> _Beats:
    """A call without arguments sends no piece of them."""
    call = turn.calls[at]
    bare = call.arguments == "{}"
    start = {"toolUseId": call.id or _call_id(stamp.seed, at), "name": call.name}
    tokens = count(call.name) + (count(call.arguments) if bare else 0)
    opened = b'"start":{"toolUse":%b}' % json.encode(start)
    yield "contentBlockStart", opened, Beat(b"", Mark.CONTENT, "call", tokens=tokens)
    for text in () if bare else pieces(call.arguments, pace.chunk):
        delta = b'"delta":{"toolUse":{"input":%b}}' % json.encode(text)
        yield "contentBlockDelta", delta, Beat(b"", Mark.CONTENT, "arguments", text, count(text))


def _blocks(turn: Turn, stamp: Stamp) -> Iterator[Mapping[str, object]]:
    if turn.thinking and turn.redacted:
        yield {"reasoningContent": {"redactedContent": sign(turn.thinking)}}
    elif turn.thinking:
        thought = {"text": turn.thinking, "signature": sign(turn.thinking)}
        yield {"reasoningContent": {"reasoningText": thought}}
    if turn.text or turn.refusal:
        yield {"text": turn.text or turn.refusal}
    for at, call in enumerate(turn.calls):
        named = {"toolUseId": call.id or _call_id(stamp.seed, at), "name": call.name}
        yield {"toolUse": {**named, "input": json.decode(call.arguments)}}


def _reason(turn: Turn) -> bytes:
    stopped = turn.stopped_by is not None and turn.finish == "stop"
    return b"stop_sequence" if stopped else _FINISH[turn.finish].encode()


def _call_id(seed: bytes, at: int) -> str:
    return "tooluse_" + token(seed, f"call-{at}", 22)


def _usage(tally: Tally, skew: str) -> bytes:
    """Input is without what was read from or written to the cache; the total has them all."""
    fresh = max(0, tally.input - tally.cache_read - tally.cache_write)
    return (
        b'{"inputTokens":%b,"outputTokens":%b,"totalTokens":%b,'
        b'"cacheReadInputTokens":%b,"cacheWriteInputTokens":%b}'
    ) % tuple(
        number(value, skew)
        for value in (
            fresh,
            tally.output,
            tally.input + tally.output,
            tally.cache_read,
            tally.cache_write,
        )
    )


def _event(name: str, fields: bytes) -> bytes:
    """With Bedrock's padding."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode(headers, b'{%b,"p":"abcdefghijklmnop"}' % fields)


_voice: Voice = ConverseVoice()
