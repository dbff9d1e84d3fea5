"""A tenant at work: its key, its marker, every answer it got, and all that was made for it alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.gateway import Answer, World, head
from trunkline.faces.base import Mount
from trunkline.faces.registry import FACES
from trunkline.tenancy.keys import SCOPES
from trunkline.testing.fakes import FakeReply
from trunkline.wiring.serving import endpoints

MOUNTS: tuple[Mount, ...] = tuple(mount for spec in FACES.values() for mount in spec.mounts)
CONFIG = """
[providers.sim]
[providers.claude]
kind = "sim"
dialect = "anthropic-messages"
[webhooks]
allow_private = true
"""
# In one piece, also in a stream: what is searched for must not be cut.
ECHO = "sim/sim-echo@chunk=99"
_MADE = re.compile(rb'"(?:id|key|secret|key_id|prefix)":\s*"([^"]{8,})"')
_OWN_ID = "x-trunkline-request-id"


def asking(mount: Mount, said: str, *, stream: bool = False) -> Mapping[str, object]:
    """A request of this mount's dialect. A dialect that is not here wants a line here."""
    turn = {"role": "user", "content": said}
    wish: Mapping[str, object] = {"stream": True} if stream else {}
    match mount.dialect:
        case "openai-chat":
            return {"model": ECHO, "messages": [turn], **wish}
        case "openai-responses":
            wish = {} if mount.operation == "count_tokens" else wish
            return {"model": ECHO, "input": said, **wish}
        case "anthropic-messages":
            wish = {} if mount.operation == "count_tokens" else {"max_tokens": 500, **wish}
            return {"model": ECHO, "messages": [turn], **wish}
        case "openai-completions":
            return {"model": ECHO, "prompt": said, "max_tokens": 500, **wish}
        case "openai-embeddings":
            return {"model": "sim/sim-embed", "input": said}
        case "gemini-embeddings" if mount.path.endswith(b":embedContent"):
            return {"content": {"parts": [{"text": said}]}}
        case "gemini-embeddings":
            return {"requests": [{"content": {"parts": [{"text": said}]}, "title": said}]}
        case "gemini":
            return {"contents": [{"role": "user", "parts": [{"text": said}]}]}
        case other:
            raise AssertionError(f"say in tests/security/party.py how {other} is asked")


def path_of(mount: Mount) -> str:
    return mount.path.decode().replace("{model}", f"models/{ECHO}")


@dataclass
class Party:
    world: World
    tenant: str
    marker: str
    key: str = ""
    got: list[tuple[str, bytes, Answer]] = field(default_factory=list)
    """Where, all that was said there, and the answer."""
    made: set[bytes] = field(default_factory=set)
    """Ids and secrets that came into the world for this tenant."""

    async def enter(self) -> "Party":
        self.key = await self.world.key(tenant=self.tenant, scopes=tuple(SCOPES))
        self.made |= {self.key.encode(), self.key.split("_")[1].encode()}
        return self

    async def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Of the control plane."""
        answer = await self.world.ask(method, path, body, key=self.key, headers=headers)
        said = path.encode() + msgspec.json.encode(body)
        return self._note(f"{method} {path}", said, answer, made=method == "POST")

    async def ask(self, mount: Mount, body: Mapping[str, object], **headers: str) -> Answer:
        """Of the hot path."""
        path, reply = path_of(mount), FakeReply()
        given = head(self.key, path, self.world.clock)
        named = {n.replace("_", "-").encode(): v.encode() for n, v in headers.items()}
        given = msgspec.structs.replace(given, headers={**given.headers, **named})
        endpoint = endpoints(self.world.gateway)[b"POST", mount.path]
        said = msgspec.json.encode(body)
        await endpoint.begin(given).run(said, reply)
        told = {name.decode(): value.decode() for name, value in reply.headers}
        remembered = mount.remembers and mount.operation == "chat"
        answer = Answer(reply.status, told, reply.body)
        return self._note(f"POST {path}", said, answer, made=remembered)

    def _note(self, what: str, said: bytes, answer: Answer, *, made: bool) -> Answer:
        self.got.append((what, said, answer))
        self.made.add(answer.headers[_OWN_ID].encode())
        if made and answer.status < 300:
            self.made |= set(_MADE.findall(answer.body))
        return answer

    def of_the_other(self, other: "Party") -> list[str]:
        """Where in what this tenant was told something of the other's stands that it did not say."""
        theirs = (other.made - self.made) | {other.marker.encode(), other.tenant.encode()}
        return [
            f"{what}: {token.decode()}"
            for what, said, answer in self.got
            for token in sorted(theirs)
            if token not in said
            and (token in answer.body or any(token.decode() in v for v in answer.headers.values()))
        ]

    def thing(self, answer: Answer) -> Any:
        assert answer.status < 300, answer.body
        return answer.json
