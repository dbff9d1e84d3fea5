"""Every route x everybody who may come: who is let in, and what a neighbour sees of whose."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tests.admin.matrix import ADMIN, HOT, KEY
from tests.gateway import ADMIN_KEY, World, head, within
from trunkline.admin.app import ROUTES
from trunkline.admin.base import ControlRoute, Policy
from trunkline.canon.errors import GatewayError
from trunkline.faces.registry import FACES
from trunkline.flow.base import Endpoint
from trunkline.tenancy.keys import NAMED, SCOPES
from trunkline.tenancy.tenants import HolderChanges
from trunkline.tenancy.wishes import NewKey
from trunkline.testing.fakes import FakeReply
from trunkline.wiring.serving import endpoints

OPENAPI = "GET /admin/v1/openapi.json"
PRIVATE = """
[webhooks]
allow_private = true
[providers.sim]
[models.fast]
targets = ["sim/sim-chat"]
"""
STRANGERS = ("nobody", "unknown", "garbage", "expired", "revoked")


def policies(routes: Sequence[ControlRoute]) -> Mapping[str, tuple[Policy, str]]:
    return {f"{r.method} {r.path}": (r.policy, r.scope) for r in routes}


def expected() -> Mapping[str, tuple[Policy, str]]:
    keys = {route: (Policy.KEY, scope) for scope, some in KEY.items() for route in some}
    return {**dict.fromkeys(ADMIN, (Policy.ADMIN, "")), **keys}


def test_every_route_has_its_policy() -> None:
    """The one that the matrix says; nothing is served that it does not name."""
    assert expected() == {**policies(ROUTES), OPENAPI: (Policy.ADMIN, "")}


def test_every_mount_has_its_scope() -> None:
    """The one that the matrix says; no face has a mount that it does not name."""
    mounts = {m.path.decode(): m.scope for spec in FACES.values() for m in spec.mounts}

    assert {path: scope for scope, paths in HOT.items() for path in paths} == mounts


def test_every_scope_is_known() -> None:
    """What a route asks for, a key can be given."""
    assert {*HOT, *KEY} <= {"", *SCOPES}


async def people(w: World) -> Mapping[str, str]:
    """Keys of everybody; those with all scopes but one are called by what they lack."""
    expired = await w.key(name="expired", expires_at=w.clock.unix() + 1, scopes=SCOPES)
    revoked = await w.gateway.key_service.create(NewKey(name="revoked", scopes=SCOPES))
    shut = await w.key(name="shut", tenant="shut", scopes=SCOPES)
    plain, holder = await w.key(), await w.key(tenant="acme", scopes=SCOPES)
    lacking = {
        f"without {scope}": await w.key(scopes=tuple(s for s in SCOPES if s != scope))
        for scope in SCOPES
    }
    await w.gateway.key_service.revoke(revoked.id)
    await w.gateway.tenants.amend("shut", HolderChanges(disabled=True))
    w.clock.advance(2)
    return {
        "nobody": "",
        "unknown": "tl_" + "0" * 62,
        "garbage": "sk-proj-1234",
        "expired": expired,
        "revoked": revoked.key,
        "shut": shut,
        "plain": plain,
        "holder": holder,
        "admin": ADMIN_KEY,
        **lacking,
    }


def control_status(route: ControlRoute, person: str) -> set[int] | None:
    """What this route may answer this person with; None: anything but 401 and 403."""
    if person in STRANGERS:
        return {401}
    if person == "admin":
        return None
    if route.policy is Policy.ADMIN:
        return {401}
    if person in ("shut", f"without {route.scope}"):
        return {403}
    return {403} if person == "plain" and route.scope in NAMED else None


# The admin key may call these, and is told that they are a tenant's own.
TENANTS_OWN = ("/v1/responses", "/api/v1/keys", "/webhooks", "/usage", "/me", "/v1/requests")


def test_who_may_call_which_route(tmp_path) -> None:
    """Strangers, keys with the scope and without, a shut tenant's, the admin's."""

    async def test(w: World) -> None:
        everybody = await people(w)
        for route in ROUTES:
            path = re.sub(r"\{.*?\}", "nope", route.path)
            for person, key in everybody.items():
                status = (await w.ask(route.method, path, key=key)).status
                wanted = control_status(route, person)
                told = f"{route.method} {route.path}, {person}: {status}"
                if wanted is not None:
                    assert status in wanted, told
                elif person == "admin" and route.path.removeprefix("/admin") == route.path:
                    own = any(part in route.path for part in TENANTS_OWN)
                    assert status not in (401, 500, *(() if own else (403,))), told
                else:
                    assert status not in (401, 403, 500), told

    within(tmp_path, test, PRIVATE)


def hot_status(scope: str, person: str) -> set[int]:
    if person in (*STRANGERS, "admin"):
        return {401}
    return {403} if person in ("shut", f"without {scope}") else {400}


def test_who_may_call_which_mount(tmp_path) -> None:
    """As on control routes; an empty body is as far as those come who are let in."""

    async def test(w: World) -> None:
        everybody = await people(w)
        hot = endpoints(w.gateway)
        for scope, paths in HOT.items():
            for path in paths:
                for person, key in everybody.items():
                    told = f"{path}, {person}"
                    status = await hot_answer(w, hot[b"POST", path.encode()], path, key)
                    assert status in hot_status(scope, person), f"{told}: {status}"

    within(tmp_path, test, PRIVATE)


async def hot_answer(w: World, endpoint: Endpoint, path: str, key: str) -> int:
    reply = FakeReply()
    try:
        await endpoint.begin(head(key, path, w.clock)).run(b"", reply)
    except GatewayError as error:
        return error.status
    return reply.status


async def a_request(w: World, key: str) -> str:
    reply = await w.chat(key)
    return (reply.header(b"x-trunkline-request-id") or b"").decode()


async def a_key(w: World, key: str) -> str:
    return (await w.ask("POST", "/api/v1/keys", {"name": "made"}, key=key)).json["id"]


async def a_response(w: World, key: str) -> str:
    reply = FakeReply()
    body = b'{"model": "fast", "input": "Say hello."}'
    endpoint = endpoints(w.gateway)[b"POST", b"/v1/responses"]
    await endpoint.begin(head(key, "/v1/responses", w.clock)).run(body, reply)
    return re.search(rb'"id":"(resp_\w+)"', reply.body)[1].decode()


async def a_webhook(w: World, key: str) -> str:
    wish = {"url": "http://127.0.0.1:1/in", "events": ["api_key.created"]}
    return (await w.ask("POST", "/v1/webhooks", wish, key=key)).json["id"]


async def no_delivery(_w: World, _key: str) -> str:
    return "dlv_1"


MAKERS: Mapping[str, Callable[[World, str], Awaitable[str]]] = {
    "request_id": a_request,
    "key_id": a_key,
    "response_id": a_response,
    "webhook_id": a_webhook,
    "delivery_id": no_delivery,
}
"""By a path's parameter: makes one of the tenant's whose key it gets."""
NOBODYS = ("model:path",)
"""Parameters that name what belongs to no tenant."""


def with_ids() -> list[ControlRoute]:
    return [
        route
        for route in ROUTES
        if route.policy is Policy.KEY
        and any(name not in NOBODYS for name in re.findall(r"\{(.*?)\}", route.path))
    ]


def test_a_neighbours_id_is_not_found(tmp_path) -> None:
    """On any route that takes one: as if it were not there, and it is, for whose it is."""

    async def test(w: World) -> None:
        own = await w.key(tenant="acme", scopes=SCOPES)
        thief = await w.key(tenant="evil", scopes=SCOPES)
        for route in with_ids():
            path = route.path
            for name in re.findall(r"\{(.*?)\}", route.path):
                path = path.replace(f"{{{name}}}", await MAKERS[name](w, own))
            stolen = await w.ask(route.method, path, key=thief)
            honest = await w.ask(route.method, path, key=own)

            assert 404 == stolen.status, (route, stolen.body)
            if "delivery_id" not in route.path:
                assert honest.status not in (401, 403, 404), (route, honest.body)

    within(tmp_path, test, PRIVATE)


def test_a_neighbour_in_the_same_tenant_is_one_too(tmp_path) -> None:
    """A request is its key's alone; keys of another user are not there."""

    async def test(w: World) -> None:
        anns = await w.key(tenant="acme", user="ann", scopes=SCOPES)
        bobs = await w.key(tenant="acme", user="bob", scopes=SCOPES)
        request_id, key_id = await a_request(w, anns), await a_key(w, anns)

        for path in (f"/v1/requests/{request_id}", f"/api/v1/keys/{key_id}"):
            assert [200, 404] == [(await w.ask("GET", path, key=k)).status for k in (anns, bobs)]

    within(tmp_path, test, PRIVATE)


def test_the_matrix_sees_a_route_without_its_policy() -> None:
    """The planted bugs: a new route, one that anybody's key may call, one without its scope."""
    route = next(r for r in ROUTES if r.path == "/admin/v1/tenants")
    open_route = ControlRoute("GET", route.path, Policy.KEY, route.handler, "")
    new = ControlRoute("GET", "/v1/secrets", Policy.ADMIN, route.handler, "")
    whole = {**policies(ROUTES), OPENAPI: (Policy.ADMIN, "")}

    for planted in (open_route, new):
        assert expected() != {**whole, **policies([planted])}
