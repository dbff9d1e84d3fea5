"""Bodies over HTTP: to the admin alone, and only where somebody asked for them."""

import pytest

from tests.gateway import CONFIG, World, within

ON = CONFIG + "[logging]\nbodies = true\nredact = ['patient_id']\n"
HEADER = b"x-trunkline-request-id"
KEY = "sk-abcdefghijklmnop123456"
SAYS = {"messages": [{"role": "user", "content": f"It is {KEY}."}], "patient_id": "77"}


async def asked(w: World, **more: object) -> str:
    reply = await w.chat(await w.key(tenant="acme"), "sim/sim-echo", **SAYS, **more)
    return reply.header(HEADER).decode()


async def bodies(w: World, request_id: str, **more: str):
    return await w.ask("GET", f"/admin/v1/requests/{request_id}/bodies", **more)


def test_a_whole_answer_is_shown_as_json(tmp_path):
    """Both sides, redacted, and whose they are."""

    async def test(w: World) -> None:
        name = await asked(w)
        told = (await bodies(w, name)).json

        assert (name, "acme", "/v1/chat/completions") == (told["id"], told["tenant"], told["path"])
        assert (200, False, True) == (told["status"], told["streamed"], told["complete"])
        sent, got = told["request"], told["answer"]
        assert "It is [redacted]." == sent["body"]["messages"][0]["content"]
        assert "[redacted]" == sent["body"]["patient_id"]
        assert "It is [redacted]." == got["body"]["choices"][0]["message"]["content"]
        assert (False, True) == (sent["cut"], got["bytes"] > 100)

    within(tmp_path, test, ON)


def test_a_stream_is_shown_as_text(tmp_path):
    """As the client got it, but for the key that it told in pieces."""

    async def test(w: World) -> None:
        told = (await bodies(w, await asked(w, stream=True))).json

        assert told["streamed"]
        assert told["answer"]["body"].startswith("data: {")
        assert told["answer"]["body"].endswith("data: [DONE]\n\n")
        assert "[redacted]" in told["answer"]["body"]
        assert "mnop" not in told["answer"]["body"]

    within(tmp_path, test, ON)


def test_what_is_too_long_says_so(tmp_path):
    """Then it is text, for JSON is whole or none."""

    async def test(w: World) -> None:
        told = (await bodies(w, await asked(w))).json
        assert (True, 30) == (told["request"]["cut"], len(told["request"]["body"]))

    within(tmp_path, test, ON + "bodies_max_bytes = 30\n")


@pytest.mark.parametrize("config", (CONFIG, ON))
def test_where_there_are_none_it_says_why(tmp_path, config):
    """Off, which is the default, or unknown."""

    async def test(w: World) -> None:
        name = await asked(w) if config is CONFIG else "req_nope"
        refused = await bodies(w, name)
        assert 404 == refused.status
        says = "Bodies are not logged" if config is CONFIG else "No bodies of this request are kept"
        assert says in refused.json["error"]["message"]

    within(tmp_path, test, config)


def test_nobody_else_sees_them(tmp_path):
    """Nor the key that asked."""

    async def test(w: World) -> None:
        name = await asked(w)
        assert 401 == (await bodies(w, name, key=await w.key(tenant="acme"))).status

    within(tmp_path, test, ON)


def test_a_reload_turns_them_on_and_off(tmp_path):
    """What was kept meanwhile can still be read."""

    async def test(w: World) -> None:
        first = await asked(w)
        w.config[0] = ON
        await w.gateway.reload()
        second = await asked(w)
        w.config[0] = CONFIG
        await w.gateway.reload()
        third = await asked(w)
        statuses = [(await bodies(w, name)).status for name in (first, second, third)]
        assert [404, 200, 404] == statuses

    within(tmp_path, test)
