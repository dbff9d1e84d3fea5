"""The official Google Gen AI SDK for Python, unmodified, against every kind of upstream."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from tests.integration.program import Gateway, call

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather",
            description="Looks.",
            parameters_json_schema={
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        )
    ]
)


class Weather(BaseModel):
    """What a structured answer shall be."""

    city: str
    degrees: int
    sunny: bool


def client_of(gateway: Gateway, **more: Any) -> genai.Client:
    """As its user would point it here."""
    options = types.HttpOptions(
        base_url=gateway.base, retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(**{"api_key": gateway.key, "http_options": options, **more})


@pytest.fixture(scope="module")
def gemini(gateway: Gateway) -> Generator[genai.Client]:
    client = client_of(gateway)
    yield client
    client.close()


def headers_of(response: types.GenerateContentResponse) -> dict[str, str]:
    told = response.sdk_http_response
    assert told is not None
    return {name.lower(): value for name, value in (told.headers or {}).items()}


def counts(response: types.GenerateContentResponse) -> tuple[int, int]:
    """Input and output, thoughts included."""
    usage = response.usage_metadata
    assert usage is not None
    output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    return usage.prompt_token_count or 0, output


def of_ledger(entry: Any) -> tuple[int, int]:
    return entry["input_tokens"], entry["output_tokens"]


def test_a_plain_answer(gemini: genai.Client, gateway: Gateway, upstream: str) -> None:
    """Text, finish reason, usage and model of the real API's kind, and the ledger agrees."""
    response = gemini.models.generate_content(
        model=f"{upstream}/sim-chat", contents="Say hello.", config={"max_output_tokens": 1000}
    )

    assert response.text
    assert "sim-chat" == response.model_version
    (candidate,) = response.candidates or []
    assert types.FinishReason.STOP is candidate.finish_reason
    headers = headers_of(response)
    entry = gateway.entry(headers["x-trunkline-request-id"])
    assert headers["x-request-id"] == headers["x-trunkline-request-id"]
    assert ("ok", upstream, "sim-chat") == (
        entry["status"],
        entry["provider"],
        entry["upstream_model"],
    )
    assert (
        sum(counts(response))
        == (response.usage_metadata or types.UsageMetadata()).total_token_count
    )


def test_a_stream_says_what_a_whole_answer_says(gemini: genai.Client, upstream: str) -> None:
    """In pieces, each a response; the last says why it ended, and what it took."""
    asked: dict[str, Any] = {"model": f"{upstream}/sim-chat", "contents": "Say hello."}
    asked["config"] = {"max_output_tokens": 1000}
    whole = gemini.models.generate_content(**asked)
    pieces = list(gemini.models.generate_content_stream(**asked))

    assert len(pieces) > 5
    assert whole.text == "".join(piece.text or "" for piece in pieces)
    reasons = [piece.candidates[0].finish_reason for piece in pieces if piece.candidates]
    assert [None] * (len(pieces) - 1) == reasons[:-1]
    assert types.FinishReason.STOP is reasons[-1]
    assert counts(whole) == counts(pieces[-1])
    assert 1 == len({piece.response_id for piece in pieces})


def test_the_asynchronous_client(gateway: Gateway, upstream: str) -> None:
    """Gets the same, several at a time, streamed."""

    async def one(client: genai.Client, said: str) -> str:
        stream = await client.aio.models.generate_content_stream(
            model=f"{upstream}/sim-echo", contents=said, config={"max_output_tokens": 100}
        )
        return "".join([piece.text or "" async for piece in stream])

    async def ask() -> list[str]:
        client = client_of(gateway)
        said = await asyncio.gather(*(one(client, f"number {n}") for n in range(8)))
        await client.aio.aclose()
        return said

    assert [f"number {n}" for n in range(8)] == asyncio.run(ask())


