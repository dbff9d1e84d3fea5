"""Errors as the SDKs raise them: class, status, type and code, before and after the first byte."""

from typing import Any

import anthropic
import openai
import pytest

from tests.integration.program import Gateway, call

HELLO = [{"role": "user", "content": "Say hello."}]
SPEAKS_OPENAI = ("near", "far")


def ask_openai(client: openai.OpenAI, model: str, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=HELLO, **more)


def ask_anthropic(client: anthropic.Anthropic, model: str, **more: Any) -> Any:
    return client.messages.create(**{"model": model, "max_tokens": 100, "messages": HELLO, **more})


def openai_error(error: openai.APIStatusError) -> Any:
    """The four keys of the real API's error, all there."""
    assert isinstance(error.body, dict)
    assert {"message", "type", "param", "code"} == set(error.body)
    assert error.request_id == error.response.headers["x-trunkline-request-id"]
    return error.type, error.param, error.code


def anthropic_error(error: anthropic.APIStatusError) -> Any:
    """The real API's error, and its request id in the body, too."""
    assert isinstance(error.body, dict)
    assert {"type", "error", "request_id"} == set(error.body)
    assert ("error", {"type", "message"}) == (error.body["type"], set(error.body["error"]))
    headers = error.response.headers
    assert error.body["request_id"] == headers["request-id"] == headers["x-trunkline-request-id"]
    return error.body["error"]["type"]


def test_an_unknown_model_names_its_neighbours(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, gateway: Gateway
) -> None:
    """404, and what was probably meant; it stands in the ledger as a failed request."""
    with pytest.raises(openai.NotFoundError) as of_openai:
        ask_openai(gpt, "sim-chta")
    with pytest.raises(anthropic.NotFoundError) as of_anthropic:
        ask_anthropic(claude, "sim-chta")

    assert ("invalid_request_error", "model", "model_not_found") == openai_error(of_openai.value)
    assert "not_found_error" == anthropic_error(of_anthropic.value)
    for error in (of_openai.value, of_anthropic.value):
        hint = "Did you mean sim-chat, sim-echo or sim-script?"
        assert f"The model 'sim-chta' does not exist here. {hint}" in error.message
        entry = gateway.entry(error.request_id or "")
        assert ("failed", [], 0) == (entry["status"], entry["attempts"], entry["cost_nanousd"])


def test_an_unknown_model_of_a_provider_is_its_own_to_refuse(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, upstream: str
) -> None:
    """404 as well: the upstream's answer in the client's dialect."""
    with pytest.raises(openai.NotFoundError) as of_openai:
        ask_openai(gpt, f"{upstream}/sim-nothing")
    with pytest.raises(anthropic.NotFoundError) as of_anthropic:
        ask_anthropic(claude, f"{upstream}/sim-nothing")

    assert "model_not_found" == openai_error(of_openai.value)[2]
    assert "not_found_error" == anthropic_error(of_anthropic.value)


@pytest.mark.parametrize(
    "key", ("sk-nothing", "tl_123456789012_" + "x" * 49, "tl_short", "\N{LATIN SMALL LETTER E}")
)
def test_a_wrong_key(gateway: Gateway, key: str) -> None:
    """401 for either SDK, with a message that says how to get a right one."""
    gpt = openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=key, max_retries=0)
    claude = anthropic.Anthropic(base_url=gateway.base, api_key=key, max_retries=0)
    with gpt, claude:
        with pytest.raises(openai.AuthenticationError) as of_openai:
            ask_openai(gpt, "near/sim-chat")
        with pytest.raises(anthropic.AuthenticationError) as of_anthropic:
            ask_anthropic(claude, "near/sim-chat")

    assert ("invalid_request_error", None, "invalid_api_key") == openai_error(of_openai.value)
    assert "authentication_error" == anthropic_error(of_anthropic.value)


@pytest.mark.parametrize(
    ("fields", "param"),
    (
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "alien", "content": "x"}]}, "messages[0].role"),
        ({"temperature": "hot"}, "temperature"),
    ),
)
def test_malformed_requests(
    gpt: openai.OpenAI, upstream: str, fields: dict[str, object], param: str
) -> None:
    """400 naming the parameter, whether the upstream judged it or the translation did."""
    with pytest.raises(openai.BadRequestError) as refused:
        ask_openai(gpt, f"{upstream}/sim-chat", extra_body=fields)

    kind, named, _ = openai_error(refused.value)
    assert ("invalid_request_error", param) == (kind, named)


