"""Events are given back when nobody holds them any more."""

import gc
import weakref

from trunkline.canon.errors import Garbled
from trunkline.canon.event import Event, Faulted


class _Decoder:
    """As decoders are: the frame in which the error was caught holds the events."""

    def feed(self) -> list[Event]:
        events: list[Event] = []
        try:
            self._read()
        except Garbled as error:
            events.append(Faulted(error))
        return events

    def _read(self) -> None:
        message = "broken"
        raise Garbled(message)


def test_a_fault_leaves_nothing_behind() -> None:
    """The error's traceback holds the decoder, and its frames the fault: the collector undoes it."""
    decoder = _Decoder()
    gone = weakref.ref(decoder)
    assert 1 == len(decoder.feed())

    del decoder
    gc.collect()

    assert gone() is None
