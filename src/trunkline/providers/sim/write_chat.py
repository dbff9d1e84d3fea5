"""
Writes Chat Completions as api.openai.com does: whole answers, chunks, errors, headers.

Shapes and key order follow recorded traffic of 2025 and 2026 and the API reference
(platform.openai.com/docs/api-reference/chat, seen 2026-11-21). `reasoning_content` is not
OpenAI's: DeepSeek, vLLM and others send it.
"""

from collections.abc import Iterator, Mapping

from msgspec import json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask, count, pieces
from trunkline.providers.sim.beats import Beat, Mark, Pace, Stamp, Voice, Wrong
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.turns import Answer, Tally, Turn
from trunkline.providers.sim.usage import number

_TAIL = b'"service_tier":"default","system_fingerprint":"fp_50cad350e4"'
_PADDING = b"aT4kQz9LmXw2RbNc7HdYs8Vf5JgKe3Pu"
_FINISH = {"refusal": "stop", "pause": "stop"}
_STATUS_TYPES = {
    429: "requests",
    500: "server_error",
    502: "server_error",
    503: "server_error",
    504: "server_error",
}
_STATUS_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class ChatVoice:
    dialect = "openai-chat"

    def request_id(self, seed: bytes) -> str:
        return "req_" + seed.hex()[:32]

    def answer_id(self, seed: bytes) -> str:
        return "chatcmpl-" + token(seed, "answer", 29)

    def headers(self, stamp: Stamp, *, stream: bool) -> Headers:
        kind = b"text/event-stream; charset=utf-8" if stream else b"application/json"
        return (
            (b"content-type", kind),
            (b"openai-organization", b"trunkline-sim"),
            (b"openai-processing-ms", b"%d" % (20 + stamp.seed[0])),
            (b"openai-version", b"2020-10-01"),
            (b"x-ratelimit-limit-requests", b"30000"),
            (b"x-ratelimit-limit-tokens", b"150000000"),
            (b"x-ratelimit-remaining-requests", b"29999"),
            (b"x-ratelimit-remaining-tokens", b"149999967"),
            (b"x-ratelimit-reset-requests", b"2ms"),
            (b"x-ratelimit-reset-tokens", b"0s"),
            (b"x-request-id", stamp.request_id.encode()),
            (b"server", b"cloudflare"),
        )

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        choices = [
            _choice(index, turn, ask, stamp, pace) for index, turn in enumerate(answer.turns)
        ]
        usage = b"" if pace.skew == "missing" else b'"usage":%b,' % _usage(answer.usage, pace.skew)
        return (
            b'{"id":"%b","object":"chat.completion","created":%d,"model":%b,"choices":[%b],%b%b}\n'
            % (
                self.answer_id(stamp.seed).encode(),
                stamp.created,
                json.encode(stamp.model),
                b",".join(choices),
                usage,
                _TAIL,
            )
        )

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        head = b'data: {"id":"%b","object":"chat.completion.chunk","created":%d,"model":%b,%b,' % (
            self.answer_id(stamp.seed).encode(),
            stamp.created,
            json.encode(stamp.model),
            _TAIL,
        )
        return _Stream(head, answer, ask, pace, stamp).beats()

    def error(self, fault: Wrong, stamp: Stamp) -> bytes:
        error = {
            "message": fault.message,
            "type": fault.kind or _STATUS_TYPES.get(fault.status, "invalid_request_error"),
            "param": fault.param,
            "code": fault.code or _STATUS_CODES.get(fault.status),
        }
        # The real API answers errors with indented JSON.
        return json.format(json.encode({"error": error}), indent=2) + b"\n"

    def error_event(self, kind: str, message: str, stamp: Stamp, sent: int = 0) -> bytes:
        kinds = {"overloaded_error": "server_error", "api_error": "server_error"}
        error = {"message": message, "type": kinds.get(kind, kind), "param": None, "code": None}
        return b"data: %b\n\n" % json.encode({"error": error})


_voice: Voice = ChatVoice()


def _usage(tally: Tally, skew: str) -> bytes:
    details = b'"cached_tokens":%b,"audio_tokens":0' % number(tally.cache_read, skew)
    if tally.cache_write:
        details += b',"cache_write_tokens":%b' % number(tally.cache_write, skew)
    return (
        b'{"prompt_tokens":%b,"completion_tokens":%b,"total_tokens":%b,'
        b'"prompt_tokens_details":{%b},"completion_tokens_details":{"reasoning_tokens":%b,'
        b'"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
    ) % (
        number(tally.input, skew),
        number(tally.output, skew),
        number(tally.input + tally.output, skew),
        details,
        number(tally.reasoning, skew),
    )