@pytest.mark.parametrize(
    ("fields", "said"),
    (
        ({"messages": "hello"}, "messages"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"messages": [{"role": "alien", "content": "x"}]}, "role"),
    ),
)
def test_malformed_messages(
    claude: anthropic.Anthropic, upstream: str, fields: dict[str, object], said: str
) -> None:
    """400 naming what is wrong, whether the upstream judged it or the translation did."""
    with pytest.raises(anthropic.BadRequestError) as refused:
        ask_anthropic(claude, f"{upstream}/sim-chat", extra_body=fields)

    assert "invalid_request_error" == anthropic_error(refused.value)
    assert said in refused.value.message


@pytest.mark.parametrize("stream", (False, True))
def test_a_throttled_upstream(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, upstream: str, stream: bool
) -> None:
    """429 with the wait that the upstream asked for; nobody else could be asked."""
    fault = f"{upstream}/sim-chat@fault=u10:retry_after=40,tag={stream}"
    with pytest.raises(openai.RateLimitError) as of_openai:
        ask_openai(gpt, fault, stream=stream)
    with pytest.raises(anthropic.RateLimitError) as of_anthropic:
        ask_anthropic(claude, fault, stream=stream)

    assert "rate_limit_exceeded" == openai_error(of_openai.value)[2]
    assert "rate_limit_error" == anthropic_error(of_anthropic.value)
    for error in (of_openai.value, of_anthropic.value):
        assert 38 <= int(error.response.headers["retry-after"]) <= 40


@pytest.mark.parametrize("stream", (False, True))
def test_an_overloaded_upstream(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, gateway: Gateway, upstream: str, stream: bool
) -> None:
    """529 is 529 to Anthropic's clients and 503 to OpenAI's; it was tried twice, nothing is billed."""
    fault = f"{upstream}/sim-chat@fault=u11:status=529,tag={stream}"
    with pytest.raises(openai.InternalServerError) as of_openai:
        ask_openai(gpt, f"{fault}o", stream=stream)
    with pytest.raises(anthropic.OverloadedError) as of_anthropic:
        ask_anthropic(claude, f"{fault}a", stream=stream)

    assert (503, 529) == (of_openai.value.status_code, of_anthropic.value.status_code)
    assert "server_error" == openai_error(of_openai.value)[0]
    assert "overloaded_error" == anthropic_error(of_anthropic.value)
    for error in (of_openai.value, of_anthropic.value):
        entry = gateway.entry(error.request_id or "")
        assert ("failed", 0) == (entry["status"], entry["cost_nanousd"])
        assert ["failed"] * 2 == [attempt["status"] for attempt in entry["attempts"]]
        assert "2" == error.response.headers["x-trunkline-attempts"]


def test_a_prompt_too_long(gpt: openai.OpenAI, claude: anthropic.Anthropic, upstream: str) -> None:
    """400 in the words that clients look for when they decide to compact."""
    model = f"{upstream}/sim-chat@fault=u12:kind=context"
    with pytest.raises(openai.BadRequestError) as of_openai:
        ask_openai(gpt, model)
    with pytest.raises(anthropic.BadRequestError) as of_anthropic:
        ask_anthropic(claude, model)

    assert "context_length_exceeded" == openai_error(of_openai.value)[2]
    assert "prompt is too long" in of_anthropic.value.message


def test_the_gateways_own_credential_is_never_the_clients(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, upstream: str
) -> None:
    """An upstream's 401 is no 401 here: the caller's key is good."""
    model = f"{upstream}/sim-chat@status=401"
    with pytest.raises(openai.InternalServerError) as of_openai:
        ask_openai(gpt, model)
    with pytest.raises(anthropic.InternalServerError) as of_anthropic:
        ask_anthropic(claude, model)

    assert (502, 502) == (of_openai.value.status_code, of_anthropic.value.status_code)


