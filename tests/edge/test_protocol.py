"""The hot path from the outside: requests in, answers out, on one connection and its neighbours."""

import asyncio
import gc
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge.world import JSON, FakeEndpoint, World, echo, get, post, run, world
from trunkline.canon.errors import RateLimited, Unauthenticated
from trunkline.edge.limits import Limits
from trunkline.flow.base import Reply


def test_a_request_reaches_its_endpoint_and_is_answered() -> None:
    """Path, query, headers and body arrive as sent; the answer is one sized message."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            answer = await w.ask(post("/hot?beta=true", b'{"a":1}', "X-Api-Key: k", "ACCEPT: */*"))

            assert (200, b'{"a":1}') == (answer.status, answer.body)
            assert b"7" == answer.headers[b"content-length"]
            assert b"Sat, 21 Nov 2026" == answer.headers[b"date"][:16]
            assert b"server" not in answer.headers
            head = hot.begun[0]
            assert (b"POST", b"/hot", b"beta=true") == (head.method, head.path, head.query)
            assert b"k" == head.headers[b"x-api-key"]
            assert b"*/*" == head.headers[b"accept"]
            assert "127.0.0.1" == head.peer
            assert (w.clock.monotonic(), w.clock.unix()) == (head.started, head.received_at)

    run(test)


def test_a_path_with_a_model() -> None:
    """Its endpoint gets it as it was sent; what does not fit falls through, unlike a wrong method."""

    async def test() -> None:
        hot, exact = FakeEndpoint(echo), FakeEndpoint(echo)
        async with world({"/v1/{model}:do": hot, "/v1/exact:do": exact}) as w:
            for name in ("models/a", "models/a/b", "models/a%2Fb"):
                answer = await w.ask(post(f"/v1/{name}:do?alt=sse", b"{}"))
                assert (200, b"{}") == (answer.status, answer.body)
            await w.ask(post("/v1/exact:do", b"{}"))

            assert [b"/v1/models/a:do", b"/v1/models/a/b:do", b"/v1/models/a%2Fb:do"] == [
                head.path for head in hot.begun
            ]
            assert [b"alt=sse"] == list({head.query for head in hot.begun})
            assert 1 == len(exact.begun)
            for path in ("/v1/:do", "/v1/models/a:undo", "/v2/models/a:do"):
                assert 404 == (await w.ask(post(path, b"{}"))).status
            assert 405 == (await w.ask(get("/v1/models/a:do"))).status
            assert 400 == (await w.ask(post("/v1/../models/a:do", b"{}"))).status

    run(test)


def test_repeated_headers() -> None:
    """Lists are joined; of others the first counts."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            await w.ask(
                post("/hot", b"", "Anthropic-Beta: a", "Anthropic-Beta: b", "X-Key: 1", "X-Key: 2")
            )

            headers = hot.begun[0].headers
            assert (b"a, b", b"1") == (headers[b"anthropic-beta"], headers[b"x-key"])

    run(test)


