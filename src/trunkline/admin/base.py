"""A control-plane route: who may call it hangs on the route itself, and nothing is open by default."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Protocol, TypeVar

from msgspec import DecodeError, Struct, ValidationError, json
from starlette.requests import Request
from starlette.responses import Response

from trunkline.canon.errors import Malformed, TooLarge
from trunkline.canon.exchange import Principal
from trunkline.catalog.catalog import Catalog
from trunkline.conversations.service import Conversations
from trunkline.flow.background import Background
from trunkline.flow.base import Face
from trunkline.flow.limiting import Limiting
from trunkline.flow.rooms import Rooms
from trunkline.kernel.clock import Clock
from trunkline.ledger.bodies import BodyLog
from trunkline.ledger.reports import Reports
from trunkline.providers.lists import ModelLists
from trunkline.tenancy.admin import AdminGate
from trunkline.tenancy.callers import Callers
from trunkline.tenancy.credentials import CredentialService
from trunkline.tenancy.plans import Plans
from trunkline.tenancy.service import KeyService
from trunkline.tenancy.subscriptions import SubscriptionService
from trunkline.tenancy.tenants import TenantService
from trunkline.webhooks.service import Webhooks

T = TypeVar("T", bound=Struct)
# A control-plane body is a handful of fields.
_MAX_BODY = 1 << 20
# "Object missing required field `name`", "Object contains unknown field `nmae`"
_FIELD = re.compile(r" field `(.+)`$")


class Policy(Enum):
    """Who may call a route."""

    KEY = "key"
    """Any valid key; it sees only what is its own."""
    ADMIN = "admin"
    """The admin key alone."""


class ControlPlane(Protocol):
    """The running gateway, as far as the control plane needs it."""

    @property
    def rooms(self) -> Rooms: ...
    @property
    def callers(self) -> Callers: ...
    @property
    def admin(self) -> AdminGate: ...
    @property
    def key_service(self) -> KeyService: ...
    @property
    def tenants(self) -> TenantService: ...
    @property
    def credentials(self) -> CredentialService: ...
    @property
    def subscriptions(self) -> SubscriptionService: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def faces(self) -> Sequence[str]: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def bodies(self) -> BodyLog: ...
    @property
    def limiting(self) -> Limiting: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def lists(self) -> ModelLists: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def background(self) -> Background: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def clock(self) -> Clock: ...
    def face_at(self, path: str) -> Face | None:
        """Whose clients ask for this path, where the path tells."""

    async def reload(self) -> int:
        """Read the configuration anew; the new generation. Raises ConfigError, and nothing changed."""

    def statistics(self) -> Mapping[str, object]:
        """Frozen structs by room, for people and for metrics."""


class ControlCall(Struct, frozen=True):
    """One call, its caller known and allowed."""

    request: Request
    principal: Principal | None
    """None for the admin key."""
    plane: ControlPlane

    async def body(self, kind: type[T]) -> T:
        """Raises Malformed, naming the field, and TooLarge."""
        data = bytearray()
        async for piece in self.request.stream():
            data += piece
            if len(data) > _MAX_BODY:
                raise TooLarge(f"the request body may have at most {_MAX_BODY} bytes")
        try:
            return json.decode(bytes(data) or b"{}", type=kind)
        except ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            field = _FIELD.search(what)
            path = (where.strip("`."), field[1] if field else "")
            raise Malformed(what, param=".".join(filter(None, path)) or None) from None
        except (DecodeError, RecursionError, UnicodeDecodeError):
            raise Malformed("the request body is not valid JSON") from None


Handler = Callable[[ControlCall], Awaitable[Response]]


class ControlRoute(Struct, frozen=True):
    method: str
    path: str
    """In Starlette's form: "/admin/v1/keys/{key_id}"."""
    policy: Policy
    handler: Handler
    summary: str
    """One line for the OpenAPI document."""
    scope: str = ""
    """What a key with scopes must hold; for Policy.KEY."""


def answer(value: object, status: int = 200) -> Response:
    """JSON by msgspec: structs as they are, never cached."""
    headers = {"cache-control": "no-store"}
    return Response(json.encode(value), status, headers, "application/json")
