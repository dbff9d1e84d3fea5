"""What is known of a name that clients may ask for, whoever lists it."""

from msgspec import Struct

from trunkline.admin.base import ControlCall
from trunkline.admin.times import unix_seconds
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import UnknownModel
from trunkline.catalog.model import ModelRow
from trunkline.providers.listing import Listed


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


def facts_of(call: ControlCall, name: str) -> Facts:
    """What is known of a name. Raises UnknownModel."""
    deployments = call.plane.rooms.router.table.resolve(name).deployments
    first = deployments[0]
    row = call.plane.catalog.row(first.price_model) if first.price_model else None
    listed = call.plane.lists.find(first.provider, first.model) or Listed(id=first.model)
    return Facts(name, deployments, row, listed)


def allowed(call: ControlCall, name: str) -> bool:
    """Whether the caller's key may name it."""
    principal = call.principal
    return principal is None or principal.models is None or name in principal.models


def facts_for(call: ControlCall, name: str) -> Facts:
    """As `facts_of`, for a name that the caller gave. Raises UnknownModel."""
    facts = facts_of(call, name)
    if not allowed(call, name):
        raise UnknownModel(f"The model '{name}' does not exist here.", param="model")
    return facts
