"""<think>...</think> at the head of a text, told from the text itself, however it is cut."""

from enum import Enum

_OPEN = "<think>"
_CLOSE = "</think>"


class _At(Enum):
    HEAD = 0
    """Nothing but white space so far: thinking may yet begin."""
    THINKING = 1
    BETWEEN = 2
    """Behind the closing tag, before the first word."""
    TEXT = 3


class ThinkTags:
    """
    Feeds on text, gives (is_thinking, text) pairs; a tag cut in two is held until it is whole.

    Only a tag the text begins with counts: a model may well write about "<think>" later.
    """

    __slots__ = ("_at", "_held")

    def __init__(self) -> None:
        self._at = _At.HEAD
        self._held = ""

    def feed(self, text: str) -> list[tuple[bool, str]]:
        if self._at is _At.TEXT:
            return [(False, text)]
        held, self._held = self._held + text, ""
        if self._at is _At.HEAD:
            return self._head(held)
        if self._at is _At.THINKING:
            return self._thinking(held)
        return self._between(held)

    def finish(self) -> list[tuple[bool, str]]:
        """What was held for a tag that never came."""
        held, self._held = self._held, ""
        return [(self._at is _At.THINKING, held)] if held else []

    def _head(self, held: str) -> list[tuple[bool, str]]:
        word = held.lstrip()
        if word.startswith(_OPEN):
            self._at = _At.THINKING
            return self._thinking(word[len(_OPEN) :])
        if _OPEN.startswith(word):
            self._held = held
            return []
        self._at = _At.TEXT
        return [(False, held)]

    def _thinking(self, held: str) -> list[tuple[bool, str]]:
        thought, tag, rest = held.partition(_CLOSE)
        if tag:
            self._at = _At.BETWEEN
            return [*_pair(thought), *self._between(rest)]
        keep = next(n for n in range(len(_CLOSE) - 1, -1, -1) if held.endswith(_CLOSE[:n]))
        cut = len(held) - keep
        self._held = held[cut:]
        return _pair(held[:cut])

    def _between(self, held: str) -> list[tuple[bool, str]]:
        word = held.lstrip()
        if not word:
            return []
        self._at = _At.TEXT
        return [(False, word)]


def _pair(thought: str) -> list[tuple[bool, str]]:
    return [(True, thought)] if thought else []
