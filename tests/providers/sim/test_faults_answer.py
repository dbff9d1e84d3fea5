"""Faults of the answer as a whole: the promised statuses, headers and bodies, in both dialects."""

import gzip
import zlib
from email.utils import parsedate_to_datetime

import pytest
from msgspec import json

from tests.providers.sim.kit import (
    BOTH,
    CHAT,
    EVERY,
    MESSAGES,
    FakeClock,
    ask,
    engine,
    events,
    play,
    text_of,
)
from trunkline.providers.sim.steps import End, Refuse

MODEL = "sim-chat@tokens=6,fault="
USAGE = {"stream_options": {"include_usage": True}}
NOW = int(FakeClock().now)


def played(path: str, fault: str, **more):
    return play(engine(), ask(path, MODEL + fault, **more))


def clean(path: str, **more) -> bytes:
    """The same answer without the fault."""
    return play(engine(), ask(path, "sim-chat@tokens=6", **more)).body


@pytest.mark.parametrize(("kind", "reset"), (("rst", True), ("eof", False)))
def test_u1_is_no_answer(kind: str, reset: bool) -> None:
    """Not a byte."""
    seen = played(CHAT, f"u1:kind={kind}")

    assert (None, b"", Refuse(reset=reset)) == (seen.head, seen.body, seen.last)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize(
    ("kind", "content_type"),
    (
        ("html", b"text/html; charset=UTF-8"),
        ("json", b"application/json"),
        ("answer", b"application/json"),
        ("empty", b"text/event-stream; charset=utf-8"),
        ("sse", b"text/event-stream; charset=utf-8"),
    ),
)
def test_u9_is_of_another_kind(path: str, stream: bool, kind: str, content_type: bytes) -> None:
    """200, with that type and a body to match."""
    seen = played(path, f"u9:kind={kind}", stream=stream)
    types = [value for name, value in seen.head.headers if name == b"content-type"]

    assert (200, [content_type]) == (seen.status, types)
    if kind == "html":
        assert seen.body.startswith(b"<!DOCTYPE html>")
    elif kind == "json":
        assert "message" in seen.json["error"]
    elif kind == "answer":
        assert clean(path) == seen.body
    elif kind == "empty":
        assert b"" == seen.body
    else:
        assert clean(path, stream=True) == seen.body


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("kind", "headers"),
    (
        ("seconds", {b"retry-after": b"2"}),
        ("ms", {b"retry-after-ms": b"1500"}),
        ("both", {b"retry-after": b"2", b"retry-after-ms": b"1500"}),
        ("fraction", {b"retry-after": b"1.500"}),
        ("absurd", {b"retry-after": b"31536000000"}),
        ("negative", {b"retry-after": b"-5"}),
        ("garbage", {b"retry-after": b"soon"}),
        ("none", {}),
        ("spend", {}),
        ("quota", {}),
    ),
)
def test_u10_tells_when_to_come_back(path: str, kind: str, headers: dict) -> None:
    """429 with just these headers."""
    seen = played(path, f"u10:kind={kind}:retry_after=1.5")
    found = {name: value for name, value in seen.head.headers if name.startswith(b"retry-after")}

    assert (429, headers) == (seen.status, found)
    if path == CHAT:
        money = kind in {"spend", "quota"}
        assert ("insufficient_quota" if money else "rate_limit_exceeded") == (
            seen.json["error"]["code"]
        )
    else:
        assert "rate_limit_error" == seen.json["error"]["type"]


@pytest.mark.parametrize(("kind", "at"), (("date", NOW + 30), ("past", NOW - 3600)))
def test_u10_tells_a_date(kind: str, at: int) -> None:
    """By the injected clock; also one that has passed."""
    seen = played(CHAT, f"u10:kind={kind}:retry_after=30")

    assert at == parsedate_to_datetime(seen.header(b"retry-after").decode()).timestamp()


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("status", (500, 502, 503, 504, 529))
def test_u11_fails(path: str, status: int) -> None:
    """With the status asked for and the dialect's error; 529 says overloaded."""
    seen = played(path, f"u11:status={status}:retry_after=3")

    assert (status, b"3") == (seen.status, seen.header(b"retry-after"))
    if path == MESSAGES:
        kinds = {504: "timeout_error", 529: "overloaded_error"}
        assert kinds.get(status, "api_error") == seen.json["error"]["type"]
    else:
        assert {"message", "type", "param", "code"} == seen.json["error"].keys()


