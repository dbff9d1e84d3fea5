"""A POST endpoint of a face: who calls, what do they ask for; then the flow takes over."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol

from msgspec import DecodeError, Raw, ValidationError, json

from trunkline.canon.errors import GatewayError, Malformed, Unauthenticated, UnknownKey
from trunkline.canon.exchange import Exchange, Principal
from trunkline.dialects.base import WireError
from trunkline.faces.array import ArrayReply
from trunkline.faces.base import Mount, untried
from trunkline.faces.idempotency import HEADER, asked
from trunkline.faces.path import key_in, names_model, read_path, wants_array
from trunkline.flow.base import Call, Endpoint, Face, Head, Reply
from trunkline.flow.complete import OPERATION as COMPLETE
from trunkline.flow.complete import Completing
from trunkline.flow.count import OPERATION as COUNT
from trunkline.flow.count import Counting, RememberedCounting
from trunkline.flow.embed import OPERATION as EMBED
from trunkline.flow.embed import Embedding
from trunkline.flow.once import Once
from trunkline.flow.overhearing import Overhearing
from trunkline.flow.remembered import Remembered
from trunkline.flow.rooms import Rooms
from trunkline.flow.serve import Serving
from trunkline.ledger.bodies import BodyLog
from trunkline.tenancy.keys import allow_scope
from trunkline.tenancy.session import session_of

_ENVELOPE = json.Decoder(dict[str, Raw])
_MODEL = json.Decoder(str)
_STREAM = json.Decoder(bool | None)
_MAX_MODEL_NAME = 512
_NEWCOMERS_BODY = 1 << 20
# What a request without a body takes of memory, about.
_HEAD = 8192
_CHAT = "chat"


class Server(Protocol):
    """One exchange being answered."""

    async def run(self) -> None: ...


_SERVERS: Mapping[str, Callable[[Rooms, Exchange, Face, Reply], Server]] = {
    COUNT: Counting,
    EMBED: Embedding,
    COMPLETE: Completing,
}
"""By operation, where it is not simply a conversation."""
_REMEMBERING: Mapping[str, Callable[[Rooms, Exchange, Face, Reply], Server]] = {
    _CHAT: Remembered,
    COUNT: RememberedCounting,
}
"""By operation, where conversations live at the gateway."""


class Authenticator(Protocol):
    def authenticate(self, token: bytes, now: float) -> Principal:
        """Raises Unauthenticated and Forbidden."""

    def has_room(self, token: bytes, size: int) -> bool:
        """Whether one more may wait for a look, with a request of so many bytes."""

    async def look_again(self, token: bytes, size: int = 0) -> None:
        """
        Keys made before this call are known after it: ours, or those that `token` is signed with.

        Raises LedgerUnavailable and IssuerUnavailable.
        """


class Surroundings(Protocol):
    """The running gateway, as far as an endpoint needs it."""

    @property
    def rooms(self) -> Rooms: ...
    @property
    def callers(self) -> Authenticator: ...
    @property
    def next_id(self) -> Callable[[float], str]: ...
    @property
    def once(self) -> Once: ...
    @property
    def bodies(self) -> BodyLog: ...


def token_of(head: Head, *, else_this: bytes = b"") -> bytes:
    """The caller's key, from its headers first. Raises Unauthenticated when there is none."""
    headers = head.headers
    value = headers.get(b"x-plexor-key")  # the strongest, where several are sent
    if value:
        return value
    value = headers.get(b"authorization")
    if value:
        scheme, _, token = value.partition(b" ")
        token = token.strip()
        if token and scheme.lower() == b"bearer":
            return token
    value = headers.get(b"x-api-key") or headers.get(b"x-goog-api-key") or else_this
    if value:
        return value
    raise Unauthenticated(
        "No API key was sent. Send it as 'Authorization: Bearer <key>' or 'x-api-key: <key>'."
    )


class FaceEndpoint:
    """Implements the edge's Endpoint for one mount."""

    __slots__ = ("face", "gateway", "mount", "names_model", "request_id_header", "server")

    def __init__(self, face: Face, mount: Mount, gateway: Surroundings) -> None:
        self.face = face
        self.mount = mount
        self.names_model = names_model(mount)
        self.gateway = gateway
        self.server = (
            _REMEMBERING[mount.operation]
            if mount.remembers
            else _SERVERS.get(mount.operation, Serving)
        )
        self.request_id_header = gateway.rooms.teller(mount.dialect).request_id_header

    def begin(self, head: Head) -> Call:
        token = key_in(head.query) if self.names_model and head.query else b""
        token = token_of(head, else_this=token)
        try:
            return self.admitted(head, token)
        except UnknownKey:
            size = _size(head)
            if size > _NEWCOMERS_BODY or not self.gateway.callers.has_room(token, size):
                raise
            return _Newcomer(self, head, token)

    def admitted(self, head: Head, token: bytes) -> "_Admitted":
        """Raises Unauthenticated and Forbidden."""
        principal = self.gateway.callers.authenticate(token, head.received_at)
        allow_scope(principal, self.mount.scope)
        return _Admitted(self, head, principal)

    def refuse(self, error: GatewayError, request_id: str) -> WireError:
        """Before there is an exchange."""
        teller = self.gateway.rooms.teller(self.mount.dialect)
        told = self.face.refuse(error, request_id, teller)
        return WireError(told.status, (*told.headers, *untried(request_id)), told.body)


