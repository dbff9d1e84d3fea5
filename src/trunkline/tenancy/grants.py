"""Keys that keys make: what is granted is a part of what the grantor has, never more."""

from msgspec import structs

from trunkline.canon.errors import Forbidden
from trunkline.storage.holders import KeyRecord
from trunkline.tenancy.keys import NAMED
from trunkline.tenancy.limits import inherited, within
from trunkline.tenancy.names import any_of
from trunkline.tenancy.wishes import NewKey

_CHOICES = ("models", "providers", "modes", "pipes")
"""Where None is any."""


def granted(wanted: NewKey, grantor: KeyRecord) -> NewKey:
    """
    What is wished for, with what it leaves open filled in from the grantor.

    Raises Forbidden, naming the field, where it asks for more than the grantor has.
    """
    filled = structs.replace(
        wanted,
        tenant=grantor.tenant if wanted.tenant is None else wanted.tenant,
        user=wanted.user or grantor.user,
        plan=wanted.plan or grantor.plan,
        # To make keys is handed on by name alone.
        scopes=wanted.scopes or tuple(s for s in grantor.scopes if s not in NAMED),
        expires_at=grantor.expires_at if wanted.expires_at is None else wanted.expires_at,
        limits=inherited(wanted.limits, grantor.limits),
        tags=(*grantor.tags, *(tag for tag in wanted.tags if tag not in grantor.tags)),
        **{
            name: getattr(grantor, name) if asked is None else any_of(asked)
            for name in _CHOICES
            for asked in (getattr(wanted, name),)
        },
    )
    for name in _over(filled, grantor):
        raise Forbidden(f"This key cannot grant more than it has: see `{name}`.", param=name)
    return filled


def _over(wanted: NewKey, grantor: KeyRecord) -> list[str]:
    """The fields that ask for more than there is to give."""
    over = []
    if wanted.tenant != grantor.tenant:
        over.append("tenant")
    if grantor.user and wanted.user != grantor.user:
        over.append("user")
    if grantor.plan and wanted.plan != grantor.plan:
        over.append("plan")
    if not wanted.scopes or not set(wanted.scopes) <= set(grantor.scopes):
        over.append("scopes")
    if grantor.expires_at is not None and (
        wanted.expires_at is None or wanted.expires_at > grantor.expires_at
    ):
        over.append("expires_at")
    for name in _CHOICES:
        has, asked = getattr(grantor, name), getattr(wanted, name)
        if has is not None and (asked is None or not set(asked) <= set(has)):
            over.append(name)
    if not within(wanted.limits, grantor.limits):
        over.append("limits")
    return over
