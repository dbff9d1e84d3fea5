"""Which dialect a caller speaks, where the path does not tell."""

from collections.abc import Container, Mapping

from trunkline.dialects.base import ServerDialect


def spoken(headers: Container[str], dialects: Mapping[str, ServerDialect]) -> ServerDialect:
    """
    By the request's headers; otherwise the first of `dialects`.

    That is OpenAI's: its errors are the ones that most programs can read.
    """
    for dialect in dialects.values():
        if dialect.caller_header and dialect.caller_header.decode() in headers:
            return dialect
    return next(iter(dialects.values()))
