"""What an upstream did not tell is counted here."""

import asyncio

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.deployment import Deployment
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage
from trunkline.intelligence.tokens.count import TokenCounter
from trunkline.intelligence.tokens.estimate import UsageEstimator
from trunkline.intelligence.tokens.vocabulary import Vocabularies, Vocabulary

VOCABULARIES = Vocabularies()
VOCABULARIES.load_now(Vocabulary.O200K)
TARGET = Deployment(id="openai/gpt-4o", provider="openai", model="gpt-4o", dialect="openai-chat")
REQUEST = ChatRequest(
    model="my-alias", messages=(Message(Role.USER, (Text("hello world"),)),), origin="openai-chat"
)


def estimate(request: ChatRequest | None, delivered: list[str]) -> Usage:
    estimator = UsageEstimator(TokenCounter(VOCABULARIES))
    return asyncio.run(estimator.estimate(TARGET, request, delivered))


def test_what_was_asked_and_delivered_is_counted() -> None:
    """The delivered pieces count as the text they were cut from."""
    assert Usage(input=9, output=2) == estimate(REQUEST, ["hel", "lo wor", "ld"])


def test_nothing_delivered_is_nothing_written() -> None:
    """The prompt was read all the same."""
    assert Usage(input=9) == estimate(REQUEST, [])
    assert Usage(input=9) == estimate(REQUEST, ["", ""])


def test_an_unreadable_request_counts_its_answer() -> None:
    """Better half a bill than none."""
    assert Usage(output=2) == estimate(None, ["hello world"])


def test_the_first_estimate_loads_what_it_needs() -> None:
    """Nobody has to prepare it."""
    estimator = UsageEstimator()
    usage = asyncio.run(estimator.estimate(TARGET, REQUEST, ["hello world"]))
    assert Usage(input=9, output=2) == usage
    assert "<UsageEstimator <TokenCounter <Vocabularies o200k_base>>>" == repr(estimator)


def test_tokens_are_read_back() -> None:
    """As by the counter."""
    assert "hello" == asyncio.run(UsageEstimator().text("text-embedding-ada-002", [15339]))