def _choice(index: int, turn: Turn, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
    calls = [
        {
            "id": call.id or _call_id(stamp.seed, index, at),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for at, call in enumerate(turn.calls)
    ]
    silent = not turn.text and (calls or turn.refusal)
    message: dict[str, object] = {"role": "assistant", "content": None if silent else turn.text}
    if turn.thinking and not turn.redacted:
        message[pace.field] = turn.thinking
    if calls:
        message["tool_calls"] = calls
    message |= {"refusal": turn.refusal or None, "annotations": []}
    choice = {
        "index": index,
        "message": message,
        "logprobs": _logprobs(turn.text, ask.logprobs),
        "finish_reason": _FINISH.get(turn.finish, turn.finish),
    }
    return json.encode(choice)


def _call_id(seed: bytes, index: int, at: int) -> str:
    return "call_" + token(seed, f"call-{index}-{at}", 24)


def _logprobs(said: str, alternatives: int | None) -> object:
    """Every token is about as sure as the next; alternatives are the token itself and made-up ones."""
    if alternatives is None:
        return None
    content = []
    for text in pieces(said, 1):
        top = [_logprob(text + "~" * at, -0.1 - at) for at in range(alternatives)]
        content.append({**_logprob(text, -0.1), "top_logprobs": top})
    return {"content": content, "refusal": None}


def _logprob(text: str, value: float) -> Mapping[str, object]:
    return {"token": text, "logprob": value, "bytes": list(text.encode())}


class _Stream:
    """The chunks of one answer."""

    def __init__(self, head: bytes, answer: Answer, ask: Ask, pace: Pace, stamp: Stamp) -> None:
        self._head = head
        self._answer = answer
        self._ask = ask
        self._pace = pace
        self._seed = stamp.seed
        self._written = 0
        self._at = 0
        asked = ask.include_usage and pace.skew != "missing"
        self._reports = asked
        self._between = b',"usage":null' if ask.include_usage else b""

    def beats(self) -> Iterator[Beat]:
        turns = self._answer.turns
        for index, turn in enumerate(turns):
            yield self._role(index, turn)
        # Choices are interleaved, as they come from the real API.
        streams = [self._content(index, turn) for index, turn in enumerate(turns)]
        while streams:
            for stream in list(streams):
                beat = next(stream, None)
                if beat is None:
                    streams.remove(stream)
                else:
                    yield beat
        for index, turn in enumerate(turns):
            reason = _FINISH.get(turn.finish, turn.finish).encode()
            yield Beat(self._chunk(index, b"{}", finish=b'"%b"' % reason), Mark.FINISH)
        if self._reports:
            usage = _usage(self._answer.usage, self._pace.skew)
            for _ in range(2 if self._pace.skew == "twice" else 1):
                data = b'%b"choices":[],"usage":%b%b}\n\n' % (self._head, usage, self._padding())
                yield Beat(data, Mark.USAGE, usage=True)
        yield Beat(b"data: [DONE]\n\n", Mark.END)

    def _role(self, index: int, turn: Turn) -> Beat:
        if turn.calls and not turn.text:
            return Beat(self._chunk(index, b'{"role":"assistant","content":null}'), Mark.LEAD)
        delta = b'{"role":"assistant","content":"","refusal":null}'
        return Beat(self._chunk(index, delta), Mark.LEAD)

    def _content(self, index: int, turn: Turn) -> Iterator[Beat]:
        if not turn.redacted:
            field = self._pace.field.encode()
            for text in pieces(turn.thinking, self._pace.chunk):
                delta = b'{"%b":%b}' % (field, json.encode(text))
                yield self._beat(index, delta, "reasoning", text)
        for text in turn.chunks if turn.chunks is not None else pieces(turn.text, self._pace.chunk):
            yield self._beat(index, b'{"content":%b}' % json.encode(text), "text", text)
        for text in pieces(turn.refusal, self._pace.chunk):
            yield self._beat(index, b'{"refusal":%b}' % json.encode(text), "refusal", text)
        for at, call in enumerate(turn.calls):
            start = (
                b'{"tool_calls":[{"index":%d,"id":%b,"type":"function","function":{"name":%b,"arguments":""}}]}'
                % (
                    at,
                    json.encode(call.id or _call_id(self._seed, index, at)),
                    json.encode(call.name),
                )
            )
            self._written += count(call.name)
            yield Beat(self._chunk(index, start), Mark.CONTENT, "call", tokens=count(call.name))
            for text in pieces(call.arguments, self._pace.chunk):
                delta = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (
                    at,
                    json.encode(text),
                )
                yield self._beat(index, delta, "arguments", text)

    def _beat(self, index: int, delta: bytes, kind: str, text: str) -> Beat:
        tokens = count(text)
        self._written += tokens
        logprobs = b"null"
        if kind == "text" and self._ask.logprobs is not None:
            logprobs = json.encode(_logprobs(text, self._ask.logprobs))
        return Beat(self._chunk(index, delta, logprobs=logprobs), Mark.CONTENT, kind, text, tokens)

    def _chunk(
        self, index: int, delta: bytes, *, logprobs: bytes = b"null", finish: bytes = b"null"
    ) -> bytes:
        usage = self._between
        if self._pace.skew == "cumulative" and self._reports:
            tally = Tally(input=self._answer.usage.input, output=self._written)
            usage = b',"usage":' + _usage(tally, "")
        return (
            b'%b"choices":[{"index":%d,"delta":%b,"logprobs":%b,"finish_reason":%b}]%b%b}\n\n'
            % (
                self._head,
                index,
                delta,
                logprobs,
                finish,
                usage,
                self._padding(),
            )
        )

    def _padding(self) -> bytes:
        """Random letters that hide the token's length, unless the client asked for none."""
        if not self._ask.obfuscate:
            return b""
        self._at += 1
        start = self._seed[self._at % 32] % 16
        return b',"obfuscation":"%b"' % _PADDING[start : start + 2 + self._at % 14]
