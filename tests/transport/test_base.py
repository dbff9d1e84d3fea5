"""The seam's one helper: pumping an answer that does not come from a socket."""

import asyncio

from trunkline.transport.base import pump_by_reading
from trunkline.transport.replay import CannedResponse


def test_a_pump_by_reading_stops_when_asked_and_goes_on():
    """False while there may be more, True at the end; nothing is given twice."""

    async def pieces():
        yield b"a"
        yield b"b"
        yield b"c"

    async def main():
        response = CannedResponse(200, (), pieces())
        got = []

        def sink(data):
            got.append(data)
            return data == b"b"

        assert not await pump_by_reading(response, sink)
        assert [b"a", b"b"] == got
        assert await pump_by_reading(response, sink)
        assert [b"a", b"b", b"c"] == got

    asyncio.run(main())
