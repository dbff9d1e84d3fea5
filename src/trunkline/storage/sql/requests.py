"""The log of requests: rows as structs, and pages of them by what is asked for."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from trunkline.storage.records import RequestQuery, RequestRow, UsageColumns
from trunkline.storage.sql.database import Row, Session, SqlValue

RowT = TypeVar("RowT", bound=UsageColumns)

_FILTERS = {
    "tenant": "tenant",
    "key_id": "key_id",
    "user": "user_id",
    "model": "model",
    "provider": "provider",
    "status": "status",
    "session": "session",
}


def find(session: Session, query: RequestQuery) -> Sequence[RequestRow]:
    terms = ["received_at >= ?", "received_at < ?"]
    values: list[SqlValue] = [query.start, query.end]
    if query.before is not None:
        terms.append("(received_at, request_id) < (?, ?)")
        values += query.before
    for field, column in _FILTERS.items():
        if (value := getattr(query, field)) is not None:
            terms.append(f"{column} = ?")
            values.append(value)
    rows = session.all(
        f"SELECT {', '.join(RequestRow.__struct_fields__)} FROM requests"  # noqa: S608 - our own names
        f" WHERE {' AND '.join(terms)} ORDER BY received_at DESC, request_id DESC LIMIT ?",
        (*values, query.most),
    )
    return [stored(RequestRow, row) for row in rows]


def stored(kind: type[RowT], values: Row) -> RowT:
    # Not strict: the schema has no booleans.
    return msgspec.convert(
        dict(zip(kind.__struct_fields__, values, strict=True)), kind, strict=False
    )
