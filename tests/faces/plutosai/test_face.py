"""The plutosai face: its own error object, under the whole of its path."""

import pytest
from msgspec import json

from tests.faces.test_base import exchange
from tests.gateway import World, within
from trunkline.canon.errors import (
    BudgetExceeded,
    ContextLengthExceeded,
    Forbidden,
    InternalError,
    Malformed,
    ModelMissing,
    NotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    Refused,
    Throttled,
    Unauthenticated,
    UnknownModel,
    Unsupported,
)
from trunkline.dialects.registry import DIALECTS
from trunkline.faces.base import trunkline_headers
from trunkline.faces.plutosai.face import Plutosai

CASES = (
    (Unauthenticated("x"), "invalid_api_key"),
    (RateLimited("x", retry_after=59.2), "rate_limit_exceeded"),
    (Throttled("x", retry_after=0.1), "rate_limit_exceeded"),
    (BudgetExceeded("x"), "insufficient_quota"),
    (QuotaExhausted("x"), "insufficient_quota"),
    (UnknownModel("x", param="model"), "invalid_model"),
    (ModelMissing("x"), "invalid_model"),
    (ContextLengthExceeded("x"), "input_too_long"),
    (Malformed("x", param="start_date"), "invalid_parameters"),
    (Unsupported("x"), "invalid_parameters"),
    (Refused("x"), "invalid_parameters"),
    (Forbidden("x"), "permission_denied"),
    (NotFound("x"), "not_found"),
    (Overloaded("x"), "upstream_overloaded"),
    (InternalError("x"), "internal_error"),
)


@pytest.mark.parametrize(("error", "code"), CASES, ids=[type(c[0]).__name__ for c in CASES])
def test_errors_in_its_vocabulary(error, code):
    """All four fields, always; the status is the dialect's."""
    server = DIALECTS["openai-chat"]
    told = Plutosai().refuse(error, "req_1", server)

    body = json.decode(told.body)["error"]
    assert (code, "x", "req_1") == (body["code"], body["message"], body["requestId"])
    assert {"code", "message", "details", "requestId"} == set(body)
    assert server.render_error(error, "req_1").status == told.status


@pytest.mark.parametrize(
    ("error", "details"),
    (
        (RateLimited("x", retry_after=59.2), {"retryAfter": 60}),
        (Throttled("x", retry_after=0.0), {"retryAfter": 1}),
        (Malformed("x", param="start_date"), {"param": "start_date"}),
        (Forbidden("x"), {}),
    ),
)
def test_details(error, details):
    """Whole seconds after which to ask again, and which parameter it is."""
    told = Plutosai().refuse(error, "req_1", DIALECTS["openai-chat"])

    assert details == json.decode(told.body)["error"]["details"]


def test_what_is_refused_under_its_path(tmp_path):
    """Wrong parameters, strangers, and what is not served there."""

    async def test(w: World) -> None:
        key = await w.key()
        for path, asked, status, code in (
            ("usage?start_date=soon", key, 400, "invalid_parameters"),
            ("usage", "tl_nobody", 401, "invalid_api_key"),
            ("nowhere", key, 404, "not_found"),
        ):
            answer = await w.ask("GET", f"/plutos/v1/{path}", key=asked)
            assert (status, code) == (answer.status, answer.json["error"]["code"])

    within(tmp_path, test)


def test_answers_pass():
    """With our headers, and nothing of its own as yet."""
    assert not Plutosai().prepare({}, {})
    assert b"anything" == Plutosai().extend(b"anything", None)
    asked = exchange(None)
    told = Plutosai().headers(asked, streaming=False)
    assert trunkline_headers(asked, streaming=False) == list(told)
