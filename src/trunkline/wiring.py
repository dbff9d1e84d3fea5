"""
The composition root: from a configuration to a running gateway.

The only file that opens registries. Two lifetimes: a Gateway lives as long as the process and
owns what must survive a reload (books, keys, connections, what the router learned); its Rooms
are one generation of the configuration, and an exchange keeps the generation it began with.
"""

import asyncio
import os
import random  # noqa: TID251 - the composition root is where dice come from
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from trunkline.admin.app import control_app
from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Limit
from trunkline.catalog.catalog import Catalog
from trunkline.catalog.pricer import CatalogPricer
from trunkline.catalog.route_names import CatalogNames
from trunkline.config.errors import ConfigError
from trunkline.config.load import place_error
from trunkline.config.schema import (
    Config,
    LedgerConfig,
    ServerConfig,
    SessionsConfig,
    WebhooksConfig,
)
from trunkline.conversations.service import Conversations
from trunkline.dialects.registry import (
    COUNTING,
    DIALECTS,
    EMBEDDING_SERVERS,
    EMBEDDINGS,
    TEXT_ONLY,
    UPSTREAM_ONLY,
)
from trunkline.edge.context import EdgeContext
from trunkline.edge.server import Edge
from trunkline.edge.settings import limits_of, stages_of
from trunkline.faces.endpoint import FaceEndpoint
from trunkline.faces.registry import FACES
from trunkline.flow.background import Background
from trunkline.flow.base import Endpoints, Face
from trunkline.flow.limiting import Limiting, Places
from trunkline.flow.once import Once
from trunkline.flow.rooms import Rooms
from trunkline.intelligence.tokens.estimate import UsageEstimator
from trunkline.kernel.clock import Clock, SystemClock
from trunkline.kernel.ids import Entropy, RequestIds
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.service import Durability, Home, LedgerService
from trunkline.observe.log import Log
from trunkline.providers.base import Provider, Surroundings
from trunkline.providers.building import Built, build_providers
from trunkline.providers.discovery import discovered
from trunkline.providers.lists import ModelLists
from trunkline.providers.registry import PROVIDERS, simulate
from trunkline.providers.rows import ProviderRows
from trunkline.routing.aliases import alias_routes
from trunkline.routing.registry import STRATEGIES
from trunkline.routing.router import Router
from trunkline.routing.rules import breaker_rules, retry_rules
from trunkline.routing.table import RouteTable
from trunkline.storage.base import StorageRefused
from trunkline.storage.keks import Keks, keks_of
from trunkline.storage.registry import STATES, STORAGES
from trunkline.storage.secrets import ADMIN_KEY_FILE, load_node, load_or_create, load_pepper
from trunkline.storage.spec import Storage, StorageSpec, Where
from trunkline.storage.sql.credentials import CredentialStore
from trunkline.storage.sql.subscriptions import SqlSubscriptionStore
from trunkline.storage.sql.tenants import SqlTenantStore
from trunkline.storage.sql.windows import WindowStore
from trunkline.storage.state import Place, State
from trunkline.tenancy.admin import AdminGate, mint_admin_key
from trunkline.tenancy.callers import Callers, Tokens
from trunkline.tenancy.credentials import CredentialService
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.issuers import trusted
from trunkline.tenancy.jwks import Jwks
from trunkline.tenancy.keyring import Keyring
from trunkline.tenancy.keys import Mac
from trunkline.tenancy.plans import BUILT_IN, Plans, plans_of
from trunkline.tenancy.service import KeyService
from trunkline.tenancy.session import session_limits
from trunkline.tenancy.subscriptions import SubscriptionService
from trunkline.tenancy.tenants import TenantService
from trunkline.tenancy.vault import Ring, Vault
from trunkline.transport.http import HttpTransport
from trunkline.transport.proxy import Proxies
from trunkline.transport.tls import TlsContexts
from trunkline.webhooks.room import House, WebhookRoom
from trunkline.webhooks.vault import AesGcmVault

simulator = simulate
"""The provider simulator as a server of its own."""

# Seconds between looks whether a generation has served its last exchange.
_RETIRING = 1.0

_NO_SESSIONS = SessionsConfig()

