"""Which ways through the code an execution took: pairs of lines, one after the other."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import trunkline

_ROOT = str(Path(trunkline.__file__).parent)
Trace = Callable[[FrameType, str, object], object]


class Edges:
    """All that were seen so far; to look costs an execution some ten times its length."""

    def __init__(self) -> None:
        self.seen: set[tuple[int, int]] = set()
        self._last = 0

    def __len__(self) -> int:
        return len(self.seen)

    def watch(self, run: Callable[[], None]) -> int:
        """How many edges nobody had taken before."""
        before, previous = len(self.seen), sys.gettrace()
        self._last = 0
        sys.settrace(self._called)
        try:
            run()
        finally:
            sys.settrace(previous)
        return len(self.seen) - before

    def _called(self, frame: FrameType, event: str, argument: object) -> Trace | None:
        return self._line if frame.f_code.co_filename.startswith(_ROOT) else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Trace:
        if event == "line":
            here = id(frame.f_code) << 16 | frame.f_lineno
            self.seen.add((self._last, here))
            self._last = here
        return self._line
