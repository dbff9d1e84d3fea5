"""Which dialect a caller speaks, where the path does not tell."""

import pytest

from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.callers import spoken
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.kernel.registry import Registry

DIALECTS = Registry([OpenAIChat(), AnthropicMessages()])


@pytest.mark.parametrize(
    ("headers", "name"),
    (
        ({"anthropic-version": "2023-06-01", "x-api-key": "k"}, "anthropic-messages"),
        ({"authorization": "Bearer k"}, "openai-chat"),
        ({"x-api-key": "k"}, "openai-chat"),
        ({"": "no header has this name"}, "openai-chat"),
    ),
)
def test_a_header_that_only_one_dialects_clients_send_tells(headers, name):
    """And whoever sends none of them gets the first dialect's errors."""
    assert name == spoken(headers, DIALECTS).name