Loaded = tuple[Config, str, str]
ReadConfig = Callable[[], Loaded]
"""The configuration, its text and its file's name (for messages). Raises ConfigError."""


class Machine(Struct, frozen=True, kw_only=True):
    """What the gateway takes from the machine: tests bring their own."""

    environ: Mapping[str, str]
    clock: Clock = SystemClock()
    entropy: Entropy = os.urandom
    dice: Callable[[], float] = random.random  # for spreading load, never for secrets
    write_log: Callable[[str], object]


class Gateway:
    """The running program, as endpoints and the control plane see it."""

    def __init__(self, machine: Machine, read_config: ReadConfig, data: Path) -> None:
        """Opens the storage and makes what is missing there; serves nothing yet."""
        self.machine = machine
        self.clock = machine.clock
        self.log = Log(machine.write_log, machine.clock)
        self.tasks = Tasks(self._task_failed)
        self.catalog = Catalog.load()
        self.pricer = CatalogPricer(self.catalog)
        self.next_id = RequestIds(machine.entropy).next
        loaded = read_config()
        try:
            mac = Mac(load_pepper(data, machine.entropy))
            self.admin = AdminGate(_admin_key(data, machine), mac)
        except ValueError as error:  # a secret that protects nothing
            raise ConfigError("", str(error)) from None
        except OSError as error:
            raise StorageRefused(f"cannot use the data folder {data}: {error}") from error
        self.storage: Storage = _open_storage(loaded, data, mac, machine.clock)
        for problem in self.storage.statistics().problems:
            self._problem(problem)
        self.keys = Keyring(mac)
        self.follower = KeyringFollower(self.keys, self.storage.keys, self._problem)
        self.transport = HttpTransport(
            machine.clock, TlsContexts(), Proxies.from_environment(machine.environ)
        )
        self._jwks = Jwks(self.transport, machine.clock, self._problem)
        self._tokens = Tokens(self.keys, self._jwks)
        self.callers = Callers(self.keys, self.follower, self._tokens)
        self._vault = Vault(
            CredentialStore(self.storage.database), Ring(_keks(data, machine)), self._problem
        )
        self.credentials = CredentialService(self._vault, mac, machine.clock, machine.entropy)
        self.plans: Plans = BUILT_IN
        """Of this generation of the configuration."""
        self.key_service = KeyService(
            self.storage.keys,
            mac,
            machine.clock,
            machine.entropy,
            self.follower,
            lambda: self.plans,
        )
        self.tenants = TenantService(
            SqlTenantStore(self.storage.database), machine.clock, self.follower
        )
        self.subscriptions = SubscriptionService(
            SqlSubscriptionStore(self.storage.database),
            machine.clock,
            machine.entropy,
            self.follower,
            lambda: self.plans,
        )
        self._read_config = read_config
        self._data = data
        self._providers: dict[str, Built] = {}
        self._retired: list[Provider] = []
        self._elders: list[Router] = []
        self._estimator = UsageEstimator()
        self.lists = ModelLists(machine.clock, self._relist, self._problem)
        """Nobody is asked before somebody lets it run."""
        self._rows = ProviderRows.load()
        self._webhooks = self._webhook_room(mac, loaded[0].webhooks)
        self.webhooks = self._webhooks.service
        node = load_node(data, machine.entropy) if loaded[0].server.database else ""
        self.ledger = LedgerService(
            Home(data, node),
            self.storage.ledger,
            machine.clock,
            machine.entropy,
            SystemDisk(),
            self._problem,
            durability=Durability(loaded[0].ledger.durability),
        )
        self.reports = self.ledger.reports
        self._keep_days = loaded[0].ledger.keep_requests_days
        stored = loaded[0].responses
        self.conversations = Conversations(
            self.storage.responses, machine.clock, self._token, stored.retention, self._problem
        )
        self.once = self._once(loaded[0].idempotency.retention)
        self.background = Background(
            self.conversations,
            lambda: self.rooms,
            {name: spec.face for name, spec in FACES.items()},
            self.next_id,
            self.callers.standing,
            stored.max_background,
        )
        self.limiting = Limiting(
            Places(
                state=_open_state(
                    self.ledger.worker, loaded[0].server, data, machine, self._problem
                ),
                ledger=self.storage.ledger,
                windows=WindowStore(self.storage.database),
                bounds=self.pricer,
                counts=self._estimator,
                clock=machine.clock,
                tasks=self.tasks,
                emit=self.webhooks.emit,
                more=self._session_limits,
                on_problem=self._problem,
            )
        )
        self._sessions: SessionsConfig | None = None
        """None: nothing is limited by session."""
        self._standing: tuple[ServerConfig, LedgerConfig, WebhooksConfig] | None = None
        self.edge: Edge | None = None
        """Once there is one: what it counts is part of our statistics."""
        self.rooms = self._furnish(loaded, 1, None)

    async def start(self) -> None:
        """Keys are known and books are open when this returns."""
        await self.follower.refresh()
        await self._vault.open()
        self.ledger.start(self.tasks, self._keep_days)
        await self.limiting.start()
        self.tasks.spawn("keys: follow", self.follower.run())
        self.tasks.spawn("issuers: follow", self._jwks.run())
        self.tasks.spawn("credentials: follow", self._vault.run())
        self.tasks.spawn("subscriptions: watch", self.subscriptions.watch())
        self.tasks.spawn("responses: sweep", self.conversations.sweep())
        self.tasks.spawn("idempotency: watch", self.once.watch())
        self.tasks.spawn("responses: watch", self.background.watch())
        self._webhooks.start(self._targets_well)

    async def aclose(self) -> None:
        """After the edge has stopped: settle what is left, then let go of everything."""
        await self.background.aclose()
        await self._webhooks.aclose()
        providers = [built.provider for built in self._providers.values()]
        for provider in (*self._retired, *providers):
            await provider.aclose()
        await self.tasks.finish("settle ")
        await self.transport.aclose()
        await self.ledger.aclose()
        await self.limiting.aclose()
        await self.tasks.aclose()
        await self.storage.aclose()

    async def reload(self) -> int:
        """Read the configuration anew. Raises ConfigError, and then nothing has changed."""
        self._elders = [e for e in (*self._elders, self.rooms.router) if e.retries.active]
        standing = tuple(self._retired)
        loaded = self._read_config()
        self.rooms = self._furnish(loaded, self.rooms.generation + 1, self.rooms.router)
        self.log.info("configuration loaded", generation=self.rooms.generation)
        leaving = [provider for provider in self._retired if provider not in standing]
        self.tasks.spawn("config: retire", self._retire(leaving, tuple(self._elders)))
        return self.rooms.generation

    async def _retire(self, leaving: Sequence[Provider], elders: Sequence[Router]) -> None:
        """Let go of providers once no exchange of an elder generation can be asking them."""
        while any(elder.retries.active for elder in elders):  # noqa: ASYNC110 - a count has no Event, and nobody waits for this
            await asyncio.sleep(_RETIRING)
        for provider in leaving:
            self._retired.remove(provider)
            await provider.aclose()

    def statistics(self) -> Mapping[str, object]:
        now = self.clock.monotonic()
        return {
            "routing": self.rooms.router.statistics(now),
            "transport": self.transport.statistics(),
            "ledger": self.ledger.statistics(),
            "keys": self.keys.statistics(),
            "tokens": self._tokens.statistics(),
            "issuers": self._jwks.statistics(),
            "credentials": self._vault.statistics(),
            "limits": self.limiting.state.statistics(),
            "counters": self.limiting.keeper.statistics(),
            "storage": self.storage.statistics(),
            "catalog": self.catalog.statistics(),
            "models": self.lists.statistics(),
            "conversations": self.conversations.statistics(),
            "background": self.background.statistics(),
            "webhooks": self._webhooks.statistics(),
            "idempotency": self.once.statistics(),
            **({} if self.edge is None else {"edge": self.edge.statistics()}),
        }

    def _furnish(self, loaded: Loaded, generation: int, elder: Router | None) -> Rooms:
        """One generation. Raises ConfigError with file and line."""
        config, text, file = loaded
        try:
            self._check(config)
            providers = self._build_providers(config)
            serving = {name: built.provider for name, built in providers.items()}
            aliases = alias_routes(config.models, serving, STRATEGIES)
            plans = plans_of(config.plans)
            issuers = trusted(config.auth.issuers)
        except ConfigError as error:
            raise place_error(error, text, file) from None
        self.lists.follow(serving, config.routing.models_refresh)
        table = RouteTable(
            aliases, serving, CatalogNames(self.catalog), self.lists.names(), self.lists.missed
        )
        router = self._router(config, table, elder)
        for name, built in self._providers.items():
            provider = built.provider
            if serving.get(name) is not provider:
                self._retired.append(provider)
                # A key that was refused has perhaps just been mended.
                router.cooling.forget(credential.id for credential in provider.credentials)
        self._providers = providers
        self.plans = plans
        self._sessions = None if config.sessions == _NO_SESSIONS else config.sessions
        self.keys.use(plans)
        self._tokens.trust(issuers)
        return Rooms(
            generation=generation,
            dialects={**DIALECTS, **TEXT_ONLY},
            clients={**DIALECTS, **TEXT_ONLY, **UPSTREAM_ONLY},
            counting=COUNTING,
            embedding_servers=EMBEDDING_SERVERS,
            embeddings=EMBEDDINGS,
            providers=serving,
            own_keys=self._vault.of,
            router=router,
            ledger=self.ledger.book,
            pricer=self.pricer,
            counter=self._estimator,
            admission=self.limiting.admission,
            clock=self.clock,
            tasks=self.tasks,
            dice=self.machine.dice,
            token=self._token,
            log=self.log,
            conversations=self.conversations,
            background=self.background,
        )

    def _check(self, config: Config) -> None:
        """What the file may say, but nothing would come of. Raises ConfigError for what is worse."""
        if config.faces:
            raise ConfigError(
                "faces",
                "is not served yet: each face stands at its own path (docs/architecture.md)",
            )
        if config.routing.mode != "passthrough" or config.routing.baseline is not None:
            self.log.warning("routing.mode and routing.baseline have no effect yet")
        standing = (config.server, config.ledger, config.webhooks)
        if self._standing is None:
            self._standing = standing
        elif standing != self._standing:
            self.log.warning("changes of [server], [ledger] and [webhooks] wait for the next start")

    def _build_providers(self, config: Config) -> dict[str, Built]:
        tables = config.providers or discovered(
            self._rows, self.machine.environ, local=PROVIDERS["local"].available()
        )
        return build_providers(tables, PROVIDERS, self._surroundings(), self._providers)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            transport=self.transport,
            clock=self.clock,
            catalog=self.catalog,
            rows=self._rows,
            entropy=self.machine.entropy,
            dice=self.machine.dice,
            dialects=(*DIALECTS, *TEXT_ONLY, *UPSTREAM_ONLY, *EMBEDDINGS),
            embeddings=tuple(EMBEDDINGS),
            data=self._data,
        )

    def _router(self, config: Config, table: RouteTable, elder: Router | None) -> Router:
        breaker, retry = breaker_rules(config.routing), retry_rules(config.routing)

        def usual(deployment: Deployment) -> float:
            return self.pricer.usual(deployment, self.clock.unix())

        if elder is None:
            return Router(table, STRATEGIES, usual, breaker, retry)
        return elder.renewed(table, usual, breaker, retry)

    def _once(self, retention: float) -> Once:
        store = self.storage.idempotency
        return Once(store, self.clock, self.tasks, retention, self._problem)

    def _relist(self) -> None:
        """A provider serves other models than before: who asks from now on finds them."""
        router = self.rooms.router
        router.table = router.table.relisted(self.lists.names())

    def _webhook_room(self, mac: Mac, config: WebhooksConfig) -> WebhookRoom:
        machine = self.machine
        house = House(
            database=self.storage.database,
            vault=AesGcmVault(mac(b"secrets of webhooks"), machine.entropy),
            clock=machine.clock,
            entropy=machine.entropy,
            dice=machine.dice,
            tasks=self.tasks,
            tls=TlsContexts(),
            on_problem=self._problem,
            allow_private=config.allow_private,
        )
        return WebhookRoom(house)

    def _targets_well(self) -> Mapping[str, bool]:
        targets = self.rooms.router.statistics(self.clock.monotonic())
        return {t.deployment: t.health == "closed" for t in targets if t.successes + t.failures}

    def _token(self) -> str:
        """An unguessable id for an answer."""
        return self.machine.entropy(12).hex()

    def _session_limits(self, exchange: Exchange) -> Sequence[Limit]:
        return session_limits(self._sessions, exchange) if self._sessions is not None else ()

    def face_at(self, path: str) -> Face | None:
        """Whose clients ask for this path, where the path tells."""
        for spec in FACES.values():
            if spec.root and path.startswith(f"{spec.root}/"):
                return spec.face
        return None

    def _task_failed(self, name: str, error: BaseException) -> None:
        self.log.error("task failed", task=name, error=repr(error))

    def _problem(self, what: str) -> None:
        self.log.warning("problem", what=what)

    def __repr__(self) -> str:
        return f"<Gateway generation {self.rooms.generation}>"


