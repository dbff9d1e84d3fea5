"""Tests of tenancy/reserve.py: the most a request may take, from its body alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.intelligence.tokens.count import TokenCounter
from trunkline.tenancy.reserve import HIDDEN, Demand, demand

WINDOW = 100_000
GPT = Deployment(
    id="p/m", provider="p", model="gpt-4o", dialect="openai-chat", context_window=WINDOW
)


CHAT, COMPLETIONS, RESPONSES = "openai-chat", "openai-completions", "openai-responses"
MESSAGES, GEMINI = "anthropic-messages", "gemini"


def read(body, dialect=CHAT, *, writes=True):
    return demand(body, json.decode(body, type=dict[str, Raw]), dialect, writes=writes)


def of(dialect=CHAT, writes=True, **fields):
    return read(json.encode(fields), dialect, writes=writes)


@pytest.mark.parametrize(
    ("dialect", "fields", "written"),
    (
        (CHAT, {}, None),
        (CHAT, {"max_tokens": 50}, 50),
        (MESSAGES, {"max_tokens": 50}, 50),
        (RESPONSES, {"max_output_tokens": 50}, 50),
        (CHAT, {"max_tokens": 50, "n": 3}, 150),
        (COMPLETIONS, {"max_tokens": 50, "n": 2, "best_of": 5}, 250),
        (COMPLETIONS, {"max_tokens": 50, "prompt": ["a", "b"]}, 100),
        (COMPLETIONS, {"max_tokens": 50, "prompt": [[1], [2], [3]]}, 150),
        (COMPLETIONS, {"max_tokens": 50, "prompt": [1, 2, 3]}, 50),
        (COMPLETIONS, {"max_tokens": 50, "prompt": "a"}, 50),
        (GEMINI, {"generationConfig": {"maxOutputTokens": 9}}, 9),
        (GEMINI, {"generationConfig": {"maxOutputTokens": 9, "candidateCount": 2}}, 18),
        (GEMINI, {"generation_config": {"max_output_tokens": 9, "candidate_count": 2}}, 18),
        (GEMINI, {"generationConfig": {}}, None),
        (GEMINI, {"generationConfig": None}, None),
        (CHAT, {"max_tokens": None, "n": None}, None),
        (MESSAGES, {"max_tokens": 0}, 0),
        (CHAT, {"max_tokens": 1 << 60, "n": 1 << 60}, 1 << 32),
        (CHAT, {"max_tokens": 50, "prediction": {"content": "abc"}}, 50 + len('{"content":"abc"}')),
    ),
)
def test_what_may_be_written(dialect, fields, written):
    """Every dialect's name for it, times the answers that were asked for."""
    assert written == of(dialect, **fields).written


@pytest.mark.parametrize(
    ("dialect", "fields", "written"),
    (
        (CHAT, {"max_tokens": 50.0, "n": 3.0}, 150),
        (CHAT, {"max_tokens": "50", "n": "3"}, 150),
        (CHAT, {"max_tokens": 50, "n": 3e1}, 1500),
        (GEMINI, {"generationConfig": {"maxOutputTokens": "60000"}}, 60_000),
        (GEMINI, {"generationConfig": {"maxOutputTokens": 9, "candidateCount": "8"}}, 72),
    ),
)
def test_numbers_in_other_clothes(dialect, fields, written):
    """Whole, with a point or as a text: some of those who answer read it so."""
    assert written == of(dialect, **fields).written


@pytest.mark.parametrize(
    "fields",
    (
        {"generationConfig": {"maxOutputTokens": 60_000}, "generation_config": {"maxOutputTokens": 1}},
        {"generationConfig": {"maxOutputTokens": 1}, "generation_config": {"maxOutputTokens": 60_000}},
        {"generationConfig": {"maxOutputTokens": 60_000, "max_output_tokens": 1}},
        {"generationConfig": {"maxOutputTokens": 60_000}, "generation_config": {}},
        {"generationConfig": {"maxOutputTokens": 30_000}, "generation_config": {"candidateCount": 2}},
    ),
)  # fmt: skip
def test_two_spellings(fields):
    """Who answers reads either: the greater counts."""
    assert 60_000 == of(GEMINI, **fields).written


