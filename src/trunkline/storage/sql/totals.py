"""The totals that books are compared by, read from every row."""

from trunkline.storage.records import USAGE_CLASSES, Totals, UsageColumns
from trunkline.storage.sql.database import Session, as_int

_TOKENS = ", ".join(
    f"CAST(coalesce(sum({name}), 0) AS BIGINT)" for name in (*USAGE_CLASSES, "cost_nanousd")
)
_DIFFERENT = " OR ".join(f"r.{name} <> a.{name}" for name in (*USAGE_CLASSES, "cost_nanousd"))
_LEGS = ", ".join(f"sum({name}) AS {name}" for name in (*USAGE_CLASSES, "cost_nanousd"))
# A request costs what the attempts do that did not fail: one, or the legs of its answer. Of one
# whose worker died among its legs, nobody knows.
_MISBILLED = (
    "SELECT count(*) FROM requests AS r JOIN"  # noqa: S608 - our own names
    f" (SELECT request_id, {_LEGS} FROM attempts WHERE status <> 'failed' GROUP BY request_id)"
    " AS a ON a.request_id = r.request_id"
    f" WHERE r.status NOT IN ('open', 'failed', 'orphaned') AND ({_DIFFERENT})"
)


def totals(session: Session) -> Totals:
    """Of the requests that are kept. Reads every row: for tests and audits."""

    def numbers(sql: str) -> list[int]:
        row = session.one(sql)
        return [] if row is None else [as_int(value) for value in row]

    def count(sql: str) -> int:
        return numbers(sql)[0]

    *tokens, cost = numbers(f"SELECT {_TOKENS} FROM requests WHERE status <> 'open'")  # noqa: S608 - our own names
    return Totals(
        requests=count("SELECT count(*) FROM requests"),
        attempts=count("SELECT count(*) FROM attempts"),
        open=count("SELECT count(*) FROM requests WHERE status = 'open'"),
        orphaned=count("SELECT count(*) FROM requests WHERE status = 'orphaned'"),
        usage=UsageColumns(*tokens).usage,
        cost_nanousd=cost,
        attempt_cost_nanousd=count(
            "SELECT CAST(coalesce(sum(cost_nanousd), 0) AS BIGINT) FROM attempts"
        ),
        without_attempts=count(
            "SELECT count(*) FROM requests AS r WHERE attempts > 0 AND NOT EXISTS"
            " (SELECT 1 FROM attempts AS a WHERE a.request_id = r.request_id)"
        ),
        without_request=count(
            "SELECT count(*) FROM attempts AS a WHERE NOT EXISTS"
            " (SELECT 1 FROM requests AS r WHERE r.request_id = a.request_id)"
        ),
        misbilled=count(_MISBILLED),
    )