def _keks(data: Path, machine: Machine) -> Keks:
    try:
        return keks_of(machine.environ.get("TRUNKLINE_KEK"), data, machine.entropy)
    except ValueError as error:
        raise ConfigError("", f"TRUNKLINE_KEK: {error}") from None


def _storage_spec(loaded: Loaded) -> StorageSpec:
    """The kind of database that the configuration names. Raises ConfigError for none of ours."""
    config, text, file = loaded
    url = config.server.database
    scheme, _, rest = url.partition("://")
    for spec in STORAGES.values():
        if (rest and scheme in spec.schemes) or not (spec.schemes or url):
            return spec
    error = ConfigError("server.database", 'expected "postgresql://user:password@host/name"')
    raise place_error(error, text, file)


def _open_storage(loaded: Loaded, data: Path, mac: Mac, clock: Clock) -> Storage:
    where = Where(data, loaded[0].server.database, mac(b"who shares this database"))
    return _storage_spec(loaded).open(where, clock)


def examine_storage(loaded: Loaded, data: Path) -> None:
    """Asks nobody. Raises ConfigError and StorageRefused."""
    _storage_spec(loaded).examine(Where(data, loaded[0].server.database))


def _open_state(
    worker: str, server: ServerConfig, data: Path, machine: Machine, tell: Callable[[str], None]
) -> State:
    """The shared counters that the configuration asks for. Raises ConfigError."""
    scheme = server.state.partition("://")[0] if server.state else None
    for spec in STATES.values():
        if scheme in spec.schemes or (scheme is None and not spec.schemes):
            clock, url = machine.clock, server.state
            return spec.open(Place(data=data, url=url, holder=worker, clock=clock, tell=tell))
    known = ", ".join(f"{name}://" for spec in STATES.values() for name in spec.schemes)
    raise ConfigError("server.state", f"expected a URL that begins with one of {known}")