def test_keep_alive() -> None:
    """One connection carries any number of requests, hot and fallen through in turns."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            for n in range(20):
                client.send(post("/hot", b"%d" % n))
                assert b"%d" % n == (await client.answer()).body
                client.send(get("/healthz"))
                assert 200 == (await client.answer()).status

            assert 1 == w.edge.statistics().connections
            assert 20 == w.edge.statistics().hot_requests
            assert 20 == w.edge.statistics().fall_through_requests

    run(test)


def test_pipelined_requests_are_answered_one_at_a_time_in_order() -> None:
    """Later ones wait, whatever they are: hot, fallen through, turned away, not HTTP."""

    async def test() -> None:
        gate = asyncio.Event()

        async def gated(body: bytes, reply: Reply) -> None:
            await gate.wait()
            reply.whole(200, JSON, body)

        first, deny = FakeEndpoint(gated), FakeEndpoint(echo, Unauthenticated("no"))
        second = FakeEndpoint(echo)
        async with world({"/gated": first, "/hot": second, "/deny": deny}) as w:
            client = await w.connect()
            client.send(
                post("/gated", b"1")
                + post("/hot", b"2")
                + get("/healthz")
                + post("/deny", b"4")
                + post("/hot", b"5")
                + b"garbage\r\n\r\n"
            )
            await w.until(lambda: bool(first.bodies))
            assert [] == second.bodies
            gate.set()
            found = await client.answers()

            assert [200, 200, 200, 401, 200, 400] == [answer.status for answer in found]
            assert [b"1", b"2", b"5"] == [found[n].body for n in (0, 1, 4)]

    run(test)


def test_too_many_pipelined_requests() -> None:
    """What waits is bounded: the first ones are answered, then the connection ends."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}, limits=Limits(pipelined=3)) as w:
            client = await w.connect()
            client.send(post("/hot", b"x") * 30)
            found = await client.answers()

            assert [200] * 4 + [400] == [answer.status for answer in found]
            assert 1 == w.edge.statistics().refused["pipeline"]

    run(test)


def test_nothing_after_a_request_to_close_is_served() -> None:
    """`Connection: close` is the client's last request; what follows it is not looked at."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            client.send(post("/hot", b"1", "Connection: close") + post("/hot", b"2"))
            found = await client.answers()

            assert [b"1"] == [answer.body for answer in found]
            assert b"close" == found[0].headers[b"connection"]
            assert 1 == len(hot.begun)

    run(test)


def test_http_1_0() -> None:
    """Answered and closed; a stream ends by closing, for chunks are not known there."""

    async def test() -> None:
        async def stream(body: bytes, reply: Reply) -> None:
            reply.start(200, JSON)
            reply.write(b"one ")
            reply.write(b"two")
            reply.end()

        async with world({"/hot": FakeEndpoint(echo), "/stream": FakeEndpoint(stream)}) as w:
            for path, body in (("/hot", b"x"), ("/stream", b"one two")):
                client = await w.connect()
                client.send(post(path, b"x").replace(b"HTTP/1.1", b"HTTP/1.0"))
                [answer] = await client.answers()
                assert (200, body, b"close") == (
                    answer.status,
                    answer.body,
                    answer.headers[b"connection"],
                )

    run(test)


SPLIT = (
    post("/hot?x=1", b'{"stream":true}', "X-Long: " + "y" * 50)
    + b"POST /hot HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
    + b"POST /hot HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    + b"Content-Length: 3\r\n\r\nabc"
    + get("/nowhere")
    + b"POST /hot HTTP/1.1\r\nHost: a b\r\n\r\n"
)


@settings(max_examples=25)
@given(st.lists(st.integers(0, len(SPLIT)), max_size=30), st.booleans())
def test_any_split_of_the_bytes_gives_the_same_answers(cuts: list[int], everywhere: bool) -> None:
    """However the network cuts a request, even between all bytes, it means the same."""
    points = sorted({0, *(range(len(SPLIT)) if everywhere else cuts), len(SPLIT)})

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            for start, end in itertools.pairwise(points):
                client.send(SPLIT[start:end])
                await asyncio.sleep(0)
            found = await client.answers()

            assert [200, 200, 200, 404, 400] == [answer.status for answer in found]
            assert [b'{"stream":true}', b"hello world", b"abc"] == hot.bodies
            assert all(b"x-trailer" not in head.headers for head in hot.begun)

    run(test)


MUTATIONS = st.lists(
    st.tuples(st.integers(0, len(SPLIT)), st.integers(0, 12), st.binary(max_size=6)), max_size=8
)


@settings(max_examples=60)
@given(MUTATIONS)
def test_no_bytes_are_a_bug(mutations: list[tuple[int, int, bytes]]) -> None:
    """Whatever is cut from and pasted into good requests: answers below 500, and the edge lives."""
    data = SPLIT
    for at, cut, paste in mutations:
        data = data[:at] + paste + data[at + cut :]

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            client.send(data)
            client.writer.write_eof()
            found = await client.answers()

            assert [] == [answer.status for answer in found if answer.status >= 506]
            assert b"alive" == (await w.ask(post("/hot", b"alive"))).body
            assert [] == w.failures
            assert w.edge.statistics().bugs == 0

    run(test)


def test_a_body_is_asked_for_once_the_request_is_admitted() -> None:
    """`Expect: 100-continue` gets its 100 from an endpoint that says yes."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            request = post("/hot", b"hello", "Expect: 100-continue")
            client.send(request[:-5])
            assert 100 == (await client.answer()).status
            client.send(b"hello")
            assert b"hello" == (await client.answer()).body

    run(test)


