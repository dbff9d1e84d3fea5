"""Texts and requests are counted as their model would, nearly, and never with a failure."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw

from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import GatewayError
from trunkline.canon.request import ChatRequest, OutputFormat, Tool
from trunkline.dialects.registry import DIALECTS
from trunkline.intelligence.tokens.count import Counter, TokenCounter
from trunkline.intelligence.tokens.vocabulary import Vocabularies, Vocabulary


def loaded() -> TokenCounter:
    vocabularies = Vocabularies()
    for vocabulary in Vocabulary:
        vocabularies.load_now(vocabulary)
    return TokenCounter(vocabularies)


COUNTER = loaded()
_counter: Counter = COUNTER


def asked(*parts: Part, model: str = "gpt-4o", role: Role = Role.USER) -> ChatRequest:
    return ChatRequest(model=model, messages=(Message(role, parts),), origin="openai-chat")


BARE = COUNTER.count_request(asked())


def test_openai_texts_are_exact() -> None:
    """As tiktoken's own examples have them."""
    assert 2 == COUNTER.count("gpt-4", "hello world")
    assert 2 == COUNTER.count("gpt-4o", "hello world")
    assert 0 == COUNTER.count("gpt-4o", "")


def test_others_have_a_factor() -> None:
    """Claude makes more of the same text, and part of a token is a token."""
    text = "The quick brown fox jumps over the lazy dog. " * 20
    assert COUNTER.count("gpt-4o", text) < COUNTER.count("claude-sonnet-4-5", text)
    assert COUNTER.count("claude-sonnet-4-5", text) < COUNTER.count("claude-opus-5", text)
    assert 2 == COUNTER.count("claude-sonnet-4-5", "a")


def test_before_loading_four_bytes_are_a_token() -> None:
    """An estimate at once is better than a wait; it rounds up and counts bytes, not letters."""
    counter = TokenCounter()
    assert not counter.loaded("gpt-4o")
    assert [0, 1, 1, 2, 3] == [
        counter.count("gpt-4o", text) for text in ("", "a", "abcd", "abcde", "äöüß€")
    ]


def test_loading_makes_it_exact() -> None:
    """For the models of that vocabulary."""

    async def scenario() -> None:
        counter = TokenCounter()
        await counter.load("gpt-4")
        assert counter.loaded("gpt-3.5-turbo")
        assert not counter.loaded("gpt-4o")
        assert 2 == counter.count("gpt-4", "hello world")
        assert "<TokenCounter <Vocabularies cl100k_base>>" == repr(counter)

    asyncio.run(scenario())


def test_long_texts_are_counted_while_the_loop_goes_on() -> None:
    """The same number as at once, and many turns for the others."""
    texts = ["Some more of the delivered text, as it came. "] * 3000

    async def scenario() -> tuple[int, int]:
        turns = 0
        counting = asyncio.get_running_loop().create_task(COUNTER.count_long("gpt-4o", texts))
        while not counting.done():
            turns += 1
            await asyncio.sleep(0)
        return await counting, turns

    counted, turns = asyncio.run(scenario())
    assert COUNTER.count("gpt-4o", "".join(texts)) == counted
    assert turns > 10


def test_a_request_counts_the_same_both_ways() -> None:
    """At once or in steps."""
    request = asked(Text("Hello there. " * 100), Image(Remote("https://example.com/a.png")))
    at_once = COUNTER.count_request(request)
    assert at_once == asyncio.run(COUNTER.count_long_request(request))


def test_the_upstreams_name_decides() -> None:
    """An alias of the client's says nothing of a tokenizer."""
    request = asked(Text("The quick brown fox jumps over the lazy dog. " * 20), model="fast")
    assert COUNTER.count_request(request, "gpt-4o") < COUNTER.count_request(
        request, "claude-opus-5"
    )


