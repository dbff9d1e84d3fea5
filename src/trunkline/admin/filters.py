"""What reports are narrowed to: what is known of it is checked, lest a typo look like no usage at all."""

from collections.abc import Mapping, Sequence

from trunkline.admin.base import ControlCall
from trunkline.canon.errors import Malformed
from trunkline.canon.exchange import Status
from trunkline.storage.records import UsageQuery
from trunkline.tenancy.wishes import MODES

STATUSES = tuple(status.value for status in Status)


def filters_of(
    call: ControlCall, names: Sequence[str], statuses: Sequence[str] = STATUSES
) -> Mapping[str, str]:
    """Of these filters, those that are set. Raises Malformed for a value that there cannot be."""
    query = call.request.query_params
    filters = {name: query[name] for name in names if name in query}
    # An empty one is of requests that have none.
    for name, known in (
        ("status", statuses),
        ("byok", ("true", "false")),
        ("mode", ("", *MODES)),
        ("face", ("", *call.plane.faces)),
    ):
        if name in filters and filters[name] not in known:
            there = ", ".join(filter(None, known))
            raise Malformed(f"`{name}` must be one of {there}", param=name)
    return filters


async def check_provider(
    call: ControlCall, filters: Mapping[str, str], time: tuple[int, int], *, found: bool
) -> None:
    """
    `time`: of the report, from and to, in Unix microseconds; `found`: it has something.

    Raises Malformed for one that is not configured, and was not asked by anybody in that time.
    """
    name, known = filters.get("provider"), call.plane.rooms.providers
    if not name or found or name in known:
        return
    # It may be another filter that left nothing.
    asked = UsageQuery(start=time[0], end=time[1], provider=name)
    if not (await call.plane.reports.usage(asked)).total.requests:
        raise Malformed(unknown_provider(name, known), param="provider")


def unknown_provider(name: str, known: Mapping[str, object]) -> str:
    return (
        f"no provider `{name[:100]}` is configured, and none of that name was asked in this time;"
        f" there are {', '.join(known)}"
    )
