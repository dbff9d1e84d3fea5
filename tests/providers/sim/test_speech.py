"""The three dialects and counting, each with its own rules."""

import pytest

from tests.providers.sim.kit import CHAT as CHAT_PATH
from tests.providers.sim.kit import MESSAGES as MESSAGES_PATH
from tests.providers.sim.kit import RESPONSES as RESPONSES_PATH
from tests.providers.sim.kit import body_of
from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.speech import CHAT, COUNT, MESSAGES, RESPONSES


def test_rules_are_checked_when_asked() -> None:
    """Reading alone refuses nothing that is well-formed."""
    for speech, path in (
        (CHAT, CHAT_PATH),
        (RESPONSES, RESPONSES_PATH),
        (MESSAGES, MESSAGES_PATH),
        (COUNT, MESSAGES_PATH),
    ):
        _, obey = speech.read(body_of(path, "m", []))
        with pytest.raises(Rejected):
            obey()


def test_counting_needs_no_limit() -> None:
    """A Messages request without max_tokens can be counted, not answered."""
    body = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    COUNT.read(body)[1]()

    with pytest.raises(Rejected, match="max_tokens"):
        MESSAGES.read(body)[1]()


def test_anthropic_wants_its_version() -> None:
    """OpenAI wants no such thing."""
    CHAT.require({})
    MESSAGES.require({b"anthropic-version": b"2023-06-01"})

    with pytest.raises(Rejected, match="anthropic-version"):
        MESSAGES.require({})
