"""What a generation lends to the flow."""

import pytest

from tests.flow.world import World, openai


@pytest.mark.parametrize("dialect", ("openai-chat", "anthropic-messages", "openai-embeddings"))
def test_errors_are_told_in_whatever_dialect_a_client_speaks(dialect):
    """Conversations and embeddings alike."""
    assert dialect == World(openai()).rooms.teller(dialect).name