@pytest.mark.parametrize("told", (-1, 0, 30.5, "many", "", True, [5], {"a": 5}))
def test_a_bound_that_nobody_here_can_read(told):
    """Is none: what the model can write is, and so are the answers that any provider gives at once."""
    model = Deployment(id="p/m", provider="p", model="m", dialect=CHAT, max_output_tokens=1000)

    assert 1000 == of(max_tokens=told).writing(model)
    assert 1000 == of(GEMINI, generationConfig={"maxOutputTokens": told}).writing(model)
    assert 128 * 50 == of(max_tokens=50, n=told).written


def test_a_configuration_that_nobody_here_can_read():
    """May say anything, whatever the other spelling of it says."""
    model = Deployment(id="p/m", provider="p", model="m", dialect=GEMINI, max_output_tokens=1000)
    read = of(GEMINI, generationConfig=5, generation_config={"maxOutputTokens": 1})

    assert 1000 == read.writing(model)


def test_a_prompt_that_the_provider_keeps():
    """It may be of any length; a prompt of the legacy API is in the body."""
    assert of(RESPONSES, prompt={"id": "pmpt_1"}).read is None
    assert of(RESPONSES, prompt=None).read is not None
    assert of(COMPLETIONS, prompt="a").read is not None


@pytest.mark.parametrize(
    ("dialect", "fields", "written"),
    (
        (CHAT, {"max_completion_tokens": 1, "max_tokens": 70}, 70),
        (CHAT, {"max_completion_tokens": 70, "max_tokens": 1}, 70),
        (MESSAGES, {"max_completion_tokens": 1, "max_tokens": 70}, 70),
        (RESPONSES, {"max_tokens": 1}, None),
        (COMPLETIONS, {"max_completion_tokens": 1}, None),
        (GEMINI, {"max_tokens": 1, "generationConfig": {"maxOutputTokens": 70}}, 70),
        (GEMINI, {"max_tokens": 1}, None),
    ),
)
def test_only_names_that_the_dialect_knows_bind(dialect, fields, written):
    """Nobody reads the others; and of two that are read, who answers chooses."""
    assert written == of(dialect, **fields).written


def test_what_the_model_can_write_is_a_bound_too():
    """For each answer."""
    small = Deployment(
        id="p/m", provider="p", model="m", dialect="openai-chat", max_output_tokens=10
    )
    assert 20 == of(max_tokens=1000, n=2).writing(small)
    assert 7 == of(max_tokens=7, n=1).writing(small)
    assert of().writing(small) is None


def test_vectors_are_not_written():
    """As no model writes them."""
    assert 0 == of(writes=False, input="a", max_tokens=5).written


def test_text_has_no_more_tokens_than_bytes():
    """And what providers put in front; the window bounds both."""
    assert Demand(len(b'{"a":"b"}') + HIDDEN, None) == of(a="b")
    assert WINDOW == of(a="b" * WINDOW).reading(GPT)


