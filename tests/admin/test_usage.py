"""GET /admin/v1/usage over HTTP: sums by whatever is asked, as JSON and as CSV."""

import csv
import io

import pytest

from tests.gateway import World, within


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
        assert ("usage", "everybody", 30 * 86_400.0) == (
            whole["object"],
            whole["of"],
            whole["to"] - whole["from"],
        )
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
        ("group_by=colour", "group_by", "there are model, provider, upstream_model, key"),
        ("colour=red", "colour", "there are from, to, group_by, format, tenant"),
        ("from=yesterday", "from", "a date like"),
        ("to=1796032800000", "to", "not milliseconds"),
        ("from=2026-02-01&to=2026-01-01", "from", "must come before `to`"),
    ),
)
def test_a_wrong_question_is_told_what_may_be_asked(tmp_path, query, param, says):
    """400 with the parameter, and what would have been right."""

    async def test(w: World) -> None:
        error = (await w.ask("GET", f"/admin/v1/usage?{query}")).json["error"]

        assert param == error["param"]
        assert says in error["message"]

    within(tmp_path, test)


def test_usage_as_csv(tmp_path):
    """A line of names, then one for each row, with what JSON says; dollars exact."""

    async def test(w: World) -> None:
        for tenant in ("acme", "other"):
            await w.chat(await w.key(tenant=tenant))
        path = "/admin/v1/usage?group_by=tenant,day"
        told = (await w.ask("GET", path)).json["rows"]
        answer = await w.ask("GET", f"{path}&format=csv")
        total = await w.ask("GET", "/admin/v1/usage?format=csv")

        assert "text/csv; charset=utf-8; header=present" == answer.headers["content-type"]
        assert answer.body.count(b"\r\n") == 3
        assert answer.body.startswith(b"tenant,day,requests,")
        rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
        assert [(r["tenant"], r["day"], r["cost_nanousd"]) for r in rows] == [
            (r["tenant"], r["day"], str(r["cost_nanousd"])) for r in told
        ]
        assert [str(r["tokens"]["output"]) for r in told] == [r["output_tokens"] for r in rows]
        first = told[0]["cost_nanousd"]
        assert f"{first // 10**9}.{first % 10**9:09}" == rows[0]["cost_usd"]
        assert 2 == total.body.count(b"\r\n")

    within(tmp_path, test)


def test_no_format_but_these(tmp_path):
    """JSON and CSV."""

    async def test(w: World) -> None:
        error = (await w.ask("GET", "/admin/v1/usage?format=xml")).json["error"]

        assert "format" == error["param"]

    within(tmp_path, test)


def test_usage_by_user_and_tag(tmp_path):
    """As the key says whose it is, and what for."""

    async def test(w: World) -> None:
        await w.chat(await w.key(tenant="acme", user="ann", tags=("web", "beta")))
        await w.chat(await w.key(tenant="acme", user="bob", tags=("web",)))
        report = (await w.ask("GET", "/admin/v1/usage?group_by=tag")).json
        anns = (await w.ask("GET", "/admin/v1/usage?group_by=user&tag=beta")).json

        assert {"web": 2, "beta": 1} == {row["tag"]: row["requests"] for row in report["rows"]}
        assert 2 == report["total"]["requests"]
        assert [("ann", 1)] == [(row["user"], row["requests"]) for row in anns["rows"]]

    within(tmp_path, test)
