"""What a client wants embedded and the vectors it gets, in terms that every dialect shares."""

from collections.abc import Mapping

from msgspec import Raw, Struct
from msgspec.structs import replace

from trunkline.canon.note import Note
from trunkline.canon.usage import Usage

Tokens = tuple[int, ...]
"""A text as its model's own tokenizer numbers it."""

Input = str | Tokens


class Aside(Struct, frozen=True, gc=False, kw_only=True):
    """What a client said of one input besides its text."""

    task: str = ""
    """What its vector is for, in Google's words, which are the most: "RETRIEVAL_QUERY"; empty: not said."""
    own: Mapping[str, Raw]
    """The input as the request's own dialect writes it: for upstreams of that dialect, and no others."""
    lost: tuple[Note, ...] = ()
    """What upstreams of any other dialect never hear."""


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
    single: bool = False
    """Asked for as one text and no list: some dialects answer otherwise."""
    asides: tuple[Aside, ...] = ()
    """One for each input, in their order; empty where the dialect has no such thing."""
    extra: Mapping[str, Raw] = {}
    """Top-level fields we do not know, in the order they came."""

    def part(self, start: int, end: int | None = None) -> "EmbeddingRequest":
        """The same for some of its inputs."""
        return replace(self, inputs=self.inputs[start:end], asides=self.asides[start:end])


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
