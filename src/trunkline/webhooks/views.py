"""Endpoints and deliveries as they are shown: no secret but in the answer that made it."""

from typing import Literal, Self

from msgspec import Struct, structs

from trunkline.storage.sql.deliveries import Delivery
from trunkline.storage.sql.webhooks import Endpoint
from trunkline.webhooks.events import told


class EndpointView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    tenant: str
    face: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    created_at: int
    """Unix seconds."""
    object: Literal["webhook"]
    disabled_because: str = ""
    former_secret_until: int | None = None
    """Unix seconds."""

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        until = endpoint.former_until
        return cls(
            id=endpoint.id,
            tenant=endpoint.tenant,
            face=endpoint.face,
            url=endpoint.url,
            events=tuple(told(kind, endpoint.face) for kind in endpoint.types),
            enabled=endpoint.enabled,
            created_at=endpoint.created_at // 1_000_000,
            object="webhook",
            disabled_because=endpoint.disabled_because,
            former_secret_until=None if until is None else until // 1_000_000,
        )


class SecretView(EndpointView, frozen=True, kw_only=True, omit_defaults=True):
    secret: str
    """Shown this once."""

    @classmethod
    def with_secret(cls, endpoint: Endpoint, secret: str) -> "SecretView":
        return cls(secret=secret, **structs.asdict(EndpointView.of(endpoint)))

    def __repr__(self) -> str:
        return f"SecretView({self.id!r})"


class DeliveryView(Struct, frozen=True, kw_only=True):
    """Times are Unix seconds."""

    id: str
    event: str
    type: str
    status: str
    """pending, delivered or dead."""
    attempts: int
    created_at: int
    next_attempt_at: int | None
    ended_at: int | None
    response_status: int | None
    error: str
    duration_ms: float | None
    object: str = "delivery"

    @classmethod
    def of(cls, delivery: Delivery, face: str) -> Self:
        pending = delivery.ended_at is None
        return cls(
            id=delivery.id,
            event=delivery.event,
            type=told(delivery.type, face),
            status=delivery.status,
            attempts=delivery.attempts,
            created_at=delivery.created_at // 1_000_000,
            next_attempt_at=delivery.next_at // 1_000_000 if pending else None,
            ended_at=None if delivery.ended_at is None else delivery.ended_at // 1_000_000,
            response_status=delivery.answered,
            error=delivery.error,
            duration_ms=None if delivery.took_ms is None else round(delivery.took_ms, 3),
        )
