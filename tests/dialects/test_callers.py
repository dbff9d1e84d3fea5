"""Which dialect a caller speaks, where the path does not tell."""

import pytest

from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.callers import spoken
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.kernel.registry import Registry

DIALECTS = Registry([OpenAIChat(), AnthropicMessages(), Gemini()])


@pytest.mark.parametrize(
    ("headers", "name"),
    (
        ({"anthropic-version": "2023-06-01", "x-api-key": "k"}, "anthropic-messages"),
        ({"x-goog-api-client": "google-genai-sdk/3.4.0"}, "gemini"),
        ({"authorization": "Bearer k"}, "openai-chat"),
        ({"x-api-key": "k"}, "openai-chat"),
        ({"": "no header has this name"}, "openai-chat"),
    ),
)
def test_a_header_that_only_one_dialects_clients_send_tells(headers, name):
    """And whoever sends none of them gets the first dialect's errors."""
    assert name == spoken(headers, DIALECTS).name


def test_a_path_that_only_one_dialects_clients_ask_for_tells():
    """Whatever headers came with it."""
    assert "gemini" == spoken({"anthropic-version": "x"}, DIALECTS, "/v1beta/models").name
    assert "openai-chat" == spoken({}, DIALECTS, "/v1/models").name
    assert "openai-chat" == spoken({}, Registry([OpenAIChat()]), "/v1beta/models").name
