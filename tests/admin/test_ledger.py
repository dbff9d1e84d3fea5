"""What the ledger tells over HTTP: one request to whoever made it, sums to the admin."""

import pytest

from tests.gateway import World, within

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


def test_usage_is_summed_and_filtered(tmp_path):
    """By what is asked for; the same tokens however they are grouped."""

    async def test(w: World) -> None:
        acme, other = await w.key(tenant="acme"), await w.key(tenant="other")
        for key in (acme, acme, other):
            await w.chat(key)
        whole = (await w.ask("GET", "/admin/v1/usage")).json
        by_tenant = (await w.ask("GET", "/admin/v1/usage?group_by=tenant")).json
        filtered = (await w.ask("GET", "/admin/v1/usage?tenant=acme&group_by=tenant")).json

        assert 3 == whole["total"]["requests"]
        assert {"acme": 2, "other": 1} == {
            row["tenant"]: row["requests"] for row in by_tenant["rows"]
        }
        assert [row for row in by_tenant["rows"] if row["tenant"] == "acme"] == filtered["rows"]
        assert whole["total"] == by_tenant["total"]

    within(tmp_path, test)


def test_usage_of_a_time(tmp_path):
    """The 30 days before `to`, unless `from` says otherwise; the end itself is not in it."""

    async def test(w: World) -> None:
        await w.chat(await w.key())
        day, now = 86_400, int(w.clock.unix())

        async def count(query: str) -> int:
            return (await w.ask("GET", f"/admin/v1/usage?{query}")).json["total"]["requests"]

        assert 1 == await count(f"to={now + 1}")
        assert 0 == await count(f"to={now}")
        assert 0 == await count(f"to={now + 31 * day}")
        assert 1 == await count(f"from={now}&to={now + 31 * day}")
        assert 1 == await count("from=2026-01-01&to=2027-01-01T00:00:00+01:00")
        assert 0 == await count("to=1970-01-02")

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("query", "param", "says"),
    (
        ("group_by=colour", "group_by", "there are model, provider, key"),
        ("colour=red", "colour", "there are from, to, group_by, tenant"),
        ("from=yesterday", "from", "a date like"),
        ("to=1796032800000", "to", "not milliseconds"),
        ("from=2026-02-01&to=2026-01-01", "from", "must come before 'to'"),
    ),
)
def test_a_wrong_question_is_told_what_may_be_asked(tmp_path, query, param, says):
    """400 with the parameter, and what would have been right."""

    async def test(w: World) -> None:
        error = (await w.ask("GET", f"/admin/v1/usage?{query}")).json["error"]

        assert param == error["param"]
        assert says in error["message"]

    within(tmp_path, test)
