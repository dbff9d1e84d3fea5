"""What falls through: probes, wrong methods, unknown paths, the application and its bugs."""

import pytest

from tests.edge.world import FakeEndpoint, echo, get, post, run, world

HOT = {"/v1/chat/completions": FakeEndpoint(echo)}


def test_probes() -> None:
    """Live is live; ready is what the process says; HEAD / answers 200 to whoever looks."""

    async def test() -> None:
        ready = True
        async with world({}, ready=lambda: ready) as w:
            live, fine = await w.ask(get("/healthz")), await w.ask(get("/readyz"))
            assert (200, {"status": "ok"}) == (live.status, live.json)
            assert (200, {"status": "ready"}) == (fine.status, fine.json)
            assert 200 == (await w.ask(get("/", method="HEAD"))).status
            assert 200 == (await w.ask(get("/readyz", method="HEAD"))).status
            ready = False
            unready = await w.ask(get("/readyz"))
            assert (503, {"status": "not ready"}) == (unready.status, unready.json)

    run(test)


@pytest.mark.parametrize("method", ("GET", "HEAD", "PUT", "DELETE", "PATCH"))
def test_another_method_on_a_hot_path(method: str) -> None:
    """405 with Allow, in the dialect of the path."""

    async def test() -> None:
        async with world(dict(HOT)) as w:
            answer = await w.ask(get("/v1/chat/completions", method=method))
            assert (405, b"POST") == (answer.status, answer.headers[b"allow"])
            assert method == "HEAD" or answer.json["code"] == "method_not_allowed"

    run(test)


def test_an_unknown_path() -> None:
    """404 in JSON, which names what was probably meant."""

    async def test() -> None:
        async with world(dict(HOT)) as w:
            answer = await w.ask(post("/chat/completions", b"{}"))
            why = "nothing is served at POST /chat/completions; did you mean /v1/chat/completions?"
            error = {
                "message": why,
                "type": "invalid_request_error",
                "code": "not_found",
                "param": None,
            }
            assert (404, {"error": error}) == (answer.status, answer.json)
            far = await w.ask(get("/xyz"))
            assert "nothing is served at GET /xyz" == far.json["error"]["message"]

    run(test)


def test_the_application() -> None:
    """It gets what is nobody else's, whatever the method, and streams its answer."""

    async def application(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken")
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (scope["method"].encode(), b" ", message["body"]):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def test() -> None:
        async with world(dict(HOT), application=application) as w:
            client = await w.connect()
            client.send(post("/admin/v1/keys", b"{}") + get("/admin/v1/keys", method="OPTIONS"))
            assert [b"POST {}", b"OPTIONS "] == [(await client.answer()).body for _ in range(2)]

    run(test)


def test_options_of_a_path_that_is_served() -> None:
    """Told which there are, as for any other method that is not one."""

    async def test() -> None:
        async with world(dict(HOT)) as w:
            client = await w.connect()
            client.send(get("/v1/chat/completions", method="OPTIONS"))
            answer = await client.answer()
            assert (405, b"POST") == (answer.status, dict(answer.headers)[b"allow"])

    run(test)


@pytest.mark.parametrize("started", (False, True))
def test_a_bug_of_the_application(started: bool) -> None:
    """500 in JSON where it still can be told, else the connection breaks; reported once."""

    async def application(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken")
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError

    async def test() -> None:
        async with world({}, application=application) as w:
            answer = await w.ask(get("/x"))
            assert ((200, False) if started else (500, True)) == (answer.status, answer.whole)
            assert started or answer.json["error"]["code"] == "internal_error"
            assert [ZeroDivisionError] == [type(error) for error in w.failures]

    run(test)