@pytest.mark.parametrize(
    "fields",
    (
        {"content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]},
        {"content": [{"type": "image", "source": {}}]},
        {"content": [{"type": "document", "source": {}}]},
        {"content": [{"type": "input_file", "file_id": "f"}]},
        {"parts": [{"inlineData": {}}]},
        {"parts": [{"inline_data": {}}]},
        {"tools": [{"type": "web_search_20250305"}]},
        {"tools": [{"type": "web_search_preview"}]},
        {"mcp_servers": [{"type": "url", "url": "https://example.com", "name": "a"}]},
        {"cachedContent": "cachedContents/a"},
        {"cached_content": "cachedContents/a"},
        {"extra_body": {"google": {"cached_content": "cachedContents/a"}}},
        {"tools": [{"fileSearch": {"fileSearchStoreNames": ["a"]}}]},
        {"tools": [{"google_maps": {}}]},
        {"tools": [{"googleSearchRetrieval": {}}]},
        {"tools": [{"retrieval": {"vertexRagStore": {}}}]},
        {"tools": [{"enterpriseWebSearch": {}}]},
        {"tools": [{"type": "shell", "environment": {"type": "container_auto"}}]},
        {"tools": [{"type": "x_search"}]},
        {"tools": [{"type": "tool_search_tool_bm25_20251119", "name": "find"}]},
        {"content": [{"type": "container_upload", "file_id": "f"}]},
        {"content": [{"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}]},
        {"context_management": {"edits": [{"type": "compact_20260112"}]}},
        {"context_management": [{"type": "compaction", "compact_threshold": 1000}]},
        {"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]},
        {"plugins": [{"id": "web"}]},
        {"search_parameters": {"mode": "on"}},
        {"web_search_options": {}},
        {"data_sources": [{"type": "azure_search"}]},
        {"enable_search": True},
    ),
)
def test_what_does_not_show_in_bytes_may_fill_the_window(fields):
    """Pictures, documents, and what a provider looks up by itself."""
    assert (None, WINDOW) == (of(**fields).read, of(**fields).reading(GPT))


def test_dear_classes_must_be_asked_for():
    """Sound in or out, and a cache that holds for an hour."""
    assert of(modalities=["text", "audio"]).audio
    assert of(a={"type": "input_audio", "input_audio": {}}).audio
    assert of(inlineData={"mimeType": "audio/wav"}).audio
    assert of(audio={"id": "audio_1"}).audio
    assert of(content=[{"type": "audio_url"}]).audio
    assert (False, False) == (of(a="audio 1h").audio, of(a="audio 1h").long_cache)
    assert of(cache_control={"type": "ephemeral", "ttl": "1h"}).long_cache


@pytest.mark.parametrize(
    "fields",
    (
        {"tools": [{"name": "read", "input_schema": {"properties": {"file_path": {"type": "string"}}}}]},
        {"tools": [{"name": "draw", "input_schema": {"properties": {"image": {"type": "string"}}}}]},
        {"input": [{"type": "input_text", "text": "a"}, {"type": "message"}]},
        {"user": "web_search", "metadata": {"file": "x"}},
        {"audio": {"voice": "alloy", "format": "wav"}, "tool_choice": "code_execution"},
        {"tools": [{"name": "a", "input_schema": {"properties": {"audio": {"type": "string"}}}}]},
        {"tools": [{"name": "a", "input_schema": {"properties": {"plugins": {"type": "array"}}}}]},
        {"tools": [{"name": "fileSearch"}, {"type": "bash_20250124", "name": "bash"}]},
        {"enable_search": False, "plugins": [], "search_parameters": None},
    ),
)  # fmt: skip
def test_names_that_sound_like_pictures(fields):
    """A tool's own fields are text."""
    assert of(**fields).read is not None


@pytest.mark.parametrize(
    "body",
    (
        rb'{"content":[{"t\u0079pe":"image_url"}]}',
        rb'{"content":[{"type":"\u0069mage_url"}]}',
        rb'{"parts":[{"file\u0044ata":{}}]}',
        rb'{"a":[{"type":"\u0069\u006d\u0061\u0067\u0065"}]}',
    ),
)
def test_letters_may_be_written_as_numbers(body):
    """Who reads the body as JSON sees no difference (RFC 8259 section 7)."""
    assert read(body).read is None


def test_escaped_text_is_text():
    """A quote, a backslash: what would end a text or begin a name stays as it was written."""
    assert read(rb'{"a":"\u0022type\u0022: \u0022image\u0022 \u00e9 \\u0061"}').read is not None


def test_words_about_pictures_are_text():
    """A quote in a text is escaped, and so no field's name."""
    assert of(a='say {"type": "image"} twice').read is not None


@given(st.text(max_size=300))
def test_the_bound_is_one(text):
    """However odd the text, it has fewer tokens than that."""
    body = json.encode({"messages": [{"role": "user", "content": text}]})
    counted = TokenCounter().count("gpt-4o", text)

    assert counted <= read(body).reading(GPT)
