"""The seam to endpoints that count a request's tokens without answering it."""

from collections.abc import Mapping
from typing import Protocol

from trunkline.canon.request import Request
from trunkline.dialects.base import Encoded


class CountingDialect(Protocol):
    """What a dialect with such an endpoint knows besides: two of each role."""

    @property
    def name(self) -> str: ...
    def decode_count_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        """As ServerDialect.decode_request, but without what only an answer needs. Raises Malformed, only."""

    def encode_count(self, tokens: int) -> bytes:
        """The whole answer."""

    def count_path(self, model: str) -> str:
        """As ClientDialect.path."""

    def count_request(self, encoded: Encoded, model: str) -> Encoded:
        """
        The same request, asking for its count; `model` is the upstream's name.

        `encoded` is what the upstream would be sent for an answer; fields that the endpoint
        does not take go. Raises Malformed where the body is no JSON object.
        """

    def decode_count(self, body: bytes) -> int:
        """Raises Garbled, or the decoded error when a 200 carries one."""
