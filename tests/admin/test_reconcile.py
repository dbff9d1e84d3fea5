"""POST /admin/v1/reconcile over HTTP: a provider's export beside what was asked here."""

import pytest

from tests.gateway import CONFIG, World, within

PATH = "/admin/v1/reconcile"
HEADER = "start_time_iso,model,num_model_requests,input_tokens,input_cached_tokens,output_tokens"


async def export(w: World, more: int = 0) -> bytes:
    """What the simulator would tell of today if it were OpenAI."""
    view = (await w.ask("GET", "/admin/v1/usage?provider=sim&group_by=day")).json["rows"][0]
    tokens = view["tokens"]
    read = tokens["input"] + tokens["cache_read"] + more
    row = f"{view['day']}T00:00:00+00:00,sim-chat,{view['requests']},{read},0,{tokens['output']}"
    return f"{HEADER}\n{row}\n".encode()


def test_books_that_agree_and_that_do_not(tmp_path):
    """By day and model, of the providers that are named."""

    async def test(w: World) -> None:
        for _ in range(2):
            await w.chat(await w.key())
        path = f"{PATH}?provider=openai&as=sim"
        same = (await w.ask("POST", path, await export(w))).json
        other = (await w.ask("POST", path, await export(w, more=1000))).json
        wide = (await w.ask("POST", f"{path}&tolerance=1", await export(w, more=1000))).json

        assert (True, ["sim-chat"]) == (same["agrees"], [row["model"] for row in same["rows"]])
        assert (False, -1000) == (other["agrees"], other["total"]["delta"]["input"])
        assert wide["agrees"]
        assert ["sim"] == same["names"]

    within(tmp_path, test)


def test_a_provider_that_nobody_knows_is_refused(tmp_path):
    """Its own name, too, where it is called otherwise here; unless it was asked in these days."""

    async def test(w: World) -> None:
        await w.chat(await w.key(), model="claude/sim-chat")
        await w.chat(await w.key())
        body = await export(w)
        told = [
            await w.ask("POST", f"{PATH}?provider=openai{names}", body)
            for names in ("", "&as=sim,nope", "&as=claude")
        ]
        w.config[0] = CONFIG.replace("claude", "clyde")
        await w.gateway.reload()
        gone = await w.ask("POST", f"{PATH}?provider=openai&as=claude", body)

        assert [400, 400, 200, 200] == [one.status for one in (*told, gone)]
        for one, name in zip(told, ("openai", "nope"), strict=False):
            error = one.json["error"]
            assert "as" == error["param"]
            assert error["message"] == (
                f"no provider `{name}` is configured, and none of that name was asked in this time;"
                " there are sim, claude; say with `as` which of them are on this bill"
            )

    within(tmp_path, test)


def test_a_century_may_be_compared(tmp_path):
    """The first day and the last that an export may name, and as many tokens as it may."""

    async def test(w: World) -> None:
        days = ("2000-01-01T00:00:00Z", "2099-12-31T23:00:00-05:00")
        rows = "\n".join(f"{day},sim-chat,1,1e15,0,1e15" for day in days)
        told = await w.ask("POST", f"{PATH}?provider=openai&as=sim", f"{HEADER}\n{rows}".encode())

        assert (200, "2000-01-01", "2100-01-01") == (
            told.status,
            told.json["start"],
            told.json["end"],
        )
        assert -2 * 10**15 == told.json["total"]["delta"]["input"]

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("query", "body", "says"),
    (
        ("provider=acme", b"x", "one of openai, anthropic"),
        ("provider=openai", b"x", "none of OpenAI's columns"),
        ("provider=anthropic&tolerance=2", b"x", "from 0 to 1"),
        ("provider=openai&colour=red", b"x", "colour"),
        (
            "provider=openai&as=sim",
            f"{HEADER}\n2026-11-22T00:00:00,sim-chat,1,1e300000,0,1\n".encode(),
            "`input_tokens` of the export must be a number",
        ),
        (
            "provider=openai&as=sim",
            f"{HEADER}\n2026-02-30T00:00:00Z,sim-chat,1,1,0,1\n".encode(),
            "`start_time` of the export must be a day",
        ),
    ),
)
def test_what_cannot_be_compared(tmp_path, query, body, says):
    """400, and why."""

    async def test(w: World) -> None:
        answer = await w.ask("POST", f"{PATH}?{query}", body)

        assert 400 == answer.status
        assert says in answer.json["error"]["message"]

    within(tmp_path, test)
