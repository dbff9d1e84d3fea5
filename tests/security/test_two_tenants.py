"""Two tenants side by side on every route there is: neither learns anything of the other."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.gateway import Answer, World, world
from tests.security.homes import Home
from tests.security.party import CONFIG, MOUNTS, Party, asking, path_of
from tests.storage.postgres_server import PostgresServer
from trunkline.admin.app import ROUTES
from trunkline.admin.base import ControlRoute, Policy
from trunkline.faces.base import Mount
from trunkline.storage.records import ResponseRecord

Ids = Mapping[str, str]
Maker = Callable[[Party], Awaitable[Ids]]

KEYED = tuple(route for route in ROUTES if route.policy is Policy.KEY)
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
# What everybody may name: it is nobody's.
PUBLIC = frozenset({"model"})
RESPONSES = next(m for m in MOUNTS if m.remembers and m.operation == "chat")
CHAT = next(m for m in MOUNTS if m.path == b"/v1/chat/completions")
HOOK = {"url": "http://127.0.0.1:9/", "events": ["*"]}


async def response(party: Party, **more: object) -> Ids:
    answer = await party.ask(RESPONSES, {**asking(RESPONSES, party.marker), **more})
    return {"response_id": party.thing(answer)["id"]}


async def request(party: Party) -> Ids:
    answer = await party.ask(CHAT, asking(CHAT, party.marker))
    return {"request_id": answer.headers["x-trunkline-request-id"]}


async def key(party: Party) -> Ids:
    answer = await party.call("POST", "/api/v1/keys", {"name": party.marker})
    return {"key_id": party.thing(answer)["id"]}


async def webhook(party: Party) -> Ids:
    answer = await party.call("POST", "/v1/webhooks", HOOK)
    return {"webhook_id": party.thing(answer)["id"]}


async def delivery(party: Party) -> Ids:
    ids = await webhook(party)
    answer = await party.call("POST", f"/v1/webhooks/{ids['webhook_id']}/test")
    return {**ids, "delivery_id": party.thing(answer)["id"]}


OWNED: Mapping[tuple[str, ...], Maker] = {
    ("response_id",): response,
    ("request_id",): request,
    ("key_id",): key,
    ("webhook_id",): webhook,
    ("webhook_id", "delivery_id"): delivery,
}
"""By the names in a path, how a tenant comes to have one. A route with other ids wants a line here."""

BODIES: Mapping[tuple[str, str], object] = {
    ("POST", "keys"): {"name": "another"},
    ("POST", "webhooks"): HOOK,
    ("PATCH", "{webhook_id}"): {"enabled": True},
}
"""By method and a path's last word; {} where nothing is said."""


def owned(route: ControlRoute) -> tuple[str, ...]:
    return tuple(name for name in _PARAMETER.findall(route.path) if name not in PUBLIC)


WITH_IDS = tuple(route for route in KEYED if owned(route))


def body_of(route: ControlRoute) -> object:
    if route.method in {"GET", "DELETE"}:
        return None
    return BODIES.get((route.method, route.path.rpartition("/")[2]), {})


def filled(route: ControlRoute, ids: Ids) -> str:
    return _PARAMETER.sub(lambda found: ids.get(found[1], "sim/sim-echo"), route.path)


