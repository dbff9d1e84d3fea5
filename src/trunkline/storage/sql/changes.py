"""What has changed of everybody who may call since a version: read alone, or not known."""

from collections.abc import Callable, Iterator

from trunkline.storage.holders import KeyChanges, KeyRecord
from trunkline.storage.sql.database import Session, as_int, as_text
from trunkline.storage.sql.subscriptions import subscription_of
from trunkline.storage.sql.tenants import tenant_of, user_of
from trunkline.storage.sql.versions import version

# More at once are read faster with all others.
_MOST = 200
_KINDS = frozenset({"key", "tenant", "user", "subscription"})


def changes(
    session: Session, since: int, key_of: Callable[[Session, str], KeyRecord | None]
) -> KeyChanges | None:
    """None where it is not known of each version what it changed, or where that is much."""
    now = version(session)
    rows = session.all(
        "SELECT version, kind, tenant, name FROM holder_changes WHERE version > ? LIMIT ?",
        (since, _MOST + 1),
    )
    told = {as_int(row[0]) for row in rows}
    if since > now or len(rows) > _MOST or told != set(range(since + 1, now + 1)):
        return None
    what = {(as_text(row[1]), as_text(row[2]), as_text(row[3])) for row in rows}
    if not _KINDS.issuperset(kind for kind, _, _ in what):  # of a newer gateway, which has more
        return None

    def names(wanted: str) -> Iterator[tuple[str, str]]:
        return ((tenant, name) for kind, tenant, name in what if kind == wanted)

    return KeyChanges(
        since,
        now,
        {name: key_of(session, name) for _, name in names("key")},
        {name: tenant_of(session, name) for _, name in names("tenant")},
        {(tenant, name): user_of(session, tenant, name) for tenant, name in names("user")},
        {name: subscription_of(session, name) for _, name in names("subscription")},
    )
