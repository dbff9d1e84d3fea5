"""The official OpenAI SDK for Python, unmodified, against every kind of upstream."""

import asyncio
import base64

import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from tests.integration.books import Told, of_ledger, of_openai
from tests.integration.program import Gateway

HELLO = [{"role": "user", "content": "Say hello."}]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
PAGE = base64.b64encode(b"%PDF-1.4\n" + bytes(40)).decode()
SPEAKS_OPENAI = ("near", "far")
OF_OPENAI = (*SPEAKS_OPENAI, "far-responses")
"""In either of its APIs."""


class Weather(BaseModel):
    """What a structured answer shall be."""

    city: str
    degrees: int
    sunny: bool


def test_a_plain_answer(gpt: openai.OpenAI, gateway: Gateway, upstream: str) -> None:
    """Text, finish, usage and model of the real API's kind, and the ledger agrees."""
    answer = gpt.chat.completions.create(model=f"{upstream}/sim-chat", messages=HELLO)

    assert "chat.completion" == answer.object
    assert answer.id.startswith("chatcmpl-")
    assert "sim-chat" == answer.model
    assert ["stop"] == [choice.finish_reason for choice in answer.choices]
    assert "assistant" == answer.choices[0].message.role
    assert answer.choices[0].message.content
    entry = gateway.entry(answer._request_id or "")
    assert of_openai(answer.usage) == of_ledger(entry)
    assert ("ok", False, 1) == (entry["status"], entry["estimated"], len(entry["attempts"]))
    assert (upstream, "sim-chat") == (entry["provider"], entry["upstream_model"])