def test_the_hundred_waits_for_its_turn() -> None:
    """A pipelined request is told to go on only after the answer before it."""

    async def test() -> None:
        gate = asyncio.Event()

        async def gated(body: bytes, reply: Reply) -> None:
            await gate.wait()
            reply.whole(200, JSON, body)

        async with world({"/gated": FakeEndpoint(gated), "/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            client.send(post("/gated", b"1") + post("/hot", b"hello", "Expect: 100-continue")[:-5])
            gate.set()
            statuses = [(await client.answer()).status for _ in range(2)]
            client.send(b"hello")
            answer = await client.answer()

            assert [200, 100, 200] == [*statuses, answer.status]

    run(test)


def test_refused_before_the_body() -> None:
    """An endpoint that says no is asked at the headers; the body is neither asked for nor kept."""

    async def test() -> None:
        deny = FakeEndpoint(echo, Unauthenticated("no"))
        async with world({"/hot": deny}) as w:
            client = await w.connect()
            client.send(post("/hot", b"hello", "Expect: 100-continue")[:-5])
            [answer] = await client.answers()

            assert 401 == answer.status
            assert {"dialect": "fake", "code": "invalid_api_key", "id": "req_1"} == answer.json
            assert b"close" == answer.headers[b"connection"]
            assert {"invalid_api_key": 1} == w.edge.statistics().refused

    run(test)


def test_a_short_refused_body_is_read_past() -> None:
    """The connection lives on after a 401 or 429: the next request may be a better one."""

    async def test() -> None:
        deny, hot = FakeEndpoint(echo, RateLimited("later")), FakeEndpoint(echo)
        async with world({"/deny": deny, "/hot": hot}) as w:
            client = await w.connect()
            request = post("/deny", b"x" * 1000)
            client.send(request[:-500])
            assert 429 == (await client.answer()).status
            client.send(request[-500:] + post("/hot", b"y"))
            assert b"y" == (await client.answer()).body
            assert [] == deny.bodies

    run(test)


def test_a_long_refused_body_is_not() -> None:
    """Nobody reads a megabyte for nothing: answered, then closed, without a reset on the way."""

    async def test() -> None:
        deny = FakeEndpoint(echo, Unauthenticated("no"))
        async with world({"/deny": deny}) as w:
            client = await w.connect()
            client.send(post("/deny", b"x" * 1_000_000))
            [answer] = await client.answers()

            assert (401, True) == (answer.status, answer.whole)

    run(test)


@pytest.mark.parametrize("chunked", (False, True))
def test_the_body_cap(chunked: bool) -> None:
    """One byte too many is refused, at the headers or as soon as it comes; the cap itself is not."""
    limits = Limits(body_bytes=1000)

    def body(size: int) -> bytes:
        if not chunked:
            return post("/hot", b"x" * size)
        head = b"POST /hot HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size)

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}, limits=limits) as w:
            assert 200 == (await w.ask(body(1000))).status
            client = await w.connect()
            client.send(body(1001))
            [answer] = await client.answers()

            assert (413, "request_too_large") == (answer.status, answer.json["code"])
            assert [1000] == [len(one) for one in hot.bodies]

    run(test)


