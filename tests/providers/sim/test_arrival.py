"""Requests as they arrive: keys, dialects, what the log keeps."""

import pytest

from trunkline.providers.sim.arrival import Arrival, Credential, described, received, routed
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.speech import (
    CHAT,
    COUNT,
    GEMINI,
    GEMINI_COUNT,
    GEMINI_EMBEDDINGS,
    MESSAGES,
    RESPONSES,
    Speech,
)


@pytest.mark.parametrize(
    ("headers", "text"),
    (
        ({b"authorization": b"Bearer sk-1"}, "sk-1"),
        ({b"authorization": b"bearer  sk-1 "}, "sk-1"),
        ({b"authorization": b"Basic abc"}, ""),
        ({b"x-api-key": b"sk-2"}, "sk-2"),
        ({b"api-key": b"sk-3"}, "sk-3"),
        ({b"x-goog-api-key": b"sk-4"}, "sk-4"),
        ({}, ""),
    ),
)
def test_a_key_is_found(headers: dict, text: str) -> None:
    """In any of the headers that providers use."""
    assert text == Credential.of(headers).text


def test_a_key_carries_options() -> None:
    """So that one of several rotated keys can fail alone."""
    key = Credential.of({b"x-api-key": b"sk-2@fault=u10,fail=1"})

    assert ("sk-2@fault=u10,fail=1", "fault=u10,fail=1") == (key.text, key.options)


@pytest.mark.parametrize(
    ("path", "headers", "speech"),
    (
        ("/v1/chat/completions", {b"anthropic-version": b"x"}, CHAT),
        ("/openai/deployments/a/chat/completions", {}, CHAT),
        ("/v1/responses", {b"x-api-key": b"x"}, RESPONSES),
        ("/v1/messages", {}, MESSAGES),
        ("/v1/messages/count_tokens", {}, COUNT),
        ("/v1/models", {}, CHAT),
        ("/v1/models", {b"anthropic-version": b"x"}, MESSAGES),
        ("/v1/models", {b"x-api-key": b"x"}, MESSAGES),
        ("/v1beta/models/m:streamGenerateContent", {}, GEMINI),
        ("/v1beta/models/m:countTokens", {}, GEMINI_COUNT),
        ("/v1beta/models/m:embedContent", {}, GEMINI_EMBEDDINGS),
        ("/v1beta/models/m:batchEmbedContents", {}, GEMINI_EMBEDDINGS),
        ("/v1beta/models", {b"x-goog-api-key": b"k"}, GEMINI),
    ),
)
def test_a_dialect_is_told_by_path_then_headers(path: str, headers: dict, speech: Speech) -> None:
    """The same path for both lists of models; the caller's headers decide."""
    assert speech is routed(path, headers)


def test_the_log_keeps_no_secret() -> None:
    """Of a key only a hash; other headers as they came; bodies on request."""
    arrival = Arrival(
        "POST",
        "/v1/messages?beta=true",
        ((b"x-api-key", b"sk-secret"), (b"cookie", b"sk-secret"), (b"user-agent", b"me")),
        b"{}",
    )
    row = received(arrival, Credential("sk-secret", ""), 5.0, keep_body=False)

    assert {"user-agent": "me"} == row.headers
    assert "sk-secret" not in repr(row)
    assert (16, 2, None) == (len(row.credential), row.body_bytes, row.body)
    assert "{}" == received(arrival, Credential("", ""), 5.0, keep_body=True).body


def test_a_row_names_model_and_stream() -> None:
    """The full model name, with its options."""
    row = received(Arrival("POST", "/", (), b""), Credential("", ""), 5.0, keep_body=False)
    described(row, Ask(model="sim-chat@rate=5", stream=True))

    assert ("sim-chat@rate=5", True) == (row.model, row.stream)
