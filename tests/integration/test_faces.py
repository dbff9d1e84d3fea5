"""The compatibility faces through the SDKs that their users have: mounts, headers, fields, errors."""

from collections.abc import Generator
from typing import Any

import anthropic
import openai
import pytest

from tests.integration.books import of_anthropic, of_ledger, of_openai
from tests.integration.program import Gateway, call

HELLO = [{"role": "user", "content": "Say hello."}]
OPENAI_MOUNT = "/gateway/openai/v1"
ANTHROPIC_MOUNT = "/gateway/anthropic"


@pytest.fixture(scope="module")
def plexor_gpt(gateway: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{gateway.base}{OPENAI_MOUNT}", api_key=gateway.key, max_retries=0
    ) as client:
        yield client


@pytest.fixture(scope="module")
def plexor_claude(gateway: Gateway) -> Generator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=f"{gateway.base}{ANTHROPIC_MOUNT}", api_key=gateway.key, max_retries=0
    ) as client:
        yield client


@pytest.fixture(scope="module")
def keyplex(gateway: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{gateway.base}/api/v1", api_key=gateway.key, max_retries=0
    ) as client:
        yield client


def plexor_headers(headers: Any, entry: Any) -> None:
    """What plexor's answers say of themselves is what the ledger holds."""
    assert entry["id"] == headers["x-plexor-request-id"] == headers["x-trunkline-request-id"]
    assert entry["provider"] == headers["x-plexor-provider-used"]
    assert "passthrough" == headers["x-plexor-mode"]
    assert int(headers["x-plexor-latency-ms"]) >= 0
    assert "plexor" == entry["face"]


def plexor_cost(extra: Any, headers: Any, entry: Any) -> None:
    """As the ledger has it, where it has any."""
    told = extra.get("plexor_cost_usd"), headers.get("x-plexor-actual-cost")
    if entry["unpriced"]:
        assert (None, None) == told
    else:
        assert [entry["cost_nanousd"]] * 2 == [round(float(cost) * 1e9) for cost in told]


