"""Keeps the keyring up with the store: at once in this process, soon after in the others."""

import asyncio
from collections.abc import Awaitable, Callable

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import KeyStore
from trunkline.tenancy.keyring import Keyring

# A key revoked in one process is refused by all within a second; this leaves room for a slow poll.
_INTERVAL = 0.25
# Whoever tries keys at random makes no more bytes wait than this, however many come.
_CROWD = 64 << 20


class KeyringFollower:
    def __init__(
        self,
        keyring: Keyring,
        store: KeyStore,
        on_problem: Callable[[str], None],
        interval: float = _INTERVAL,
    ) -> None:
        """`interval`: seconds between two looks at the store's version."""
        self._keyring = keyring
        self._store = store
        self._on_problem = on_problem
        self._interval = interval
        self._looking = asyncio.Lock()
        self._looks = 0
        self._waiting = 0

    def has_room(self, size: int) -> bool:
        """Whether one more may wait for a look, with a request of so many bytes."""
        return self._waiting + size <= _CROWD

    async def look_again(self, size: int = 0) -> None:
        """
        What any process changed before this call is known after it. Raises LedgerUnavailable.

        For a key that is not known here: its holder may have got it a moment ago, from another
        process. However many ask, one look is under way at a time. `size`: bytes that wait meanwhile.
        """
        looks = self._looks
        self._waiting += size
        try:
            async with self._looking:
                if self._looks <= looks:
                    self._looks += 1
                    await self.refresh()
        finally:
            self._waiting -= size

    async def refresh(self) -> None:
        """
        Load what has changed, or everybody where that is not known. Raises LedgerUnavailable.

        One change among 10,000 keys takes 7 to 10 ms of a processor, everybody 100 (2026-11-21).
        """
        held = self._keyring.version
        if await self._store.version() == held:
            return
        changes = await self._store.changes(held) if held >= 0 else None
        if changes is None or not self._keyring.amend(changes):
            self._keyring.replace(await self._store.load())

    async def run(self) -> None:
        """For ever. While the store cannot be read, the keys last read stay in force."""
        await follow("keys", self.refresh, self._interval, self._on_problem)

    def __repr__(self) -> str:
        return f"<KeyringFollower of {self._keyring!r}>"


async def follow(
    what: str,
    refresh: Callable[[], Awaitable[None]],
    interval: float,
    on_problem: Callable[[str], None],
) -> None:
    """For ever: look every `interval` seconds. What goes wrong is told once, and that it goes well again."""
    failing = False
    while True:
        await asyncio.sleep(interval)
        try:
            await refresh()
        except (LedgerUnavailable, ValueError, OSError) as error:
            if not failing:
                why = error.detail if isinstance(error, LedgerUnavailable) else error
                on_problem(f"changes to {what} are not seen at the moment: {why}")
            failing = True
        else:
            if failing:
                on_problem(f"changes to {what} are seen again")
            failing = False
