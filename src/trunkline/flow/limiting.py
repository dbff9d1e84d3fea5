"""All that limits need to live: counters, whoever keeps them true, and who is told when they run out."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Allowance
from trunkline.flow.admission import Admission, MoreLimits
from trunkline.flow.claiming import Bounds, Claiming, TokenCounts
from trunkline.flow.outage import Outage
from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.counters import CounterKeeper, Leads
from trunkline.storage.base import LedgerStore
from trunkline.storage.sql.windows import WindowStore
from trunkline.storage.state import State
from trunkline.tenancy.thresholds import Crossing, Thresholds

Emit = Callable[[str, str, Struct, str], Awaitable[bool]]
"""Tenant, type, data, and a name of which one event is told once."""


class Places(Struct, frozen=True, kw_only=True):
    """What the limits are kept with."""

    state: State
    ledger: LedgerStore
    windows: WindowStore
    bounds: Bounds
    counts: TokenCounts
    clock: Clock
    tasks: Tasks
    emit: Emit
    more: MoreLimits
    outage: Outage
    leads: Leads
    on_problem: Callable[[str], None]


class Limiting:
    """One per process; it outlives reloads."""

    def __init__(self, places: Places) -> None:
        self.state = places.state
        self._tasks = places.tasks
        self._emit = places.emit
        self._on_problem = places.on_problem
        self._thresholds = Thresholds()
        self.keeper = CounterKeeper(
            places.state,
            places.ledger,
            places.windows,
            places.clock,
            places.on_problem,
            places.leads,
        )
        self.admission = Admission(
            places.state,
            Claiming(places.bounds, places.counts),
            places.clock,
            places.more,
            self._stands,
            places.outage,
        )

    async def start(self) -> None:
        """Counters that begin anew are whole when this returns, unless something is out of reach."""
        await self.keeper.start()
        self._tasks.spawn("limits: beat", self.keeper.pulse())
        self._tasks.spawn("limits: keep", self.keeper.run())

    async def aclose(self) -> None:
        """Once nothing is under way any more."""
        await self.state.aclose()

    def _stands(
        self,
        exchange: Exchange,
        allowances: Sequence[Allowance],
        exhausted: Sequence[Allowance],
    ) -> None:
        self.keeper.note(allowances)
        for crossing in self._thresholds.crossed(exchange.principal, allowances, exhausted):
            name = f"settle event {crossing.type}"
            self._tasks.spawn(name, self._tell(exchange.principal.tenant, crossing))

    async def _tell(self, tenant: str, crossing: Crossing) -> None:
        try:
            await self._emit(tenant, crossing.type, crossing.data, crossing.once)
        except GatewayError as error:
            self._on_problem(f"{crossing.type} was not told: {error.detail or error.message}")

    def __repr__(self) -> str:
        return f"<Limiting by {self.state!r}>"
