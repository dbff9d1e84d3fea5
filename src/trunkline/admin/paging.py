"""Long lists, one page at a time: ?limit and ?after."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from trunkline.admin.base import ControlCall
from trunkline.canon.errors import Malformed

T = TypeVar("T")
_MOST = 1000


class Page(Struct, frozen=True):
    data: Sequence[object]
    has_more: bool
    """Ask again with ?after=<id of the last one>."""
    object: str = "list"


def limit_of(call: ControlCall) -> int:
    """How many a page may have; as many as there may be, unless asked otherwise. Raises Malformed."""
    text = call.request.query_params.get("limit", str(_MOST))
    limit = int(text) if text.isdecimal() and len(text) < 5 else 0
    if not 1 <= limit <= _MOST:
        raise Malformed(f"`limit` must be between 1 and {_MOST}", param="limit")
    return limit


def known_only(call: ControlCall, *names: str) -> None:
    """A misspelt filter would show everything. Raises Malformed."""
    unknown = set(call.request.query_params).difference(names)
    if unknown:
        there = ", ".join(names) or "none"
        raise Malformed(
            f"unknown parameter `{min(unknown)[:100]}`; there are {there}", param=min(unknown)
        )


def page(found: Sequence[T], limit: int) -> Page:
    """`found`: one more than the page has, where there are more."""
    return Page(found[:limit], len(found) > limit)
