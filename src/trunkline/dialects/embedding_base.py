"""What a dialect of embeddings must be able to do: whole requests, whole answers, no events."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Raw

from trunkline.canon.deployment import Deployment
from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.base import Encoded, ErrorTeller


class EmbeddingServer(ErrorTeller, Protocol):
    """The role that faces our clients."""

    def decode_request(self, envelope: Mapping[str, Raw]) -> EmbeddingRequest:
        """`envelope`: the body one level deep. Raises Malformed (with `param`), only."""

    def encode_answer(self, embeddings: Embeddings, request: EmbeddingRequest) -> Iterator[bytes]:
        """
        The body in pieces, one for each vector, so that long ones give way to others.

        Vectors are written as the request wants them, however they came. Raises Garbled for
        one that is none, or not as long as the first.
        """


class EmbeddingClient(Protocol):
    """The role that faces an upstream. `Deployment.embeds` tells what this one takes."""

    @property
    def name(self) -> str: ...
    def path(self, model: str) -> str:
        """Appended to the provider's base URL."""

    def encode_request(self, request: EmbeddingRequest, deployment: Deployment) -> Encoded:
        """
        Inputs are texts wherever `deployment.embeds` does not take tokens.

        Raises Unsupported for what may neither be expressed nor dropped.
        """

    def decode_answer(self, body: bytes, inputs: int) -> Embeddings:
        """
        One vector for each of so many inputs, in their order; only the first is looked into.

        Raises Garbled, or the decoded error when a 200 carries one.
        """

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError: ...
