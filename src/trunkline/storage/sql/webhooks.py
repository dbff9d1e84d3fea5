"""The endpoints that tenants want to be told at, and what each listens to."""

from collections.abc import Sequence

from msgspec import Struct

from trunkline.storage.sql.database import Database, Row, Session, as_int, as_text
from trunkline.storage.sql.outbox import PLATFORM
from trunkline.storage.sql.tenants import make_tenant

_COLUMNS = (
    "id, tenant, face, url, secret, former, former_until, enabled, disabled_because, created_at"
)


class Endpoint(Struct, frozen=True, kw_only=True):
    """A URL that events are sent to. Times are Unix microseconds."""

    id: str
    """ "whe_" and a ULID."""
    tenant: str
    """outbox.PLATFORM: it hears of every tenant, and is the administrator's."""
    face: str
    """In whose shape it is told, and signed."""
    url: str
    secret: bytes
    """As the owner of this store wants to keep it: sealed, or as it is."""
    types: tuple[str, ...]
    """Of events; "*" alone: every type."""
    created_at: int
    former: bytes | None = None
    """The secret before this one; signs, too, until `former_until`."""
    former_until: int | None = None
    enabled: bool = True
    disabled_because: str = ""

    def __repr__(self) -> str:
        """Without the URL, whose query may be a credential, and without secrets."""
        return f"<Endpoint {self.id} of {self.tenant}>"


class EndpointStore:
    """
    `tenant` None: whoever's. What is another tenant's is not there at all.

    Every method raises LedgerUnavailable where the database cannot be used now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, endpoint: Endpoint, most: int) -> bool:
        """False, and nothing done, where the tenant has `most` already. It is made where it is missing."""

        def work(session: Session) -> bool:
            count = "SELECT count(*) FROM webhook_endpoints WHERE tenant = ?"
            row = session.one(count, (endpoint.tenant,))
            if row is not None and as_int(row[0]) >= most:
                return False
            if endpoint.tenant != PLATFORM:
                make_tenant(session, endpoint.tenant, endpoint.created_at)
            session.run(
                f"INSERT INTO webhook_endpoints ({_COLUMNS}) VALUES ({', '.join('?' * 10)})",  # noqa: S608 - the columns are constants
                _row(endpoint),
            )
            _subscribe(session, endpoint)
            return True

        return await self._database.write(work, alone=f"webhooks of {endpoint.tenant}")

    async def get(self, tenant: str | None, endpoint_id: str) -> Endpoint | None:
        return await self._database.read(lambda session: _one(session, tenant, endpoint_id))

    async def list(self, tenant: str | None) -> Sequence[Endpoint]:
        """In the order of creation."""

        def work(session: Session) -> Sequence[Endpoint]:
            if tenant is None:
                return _select(session, "ORDER BY id", ())
            return _select(session, "WHERE tenant = ? ORDER BY id", (tenant,))

        return await self._database.read(work)

    async def replace(self, endpoint: Endpoint) -> bool:
        """All but whose it is, in what face, and since when; False where it is gone."""

        def work(session: Session) -> bool:
            changed = session.run(
                "UPDATE webhook_endpoints SET url = ?, secret = ?, former = ?, former_until = ?,"
                " enabled = ?, disabled_because = ? WHERE id = ? AND tenant = ?",
                (
                    endpoint.url,
                    endpoint.secret,
                    endpoint.former,
                    endpoint.former_until,
                    int(endpoint.enabled),
                    endpoint.disabled_because,
                    endpoint.id,
                    endpoint.tenant,
                ),
            )
            if changed:
                session.run("DELETE FROM webhook_subscriptions WHERE endpoint = ?", (endpoint.id,))
                _subscribe(session, endpoint)
            return bool(changed)

        return await self._database.write(work)

    async def delete(self, tenant: str | None, endpoint_id: str) -> bool:
        """With its deliveries; False where there is none."""

        def work(session: Session) -> bool:
            if _one(session, tenant, endpoint_id) is None:
                return False
            session.run("DELETE FROM webhook_subscriptions WHERE endpoint = ?", (endpoint_id,))
            session.run("DELETE FROM webhook_deliveries WHERE endpoint = ?", (endpoint_id,))
            session.run("DELETE FROM webhook_endpoints WHERE id = ?", (endpoint_id,))
            return True

        return await self._database.write(work)

    def __repr__(self) -> str:
        return "<EndpointStore>"


def endpoints_of(session: Session, ids: Sequence[str]) -> Sequence[Endpoint]:
    """Those that are still there; for a piece of work that needs them in its own transaction."""
    found = (_one(session, None, endpoint_id) for endpoint_id in ids)
    return [endpoint for endpoint in found if endpoint is not None]


def _one(session: Session, tenant: str | None, endpoint_id: str) -> Endpoint | None:
    if tenant is None:
        found = _select(session, "WHERE id = ?", (endpoint_id,))
    else:
        found = _select(session, "WHERE id = ? AND tenant = ?", (endpoint_id, tenant))
    return found[0] if found else None


def _select(session: Session, where: str, values: Sequence[str]) -> Sequence[Endpoint]:
    rows = session.all(f"SELECT {_COLUMNS} FROM webhook_endpoints {where}", values)  # noqa: S608 - `where` is one of the texts above
    of_one = "SELECT type FROM webhook_subscriptions WHERE endpoint = ? ORDER BY type"
    return [
        _endpoint(row, tuple(as_text(r[0]) for r in session.all(of_one, (row[0],)))) for row in rows
    ]


def _subscribe(session: Session, endpoint: Endpoint) -> None:
    for kind in dict.fromkeys(endpoint.types):
        session.run("INSERT INTO webhook_subscriptions VALUES (?, ?)", (endpoint.id, kind))


def _row(endpoint: Endpoint) -> Row:
    return (
        endpoint.id,
        endpoint.tenant,
        endpoint.face,
        endpoint.url,
        endpoint.secret,
        endpoint.former,
        endpoint.former_until,
        int(endpoint.enabled),
        endpoint.disabled_because,
        endpoint.created_at,
    )


def _endpoint(row: Row, types: tuple[str, ...]) -> Endpoint:
    secret, former = row[4], row[5]
    if not isinstance(secret, bytes):
        raise TypeError("a webhook's secret is kept as bytes")
    return Endpoint(
        id=as_text(row[0]),
        tenant=as_text(row[1]),
        face=as_text(row[2]),
        url=as_text(row[3]),
        secret=secret,
        types=types,
        former=former if isinstance(former, bytes) else None,
        former_until=None if row[6] is None else as_int(row[6]),
        enabled=bool(row[7]),
        disabled_because=as_text(row[8]),
        created_at=as_int(row[9]),
    )
