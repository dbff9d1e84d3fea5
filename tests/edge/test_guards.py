"""What is refused at the door, on the hot path and before the application alike."""

import asyncio

import pytest

from tests.edge.payloads import ACCEPTED, ANYWHERE, GOOD_PATHS, PATHS
from tests.edge.world import FakeEndpoint, World, echo, get, post, run, world
from trunkline.edge import guards
from trunkline.edge.guards import Refusal

WHERE = ("/hot", "/app")


class FakeApplication:
    """Remembers the paths of requests that reached it whole, and answers 200."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken")
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            return
        self.paths.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def alive(w: World) -> bool:
    return (await w.ask(post("/hot", b"alive"))).body == b"alive"


@pytest.mark.parametrize("path", WHERE)
@pytest.mark.parametrize("name, status, payload", ANYWHERE, ids=[row[0] for row in ANYWHERE])
def test_refused(name: str, status: int, payload: bytes, path: str) -> None:
    """One error, then the connection ends; nobody behind the door saw a request."""

    async def test() -> None:
        hot, application = FakeEndpoint(echo), FakeApplication()
        async with world({"/hot": hot}, application=application) as w:
            client = await w.connect()
            client.send(payload.replace(b"@", path.encode()) + get("/after"))
            found = await client.answers()

            assert [status] == [answer.status for answer in found]
            assert b"close" == found[0].headers[b"connection"]
            assert found[0].whole
            assert ([], []) == (hot.bodies, application.paths)
            assert 1 == sum(w.edge.statistics().refused.values())
            assert await alive(w)
            assert [] == w.failures

    run(test)


@pytest.mark.parametrize("path", WHERE)
@pytest.mark.parametrize("name, statuses, payload", ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_accepted(name: str, statuses: tuple[int, ...], payload: bytes, path: str) -> None:
    """One answer for each request, and not one request more than answers."""

    async def test() -> None:
        hot, application = FakeEndpoint(echo), FakeApplication()
        async with world({"/hot": hot}, application=application) as w:
            client = await w.connect()
            client.send(payload.replace(b"@", path.encode()))
            found = [(await client.answer()).status for _ in statuses]
            # Would another one come? Whatever was smuggled in would be answered first.
            if client.writer.can_write_eof() and not client.reader.at_eof():
                client.send(post("/hot", b"marker", "Connection: close"))
            found += [
                answer.status for answer in await client.answers() if answer.body != b"marker"
            ]

            served = [body for body in hot.bodies if body != b"marker"] + application.paths
            assert list(statuses) == found
            assert statuses.count(200) == len(served)
            assert "/admin" not in application.paths
            assert await alive(w)
            assert [] == w.failures

    run(test)


def test_bad_paths() -> None:
    """Whatever two readers might resolve to different places is refused, not repaired."""

    async def test() -> None:
        hot, application = FakeEndpoint(echo), FakeApplication()
        async with world({"/hot": hot}, application=application) as w:
            requests = [b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode() for path in PATHS]
            statuses = await asyncio.gather(*(w.ask(request) for request in requests))

            assert dict.fromkeys(PATHS, 400) == {
                path: answer.status for path, answer in zip(PATHS, statuses, strict=True)
            }
            assert ([], []) == (hot.begun, application.paths)

    run(test)


def test_good_paths() -> None:
    """Ids may hold what ids hold, an encoded slash among it, below the prefix that allows it."""

    async def test() -> None:
        application = FakeApplication()
        async with world({}, application=application) as w:
            statuses = [(await w.ask(get(path))).status for path, _ in GOOD_PATHS]

            assert [200] * len(GOOD_PATHS) == statuses
            assert [seen for _, seen in GOOD_PATHS] == application.paths

    run(test)


def test_a_refusal_speaks_the_dialect_of_the_path() -> None:
    """Where the path is an endpoint's, its clients can read the error; elsewhere it is plain."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            hot = await w.ask(post("/hot").replace(b"localhost", b"a/b"))
            assert {"dialect": "fake", "code": "invalid_request", "id": "req_1"} == hot.json
            plain = await w.ask(post("/app").replace(b"localhost", b"a/b"))
            why = "the Host header is not a host name or address"
            error = {
                "message": why,
                "type": "invalid_request_error",
                "code": "invalid_request",
                "param": None,
            }
            assert {"error": error} == plain.json
            assert b"req_1" == plain.headers[b"x-trunkline-request-id"]

    run(test)


def test_a_refused_head_has_no_body() -> None:
    """HEAD is answered with the length a GET would have, and nothing else."""

    async def test() -> None:
        async with world({}) as w:
            client = await w.connect()
            client.send(get("/a//b", method="HEAD"))
            data = await client.closed()

            assert data.startswith(b"HTTP/1.1 400 ")
            assert data.endswith(b"\r\n\r\n")

    run(test)


def test_framing_around_chunks_is_bounded() -> None:
    """Endless chunk extensions or trailers bring no body, and are cut."""
    head = b"POST /hot HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            for flood in (b"1;" + b"a" * 400_000, b"0\r\nX: " + b"a" * 400_000):
                client = await w.connect()
                client.send(head)
                await w.until(lambda: w.edge.statistics().open_connections > 0)
                client.send(flood)
                [answer] = await client.answers()
                assert 400 == answer.status
            # Whereas a chunk per byte is only a waste.
            slow = head + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
            assert b"x" * 50_000 == (await w.ask(slow)).body
            assert 1 == len(hot.bodies)

    run(test)


def test_a_path_that_is_no_path() -> None:
    """The pure function raises for what no client of ours sends."""
    for path in (b"", b"*", b"a", b"http://a/b"):
        with pytest.raises(Refusal):
            guards.check_path(path, ())


def test_the_encoded_slash_is_a_parameter() -> None:
    """It may be allowed elsewhere, or nowhere."""
    guards.check_path(b"/ids/a%2Fb", (b"/ids/",))
    with pytest.raises(Refusal):
        guards.check_path(b"/v1/models/a%2Fb", ())