def within(home: Home, test: Callable[[World, Party, Party], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(home.data, CONFIG + home.config) as w:
            left = await Party(w, "tenant-left", "LEFTMARK7q2v").enter()
            right = await Party(w, "tenant-right", "RIGHTMARK9x4b").enter()
            await test(w, left, right)
            assert [] == w.bugs

    asyncio.run(main())


def told(answer: Answer, ids: Ids) -> tuple[int, str]:
    """An answer without what is its own: the ids that were asked for, and the request's."""
    text = answer.body.decode()
    for number in (*ids.values(), answer.headers["x-trunkline-request-id"]):
        text = text.replace(number, "ID")
    return answer.status, text


def unknown(ids: Ids) -> Ids:
    """Of the same form, and nobody's: the last letters stand in another order."""
    return {name: value[:-4] + value[-4:][::-1].swapcase() + "0" for name, value in ids.items()}


def test_every_id_in_a_path_has_an_owner() -> None:
    """A new route with an id that is not tried below fails here."""
    assert [] == sorted({f"{r.method} {r.path}" for r in WITH_IDS if owned(r) not in OWNED})


def route_name(route: ControlRoute) -> str:
    return f"{route.method} {route.path}"


async def foreign(route: ControlRoute, owner: Party, other: Party) -> list[str]:
    """What is wrong with this route, where `other` names what is the owner's."""
    theirs, mine = await OWNED[owned(route)](owner), await OWNED[owned(route)](other)
    body, wrong = body_of(route), []
    for name in owned(route):
        ids = {**mine, name: theirs[name]}
        nobodys = {**mine, name: unknown(theirs)[name]}
        given = await other.call(route.method, filled(route, ids), body)
        none = await other.call(route.method, filled(route, nobodys), body)
        if given.status != 404:
            wrong.append(f"{name}: {given.status}")
        elif told(given, ids) != told(none, nobodys):
            wrong.append(f"{name}: told apart from one that never was: {given.body!r}")
    own = await owner.call(route.method, filled(route, theirs), body)
    if own.status >= 300 and "cancel" not in route.path:  # only background responses can be
        wrong.append(f"its owner is refused: {own.status} {own.body!r}")
    return wrong


@pytest.mark.parametrize("route", WITH_IDS, ids=route_name)
def test_a_foreign_id_is_as_good_as_none(tmp_path: Path, route: ControlRoute) -> None:
    """404 in the words for an id that never was, and the owner's thing is as it was."""

    async def test(_: World, left: Party, right: Party) -> None:
        assert [] == await foreign(route, left, right)
        assert [] == await foreign(route, right, left)

    within(Home(tmp_path), test)


def test_a_foreign_id_is_as_good_as_none_on_postgresql(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """On every route, one after the other in one gateway: a database each would take a minute."""

    async def test(_: World, left: Party, right: Party) -> None:
        for route in WITH_IDS:
            assert [] == await foreign(route, left, right), route_name(route)
            for party in (left, right):
                await clear(party)

    within(Home(tmp_path, postgres.fresh()), test)


@pytest.mark.parametrize("stream", (False, True))
def test_a_foreign_response_is_not_gone_on_from(home: Home, stream: bool) -> None:
    """Nor are its items, nor one that is made in the background cancelled."""

    async def test(_: World, left: Party, right: Party) -> None:
        theirs = (await response(left))["response_id"]
        items = (await left.call("GET", f"/v1/responses/{theirs}/input_items")).json["data"]
        item = {"type": "item_reference", "id": items[0]["id"]}
        for more in ({"previous_response_id": theirs}, {"input": [item]}):
            wish = {**asking(RESPONSES, right.marker, stream=stream), **more}
            assert (await right.ask(RESPONSES, wish)).status in {400, 404}
        made = await response(left, background=True)
        path = f"/v1/responses/{made['response_id']}/cancel"
        assert 404 == (await right.call("POST", path)).status
        assert [] == right.of_the_other(left)

    within(home, test)


async def walk(parties: Sequence[Party]) -> None:
    """Every route, by each in turn: with its marker, and with keys that the other uses as well."""
    for mount in MOUNTS:
        for stream in (False, True):
            for party in parties:
                wish = asking(mount, party.marker, stream=stream)
                answer = await party.ask(mount, wish, idempotency_key=f"same-{stream}")
                assert answer.status < 300, (mount.path, answer.body)
    for route in KEYED:
        for party in parties:
            ids = await OWNED[owned(route)](party) if owned(route) else {}
            await party.call(route.method, filled(route, ids), body_of(route))
            await clear(party)


async def clear(party: Party) -> None:
    """A tenant may have so many webhooks, and each route makes one."""
    for hook in (await party.call("GET", "/v1/webhooks")).json["data"]:
        await party.call("DELETE", f"/v1/webhooks/{hook['id']}")


def repeating(mount: Mount) -> bool:
    """Whether an answer says again what was asked."""
    return mount.operation in {"chat", "text_completion"}


def test_no_byte_of_one_reaches_the_other(home: Home) -> None:
    """Two passes over all routes, each tenant with words of its own, which the simulator repeats."""

    async def test(_: World, left: Party, right: Party) -> None:
        for _pass in range(2):
            await walk((left, right))
        for party, other in ((left, right), (right, left)):
            assert [] == party.of_the_other(other)
            # Or the search above would be blind.
            told_own = {what for what, _, a in party.got if party.marker.encode() in a.body}
            assert not {f"POST {path_of(m)}" for m in MOUNTS if repeating(m)} - told_own
            assert 20 < len(party.made)

    within(home, test)


def test_what_both_ask_alike_is_answered_to_each(home: Home) -> None:
    """To the bit, under one Idempotency-Key: each has an entry of its own, and gets that again."""

    async def test(_: World, left: Party, right: Party) -> None:
        for mount in MOUNTS:
            ids: list[list[str]] = [[], []]
            for _pass in range(2):
                for number, party in enumerate((left, right)):
                    answer = await party.ask(mount, asking(mount, "Alike."), idempotency_key="one")
                    ids[number].append(answer.headers["x-trunkline-request-id"])
            assert not set(ids[0]) & set(ids[1]), mount.path
            if mount.operation != "count_tokens":
                assert [1, 1] == [len(set(own)) for own in ids], mount.path
        assert [] == left.of_the_other(right) + right.of_the_other(left)

    within(home, test)


def test_sums_are_each_tenants_own(home: Home) -> None:
    """One asks, the other's entries and sums stay as they were."""

    async def test(w: World, left: Party, right: Party) -> None:
        await request(left)
        await w.gateway.reports.totals()
        sums = [await w.ask("GET", f"/admin/v1/usage?tenant={p.tenant}") for p in (left, right)]
        assert [1, 0] == [answer.json["total"]["requests"] for answer in sums]

    within(home, test)


class Forgetful:
    """A store of responses that has forgotten whose they are. Planted."""

    def __init__(self, store: object, tenants: Sequence[str]) -> None:
        self._store = store
        self._tenants = tenants

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def get(self, _tenant: str, response_id: str) -> ResponseRecord | None:
        for tenant in self._tenants:
            found: ResponseRecord | None = await self._store.get(tenant, response_id)
            if found is not None:
                return found
        return None


def test_a_store_that_forgets_whose_it_is_would_be_seen(home: Home) -> None:
    """By the foreign id, and by the search through all answers."""
    route = next(r for r in WITH_IDS if r.path == "/v1/responses/{response_id}")

    async def test(w: World, left: Party, right: Party) -> None:
        store = w.gateway.conversations.store
        w.gateway.conversations.store = Forgetful(store, (left.tenant, right.tenant))
        assert ["response_id: 200"] == (await foreign(route, left, right))[:1]
        assert [] != right.of_the_other(left)

    within(home, test)
