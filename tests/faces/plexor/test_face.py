"""The plexor face: its fields, headers and errors, on both mounts."""

import pytest
from msgspec import Raw, json
from msgspec.structs import replace

from tests.faces.test_base import exchange
from tests.gateway import World, head, within
from trunkline.canon.errors import (
    BadCredential,
    BudgetExceeded,
    ContentRejected,
    Forbidden,
    GatewayError,
    InternalError,
    Malformed,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    Refused,
    Throttled,
    TimedOut,
    Unauthenticated,
    UnknownModel,
)
from trunkline.canon.usage import Usage
from trunkline.dialects.registry import DIALECTS
from trunkline.faces.plexor.face import Plexor
from trunkline.testing.fakes import FakeReply
from trunkline.wiring.serving import endpoints

OPENAI, ANTHROPIC = "/gateway/openai/v1/chat/completions", "/gateway/anthropic/v1/messages"
TYPES = (
    (Unauthenticated("x"), "authentication_error"),
    (Forbidden("x"), "authentication_error"),
    (RateLimited("x"), "rate_limit_error"),
    (Throttled("x"), "rate_limit_error"),
    (Malformed("x"), "invalid_request_error"),
    (UnknownModel("x"), "invalid_request_error"),
    (BudgetExceeded("x"), "rate_limit_error"),
    (QuotaExhausted("x"), "rate_limit_error"),
    (Refused("x", status=429), "rate_limit_error"),
    (ContentRejected("x"), "invalid_request_error"),
    (Refused("x", status=422), "invalid_request_error"),
    (Overloaded("x"), "overloaded_error"),
    (BadCredential("x"), "api_error"),
    (TimedOut("x"), "api_error"),
    (InternalError("x"), "api_error"),
)


def refused(error: GatewayError, dialect: str):
    told = Plexor().refuse(error, "req_1", DIALECTS[dialect])
    return told, json.decode(told.body)


@pytest.mark.parametrize(("error", "kind"), TYPES, ids=[type(e).__name__ for e, _ in TYPES])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_errors_have_anthropics_shape_on_both_mounts(error, kind, dialect):
    """With the request's id; the status is the dialect's."""
    told, body = refused(error, dialect)

    assert ("error", kind, "x", "req_1") == (
        body["type"],
        body["error"]["type"],
        body["error"]["message"],
        body["request_id"],
    )
    assert told.status == DIALECTS[dialect].render_error(error, "req_1").status


def test_an_openai_sdk_finds_its_fields_too():
    """`param` and `code`, the upstream's own where it gave one; Anthropic's mount has neither."""
    error = Refused("x", param="top_p", code="bad_value")

    assert {
        "type": "invalid_request_error",
        "message": "x",
        "param": "top_p",
        "code": "bad_value",
    } == (refused(error, "openai-chat")[1]["error"])
    assert {"type", "message"} == set(refused(error, "anthropic-messages")[1]["error"])


def test_its_own_fields_are_taken_out():
    """No upstream sees them; and an answer always has a limit."""
    envelope = {
        "model": Raw(b'"m"'),
        "plexor_mode": Raw(b'"eco"'),
        "plexor_session_id": Raw(b'"1"'),
    }

    assert Plexor().prepare(envelope, {})
    assert {"model": b'"m"', "max_tokens": b"1024"} == {k: bytes(v) for k, v in envelope.items()}


def test_a_field_of_its_own_is_a_change():
    """The body is written anew without it, even where nothing else changes."""
    envelope = {"max_tokens": Raw(b"5"), "plexor_provider": Raw(b'"auto"')}

    assert Plexor().prepare(envelope, {})
    assert ["max_tokens"] == list(envelope)


@pytest.mark.parametrize(
    ("fields", "headers", "param"),
    (
        ({"plexor_mode": b'"bogus"'}, {}, "plexor_mode"),
        ({"plexor_mode": b"5"}, {}, "plexor_mode"),
        ({"plexor_provider": b'"bogus"'}, {}, "plexor_provider"),
        ({"plexor_session_id": b"1"}, {}, "plexor_session_id"),
        ({}, {b"x-plexor-mode": b"bogus"}, "x-plexor-mode"),
        ({}, {b"x-plexor-mode": b""}, "x-plexor-mode"),
        ({}, {b"x-plexor-provider": b"bogus"}, "x-plexor-provider"),
        ({}, {b"x-force-provider": b"\xff"}, "x-force-provider"),
    ),
)
def test_an_unknown_mode_or_provider_is_refused(fields, headers, param):
    """By its name: who mistypes it shall not believe that it was heeded."""
    with pytest.raises(Malformed) as refused:
        Plexor().prepare({name: Raw(value) for name, value in fields.items()}, headers)

    assert param == refused.value.param


