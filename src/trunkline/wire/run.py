"""
Runs: events of a stream that differ in one JSON string alone, read and written in a few calls.

Most events of an answer repeat each other to the byte but for a few letters of text. Whoever has
read one of them in full knows what each of the following means as long as only the letters
change: a hundred are then told apart by one search for what stands between them, which costs a
tenth of decoding each.
"""

from collections.abc import Iterator, Sequence

from msgspec import DecodeError, json

_TEXTS = json.Decoder(list[str])
_QUOTE = json.Encoder().encode
_BETWEEN = b'","'
# What makes `_BETWEEN` look like the end of one string and the start of the next where it is not.
_ESCAPED = b'\\","'
_END = b"\n\n"
# Long enough to stand nowhere else, mostly. A longer needle makes bytes.split five times slower.
_NEEDLE = 12


class Run:
    """The bytes around the string: `before` ends, and `after` begins, with its quote."""

    __slots__ = ("_joint", "_needle", "_rest", "_tail", "after", "before")

    def __init__(self, before: bytes, after: bytes) -> None:
        self.before = before
        self.after = after
        self._joint = after + before
        self._needle = after[:_NEEDLE]
        self._rest = after[_NEEDLE:]
        self._tail = self._rest + before

    @classmethod
    def of(cls, event: bytes, marker: bytes) -> "Run | None":
        """
        The run that `event`, known to be sound, may belong to.

        `marker`: what the string stands behind (`"content":"`). None where that is not in it
        once, where the string has escapes, so that its end is not plain to see, and where
        `event` is more than one or ends otherwise.
        """
        start = event.find(marker) + len(marker)
        end = event.find(b'"', start)
        if start < len(marker) or end < 0 or event.count(marker) != 1 or b"\\" in event:
            return None
        if event.find(_END) != len(event) - len(_END) or b"\r" in event:
            return None
        return cls(event[:start], event[end:])

    def read(self, block: bytes) -> tuple[Sequence[str], int]:
        """
        The strings of the events of this run at the start of `block`, and the index behind them.

        Nothing is taken on trust: an event is of the run only if its bytes around the string are
        the same, and what is between them is one JSON string and no more.
        """
        before, tail = self.before, self._tail
        if not block.startswith(before):
            return (), 0
        pieces = block[len(before) :].split(self._needle)
        bodies, behind = pieces[:1], len(tail)
        for piece in pieces[1:]:
            if not piece.startswith(tail):
                break
            bodies.append(piece[behind:])
        if len(bodies) == len(pieces) or not pieces[len(bodies)].startswith(self._rest):
            bodies.pop()  # its event goes on in another way
        strings = _strings(bodies)
        if strings is None:
            del bodies[_lines(bodies) :]
            strings = _strings(bodies)
        if not strings:
            return (), 0
        return strings, sum(map(len, bodies)) + len(bodies) * len(self._joint)


def write_run(before: bytes, after: bytes, strings: Sequence[str]) -> bytes:
    """One event for each string; here the quotes belong to the strings."""
    if len(strings) == 1:
        return before + _QUOTE(strings[0]) + after
    quoted = _QUOTE(strings)
    if _ESCAPED in quoted:
        return b"".join([before + _QUOTE(string) + after for string in strings])
    # Its first quote out of the way: a string that is a comma would find itself between two.
    inner = quoted[2:-2].replace(_BETWEEN, b'"' + after + before + b'"')
    return before + b'"' + inner + b'"' + after


def write_numbered(template: bytes, strings: Sequence[str], first: int) -> bytes:
    """
    One event for each string, of which there is one at least, counted up from `first`.

    `template`: of an event, with %b for the string, between its quotes, and %d for its number.
    """
    if len(strings) == 1:
        return template % (_QUOTE(strings[0])[1:-1], first)
    quoted = _QUOTE(strings)
    if _ESCAPED in quoted:
        bodies = [_QUOTE(string)[1:-1] for string in strings]
    else:
        bodies = quoted[2:-2].split(_BETWEEN)
    filling: list[bytes | int] = [b""] * (2 * len(strings))
    filling[::2] = bodies
    filling[1::2] = range(first, first + len(strings))
    return template * len(strings) % tuple(filling)


class RunReader:
    """
    A stream's reader of runs: learns from events that its owner has read in full.

    A stream whose events all differ (random padding in each) is not studied forever.
    """

    __slots__ = ("_lessons", "_run")

    def __init__(self, lessons: int = 8) -> None:
        self._run: Run | None = None
        self._lessons = lessons

    def cut(self, block: bytes) -> Iterator[tuple[Sequence[str], bytes]]:
        """
        All of `block`, piece by piece: a run with its strings, or no strings and what must be
        read in full: one event as long as there may be something to learn from it.
        """
        at, ran = 0, False
        while at < len(block):
            rest = block[at:] if at else block
            strings, length = ((), 0) if self._run is None else self._run.read(rest)
            if length:
                ran = True
            elif ran or not self._lessons:
                length = len(rest)  # behind the text comes the end
            else:
                self._lessons -= 1
                length = rest.find(_END) + len(_END)
                if length < len(_END):
                    length = len(rest)
            at += length
            yield strings, rest[:length] if length < len(rest) else rest

    def learn(self, event: bytes, marker: bytes) -> bool:
        """
        `event` says more text and nothing else, in the string behind `marker`.

        True when it is the model of the run from now on.
        """
        run = Run.of(event, marker) if self._lessons else None
        if run is not None:
            self._run = run
        return run is not None

    def forget(self) -> None:
        """What such an event means has changed."""
        self._run = None


def _lines(bodies: Sequence[bytes]) -> int:
    """Those before the first with a newline, as no JSON string has: there another kind of event begins."""
    return next((n for n, body in enumerate(bodies) if b"\n" in body), len(bodies))


def _strings(pieces: Sequence[bytes]) -> Sequence[str] | None:
    """
    None where one of them is no JSON string.

    Whoever would pass for one by the help of his neighbours would have to escape a quote between
    them, or bring quotes of his own, and with these come strings that nobody counts on.
    """
    joined = b'["' + _BETWEEN.join(pieces) + b'"]'
    if _ESCAPED in joined or joined.endswith(b'\\"]'):
        return None
    try:
        strings = _TEXTS.decode(joined)
    except (DecodeError, UnicodeDecodeError):
        return None
    return strings if len(strings) == len(pieces) else None
