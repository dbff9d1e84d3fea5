"""Looks at a stream that passes through untouched: how far it is, what it costs, what was said."""

import re
from collections.abc import Mapping

from msgspec import UNSET, Raw, Struct, UnsetType, ValidationError, json

from trunkline.canon.errors import Garbled, GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.openai_responses.decode_answer import CHAT, broken_off, error_told
from trunkline.dialects.openai_responses.decoder_event import UNREADABLE
from trunkline.dialects.openai_responses.decoder_quick import (
    NO_HEAD,
    SAID,
    delta_head,
    name_in,
    read_run,
)
from trunkline.dialects.openai_responses.fault import fault_events
from trunkline.dialects.openai_responses.upstream_wire import (
    FOREIGN_SENTINEL,
    NO_ERRORS,
    TERMINAL,
)
from trunkline.dialects.openai_responses.usage import read_raw_usage
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.wire.sse import frames

_BOUNDARY = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_SILENT_ITEMS = ("message", "reasoning")
"""Items that say nothing by being there."""


class _Item(Struct):
    type: str = ""
    name: str | None = None


class _Seen(Struct):
    """As much of an event as a watcher wants to know."""

    type: str = ""
    sequence_number: int = -1
    delta: Raw | UnsetType = UNSET
    item: _Item | None = None
    response: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    object: str = ""


class _Kind(Struct):
    type: str = ""
    sequence_number: int = -1


_SEEN = json.Decoder(_Seen)
_KIND = json.Decoder(_Kind)
_STRING = json.Decoder(str)


class StreamWatcher:
    """The contract is dialects.base.Watcher; usage always comes, so nothing is held back."""

    __slots__ = (
        "_head",
        "_name",
        "_number",
        "_response",
        "before_error",
        "delivered",
        "sighting",
        "usage",
    )

    def __init__(self) -> None:
        self.sighting = Sighting.NOTHING
        self.usage: Usage | None = None
        self.delivered: list[str] = []
        self.before_error = b""
        self._number = -1
        """The last event's."""
        self._response = Raw(b"{}")
        """As `created` gave it."""
        self._head = NO_HEAD
        """How the last delta began, up to its data; and its name."""
        self._name = ""

    def feed(self, events: bytes) -> bytes:
        self.before_error = b""
        if self._quick(events):
            return events
        at = 0
        try:
            for block in [events] if b"\r" in events else events.split(b"\n\n"):
                if block and self._quick(block):
                    at += 1
                    continue
                for name, data in frames(block):
                    self._look(name, data)
                    at += 1
        except GatewayError:
            self.before_error = _before(events, at)
            raise
        except NOT_JSON as error:
            self.before_error = _before(events, at)
            raise Garbled(UNREADABLE, detail=str(error)) from None
        return events

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        response: Mapping[str, Raw | object] = {
            "id": f"resp_{request_id.removeprefix('req_')}",
            "object": "response",
            "output": [],
            **RAW_MAP.decode(self._response),
        }
        return fault_events(error, self._number + 1, response)

    def _quick(self, block: bytes) -> int:
        """How many events of content the block is; 0 where it is anything else."""
        if not block.startswith(self._head):
            head = delta_head(block)
            if not head:
                return 0
            self._head, self._name = head, name_in(head)
        run = read_run(block, self._head, SAID)
        if run is None or any(said.type != self._name for said in run):
            return 0
        self._number = run[-1].sequence_number
        told = [said.delta for said in run if said.delta]
        if told:
            self.delivered += told
            if self.sighting is Sighting.NOTHING:
                self.sighting = Sighting.CONTENT
        return len(run)

    def _look(self, name: bytes, data: bytes) -> None:
        if data == FOREIGN_SENTINEL or not data.strip():
            return
        if not data.isascii():
            data.decode()
        seen = _read(data)
        told = seen.error is not UNSET and bytes(seen.error) not in NO_ERRORS
        if name == b"error" or seen.type == "error" or told:
            raise decode_error(200, (), data)
        if self._number < 0 and not seen.type:
            raise Garbled(CHAT if seen.object.startswith("chat.") else UNREADABLE)
        if seen.type in TERMINAL:
            self._end(seen)
        elif seen.type == "response.created" and seen.response is not UNSET:
            RAW_MAP.decode(seen.response)
            self._response = Raw(bytes(seen.response))
        elif seen.item is not None:
            self._item(seen.item, opens=seen.type.endswith(".added"))
        elif seen.delta is not UNSET:
            self._said(seen.delta)
        self._number = max(self._number, seen.sequence_number)

    def _item(self, item: _Item, *, opens: bool) -> None:
        if item.name and opens:
            self.delivered.append(item.name)
        if item.type not in _SILENT_ITEMS or not opens:
            self._reach(Sighting.CONTENT)

    def _said(self, delta: Raw) -> None:
        try:
            text = _STRING.decode(delta)
        except ValidationError:
            return  # what a built-in tool gives has its own form
        if text:
            self.delivered.append(text)
            self._reach(Sighting.CONTENT)

    def _end(self, seen: _Seen) -> None:
        fields = {} if seen.response is UNSET else RAW_MAP.decode(seen.response)
        usage = read_raw_usage(fields.get("usage"), fields.get("service_tier"))
        if usage is not None:
            self.usage = usage
        error_told(fields)
        status = seen.type.removeprefix("response.")
        if status not in ("completed", "incomplete"):
            raise broken_off(status)
        self._reach(Sighting.ENDED)

    def _reach(self, sighting: Sighting) -> None:
        if sighting.value > self.sighting.value:
            self.sighting = sighting


def _read(data: bytes) -> _Seen:
    """Raises one of raws.NOT_JSON."""
    try:
        return _SEEN.decode(data)
    except ValidationError:
        kind = _KIND.decode(data)
        if not kind.type or kind.type in TERMINAL:
            raise
        return _Seen(kind.type, kind.sequence_number)


def _before(events: bytes, count: int) -> bytes:
    """The bytes of the first `count` events that say something."""
    start = 0
    for boundary in _BOUNDARY.finditer(events):
        if count == 0:
            break
        count -= len(frames(events[start : boundary.end()]))
        start = boundary.end()
    return events[:start]
