"""Tenants' own credentials of providers: added, told by their ends, removed; never shown."""

from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.paging import known_only
from trunkline.canon.errors import Malformed
from trunkline.tenancy.credentials import NewCredential


async def create(call: ControlCall) -> Response:
    """In force at once here, within a second in all other processes."""
    wanted = await call.body(NewCredential)
    _check_provider(call, wanted.provider)
    return answer(await call.plane.credentials.create(wanted), 201)


async def list_all(call: ControlCall) -> Response:
    """?tenant= for one tenant's."""
    known_only(call, "tenant")
    tenant = call.request.query_params.get("tenant")
    return answer({"object": "list", "data": await call.plane.credentials.list(tenant)})


async def delete(call: ControlCall) -> Response:
    """As it was; used no more."""
    credential_id = call.request.path_params["credential_id"]
    return answer(await call.plane.credentials.delete(credential_id))


async def rotate_kek(call: ControlCall) -> Response:
    """See docs/reference/authentication.md: where the key lies decides what is done."""
    return answer(await call.plane.credentials.rotate_kek())


def _check_provider(call: ControlCall, name: str) -> None:
    """Raises Malformed: what nobody would ever be asked with had better be told now."""
    providers = call.plane.rooms.providers
    provider = providers.get(name)
    if provider is None:
        raise Malformed(
            f"No provider `{name[:100]}` is configured here; there are {', '.join(providers)}."
            " One that has no key of ours is configured with `byok = true`.",
            param="provider",
        )
    if provider.credential("", "") is None:
        raise Malformed(
            f"The provider `{name}` is not asked with keys of tenants.", param="provider"
        )


ROUTES = (
    ControlRoute(
        "POST",
        "/admin/v1/credentials",
        Policy.ADMIN,
        create,
        "Add a tenant's own credential of a provider; never shows it",
    ),
    ControlRoute(
        "GET",
        "/admin/v1/credentials",
        Policy.ADMIN,
        list_all,
        "Tenants' own credentials, without their secrets",
    ),
    ControlRoute(
        "DELETE",
        "/admin/v1/credentials/{credential_id}",
        Policy.ADMIN,
        delete,
        "Remove a tenant's own credential",
    ),
    ControlRoute(
        "POST",
        "/admin/v1/credentials/rotate-kek",
        Policy.ADMIN,
        rotate_kek,
        "Change the key under which tenants' own credentials rest",
    ),
)
