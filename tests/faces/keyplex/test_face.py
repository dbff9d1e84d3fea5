"""The keyplex face: OpenAI's answers, its own error object."""

import pytest
from msgspec import Raw, json

from tests.gateway import World, within
from trunkline.canon.errors import (
    BadCredential,
    BudgetExceeded,
    ContextLengthExceeded,
    Forbidden,
    InternalError,
    Malformed,
    NoRouteAvailable,
    Overloaded,
    RateLimited,
    Refused,
    Throttled,
    Unauthenticated,
    UnknownModel,
)
from trunkline.dialects.registry import DIALECTS
from trunkline.faces.keyplex.face import Keyplex

CASES = (
    (UnknownModel("x", param="model"), "invalid_request_error", "invalid_model"),
    (Unauthenticated("x"), "authentication_error", "invalid_api_key"),
    (Forbidden("x"), "permission_error", "permission_denied"),
    (RateLimited("x"), "rate_limit_error", "rate_limit_exceeded"),
    (BudgetExceeded("x"), "rate_limit_error", "insufficient_quota"),
    (Throttled("x"), "rate_limit_error", "upstream_rate_limited"),
    (ContextLengthExceeded("x"), "context_length_error", "context_length_exceeded"),
    (Malformed("x"), "invalid_request_error", "invalid_request"),
    (Refused("x", code="bad_value"), "invalid_request_error", "bad_value"),
    (Overloaded("x"), "model_error", "upstream_overloaded"),
    (BadCredential("x"), "model_error", "upstream_auth"),
    (NoRouteAvailable("x"), "server_error", "no_route_available"),
    (InternalError("x"), "server_error", "internal_error"),
)


@pytest.mark.parametrize(("error", "kind", "code"), CASES, ids=[type(c[0]).__name__ for c in CASES])
def test_errors_in_its_vocabulary(error, kind, code):
    """All five fields, always; the status is the dialect's."""
    server = DIALECTS["openai-chat"]
    told = Keyplex().refuse(error, "req_1", server)

    assert {
        "type": kind,
        "code": code,
        "message": "x",
        "param": error.param,
        "request_id": "req_1",
    } == json.decode(told.body)["error"]
    assert server.render_error(error, "req_1").status == told.status


def test_an_unknown_model(tmp_path):
    """404, as its clients expect it."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key(), "nope", "/api/v1/chat/completions")
        error = json.decode(reply.body)["error"]

        assert (404, "invalid_model", "model") == (reply.status, error["code"], error["param"])
        assert error["request_id"].encode() == reply.header(b"x-trunkline-request-id")

    within(tmp_path, test)


def test_answers_pass():
    """They are OpenAI's to the byte."""
    assert not Keyplex().prepare({"model": Raw(b'"m"')}, {})
    assert b"anything" == Keyplex().extend(b"anything", None)
