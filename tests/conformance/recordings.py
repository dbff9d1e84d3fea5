"""The recorded exchanges of every provider that speaks one of our dialects, each in one form."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace

OPENAI = "openai-chat"
ANTHROPIC = "anthropic-messages"
RESPONSES = "openai-responses"
GEMINI = "gemini"
CONVERSE = "bedrock-converse"
COHERE = "cohere-chat"
UPSTREAMS_ALONE = frozenset({CONVERSE, COHERE})
"""No client speaks these: tests/conformance/converse.py and cohere.py have their exchanges."""

CLIENTS = "clients"
"""Requests captured from clients, without answers."""

_OTHER_APIS = frozenset({"embeddings", "openai-completions"})
_MESSAGE_STOP = re.compile(rb'"type":\s?"message_stop"')
_LAST_OF_A_RESPONSE = re.compile(rb'"type":\s?"response\.(completed|incomplete|failed)"')
_ENDED = ("completed", "incomplete")
_UNJUDGED = re.compile(
    # Its deltas and its end say different things: nobody can tell both.
    r"vai-openai-shell-container\.1\.chunks\.txt"
    # Calls whose arguments come value by value, which Google's SDK does not put together.
    r"|stream-tool-call-ar"
)
_NOISE = re.compile(r"^(pai|vai|llm|sdk)-+|^(est|test)-|-test(?=-)|\.(json|sse|chunks\.txt)$")
_LONGEST_ID = 60


class Recording(Struct, frozen=True, kw_only=True):
    """One exchange; of response-only recordings the answer alone, of clients the request alone."""

    id: str
    """ "groq/image-url-input.00", unique."""
    provider: str
    dialect: str
    status: int = 200
    counting: bool = False
    """Asks only how many tokens the request has."""
    request: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Of the response."""
    body: bytes | None = None
    """A whole answer, or an error."""
    stream: bytes | None = None

    @property
    def fails(self) -> bool:
        """An error before the first byte, or in a 200."""
        return self.body is not None and (self.status >= 400 or b'"error"' in self.body[:9])

    @property
    def breaks(self) -> bool:
        """A stream that tells of an error."""
        return self.stream is not None and b'"error":{' in self.stream

    @property
    def is_whole(self) -> bool:
        return self.body is not None and not self.fails and not self.counting

    @property
    def is_answer(self) -> bool:
        return self.is_whole or (self.stream is not None and not self.breaks)


def recordings(shared: Path) -> tuple[Recording, ...]:
    """Those of dialects that clients speak."""
    return tuple(r for r in recordings_in(shared) if r.dialect not in UPSTREAMS_ALONE)


@cache
def recordings_in(shared: Path) -> tuple[Recording, ...]:
    """In a fixed order; each id once."""
    found: list[Recording] = []
    taken: Counter[str] = Counter()
    for folder in sorted((shared / "fixtures").iterdir()):
        if not folder.is_dir() or folder.name in _OTHER_APIS:
            continue
        for path in sorted(folder.iterdir()):
            for recording in _read(path):
                name = _short(recording.provider, path.name)
                taken[name] += 1
                again = f"~{taken[name]}" if taken[name] > 1 else ""
                found.append(replace(recording, id=name + again))
    return tuple(found)


def _short(provider: str, name: str) -> str:
    """What the file's name says beyond its provider and where it came from."""
    said = name
    while said != (said := _NOISE.sub("", said)):
        pass
    said = said.replace(f"{provider}-", "")[-_LONGEST_ID:].strip("-.")
    return f"{provider}/{said}"


def _read(path: Path) -> Iterator[Recording]:
    provider = path.parent.name
    if path.suffix == ".sse":
        # A stream whose exchange has a file of its own is found through that.
        if not path.with_suffix(".json").exists():
            yield from _bare_stream(provider, path.read_bytes())
    elif path.name.endswith(".chunks.txt") and not _UNJUDGED.search(path.name):
        yield from _chunks(provider, path.read_bytes())
    elif path.suffix == ".json":
        found = json.decode(path.read_bytes())
        if provider == CLIENTS:
            yield from _captured(found)
        elif "request" in found and "response" in found:
            yield from _pair(provider, path, found)
        elif dialect := _dialect_of(found, provider):
            status = (found.get("error") or {}).get("code") if dialect == GEMINI else None
            yield Recording(
                id="",
                provider=provider,
                dialect=dialect,
                status=status or 200,
                body=json.encode(found),
            )


