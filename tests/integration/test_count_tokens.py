"""Counting tokens by the official Anthropic SDK: whatever the upstream, and in nobody's books."""

import anthropic
import openai
import pytest

from tests.integration.program import Gateway

HELLO = [{"role": "user", "content": "Say hello to " + "everybody here, " * 20}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def test_every_upstream_is_counted_for(claude: anthropic.Anthropic, upstream: str) -> None:
    """A number near the truth; tools and system prompt count, too."""
    model = f"{upstream}/sim-chat"
    plain = claude.messages.count_tokens(model=model, messages=HELLO)
    more = claude.messages.count_tokens(
        model=model, messages=HELLO, system="Be very brief, please.", tools=[WEATHER]
    )
    beta = claude.beta.messages.count_tokens(model=model, messages=HELLO)

    assert 60 < plain.input_tokens < 150
    assert plain.input_tokens < more.input_tokens
    assert plain.input_tokens == beta.input_tokens


def test_the_answer_is_the_number_alone(gateway: Gateway) -> None:
    """Byte for byte what the real API sends; `?beta=true` changes nothing."""
    asked = {"model": "near/sim-chat", "messages": [{"role": "user", "content": "Hello"}]}
    answers = [
        gateway.post(path, asked)
        for path in (
            "/v1/messages/count_tokens",
            "/v1/messages/count_tokens?beta=true",
            "/gateway/anthropic/v1/messages/count_tokens",
        )
    ]

    assert [200] * 3 == [answer.status for answer in answers]
    assert {answers[0].body} == {answer.body for answer in answers}
    assert ["input_tokens"] == list(answers[0].json())


def test_a_count_is_in_nobodys_books(claude: anthropic.Anthropic, gateway: Gateway) -> None:
    """It costs nothing, and is no request of a model: the ledger and its totals know nothing of it."""
    key = gateway.new_key(scopes=["chat:write", "usage:read"])
    asked = {"model": "near-claude/sim-chat", "messages": HELLO}
    told = gateway.post("/v1/messages/count_tokens", asked, key)

    request_id = told.headers["x-trunkline-request-id"]
    assert 404 == gateway.get(f"/v1/requests/{request_id}", key).status
    assert "0.000000000" == told.headers["x-trunkline-cost-usd"]


def test_what_is_refused(claude: anthropic.Anthropic, gateway: Gateway) -> None:
    """An unknown model as the real API does; a key that may not chat; another method."""
    with pytest.raises(anthropic.NotFoundError) as unknown:
        claude.messages.count_tokens(model="claude-nobody-knows", messages=HELLO)
    with pytest.raises(anthropic.BadRequestError):
        claude.messages.count_tokens(model="near/sim-chat", messages=[])
    narrow = gateway.new_key(scopes=["models:read"])
    asked = {"model": "near/sim-chat", "messages": HELLO}
    forbidden = gateway.post("/v1/messages/count_tokens", asked, narrow)

    assert "not_found_error" == unknown.value.body["error"]["type"]
    assert (403, "permission_error") == (forbidden.status, forbidden.json()["error"]["type"])
    assert 405 == gateway.get("/v1/messages/count_tokens").status


def test_responses_are_counted_alike(gpt: openai.OpenAI, upstream: str) -> None:
    """OpenAI's own SDK; instructions and tools count, too."""
    tool = {
        "type": "function",
        "name": "get_weather",
        "parameters": WEATHER["input_schema"],
        "strict": False,
    }
    said = "Say hello to " + "everybody here, " * 20
    plain = gpt.responses.input_tokens.count(model=f"{upstream}/sim-chat", input=said)
    more = gpt.responses.input_tokens.count(
        model=f"{upstream}/sim-chat", input=said, instructions="Be very brief.", tools=[tool]
    )

    assert "response.input_tokens" == plain.object
    assert 60 < plain.input_tokens < 150
    assert plain.input_tokens < more.input_tokens


def test_gemini_is_counted_alike(gateway: Gateway, upstream: str) -> None:
    """Bare contents, and a whole request with more around them; under each of Google's paths."""
    contents = [{"role": "user", "parts": [{"text": "Say hello to " + "everybody here, " * 20}]}]
    system = {"parts": [{"text": "Be very brief, please."}]}
    paths = (
        f"/v1beta/models/{upstream}%2Fsim-chat:countTokens",
        f"/v1beta/models/{upstream}/sim-chat:countTokens",
        f"/v1/projects/p/locations/l/publishers/google/models/{upstream}/sim-chat:countTokens",
    )
    plain = [gateway.post(path, {"contents": contents}) for path in paths]
    whole = {"contents": contents, "systemInstruction": system}
    more = gateway.post(paths[0], {"generateContentRequest": {"model": "models/m", **whole}})

    assert [200] * 3 == [answer.status for answer in plain]
    assert ["totalTokens"] == list(plain[0].json())
    assert 60 < plain[0].json()["totalTokens"] < 150
    assert plain[0].json()["totalTokens"] < more.json()["totalTokens"]
    unknown = gateway.post("/v1beta/models/nobody-knows:countTokens", {"contents": contents})
    assert (404, "NOT_FOUND") == (unknown.status, unknown.json()["error"]["status"])


def test_what_was_said_before_counts_too(gpt: openai.OpenAI, upstream: str) -> None:
    """A response goes on from one that lives at the gateway; one that is not there is refused."""
    model = f"{upstream}/sim-chat"
    first = gpt.responses.create(model=model, input="The word is heliotrope. " * 20)
    alone = gpt.responses.input_tokens.count(model=model, input="And now?")
    after = gpt.responses.input_tokens.count(
        model=model, input="And now?", previous_response_id=first.id
    )

    assert alone.input_tokens + 80 < after.input_tokens
    [item] = gpt.responses.input_items.list(first.id).data
    named = gpt.responses.input_tokens.count(
        model=model, input=[{"type": "item_reference", "id": item.id}]
    )
    assert named.input_tokens > 80
    with pytest.raises(openai.BadRequestError) as unknown:
        gpt.responses.input_tokens.count(model=model, input="x", previous_response_id="resp_none")
    assert "previous_response_id" == unknown.value.param
