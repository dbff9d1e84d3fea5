"""The simulator as a whole, without sockets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.providers.sim.kit import BOTH, CHAT, EVERY, MESSAGES, ask, engine, play, text_of, zeros
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.engine import Engine


def without(arrival: Arrival, *names: bytes) -> Arrival:
    headers = tuple(pair for pair in arrival.headers if pair[0] not in names)
    return Arrival(arrival.method, arrival.path, headers, arrival.body)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("stream", (False, True))
def test_the_same_requests_give_the_same_bytes(path: str, stream: bool) -> None:
    """Two engines with the same seed and clock agree; a second answer has another identity."""
    one, other = engine(), engine()
    request = ask(path, "sim-reason", "hello", stream=stream)
    first, second = play(one, request), play(one, request)
    again = play(other, request)

    assert (first.head, first.body) == (again.head, again.body)
    assert first.row.id != second.row.id
    assert first.row.answer_id != second.row.answer_id
    assert text_of(path, first) == text_of(path, second)


@pytest.mark.parametrize("path", BOTH)
def test_a_key_is_required(path: str) -> None:
    """401 in the dialect, unless the engine was told to need none."""
    request = without(ask(path, "sim-chat"), b"authorization")
    seen = play(engine(), request)

    assert 401 == seen.status
    kind = "invalid_request_error" if path == CHAT else "authentication_error"
    assert kind == seen.json["error"]["type"]
    assert 200 == play(engine(require_key=False), request).status


def test_anthropic_wants_a_version() -> None:
    """400 without the header."""
    seen = play(engine(), without(ask(MESSAGES, "sim-chat"), b"anthropic-version"))

    assert (400, "anthropic-version: header is required") == (
        seen.status,
        seen.json["error"]["message"],
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    (
        ("POST", "/v1/moderations", 404),
        ("PUT", CHAT, 405),
        ("GET", "/v1/models", 200),
        ("GET", "/v1/models/none", 404),
        ("HEAD", "/", 200),
    ),
)
def test_paths_and_methods(method: str, path: str, status: int) -> None:
    """What is not there is not there."""
    arrival = Arrival(method, path, ask(CHAT, "m").headers, b"{}")

    assert status == play(engine(), arrival).status


def test_a_query_does_not_matter() -> None:
    """?beta=true is the same endpoint; the log keeps it."""
    seen = play(engine(), ask(MESSAGES + "?beta=true", "sim-chat", max_tokens=5))

    assert (200, "/v1/messages?beta=true") == (seen.status, seen.row.path)


@pytest.mark.parametrize("path", EVERY)
def test_an_unknown_model_is_not_found(path: str) -> None:
    """Names of the simulator's own family must exist; so must a recording."""
    for model in ("sim-unheard-of", "sim-replay@name=none"):
        assert 404 == play(engine(), ask(path, model)).status


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("model", ("sim-chat@tokenz=1", "sim-chat@fault=u99", "sim-chat@rate=fast"))
def test_a_bad_option_is_told(path: str, model: str) -> None:
    """400, not an answer without the option."""
    assert 400 == play(engine(), ask(path, model)).status


def test_strictness_is_chosen() -> None:
    """Unknown top-level fields are refused with strict."""
    assert 200 == play(engine(), ask(CHAT, "sim-chat", zebra=1)).status
    assert 400 == play(engine(), ask(CHAT, "sim-chat@strict", zebra=1)).status
    assert 400 == play(engine(), ask(MESSAGES, "sim-chat@strict", n=1)).status


def test_a_key_may_fail_alone() -> None:
    """The options behind its "@" hold for its requests only."""
    subject = engine()
    bad = ((b"x-api-key", b"sk-bad@fault=u12:status=401"),)
    request = without(ask(MESSAGES, "sim-chat", headers=bad), b"authorization")

    assert 401 == play(subject, request).status
    assert 200 == play(subject, ask(MESSAGES, "sim-chat")).status


def test_the_row_tells_the_request() -> None:
    """Dialect, model, stream, key, body, fault and what it cost."""
    request = ask(CHAT, "sim-chat@fault=u4,tokens=9", "12345678", stream=True)
    row = play(engine(), request).row

    assert ("openai-chat", "sim-chat@fault=u4,tokens=9", True, "u4") == (
        row.dialect,
        row.model,
        row.stream,
        row.fault,
    )
    assert (len(request.body), 16) == (row.body_bytes, len(row.credential))
    assert (5, 9) == (row.usage.input, row.usage.output)


def test_entropy_is_asked_once() -> None:
    """At construction; all else follows from it."""
    asked: list[int] = []

    def entropy(count: int) -> bytes:
        asked.append(count)
        return zeros(count)

    subject = Engine(engine()._clock, entropy)
    play(subject, ask(CHAT, "sim-chat"))

    assert [32] == asked


def test_a_body_that_is_no_json_is_refused() -> None:
    """In both dialects, with a row in the log."""
    for path in BOTH:
        arrival = Arrival("POST", path, ask(path, "m").headers, b"{")
        seen = play(engine(), arrival)
        assert (400, 1) == (seen.status, seen.row.body_bytes)
        assert json.decode(seen.body)["error"]["message"]


_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=4) | st.just("user"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "tool_calls",
                    "id",
                    "function",
                    "name",
                    "arguments",
                    "parameters",
                    "input_schema",
                    "source",
                    "url",
                    "tool_use_id",
                    "signature",
                    "thinking",
                    "format",
                    "schema",
                    "json_schema",
                    "budget_tokens",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
_BODY = st.fixed_dictionaries(
    {"model": st.sampled_from(["sim-chat", "sim-tools@calls=2", "sim-reason", "sim-json"])},
    optional=dict.fromkeys(
        [
            "messages",
            "system",
            "tools",
            "tool_choice",
            "stream",
            "n",
            "stop",
            "stop_sequences",
            "max_tokens",
            "logprobs",
            "response_format",
            "output_config",
            "thinking",
            "stream_options",
        ],
        _VALUE,
    ),
)


@given(body=_BODY, path=st.sampled_from([*BOTH, MESSAGES + "/count_tokens"]), lax=st.booleans())
def test_whatever_is_asked_is_answered(body: dict, path: str, lax: bool) -> None:
    """200 or an error of the dialect: nothing escapes, and nothing hangs."""
    model = body["model"] + (",lax" if "@" in body["model"] else "@lax") if lax else body["model"]
    messages = body.get("messages") if isinstance(body.get("messages"), list) else []
    data = json.encode({**body, "model": model, "messages": messages, "max_tokens": 50})
    seen = play(engine(), Arrival("POST", path, ask(path, "m").headers, data))

    assert seen.status in {200, 400}
