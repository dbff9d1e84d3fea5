"""Whom we believe: TLS contexts for connections to providers."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import certifi

from trunkline.transport.base import Origin


class TlsContexts:
    """
    A context for each origin, made at first use: loading a bundle takes tens of milliseconds.

    The system's certificate authorities count (OpenSSL's own SSL_CERT_FILE included), or
    certifi's where the system has none; `extra` adds a file of authorities for one origin
    alone, such as a company's own for its own server.
    """

    __slots__ = ("_contexts", "_extra")

    def __init__(self, extra: Mapping[Origin, Path] | None = None) -> None:
        self._extra = dict(extra or {})
        self._contexts: dict[Path | None, ssl.SSLContext] = {}

    def __call__(self, origin: Origin) -> ssl.SSLContext:
        """Raises OSError when the extra file cannot be read or holds no certificate."""
        extra = self._extra.get(origin)
        context = self._contexts.get(extra)
        if context is None:
            context = self._contexts[extra] = client_context(extra)
        return context

    def __repr__(self) -> str:
        return f"<TlsContexts {len(self._contexts)} loaded>"


def client_context(extra: Path | None = None) -> ssl.SSLContext:
    """Verifies chain and name, TLS 1.2 or newer, speaks HTTP/1.1 only."""
    context = ssl.create_default_context(
        cafile=None if _system_has_authorities() else certifi.where()
    )
    if extra is not None:
        context.load_verify_locations(cafile=extra)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _system_has_authorities() -> bool:
    paths = ssl.get_default_verify_paths()
    # OpenSSL reads a folder of certificates lazily, so the context itself could not tell.
    # Both are None where nothing exists at the default place.
    return bool(paths.cafile) or (bool(paths.capath) and any(Path(paths.capath).iterdir()))
