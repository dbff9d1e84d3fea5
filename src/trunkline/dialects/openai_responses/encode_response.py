"""
The Response object around what an answer says: every key, in OpenAI's order (recorded 2026-05).

It is written three times in a stream. What stays the same between them, most of all the client's
tools, is encoded once.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Raw, json

from trunkline.canon.errors import GatewayError
from trunkline.canon.event import FinishReason, Started
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_errors import error_out
from trunkline.dialects.openai_responses.encode_usage import write_usage
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NULL

_encode = json.Encoder().encode

# With the values the API has for what a client does not say.
_BEFORE_OUTPUT: Final[Mapping[str, Raw]] = {
    "frequency_penalty": Raw(b"0.0"),
    "instructions": NULL,
    "max_output_tokens": NULL,
    "max_tool_calls": NULL,
    "model": NULL,
    "moderation": NULL,
}
_BEFORE_USAGE: Final[Mapping[str, Raw]] = {
    "parallel_tool_calls": Raw(b"true"),
    "presence_penalty": Raw(b"0.0"),
    "previous_response_id": NULL,
    "prompt_cache_key": NULL,
    "prompt_cache_retention": NULL,
    "reasoning": Raw(b'{"effort":null,"summary":null}'),
    "safety_identifier": NULL,
    "service_tier": Raw(b'"default"'),
    "store": Raw(b"true"),
    "temperature": Raw(b"1.0"),
    "text": Raw(b'{"format":{"type":"text"},"verbosity":"medium"}'),
    "tool_choice": Raw(b'"auto"'),
    "tools": Raw(b"[]"),
    "top_logprobs": Raw(b"0"),
    "top_p": Raw(b"1.0"),
    "truncation": Raw(b'"disabled"'),
}
_BEHIND: Final[Mapping[str, Raw]] = {"user": NULL, "metadata": Raw(b"{}")}
_PLACED: Final = frozenset(
    {"background", "completed_at", *_BEFORE_OUTPUT, *_BEFORE_USAGE, *_BEHIND}
)
# Of what an upstream of this API repeats, these are the gateway's own: it asked otherwise.
_CLIENTS_WORD: Final = (
    "background",
    "instructions",
    "metadata",
    "previous_response_id",
    "safety_identifier",
    "store",
    "tool_choice",
    "tools",
    "user",
)
_REASONS: Final[Mapping[FinishReason, bytes]] = {
    FinishReason.LENGTH: b'{"reason":"max_output_tokens"}',
    FinishReason.CONTENT_FILTER: b'{"reason":"content_filter"}',
}
# OpenAI's ResponseErrorCode as far as we have a use for it, and two more that it sends all the
# same: the first was recorded 2025-11, the second is what Codex looks for (0.169, seen 2026-11-21).
_CODES: Final = frozenset(
    {
        "server_error",
        "rate_limit_exceeded",
        "invalid_prompt",
        "insufficient_quota",
        "context_length_exceeded",
    }
)


class ResponseWriter:
    """One per answer."""

    __slots__ = ("_completed_at", "_echo", "_head", "_pieces", "_told", "id")

    def __init__(self, request: Request, stamp: Stamp, started: Started) -> None:
        own = started.origin == NAME
        self.id = (own and started.id) or "resp_" + stamp.id
        created = started.created or stamp.created
        head = _encode({"id": self.id, "object": "response", "created_at": created})
        self._head = head[:-1] + b',"status":"'
        # There is no clock here: where no upstream tells, an answer is as old as its request.
        self._completed_at = Raw(b"%d" % created)
        self._echo = request.echo
        model = Raw(_encode(started.model or stamp.model))
        self._told: Mapping[str, Raw] = {**(started.extra if own else {}), "model": model}
        self._pieces = self._fill()

    def learn(self, news: Mapping[str, Raw]) -> None:
        """What an upstream of this API says only at the end."""
        if news:
            self._told = {**self._told, **news}
            self._pieces = self._fill()

    def _fill(self) -> tuple[bytes, ...]:
        echo, told = self._echo, self._told
        words = {**echo, **told, **{name: echo[name] for name in _CLIENTS_WORD if name in echo}}
        others = {name: raw for name, raw in told.items() if name not in _PLACED}
        self._completed_at = told.get("completed_at", self._completed_at)
        background = bytes(words.get("background", b"false"))
        return (
            b'","background":' + background + b',"completed_at":',
            b"," + _run(_BEFORE_OUTPUT, words) + b',"output":[',
            b"]," + _run(_BEFORE_USAGE, words) + b',"usage":',
            b"," + _run({**_BEHIND, **others}, words) + b"}",
        )

    def in_progress(self) -> bytes:
        return self._write(b"in_progress", b"null", b"null", b"", b"null")

    def ended(self, reason: FinishReason, output: bytes, usage: Usage | None) -> bytes:
        """`output`: the items, joined by commas."""
        status, incomplete = status_of(reason), _REASONS.get(reason, b"null")
        spent = b"null" if usage is None else write_usage(usage)
        return self._write(status, b"null", incomplete, output, spent)

    def failed(self, error: GatewayError, output: bytes, usage: Usage | None) -> bytes:
        told = error_out(error)
        code = next((word for word in (told.code, told.type) if word in _CODES), "server_error")
        failure = _encode({"code": code, "message": told.message})
        spent = b"null" if usage is None else write_usage(usage)
        return self._write(b"failed", failure, b"null", output, spent)

    def _write(
        self, status: bytes, error: bytes, incomplete: bytes, output: bytes, usage: bytes
    ) -> bytes:
        at, before, between, behind = self._pieces
        completed = bytes(self._completed_at) if status == b"completed" else b"null"
        told = b',"error":%b,"incomplete_details":%b' % (error, incomplete)
        return b"".join(
            (self._head, status, at, completed, told, before, output, between, usage, behind)
        )


def status_of(reason: FinishReason) -> bytes:
    return b"incomplete" if reason in _REASONS else b"completed"


def _run(defaults: Mapping[str, Raw], words: Mapping[str, Raw]) -> bytes:
    """The fields of one run, without the braces."""
    if defaults is _BEFORE_USAGE and words.keys().isdisjoint(defaults):
        return _PLAIN
    return _encode({name: words.get(name, raw) for name, raw in defaults.items()})[1:-1]


_PLAIN: Final = _encode(_BEFORE_USAGE)[1:-1]
"""The longest run, for a client that asked for nothing special."""
