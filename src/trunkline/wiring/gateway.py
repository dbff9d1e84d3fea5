"""
The composition root: from a configuration to a running gateway.

Two lifetimes: a Gateway lives as long as the process and owns what must survive a reload (books,
keys, connections, what the router learned); its rooms are one generation of the configuration, and
an exchange keeps the generation it began with.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from trunkline.catalog.catalog import Catalog
from trunkline.catalog.pricer import CatalogPricer
from trunkline.config.schema import Config, LedgerConfig, ResponsesConfig, WebhooksConfig
from trunkline.conversations.service import Conversations
from trunkline.dialects.registry import (
    COUNTING,
    DIALECTS,
    EMBEDDING_SERVERS,
    EMBEDDINGS,
    TEXT_ONLY,
    UPSTREAM_ONLY,
)
from trunkline.edge.server import Edge
from trunkline.faces.registry import FACES
from trunkline.flow.background import Background
from trunkline.flow.base import Face
from trunkline.flow.limiting import Limiting, Places
from trunkline.flow.once import Once
from trunkline.flow.outage import Outage
from trunkline.flow.rooms import Rooms
from trunkline.intelligence.tokens.estimate import UsageEstimator
from trunkline.kernel.ids import RequestIds
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.bodies import BodyLog
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.service import Durability, Home, LedgerService
from trunkline.observe.log import Log
from trunkline.storage.secrets import load_node
from trunkline.storage.spec import Storage
from trunkline.storage.sql.windows import WindowStore
from trunkline.tenancy.keys import Mac
from trunkline.tenancy.plans import Plans
from trunkline.transport.http import HttpTransport
from trunkline.transport.proxy import Proxies
from trunkline.transport.tls import TlsContexts
from trunkline.webhooks.room import House, WebhookRoom
from trunkline.webhooks.vault import AesGcmVault
from trunkline.wiring.generations import Furniture, Generations, Ground
from trunkline.wiring.machine import Loaded, Machine, ReadConfig
from trunkline.wiring.reception import Reception
from trunkline.wiring.stores import keys_of_keys, open_state, open_storage, secrets_of


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
        self._read_config = read_config
        self._data = data
        loaded = read_config()
        mac, self.admin = secrets_of(machine, data)
        self.storage: Storage = open_storage(loaded, data, mac, machine.clock)
        for problem in self.storage.statistics().problems:
            self._problem(problem)
        proxies = Proxies.from_environment(machine.environ)
        self.transport = HttpTransport(machine.clock, TlsContexts(), proxies)
        self._receive(mac)
        self._keep(loaded, mac)
        self.edge: Edge | None = None
        """Once there is one: what it counts is part of our statistics."""
        ground = Ground(
            machine=machine,
            log=self.log,
            catalog=self.catalog,
            pricer=self.pricer,
            transport=self.transport,
            reception=self.reception,
            bodies=self.bodies,
            data=data,
            problem=self._problem,
        )
        self.generations = Generations(ground, self._rooms)
        self.lists = self.generations.lists
        self.generations.furnish(loaded)

    def _receive(self, mac: Mac) -> None:
        """Whoever may call."""
        keks = keys_of_keys(self._data, self.machine)
        self.reception = reception = Reception(
            self.machine, self.storage, mac, keks, self.transport, self._problem, self.admin
        )
        self.keys = reception.keys
        self.callers = reception.callers
        self.follower = reception.follower
        self.key_service = reception.key_service
        self.tenants = reception.tenants
        self.subscriptions = reception.subscriptions
        self.credentials = reception.credentials

    def _keep(self, loaded: Loaded, mac: Mac) -> None:
        """The books, and all that is remembered of what was asked."""
        config, machine = loaded[0], self.machine
        self._estimator = UsageEstimator()
        self._webhooks = self._webhook_room(mac, config.webhooks)
        self.webhooks = self._webhooks.service
        self.ledger = self._open_ledger(config)
        self.reports = self.ledger.reports
        self.bodies = BodyLog(self.storage.bodies, self.clock, self.ledger.leads, self._problem)
        self._keep_days = config.ledger.keep_requests_days
        self.conversations, self.background = self._remember(config.responses)
        retention = config.idempotency.retention
        self.once = Once(self.storage.idempotency, self.clock, self.tasks, retention, self._problem)
        lost = "limits" if config.server.state else f"limits of {self.ledger.node}"
        self.limiting = Limiting(
            Places(
                state=open_state(loaded, self._data, self.ledger.worker, machine, self._problem),
                ledger=self.storage.ledger,
                windows=WindowStore(self.storage.database),
                bounds=self.pricer,
                counts=self._estimator,
                clock=machine.clock,
                tasks=self.tasks,
                emit=self.webhooks.emit,
                more=self.reception.session_limits,
                outage=self._outage(config.ledger),
                leads=partial(self.ledger.leads, lost),
                on_problem=self._problem,
            )
        )

    def _open_ledger(self, config: Config) -> LedgerService:
        machine, settings = self.machine, config.ledger
        node = load_node(self._data, machine.entropy) if config.server.database else ""
        return LedgerService(
            Home(self._data, node),
            self.storage.ledger,
            machine.clock,
            machine.entropy,
            SystemDisk(),
            self._problem,
            durability=Durability(settings.durability),
        )

    def _outage(self, config: LedgerConfig) -> Outage:
        ledger, serves = self.ledger, config.when_down == "serve"
        return Outage(lambda: ledger.away, config.patience, serves=serves)

    def _remember(self, config: ResponsesConfig) -> tuple[Conversations, Background]:
        conversations = Conversations(
            self.storage.responses, self.clock, self._token, config.retention, self._problem
        )
        background = Background(
            conversations,
            lambda: self.rooms,
            {name: spec.face for name, spec in FACES.items()},
            self.next_id,
            self.callers.standing,
            config.max_background,
        )
        return conversations, background

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

    def _rooms(self, furniture: Furniture) -> Rooms:
        """One generation's."""
        return Rooms(
            generation=furniture.generation,
            dialects={**DIALECTS, **TEXT_ONLY},
            clients={**DIALECTS, **TEXT_ONLY, **UPSTREAM_ONLY},
            counting=COUNTING,
            embedding_servers=EMBEDDING_SERVERS,
            embeddings=EMBEDDINGS,
            providers=furniture.providers,
            own_keys=self.reception.vault.of,
            router=furniture.router,
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

    @property
    def faces(self) -> Sequence[str]:
        """Their names."""
        return tuple(FACES)

    @property
    def plans(self) -> Plans:
        """Of the generation in force."""
        return self.reception.plans

    @property
    def rooms(self) -> Rooms:
        """Of the generation in force."""
        return self.generations.rooms

    async def start(self) -> None:
        """Keys are known and books are open when this returns."""
        await self.reception.open()
        self.ledger.start(self.tasks, self._keep_days)
        self.bodies.start(self.tasks)
        await self.limiting.start()
        self.reception.follow(self.tasks)
        self.tasks.spawn("responses: sweep", self.conversations.sweep())
        self.tasks.spawn("idempotency: watch", self.once.watch())
        self.tasks.spawn("responses: watch", self.background.watch())
        self._webhooks.start(self.generations.targets_well)

    async def aclose(self) -> None:
        """After the edge has stopped: settle what is left, then let go of everything."""
        await self.background.aclose()
        await self._webhooks.aclose()
        await self.generations.aclose()
        await self.tasks.finish("settle ")
        await self.bodies.catch_up()
        await self.transport.aclose()
        await self.ledger.aclose()
        await self.limiting.aclose()
        await self.tasks.aclose()
        await self.storage.aclose()

    async def reload(self) -> int:
        """Read the configuration anew. Raises ConfigError, and then nothing has changed."""
        generations = self.generations
        standing = tuple(generations.retired)
        generations.furnish(self._read_config())
        self.log.info("configuration loaded", generation=self.rooms.generation)
        leaving = [provider for provider in generations.retired if provider not in standing]
        self.tasks.spawn("config: retire", generations.retire(leaving))
        return self.rooms.generation

    def statistics(self) -> Mapping[str, object]:
        now = self.clock.monotonic()
        return {
            "routing": self.rooms.router.statistics(now),
            "transport": self.transport.statistics(),
            "ledger": self.ledger.statistics(),
            **self.reception.statistics(),
            "limits": self.limiting.state.statistics(),
            "counters": self.limiting.keeper.statistics(),
            "storage": self.storage.statistics(),
            "catalog": self.catalog.statistics(),
            "models": self.lists.statistics(),
            "conversations": self.conversations.statistics(),
            "background": self.background.statistics(),
            "webhooks": self._webhooks.statistics(),
            "idempotency": self.once.statistics(),
            "bodies": self.bodies.statistics(),
            **({} if self.edge is None else {"edge": self.edge.statistics()}),
        }

    def face_at(self, path: str) -> Face | None:
        """Whose clients ask for this path, where the path tells."""
        for spec in FACES.values():
            if spec.root and path.startswith(f"{spec.root}/"):
                return spec.face
        return None

    def _token(self) -> str:
        """An unguessable id for an answer."""
        return self.machine.entropy(12).hex()

    def _task_failed(self, name: str, error: BaseException) -> None:
        self.log.error("task failed", task=name, error=repr(error))

    def _problem(self, what: str) -> None:
        self.log.warning("problem", what=what)

    def __repr__(self) -> str:
        return f"<Gateway generation {self.rooms.generation}>"