def _size(head: Head) -> int:
    """Bytes that are kept before it is known who sends them; of a chunked body nobody knows."""
    length = head.headers.get(b"content-length")
    return _NEWCOMERS_BODY + 1 if length is None else int(length) + _HEAD


class _Newcomer:
    """Whose key may have been made since we looked: by another process, or by an issuer."""

    __slots__ = ("_endpoint", "_head", "_token")

    def __init__(self, endpoint: FaceEndpoint, head: Head, token: bytes) -> None:
        self._endpoint = endpoint
        self._head = head
        self._token = token

    async def run(self, body: bytes, reply: Reply) -> None:
        endpoint, gateway = self._endpoint, self._endpoint.gateway
        try:
            await gateway.callers.look_again(self._token, _size(self._head))
            admitted = endpoint.admitted(self._head, self._token)
        except GatewayError as error:
            refused = endpoint.refuse(error, gateway.next_id(self._head.received_at))
            reply.whole(refused.status, refused.headers, refused.body)
            return
        await admitted.run(body, reply)


class _Admitted:
    __slots__ = ("_endpoint", "_head", "_principal")

    def __init__(self, endpoint: FaceEndpoint, head: Head, principal: Principal) -> None:
        self._endpoint = endpoint
        self._head = head
        self._principal = principal

    def run(self, body: bytes, reply: Reply) -> Coroutine[Any, Any, None]:
        gateway = self._endpoint.gateway
        request_id = gateway.next_id(self._head.received_at)
        taking = gateway.bodies.taking
        if taking is None:
            return self._run(request_id, body, reply)
        heard = Overhearing(gateway.bodies, taking, self._head, self._principal, request_id)
        return heard.run(body, reply, partial(self._run, request_id, body))

    async def _run(self, request_id: str, body: bytes, reply: Reply) -> None:
        endpoint = self._endpoint
        gateway = endpoint.gateway
        ask = None
        try:
            exchange = self._exchange(request_id, body)
            array = bool(endpoint.mount.streams) and wants_array(self._head)
            key = self._head.headers.get(HEADER)
            if key is not None and endpoint.mount.operation != COUNT:  # which costs nothing
                ask = asked(key, self._head, body, exchange, array=array)
                if await gateway.once.told(ask, reply):
                    return
        except GatewayError as error:
            refused = endpoint.refuse(error, request_id)
            reply.whole(refused.status, refused.headers, refused.body)
            return
        if ask is None:
            await self._serve(exchange, array, reply)
        else:
            serve = partial(self._serve, exchange, array)
            await gateway.once.run(ask, exchange, reply, serve)

    def _serve(self, exchange: Exchange, array: bool, reply: Reply) -> Awaitable[None]:  # noqa: FBT001 - one of two callers fills it in beforehand
        endpoint = self._endpoint
        reply = ArrayReply(reply) if array else reply
        return endpoint.server(endpoint.gateway.rooms, exchange, endpoint.face, reply).run()

    def _exchange(self, request_id: str, body: bytes) -> Exchange:
        """Shallow: one level of JSON. Raises Malformed."""
        envelope = decode_envelope(body)
        face, mount, head = self._endpoint.face, self._endpoint.mount, self._head
        session = session_of(head.headers, envelope, mount.dialect)
        if self._endpoint.names_model:
            read_path(head, mount, envelope)
        if face.prepare(envelope, head.headers) or self._endpoint.names_model:
            body = json.encode(envelope)
        return Exchange(
            id=request_id,
            face=face.name,
            dialect=mount.dialect,
            operation=mount.operation,
            principal=self._principal,
            envelope=envelope,
            model=_model(envelope),
            stream=_stream(envelope),
            headers=head.headers,
            received_at=head.received_at,
            started=head.started,
            body=body,
            request_id_header=self._endpoint.request_id_header,
            session=session,
        )


def decode_envelope(body: bytes) -> dict[str, Raw]:
    """A body one level deep. Raises Malformed."""
    if not body:
        raise Malformed("the request has no body; send a JSON object")
    try:
        return _ENVELOPE.decode(body)
    except ValidationError:
        raise Malformed("the request body must be a JSON object") from None
    except DecodeError as error:
        raise Malformed(f"the request body is not valid JSON: {error}") from None
    except RecursionError:
        raise Malformed("the request body is nested too deeply") from None
    except UnicodeDecodeError:
        raise Malformed("the request body is not UTF-8") from None


def _model(envelope: dict[str, Raw]) -> str:
    try:
        model = _MODEL.decode(envelope["model"])
    except KeyError:
        raise Malformed("'model' is required", param="model") from None
    except (DecodeError, UnicodeDecodeError):
        raise Malformed("'model' must be a string", param="model") from None
    if not model or len(model) > _MAX_MODEL_NAME:
        raise Malformed("'model' must name a model; see GET /v1/models", param="model")
    return model


def _stream(envelope: dict[str, Raw]) -> bool:
    raw = envelope.get("stream")
    if raw is None:
        return False
    try:
        return bool(_STREAM.decode(raw))
    except DecodeError:
        raise Malformed("'stream' must be true or false", param="stream") from None


_endpoint: type[Endpoint] = FaceEndpoint
