"""The grammar of events as a table: what may follow what, checked in tests and conformance suites."""

from collections.abc import Iterable

from trunkline.canon.event import (
    Annotated,
    Ended,
    Event,
    Faulted,
    Finished,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)

# What a part of each kind may contain between its opening and its closing.
CONTENTS: dict[PartKind, tuple[type[Event], ...]] = {
    PartKind.TEXT: (PartDelta, Annotated),
    PartKind.REASONING: (PartDelta, Signed),
    PartKind.TOOL_CALL: (PartDelta,),
    PartKind.REFUSAL: (PartDelta,),
    PartKind.OPAQUE: (),
}


def violations(events: Iterable[Event], *, whole: bool = True) -> list[str]:
    """
    What is wrong with a stream; empty when it obeys.

    Started first and once. Parts open with indices 0, 1, 2 ..., hold only what their kind
    may (CONTENTS), and close before their choice finishes; a choice finishes once. Ended or
    Faulted comes once and last. With `whole`, one of them, and a Finished before Ended.
    """
    checker = _Checker()
    for position, event in enumerate(events):
        checker.step(position, event)
    if whole:
        checker.end()
    return checker.wrong


class _Checker:
    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._last = ""
        self._started = False
        self._next_index = 0
        self._open: dict[int, PartOpened] = {}
        self._finished: set[int] = set()

    def step(self, position: int, event: Event) -> None:
        if self._last:
            self._say(position, f"{type(event).__name__} after {self._last}")
        if self._started == isinstance(event, Started) and not isinstance(event, Faulted):
            self._say(position, "Started must come first, and once")
        match event:
            case Started():
                self._started = True
            case PartOpened():
                self._opened(position, event)
            case PartDelta(index=index) | Signed(index=index) | Annotated(index=index):
                self._inside(position, index, event)
            case PartClosed(index=index):
                if self._open.pop(index, None) is None:
                    self._say(position, f"closes part {index}, which is not open")
            case Finished(choice=choice):
                self._finish(position, choice)
            case Ended() | Faulted():
                self._last = type(event).__name__
                if isinstance(event, Ended) and not self._finished:
                    self._say(position, "Ended, but nothing Finished")
            case Logprobs() | UsageReported():
                pass

    def end(self) -> None:
        if not self._last:
            self.wrong.append("at the end: neither Ended nor Faulted")
        if self._open and self._last != "Faulted":
            self.wrong.append(f"at the end: parts {sorted(self._open)} still open")

    def _opened(self, position: int, event: PartOpened) -> None:
        if event.index != self._next_index:
            self._say(position, f"opens part {event.index}, expected {self._next_index}")
        if event.choice in self._finished:
            self._say(position, f"opens a part of finished choice {event.choice}")
        self._next_index = event.index + 1
        self._open[event.index] = event

    def _inside(self, position: int, index: int, event: Event) -> None:
        part = self._open.get(index)
        if part is None:
            self._say(position, f"{type(event).__name__} for part {index}, which is not open")
        elif not isinstance(event, CONTENTS[part.kind]):
            self._say(position, f"{type(event).__name__} inside a {part.kind.value} part")

    def _finish(self, position: int, choice: int) -> None:
        if choice in self._finished:
            self._say(position, f"choice {choice} finishes twice")
        self._finished.add(choice)
        left = sorted(i for i, part in self._open.items() if part.choice == choice)
        if left:
            self._say(position, f"choice {choice} finishes with parts {left} open")

    def _say(self, position: int, what: str) -> None:
        self.wrong.append(f"event {position}: {what}")