@pytest.mark.parametrize("mode", ("eco", "balanced", "quality", "passthrough", " Eco"))
@pytest.mark.parametrize("provider", ("auto", "claude", "anthropic", "openai", "mistral", "gemini"))
def test_known_modes_and_providers_pass(mode, provider):
    """In headers and in the body, where null says nothing."""
    headers = {b"x-plexor-mode": mode.encode(), b"x-force-provider": provider.encode()}

    assert Plexor().prepare({}, {**headers, b"x-plexor-provider": provider.encode()})
    assert Plexor().prepare(
        {"plexor_mode": Raw(json.encode(mode)), "plexor_provider": Raw(b"null")}, {}
    )


@pytest.mark.parametrize("path", (OPENAI, ANTHROPIC))
def test_an_unknown_mode_is_a_400_in_its_own_shape(tmp_path, path):
    """Before anybody is asked, whether a field or a header says it."""

    async def test(w: World) -> None:
        key, heard = await w.key(), FakeReply()
        asked = head(key, path, w.clock)
        body = b'{"model":"fast","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
        with_header = {**asked.headers, b"x-plexor-mode": b"bogus"}
        endpoint = endpoints(w.gateway)[b"POST", path.encode()]
        await endpoint.begin(replace(asked, headers=with_header)).run(body, heard)
        for reply in (heard, await w.chat(key, path=path, plexor_mode="bogus")):
            error = json.decode(reply.body)["error"]

            assert (400, "invalid_request_error") == (reply.status, error["type"])
            assert "eco, balanced, quality, passthrough" in error["message"]

    within(tmp_path, test)


@pytest.mark.parametrize("limit", ("max_tokens", "max_completion_tokens"))
def test_a_limit_of_the_clients_stays(limit):
    """Nothing has changed then, so the body may pass as it is."""
    envelope = {"model": Raw(b'"m"'), limit: Raw(b"5")}

    assert not Plexor().prepare(envelope, {})
    assert {"model", limit} == set(envelope)


@pytest.mark.parametrize("path", (OPENAI, ANTHROPIC))
def test_a_whole_answer_tells_who_gave_it_and_what_it_cost(tmp_path, path):
    """In headers and in the body, whose model is the one that was asked for."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key(), path=path, plexor_mode="eco")
        body = json.decode(reply.body)

        assert ("fast", "sim") == (body["model"], body["plexor_provider_used"])
        assert b"passthrough" == reply.header(b"x-plexor-mode")
        assert b"sim" == reply.header(b"x-plexor-provider-used")
        assert reply.header(b"x-trunkline-request-id") == reply.header(b"x-plexor-request-id")
        assert reply.header(b"x-plexor-latency-ms").isdigit()
        cost = float(reply.header(b"x-plexor-actual-cost"))
        assert cost == body["plexor_cost_usd"] > 0

    within(tmp_path, test)


def test_a_cost_that_nobody_knows_is_left_out():
    """Of headers and body: an SDK would show a zero for it, and null is no number."""
    asked = exchange(None)
    asked.attempts[0].usage = Usage(output=1)
    headers = dict(Plexor().headers(asked, streaming=False))
    body = json.decode(Plexor().extend(b'{"model": "x"}', asked))

    assert b"x-plexor-actual-cost" not in headers
    assert b"up" == headers[b"x-plexor-provider-used"]
    assert {"model": "m", "plexor_provider_used": "up"} == body


def test_a_providers_name_cannot_break_out_of_its_header(tmp_path):
    """Operators call providers as they like, umlauts and line breaks included."""
    config = '[providers."s\\u00fcm\\r\\n"]\nkind = "sim"\n[models.fast]\ntargets = ["s\\u00fcm\\r\\n/sim-chat"]\n'

    async def test(w: World) -> None:
        reply = await w.chat(await w.key(), path=OPENAI)

        assert (200, b"s?m??") == (reply.status, reply.header(b"x-plexor-provider-used"))

    within(tmp_path, test, config)


def test_a_stream_tells_what_is_known_at_its_start(tmp_path):
    """Its cost is not."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key(), path=OPENAI, stream=True)

        assert b"sim" == reply.header(b"x-plexor-provider-used")
        assert reply.header(b"x-plexor-actual-cost") is None

    within(tmp_path, test)


def test_an_answer_that_nobody_gave_stays_as_it_is(tmp_path):
    """There is nothing to add to an error but the request's id."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key(), "nope", path=OPENAI)

        assert 404 == reply.status
        assert reply.header(b"x-plexor-request-id") is not None
        assert reply.header(b"x-plexor-provider-used") is None

    within(tmp_path, test)


@pytest.mark.parametrize("body", (b"no JSON", b'{"\xff":1}', b'{"a":' * 1100))
def test_what_is_no_object_passes_as_it_is(body):
    """The provider said it, and its watcher let it pass: there is nothing to add to."""
    assert body == Plexor().extend(body, exchange(None))
