"""Which credential may ask for which model now: a 429 cools that pair for as long as it said."""

from collections.abc import Sequence

# A provider that asks for hours is asked again sooner: such values are mostly mistakes.
LONGEST = 300.0
FIRST = 1.0


class Cooling:
    """Cooled (credential, model) pairs. Pure: time arrives as an argument, in monotonic seconds."""

    __slots__ = ("_strikes", "_until")

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._strikes: dict[tuple[str, str], int] = {}

    def cool(self, credential: str, model: str, now: float, retry_after: float | None) -> None:
        """For `retry_after` seconds, or twice as long as the last time where none was given."""
        pair = (credential, model)
        strikes = self._strikes[pair] = self._strikes.get(pair, 0) + 1
        pause = FIRST * 2 ** min(strikes - 1, 10) if retry_after is None else retry_after
        self._until[pair] = now + min(max(pause, 0.0), LONGEST)

    def warm(self, credential: str, model: str) -> None:
        """It answered: forget its strikes."""
        if self._until:
            pair = (credential, model)
            self._until.pop(pair, None)
            self._strikes.pop(pair, None)

    def remaining(self, credential: str, model: str, now: float) -> float:
        """Seconds until the pair may be used; 0 when it may."""
        if not self._until:
            return 0.0
        return max(0.0, self._until.get((credential, model), 0.0) - now)

    def pick(self, credentials: Sequence[str], model: str, now: float, turn: int) -> int | None:
        """Index of a usable credential, rotating by `turn`; None when all are cooling."""
        count = len(credentials)
        for step in range(count):
            index = (turn + step) % count
            if not self.remaining(credentials[index], model, now):
                return index
        return None

    def soonest(self, credentials: Sequence[str], model: str, now: float) -> float:
        """Seconds until the first of them may be used."""
        return min(self.remaining(c, model, now) for c in credentials)

    def __repr__(self) -> str:
        return f"<Cooling {len(self._until)} pairs>"
