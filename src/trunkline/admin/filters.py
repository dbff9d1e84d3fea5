"""What reports are narrowed to: what is known of it is checked, lest a typo look like no usage at all."""

from collections.abc import Mapping, Sequence

from trunkline.admin.base import ControlCall
from trunkline.canon.errors import Malformed
from trunkline.canon.exchange import Status
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
        ("mode", ("", *MODES)),
        ("face", ("", *call.plane.faces)),
    ):
        if name in filters and filters[name] not in known:
            there = ", ".join(filter(None, known))
            raise Malformed(f"`{name}` must be one of {there}", param=name)
    return filters


def check_provider(call: ControlCall, filters: Mapping[str, str], *, found: bool) -> None:
    """
    `found`: something was asked of it in the time of the report, whether it is configured or not.

    Raises Malformed for one that nobody knows of.
    """
    name, known = filters.get("provider"), call.plane.rooms.providers
    if name and not found and name not in known:
        raise Malformed(unknown_provider(name, known), param="provider")


def unknown_provider(name: str, known: Mapping[str, object]) -> str:
    return (
        f"no provider `{name[:100]}` is configured, and none of that name was asked in this time;"
        f" there are {', '.join(known)}"
    )
