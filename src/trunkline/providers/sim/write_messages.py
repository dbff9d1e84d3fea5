"""
Writes Messages as api.anthropic.com does: whole answers, events, errors, headers.

Shapes, key order, the ping behind the first block and the spaces before an event's last brace
follow recorded traffic of 2026 and docs.claude.com/en/api (seen 2026-11-21).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from msgspec import json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.beats import Beat, Pace, Stamp, Voice, Wrong
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.messages_body import sign
from trunkline.providers.sim.messages_parts import REFUSAL, stop_reason, tool_id, usage
from trunkline.providers.sim.stream_messages import MessagesStream
from trunkline.providers.sim.turns import Answer, Turn

_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
    403: "permission_error", 404: "not_found_error", 413: "request_too_large",
    422: "invalid_request_error", 429: "rate_limit_error", 504: "timeout_error",
    529: "overloaded_error",
}  # fmt: skip
_LIMITS = (
    (b"input-tokens", b"2000000"),
    (b"output-tokens", b"400000"),
    (b"requests", b"4000"),
    (b"tokens", b"2400000"),
)


class MessagesVoice:
    dialect = "anthropic-messages"

    def request_id(self, seed: bytes) -> str:
        return "req_011C" + token(seed, "request", 20)

    def answer_id(self, seed: bytes) -> str:
        return "msg_01" + token(seed, "answer", 22)

    def headers(self, stamp: Stamp, *, stream: bool) -> Headers:
        kind = b"text/event-stream; charset=utf-8" if stream else b"application/json"
        reset = datetime.fromtimestamp(stamp.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        limits: list[tuple[bytes, bytes]] = []
        for name, limit in _LIMITS:
            limits += (
                (b"anthropic-ratelimit-%b-limit" % name, limit),
                (b"anthropic-ratelimit-%b-remaining" % name, limit),
                (b"anthropic-ratelimit-%b-reset" % name, reset),
            )
        return (
            (b"content-type", kind),
            *limits,
            (b"request-id", stamp.request_id.encode()),
            (b"anthropic-organization-id", b"3f2a9c1e-0000-4000-8000-trunklinesim"),
            (b"server", b"cloudflare"),
        )

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        turn = answer.turns[0]
        message = {
            "model": stamp.model,
            "id": self.answer_id(stamp.seed),
            "type": "message",
            "role": "assistant",
            "content": list(_blocks(turn, ask, stamp)),
            "stop_reason": stop_reason(turn),
            "stop_sequence": turn.stopped_by,
            "stop_details": REFUSAL if turn.finish == "refusal" else None,
        }
        body = json.encode(message)
        if pace.skew == "missing":
            return body
        return b'%b,"usage":%b}' % (body[:-1], usage(answer.usage, pace.skew))

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        return MessagesStream(self.answer_id(stamp.seed), answer, ask, pace, stamp).beats()

    def error(self, fault: Wrong, stamp: Stamp) -> bytes:
        kind = fault.kind or _TYPES.get(fault.status, "api_error")
        return _error(kind, fault.message, stamp)

    def error_event(self, kind: str, message: str, stamp: Stamp, sent: int = 0) -> bytes:
        kinds = {"server_error": "api_error"}
        return b"event: error\ndata: %b\n\n" % _error(kinds.get(kind, kind), message, stamp)


_voice: Voice = MessagesVoice()


def _error(kind: str, message: str, stamp: Stamp) -> bytes:
    error = {"type": kind, "message": message}
    return json.encode({"type": "error", "error": error, "request_id": stamp.request_id})


def _blocks(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[Mapping[str, object]]:
    if turn.thinking and turn.redacted:
        yield {"type": "redacted_thinking", "data": sign(turn.thinking)}
    elif turn.thinking:
        shown = "" if ask.thinking == "omitted" else turn.thinking
        yield {"type": "thinking", "thinking": shown, "signature": sign(shown)}
    if text := turn.text or turn.refusal:
        yield {"type": "text", "text": text}
    for at, call in enumerate(turn.calls):
        yield {
            "type": "tool_use",
            "id": call.id or tool_id(stamp.seed, at),
            "name": call.name,
            "input": _input(call.arguments),
        }


def _input(arguments: str) -> object:
    """Cut arguments are no JSON; the real API then gives what it has as an empty object."""
    try:
        return json.decode(arguments)
    except ValueError:
        return {}