def _admin_key(data: Path, machine: Machine) -> str | bytes:
    """From the environment, else generated once and kept readable by its owner alone."""
    entropy = machine.entropy
    preset = machine.environ.get("TRUNKLINE_ADMIN_KEY")
    return preset or load_or_create(data / ADMIN_KEY_FILE, lambda: mint_admin_key(entropy), entropy)


def endpoints(gateway: Gateway) -> Endpoints:
    """Every hot endpoint of every face."""
    return {
        (b"POST", mount.path): FaceEndpoint(spec.face, mount, gateway)
        for spec in FACES.values()
        for mount in spec.mounts
    }


def edge(gateway: Gateway, server: ServerConfig) -> Edge:
    """The listening side, ready to start."""
    clock = gateway.clock

    def failed(name: str, error: BaseException) -> None:
        gateway.log.error("unexpected failure", where=name, error=repr(error))

    context = EdgeContext(
        endpoints(gateway),
        clock,
        lambda: gateway.next_id(clock.unix()),
        failed,
        limits_of(server),
    )
    hot = [path.decode() for path in context.routes]
    application = control_app(gateway, gateway.machine.entropy, failed, hot)
    gateway.edge = Edge(
        context,
        failed,
        application,
        shutdown=stages_of(server),
        others=gateway.background.retire,
    )
    return gateway.edge