def test_the_body_cap_holds_for_the_application() -> None:
    """An application that reads its body is told that the client has gone."""

    async def test() -> None:
        seen: list[str] = []

        async def application(scope, receive, send) -> None:
            if scope["type"] == "lifespan":
                raise RuntimeError("not spoken")
            while True:
                message = await receive()
                seen.append(message["type"])
                if message["type"] == "http.disconnect":
                    return

        async with world({}, limits=Limits(body_bytes=1000), application=application) as w:
            client = await w.connect()
            client.send(
                b"PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
            )
            await w.until(lambda: bool(seen))
            client.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
            [answer] = await client.answers()

            assert 413 == answer.status
            await w.until(lambda: seen[-1] == "http.disconnect")
            assert [] == w.failures

    run(test)


def test_an_upgrade_is_ignored_and_the_request_served() -> None:
    """Java's HttpClient asks for h2c each time and must get its answer in HTTP/1.1."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            request = post(
                "/hot",
                b"hello",
                "Connection: Upgrade, HTTP2-Settings",
                "Upgrade: h2c",
                "HTTP2-Settings: A",
            )
            client.send(request * 2)
            assert [b"hello"] * 2 == [(await client.answer()).body for _ in range(2)]
            assert b"upgrade" not in hot.begun[0].headers
            websocket = get("/ws", "Connection: Upgrade", "Upgrade: websocket")
            assert 404 == (await w.ask(websocket)).status

    run(test)


def test_a_bug_in_begin() -> None:
    """Answered 500 in the endpoint's dialect, reported, and nobody else notices."""

    async def test() -> None:
        bad, hot = FakeEndpoint(echo, ZeroDivisionError()), FakeEndpoint(echo)
        async with world({"/bad": bad, "/hot": hot}) as w:
            client = await w.connect()
            client.send(post("/bad", b"x") + post("/hot", b"y"))
            first, second = await client.answer(), await client.answer()

            assert (500, "internal_error") == (first.status, first.json["code"])
            assert b"y" == second.body
            assert [ZeroDivisionError] == [type(error) for error in w.failures]

    run(test)


def test_crowded() -> None:
    """Beyond its connections the edge says so; probes still get through, and it recovers."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}, limits=Limits(connections=1)) as w:
            held = await w.connect()
            held.send(post("/hot", b"x"))
            await held.answer()
            refused = await w.ask(post("/hot", b"x"))
            assert (503, "overloaded") == (refused.status, refused.json["code"])
            assert 200 == (await w.ask(get("/healthz"))).status
            await w.until(lambda: w.edge.statistics().open_connections == 1)
            held.send(post("/hot", b"y"))
            assert b"y" == (await held.answer()).body

    run(test)


def test_ten_thousand_requests_leave_nothing_behind() -> None:
    """No task, no connection and no object per request is kept."""

    async def some(w: World, count: int) -> None:
        client = await w.connect()
        for _ in range(count):
            client.send(post("/hot", b"x" * 100) * 20)
            for _ in range(20):
                await client.answer()
        client.leave()

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            for _ in range(10):
                await asyncio.gather(*(some(w, 10) for _ in range(5)))
                hot.begun.clear()
                hot.bodies.clear()
                hot.ended.clear()
            await w.until(lambda: w.edge.statistics().open_connections == 0)

            statistics = w.edge.statistics()
            assert (10_000, 0, 0) == (
                statistics.hot_requests,
                statistics.active_requests,
                statistics.bugs,
            )
            names = {"HotReply", "EdgeProtocol", "RequestResponseCycle", "AsgiTurn"}
            gc.collect()
            left = [type(thing).__name__ for thing in gc.get_objects()]
            assert [] == [name for name in left if name in names]

    run(test)
