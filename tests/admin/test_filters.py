"""Filters of usage and of the log: a typo is no report of nothing."""

import pytest

from tests.gateway import CONFIG, World, within

USAGE, LOG = "/admin/v1/usage", "/admin/v1/requests"


@pytest.mark.parametrize(
    ("path", "query", "says"),
    (
        (USAGE, "status=fine", "`status` must be one of ok, failed, partial, cancelled, orphaned"),
        (USAGE, "status=open", "`status` must be one of ok"),
        (USAGE, "mode=fast", "`mode` must be one of eco, balanced, quality, passthrough"),
        (USAGE, "face=nope", "`face` must be one of native, plexor, keyplex"),
        (
            USAGE,
            "provider=nope",
            "no provider `nope` is configured, and none of that name was asked",
        ),
        (USAGE, "provider=nope&format=csv", " in this time; there are sim, claude"),
        (LOG, "status=fine", "orphaned, open"),
        (LOG, "provider=nope", "there are sim, claude"),
    ),
)
def test_what_there_cannot_be_is_refused(tmp_path, path, query, says):
    """With what there is."""

    async def test(w: World) -> None:
        await w.chat(await w.key())
        error = (await w.ask("GET", f"{path}?{query}")).json["error"]

        assert query.partition("=")[0] == error["param"]
        assert says in error["message"]

    within(tmp_path, test)


def test_what_there_may_be_is_named_where_there_is_nothing(tmp_path):
    """A tenant, a model or a tag is whatever somebody once said: no rows, of what was asked for."""

    async def test(w: World) -> None:
        for path, filters in (
            (USAGE, {"tenant": "nope", "model": "m", "tag": "t"}),
            (USAGE, {"status": "failed", "mode": "", "face": "native", "provider": "claude"}),
            (USAGE, {}),
            (LOG, {"tenant": "nope", "session": "s", "status": "open"}),
            (LOG, {"provider": ""}),
        ):
            query = "&".join(f"{name}={value}" for name, value in filters.items())
            told = (await w.ask("GET", f"{path}?{query}")).json
            assert (filters, []) == (told["filters"], told.get("rows", told.get("data")))

    within(tmp_path, test)


def test_a_key_s_own_reports_name_their_filters(tmp_path):
    """Not whose they are; and who is configured here is not told to whoever guesses names."""

    async def test(w: World) -> None:
        key = await w.key()
        for path in ("/v1/usage", "/v1/requests"):
            told = (await w.ask("GET", f"{path}?provider=nope&status=ok", key=key)).json
            assert {"provider": "nope", "status": "ok"} == told["filters"]
            refused = await w.ask("GET", f"{path}?status=fine", key=key)
            assert (400, "status") == (refused.status, refused.json["error"]["param"])

    within(tmp_path, test)


def test_a_provider_of_yesterday_is_known_by_its_requests(tmp_path):
    """It is configured no more, and asked for in the time in which it was."""
    gone = CONFIG.replace("claude", "clyde")

    async def test(w: World) -> None:
        await w.chat(await w.key(), model="claude/sim-chat")
        w.config[0] = gone
        await w.gateway.reload()

        for path in (USAGE, LOG):
            assert 200 == (await w.ask("GET", f"{path}?provider=claude")).status
            # That there is nothing is not its fault.
            nothing = await w.ask("GET", f"{path}?provider=claude&tenant=nobody")
            assert (200, []) == (nothing.status, nothing.json.get("rows", nothing.json.get("data")))
            past = await w.ask("GET", f"{path}?provider=claude&to=2001-01-01")
            assert (400, "provider") == (past.status, past.json["error"]["param"])

    within(tmp_path, test)


def test_the_page_behind_the_last_is_no_unknown_provider(tmp_path):
    """There was one before it."""

    async def test(w: World) -> None:
        beyond = await w.ask("GET", f"{LOG}?provider=nope&after=1.req_1")
        assert (200, []) == (beyond.status, beyond.json["data"])

    within(tmp_path, test)
