"""Which dialect a caller speaks, where no endpoint tells."""

from collections.abc import Container, Mapping

from trunkline.dialects.base import ServerDialect

_PATHS = (("/v1beta", "gemini"),)
"""Beginnings of paths that the clients of one dialect alone ask for."""


def spoken(
    headers: Container[str], dialects: Mapping[str, ServerDialect], path: str = ""
) -> ServerDialect:
    """
    By the request's path and headers; otherwise the first of `dialects`.

    That is OpenAI's: its errors are the ones that most programs can read.
    """
    for beginning, name in _PATHS:
        if path.startswith(beginning) and name in dialects:
            return dialects[name]
    for dialect in dialects.values():
        if dialect.caller_header and dialect.caller_header.decode() in headers:
            return dialect
    return next(iter(dialects.values()))