def test_plexor_through_the_openai_sdk(
    plexor_gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """The model that was asked for, who answered and for how much: in the body and in headers."""
    raw = plexor_gpt.chat.completions.with_raw_response.create(
        model=f"{upstream}/sim-chat", messages=HELLO
    )

    headers, answer = raw.headers, raw.parse()
    extra: Any = answer.model_extra
    entry = gateway.entry(headers["x-plexor-request-id"])
    plexor_headers(headers, entry)
    assert f"{upstream}/sim-chat" == answer.model
    assert upstream == extra["plexor_provider_used"]
    plexor_cost(extra, headers, entry)
    assert of_openai(answer.usage) == of_ledger(entry)


def test_plexor_through_the_anthropic_sdk(
    plexor_claude: anthropic.Anthropic, gateway: Gateway, upstream: str
) -> None:
    """The same on the other mount."""
    raw = plexor_claude.messages.with_raw_response.create(
        model=f"{upstream}/sim-chat", max_tokens=1000, messages=HELLO
    )

    message = raw.parse()
    extra: Any = message.model_extra
    entry = gateway.entry(raw.headers["x-plexor-request-id"])
    plexor_headers(raw.headers, entry)
    assert (f"{upstream}/sim-chat", upstream) == (message.model, extra["plexor_provider_used"])
    plexor_cost(extra, raw.headers, entry)
    assert of_anthropic(message.usage) == of_ledger(entry)


def test_plexor_streams(
    plexor_gpt: openai.OpenAI,
    plexor_claude: anthropic.Anthropic,
    gateway: Gateway,
    upstream: str,
) -> None:
    """Whole streams for either SDK, with the headers that are known by then."""
    with plexor_gpt.chat.completions.create(
        model=f"{upstream}/sim-chat", messages=HELLO, stream=True
    ) as chat:
        first = chat.response.headers
        chunks = list(chat)
    with plexor_claude.messages.stream(
        model=f"{upstream}/sim-chat", max_tokens=1000, messages=HELLO
    ) as helper:
        message = helper.get_final_message()
        second = helper.response.headers

    assert "stop" == [c.choices[0].finish_reason for c in chunks if c.choices][-1]
    assert "end_turn" == message.stop_reason
    for headers in (first, second):
        plexor_headers(headers, gateway.entry(headers["x-plexor-request-id"]))


def test_plexors_own_fields_never_reach_an_upstream(
    plexor_gpt: openai.OpenAI, plexor_claude: anthropic.Anthropic, upstream: str
) -> None:
    """A strict upstream takes a request that has all of them: they were ours to read."""
    fields = {"plexor_mode": "passthrough", "plexor_provider": "auto", "plexor_session_id": "gw_1"}

    answer = plexor_gpt.chat.completions.create(
        model=f"{upstream}/sim-chat@strict", messages=HELLO, extra_body=fields
    )
    message = plexor_claude.messages.create(
        model=f"{upstream}/sim-chat@strict", max_tokens=99, messages=HELLO, extra_body=fields
    )

    assert answer.choices[0].message.content
    assert "end_turn" == message.stop_reason


@pytest.mark.parametrize(
    "path", (f"{OPENAI_MOUNT}/chat/completions", f"{ANTHROPIC_MOUNT}/v1/messages")
)
def test_plexors_default_limit(gateway: Gateway, path: str) -> None:
    """Without max_tokens an answer has 1024 at most, on both mounts."""
    answer = gateway.post(path, {"model": "near/sim-chat@tokens=3000", "messages": HELLO})

    entry = gateway.entry(answer.headers["x-plexor-request-id"])
    assert (200, 1024) == (answer.status, entry["tokens"]["output"])


def test_the_plexor_key_counts_first(gateway: Gateway) -> None:
    """X-Plexor-Key wins over whatever the SDK sends as its own."""
    with openai.OpenAI(
        base_url=f"{gateway.base}{OPENAI_MOUNT}",
        api_key="sk-not-ours",
        default_headers={"X-Plexor-Key": gateway.key},
        max_retries=0,
    ) as client:
        answer = client.chat.completions.create(model="near/sim-chat", messages=HELLO)
    with (
        anthropic.Anthropic(
            base_url=f"{gateway.base}{ANTHROPIC_MOUNT}",
            api_key=gateway.key,
            default_headers={"X-Plexor-Key": "plx_wrong"},
            max_retries=0,
        ) as claude,
        pytest.raises(anthropic.AuthenticationError),
    ):
        claude.messages.create(model="near/sim-chat", max_tokens=9, messages=HELLO)

    assert answer.choices[0].message.content


@pytest.mark.parametrize(
    "path", (f"{OPENAI_MOUNT}/chat/completions", f"{ANTHROPIC_MOUNT}/v1/messages")
)
@pytest.mark.parametrize(
    ("model", "key", "status", "kind"),
    (
        ("near/sim-chat", "tl_wrong", 401, "authentication_error"),
        ("near/sim-chat", "", 401, "authentication_error"),
        ("sim-chta", None, 404, "invalid_request_error"),
        ("near/sim-chat@fault=u10:retry_after=9,tag=plexor", None, 429, "rate_limit_error"),
        ("near/sim-chat@fault=u12", None, 400, "invalid_request_error"),
        ("near/sim-chat@status=401", None, 502, "api_error"),
    ),
)
def test_plexors_errors(
    gateway: Gateway, path: str, model: str, key: str | None, status: int, kind: str
) -> None:
    """One shape on both mounts, with plexor's types."""
    answer = gateway.post(path, {"model": model, "messages": HELLO}, key)

    told = answer.json()
    assert (status, "error", kind) == (answer.status, told["type"], told["error"]["type"])
    assert told["error"]["message"]
    assert told["request_id"] == answer.headers["x-trunkline-request-id"]


def test_both_sdks_understand_plexors_errors(
    plexor_gpt: openai.OpenAI, plexor_claude: anthropic.Anthropic
) -> None:
    """The right exception with the message in it."""
    with pytest.raises(openai.NotFoundError) as of_openai:
        plexor_gpt.chat.completions.create(model="sim-chta", messages=HELLO)
    with pytest.raises(anthropic.NotFoundError) as of_anthropic:
        plexor_claude.messages.create(model="sim-chta", max_tokens=9, messages=HELLO)

    assert ("model", "model_not_found") == (of_openai.value.param, of_openai.value.code)
    for error in (of_openai.value, of_anthropic.value):
        assert "Did you mean sim-chat" in error.message


def test_plexor_overloaded(plexor_claude: anthropic.Anthropic) -> None:
    """Overload has a type of its own."""
    with pytest.raises(anthropic.OverloadedError) as refused:
        plexor_claude.messages.create(
            model="near/sim-chat@status=529,tag=plexor", max_tokens=9, messages=HELLO
        )

    assert isinstance(refused.value.body, dict)
    assert "overloaded_error" == refused.value.body["error"]["type"]


def test_keyplex_answers_as_openai_does(
    keyplex: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """Whole and streamed."""
    model = f"{upstream}/sim-chat"
    answer = keyplex.chat.completions.create(model=model, messages=HELLO)
    with keyplex.chat.completions.create(model=model, messages=HELLO, stream=True) as stream:
        said = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)

    assert answer.choices[0].message.content == said
    entry = gateway.entry(answer._request_id or "")
    assert ("keyplex", "ok") == (entry["face"], entry["status"])
    assert of_openai(answer.usage) == of_ledger(entry)


@pytest.mark.parametrize(
    ("body", "key", "status", "kind", "code", "param"),
    (
        ({"model": "gpt-999"}, None, 404, "invalid_request_error", "invalid_model", "model"),
        ({}, None, 400, "invalid_request_error", None, "model"),
        ({"model": "near/sim-chat"}, "tl_no", 401, "authentication_error", "invalid_api_key", None),
        (
            {"model": "near/sim-chat@fault=u10:retry_after=9,tag=keyplex"},
            None,
            429,
            "rate_limit_error",
            None,
            None,
        ),
        (
            {"model": "near/sim-chat@fault=u12:kind=context"},
            None,
            400,
            "context_length_error",
            None,
            "messages",
        ),
        ({"model": "near/sim-chat@status=503,tag=keyplex"}, None, 503, "model_error", None, None),
    ),
)
def test_keyplex_errors(
    gateway: Gateway,
    body: dict[str, object],
    key: str | None,
    status: int,
    kind: str,
    code: str | None,
    param: str | None,
) -> None:
    """Its types and codes, all five fields, and a request id that begins with req_."""
    answer = gateway.post("/api/v1/chat/completions", {"messages": HELLO, **body}, key)

    error = answer.json()["error"]
    assert {"type", "code", "message", "param", "request_id"} == set(error)
    assert (status, kind, param) == (answer.status, error["type"], error["param"])
    assert code in (None, error["code"])
    assert error["code"]
    assert error["request_id"].startswith("req_")
    assert error["request_id"] == answer.headers["x-trunkline-request-id"]


def test_keyplex_scopes(gateway: Gateway) -> None:
    """A key without chat:write: 403 permission_error."""
    key = gateway.new_key(scopes=["models:read"])

    answer = gateway.post("/api/v1/chat/completions", {"model": "near/sim-chat"}, key)

    assert (403, "permission_error") == (answer.status, answer.json()["error"]["type"])


def test_every_answer_of_every_face_carries_our_headers(gateway: Gateway) -> None:
    """Good or bad: the request's id, how many attempts, for how much; who answered, or failed to."""
    always = {"x-trunkline-request-id", "x-trunkline-attempts", "x-trunkline-cost-usd"}
    asked = {"x-trunkline-provider", "x-trunkline-model", "server-timing"}
    paths = (
        "/v1/chat/completions",
        "/v1/messages",
        f"{OPENAI_MOUNT}/chat/completions",
        f"{ANTHROPIC_MOUNT}/v1/messages",
        "/api/v1/chat/completions",
    )
    for path in paths:
        body = {"model": "near/sim-chat", "max_tokens": 9, "messages": HELLO}
        good = gateway.post(path, body)
        failed = gateway.post(path, {**body, "model": "near/sim-chat@status=400"})
        bad = gateway.post(path, b"{")
        stranger = gateway.post(path, body, "")
        wrong = call(gateway.base, "PUT", path)
        answers = (good, failed, bad, stranger, wrong)
        assert [200, 400, 400, 401, 405] == [answer.status for answer in answers]
        for answer in (good, failed):
            assert always | asked <= set(answer.headers), path
        for answer in (bad, stranger):
            assert always <= set(answer.headers), path
        for answer in answers[1:]:
            assert "x-trunkline-request-id" in answer.headers
            assert answer.json()["error"]["message"]
        assert ("1", "0.000000000", "near") == tuple(
            failed.headers[f"x-trunkline-{name}"] for name in ("attempts", "cost-usd", "provider")
        )