@pytest.mark.parametrize(
    "part, tokens",
    (
        (Text("hello world"), 2),
        (Refusal("hello world"), 2),
        (Reasoning("hello world, I think"), 0),
        (ToolCall("call_1", "f", "{}"), 6 + 3),
        (ToolResult("call_1", (Text("hello world"),)), 6 + 2),
        (ToolResult("call_1", (Image(Remote("u")), Text("hello"))), 6 + 765 + 1),
        (Document(PlainText("hello world")), 2),
        (Document(Inline("application/pdf", "A" * 100_000)), 3000),
        (Document(FileRef("file_1", "anthropic-messages")), 4000),
        (Image(Inline("image/png", "A" * 100_000)), 765),
        (Image(Remote("https://example.com/a.png"), detail="low"), 85),
        (Audio("A" * 64_000, "mp3"), 30),
        (Opaque("openai-chat", Raw(b'"hello"')), 3),
    ),
)
def test_every_kind_of_part_has_its_size(part: Part, tokens: int) -> None:
    """Text is counted, pictures are flat, sounds and documents go by their size."""
    assert BARE + tokens == COUNTER.count_request(asked(part))


def test_messages_and_tools_have_an_overhead() -> None:
    """Each message some, each tool some, the first tool its instructions at Claude."""
    two = ChatRequest(
        model="gpt-4o",
        messages=(Message(Role.USER, ()), Message(Role.ASSISTANT, ())),
        origin="openai-chat",
    )
    assert BARE + 4 == COUNTER.count_request(two)
    tool = Tool(name="f", description="d", parameters=Raw(b'{"type":"object"}'))
    bare = asked(Text("hi"))
    with_tool = msgspec.structs.replace(bare, tools=(tool,))
    openai = COUNTER.count_request(with_tool) - COUNTER.count_request(bare)
    claude = COUNTER.count_request(with_tool, "claude-sonnet-4-5") - COUNTER.count_request(
        bare, "claude-sonnet-4-5"
    )
    assert 10 <= openai <= 20
    assert 500 <= claude <= 560


def test_a_schema_is_read_by_the_model_too() -> None:
    """The output format is part of the prompt."""
    schema = Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}')
    plain = asked(Text("hi"))
    formed = msgspec.structs.replace(
        plain, output_format=OutputFormat(kind="json_schema", schema=schema)
    )
    assert COUNTER.count_request(formed) > COUNTER.count_request(plain) + 10


@pytest.mark.parametrize(
    "folder, dialect, spread",
    (("openai-chat", "openai-chat", 0.10), ("anthropic", "anthropic-messages", 0.15)),
)
def test_recorded_requests_are_estimated_well(
    shared: Path, folder: str, dialect: str, spread: float
) -> None:
    """Over all recorded requests with nothing but text and functions, the sum is close."""
    real = estimated = compared = 0
    for file in sorted((shared / "fixtures" / folder).glob("*.json")):
        found = recorded(file, dialect)
        if found is not None:
            request, told = found
            real += told
            estimated += COUNTER.count_request(request)
            compared += 1
    assert compared >= 20
    assert abs(estimated - real) <= spread * real


def recorded(file: Path, dialect: str) -> tuple[ChatRequest, int] | None:
    """The request and the input tokens its provider told; None for what only a provider can count."""
    pair = msgspec.json.decode(file.read_bytes())
    if not isinstance(pair, dict) or "request" not in pair:
        return None
    body, answer = pair["request"].get("body"), pair["response"].get("body")
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(body, dict) or not usage or "context_management" in body:
        return None
    try:
        request = DIALECTS[dialect].decode_request(msgspec.json.encode(body), {})
    except GatewayError:
        return None
    parts = [part for message in request.messages for part in message.parts]
    plain = all(isinstance(part, Text | ToolCall | ToolResult | Reasoning) for part in parts)
    if not plain or any(tool.kind != "function" for tool in request.tools):
        return None
    names = (
        "prompt_tokens",
        "input_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    )
    return request, sum(usage.get(name) or 0 for name in names)


def test_tokens_are_read_back_in_the_vocabulary_of_those_who_are_asked_with_them() -> None:
    """OpenAI's models of embeddings; whose tokens others mean, nobody can tell."""
    counter = TokenCounter()

    assert "hello" == asyncio.run(counter.text("text-embedding-3-small", [15339]))
    assert asyncio.run(counter.text("gemini-embedding-001", [15339])) is None
