"""The types of events there are, and what each face calls them."""

from collections.abc import Mapping, Sequence

from trunkline.canon.errors import Malformed

EVERY = "*"
TEST = "webhook.test"
"""Sent on demand alone; nobody needs to listen to it."""

TENANT_TYPES = (
    "api_key.created",
    "api_key.revoked",
    "budget.exceeded",
    "budget.threshold_reached",
    "processing.completed",
    "processing.failed",
    "subscription.expired",
    "subscription.renewed",
    "usage.limit_exceeded",
    "usage.threshold_reached",
)
PLATFORM_TYPES = ("provider.down", "provider.recovered")
"""Of the platform's own endpoints alone: no tenant's business."""

_PLUTOSAI: Mapping[str, str] = {"usage.threshold_reached": "usage.threshold"}
_OURS: Mapping[str, str] = {theirs: ours for ours, theirs in _PLUTOSAI.items()}


def listened(events: Sequence[str], *, platform: bool) -> tuple[str, ...]:
    """What an endpoint asks for, by our names. Raises Malformed for what nobody will ever send."""
    known = (*TENANT_TYPES, *(PLATFORM_TYPES if platform else ()))
    types = tuple(sorted({_OURS.get(event, event) for event in events}))
    unknown = [kind for kind in types if kind != EVERY and kind not in known]
    if not types or unknown:
        what = f"`{unknown[0][:100]}` is not one of them" if unknown else "name at least one"
        raise Malformed(f"`events` takes {', '.join(known)}, or * for all; {what}.", param="events")
    return (EVERY,) if EVERY in types else types


def told(kind: str, face: str) -> str:
    """The name by which a face tells of it."""
    return _PLUTOSAI.get(kind, kind) if face == "plutosai" else kind
