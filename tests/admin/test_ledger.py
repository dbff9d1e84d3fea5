"""The log of requests over HTTP: to whoever made them, and to the admin."""

import pytest

from tests.gateway import World, within
from trunkline.tenancy.wishes import NewKey

HEADER = b"x-trunkline-request-id"


def test_a_key_sees_its_own_requests_only(tmp_path):
    """Another key of the same tenant, and one of another tenant, are told that there is none."""

    async def test(w: World) -> None:
        own, colleague = await w.key(tenant="acme"), await w.key(tenant="acme")
        stranger = await w.key(tenant="other")
        reply = await w.chat(own)
        name = reply.header(HEADER).decode()
        mine = await w.ask("GET", f"/v1/requests/{name}", key=own)
        admins = await w.ask("GET", f"/admin/v1/requests/{name}")

        assert (200, "acme", "ok") == (mine.status, mine.json["tenant"], mine.json["status"])
        assert mine.json == admins.json
        for key in (colleague, stranger):
            assert 404 == (await w.ask("GET", f"/v1/requests/{name}", key=key)).status
        assert 404 == (await w.ask("GET", "/admin/v1/requests/req_nope")).status

    within(tmp_path, test)


async def pages(w: World, query: str, key: str | None = None) -> list[str]:
    """The ids of all pages, as a program that follows `next` sees them."""
    ids: list[str] = []
    after = ""
    path = "/v1/requests" if key else "/admin/v1/requests"
    while after is not None:
        page = f"{path}?{query}" + (f"&after={after}" if after else "")
        answer = await (w.ask("GET", page, key=key) if key else w.ask("GET", page))
        assert 200 == answer.status, answer.body
        ids += [request["id"] for request in answer.json["data"]]
        after = answer.json["next"]
        assert (after is not None) == answer.json["has_more"]
    return ids


def test_the_log_is_read_page_by_page(tmp_path):
    """The newest first, each once, however long the pages are."""

    async def test(w: World) -> None:
        key = await w.key()
        made = []
        for _ in range(5):
            reply = await w.chat(key)
            made.append(reply.header(HEADER).decode())
        for limit in (1, 2, 5, 9):
            assert made[::-1] == await pages(w, f"limit={limit}")

    within(tmp_path, test)


def test_the_log_is_searched(tmp_path):
    """By each filter, all of which must hold."""

    async def test(w: World) -> None:
        acme = await w.gateway.key_service.create(NewKey(name="a", tenant="acme", user="ann"))
        other = await w.key(tenant="other")
        await w.chat(acme.key)
        await w.chat(acme.key, model="sim/sim-chat@status=400")
        await w.chat(other)

        for query, count in (
            ("tenant=acme", 2),
            (f"key_id={acme.id}", 2),
            ("user=ann&status=failed", 1),
            ("status=ok", 2),
            ("model=fast", 2),
            ("provider=sim", 3),
            ("provider=claude", 0),
            ("to=2001-01-01", 0),
            ("session=s", 0),
        ):
            assert count == len(await pages(w, query)), query

    within(tmp_path, test)


def test_the_log_says_why_a_request_was_refused(tmp_path):
    """Nobody was asked, so no attempt can tell."""

    async def test(w: World) -> None:
        limits = {"limits": {"requests_per_day": 0}}
        made = await w.ask("POST", "/admin/v1/keys", {"name": "k", **limits})
        key = made.json["key"]
        assert 429 == (await w.chat(key)).status
        (row,) = (await w.ask("GET", "/v1/requests", key=key)).json["data"]

        assert ("failed", "rate_limit_exceeded") == (row["status"], row["error_code"])

    within(tmp_path, test)


def test_a_key_reads_its_own_log(tmp_path):
    """Not its colleagues', whatever it asks for."""

    async def test(w: World) -> None:
        own, colleague = await w.key(tenant="acme"), await w.key(tenant="acme")
        reply = await w.chat(own)
        await w.chat(colleague)

        assert [reply.header(HEADER).decode()] == await pages(w, "status=ok", own)
        assert [] == await pages(w, "status=failed", own)
        assert 400 == (await w.ask("GET", "/v1/requests?key_id=x", key=own)).status

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("query", "param"),
    (
        ("after=x", "after"),
        ("after=12.", "after"),
        ("limit=0", "limit"),
        ("colour=red", "colour"),
        ("status=fine", "status"),
    ),
)
def test_a_page_that_cannot_be(tmp_path, query, param):
    """400 with the parameter."""

    async def test(w: World) -> None:
        answer = await w.ask("GET", f"/admin/v1/requests?{query}")

        assert (400, param) == (answer.status, answer.json["error"]["param"])

    within(tmp_path, test)
