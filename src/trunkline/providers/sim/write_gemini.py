"""
Writes generateContent and streamGenerateContent as Google does: whole answers, events, errors.

Calls come whole; there is no sentinel; the proof of what was thought stands on the first call, or
else on an empty text at the end (recorded traffic of Gemini 3, seen 2026-11-21).
"""

from collections.abc import Iterator, Mapping

from msgspec import Raw, json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask, count, pieces
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice, Wrong
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.messages_body import sign
from trunkline.providers.sim.turns import Answer, Tally, Turn
from trunkline.providers.sim.usage import number

_FINISH = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
    "refusal": "PROHIBITED_CONTENT",
    "pause": "STOP",
}
_STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 529: "UNAVAILABLE",
}  # fmt: skip
_IN_STREAM: Mapping[str, int] = {
    "overloaded_error": 503,
    "rate_limit_error": 429,
    "invalid_request_error": 400,
}

Piece = tuple[bytes, str, str, int]
"""A part's JSON; its kind, text and tokens, as a Beat tells them."""


class GeminiVoice:
    dialect = "gemini"

    def request_id(self, seed: bytes) -> str:
        return "req_" + token(seed, "request", 32)

    def answer_id(self, seed: bytes) -> str:
        return token(seed, "answer", 22)

    def headers(self, stamp: Stamp, *, stream: bool) -> Headers:
        kind = b"text/event-stream" if stream else b"application/json; charset=UTF-8"
        return (
            (b"content-type", kind),
            (b"vary", b"Origin, X-Origin, Referer"),
            (b"server", b"scaffolding on HTTPServer2"),
            (b"server-timing", b"gfet4t7; dur=100"),
        )

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        """Indented, as the real API writes it for human readers."""
        candidates = [
            {
                "content": {
                    "parts": [Raw(part) for part, *_ in _whole(turn)],
                    "role": "model",
                },
                "finishReason": _FINISH[turn.finish],
                "index": index,
            }
            for index, turn in enumerate(answer.turns)
        ]
        body: dict[str, object] = {"candidates": candidates}
        if pace.skew != "missing":
            body["usageMetadata"] = _usage(answer.usage, pace.skew)
        body |= {"modelVersion": stamp.model, "responseId": self.answer_id(stamp.seed)}
        return json.format(json.encode(body), indent=2) + b"\n"

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        tail = json.encode({"modelVersion": stamp.model, "responseId": self.answer_id(stamp.seed)})[
            1:
        ]
        last = len(answer.turns) - 1
        for index, turn in enumerate(answer.turns):
            for part, kind, text, tokens in _parts(turn, pace.chunk):
                told = b'{"content":{"parts":[%b],"role":"model"},"index":%d}' % (part, index)
                data = b'data: {"candidates":[%b],%b\r\n\r\n' % (told, tail)
                yield Beat(data, Mark.CONTENT, kind, text, tokens)
            proof = (
                b',"thoughtSignature":%b' % json.encode(sign(turn.thinking))
                if _proves(turn)
                else b""
            )
            told = (
                b'{"content":{"parts":[{"text":""%b}],"role":"model"},"finishReason":"%b","index":%d}'
                % (
                    proof,
                    _FINISH[turn.finish].encode(),
                    index,
                )
            )
            usage = b""
            if index == last and pace.skew != "missing":
                usage = b'"usageMetadata":%b,' % json.encode(_usage(answer.usage, pace.skew))
            data = b'data: {"candidates":[%b],%b%b\r\n\r\n' % (told, usage, tail)
            # No sentinel: the stream is over with the last candidate.
            mark = Mark.LAST if index == last else Mark.FINISH
            yield Beat(data, mark, usage=bool(usage))

    def error(self, fault: Wrong, stamp: Stamp) -> bytes:
        status = fault.kind or _STATUSES.get(fault.status, "UNKNOWN")
        told = {"code": fault.status, "message": fault.message, "status": status}
        return json.format(json.encode({"error": told}), indent=2) + b"\n"

    def error_event(self, kind: str, message: str, stamp: Stamp, sent: int = 0) -> bytes:
        code = _IN_STREAM.get(kind, 500)
        told = {"code": code, "message": message, "status": _STATUSES[code]}
        return b"data: %b\r\n\r\n" % json.encode({"error": told})


def _proves(turn: Turn) -> bool:
    return bool(turn.thinking) and not turn.calls


def _parts(turn: Turn, chunk: int) -> Iterator[Piece]:
    """The events of a stream; the proof of a turn without calls comes with its last."""
    if not turn.redacted:
        for text in pieces(turn.thinking, chunk):
            part = b'{"text":%b,"thought":true}' % json.encode(text)
            yield part, "reasoning", text, count(text)
    said = turn.text or turn.refusal
    kind = "text" if turn.text else "refusal"
    for text in turn.chunks if turn.chunks is not None else pieces(said, chunk):
        yield b'{"text":%b}' % json.encode(text), kind, text, count(text)
    yield from _calls(turn)


def _whole(turn: Turn) -> Iterator[Piece]:
    """Each part in one; the proof of a turn without calls stands on its text."""
    if turn.thinking and not turn.redacted:
        yield b'{"text":%b,"thought":true}' % json.encode(turn.thinking), "", "", 0
    said = turn.text or turn.refusal
    if _proves(turn):
        signature = json.encode(sign(turn.thinking))
        yield b'{"text":%b,"thoughtSignature":%b}' % (json.encode(said), signature), "", "", 0
    elif said:
        yield b'{"text":%b}' % json.encode(said), "", "", 0
    yield from _calls(turn)


def _calls(turn: Turn) -> Iterator[Piece]:
    for at, call in enumerate(turn.calls):
        named = {"name": call.name, "args": Raw(call.arguments.encode() or b"{}")}
        if call.id is not None:
            named["id"] = call.id
        # The first of parallel calls alone is signed.
        proof = b"" if at else b',"thoughtSignature":%b' % json.encode(sign(turn.thinking))
        part = b'{"functionCall":%b%b}' % (json.encode(named), proof)
        tokens = count(call.name) + count(call.arguments)
        yield part, "call", "", tokens


def _usage(tally: Tally, skew: str) -> Mapping[str, object]:
    """Thoughts are beside the candidates' tokens, cached ones within the prompt's."""
    told = {
        "promptTokenCount": tally.input,
        "candidatesTokenCount": max(0, tally.output - tally.reasoning),
        "totalTokenCount": tally.input + tally.output,
    }
    if tally.reasoning:
        told["thoughtsTokenCount"] = tally.reasoning
    if tally.cache_read:
        told["cachedContentTokenCount"] = tally.cache_read
    return {name: Raw(number(value, skew)) for name, value in told.items()}


_voice: Voice = GeminiVoice()
