"""The official Anthropic SDK for Python, unmodified, against every kind of upstream."""

import asyncio
import base64

import anthropic
import pytest
from anthropic.types import Message
from pydantic import BaseModel

from tests.integration.books import Told, of_anthropic, of_ledger, thought_blocks
from tests.integration.program import Gateway

HELLO = [{"role": "user", "content": "Say hello."}]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
PAGE = base64.b64encode(b"%PDF-1.4\n" + bytes(40)).decode()
SPEAKS_ANTHROPIC = ("near-claude", "far-claude")


class Weather(BaseModel):
    """What a structured answer shall be."""

    city: str
    degrees: int
    sunny: bool


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_plain_answer(claude: anthropic.Anthropic, gateway: Gateway, upstream: str) -> None:
    """Text, stop reason, usage and model of the real API's kind, and the ledger agrees."""
    message = claude.messages.create(model=f"{upstream}/sim-chat", max_tokens=1000, messages=HELLO)

    assert ("message", "assistant", "sim-chat") == (message.type, message.role, message.model)
    assert message.id.startswith("msg_")
    assert ("end_turn", None) == (message.stop_reason, message.stop_sequence)
    assert ["text"] == [block.type for block in message.content]
    assert text_of(message)
    entry = gateway.entry(message._request_id or "")
    assert of_anthropic(message.usage) == of_ledger(entry)
    assert ("ok", False, 1) == (entry["status"], entry["estimated"], len(entry["attempts"]))
    assert (upstream, "sim-chat") == (entry["provider"], entry["upstream_model"])


def test_headers_tell_who_answered_and_for_how_much(
    claude: anthropic.Anthropic, gateway: Gateway, upstream: str
) -> None:
    """What an answer's headers say is what the ledger holds."""
    raw = claude.messages.with_raw_response.create(
        model=f"{upstream}/sim-chat", max_tokens=1000, messages=HELLO
    )

    headers, message = raw.headers, raw.parse()
    entry = gateway.entry(headers["x-trunkline-request-id"])
    assert headers["request-id"] == headers["x-trunkline-request-id"] == message._request_id
    assert (upstream, "sim-chat", "1") == (
        headers["x-trunkline-provider"],
        headers["x-trunkline-model"],
        headers["x-trunkline-attempts"],
    )
    cost = f"{entry['cost_nanousd'] // 10**9}.{entry['cost_nanousd'] % 10**9:09d}"
    assert (None if entry["unpriced"] else cost) == headers.get("x-trunkline-cost-usd")
    assert entry["unpriced"] == ("x-trunkline-warnings" in headers)


def test_a_stream_says_what_a_whole_answer_says(
    claude: anthropic.Anthropic, gateway: Gateway, upstream: str
) -> None:
    """The events come in their order, and add up to the same text, reason and usage."""
    asked = {"model": f"{upstream}/sim-chat", "max_tokens": 1000, "messages": HELLO}
    whole = claude.messages.create(**asked)
    with claude.messages.create(**asked, stream=True) as stream:
        request_id = stream.response.headers["request-id"]
        events = [event for event in stream if event.type != "ping"]

    kinds = [event.type for event in events]
    middle = kinds[2:-3]
    assert ["message_start", "content_block_start"] == kinds[:2]
    assert {"content_block_delta"} == set(middle)
    assert ["content_block_stop", "message_delta", "message_stop"] == kinds[-3:]
    assert len(middle) > 5
    start, last = events[0].message, events[-2]
    assert start.usage.input_tokens > 0
    assert text_of(whole) == "".join(e.delta.text for e in events[2:-3])
    assert (whole.stop_reason, whole.usage.output_tokens) == (
        last.delta.stop_reason,
        last.usage.output_tokens,
    )
    entry = gateway.entry(request_id)
    assert of_anthropic(whole.usage) == of_ledger(entry)
    assert not entry["estimated"]


def test_the_stream_helper_accumulates(
    claude: anthropic.Anthropic, gateway: Gateway, upstream: str
) -> None:
    """`messages.stream` yields text as it comes and ends in the same message."""
    asked = {"model": f"{upstream}/sim-chat", "max_tokens": 1000, "messages": HELLO}
    whole = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
        request_id = stream.request_id

    assert text_of(whole) == "".join(pieces) == text_of(final)
    assert (whole.stop_reason, whole.model) == (final.stop_reason, final.model)
    assert of_anthropic(whole.usage) == of_anthropic(final.usage)
    assert of_anthropic(final.usage) == of_ledger(gateway.entry(request_id or ""))


