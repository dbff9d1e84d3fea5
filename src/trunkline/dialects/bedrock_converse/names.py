"""Tool names, call ids and document names made to fit, the same way every time so that prompt caches hold."""

import hashlib
import re

from trunkline.canon.deployment import Quirks
from trunkline.dialects.thought_ids import unsigned

MAX_ID = 64
MAX_DOCUMENT_NAME = 200
# The service model of bedrock-runtime (botocore 1.44, seen 2026-11-21) takes [a-zA-Z0-9_-]{1,64} for
# names and [a-zA-Z0-9_.:-]{1,64} for ids; Claude, behind it, no dots and colons in ids either.
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")
_NOT_IN_DOCUMENTS = re.compile(r"[^a-zA-Z0-9()\[\] -]")
_SPACES = re.compile(r" {2,}")
_MARK = 8
"""Hex digits of the hash that keeps two changed names apart."""


def fit_id(call_id: str) -> str:
    """
    Ids that are too long (a Responses API's) or hold what they may not get a stable stand-in.

    A signature in one is for who made it, and taken off.
    """
    call_id, _ = unsigned(call_id)
    if 0 < len(call_id) <= MAX_ID and _FORBIDDEN.search(call_id) is None:
        return call_id
    return _fitted(call_id or "call", MAX_ID)


class ToolNames:
    """Names as this upstream takes them; `shortened` leads back to the client's own."""

    __slots__ = ("_limit", "shortened")

    def __init__(self, quirks: Quirks) -> None:
        self._limit = min(quirks.max_tool_name, MAX_ID)
        self.shortened: dict[str, str] = {}

    def fit(self, name: str) -> str:
        if 0 < len(name) <= self._limit and _FORBIDDEN.search(name) is None:
            return name
        fitted = _fitted(name, self._limit)
        self.shortened[fitted] = name
        return fitted


def document_name(title: str | None, number: int) -> str:
    """
    The name every document must have: letters, digits, single spaces, hyphens and brackets.

    `number`: of the document in its request, so that two without a title differ.
    """
    kept = _SPACES.sub(" ", _NOT_IN_DOCUMENTS.sub(" ", title or "")).strip()
    return kept[:MAX_DOCUMENT_NAME].strip() or f"Document {number}"


def _fitted(text: str, limit: int) -> str:
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{_FORBIDDEN.sub('_', text)[: limit - _MARK - 1]}_{mark}"