def test_headers_tell_who_answered_and_for_how_much(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """What an answer's headers say is what the ledger holds."""
    raw = gpt.chat.completions.with_raw_response.create(
        model=f"{upstream}/sim-chat", messages=HELLO
    )

    headers, answer = raw.headers, raw.parse()
    entry = gateway.entry(headers["x-trunkline-request-id"])
    assert headers["x-request-id"] == headers["x-trunkline-request-id"] == answer._request_id
    assert (upstream, "sim-chat", "1") == (
        headers["x-trunkline-provider"],
        headers["x-trunkline-model"],
        headers["x-trunkline-attempts"],
    )
    cost = f"{entry['cost_nanousd'] // 10**9}.{entry['cost_nanousd'] % 10**9:09d}"
    assert (None if entry["unpriced"] else cost) == headers.get("x-trunkline-cost-usd")
    # For a provider on this very machine, or under another name, nobody has a price.
    known = upstream.startswith("near")
    assert known == (entry["cost_nanousd"] > 0) == bool(entry["price_version"])
    assert known == (not entry["unpriced"])
    assert headers["server-timing"].startswith("upstream;dur=")
    assert entry["unpriced"] == ("x-trunkline-warnings" in headers)


def test_a_stream_says_what_a_whole_answer_says(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """The same text, finish and usage, in pieces."""
    model = f"{upstream}/sim-chat"
    whole = gpt.chat.completions.create(model=model, messages=HELLO)
    with gpt.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        request_id = stream.response.headers["x-trunkline-request-id"]
        chunks = list(stream)

    assert "assistant" == chunks[0].choices[0].delta.role
    assert 1 == len({chunk.id for chunk in chunks})
    pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert len(pieces) > 5
    assert whole.choices[0].message.content == "".join(pieces)
    assert ["stop"] == [c.choices[0].finish_reason for c in chunks if c.choices][-1:]
    assert [] == chunks[-1].choices
    assert whole.usage == chunks[-1].usage
    assert of_openai(chunks[-1].usage) == of_ledger(gateway.entry(request_id))


def test_usage_is_metered_where_nobody_asked_for_it(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """Without include_usage the client gets none, and the ledger has it all the same, exactly."""
    model = f"{upstream}/sim-chat"
    whole = gpt.chat.completions.create(model=model, messages=HELLO)
    with gpt.chat.completions.create(model=model, messages=HELLO, stream=True) as stream:
        request_id = stream.response.headers["x-trunkline-request-id"]
        chunks = list(stream)

    assert [None] * len(chunks) == [chunk.usage for chunk in chunks]
    assert all(chunk.choices for chunk in chunks)
    entry = gateway.entry(request_id)
    assert (of_openai(whole.usage), False) == (of_ledger(entry), entry["estimated"])


def test_the_stream_helper_accumulates(gpt: openai.OpenAI, upstream: str) -> None:
    """`chat.completions.stream` yields its events and ends in the same completion."""
    with gpt.chat.completions.stream(
        model=f"{upstream}/sim-chat", messages=HELLO, stream_options={"include_usage": True}
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()

    deltas = [event.delta for event in events if event.type == "content.delta"]
    assert final.choices[0].message.content == "".join(deltas)
    assert "stop" == final.choices[0].finish_reason
    assert of_openai(final.usage).output > 0
    assert "content.done" in [event.type for event in events]


def test_the_asynchronous_client(gateway: Gateway, upstream: str) -> None:
    """AsyncOpenAI gets the same, several at a time."""

    async def ask() -> list[ChatCompletion]:
        async with openai.AsyncOpenAI(
            base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0
        ) as client:
            return await asyncio.gather(
                *(
                    client.chat.completions.create(
                        model=f"{upstream}/sim-echo",
                        messages=[{"role": "user", "content": f"number {n}"}],
                    )
                    for n in range(8)
                )
            )

    answers = asyncio.run(ask())

    said = [answer.choices[0].message.content for answer in answers]
    assert [f"number {n}" for n in range(8)] == said


def test_roles_stay_where_they_are(gpt: openai.OpenAI, upstream: str) -> None:
    """
    System, developer, assistant and user turns are taken; the last user text is echoed.

    To a model that knows no system messages among the others, Claude or Gemini, one becomes a
    user's words where it stands, with a warning.
    """
    raw = gpt.chat.completions.with_raw_response.create(
        model=f"{upstream}/sim-echo",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One."},
            {"role": "assistant", "content": "1"},
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": "Two."}]},
        ],
    )

    said = raw.parse().choices[0].message.content or ""
    joined = upstream in ("near-claude", "far-claude")
    assert ("Be kind.Two." if joined else "Two.") == said
    assert (upstream not in OF_OPENAI) == (
        "messages" in raw.headers.get("x-trunkline-warnings", "")
    )


@pytest.mark.parametrize("limit", ("max_tokens", "max_completion_tokens"))
def test_a_token_limit_ends_for_length(gpt: openai.OpenAI, upstream: str, limit: str) -> None:
    """Either name of the limit holds, and the finish says so. Responses takes no fewer than 16."""
    answer = gpt.chat.completions.create(
        model=f"{upstream}/sim-chat", messages=HELLO, extra_body={limit: 16}
    )

    assert ("length", 16) == (answer.choices[0].finish_reason, of_openai(answer.usage).output)


@pytest.mark.parametrize("stop", ("END", ["END", "STOP"]))
def test_stop_sequences(gpt: openai.OpenAI, upstream: str, stop: str | list[str]) -> None:
    """One or several; the text ends before the sequence."""
    answer = gpt.chat.completions.create(model=f"{upstream}/sim-stop", messages=HELLO, stop=stop)

    assert "stop" == answer.choices[0].finish_reason
    assert "END" not in (answer.choices[0].message.content or "END")


def test_a_refusal(gpt: openai.OpenAI, upstream: str) -> None:
    """Of an OpenAI model in `refusal`, of an Anthropic one as the content filter's finish."""
    choice = gpt.chat.completions.create(model=f"{upstream}/sim-refusal", messages=HELLO).choices[0]

    if upstream in OF_OPENAI:
        assert ("stop", "I cannot help with that.") == (
            choice.finish_reason,
            choice.message.refusal,
        )
    else:
        assert "content_filter" == choice.finish_reason
        assert "I cannot help with that." in (choice.message.content, choice.message.refusal)


def test_structured_output(gpt: openai.OpenAI, upstream: str) -> None:
    """`parse` gets an instance of the model it asked for."""
    answer = gpt.chat.completions.parse(
        model=f"{upstream}/sim-json", messages=HELLO, response_format=Weather
    )

    assert isinstance(answer.choices[0].message.parsed, Weather)
    assert "stop" == answer.choices[0].finish_reason


def test_structured_output_in_a_stream(gpt: openai.OpenAI, upstream: str) -> None:
    """The stream helper parses, too."""
    with gpt.chat.completions.stream(
        model=f"{upstream}/sim-json", messages=HELLO, response_format=Weather
    ) as stream:
        stream.until_done()
        final = stream.get_final_completion()

    assert isinstance(final.choices[0].message.parsed, Weather)


def test_images_and_documents(gpt: openai.OpenAI, upstream: str) -> None:
    """An image inline, one by its address, and a PDF arrive as what they are, in order."""
    answer = gpt.chat.completions.create(
        model=f"{upstream}/sim-vision",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image_url",
                        "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"},
                    },
                    {"type": "image_url", "image_url": {"url": "https://images.test/cat.jpg"}},
                    {
                        "type": "file",
                        "file": {
                            "filename": "page.pdf",
                            "file_data": f"data:application/pdf;base64,{PAGE}",
                        },
                    },
                ],
            }
        ],
    )

    seen = "I see 3 images: image/png, https://images.test/cat.jpg, application/pdf"
    assert seen == answer.choices[0].message.content


