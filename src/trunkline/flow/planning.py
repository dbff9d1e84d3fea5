"""Who may be asked for an exchange, and in which order."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Forbidden
from trunkline.canon.exchange import Exchange
from trunkline.flow.rooms import Rooms
from trunkline.tenancy.keys import allow_model


def planned(rooms: Rooms, exchange: Exchange) -> Sequence[Deployment]:
    """Raises Forbidden and UnknownModel."""
    principal = exchange.principal
    allow_model(principal, exchange.model)
    route = rooms.router.table.resolve(exchange.model)
    plan = rooms.router.plan(route, rooms.clock.monotonic(), rooms.dice())
    allowed = principal.providers
    if allowed is None:
        return plan
    left = [deployment for deployment in plan if deployment.provider in allowed]
    if plan and not left:
        names = ", ".join(sorted(allowed)[:20]) or "none"
        raise Forbidden(
            f"The model '{exchange.model[:100]}' is served by providers that this key may not use;"
            f" it may use: {names}.",
            param="model",
        )
    return left
