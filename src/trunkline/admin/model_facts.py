"""What is known of a name that clients may ask for, whoever lists it."""

import asyncio
from typing import Final

from msgspec import Struct

from trunkline.admin.base import ControlCall
from trunkline.admin.times import unix_seconds
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import UnknownModel
from trunkline.catalog.model import ModelRow
from trunkline.providers.listing import Listed
from trunkline.routing.base import Route
from trunkline.routing.table import RouteTable

# A name costs up to a fifth of a millisecond the first time: others shall not wait for them all.
AT_ONCE: Final = 10


class Facts(Struct, frozen=True):
    """One name, and what the catalogue and then its provider's list know of its first deployment."""

    name: str
    deployments: tuple[Deployment, ...]
    row: ModelRow | None
    listed: Listed

    @property
    def created(self) -> float:
        """Unix seconds of its release; the epoch where nobody knows, as Anthropic's own list does."""
        if self.row and self.row.created:
            return unix_seconds(self.row.created, "created")
        return self.listed.created or 0.0

    @property
    def context_window(self) -> int | None:
        return self.deployments[0].context_window or self.listed.context_window

    @property
    def max_output_tokens(self) -> int | None:
        return self.deployments[0].max_output_tokens or self.listed.max_output_tokens


async def names_for(call: ControlCall, table: RouteTable) -> list[str]:
    """What the caller's key may ask for: as it would be served, by name and by provider."""
    names = [name for name in table.names() if _may_name(call, name)]
    if call.principal is None or call.principal.providers is None:
        return names
    left = []
    for number, name in enumerate(names):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
        if _usable(call, table.resolve(name)):
            left.append(name)
    return left


def facts_of(call: ControlCall, name: str, table: RouteTable) -> Facts:
    """What is known of a name. Raises UnknownModel, where its key may ask nobody for it, too."""
    deployments = _usable(call, table.resolve(name))
    if not deployments:
        raise _unknown(name)
    first = deployments[0]
    row = call.plane.catalog.row(first.price_model) if first.price_model else None
    listed = call.plane.lists.find(first.provider, first.model) or Listed(id=first.model)
    return Facts(name, deployments, row, listed)


def facts_for(call: ControlCall, name: str) -> Facts:
    """As `facts_of`, for a name that the caller gave. Raises UnknownModel."""
    facts = facts_of(call, name, call.plane.rooms.router.table)
    if not _may_name(call, name):
        raise _unknown(name)
    return facts


def _may_name(call: ControlCall, name: str) -> bool:
    principal = call.principal
    return principal is None or principal.models is None or name in principal.models


def _usable(call: ControlCall, route: Route) -> tuple[Deployment, ...]:
    """Those of a route whose providers the caller's key may use."""
    allowed = None if call.principal is None else call.principal.providers
    if allowed is None:
        return route.deployments
    return tuple(one for one in route.deployments if one.provider in allowed)


def _unknown(name: str) -> UnknownModel:
    return UnknownModel(f"The model '{name}' does not exist here.", param="model")
