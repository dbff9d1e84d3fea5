"""A request as it arrived: whose it is, which dialect it speaks, what the log keeps of it."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.gemini_embeddings import is_gemini_embedding
from trunkline.providers.sim.log import Row
from trunkline.providers.sim.read_gemini import is_gemini, is_gemini_count
from trunkline.providers.sim.speech import (
    CHAT,
    COMPLETIONS,
    CONVERSE,
    COUNT,
    EMBEDDINGS,
    GEMINI,
    GEMINI_COUNT,
    GEMINI_EMBEDDINGS,
    MESSAGES,
    RESPONSES,
    Speech,
)

_SECRET = frozenset(
    {b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"cookie", b"x-sim-script"}
)


class Arrival(Struct, frozen=True):
    """A request, read whole."""

    method: str
    path: str
    """The request target: path and query."""
    headers: Headers
    """Lower-case names."""
    body: bytes


class Credential(Struct, frozen=True):
    """The key a request came with. Options may stand behind an "@" in it, as in a model name."""

    text: str
    options: str

    @staticmethod
    def of(headers: Mapping[bytes, bytes]) -> "Credential":
        bearer = headers.get(b"authorization", b"")
        key = bearer[7:] if bearer[:7].lower() == b"bearer " else b""
        for name in (b"x-api-key", b"api-key", b"x-goog-api-key"):
            key = key or headers.get(name, b"")
        text = key.decode("latin-1").strip()
        return Credential(text, text.partition("@")[2])


def routed(path: str, headers: Mapping[bytes, bytes]) -> Speech:
    """The dialect: by path, and where that leaves it open (models) by Anthropic's own headers."""
    if path.endswith("/messages"):
        return MESSAGES
    if path.endswith("/messages/count_tokens"):
        return COUNT
    if path.endswith("/chat/completions"):
        return CHAT
    if path.endswith("/embeddings"):
        return EMBEDDINGS
    if path.endswith("/completions"):
        return COMPLETIONS
    if path.endswith("/responses"):
        return RESPONSES
    if path.endswith(("/converse", "/converse-stream")):
        return CONVERSE
    if is_gemini_count(path):
        return GEMINI_COUNT
    if is_gemini_embedding(path):
        return GEMINI_EMBEDDINGS
    if is_gemini(path) or b"x-goog-api-key" in headers:
        return GEMINI
    return MESSAGES if b"anthropic-version" in headers or b"x-api-key" in headers else CHAT


def received(arrival: Arrival, credential: Credential, now: float, *, keep_body: bool) -> Row:
    """What can be told before the body is understood."""
    body = arrival.body
    key = sha256(credential.text.encode()).hexdigest()[:16] if credential.text else ""
    return Row(
        seq=0,
        id="",
        at=now,
        method=arrival.method,
        path=arrival.path,
        credential=key,
        headers={
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in arrival.headers
            if name not in _SECRET
        },
        body_bytes=len(body),
        body_sha256=sha256(body).hexdigest(),
        body=body.decode("utf-8", "replace") if keep_body else None,
    )


def described(row: Row, ask: Ask) -> None:
    row.model = ask.model
    row.stream = ask.stream
    row.tools = len(ask.tools)
    row.results = len(ask.results)
