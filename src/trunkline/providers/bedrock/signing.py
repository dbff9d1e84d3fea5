"""
AWS's Signature Version 4, by botocore, which comes with the extra `bedrock`.

Imported when a provider is built that needs it, never at start: it is a sixth of a second and ten
megabytes that nobody else shall pay for (docs/adr/0011).
"""

import importlib
import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from trunkline.canon.exchange import Headers
from trunkline.kernel.clock import Clock

_PACKAGE = "botocore"
_SERVICE = "bedrock"
"""The name a signature is for: `signingName` of the service's model, not its host's."""
_STAMP = "%Y%m%dT%H%M%SZ"


class Keys(Struct, frozen=True):
    """An account's access key, as botocore reads it. Never shown."""

    access_key: str
    secret_key: str
    token: str | None = None
    """The session token of temporary keys."""

    def __repr__(self) -> str:
        return "<Keys>"


def available() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec(_PACKAGE) is not None


class Signer:
    """Signs what one access key sends to one region."""

    __slots__ = ("_clock", "_keys", "_request", "_signer")

    def __init__(self, keys: Keys, region: str, clock: Clock, service: str = _SERVICE) -> None:
        """Raises ImportError where the extra is missing."""
        self._keys = keys
        self._clock = clock
        self._signer: Any = importlib.import_module(f"{_PACKAGE}.auth").SigV4Auth(
            keys, service, region
        )
        self._request: Callable[..., Any] = importlib.import_module(
            f"{_PACKAGE}.awsrequest"
        ).AWSRequest

    def sign(self, method: str, url: str, headers: Headers, body: bytes) -> Headers:
        """
        `headers`, signed, and those that carry the signature.

        `url` has the host as the Host header will have it, and the path as it is sent. The steps
        are botocore's, one by one: together (`add_auth`) they would read the machine's clock.
        """
        stamp = datetime.fromtimestamp(self._clock.unix(), UTC).strftime(_STAMP)
        more = [(b"x-amz-date", stamp.encode())]
        if self._keys.token:
            more.append((b"x-amz-security-token", self._keys.token.encode()))
        headers = (*headers, *more)
        named = {name.decode(): value.decode() for name, value in headers}
        request = self._request(method=method, url=url, headers=named, data=body)
        request.context["timestamp"] = stamp
        signer = self._signer
        text = signer.string_to_sign(request, signer.canonical_request(request))
        told = (
            f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, "
            f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(request))}, "
            f"Signature={signer.signature(text, request)}"
        )
        return (*headers, (b"authorization", told.encode()))