def _pair(provider: str, path: Path, found: dict[str, Any]) -> Iterator[Recording]:
    asked, answered = found["request"], found["response"]
    where = asked["path"].partition("?")[0].partition("#")[0]
    dialect = _dialect_at(where)
    if dialect is None:
        return
    body = answered.get("body")
    if (
        dialect == RESPONSES
        and isinstance(body, dict)
        and body.get("status", "") not in ("", *_ENDED)
    ):
        return  # asked for in the background, and not there yet
    stream = None
    if "sse_file" in answered:
        stream, body = (path.parent / Path(answered["sse_file"]).name).read_bytes(), None
    if dialect == GEMINI:
        stream, body = _of_google(stream, body)
    headers = answered.get("headers") or {}
    yield Recording(
        id="",
        provider=provider,
        dialect=dialect,
        status=answered["status"],
        counting=where.endswith("count_tokens"),
        request=(
            json.encode(asked["body"]) if asked["body"] and dialect not in UPSTREAMS_ALONE else None
        ),
        headers=tuple(
            (name.lower().encode(), _one(value).encode()) for name, value in headers.items()
        ),
        body=None if body is None else json.encode(body),
        stream=stream,
    )


def _of_google(stream: bytes | None, body: Any) -> tuple[bytes | None, Any]:
    """With line ends as all others have them; an array is a stream that asked for no events."""
    if stream is not None:
        return stream.replace(b"\r\n", b"\n"), None
    if isinstance(body, list):
        return b"".join(b"data: %b\n\n" % json.encode(chunk) for chunk in body), None
    return None, body


def _one(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)


def _captured(found: Any) -> Iterator[Recording]:
    for asked in found if isinstance(found, list) else ():
        dialect = _dialect_at(asked["path"].partition("?")[0])
        if dialect and asked.get("body"):
            yield Recording(
                id="", provider=CLIENTS, dialect=dialect, request=json.encode(asked["body"])
            )


def _dialect_at(where: str) -> str | None:
    if where.endswith("/chat/completions"):
        return OPENAI
    if re.search(r"/converse(-stream)?$", where):
        return CONVERSE
    if where.endswith("/v2/chat"):
        return COHERE
    if where.endswith("/responses"):
        return RESPONSES
    if where.endswith((":generateContent", ":streamGenerateContent")):
        return GEMINI
    return ANTHROPIC if re.search(r"/v1/messages(/count_tokens)?$", where) else None


def _dialect_of(answer: dict[str, Any], provider: str) -> str | None:
    """By the shape of a bare answer; both of OpenAI's dialects write errors alike."""
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and "message" in choices[0]:
        return OPENAI
    if answer.get("type") == "message":
        return ANTHROPIC
    if answer.get("object") == "response":
        return RESPONSES
    if "candidates" in answer:
        return GEMINI
    if isinstance(answer.get("message"), dict) and "finish_reason" in answer:
        return COHERE
    error = answer.get("error")
    if not (isinstance(error, dict) and "message" in error):
        return None
    return provider if provider in (RESPONSES, GEMINI) else OPENAI


def _chunks(provider: str, data: bytes) -> Iterator[Recording]:
    """One event's data in each line; framed here as the provider frames it."""
    lines = [line for line in data.splitlines() if line.strip()]
    first = json.decode(lines[0])
    if first.get("type") == "message_start":
        framed = b"".join(
            b"event: %b\ndata: %b\n\n" % (json.decode(line)["type"].encode(), line)
            for line in lines
        )
        yield from _bare_stream(provider, framed)
    elif str(first.get("type")).startswith("response."):
        yield from _responses(provider, lines)
    elif first.get("type") == "message-start":
        framed = b"".join(
            b"event: %b\ndata: %b\n\n" % (json.decode(line)["type"].encode(), line)
            for line in lines
        )
        yield Recording(id="", provider=provider, dialect=COHERE, stream=framed)
    elif "candidates" in first:
        framed = b"".join(b"data: %b\n\n" % line for line in lines)
        yield Recording(id="", provider=provider, dialect=GEMINI, stream=framed)
    elif first.get("object") == "chat.completion.chunk":
        framed = b"".join(b"data: %b\n\n" % line for line in lines) + b"data: [DONE]\n\n"
        yield Recording(id="", provider=provider, dialect=OPENAI, stream=framed)


def _responses(provider: str, lines: list[bytes]) -> Iterator[Recording]:
    """Some files hold the answers of several turns."""
    events: list[bytes] = []
    for line in lines:
        events.append(b"event: %b\ndata: %b\n\n" % (json.decode(line)["type"].encode(), line))
        if _LAST_OF_A_RESPONSE.search(line):
            yield Recording(id="", provider=provider, dialect=RESPONSES, stream=b"".join(events))
            events.clear()


def _bare_stream(provider: str, data: bytes) -> Iterator[Recording]:
    """Of the Messages API; some files hold the answers of several turns."""
    start = 0
    for stop in _MESSAGE_STOP.finditer(data):
        end = data.index(b"\n\n", stop.end()) + 2 if b"\n\n" in data[stop.end() :] else len(data)
        answer = data[start:end].rstrip(b"\n") + b"\n\n"
        yield Recording(id="", provider=provider, dialect=ANTHROPIC, stream=answer)
        start = end