def test_a_fault_after_the_first_byte(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, gateway: Gateway, upstream: str
) -> None:
    """An error within the stream, raised by the SDKs; what came before it is billed as partial."""
    model = f"{upstream}/sim-chat@fault=u5:after=3"
    pieces: list[str] = []
    with ask_openai(gpt, model, stream=True) as chat:
        first = chat.response.headers["x-request-id"]
        with pytest.raises(openai.APIError) as of_openai:
            pieces.extend(c.choices[0].delta.content or "" for c in chat if c.choices)
    with claude.messages.stream(model=model, max_tokens=100, messages=HELLO) as messages:
        second = messages.request_id
        with pytest.raises(anthropic.APIError) as of_anthropic:
            messages.until_done()

    assert not isinstance(of_openai.value, openai.APIConnectionError)
    assert not isinstance(of_anthropic.value, anthropic.APIConnectionError)
    assert 3 == len([piece for piece in pieces if piece])
    for request_id in (first, second):
        entry = gateway.entry(request_id or "")
        assert ("partial", True) == (entry["status"], entry["estimated"])
        assert 0 < entry["tokens"]["output"] < 20


def test_a_body_too_large(gateway: Gateway) -> None:
    """413 before it is read to its end, for either SDK."""
    huge = [{"role": "user", "content": "x" * (65 << 20)}]
    gpt = openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0)
    claude = anthropic.Anthropic(base_url=gateway.base, api_key=gateway.key, max_retries=0)
    with gpt, claude:
        with pytest.raises(openai.APIStatusError) as of_openai:
            gpt.chat.completions.create(model="near/sim-chat", messages=huge)
        with pytest.raises(anthropic.ContentTooLargeError) as of_anthropic:
            claude.messages.create(model="near/sim-chat", max_tokens=9, messages=huge)

    assert 413 == of_openai.value.status_code
    assert "request_too_large" == openai_error(of_openai.value)[2]
    assert "request_too_large" == anthropic_error(of_anthropic.value)


def test_the_sdks_retry_what_they_may(gateway: Gateway) -> None:
    """Told to try again, they do, and get their answer; each try is an entry of its own."""
    model = "near/sim-chat@fault=u11:status=500,fail=4,tag=retried"
    with openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=3) as client:
        answer = ask_openai(client, model)

    assert answer.choices[0].message.content


@pytest.mark.parametrize("path", ("/v1/requests/req_nothing", "/v1/nothing", "/nothing"))
def test_there_is_no_such_thing(gateway: Gateway, path: str) -> None:
    """404 in JSON, with a request id, for what is not there."""
    answer = gateway.get(path)

    assert (404, "application/json") == (answer.status, answer.headers["content-type"])
    assert {"message", "type", "code"} <= set(answer.json()["error"])
    assert answer.headers["x-trunkline-request-id"].startswith("req_")


def test_a_request_that_nobody_made(gateway: Gateway) -> None:
    """404 in the shape that the caller speaks."""
    answer = gateway.get("/v1/requests/req_nothing", anthropic_version="2023-06-01")

    assert ("error", "not_found_error") == (answer.json()["type"], answer.json()["error"]["type"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    (("/v1/chat/completions", "POST"), ("/v1/messages", "POST"), ("/v1/models", "GET")),
)
def test_the_wrong_method(gateway: Gateway, path: str, allowed: str) -> None:
    """405 that says which is right, with a request id."""
    answer = call(gateway.base, "PATCH", path, {}, {"x-api-key": gateway.key})

    assert (405, allowed) == (answer.status, answer.headers["allow"])
    assert f"PATCH is not served here; use {allowed}" == answer.json()["error"]["message"]
    assert answer.headers["x-trunkline-request-id"].startswith("req_")


def test_no_header_is_told_twice(gateway: Gateway) -> None:
    """A refusal has one request id, under each name it goes by."""
    for path, body in (
        ("/v1/chat/completions", {"model": "nothing"}),
        ("/v1/chat/completions", {"model": "near/sim-chat@status=400", "messages": HELLO}),
        ("/v1/messages", {"model": "nothing"}),
    ):
        answer = gateway.post(path, body)
        ids = {value for name, value in answer.headers.items() if name.endswith("request-id")}
        assert 1 == len(ids), answer.headers
        assert sorted(answer.names) == sorted(set(answer.names))
