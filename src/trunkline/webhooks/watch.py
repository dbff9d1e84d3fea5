"""Tells the platform's endpoints when a provider's target goes down and when it is back."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from trunkline.canon.errors import LedgerUnavailable
from trunkline.observe.trouble import Trouble

DOWN, RECOVERED = "provider.down", "provider.recovered"
# Seconds between two looks at the breakers; what was down for less is no news.
_LOOK = 1.0

Look = Callable[[], Mapping[str, bool]]
"""The targets that were asked so far, by "provider/model"; True: it takes requests."""


class Turns(Protocol):
    async def turned(
        self, name: str, kind: str, data: Mapping[str, object], *, first: bool
    ) -> bool:
        """See Webhooks.turned."""


class ProviderWatch:
    """
    Looks rather than listens: the way of a request has nothing to do with telling.

    Each process has its own breakers. The first to see a turn tells of it, and none tells what was
    the last thing told (EventStore.turn).
    """

    def __init__(
        self,
        webhooks: Turns,
        look: Look,
        trouble: Trouble,
        every: float = _LOOK,
    ) -> None:
        """`every`: seconds between two looks."""
        self._every = every
        self._webhooks = webhooks
        self._look = look
        self._trouble = trouble
        self._known: dict[str, bool] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.look()
            except LedgerUnavailable as error:
                self._trouble.failed(f"a provider's turn could not be told: {error.detail}")
            else:
                self._trouble.over("providers' turns are told again")

    async def look(self) -> None:
        """Raises LedgerUnavailable; what was not told then will be by the next look."""
        for target, well in self._look().items():
            if self._known.get(target) == well:
                continue
            provider, _, model = target.partition("/")
            data = {"target": target, "provider": provider, "model": model}
            kind = RECOVERED if well else DOWN
            # One that is well at first sight may have been told down by a process before us.
            await self._webhooks.turned(f"target {target}", kind, data, first=not well)
            self._known[target] = well

    def __repr__(self) -> str:
        return f"<ProviderWatch {len(self._known)} targets>"
