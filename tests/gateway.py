"""A whole gateway in a temporary folder, on the simulator: no socket, no key, time stands still."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette

from trunkline.admin.app import control_app
from trunkline.config.load import parse
from trunkline.flow.base import Head
from trunkline.tenancy.wishes import NewKey
from trunkline.testing.fakes import FakeReply, ManualClock
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.machine import Machine
from trunkline.wiring.serving import endpoints

CONFIG = """
[providers.sim]
[providers.claude]
kind = "sim"
dialect = "anthropic-messages"
[models.fast]
targets = ["sim/sim-chat", "claude/sim-chat"]
"""
ADMIN_KEY = "tl_admin_of-these-tests"


def entropy() -> Callable[[int], bytes]:
    """Unpredictable enough for a test, and the same in every run."""
    count = 0

    def take(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(b"%d" % count).digest(size)

    return take


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class World:
    """A running gateway and its control plane."""

    gateway: Gateway
    clock: ManualClock
    config: list[str]
    """The configuration's text, as the next reload will read it."""
    logged: list[str]
    bugs: list[tuple[str, BaseException]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app: Starlette = control_app(
            self.gateway, entropy(), lambda where, bug: self.bugs.append((where, bug))
        )

    async def key(self, **wanted: Any) -> str:
        """A fresh key for clients."""
        created = await self.gateway.key_service.create(NewKey(**{"name": "test", **wanted}))
        return created.key

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = ADMIN_KEY,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call of the control plane; `body` is bytes as they are, or a value for JSON."""
        named = {"authorization": f"Bearer {key}"} if key else {}
        data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body else b""
        return await call(self.app, method, path, data, {**named, **(headers or {})})

    async def chat(
        self, key: str, model: str = "fast", path: str = "/v1/chat/completions", **more: object
    ) -> FakeReply:
        """One request on the hot path."""
        said = [{"role": "user", "content": "Say hello."}]
        body = msgspec.json.encode({"model": model, "max_tokens": 20, "messages": said, **more})
        endpoint = endpoints(self.gateway)[b"POST", path.encode()]
        reply = FakeReply()
        await endpoint.begin(head(key, path, self.clock)).run(body, reply)
        return reply


def head(key: str, path: str, clock: ManualClock) -> Head:
    named = {b"authorization": b"Bearer " + key.encode()}
    return Head(b"POST", path.encode(), b"", named, "127.0.0.1", clock.unix(), clock.monotonic())


async def call(
    app: Callable[..., Awaitable[None]],
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request, spoken to an ASGI application directly."""
    plain, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(n.encode(), v.encode()) for n, v in (headers or {}).items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8787),
    }
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    first = sent[0]
    return Answer(
        first["status"],
        {name.decode(): value.decode() for name, value in first["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


@asynccontextmanager
async def world(
    folder: Path, config: str = CONFIG, environ: Mapping[str, str] | None = None
) -> AsyncIterator[World]:
    clock, texts, logged = ManualClock(), [config], list[str]()
    around = {"TRUNKLINE_ADMIN_KEY": ADMIN_KEY} if environ is None else environ
    machine = Machine(
        environ=around,
        clock=clock,
        entropy=entropy(),
        dice=lambda: 0.0,
        write_log=logged.append,
    )
    gateway = Gateway(
        machine, lambda: (parse(texts[0], around, "t.toml"), texts[0], "t.toml"), folder
    )
    try:
        await gateway.start()
        yield World(gateway, clock, texts, logged)
    finally:
        await gateway.aclose()


def within(
    folder: Path, test: Callable[[World], Awaitable[None]], config: str = CONFIG, **more: Any
) -> None:
    """Run a test's coroutine in a world of its own."""

    async def main() -> None:
        async with world(folder, config, **more) as made:
            await test(made)

    asyncio.run(main())
