"""From a configuration to the rooms it furnishes; what the one before had is kept where nothing changed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from trunkline.canon.deployment import Deployment
from trunkline.catalog.catalog import Catalog
from trunkline.catalog.pricer import CatalogPricer
from trunkline.catalog.route_names import CatalogNames
from trunkline.config.errors import ConfigError
from trunkline.config.load import place_error, says_anything
from trunkline.config.schema import Config, LedgerConfig, ServerConfig, WebhooksConfig
from trunkline.dialects.registry import DIALECTS, EMBEDDINGS, TEXT_ONLY, UPSTREAM_ONLY
from trunkline.flow.rooms import Rooms
from trunkline.ledger.bodies import BodyLog
from trunkline.observe.log import Log
from trunkline.providers.base import Provider, Surroundings
from trunkline.providers.building import Built, build_providers
from trunkline.providers.discovery import discovered
from trunkline.providers.lists import ModelLists
from trunkline.providers.registry import PROVIDERS
from trunkline.providers.rows import ProviderRows
from trunkline.routing.aliases import alias_routes
from trunkline.routing.registry import STRATEGIES
from trunkline.routing.router import Router
from trunkline.routing.rules import breaker_rules, retry_rules
from trunkline.routing.table import RouteTable
from trunkline.tenancy.issuers import trusted
from trunkline.tenancy.plans import plans_of
from trunkline.transport.http import HttpTransport
from trunkline.wiring.machine import Loaded, Machine, Problem
from trunkline.wiring.reception import Reception

# Seconds between looks whether a generation has served its last exchange.
_RETIRING = 1.0


class Ground(Struct, frozen=True, kw_only=True):
    """What all generations stand on."""

    machine: Machine
    log: Log
    catalog: Catalog
    pricer: CatalogPricer
    transport: HttpTransport
    reception: Reception
    bodies: BodyLog
    data: Path
    problem: Problem


class Furniture(Struct, frozen=True):
    """What a configuration brings into the rooms."""

    generation: int
    providers: Mapping[str, Provider]
    router: Router


class Generations:
    """The one in force is `rooms`; an exchange keeps the one it began with."""

    def __init__(self, ground: Ground, build: Callable[[Furniture], Rooms]) -> None:
        """`build`: puts furniture beside what outlives a configuration."""
        self._ground = ground
        self._build = build
        self._rows = ProviderRows.load()
        self._providers: dict[str, Built] = {}
        self.retired: list[Provider] = []
        """Whom the configuration names no more, and exchanges may still be asking."""
        self._elders: list[Router] = []
        self._standing: tuple[ServerConfig, LedgerConfig, WebhooksConfig] | None = None
        self._text = ""
        """Of the configuration in force."""
        self.lists = ModelLists(ground.machine.clock, self._relist, ground.problem)
        """Nobody is asked before somebody lets it run."""
        self._rooms: Rooms | None = None

    @property
    def rooms(self) -> Rooms:
        assert self._rooms is not None  # noqa: S101 - the first one is furnished before anybody asks
        return self._rooms

    def furnish(self, loaded: Loaded) -> None:
        """The next one. Raises ConfigError with file and line, and then nothing has changed."""
        elder = self._rooms
        if elder is not None:
            self._elders = [e for e in (*self._elders, elder.router) if e.retries.active]
        self._rooms = self._furnished(loaded, elder)
        self._text = loaded[1]

    async def retire(self, leaving: Sequence[Provider]) -> None:
        """Let go of providers once no exchange of an elder generation can be asking them."""
        elders = tuple(self._elders)
        while any(elder.retries.active for elder in elders):  # noqa: ASYNC110 - a count has no Event, and nobody waits for this
            await asyncio.sleep(_RETIRING)
        for provider in leaving:
            self.retired.remove(provider)
            await provider.aclose()

    async def aclose(self) -> None:
        providers = [built.provider for built in self._providers.values()]
        for provider in (*self.retired, *providers):
            await provider.aclose()

    def targets_well(self) -> Mapping[str, bool]:
        """Of the deployments that have been asked, whether they are."""
        now = self._ground.machine.clock.monotonic()
        targets = self.rooms.router.statistics(now)
        return {t.deployment: t.health == "closed" for t in targets if t.successes + t.failures}

    def _furnished(self, loaded: Loaded, elder: Rooms | None) -> Rooms:
        config, text, file = loaded
        ground = self._ground
        try:
            self._check_said(text)
            self._check(config)
            providers = self._build_providers(config)
            serving = {name: built.provider for name, built in providers.items()}
            aliases = alias_routes(config.models, serving, STRATEGIES)
            plans, issuers = plans_of(config.plans), trusted(config.auth.issuers)
        except ConfigError as error:
            raise place_error(error, text, file) from None
        self.lists.follow(serving, config.routing.models_refresh)
        names = CatalogNames(ground.catalog)
        table = RouteTable(aliases, serving, names, self.lists.names(), self.lists.missed)
        router = self._router(config, table, None if elder is None else elder.router)
        self._retire_all_but(serving, router)
        self._providers = providers
        ground.reception.adopt(plans, issuers, config.sessions)
        ground.bodies.adopt(config.logging)
        number = 1 if elder is None else elder.generation + 1
        return self._build(Furniture(number, serving, router))

    def _retire_all_but(self, serving: Mapping[str, Provider], router: Router) -> None:
        for name, built in self._providers.items():
            provider = built.provider
            if serving.get(name) is not provider:
                self.retired.append(provider)
                # A key that was refused has perhaps just been mended.
                router.cooling.forget(credential.id for credential in provider.credentials)

    def _check_said(self, text: str) -> None:
        """Raises ConfigError for a file that was emptied: so a full disk or half a write leaves it."""
        if says_anything(self._text) and not says_anything(text):
            raise ConfigError(
                "",
                "is empty, and the configuration in force is not;"
                " to go back to the defaults, leave one table in the file, such as [server]",
            )

    def _check(self, config: Config) -> None:
        """What the file may say, but nothing would come of. Raises ConfigError for what is worse."""
        log = self._ground.log
        if config.faces:
            raise ConfigError(
                "faces",
                "is not served yet: each face stands at its own path (docs/architecture.md)",
            )
        if config.routing.mode != "passthrough" or config.routing.baseline is not None:
            log.warning("routing.mode and routing.baseline have no effect yet")
        standing = (config.server, config.ledger, config.webhooks)
        if self._standing is None:
            self._standing = standing
        elif standing != self._standing:
            log.warning("changes of [server], [ledger] and [webhooks] wait for the next start")

    def _build_providers(self, config: Config) -> dict[str, Built]:
        machine = self._ground.machine
        tables = config.providers or discovered(
            self._rows, machine.environ, local=PROVIDERS["local"].available()
        )
        return build_providers(tables, PROVIDERS, self._surroundings(), self._providers)

    def _surroundings(self) -> Surroundings:
        ground = self._ground
        return Surroundings(
            transport=ground.transport,
            clock=ground.machine.clock,
            catalog=ground.catalog,
            rows=self._rows,
            entropy=ground.machine.entropy,
            dice=ground.machine.dice,
            dialects=(*DIALECTS, *TEXT_ONLY, *UPSTREAM_ONLY, *EMBEDDINGS),
            embeddings=tuple(EMBEDDINGS),
            data=ground.data,
        )

    def _router(self, config: Config, table: RouteTable, elder: Router | None) -> Router:
        breaker, retry = breaker_rules(config.routing), retry_rules(config.routing)
        pricer, clock = self._ground.pricer, self._ground.machine.clock

        def usual(deployment: Deployment) -> float:
            return pricer.usual(deployment, clock.unix())

        if elder is None:
            return Router(table, STRATEGIES, usual, breaker, retry)
        return elder.renewed(table, usual, breaker, retry)

    def _relist(self) -> None:
        """A provider serves other models than before: who asks from now on finds them."""
        router = self.rooms.router
        router.table = router.table.relisted(self.lists.names())
