"""Which credential may ask for which model now: a 429 cools that pair for as long as it said."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trunkline.canon.errors import BadCredential, QuotaExhausted, Throttled, UpstreamError

# A provider that asks for hours is asked again sooner: such values are mostly mistakes.
LONGEST = 300.0
FIRST = 1.0
# A refused credential is looked at again after a while: keys get repaired without a reload.
REFUSED = 60.0
# A timer may ring a little before the clock we look at says so; libuv's counts in milliseconds.
_EARLY = 0.01
# More pairs than that were not configured but made up by whoever names models; see `_forget`.
_MOST = 10_000


class Pause(Struct):
    """Why and until when one pair rests."""

    until: float
    strikes: int
    why: type[UpstreamError]


class Cooling:
    """Cooled (credential, model) pairs. Pure: time arrives as an argument, in monotonic seconds."""

    __slots__ = ("_pauses",)

    def __init__(self) -> None:
        self._pauses: dict[tuple[str, str], Pause] = {}

    def cool(self, credential: str, model: str, now: float, error: UpstreamError) -> None:
        """
        For as long as the error says.

        Where it does not: a refused credential or an empty account for a minute, a throttled
        one for twice as long as the last time.
        """
        pair = (credential, model)
        known = self._pauses.get(pair)
        strikes = known.strikes + 1 if known is not None else 1
        pause = error.retry_after
        if pause is None:
            refused = isinstance(error, BadCredential | QuotaExhausted)
            pause = REFUSED if refused else FIRST * 2 ** min(strikes - 1, 10)
        if known is None:
            self._forget(now)
        until = now + min(max(pause, 0.0), LONGEST)
        self._pauses[pair] = Pause(until, strikes, type(error))

    def warm(self, credential: str, model: str) -> None:
        """It answered: forget its strikes."""
        if self._pauses:
            self._pauses.pop((credential, model), None)

    def forget(self, credentials: Iterable[str]) -> None:
        """They are others now, under the same name."""
        gone = frozenset(credentials)
        self._pauses = {p: rest for p, rest in self._pauses.items() if p[0] not in gone}

    def remaining(self, credential: str, model: str, now: float) -> float:
        """Seconds until the pair may be used; 0 when it may."""
        if not self._pauses:
            return 0.0
        pause = self._pauses.get((credential, model))
        left = 0.0 if pause is None else pause.until - now
        return left if left > _EARLY else 0.0

    def pick(self, credentials: Sequence[str], model: str, now: float, turn: int) -> int | None:
        """Index of a usable credential, rotating by `turn`; None when all are cooling."""
        count = len(credentials)
        for step in range(count):
            index = (turn + step) % count
            if not self.remaining(credentials[index], model, now):
                return index
        return None

    def soonest(
        self, credentials: Sequence[str], model: str, now: float
    ) -> tuple[float, type[UpstreamError]]:
        """Seconds until the first of them may be used, and why not now."""
        first = min(credentials, key=lambda c: self.remaining(c, model, now))
        pause = self._pauses.get((first, model))
        return self.remaining(first, model, now), Throttled if pause is None else pause.why

    def _forget(self, now: float) -> None:
        """Keep the table small: pauses that are over go, strikes and all."""
        if len(self._pauses) >= _MOST:
            self._pauses = {p: rest for p, rest in self._pauses.items() if rest.until > now}

    def __repr__(self) -> str:
        return f"<Cooling {len(self._pauses)} pairs>"
