"""The official OpenAI SDK's Responses client, unmodified, against every kind of upstream."""

import base64
from collections.abc import Generator
from typing import Any

import openai
import pytest
from openai.types.responses import Response, ResponseUsage
from pydantic import BaseModel

from tests.integration.books import Told, of_ledger
from tests.integration.program import Gateway, losses, serving

# In the process and over HTTP, in each dialect that there is.
CONFIG = """
[providers.near]
kind = "sim"

[providers.near-claude]
kind = "sim"
dialect = "anthropic-messages"

[providers.near-responses]
kind = "sim"
dialect = "openai-responses"

[providers.far]
dialect = "openai-chat"
base_url = "{simulator}/v1"
api_key = "sk-far"

[providers.far-claude]
dialect = "anthropic-messages"
base_url = "{simulator}"
api_key = "sk-far-claude"

[providers.far-responses]
dialect = "openai-responses"
base_url = "{simulator}/v1"
api_key = "sk-far-responses"
"""
UPSTREAMS = ("near", "near-claude", "near-responses", "far", "far-claude", "far-responses")
HELLO = "Say hello."
ASK = "What is the weather in Oslo and in Rome?"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
PAGE = base64.b64encode(b"%PDF-1.4\n" + bytes(40)).decode()
SPEAKS_RESPONSES = ("near-responses", "far-responses")
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


class Weather(BaseModel):
    """What a structured answer shall be."""

    city: str
    degrees: int
    sunny: bool


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, simulator: str) -> Generator[Gateway]:
    """With upstreams of this dialect, too."""
    config = CONFIG.format(simulator=simulator)
    with serving(tmp_path_factory.mktemp("gateway"), config) as running:
        yield running


@pytest.fixture(scope="module")
def gpt(gateway: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0) as client:
        yield client


