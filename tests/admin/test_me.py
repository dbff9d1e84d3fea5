"""GET /v1/me over HTTP: whose key it is, what is left, what was spent on whom."""

from tests.gateway import World, within


def test_a_key_learns_about_itself(tmp_path):
    """Who it is, how its limits stand, what it has spent, and who answered."""

    async def test(w: World) -> None:
        key = await w.key(
            name="robot",
            tenant="acme",
            user="ann",
            plan="plutosai-free",
            tags=("web",),
            scopes=("chat:write", "usage:read"),
            models=("fast",),
        )
        for _ in range(2):
            await w.chat(key)
        me = (await w.ask("GET", "/v1/me", key=key)).json

        assert {
            "name": "robot",
            "tenant": "acme",
            "user": "ann",
            "plan": "plutosai-free",
            "tags": ["web"],
            "scopes": ["chat:write", "usage:read"],
            "models": ["fast"],
        }.items() <= me.items()
        minute = {limit["limit"]: limit for limit in me["limits"]}["requests_per_minute"]
        assert (60, 2, 58, "key") == (
            minute["most"],
            minute["used"],
            minute["remaining"],
            minute["scope"],
        )
        assert minute["resets_at"].endswith("Z")
        spend = me["spend"]
        assert [2, 2, 2] == [spend[name]["requests"] for name in ("day", "month", "total")]
        assert spend["total"]["cost_nanousd"] > 0
        assert float(spend["total"]["cost_usd"]) == spend["total"]["cost_nanousd"] / 1e9
        assert [("sim", "sim-chat", 2)] == [
            (r["provider"], r["model"], r["requests"]) for r in me["routed"]
        ]

    within(tmp_path, test)


def test_a_model_is_one_however_it_was_called(tmp_path):
    """By an alias, by its name, by its provider's and its name; another provider's is another."""

    async def test(w: World) -> None:
        key = await w.key()
        for name in ("fast", "sim/sim-chat", "claude/sim-chat", "sim-chat"):
            await w.chat(key, name)
        me = (await w.ask("GET", "/v1/me", key=key)).json

        assert [("claude", "sim-chat", 1), ("sim", "sim-chat", 3)] == [
            (r["provider"], r["model"], r["requests"]) for r in me["routed"]
        ]

    within(tmp_path, test)


def test_a_plain_key_has_little_to_tell(tmp_path):
    """No user, no plan, no limits, nothing spent; another key's requests are not its own."""

    async def test(w: World) -> None:
        await w.chat(await w.key())
        me = (await w.ask("GET", "/v1/me", key=await w.key())).json

        assert {"user": None, "plan": None, "models": None, "limits": [], "routed": []}.items() <= (
            me.items()
        )
        assert 0 == me["spend"]["total"]["requests"]

    within(tmp_path, test)


def test_limits_of_one_model_are_told_with_it(tmp_path):
    """And what they refused was routed to nobody."""

    async def test(w: World) -> None:
        limits = {"models": {"fast": {"requests_per_day": 1}}}
        made = await w.ask("POST", "/admin/v1/keys", {"name": "k", "limits": limits})
        key = made.json["key"]
        for _ in range(2):
            await w.chat(key)
        me = (await w.ask("GET", "/v1/me", key=key)).json

        (limit,) = me["limits"]
        assert ("fast", "model", 1, 0) == (
            limit["model"],
            limit["scope"],
            limit["used"],
            limit["remaining"],
        )
        assert [("sim", 1)] == [(r["provider"], r["requests"]) for r in me["routed"]]

    within(tmp_path, test)


def test_the_admin_is_nobody_in_particular(tmp_path):
    """It is told to ask with a tenant's key."""

    async def test(w: World) -> None:
        assert 403 == (await w.ask("GET", "/v1/me")).status

    within(tmp_path, test)
