"""One target, mutated inputs by the thousand, and whatever escapes that must not."""

import traceback
from collections.abc import Callable, Sequence
from random import Random  # noqa: TID251 - a hunt repeats from its seed
from zlib import crc32

from msgspec import Struct

from tests.fuzz.edges import Edges
from tests.fuzz.mutate import Seed, mutated
from tests.fuzz.targets import Target

_TRACED = 32
"""Of so many executions one is looked at; with more, time goes into looking."""
_MOST = 1500
"""Inputs in the pool; beyond, a new one takes the place of any but a seed."""
_SHRINKING = 3000
_ENOUGH = 30
"""Findings; then something is wrong altogether."""


class Finding(Struct, frozen=True):
    """An escape, with the smallest input that was found for it."""

    target: str
    signature: str
    """The exception and the line of ours it came from: one finding for each."""
    data: bytes
    told: str

    @property
    def name(self) -> str:
        """For a file, the same whenever the same is found."""
        return f"found-{crc32(self.target.encode() + self.signature.encode()):08x}"


class Hunt:
    """
    Inputs that took a new way through the code are mutated further.

    Deterministic: the same target, seeds and dice give the same inputs in the same order.
    """

    def __init__(self, target: Target, seeds: Sequence[bytes], dice: Random) -> None:
        self.target = target
        self.executions = 0
        self.findings: dict[str, Finding] = {}
        self.newest = 0
        """The execution that took the newest edge."""
        self.edges = Edges()
        self._dice = dice
        self._pool = [Seed(data) for data in (*seeds, b"", b"{}")]
        self._seeds = len(self._pool)

    @property
    def pool(self) -> int:
        return len(self._pool)

    def run(self, executions: int) -> None:
        """So many more; the seeds themselves first."""
        dice, pool = self._dice, self._pool
        for _ in range(executions):
            self.executions += 1
            if self.executions <= self._seeds:
                data = pool[self.executions - 1].data
            else:
                at = int(dice.random() ** 0.5 * len(pool))  # the newer the likelier
                data = mutated(pool[at], pool[int(dice.random() * len(pool))], dice)
            if self.executions % _TRACED and self.executions > self._seeds:
                self._try(data)
            elif self.edges.watch(lambda data=data: self._try(data)):
                self.newest = self.executions
                if self.executions > self._seeds:
                    self._keep(data)

    def _keep(self, data: bytes) -> None:
        if len(self._pool) < _MOST:
            self._pool.append(Seed(data))
        else:
            at = self._seeds + int(self._dice.random() * (_MOST - self._seeds))
            self._pool[at] = Seed(data)

    def _try(self, data: bytes) -> None:
        roll = self._dice.getrandbits(32)
        if escaped := self._escape(data, roll):
            signature = _signature(escaped)
            if signature not in self.findings and len(self.findings) < _ENOUGH:
                self.findings[signature] = self._finding(data, roll, signature)

    def _escape(self, data: bytes, roll: int) -> BaseException | None:
        """`roll` seeds the check's own dice, so that it can be asked again."""
        try:
            self.target.check(data, Random(roll))
        except Exception as escaped:  # noqa: BLE001 - which ones there are is the question
            return escaped
        return None

    def _finding(self, data: bytes, roll: int, signature: str) -> Finding:
        def same(shorter: bytes) -> bool:
            escaped = self._escape(shorter, roll)
            return escaped is not None and _signature(escaped) == signature

        small = shrunk(data, same)
        escaped = self._escape(small, roll)
        told = "".join(traceback.format_exception(escaped)[-4:])
        return Finding(self.target.name, signature, small, told)


def shrunk(data: bytes, holds: Callable[[bytes], bool]) -> bytes:
    """A shorter input of which the same holds: pieces left out, ever smaller ones."""
    tries, size = 0, max(1, len(data) // 2)
    while tries < _SHRINKING:
        at, before = 0, len(data)
        while at < len(data) and tries < _SHRINKING:
            tries += 1
            shorter = data[:at] + data[at + size :]
            if holds(shorter):
                data = shorter
            else:
                at += size
        if size == 1 and len(data) == before:
            break
        size = max(1, size // 2)
    return data


def _signature(escaped: BaseException) -> str:
    frames = traceback.extract_tb(escaped.__traceback__)
    ours = [frame for frame in frames if "/trunkline/" in frame.filename] or frames
    where = ours[-1]
    said = f": {escaped}".splitlines()[0] if isinstance(escaped, AssertionError) else ""
    name = where.filename.rpartition("/trunkline/")[2]
    return f"{type(escaped).__name__}{said[:60]} at {name}:{where.lineno}"
