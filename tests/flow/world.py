"""A small world for the flow: real dialects, scripted upstreams, books in a list."""

import asyncio

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Exchange, Principal
from trunkline.dialects.registry import (
    COUNTING,
    DIALECTS,
    EMBEDDING_SERVERS,
    EMBEDDINGS,
    TEXT_ONLY,
)
from trunkline.faces.native.face import Native
from trunkline.flow.rooms import Rooms
from trunkline.flow.serve import Serving
from trunkline.kernel.tasks import Tasks
from trunkline.observe.log import Log
from trunkline.providers.base import Credential
from trunkline.routing.base import Route
from trunkline.routing.registry import STRATEGIES
from trunkline.routing.retry import RetryRules
from trunkline.routing.router import Router
from trunkline.routing.table import RouteTable
from trunkline.testing.fakes import FakeReply, FlatPricer, LetterCounter, ListLedger, ManualClock
from trunkline.transport.base import Origin, UpstreamRequest
from trunkline.transport.replay import Recording, ReplayTransport

SSE = ((b"content-type", b"text/event-stream"),)
OPENAI, ANTHROPIC = "openai-chat", "anthropic-messages"


class ScriptedProvider:
    """One upstream whose answers are recordings."""

    is_ready = True

    def __init__(self, name, dialect, recordings, keys=1, **deployment):
        self.name = name
        self.dialect = dialect
        self.transport = ReplayTransport(recordings)
        self.credentials = tuple(Credential(f"{name}#{i}", ()) for i in range(1, keys + 1))
        self._deployment = deployment

    def deployment(self, model):
        return Deployment(
            id=f"{self.name}/{model}",
            provider=self.name,
            model=model,
            dialect=self.dialect,
            **self._deployment,
        )

    def models(self):
        return ()

    def credential(self, credential_id, key):
        return Credential(credential_id, (), own=True)

    def request(self, deployment, path, encoded, credential):
        headers = ((b"x-credential", credential.id.encode()),)
        return UpstreamRequest(
            Origin("http", self.name, 80), b"POST", path.encode(), headers, encoded.body
        )

    async def ready(self, deployment):
        return

    async def aclose(self):
        return


class World:
    def __init__(self, *providers, retry=None):
        self.clock = ManualClock()
        self.ledger = ListLedger()
        self.logged = []
        self.failures = []
        self.providers = {p.name: p for p in providers}
        route = Route("m", tuple(p.deployment("m") for p in providers))
        self.router = Router(
            RouteTable({"m": route}, self.providers, None),
            STRATEGIES,
            lambda d: 0.0,
            retry=retry or RetryRules(jitter=0.0),
        )
        self.rooms = Rooms(
            generation=1,
            dialects={**DIALECTS, **TEXT_ONLY},
            clients={**DIALECTS, **TEXT_ONLY},
            counting=COUNTING,
            embedding_servers=EMBEDDING_SERVERS,
            embeddings=EMBEDDINGS,
            providers=self.providers,
            router=self.router,
            ledger=self.ledger,
            pricer=FlatPricer(),
            counter=LetterCounter(),
            clock=self.clock,
            tasks=Tasks(lambda name, error: self.failures.append((name, repr(error)))),
            dice=lambda: 0.0,
            token=lambda: "t0k3n",
            log=Log(self.logged.append, self.clock),
            conversations=None,
            background=None,
        )
        self.exchange = None
        self.principal = Principal(key_id="k", tenant="t")

    def make(self, body, dialect=OPENAI):
        envelope = json.decode(body, type=dict[str, Raw])
        return Exchange(
            id="req_1",
            face="native",
            dialect=dialect,
            operation="chat",
            principal=self.principal,
            envelope=envelope,
            model="m",
            stream=b'"stream":true' in body,
            headers={},
            received_at=self.clock.unix(),
            started=self.clock.monotonic(),
            body=body,
        )

    async def serve(self, body, dialect=OPENAI, reply=None):
        reply = reply or FakeReply()
        self.exchange = self.make(body, dialect)
        await Serving(self.rooms, self.exchange, Native(), reply).run()
        await self.rooms.tasks.finish("settle ")
        return reply

    def ask(self, body, dialect=OPENAI):
        return asyncio.run(self.serve(body, dialect))

    @property
    def sent(self):
        return [len(p.transport.sent) for p in self.providers.values()]

    @property
    def unclosed(self):
        return sum(p.transport.unclosed for p in self.providers.values())


def openai(*recordings, name="up", **more):
    return ScriptedProvider(name, OPENAI, recordings, **more)


def anthropic(*recordings, name="up", **more):
    return ScriptedProvider(name, ANTHROPIC, recordings, **more)


def chat_body(*, stream=False, **more):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **more}
    if stream:
        body["stream"] = True
    return json.encode(body)


def chunk(delta=None, finish=None, usage=None):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "up-m"}
    return b"data: " + json.encode({**body, "choices": choices, "usage": usage}) + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})
HELLO = chunk({"content": "hello"})
STOP = chunk({}, "stop")
USAGE = chunk(usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})
DONE = b"data: [DONE]\n\n"

WHOLE = json.encode(
    {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "up-m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
)


def streamed(*steps):
    return Recording(headers=SSE, steps=steps)


def whole(body=WHOLE, status=200, headers=((b"content-type", b"application/json"),)):
    return Recording(status=status, headers=headers, steps=(body,))
