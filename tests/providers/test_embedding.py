"""How a provider embeds, from layers of single fields."""

import msgspec
import pytest

from trunkline.canon.deployment import Embeds
from trunkline.providers.embedding import Elsewhere, merge_elsewhere, merge_embeds
from trunkline.providers.rows import ProviderRows

ROWS = ProviderRows.load()


def fields(**given):
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in given.items()}


def test_the_last_word_counts():
    """A layer replaces single fields."""
    row, rule = fields(max_inputs=10, base64=True), fields(max_inputs=5)

    assert Embeds(max_inputs=5, base64=True) == merge_embeds((row, rule, {}))


@pytest.mark.parametrize("layers", ((), ({},), (fields(max_inputs=5), fields(dialect=""))))
def test_nothing_said_is_no_embeddings(layers):
    """As is an empty dialect."""
    assert merge_embeds(layers) is None


def test_where_it_stands_is_another_matter():
    """Address and header are of the provider, the rest is of the deployment."""
    row = fields(base_url="https://x", auth="x-key", max_inputs=5)

    assert Embeds(max_inputs=5) == merge_embeds((row,))
    assert Elsewhere(base_url="https://x", auth="x-key") == merge_elsewhere((row,))


@pytest.mark.parametrize("given", ({"nonsense": 1}, {"max_inputs": "5"}))
def test_what_is_wrong_is_told(given):
    """An unknown field, a wrong type."""
    with pytest.raises(msgspec.ValidationError):
        merge_embeds((fields(**given),))


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    (
        ("openai", "text-embedding-3-small", ("openai-embeddings", 2048, True, "dimensions")),
        ("openai", "text-embedding-ada-002", ("openai-embeddings", 2048, True, "")),
        ("gemini", "gemini-embedding-001", ("gemini-embeddings", 100, False, "dimensions")),
        ("cohere", "embed-v4.0", ("cohere-embeddings", 96, False, "dimensions")),
        ("mistral", "mistral-embed", ("openai-embeddings", 512, False, "")),
        ("mistral", "codestral-embed", ("openai-embeddings", 512, False, "output_dimension")),
        ("voyage", "voyage-3.5", ("openai-embeddings", 1000, True, "output_dimension")),
    ),
)
def test_what_is_known_of_providers(provider, model, expected):
    """Dialect, inputs in one request, base64, and what they call dimensions."""
    embeds = ROWS[provider].embeds_for(model)

    assert expected == (embeds.dialect, embeds.max_inputs, embeds.base64, embeds.dimensions)


@pytest.mark.parametrize("provider", ("anthropic", "deepseek", "groq", "xai", "perplexity"))
def test_who_has_none(provider):
    """Whoever has no endpoint for them that speaks a dialect of ours."""
    assert ROWS[provider].embeds_for("any") is None