def test_a_chat_with_a_system_instruction(gemini: genai.Client, upstream: str) -> None:
    """The SDK keeps the history, and sends it back."""
    chat = gemini.chats.create(
        model=f"{upstream}/sim-echo",
        config={"system_instruction": "Be brief.", "max_output_tokens": 100},
    )
    assert "one" == chat.send_message("one").text
    assert "two" == "".join(piece.text or "" for piece in chat.send_message_stream("two"))
    assert "three" == chat.send_message("three").text
    said = ["".join(p.text or "" for p in c.parts or []) for c in chat.get_history()]
    assert ["one", "one", "two", "two", "three", "three"] == list(filter(None, said))


@pytest.mark.parametrize("stream", (False, True))
def test_a_tool_loop(gemini: genai.Client, gateway: Gateway, upstream: str, stream: bool) -> None:
    """Two calls at once, their results in one content, then an answer from both."""
    model = f"{upstream}/sim-tools@calls=2"
    config = types.GenerateContentConfig(tools=[WEATHER], max_output_tokens=1000)
    said: list[types.Content] = [types.UserContent("What is the weather in Oslo and Rome?")]
    first = answered(gemini, model, said, config, stream=stream)
    calls = [part.function_call for part in first.parts or [] if part.function_call]
    assert ["weather", "weather"] == [one.name for one in calls]
    assert all("city" in (one.args or {}) for one in calls)
    # What passes through is left alone: Google's own calls have no ids, and find results by order.
    assert (1 if upstream == "far-gemini" else 2) == len({one.id for one in calls})

    results = [
        types.Part(
            function_response=types.FunctionResponse(
                id=one.id, name=one.name, response={"output": f"{n} degrees"}
            )
        )
        for n, one in enumerate(calls, 20)
    ]
    said += [first, types.Content(role="user", parts=results)]
    last = answered(gemini, model, said, config, stream=stream)
    text = "".join(part.text or "" for part in last.parts or [])
    assert "20 degrees" in text
    assert "21 degrees" in text


def answered(
    client: genai.Client,
    model: str,
    said: list[types.Content],
    config: types.GenerateContentConfig,
    *,
    stream: bool,
) -> types.Content:
    """The model's turn, put together as a client of the API does it."""
    asked: dict[str, Any] = {"model": model, "contents": said, "config": config}
    pieces = (
        list(client.models.generate_content_stream(**asked))
        if stream
        else [client.models.generate_content(**asked)]
    )
    parts = [
        part
        for piece in pieces
        for candidate in piece.candidates or []
        for part in (candidate.content and candidate.content.parts) or []
    ]
    return types.Content(role="model", parts=parts)


def test_calling_functions_by_itself(gemini: genai.Client, upstream: str) -> None:
    """The SDK runs the function and asks again until there is text."""
    asked: list[str] = []

    def weather(city: str) -> str:
        """Looks the weather up."""
        asked.append(city)
        return "sunny"

    response = gemini.models.generate_content(
        model=f"{upstream}/sim-tools",
        contents="What is the weather in Oslo?",
        config=types.GenerateContentConfig(tools=[weather], max_output_tokens=1000),
    )
    assert 1 == len(asked)
    assert "sunny" in (response.text or "")


def test_a_structured_answer(gemini: genai.Client, upstream: str) -> None:
    """By a schema, parsed by the SDK."""
    response = gemini.models.generate_content(
        model=f"{upstream}/sim-json",
        contents="Weather?",
        config=types.GenerateContentConfig(
            response_mime_type="application/json",
            response_schema=Weather,
            max_output_tokens=1000,
        ),
    )
    assert isinstance(response.parsed, Weather)


def test_pictures_and_documents(gemini: genai.Client, upstream: str) -> None:
    """Reach the upstream, whose simulator counts them."""
    contents: list[Any] = [
        types.Part.from_bytes(data=PIXEL, mime_type="image/png"),
        types.Part.from_bytes(data=b"%PDF-1.4\n" + bytes(40), mime_type="application/pdf"),
        "What is this?",
    ]
    asked: dict[str, Any] = {"model": f"{upstream}/sim-chat", "config": {"max_output_tokens": 50}}
    seen = gemini.models.generate_content(contents=contents, **asked)
    blind = gemini.models.generate_content(contents="What is this?", **asked)
    assert counts(seen)[0] > counts(blind)[0] + 100


