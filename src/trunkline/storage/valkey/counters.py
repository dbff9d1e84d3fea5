"""The scripts as typed calls: what goes into each, and what comes back."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, msgpack

from trunkline.canon.limit import Limit
from trunkline.storage.state import Abandoned, Claim, Decision, Standing, amount_of
from trunkline.storage.valkey import scripts
from trunkline.storage.valkey.link import Link
from trunkline.storage.valkey.own import MOST_AMOUNT, UNITS, Batch

_MOST = 1 << 62
"""Counts are 64 bits; what is settled beyond a limit must still fit."""
_RESTORED_AT_ONCE = 500
_PATIENCE = 10.0
"""Timeouts that a batch may take which brings all that a process has: some thousand leases."""

_Row = tuple[str, int, str]
"""used, closes, reserved: counts are text, for they may be beyond what Lua computes with."""


class Anew(Exception):
    """The counters began anew, or are another server's: say first what this process holds."""


class Epoch(Struct, frozen=True):
    """What the server says of itself."""

    name: str
    born: bool
    """We are the first to see it: somebody must sweep up what was before."""
    restored: bool
    age: int
    """Microseconds."""
    now: int
    holders: int
    abandoned: Sequence[Abandoned]


class _EpochRow(Struct, array_like=True):
    name: str
    born: bool
    restored: bool
    age: int
    now: int
    holders: int
    abandoned: list[tuple[str, str, int]]


class Told(Struct, frozen=True, gc=False):
    """The server's word on one claim: "told" (`decision`), "held", "void", "lost" or "young"."""

    word: str
    now: int = 0
    decision: Decision | None = None


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder().decode
_decode_epoch = msgpack.Decoder(_EpochRow).decode


class Counters:
    """Each raises Away; those that name an epoch raise Anew where it is over."""

    def __init__(self, link: Link, holder: str, ttl: float, settling: float) -> None:
        self._link = link
        self._holder = holder
        self._ttl = round(ttl * 1_000_000)
        self._settling = round(settling * 1_000_000)

    async def admit(self, epoch: str, claims: Sequence[Claim]) -> Sequence[Told]:
        """One after the other, as they stand."""
        asked = [_asked(claim) for claim in claims]
        packed = await self._link.asking.run(
            scripts.ADMIT, epoch, self._holder, self._settling, _encode(asked)
        )
        answer = _decode(packed)
        if answer[0] == "epoch":
            raise Anew
        if answer[0] == "young":
            return [Told("young")] * len(claims)
        now = answer[1]
        return [
            Told(one[0], now, Decision(one[1], _standings(one[2])) if len(one) == 3 else None)
            for one in answer[2]
        ]

    async def write(self, batch: Batch) -> None:
        patience = _PATIENCE if batch.brings or batch.here else 1.0
        answer = await self._link.writing.run(
            scripts.WRITE,
            batch.epoch,
            self._holder,
            batch.number,
            _encode(batch.ops),
            patience=patience,
        )
        if answer == b"epoch":
            raise Anew

    async def beat(self, mode: str, grace: float = 0.0) -> Epoch:
        """
        `mode`: "look"; "join", this holder is alive; "beat", the same, and who is not is found out;
        "leave", it is no longer.

        `grace`: seconds in which nobody is taken for gone.
        """
        packed = await self._link.writing.run(
            scripts.BEAT, self._holder, mode, self._ttl, self._link.run_id, round(grace * 1_000_000)
        )
        row = _decode_epoch(packed)
        abandoned = [
            Abandoned(lease, holder.rpartition("#")[0], since)
            for lease, holder, since in row.abandoned
        ]
        return Epoch(row.name, row.born, row.restored, row.age, row.now, row.holders, abandoned)

    async def look(self, epoch: str, limits: Sequence[Limit]) -> Sequence[Standing]:
        counters = _encode([limit.counter for limit in limits])
        answer = _decode(await self._link.writing.run(scripts.LOOK, epoch, counters))
        if answer[0] == "epoch":
            raise Anew
        return _standings(answer[2])

    async def restore(self, epoch: str, counts: Mapping[str, Standing]) -> bool:
        """False where somebody else is at it."""
        rows = [(name, str(s.used), s.closes, str(s.reserved)) for name, s in counts.items()]
        for start in range(0, max(1, len(rows)), _RESTORED_AT_ONCE):
            piece = rows[start : start + _RESTORED_AT_ONCE]
            last = int(start + _RESTORED_AT_ONCE >= len(rows))
            answer = await self._link.writing.run(
                scripts.RESTORE, epoch, self._holder, last, _encode(piece)
            )
            if answer == b"epoch":
                raise Anew
            if answer == b"busy":
                return False
        return True


def _asked(claim: Claim) -> tuple[object, ...]:
    money = False
    rows = []
    for limit in claim.limits:
        unit, amount = UNITS[limit.unit], amount_of(limit, claim)
        money = money or unit == 2
        room = str(min(limit.most, _MOST) - amount)
        rows.append((limit.counter, unit, amount, room, limit.window))
    return claim.lease, money, rows


def check(claim: Claim) -> None:
    """Raises ValueError for amounts that the server cannot compute with."""
    if not (0 <= claim.tokens <= MOST_AMOUNT and 0 <= claim.cost <= MOST_AMOUNT):
        raise ValueError(f"a claim of {claim.tokens} tokens and {claim.cost} nano-dollars")


def _standings(rows: Sequence[_Row]) -> Sequence[Standing]:
    return [Standing(int(used), closes, int(reserved)) for used, closes, reserved in rows]