def test_reasoning_is_told_beside_the_answer(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """
    `reasoning_content`, its tokens in the usage's details, and both in the ledger. Responses tells
    none to who asked for no summary, which Chat Completions has no word for.
    """
    answer = gpt.chat.completions.create(
        model=f"{upstream}/sim-reason", messages=HELLO, reasoning_effort="high", max_tokens=40_000
    )

    message = answer.choices[0].message
    assert message.content
    told = getattr(message, "reasoning_content", "")
    assert bool(told) == (upstream != "far-responses")
    entry = gateway.entry(answer._request_id or "")
    assert of_openai(answer.usage) == of_ledger(entry)
    assert answer.usage is not None
    assert answer.usage.completion_tokens_details is not None
    assert entry["tokens"]["reasoning"] == answer.usage.completion_tokens_details.reasoning_tokens


def test_reasoning_comes_back_with_its_signature(gpt: openai.OpenAI, upstream: str) -> None:
    """A second turn that returns the message as it came is accepted: the proof is unharmed."""
    asked = {"model": f"{upstream}/sim-reason", "reasoning_effort": "low", "max_tokens": 40_000}
    first = gpt.chat.completions.create(messages=HELLO, **asked)
    returned = first.choices[0].message.model_dump(exclude_none=True)
    raw = gpt.chat.completions.with_raw_response.create(
        messages=[*HELLO, returned, {"role": "user", "content": "Go on."}], **asked
    )

    answer = raw.parse()
    assert answer.choices[0].message.content
    # Longer than without what was thought before only where the upstream keeps it: all that
    # matters is that a checked signature got through (the simulator refuses any other).
    assert ("reasoning_details" in returned) == (upstream not in SPEAKS_OPENAI)


@pytest.mark.parametrize("upstream", SPEAKS_OPENAI, indirect=True)
def test_several_choices_and_logprobs(gpt: openai.OpenAI, gateway: Gateway, upstream: str) -> None:
    """n=2 gives two texts, each token with its likelihood; whole and streamed."""
    asked = {
        "model": f"{upstream}/sim-chat",
        "messages": HELLO,
        "n": 2,
        "logprobs": True,
        "top_logprobs": 2,
    }
    answer = gpt.chat.completions.create(**asked)
    with gpt.chat.completions.create(**asked, stream=True) as stream:
        said = {0: "", 1: ""}
        for chunk in stream:
            for choice in chunk.choices:
                said[choice.index] += choice.delta.content or ""

    first, second = answer.choices
    assert [0, 1] == [first.index, second.index]
    assert first.message.content != second.message.content
    assert first.logprobs is not None
    assert first.message.content == "".join(t.token for t in first.logprobs.content or ())
    assert [2] == sorted({len(t.top_logprobs) for t in first.logprobs.content or ()})
    assert {0: first.message.content, 1: second.message.content} == said
    assert of_openai(answer.usage) == of_ledger(gateway.entry(answer._request_id or ""))


@pytest.mark.parametrize("upstream", ("near-claude", "far-claude"), indirect=True)
def test_what_anthropic_cannot_do_is_never_silent(gpt: openai.OpenAI, upstream: str) -> None:
    """Several choices are refused, naming the parameter; logprobs are dropped with a warning."""
    ask = gpt.chat.completions.with_raw_response.create
    model = f"{upstream}/sim-chat"

    with pytest.raises(openai.BadRequestError) as refused:
        ask(model=model, messages=HELLO, n=2)
    raw = ask(model=model, messages=HELLO, logprobs=True, seed=7)

    assert ("n", "unsupported_parameter") == (refused.value.param, refused.value.code)
    warned = raw.headers["x-trunkline-warnings"]
    assert ("logprobs: dropped" in warned, "seed: dropped" in warned) == (True, True)


def test_cached_tokens_are_told_and_booked(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str
) -> None:
    """Tokens read from a prompt cache are within the input's total and apart in the ledger."""
    answer = gpt.chat.completions.create(
        model=f"{upstream}/sim-chat@cached=30",
        messages=[{"role": "user", "content": "word " * 100}],
    )

    told = of_openai(answer.usage)
    assert Told(told.input, 30, 0, told.output) == told
    entry = gateway.entry(answer._request_id or "")
    assert told == of_ledger(entry)
    assert told.input - 30 == entry["tokens"]["input"]


def test_unknown_fields_reach_a_like_minded_upstream(gpt: openai.OpenAI, upstream: str) -> None:
    """Same dialect: sent on, and judged there. Another: dropped with a warning."""
    raw_answers = gpt.chat.completions.with_raw_response
    asked = {"model": f"{upstream}/sim-chat@strict", "messages": HELLO}
    if upstream in SPEAKS_OPENAI:
        with pytest.raises(openai.BadRequestError) as refused:
            raw_answers.create(**asked, extra_body={"spice": "much"})
        assert "Unknown parameter: 'spice'." in refused.value.message
    else:
        raw = raw_answers.create(**asked, extra_body={"spice": "much"})
        assert "spice" in raw.headers["x-trunkline-warnings"]


def test_an_alias_answers_as_its_target(gpt: openai.OpenAI) -> None:
    """A name of our own, with and without a slash, in either dialect behind it."""
    asked = gpt.chat.completions.with_raw_response
    targets = {}
    for name in ("fast", "team/fast", "team/house-model"):
        headers = asked.create(model=name, messages=HELLO).headers
        targets[name] = f"{headers['x-trunkline-provider']}/{headers['x-trunkline-model']}"

    assert {
        "fast": "near/sim-chat",
        "team/fast": "near-claude/sim-chat",
        "team/house-model": "far/team/house-model",
    } == targets
