"""A target that speaks several dialects is asked in the client's own, where it can be."""

from msgspec import Raw
from msgspec.structs import replace

from trunkline.canon.deployment import Deployment, Embeds, Quirks

BOTH = Deployment(
    id="p/m",
    provider="p",
    model="m",
    dialect="openai-chat",
    also=("openai-responses",),
    quirks=Quirks(drop=("store",), rename={"a": "b"}, add={"c": Raw(b"1")}, reasoning_model=True),
)


def test_the_main_dialect_is_the_target_itself():
    """Nothing is copied on the usual path, nor for a dialect it does not speak."""
    assert BOTH is BOTH.speaking("openai-chat")
    assert BOTH is BOTH.speaking("anthropic-messages")


def test_another_dialect_keeps_what_is_true_of_the_model():
    """The same target to breaker and ledger; but its field names are those of the main dialect."""
    other = BOTH.speaking("openai-responses")

    assert ("openai-responses", "p/m") == (other.dialect, other.id)
    assert Quirks(reasoning_model=True) == other.quirks


def test_who_answers_is_nowhere_the_client_s_choice():
    """Fields of routing are known in every dialect, and where vectors are asked for."""
    quirks = Quirks(drop=("store",), routing=("models",))
    target = replace(BOTH, quirks=quirks, embeds=Embeds())

    assert Quirks(routing=("models",)) == target.speaking("openai-responses").quirks
    assert Quirks(routing=("models",)) == target.embedding().quirks