@pytest.fixture(params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def of_responses(usage: ResponseUsage | None) -> Told:
    assert usage is not None
    assert usage.input_tokens + usage.output_tokens == usage.total_tokens
    details = usage.input_tokens_details
    written = getattr(details, "cache_write_tokens", None) or 0
    return Told(usage.input_tokens, details.cached_tokens, written, usage.output_tokens)


def function(name: str) -> Any:
    return {"type": "function", "name": name, "parameters": SCHEMA, "strict": True}


def test_a_plain_answer(gpt: openai.OpenAI, gateway: Gateway, upstream: str) -> None:
    """Text, status, usage and model of the real API's kind, and the ledger agrees."""
    answer = gpt.responses.create(model=f"{upstream}/sim-chat", input=HELLO, store=False)

    assert ("response", "completed", "sim-chat") == (answer.object, answer.status, answer.model)
    assert answer.id.startswith("resp_")
    assert answer.output_text
    assert ["message"] == [item.type for item in answer.output]
    entry = gateway.entry(answer._request_id or "")
    assert of_responses(answer.usage) == of_ledger(entry)
    assert ("ok", False, upstream) == (entry["status"], entry["estimated"], entry["provider"])


def test_a_stream_says_what_a_whole_answer_says(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """The same text and usage; numbered without a gap, under one id."""
    model = f"{upstream}/sim-chat"
    whole = gpt.responses.create(model=model, input=HELLO, store=False)
    with gpt.responses.create(model=model, input=HELLO, store=False, stream=True) as stream:
        request_id = stream.response.headers["x-trunkline-request-id"]
        events = list(stream)

    assert list(range(len(events))) == [event.sequence_number for event in events]
    assert ["response.created", "response.in_progress"] == [event.type for event in events[:2]]
    last = events[-1]
    assert "response.completed" == last.type
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 5
    assert whole.output_text == "".join(deltas) == last.response.output_text
    assert events[0].response.id == last.response.id
    assert whole.usage == last.response.usage
    assert of_responses(last.response.usage) == of_ledger(gateway.entry(request_id))


def test_the_stream_helper_accumulates(gpt: openai.OpenAI, upstream: str) -> None:
    """`responses.stream` yields its events and ends in the same response."""
    with gpt.responses.stream(model=f"{upstream}/sim-chat", input=HELLO, store=False) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()

    assert final.output_text == "".join(deltas)


@pytest.mark.parametrize("stream", (False, True))
def test_a_tool_loop(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """Two calls at once, their outputs in any order, then an answer from both."""
    asked: dict[str, Any] = {
        "model": f"{upstream}/sim-tools@calls=2",
        "tools": [function("weather"), function("forecast")],
        "parallel_tool_calls": True,
        "store": False,
    }
    first = _answer(gpt, ASK, asked, stream=stream)

    calls = [item for item in first.output if item.type == "function_call"]
    assert {"weather", "forecast"} == {call.name for call in calls}
    assert 2 == len({call.call_id for call in calls} - {call.id for call in calls})
    outputs = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name}: 7"}
        for call in reversed(calls)
    ]
    items = [item.model_dump(exclude_none=True) for item in first.output]
    second = _answer(
        gpt, [{"role": "user", "content": ASK}, *items, *outputs], asked, stream=stream
    )
    assert "weather: 7" in second.output_text
    assert "forecast: 7" in second.output_text


def _answer(gpt: openai.OpenAI, given: Any, asked: Any, *, stream: bool) -> Response:
    if not stream:
        answer: Response = gpt.responses.create(input=given, **asked)
        return answer
    with gpt.responses.stream(input=given, **asked) as helper:
        final: Response = helper.get_final_response()
        return final


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize("upstream", ("near-claude", "far-claude"), indirect=True)
def test_a_custom_tool_stays_one(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """Called with free text, whether its upstream has such tools or functions alone."""
    tool = {"type": "custom", "name": "patch", "description": "Applies a patch."}
    asked = {"model": f"{upstream}/sim-tools", "tools": [tool], "store": False}
    answer = _answer(gpt, ASK, asked, stream=stream)

    (call,) = [item for item in answer.output if item.type != "reasoning"]
    assert ("custom_tool_call", "patch") == (call.type, call.name)
    assert call.input
    assert not call.input.startswith("{")


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize("upstream", ("near", "near-claude", "far", "far-claude"), indirect=True)
def test_a_namespace_is_restored(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """Its tool is called by its own name, whatever the upstream knew it by."""
    space = {
        "type": "namespace",
        "name": "agents",
        "description": "Sub-agents.",
        "tools": [function("spawn")],
    }
    asked = {"model": f"{upstream}/sim-tools", "tools": [space], "store": False}
    answer = _answer(gpt, ASK, asked, stream=stream)

    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert ("spawn", "agents") == (call.name, call.namespace)


def test_built_in_tools(gpt: openai.OpenAI, upstream: str) -> None:
    """One that the model may use is left out where it cannot; one that it must use is refused."""
    search: Any = {"type": "web_search"}
    asked: Any = {"input": HELLO, "tools": [search, function("f")], "store": False}
    raw = gpt.responses.with_raw_response.create(model=f"{upstream}/sim-chat", **asked)
    told = losses(raw.headers)
    assert raw.parse().output_text
    if upstream in SPEAKS_RESPONSES:
        assert "" == told
        return
    assert "web_search" in told
    with pytest.raises(openai.BadRequestError, match="web_search") as refused:
        gpt.responses.create(model=f"{upstream}/sim-chat", tool_choice=search, **asked)
    assert "tool_choice" == refused.value.param


@pytest.mark.parametrize("stream", (False, True))
def test_structured_output(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """`text_format` gets an instance of the model it asked for."""
    model = f"{upstream}/sim-json"
    if stream:
        with gpt.responses.stream(
            model=model, input=HELLO, text_format=Weather, store=False
        ) as helper:
            parsed = helper.get_final_response().output_parsed
    else:
        answer = gpt.responses.parse(model=model, input=HELLO, text_format=Weather, store=False)
        parsed = answer.output_parsed

    assert isinstance(parsed, Weather)


def test_images_and_documents(gpt: openai.OpenAI, upstream: str) -> None:
    """An image inline, one by its address, and a PDF arrive as what they are, in order."""
    content: Any = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
        {"type": "input_image", "image_url": "https://images.test/cat.jpg", "detail": "auto"},
        {
            "type": "input_file",
            "filename": "page.pdf",
            "file_data": f"data:application/pdf;base64,{PAGE}",
        },
    ]
    answer = gpt.responses.create(
        model=f"{upstream}/sim-vision", input=[{"role": "user", "content": content}], store=False
    )

    seen = "I see 3 images: image/png, https://images.test/cat.jpg, application/pdf"
    assert seen == answer.output_text


@pytest.mark.parametrize("stream", (False, True))
def test_reasoning_comes_back_sealed(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """A summary to read, content to bring back: the next turn is accepted with it."""
    asked: dict[str, Any] = {
        "model": f"{upstream}/sim-reason",
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    first = _answer(gpt, HELLO, asked, stream=stream)
    thought, message = first.output

    assert ("reasoning", "message") == (thought.type, message.type)
    assert thought.summary[0].text
    assert thought.encrypted_content
    assert first.usage is not None
    assert first.usage.output_tokens_details.reasoning_tokens > 0
    items = [item.model_dump(exclude_none=True) for item in first.output]
    again = [{"role": "user", "content": HELLO}, *items, {"role": "user", "content": "Go on."}]
    assert _answer(gpt, again, asked, stream=stream).output_text


@pytest.mark.parametrize("stream", (False, True))
def test_truncation(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """`incomplete`, and why."""
    asked = {"model": f"{upstream}/sim-chat@tokens=300", "max_output_tokens": 20, "store": False}
    if stream:
        last = list(gpt.responses.create(input=HELLO, stream=True, **asked))[-1]
        assert "response.incomplete" == last.type
        answer = last.response
    else:
        answer = gpt.responses.create(input=HELLO, **asked)

    assert "incomplete" == answer.status
    assert answer.incomplete_details is not None
    assert "max_output_tokens" == answer.incomplete_details.reason
    assert "incomplete" == answer.output[-1].status


def test_what_was_asked_is_repeated(gpt: openai.OpenAI, upstream: str) -> None:
    """Normalised as the real API does."""
    answer = gpt.responses.create(
        model=f"{upstream}/sim-chat",
        input=HELLO,
        instructions="Be brief.",
        metadata={"a": "b"},
        temperature=0.5,
        tools=[function("f")],
        store=False,
    )

    assert ("Be brief.", {"a": "b"}, 0.5) == (
        answer.instructions,
        answer.metadata,
        answer.temperature,
    )
    assert [("f", True)] == [(tool.name, tool.strict) for tool in answer.tools]


def test_a_fault_in_the_middle(gpt: openai.OpenAI, upstream: str) -> None:
    """The SDK raises, with what had come before it read."""
    model = f"{upstream}/sim-chat@fault=u5:after=5,rate=400"
    read = []
    with (
        pytest.raises(openai.APIError) as raised,
        gpt.responses.create(model=model, input=HELLO, store=False, stream=True) as stream,
    ):
        read += [event.type for event in stream]
    assert not isinstance(raised.value, openai.APIConnectionError)
    assert "error" not in read


@pytest.mark.parametrize("upstream", ("near", "near-responses"), indirect=True)
def test_a_reference_to_nothing(gpt: openai.OpenAI, upstream: str) -> None:
    """Whoever is asked: what is kept is kept here."""
    item = {"type": "item_reference", "id": "msg_nowhere"}
    with pytest.raises(openai.NotFoundError, match="msg_nowhere") as refused:
        gpt.responses.create(model=f"{upstream}/sim-chat", input=[item], store=False)
    assert "input" == refused.value.param


@pytest.mark.parametrize(
    ("fields", "param"),
    (
        ({"input": [{"role": "alien", "content": "x"}]}, "input[0].role"),
        ({"temperature": "hot"}, "temperature"),
    ),
)
@pytest.mark.parametrize("upstream", ("near", "near-claude"), indirect=True)
def test_malformed_requests(
    gpt: openai.OpenAI, upstream: str, fields: dict[str, object], param: str
) -> None:
    """400 naming the parameter."""
    with pytest.raises(openai.BadRequestError) as refused:
        gpt.responses.create(
            model=f"{upstream}/sim-chat", input=HELLO, store=False, extra_body=fields
        )
    assert param == refused.value.param