def test_a_limit_is_told(gemini: genai.Client, upstream: str) -> None:
    """MAX_TOKENS."""
    response = gemini.models.generate_content(
        model=f"{upstream}/sim-chat", contents="Say a lot.", config={"max_output_tokens": 3}
    )
    (candidate,) = response.candidates or []
    assert types.FinishReason.MAX_TOKENS is candidate.finish_reason


def test_thinking(gemini: genai.Client, upstream: str) -> None:
    """Thoughts are parts of their own, apart from the text."""
    response = gemini.models.generate_content(
        model=f"{upstream}/sim-reason",
        contents="Think.",
        config=types.GenerateContentConfig(
            thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=2048),
            max_output_tokens=4000,
        ),
    )
    (candidate,) = response.candidates or []
    parts = (candidate.content and candidate.content.parts) or []
    assert response.text
    assert any(part.thought and part.text for part in parts)


@pytest.mark.parametrize("stream", (False, True))
def test_errors(gemini: genai.Client, upstream: str, stream: bool) -> None:
    """Number, word and message as the SDK knows them."""
    method = gemini.models.generate_content_stream if stream else gemini.models.generate_content

    def ask(model: str) -> errors.APIError:
        with pytest.raises(errors.APIError) as caught:
            list(method(model=model, contents="hi", config={"max_output_tokens": 10}))
        return caught.value

    unknown = ask("nobody-serves-this")
    assert (404, "NOT_FOUND") == (unknown.code, unknown.status)
    assert "nobody-serves-this" in (unknown.message or "")
    limited = ask(f"{upstream}/sim-chat@fault=u10:retry_after=40,tag={stream}")
    assert (429, "RESOURCE_EXHAUSTED") == (limited.code, limited.status)
    broken = ask(f"{upstream}/sim-chat@fault=u11:status=500,tag={stream}")
    assert isinstance(broken, errors.ServerError)


def test_a_fault_in_a_stream(gemini: genai.Client, upstream: str) -> None:
    """What came is given; then the SDK raises."""
    said: list[str] = []
    with pytest.raises(errors.APIError) as caught:
        said.extend(
            piece.text or ""
            for piece in gemini.models.generate_content_stream(
                model=f"{upstream}/sim-chat@fault=u5:after=3", contents="hi"
            )
        )
    assert isinstance(caught.value.code, int)


def test_a_wrong_key(gateway: Gateway) -> None:
    """401 in Google's words."""
    client = client_of(gateway, api_key="tl_wrong")
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="fast", contents="hi")
    assert (401, "UNAUTHENTICATED") == (caught.value.code, caught.value.status)
    client.close()


def test_models(gemini: genai.Client) -> None:
    """Listed page by page, and each by its name."""
    names = [model.name for model in gemini.models.list(config={"page_size": 2})]
    assert "models/fast" in names
    assert len(names) == len(set(names)) > 3
    assert "models/fast" == gemini.models.get(model="fast").name
    assert "models/team/fast" == gemini.models.get(model="team/fast").name


def test_a_model_with_a_slash(gemini: genai.Client) -> None:
    """As an alias, too."""
    response = gemini.models.generate_content(model="team/fast", contents="hi")
    assert response.text


def test_a_stream_without_events(gateway: Gateway) -> None:
    """As the real API without `alt=sse`: one array."""
    answer = call(
        gateway.base,
        "POST",
        f"/v1beta/models/fast:streamGenerateContent?key={gateway.key}",
        {"contents": [{"parts": [{"text": "hi"}]}]},
    )
    chunks = answer.json()
    assert 200 == answer.status
    assert "application/json; charset=UTF-8" == answer.headers["content-type"]
    assert "STOP" == chunks[-1]["candidates"][0]["finishReason"]
    assert gateway.key not in gateway.log
