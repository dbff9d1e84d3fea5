"""A key's own usage over HTTP, in the shape of each face."""

import pytest

from tests.gateway import World, within

PATHS = ("/v1/usage", "/api/v1/usage", "/plutos/v1/usage")


def test_native_usage(tmp_path):
    """The key's own, grouped and narrowed, with the span it is of."""

    async def test(w: World) -> None:
        own, colleague = await w.key(tenant="acme"), await w.key(tenant="acme")
        for key, model in ((own, "fast"), (own, "sim/sim-chat"), (colleague, "fast")):
            await w.chat(key, model=model)
        said = (await w.ask("GET", "/v1/usage?group_by=model,day", key=own)).json
        fast = (await w.ask("GET", "/v1/usage?model=fast&from=0", key=own)).json

        assert ("usage", "key", 2) == (said["object"], said["of"], said["total"]["requests"])
        assert ["fast", "sim/sim-chat"] == [row["model"] for row in said["rows"]]
        assert said["from"] < w.clock.unix() < said["to"]
        assert (1, 0) == (fast["total"]["requests"], fast["from"])

    within(tmp_path, test)


def test_a_tenants_usage_must_be_said(tmp_path):
    """A key without scopes, or with all others, is told which one it lacks."""

    async def test(w: World) -> None:
        plain = await w.key(tenant="acme")
        reader = await w.key(tenant="acme", scopes=("usage:read",))
        chief = await w.key(tenant="acme", scopes=("usage:read", "usage:tenant"))
        await w.chat(plain)
        await w.chat(await w.key(tenant="other"))

        for key in (plain, reader):
            for path in ("/v1/usage", "/api/v1/usage"):
                refused = await w.ask("GET", f"{path}?of=tenant", key=key)
                assert 403 == refused.status
                assert "usage:tenant" in refused.json["error"]["message"]
        own = (await w.ask("GET", "/v1/usage", key=chief)).json
        whole = (await w.ask("GET", "/v1/usage?of=tenant&group_by=key", key=chief)).json
        shown = (await w.ask("GET", "/api/v1/usage?of=tenant", key=chief)).json
        assert [0, 1, 1] == [
            own["total"]["requests"],
            len(whole["rows"]),
            shown["data"]["total_requests"],
        ]
        assert 400 == (await w.ask("GET", "/v1/usage?group_by=key", key=plain)).status

    within(tmp_path, test)


def test_keyplex_usage(tmp_path):
    """This month's, by model; tokens in and out are all there are."""

    async def test(w: World) -> None:
        key = await w.key()
        for model in ("fast", "fast", "sim/sim-reason"):
            await w.chat(key, model=model)
        native = (await w.ask("GET", "/v1/usage", key=key)).json["total"]["tokens"]
        said = (await w.ask("GET", "/api/v1/usage", key=key)).json

        data = said["data"]
        assert ("usage", 3, sum(native.values())) == (
            said["object"],
            data["total_requests"],
            data["total_tokens"],
        )
        assert data["total_tokens"] == data["prompt_tokens"] + data["completion_tokens"]
        assert native["input"] == data["prompt_tokens"]
        assert {"fast": 2, "sim/sim-reason": 1} == {
            name: model["requests"] for name, model in data["models"].items()
        }
        assert data["total_tokens"] == sum(model["tokens"] for model in data["models"].values())
        start, end = said["period"]["start"], said["period"]["end"]
        assert start.endswith("-01T00:00:00Z")
        assert end.endswith("T23:59:59Z")

    within(tmp_path, test)


def test_plutosai_usage(tmp_path):
    """The days that are asked for, both included; dollars, and the limits of the key's plan."""

    async def test(w: World) -> None:
        key = await w.key(plan="plutosai-free")
        await w.chat(key)
        today = (await w.ask("GET", "/v1/usage?group_by=day", key=key)).json["rows"][0]["day"]
        path = f"/plutos/v1/usage?start_date={today}&end_date={today}"
        said = (await w.ask("GET", path, key=key)).json
        past = (
            await w.ask(
                "GET", "/plutos/v1/usage?end_date=2001-01-01&start_date=2000-01-01", key=key
            )
        ).json

        native = (await w.ask("GET", "/v1/usage", key=key)).json["total"]
        usage = said["usage"]
        assert {"start": f"{today}T00:00:00Z", "end": f"{today}T23:59:59Z"} == said["period"]
        assert (1, sum(native["tokens"].values()), {"fast": 1}) == (
            usage["totalRequests"],
            usage["totalTokens"],
            usage["requestsByModel"],
        )
        assert native["cost_nanousd"] / 1e9 == usage["totalCost"] > 0
        assert {
            "requestsPerMinute": 60,
            "requestsPerHour": 1000,
            "requestsPerDay": None,
        } == said["limits"]
        assert 0 == past["usage"]["totalRequests"]

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("path", "param"),
    (
        ("/v1/usage?of=me", "of"),
        ("/v1/usage?tenant=other", "tenant"),
        ("/v1/usage?group_by=tenant", "group_by"),
        ("/api/v1/usage?start_date=soon", "start_date"),
        ("/plutos/v1/usage?start_date=2026-02-02&end_date=2026-02-01", "start_date"),
        ("/plutos/v1/usage?from=0", "from"),
    ),
)
def test_a_question_that_makes_no_sense(tmp_path, path, param):
    """400 with the parameter."""

    async def test(w: World) -> None:
        answer = await w.ask("GET", path, key=await w.key())

        error = answer.json["error"]
        told = error["details"] if path.startswith("/plutos/") else error
        assert (400, param) == (answer.status, told["param"])

    within(tmp_path, test)


def test_the_admin_has_a_door_of_its_own(tmp_path):
    """Usage of a key is asked for with that key."""

    async def test(w: World) -> None:
        for path in PATHS:
            assert 403 == (await w.ask("GET", path)).status
            key = await w.key(scopes=("chat:write",))
            assert 403 == (await w.ask("GET", path, key=key)).status

    within(tmp_path, test)