def test_the_asynchronous_client(gateway: Gateway, upstream: str) -> None:
    """AsyncAnthropic gets the same, several at a time, streamed."""

    async def one(client: anthropic.AsyncAnthropic, said: str) -> str:
        async with client.messages.stream(
            model=f"{upstream}/sim-echo",
            max_tokens=100,
            messages=[{"role": "user", "content": said}],
        ) as stream:
            return await stream.get_final_text()

    async def ask() -> list[str]:
        async with anthropic.AsyncAnthropic(
            base_url=gateway.base, auth_token=gateway.key, api_key=None, max_retries=0
        ) as client:
            return await asyncio.gather(*(one(client, f"number {n}") for n in range(8)))

    assert [f"number {n}" for n in range(8)] == asyncio.run(ask())


def test_system_prompts_and_turns(claude: anthropic.Anthropic, upstream: str) -> None:
    """A system prompt in blocks with cache marks, and a conversation in blocks and strings."""
    message = claude.messages.create(
        model=f"{upstream}/sim-echo",
        max_tokens=100,
        system=[
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "Be kind."},
        ],
        messages=[
            {"role": "user", "content": "One."},
            {"role": "assistant", "content": [{"type": "text", "text": "1"}]},
            {"role": "user", "content": [{"type": "text", "text": "Two."}]},
        ],
    )

    assert "Two." == text_of(message)


def test_a_token_limit_ends_for_length(claude: anthropic.Anthropic, upstream: str) -> None:
    """max_tokens holds, and the stop reason says so."""
    message = claude.messages.create(model=f"{upstream}/sim-chat", max_tokens=16, messages=HELLO)

    assert ("max_tokens", 16) == (message.stop_reason, message.usage.output_tokens)


def test_stop_sequences(claude: anthropic.Anthropic, upstream: str) -> None:
    """The text ends before the sequence; Anthropic says which, OpenAI cannot tell."""
    message = claude.messages.create(
        model=f"{upstream}/sim-stop", max_tokens=1000, messages=HELLO, stop_sequences=["END", "X"]
    )

    told = (message.stop_reason, message.stop_sequence)
    known = upstream in SPEAKS_ANTHROPIC
    assert (("stop_sequence", "END") if known else ("end_turn", None)) == told
    assert "END" not in text_of(message)


def test_a_refusal(claude: anthropic.Anthropic, upstream: str) -> None:
    """Whoever refuses, the stop reason is a refusal."""
    message = claude.messages.create(
        model=f"{upstream}/sim-refusal", max_tokens=1000, messages=HELLO
    )

    assert "refusal" == message.stop_reason
    assert "I cannot help with that." == text_of(message)


def test_structured_output(claude: anthropic.Anthropic, upstream: str) -> None:
    """`parse` gets an instance of the model it asked for (output_config.format)."""
    message = claude.messages.parse(
        model=f"{upstream}/sim-json", max_tokens=1000, messages=HELLO, output_format=Weather
    )

    assert isinstance(message.parsed_output, Weather)
    assert "end_turn" == message.stop_reason


def test_structured_output_in_a_stream(claude: anthropic.Anthropic, upstream: str) -> None:
    """The stream helper parses, too."""
    with claude.messages.stream(
        model=f"{upstream}/sim-json", max_tokens=1000, messages=HELLO, output_format=Weather
    ) as stream:
        final = stream.get_final_message()

    assert isinstance(final.parsed_output, Weather)


def test_images_and_documents(claude: anthropic.Anthropic, upstream: str) -> None:
    """An image inline, one by its address, and a PDF arrive as what they are, in order."""
    message = claude.messages.create(
        model=f"{upstream}/sim-vision",
        max_tokens=1000,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                    },
                    {
                        "type": "image",
                        "source": {"type": "url", "url": "https://images.test/cat.jpg"},
                    },
                    {
                        "type": "document",
                        "title": "A page",
                        "source": {
                            "type": "base64",
                            "media_type": "application/pdf",
                            "data": PAGE,
                        },
                    },
                ],
            }
        ],
    )

    seen = "I see 3 images: image/png, https://images.test/cat.jpg, application/pdf"
    assert seen == text_of(message)


def test_a_text_document_is_read_by_everybody(claude: anthropic.Anthropic, upstream: str) -> None:
    """A document of plain text reaches an OpenAI model as text, for it knows no such documents."""
    message = claude.messages.create(
        model=f"{upstream}/sim-echo",
        max_tokens=1000,
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "source": {
                            "type": "text",
                            "media_type": "text/plain",
                            "data": "The harbour lies in the east.",
                        },
                    },
                    {"type": "text", "text": "Where?"},
                ],
            }
        ],
    )

    said = text_of(message)
    assert said.endswith("Where?")
    assert (upstream not in SPEAKS_ANTHROPIC) == ("The harbour lies in the east." in said)


