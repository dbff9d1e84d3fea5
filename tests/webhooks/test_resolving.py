"""Names are looked up beside everybody else's lookups."""

import asyncio
import socket
import threading

import pytest

from tests.transport.upstream import until
from trunkline.webhooks.resolving import OwnThreads


def test_a_number_is_found_as_it_is():
    """By the machine's resolver, with the port."""
    found = asyncio.run(OwnThreads()("127.0.0.1", 443))

    assert [(socket.AF_INET, ("127.0.0.1", 443))] == list(found)


@pytest.mark.parametrize("error", (socket.gaierror(8, "no such name"), UnicodeError("label")))
def test_what_the_resolver_raises_is_told(error):
    """In the caller's turn."""

    def look_up(*_, **__):
        raise error

    with pytest.raises(type(error)):
        asyncio.run(OwnThreads(look_up)("a.example", 443))


def test_a_name_that_does_not_answer_holds_up_no_other():
    """Nor the loop's own lookups; at the limit the next is refused at once, and later is not."""
    answer = threading.Event()

    def look_up(host, port, **_):
        if host == "slow.example":
            answer.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

    async def test() -> None:
        names = OwnThreads(look_up, most=9)
        slow = [asyncio.create_task(names("slow.example", 1)) for _ in range(8)]  # noqa: TID251 - held right here
        await asyncio.sleep(0)
        assert [(socket.AF_INET, ("b.example", 2))] == list(await names("b.example", 2))
        await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 1)
        slow.append(asyncio.create_task(names("slow.example", 1)))  # noqa: TID251 - held right here
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="too many"):
            await names("c.example", 3)
        slow[0].cancel()
        answer.set()
        await asyncio.gather(*slow, return_exceptions=True)
        await until(lambda: names._busy == 0)
        assert 1 == len(await names("c.example", 3))

    asyncio.run(test())


def test_an_answer_after_the_end_is_nobody_s():
    """The loop that asked is closed."""
    answer, over = threading.Event(), threading.Event()

    def look_up(*_, **__):
        answer.wait(20)
        over.set()
        return []

    async def test(names: OwnThreads) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await names("slow.example", 1)

    names = OwnThreads(look_up)
    asyncio.run(test(names))
    answer.set()
    assert over.wait(60)
    for thread in threading.enumerate():
        if thread.name == "webhook-name":
            thread.join(60)
    assert "<OwnThreads 0 busy>" == repr(names)