def test_u11_in_a_proxys_words() -> None:
    """An HTML page."""
    seen = played(CHAT, "u11:status=502:kind=html")

    assert (502, b"text/html") == (seen.status, seen.header(b"content-type"))
    assert b"<h1>502 Bad gateway</h1>" in seen.body


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("status", (400, 401, 403, 404, 413, 422))
def test_u12_refuses(path: str, status: int) -> None:
    """With the status and the dialect's type; a made-up status is no problem."""
    seen = played(path, f"u12:status={status}")

    assert status == seen.status
    if path == MESSAGES:
        kinds = {
            401: "authentication_error",
            403: "permission_error",
            404: "not_found_error",
            413: "request_too_large",
        }
        assert kinds.get(status, "invalid_request_error") == seen.json["error"]["type"]
    assert 418 == played(path, "u12:status=418").status


@pytest.mark.parametrize(
    ("path", "kind", "code", "words"),
    (
        (CHAT, "context", "context_length_exceeded", "maximum context length"),
        (MESSAGES, "context", None, "prompt is too long: 250000 tokens > 200000 maximum"),
        (CHAT, "filter", "content_filter", "content management policy"),
        (MESSAGES, "filter", None, "content filtering policy"),
    ),
)
def test_u12_means_something(path: str, kind: str, code: str | None, words: str) -> None:
    """The two 400s that a gateway must tell apart."""
    seen = played(path, f"u12:kind={kind}")

    assert (400, code) == (seen.status, seen.json["error"].get("code"))
    assert words in seen.json["error"]["message"]


@pytest.mark.parametrize("path", EVERY)
def test_u12_leaks(path: str) -> None:
    """A canary stands in the message: it must not reach a client."""
    assert b"sk-leak-canary-7f3a" in played(path, "u12:status=401:kind=leak").body


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("stream", (False, True))
def test_u14_is_encoded(path: str, stream: bool) -> None:
    """The header says how, and undone it is the answer; "lie" is not encoded at all."""
    good = clean(path, stream=stream)
    undo = {
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
        "nested": lambda data: gzip.decompress(gzip.decompress(data)),
        "lie": bytes,
    }
    names = {"gzip": b"gzip", "deflate": b"deflate", "nested": b"gzip, gzip", "lie": b"br"}

    for kind, decode in undo.items():
        seen = played(path, f"u14:kind={kind}", stream=stream)
        assert (names[kind], good) == (seen.header(b"content-encoding"), decode(seen.body))


def test_u14_is_a_bomb() -> None:
    """A thousand times larger unpacked, and made piece by piece."""
    seen = played(CHAT, "u14:kind=bomb:size=4194304")

    assert 4 << 20 == len(gzip.decompress(seen.body))
    assert 8000 > len(seen.body)


