"""
Writes Responses as api.openai.com does: whole answers, errors, headers.

Shapes and key order follow recorded traffic of 2026 and the API reference
(platform.openai.com/docs/api-reference/responses, seen 2026-11-21).
"""

from collections.abc import Iterator

from msgspec import json

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.beats import Beat, Pace, Stamp, Voice, Wrong
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.responses_parts import closed, event, finished, outputs, response
from trunkline.providers.sim.stream_responses import ResponsesStream
from trunkline.providers.sim.turns import Answer
from trunkline.providers.sim.write_chat import ChatVoice

_CHAT = ChatVoice()
"""Headers and errors are those of the whole platform."""
_CODES = {"overloaded_error": "server_error", "api_error": "server_error"}


class ResponsesVoice:
    dialect = "openai-responses"

    def request_id(self, seed: bytes) -> str:
        return _CHAT.request_id(seed)

    def answer_id(self, seed: bytes) -> str:
        return "resp_" + token(seed, "answer", 48)

    def headers(self, stamp: Stamp, *, stream: bool) -> Headers:
        return _CHAT.headers(stamp, stream=stream)

    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes:
        turn = answer.turns[0]
        made = [closed(item, turn.finish) for item in outputs(turn, ask, stamp)]
        usage = None if pace.skew == "missing" else answer.usage
        how = finished(turn.finish)
        return response(self.answer_id(stamp.seed), stamp, ask, how, made, usage, pace.skew) + b"\n"

    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]:
        return ResponsesStream(self.answer_id(stamp.seed), answer, ask, pace, stamp).beats()

    def error(self, fault: Wrong, stamp: Stamp) -> bytes:
        return _CHAT.error(fault, stamp)

    def error_event(self, kind: str, message: str, stamp: Stamp, sent: int = 0) -> bytes:
        """The error as it was recorded, not as the reference has it, and the failed response."""
        code = _CODES.get(kind, kind)
        error = {"type": code, "code": code, "message": message, "param": None}
        told = b'"error":%b' % json.encode(error)
        failed = json.encode(
            {
                "id": self.answer_id(stamp.seed),
                "object": "response",
                "created_at": stamp.created,
                "status": "failed",
                "error": {"code": code, "message": message},
                "incomplete_details": None,
                "model": stamp.model,
                "output": [],
                "usage": None,
            }
        )
        return event("error", told, sent) + event(
            "response.failed", b'"response":%b' % failed, sent + 1
        )


_voice: Voice = ResponsesVoice()
