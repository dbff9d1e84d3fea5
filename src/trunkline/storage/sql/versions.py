"""The number by which every process sees that somebody may call now who could not before, or not any more."""

from typing import Literal

from trunkline.storage.sql.database import Session, as_int

# Versions of which it is known what they changed. A process looks every quarter of a second; one
# that is further behind reads everything.
KEPT = 256

Changed = tuple[Literal["key", "tenant", "user", "subscription"], str, str]
"""What it is, a user's tenant, and its id or name."""


def version(session: Session) -> int:
    row = session.one("SELECT value FROM versions WHERE name = 'keys'")
    return 0 if row is None else as_int(row[0])


def changed(session: Session, *what: Changed) -> None:
    """
    To be called in the transaction of the change: whoever sees the one sees the other.

    `what` was made, changed or deleted by it: at least that; none at all makes everybody read
    everything. The number is locked from here to the transaction's end, so that versions become
    visible in their order.
    """
    row = session.one("UPDATE versions SET value = value + 1 WHERE name = 'keys' RETURNING value")
    new = 0 if row is None else as_int(row[0])
    for kind, tenant, name in dict.fromkeys(what):
        session.run(
            "INSERT INTO holder_changes (version, kind, tenant, name) VALUES (?, ?, ?, ?)",
            (new, kind, tenant, name),
        )
    session.run("DELETE FROM holder_changes WHERE version <= ?", (new - KEPT,))


def of_key(key_id: str) -> Changed:
    return "key", "", key_id


def of_tenant(name: str) -> Changed:
    return "tenant", "", name


def of_user(tenant: str, name: str) -> Changed:
    return "user", tenant, name


def of_subscription(subscription_id: str) -> Changed:
    return "subscription", "", subscription_id