@pytest.mark.parametrize("status", (301, 302, 307, 308))
def test_u15_redirects(status: int) -> None:
    """To another host, or into a trap whose visitors are in the log."""
    subject = engine()
    away = play(subject, ask(CHAT, f"{MODEL}u15:status={status}:to=evil.invalid"))
    trap = play(subject, ask(CHAT, f"{MODEL}u15:status={status}:kind=trap"))
    location = trap.header(b"location").decode()
    followed = play(subject, ask(location, "sim-chat"))

    assert (status, b"https://evil.invalid/v1/") == (away.status, away.header(b"location"))
    assert "/trap/v1/chat/completions" == location == followed.row.path


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("stream", (False, True))
def test_u17_tells_no_usage(path: str, stream: bool) -> None:
    """Nowhere, though asked."""
    more = USAGE if path == CHAT and stream else {}
    seen = played(path, "u17", stream=stream, **more)

    assert b"_tokens" not in seen.body
    assert clean(path) != seen.body
    assert (6, 6) == (seen.row.tokens, seen.row.usage.output)


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("kind", "value"),
    (
        ("negative", -7),
        ("huge", 10**15 + 6),
        ("null", None),
        ("text", "6"),
        ("float", 6.0),
        ("zero", 0),
    ),
)
def test_u17_tells_wrong_numbers(path: str, kind: str, value: object) -> None:
    """In whole answers and streams; the rest of the answer is right."""
    key = "completion_tokens" if path == CHAT else "output_tokens"
    more = USAGE if path == CHAT else {}
    whole = played(path, f"u17:kind={kind}")
    stream = played(path, f"u17:kind={kind}", stream=True, **more)
    told = [
        data["usage"][key]
        for _, data in stream.events
        if isinstance(data, dict) and data.get("usage")
    ]

    assert (value, value) == (whole.json["usage"][key], told[-1])
    assert text_of(path, whole) == text_of(path, stream)


@pytest.mark.parametrize("path", BOTH)
def test_u17_tells_it_twice_or_growing(path: str) -> None:
    """Twice the same; or on each event a little more, up to the truth."""
    key = "completion_tokens" if path == CHAT else "output_tokens"
    more = USAGE if path == CHAT else {}

    def told(kind: str) -> list[int]:
        seen = played(path, f"u17:kind={kind}", stream=True, **more)
        return [
            data["usage"][key]
            for _, data in events(seen.body)
            if isinstance(data, dict) and data.get("usage")
        ]

    assert [6, 6] == told("twice")
    assert sorted(told("cumulative")) == told("cumulative")
    assert {1, 2, 3, 4, 5, 6} <= set(told("cumulative"))


@pytest.mark.parametrize("path", EVERY)
def test_u18_has_evil_headers(path: str) -> None:
    """Around a good answer."""
    seen = played(path, "u18")
    names = [name for name, _ in seen.head.headers]

    assert clean(path) == seen.body
    for name in (b"set-cookie", b"connection", b"proxy-authenticate", b"x-trunkline-cost-usd"):
        assert name in names
    assert b"\r\nset-cookie: injected=1" in seen.header(b"x-note")


@pytest.mark.parametrize(
    ("kind", "name"),
    (
        ("nul", b"x-nul"),
        ("fold", b"x-fold"),
        ("smuggle", b"transfer-encoding"),
        ("cookie", b"set-cookie"),
    ),
)
def test_u18_of_one_kind(kind: str, name: bytes) -> None:
    """Only that header is added."""
    plain = play(engine(), ask(CHAT, MODEL.removesuffix(",fault=")))
    added = played(CHAT, f"u18:kind={kind}").head.headers[len(plain.head.headers) :]

    assert name in {found for found, _ in added}
    assert len(added) <= 2


def test_u19_fails_a_share() -> None:
    """About so many, by seeded dice: the same ones in every run."""

    def statuses() -> list[int]:
        subject = engine()
        request = ask(CHAT, MODEL + "u19:rate=0.3:status=500")
        return [play(subject, request).status for _ in range(300)]

    found = statuses()

    assert found == statuses()
    assert 60 < found.count(500) < 120
    assert {200, 500} == set(found)


def test_u19_is_down_for_a_while() -> None:
    """With a period it is the clock that decides."""
    clock = FakeClock()
    subject = engine(clock)
    found = []
    for _ in range(8):
        found.append(play(subject, ask(CHAT, MODEL + "u19:period=4:down=1")).status)
        clock.now += 1

    assert [503, 200, 200, 200, 503, 200, 200, 200] == found


def test_u19_is_slow() -> None:
    """Then it answers."""
    seen = played(CHAT, "u19:kind=slow:rate=1:slow=5", stream=True)

    assert ([5], 200, End()) == (seen.waits, seen.status, seen.last)
    assert json.decode(clean(CHAT))["choices"][0]["message"]["content"] == text_of(CHAT, seen)
