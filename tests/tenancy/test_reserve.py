"""Tests of tenancy/reserve.py: the most a request may take, from its body alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.intelligence.tokens.count import TokenCounter
from trunkline.tenancy.reserve import HIDDEN, Need, need

WINDOW = 100_000
GPT = Deployment(
    id="p/m", provider="p", model="gpt-4o", dialect="openai-chat", context_window=WINDOW
)


def of(writes=True, deployment=GPT, **fields):
    body = json.encode(fields)
    return need(body, json.decode(body, type=dict[str, Raw]), deployment, writes=writes)


@pytest.mark.parametrize(
    ("fields", "written"),
    (
        ({}, None),
        ({"max_tokens": 50}, 50),
        ({"max_completion_tokens": 50, "max_tokens": 70}, 50),
        ({"max_output_tokens": 50}, 50),
        ({"max_tokens": 50, "n": 3}, 150),
        ({"max_tokens": 50, "n": 2, "best_of": 5}, 250),
        ({"max_tokens": 50, "prompt": ["a", "b"]}, 100),
        ({"max_tokens": 50, "prompt": [[1], [2], [3]]}, 150),
        ({"max_tokens": 50, "prompt": [1, 2, 3]}, 50),
        ({"max_tokens": 50, "prompt": "a"}, 50),
        ({"generationConfig": {"maxOutputTokens": 9}}, 9),
        ({"generationConfig": {"maxOutputTokens": 9, "candidateCount": 2}}, 18),
        ({"generationConfig": {}}, None),
        ({"generationConfig": 5}, None),
        ({"max_tokens": None}, None),
        ({"max_tokens": -5}, None),
        ({"max_tokens": "many"}, None),
    ),
)
def test_what_may_be_written(fields, written):
    """Every dialect's name for it, times the answers that were asked for."""
    assert written == of(**fields).written


def test_what_the_model_can_write_is_a_bound_too():
    """For each answer."""
    small = Deployment(
        id="p/m", provider="p", model="m", dialect="openai-chat", max_output_tokens=10
    )
    assert 20 == of(deployment=small, max_tokens=1000, n=2).written


def test_vectors_are_not_written():
    """As no model writes them."""
    assert 0 == of(writes=False, input="a", max_tokens=5).written


def test_text_has_no_more_tokens_than_bytes():
    """And what providers put in front; the window bounds both."""
    plain = Need(len(b'{"a":"b"}') + HIDDEN, None, audio=False, long_cache=False)
    assert plain == of(a="b")
    assert WINDOW == of(a="b" * WINDOW).read


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
    ),
)
def test_what_does_not_show_in_bytes_may_fill_the_window(fields):
    """Pictures, documents, and what a provider looks up by itself."""
    assert WINDOW == of(**fields).read


def test_dear_classes_must_be_asked_for():
    """Sound in or out, and a cache that holds for an hour."""
    assert of(modalities=["text", "audio"]).audio
    assert of(cache_control={"type": "ephemeral", "ttl": "1h"}).long_cache


def test_words_about_pictures_are_text():
    """A quote in a text is escaped, and so no field's name."""
    assert of(a='say "image" twice').read < WINDOW


@given(st.text(max_size=300))
def test_the_bound_is_one(text):
    """However odd the text, it has fewer tokens than that."""
    body = json.encode({"messages": [{"role": "user", "content": text}]})
    counted = TokenCounter().count("gpt-4o", text)

    assert counted <= need(body, {}, GPT, writes=True).read