@pytest.mark.parametrize("stream", (False, True))
def test_thinking_comes_back_with_its_signature(
    claude: anthropic.Anthropic, gateway: Gateway, upstream: str, stream: bool
) -> None:
    """Thinking before text, and a second turn that returns it as it came is accepted."""
    asked = {
        "model": f"{upstream}/sim-reason",
        "max_tokens": 4000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    if stream:
        with claude.messages.stream(messages=HELLO, **asked) as helper:
            first = helper.get_final_message()
            request_id = helper.request_id
    else:
        first = claude.messages.create(messages=HELLO, **asked)
        request_id = first._request_id

    assert thought_blocks(upstream) == [block.type for block in first.content]
    thought = first.content[0]
    assert "thinking" == thought.type
    assert thought.thinking
    if upstream in SPEAKS_ANTHROPIC:
        assert thought.signature
    entry = gateway.entry(request_id or "")
    assert of_anthropic(first.usage) == of_ledger(entry)
    assert entry["tokens"]["reasoning"] > 0
    second = claude.messages.create(
        messages=[
            *HELLO,
            {
                "role": "assistant",
                "content": [b.model_dump(exclude_none=True) for b in first.content],
            },
            {"role": "user", "content": "Go on."},
        ],
        **asked,
    )
    assert text_of(second)


def test_redacted_thinking_comes_back(claude: anthropic.Anthropic) -> None:
    """What is encrypted stays as it is, through both turns."""
    asked = {
        "model": "near-claude/sim-reason@redacted",
        "max_tokens": 4000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    first = claude.messages.create(messages=HELLO, **asked)
    returned = [block.model_dump(exclude_none=True) for block in first.content]

    second = claude.messages.create(
        messages=[
            *HELLO,
            {"role": "assistant", "content": returned},
            {"role": "user", "content": "Go on."},
        ],
        **asked,
    )

    assert ["redacted_thinking", "text"] == [block["type"] for block in returned]
    assert text_of(second)


def test_adaptive_thinking_and_effort(claude: anthropic.Anthropic, upstream: str) -> None:
    """The newer way to ask for thinking is understood everywhere."""
    message = claude.messages.create(
        model=f"{upstream}/sim-reason",
        max_tokens=4000,
        messages=HELLO,
        thinking={"type": "adaptive"},
        output_config={"effort": "high"},
    )

    assert thought_blocks(upstream) == [block.type for block in message.content]


def test_cached_tokens_are_told_and_booked(
    claude: anthropic.Anthropic, gateway: Gateway, upstream: str
) -> None:
    """Tokens read from and written to a prompt cache stay apart, here and in the ledger."""
    message = claude.messages.create(
        model=f"{upstream}/sim-chat@cached=30,cache_write=20",
        max_tokens=1000,
        messages=[{"role": "user", "content": "word " * 100}],
    )

    told = of_anthropic(message.usage)
    written = 20 if upstream in SPEAKS_ANTHROPIC else told.cache_write
    assert Told(told.input, 30, written, told.output) == told
    assert told == of_ledger(gateway.entry(message._request_id or ""))


def test_unknown_fields_reach_a_like_minded_upstream(
    claude: anthropic.Anthropic, upstream: str
) -> None:
    """Same dialect: sent on, and judged there. Another: dropped with a warning."""
    asked = {
        "model": f"{upstream}/sim-chat@strict",
        "max_tokens": 100,
        "messages": HELLO,
        "extra_body": {"spice": "much"},
    }
    if upstream in SPEAKS_ANTHROPIC:
        with pytest.raises(anthropic.BadRequestError) as refused:
            claude.messages.create(**asked)
        assert "spice: Extra inputs are not permitted" in refused.value.message
    else:
        raw = claude.messages.with_raw_response.create(**asked)
        assert "spice" in raw.headers["x-trunkline-warnings"]


def test_sampling_and_metadata(claude: anthropic.Anthropic, upstream: str) -> None:
    """What only some upstreams know is sent where it is known, and warned about elsewhere."""
    raw = claude.messages.with_raw_response.create(
        model=f"{upstream}/sim-chat@strict",
        max_tokens=100,
        messages=HELLO,
        metadata={"user_id": "someone"},
        extra_body={"temperature": 0.5, "top_p": 0.9, "top_k": 40},
    )

    warned = raw.headers.get("x-trunkline-warnings", "")
    assert (upstream in ("near", "far", "far-responses")) == ("top_k" in warned)
    assert "temperature" not in warned
