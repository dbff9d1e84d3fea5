"""What a client wants embedded and the vectors it gets, in terms that every dialect shares."""

from collections.abc import Mapping

from msgspec import Raw, Struct

from trunkline.canon.usage import Usage

Tokens = tuple[int, ...]
"""A text as its model's own tokenizer numbers it."""

Input = str | Tokens


class EmbeddingRequest(Struct, frozen=True, gc=False, kw_only=True):
    """Texts to be turned into vectors, one each. None means that the client did not say."""

    model: str
    inputs: tuple[Input, ...]
    """At least one; the vectors come in this order."""
    origin: str
    """The dialect the request arrived in: `extra` belongs to it."""
    base64: bool = False
    """Vectors as base64 of little-endian float32, not as lists of numbers."""
    dimensions: int | None = None
    """Vectors shorter than the model's own."""
    user: str | None = None
    extra: Mapping[str, Raw] = {}
    """Top-level fields we do not know, in the order they came."""


class Embeddings(Struct, frozen=True, gc=False, kw_only=True):
    """What an upstream made of some inputs."""

    vectors: tuple[Raw, ...]
    """
    One for each input, in their order, as JSON: a list of numbers, or a string that holds
    base64 of little-endian float32. See canon.vectors.
    """
    size: int
    """How many numbers the first one has; the others are measured as they are written."""
    usage: Usage | None = None
    """None when the upstream reported nothing."""
    model: str = ""
    """As the upstream names it; empty where it does not."""
