"""Tool names and call ids made to fit, the same way every time so that prompt caches hold."""

import hashlib
import re

from trunkline.canon.deployment import Quirks

MAX_TOOL_NAME = 128
"""The API takes ^[a-zA-Z0-9_-]{1,128}$ (platform.claude.com, tool use, seen 2026-11-21)."""

_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")
_DEFAULT_LIMIT = Quirks().max_tool_name
_MARK = 8
"""Hex digits of the hash that keeps two changed names apart."""


def fit_id(call_id: str) -> str:
    """Call ids must match ^[a-zA-Z0-9_-]+$; others (Kimi's `functions.f:0`) get a stable stand-in."""
    if call_id and _FORBIDDEN.search(call_id) is None:
        return call_id
    return f"{_FORBIDDEN.sub('_', call_id) or 'call'}_{_hash(call_id)}"


class ToolNames:
    """Names as this upstream takes them; `shortened` leads back to the client's own."""

    __slots__ = ("_limit", "shortened")

    def __init__(self, quirks: Quirks) -> None:
        # The quirk's default is OpenAI's 64; a row that says otherwise means it.
        limit = quirks.max_tool_name
        self._limit = MAX_TOOL_NAME if limit == _DEFAULT_LIMIT else limit
        self.shortened: dict[str, str] = {}

    def fit(self, name: str) -> str:
        if 0 < len(name) <= self._limit and _FORBIDDEN.search(name) is None:
            return name
        stem = _FORBIDDEN.sub("_", name)[: self._limit - _MARK - 1]
        fitted = f"{stem}_{_hash(name)}"
        self.shortened[fitted] = name
        return fitted


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
