"""Canonical events as the chunks of a text completion."""

from msgspec import Raw, json

from trunkline.canon.errors import GatewayError
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    Logprobs,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_completions.encode_answer import echoed, usage_out
from trunkline.dialects.openai_completions.logprobs import to_columns
from trunkline.dialects.openai_completions.wire import DONE, NAME, finish_word
from trunkline.dialects.openai_errors import stream_error

_SPOKEN = (PartKind.TEXT, PartKind.REFUSAL)


class StreamEncoder:
    """One per answer. What is no text (thoughts, calls) has no place here and is left out."""

    __slots__ = ("_before", "_choices", "_head", "_offsets", "_request", "_stamp", "_usage")

    def __init__(self, request: Request, stamp: Stamp) -> None:
        self._request = request
        self._stamp = stamp
        self._before = echoed(request)
        self._choices: dict[int, int] = {}
        """By part, the choice whose text it is."""
        self._offsets: dict[int, int] = {}
        """Characters that a choice has said, the echo among them."""
        self._usage: Usage | None = None
        self._head = b""

    def feed(self, burst: Burst) -> bytes:
        return b"".join(self._write(event) for event in burst)

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error)

    def _write(self, event: Event) -> bytes:
        match event:
            case PartDelta(index=index, text=text) if text and index in self._choices:
                return self._said(self._choices[index], text)
            case PartOpened(index=index, kind=kind, choice=choice):
                if kind in _SPOKEN:
                    self._choices[index] = choice
            case Logprobs(choice=choice, raw=raw):
                columns, size = to_columns(raw, self._offsets.get(choice, 0))
                self._offsets[choice] = self._offsets.get(choice, 0) + size
                return self._chunk(choice, logprobs=columns)
            case Started():
                return self._begin(event)
            case UsageReported(usage=usage):
                self._usage = usage
            case Finished(reason=reason, choice=choice):
                return self._chunk(choice, finish=finish_word(reason))
            case Faulted(error=error):
                return self.fault(error, "")
            case Ended():
                return self._end()
            case _:
                pass
        return b""

    def _begin(self, event: Started) -> bytes:
        own = event.origin == NAME
        self._head = b'data: {"id":%b,"object":"text_completion","created":%d,"model":%b,' % (
            json.encode((own and event.id) or "cmpl-" + self._stamp.id),
            event.created or self._stamp.created,
            json.encode(event.model or self._stamp.model),
        )
        if not self._before:
            return b""
        return b"".join(self._said(at, self._before) for at in range(self._request.n or 1))

    def _said(self, choice: int, text: str) -> bytes:
        if not self._request.logprobs or text is self._before:
            self._offsets[choice] = self._offsets.get(choice, 0) + len(text)
        return self._chunk(choice, text)

    def _chunk(
        self, choice: int, text: str = "", logprobs: Raw | None = None, finish: str | None = None
    ) -> bytes:
        said = {"text": text, "index": choice, "logprobs": logprobs, "finish_reason": finish}
        usage = b',"usage":null' if self._request.include_usage else b""
        return b'%b"choices":[%b]%b}\n\n' % (self._head, json.encode(said), usage)

    def _end(self) -> bytes:
        if not self._request.include_usage or self._usage is None:
            return DONE
        usage = json.encode(usage_out(self._usage))
        return b'%b"choices":[],"usage":%b}\n\n' % (self._head, usage) + DONE
