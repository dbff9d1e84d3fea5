"""Everybody who may call, and what of it changes while the program runs: keys, tokens, tenants, plans."""

from collections.abc import Mapping, Sequence

from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Limit
from trunkline.config.schema import SessionsConfig
from trunkline.kernel.tasks import Tasks
from trunkline.storage.keks import Keks
from trunkline.storage.spec import Storage
from trunkline.storage.sql.credentials import CredentialStore
from trunkline.storage.sql.subscriptions import SqlSubscriptionStore
from trunkline.storage.sql.tenants import SqlTenantStore
from trunkline.tenancy.admin import AdminGate
from trunkline.tenancy.callers import Callers, Tokens
from trunkline.tenancy.credentials import CredentialService
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.issuers import Issuer
from trunkline.tenancy.jwks import Jwks
from trunkline.tenancy.keyring import Keyring
from trunkline.tenancy.keys import Mac
from trunkline.tenancy.plans import BUILT_IN, Plans
from trunkline.tenancy.service import KeyService
from trunkline.tenancy.session import session_limits
from trunkline.tenancy.subscriptions import SubscriptionService
from trunkline.tenancy.tenants import TenantService
from trunkline.tenancy.vault import Ring, Vault
from trunkline.transport.http import HttpTransport
from trunkline.wiring.machine import Machine, Problem

_NO_SESSIONS = SessionsConfig()


class Reception:
    """Lives as long as the process; `adopt` brings what each configuration says."""

    def __init__(
        self,
        machine: Machine,
        storage: Storage,
        mac: Mac,
        keks: Keks,
        transport: HttpTransport,
        problem: Problem,
        admin: AdminGate,
    ) -> None:
        clock, entropy, database = machine.clock, machine.entropy, storage.database
        self._clock, self._problem = clock, problem
        self.plans: Plans = BUILT_IN
        """Of this generation of the configuration."""
        self._sessions: SessionsConfig | None = None
        """None: nothing is limited by session."""
        self.keys = Keyring(mac)
        self.follower = KeyringFollower(self.keys, storage.keys, problem)
        self.jwks = Jwks(transport, clock, problem)
        self.tokens = Tokens(self.keys, self.jwks)
        self.callers = Callers(self.keys, self.follower, self.tokens, admin)
        self.vault = Vault(CredentialStore(database), Ring(keks), problem)
        self.credentials = CredentialService(self.vault, mac, clock, entropy)
        self.key_service = KeyService(
            storage.keys, mac, clock, entropy, self.follower, lambda: self.plans
        )
        self.tenants = TenantService(SqlTenantStore(database), clock, self.follower)
        self.subscriptions = SubscriptionService(
            SqlSubscriptionStore(database), clock, entropy, self.follower, lambda: self.plans
        )

    def adopt(self, plans: Plans, issuers: Mapping[str, Issuer], sessions: SessionsConfig) -> None:
        self.plans = plans
        self._sessions = None if sessions == _NO_SESSIONS else sessions
        self.keys.use(plans)
        self.tokens.trust(issuers)
        self._tell_of_lost_plans()

    async def open(self) -> None:
        """Keys and credentials are known when this returns. Raises LedgerUnavailable."""
        await self.follower.refresh()
        self._tell_of_lost_plans()
        await self.vault.open()

    def follow(self, tasks: Tasks) -> None:
        """See what changes, for as long as the tasks live."""
        tasks.spawn("keys: follow", self.follower.run())
        tasks.spawn("issuers: follow", self.jwks.run())
        tasks.spawn("credentials: follow", self.vault.run())
        tasks.spawn("subscriptions: watch", self.subscriptions.watch())

    def _tell_of_lost_plans(self) -> None:
        """Whoever took one out of the file should not hear of it from those who had it."""
        for sentence in self.keys.lost_plans(self._clock.unix()):
            self._problem(sentence)

    def session_limits(self, exchange: Exchange) -> Sequence[Limit]:
        return session_limits(self._sessions, exchange) if self._sessions is not None else ()

    def statistics(self) -> Mapping[str, object]:
        return {
            "keys": self.keys.statistics(),
            "tokens": self.tokens.statistics(),
            "issuers": self.jwks.statistics(),
            "credentials": self.vault.statistics(),
        }
