"""The simulator's own book: what it received, what it sent, how it ended."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct, json

from trunkline.providers.sim.beats import Beat, Mark
from trunkline.providers.sim.steps import Send
from trunkline.providers.sim.turns import Answer, Tally


class Row(Struct, kw_only=True):
    """One request, as docs/reference/simulator.md describes it. Times are unix seconds."""

    seq: int
    """From 1, in order of arrival."""
    id: str
    """The answer's request-id or x-request-id."""
    answer_id: str = ""
    at: float
    dialect: str = ""
    method: str = ""
    path: str = ""
    model: str = ""
    stream: bool = False
    tools: int = 0
    """Offered."""
    results: int = 0
    """Of tools, behind the last assistant turn."""
    credential: str = ""
    """First 16 hex digits of the key's SHA-256; empty when none came."""
    headers: Mapping[str, str] = {}
    """Received; without credentials."""
    body_bytes: int = 0
    body_sha256: str = ""
    body: str | None = None
    """The request itself, where the log keeps bodies."""
    fault: str = ""
    """The fault that struck: "u4"."""
    status: int | None = None
    """Sent; None while nothing was."""
    bytes_sent: int = 0
    """Of the body, before HTTP framing."""
    content_events: int = 0
    text_chars: int = 0
    text_sha256: str = ""
    """Of the visible text, in all choices as it went out."""
    reasoning_chars: int = 0
    argument_chars: int = 0
    refusal_chars: int = 0
    tokens: int = 0
    """Output tokens that have gone out."""
    usage: Tally | None = None
    """What the answer costs, whether or not it was told."""
    usage_told: bool = False
    finish: str | None = None
    """The finish reason, once it has gone out."""
    finished: bool = False
    """The answer went out to its end: the sentinel, or the last byte of a whole answer."""
    outcome: str = "open"
    """ "open", "played" (to the end, faults included), "cut" (by a fault) or "gone" (the other side left)."""
    first_content_at: float | None = None
    ended_at: float | None = None
    gone_at: float | None = None
    """When the other side was seen to leave before the end."""
    gone: str | None = None
    """ "fin", "rst" or, without a socket, "closed"."""


class Record:
    """A row that is still being written."""

    __slots__ = ("_log", "_text", "answer", "row")

    def __init__(self, row: Row, log: "Log") -> None:
        self.row = row
        self.answer: Answer | None = None
        self._text: list[str] = []
        self._log = log

    def sent(self, step: Send, now: float) -> None:
        row = self.row
        row.bytes_sent += len(step.data)
        if step.beat is not None:
            self._credit(step.beat, step.times, now)
        elif step.answer is not None:
            self._credit_whole(step.answer, now)

    def _credit(self, beat: Beat, times: int, now: float) -> None:
        row = self.row
        row.usage_told = row.usage_told or beat.usage
        row.tokens += beat.tokens * times
        mark = beat.mark
        if mark is Mark.CONTENT:
            if row.first_content_at is None:
                row.first_content_at = now
            row.content_events += times
            self._count(beat.kind, beat.text * times)
        elif mark is Mark.FINISH:
            self._credit_finish()
        elif mark is Mark.END or mark is Mark.LAST:
            self._credit_finish()  # where one event says both
            row.finished = True

    def _credit_finish(self) -> None:
        self.row.finish = self.answer.turns[0].finish if self.answer is not None else None

    def _credit_whole(self, answer: Answer, now: float) -> None:
        row = self.row
        row.first_content_at = now
        row.tokens = sum(turn.tokens for turn in answer.turns)
        for turn in answer.turns:
            self._count("text", turn.text)
            self._count("reasoning", turn.thinking if not turn.redacted else "")
            self._count("refusal", turn.refusal)
            for call in turn.calls:
                self._count("arguments", call.arguments)
        row.usage_told = True
        row.finish = answer.turns[0].finish
        row.finished = True

    def _count(self, kind: str, text: str) -> None:
        row = self.row
        if kind == "text" and text:
            row.text_chars += len(text)
            self._text.append(text)
        elif kind == "arguments":
            row.argument_chars += len(text)
        elif kind == "reasoning":
            row.reasoning_chars += len(text)
        elif kind == "refusal":
            row.refusal_chars += len(text)

    def end(self, outcome: str, now: float, gone: str | None = None) -> None:
        """The first end counts; a connection closed behind a complete answer is no news."""
        row = self.row
        if row.outcome != "open":
            return
        row.outcome = outcome
        row.ended_at = now
        if gone is not None:
            row.gone, row.gone_at = gone, now
        self.snapshot()
        self._log.ended(self)

    def snapshot(self) -> Row:
        if self._text:
            self._text = ["".join(self._text)]
            self.row.text_sha256 = sha256(self._text[0].encode()).hexdigest()
            if self.row.outcome != "open":
                self._text = []
        return self.row


class Log:
    """The last so many rows, and each finished one as a JSON line to whoever wants it."""

    def __init__(
        self,
        capacity: int = 10_000,
        sink: Callable[[bytes], object] | None = None,
        *,
        keep_bodies: bool = False,
    ) -> None:
        self._records: deque[Record] = deque(maxlen=capacity)
        self._sink = sink
        self.keep_bodies = keep_bodies
        self.total = 0

    def open(self, row: Row) -> Record:
        record = Record(row, self)
        self._records.append(record)
        self.total += 1
        return record

    def ended(self, record: Record) -> None:
        if self._sink is not None:
            self._sink(json.encode(record.row) + b"\n")

    def rows(self, since: int = 0) -> Sequence[Row]:
        """Those with a `seq` above `since`, oldest first."""
        return [record.snapshot() for record in self._records if record.row.seq > since]

    def find(self, key: str) -> Row | None:
        """By request id, answer id or number; the newest of them."""
        for record in reversed(self._records):
            row = record.row
            if key in {row.id, row.answer_id, str(row.seq)}:
                return record.snapshot()
        return None

    def clear(self) -> None:
        self._records.clear()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows())

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"<Log {len(self._records)} rows of {self.total}>"
