"""Turns that are not hot: refusals, and requests in uvicorn's hands."""

import asyncio

from tests.edge.world import FakeEndpoint, Unread, echo, get, post, run, world
from trunkline.edge.limits import Shutdown


def test_a_disconnect_is_told_to_the_application() -> None:
    """As ASGI says, by http.disconnect; also while others wait behind it."""

    async def test() -> None:
        application = Unread()
        async with world({"/hot": FakeEndpoint(echo)}, application=application) as w:
            client = await w.connect()
            client.send(get("/app") + post("/hot", b"x"))
            await w.until(lambda: application.seen == ["http.request"])
            client.leave()
            # While a request waits the socket is not read: the end shows when we write or look.
            await w.pass_time(1.0)
            w.edge.stop()
            w.edge.stop()
            await w.until(lambda: application.seen[-1] == "http.disconnect")

    run(test)


def test_the_application_is_cut_off_at_the_end_of_a_drain() -> None:
    """Its client is told 503, itself that the client has gone."""

    async def test() -> None:
        application = Unread()
        shutdown = Shutdown(drain_timeout=0.02)
        async with world({}, application=application, shutdown=shutdown) as w:
            client = await w.connect()
            client.send(get("/app"))
            await w.until(lambda: bool(application.seen))
            w.edge.stop()
            [answer] = await client.answers()

            assert (503, "shutting_down") == (answer.status, answer.json["error"]["code"])
            await w.until(lambda: application.seen[-1] == "http.disconnect")

    run(test)


def test_a_stream_of_the_application_is_cut_off() -> None:
    """Broken off where the client can see it, for only the application knows how to end it."""

    async def stream(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    async def test() -> None:
        shutdown = Shutdown(drain_timeout=0.02)
        async with world({}, application=stream, shutdown=shutdown) as w:
            client = await w.connect()
            client.send(get("/app"))
            await client.reader.readuntil(b"half\r\n")
            w.edge.stop()

            assert b"" == await client.closed()

    run(test)


def test_an_application_that_answers_before_the_body() -> None:
    """The rest of the body is read past, and the connection serves on."""

    async def hasty(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken")
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"no"})

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}, application=hasty) as w:
            client = await w.connect()
            request = post("/app", b"x" * 300_000)
            client.send(request[:1000])
            assert b"no" == (await client.answer()).body
            client.send(request[1000:] + post("/hot", b"next"))
            assert b"next" == (await client.answer()).body

    run(test)


def test_a_large_body_waits_until_it_is_read() -> None:
    """Uvicorn stops reading the socket while the application does not read the body."""

    async def test() -> None:
        gate = asyncio.Event()
        sizes: list[int] = []

        async def slow(scope, receive, send) -> None:
            if scope["type"] == "lifespan":
                raise RuntimeError("not spoken")
            await gate.wait()
            more = True
            while more:
                message = await receive()
                more = message.get("more_body", False)
                sizes.append(len(message["body"]))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

        async with world({}, application=slow) as w:
            client = await w.connect()
            client.send(post("/app", b"x" * 5_000_000))
            await w.until(lambda: "answering" in "".join(map(repr, w.edge.context.connections)))
            await w.pass_time(1000.0)
            gate.set()
            assert b"ok" == (await client.answer()).body
            assert (5_000_000, True) == (sum(sizes), max(sizes) < 1_000_000)

    run(test)
