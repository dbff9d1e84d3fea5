"""Webhooks as a whole: what the program starts, stops and shows of them."""

import asyncio
import ssl
from collections.abc import Callable

from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy, ulid
from trunkline.kernel.tasks import Tasks
from trunkline.observe.trouble import Trouble
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.deliveries import DeliveryStore
from trunkline.transport.base import Origin
from trunkline.transport.http import HttpTransport
from trunkline.transport.limits import Limits
from trunkline.webhooks.addresses import Guard
from trunkline.webhooks.base import Vault
from trunkline.webhooks.deliverer import Deliverer, WebhookStatistics
from trunkline.webhooks.resolving import OwnThreads
from trunkline.webhooks.schedule import Dice, Pace
from trunkline.webhooks.secrets import Secrets
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.service import Webhooks
from trunkline.webhooks.watch import Look, ProviderWatch

# Few: each endpoint has eight attempts at a time (deliverer.py), and idles most of the time.
_LIMITS = Limits(idle_per_origin=8, connections_per_origin=64, keep_alive=10.0)
# Seconds between two looks for what is too old.
_SWEEP = 3600.0


class House(Struct, frozen=True, kw_only=True):
    """What the room needs of the house."""

    database: Database
    vault: Vault
    clock: Clock
    entropy: Entropy
    dice: Dice
    tasks: Tasks
    tls: Callable[[Origin], ssl.SSLContext]
    on_problem: Callable[[str], None]
    allow_private: bool = False
    """See Guard."""


class WebhookRoom:
    def __init__(self, around: House, pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        guard = Guard(allow_private=around.allow_private, resolver=OwnThreads())
        secrets = Secrets(around.vault)
        self._around = around
        # No proxies: one would resolve the name for us, past the guard.
        self._transport = HttpTransport(
            around.clock, around.tls, limits=_LIMITS, resolve=guard.resolve
        )
        sender = Sender(self._transport, guard, secrets, around.clock, around.dice, pace)
        store = DeliveryStore(around.database)
        self._deliverer = Deliverer(
            store, sender, around.clock, self._token, around.tasks, around.on_problem, pace
        )
        self.service = Webhooks(
            around.database, guard, secrets, around.clock, around.entropy, self._deliverer.nudge
        )

    def start(self, look: Look) -> None:
        """`look`: see ProviderWatch."""
        around = self._around
        watch = ProviderWatch(self.service, look, Trouble(around.on_problem, around.clock))
        self._around.tasks.spawn("webhooks: deliver", self._deliverer.run())
        self._around.tasks.spawn("webhooks: watch", watch.run())
        self._around.tasks.spawn("webhooks: sweep", self._sweep())

    def statistics(self) -> WebhookStatistics:
        return self._deliverer.statistics()

    async def aclose(self) -> None:
        """Attempts under way may end, which takes ten seconds at most; none begins."""
        await self._deliverer.aclose()
        await self._transport.aclose()

    async def _sweep(self) -> None:
        """For ever; an error is tomorrow's problem, and told today."""
        while True:
            await asyncio.sleep(_SWEEP)
            try:
                await self.service.sweep()
            except LedgerUnavailable as error:
                self._around.on_problem(f"old webhook deliveries stay: {error.detail}")

    def _token(self) -> str:
        return ulid(self._around.clock.unix(), self._around.entropy)

    def __repr__(self) -> str:
        return f"<WebhookRoom {self._deliverer!r}>"
