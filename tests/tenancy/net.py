"""A network with one issuer at its other end, which says what a test wants it to."""

import asyncio

from trunkline.canon.errors import Unreachable


class Response:
    complete = True

    def __init__(self, status, body):
        self.status = status
        self.headers = ()
        self._body = body
        self.closed = False

    async def body(self, limit):
        if len(self._body) > limit:
            raise Unreachable("too long")
        return self._body

    def close(self):
        self.closed = True


class Net:
    """Answers with what it was given last; counts who asks."""

    def __init__(self, document=b"", status=200):
        self.document = document
        self.status = status
        self.asked = []
        self.answers = []
        self.down = False
        self.hold = None
        self.heard = asyncio.Event()

    async def send(self, request, timeouts):
        self.asked.append(request)
        self.heard.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.down:
            raise Unreachable("no connection")
        self.answers.append(Response(self.status, self.document))
        return self.answers[-1]

    async def aclose(self):
        return
