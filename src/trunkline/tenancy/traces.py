"""
What a body asks for that its length does not tell of: pictures, sound, searches, a long cache.

They are known by names and types alone, which are short: long texts are left out of the search, and
that takes a fifth of the time of a search through 200 KB (2026-11-21).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import MsgspecError, Raw, Struct, json

# Parts and tools by their type, as OpenAI and Anthropic say it, or by their name, as Google does; what
# may be sound, an answer of before that is named by its id included; a cache that holds for an hour.
# An expression that begins with a letter is quick to search with: with a look behind it this would
# take ten times as long (measured 2026-11-21).
_TRACE = re.compile(
    rb'"(?:type"\s*:\s*"(?:(audio|input_audio)|image|input_image|file|input_file|document|video'
    rb"|input_video|item_reference|container|web_|code_|mcp|computer|connector|retrieval|tool_search"
    rb'|x_search|collections_|browser_|builtin_|compact_|advisor_|shell")'
    rb'|inline_?[dD]ata"\s*:|file_?(?:[dD]ata|[sS]earch)"\s*:'
    rb'|google_?(?:[sS]earch(?:_?[rR]etrieval)?|[mM]aps)"\s*:|enterprise_?[wW]eb_?[sS]earch"\s*:'
    rb'|parallel_?[aA]i_?[sS]earch"\s*:|retrieval"\s*:|computer_?[uU]se"\s*:'
    rb'|code_?[eE]xecution"\s*:|url_?[cC]ontext"\s*:|mcp_?[sS]ervers"\s*:'
    rb'|cached_?[cC]ontent"\s*:|compact_threshold"\s*:'
    # But for how an answer shall sound, and what a tool's schema says of such a field.
    rb'|audio"\s*:\s*{(?!(?:\s*"(?:voice|format|type|description)"\s*:\s*"[^"\\]*"\s*,?)*\s*})()'
    rb'|modalities"()|response_?[mM]odalities"()|mime_?[tT]ype"\s*:\s*"audio()|ttl"\s*:\s*"1h"())'
)
# Its groups; outside of them it is what does not show in the body's length, and those from 3 to 5 tell
# of sound that does.
_UNSEEN_SOUND, _LONG_CACHE = (1, 2), 6
# A request's own fields that bring what others keep: plug-ins, searches, data bases.
_BRINGING = frozenset(
    (
        *("connectors", "dataSources", "data_sources", "enable_search", "plugins", "preset"),
        *("search_parameters", "web_search_options"),
    )
)
_NOTHING = frozenset((b"null", b"false", b"[]"))
_BACKSLASH, _QUOTE, _BRACKET = b'\\"['
# What a name may consist of, written by its number: the same to whoever reads JSON. Quotes and
# backslashes stay as they are, so that a text stays one.
_NUMBERED = re.compile(rb"\\u00(2[dDfF]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aA])")
# Bytes of what is not worth being taken apart. No name or type is that long, however it is written.
_SHORT = 2048
# Of a long text, as much is kept as tells a type that somebody has made long: "audio/wav;x=xxx...".
_BEGINNING = 128
_DEEPEST = 8

_LIST = json.Decoder(list[Raw])
_MAP = json.Decoder(dict[str, Raw])


class Traces(Struct, frozen=True, gc=False):
    unseen: bool = False
    """Some of what is read does not show in the body's length."""
    audio: bool = False
    """Some of it may be sound."""
    long_cache: bool = False
    """Some of it may be written to a cache that holds for an hour."""


def traces_in(body: bytes, envelope: Mapping[str, Raw]) -> Traces:
    """`envelope`: the same, taken apart once. What is in doubt counts as asked for."""
    told = body if len(body) < _SHORT else _of_fields(body, envelope, 0)
    if b"\\u00" in told:  # hardly any body has letters that are written as numbers
        told = _NUMBERED.sub(lambda match: bytes((int(match[1], 16),)), told)
    unseen = not _BRINGING.isdisjoint(envelope) and _brings(envelope)
    audio = long_cache = False
    for trace in _TRACE.finditer(told):
        if told[trace.start() - 1] == _BACKSLASH:
            continue  # within a text
        group = trace.lastindex
        if group == _LONG_CACHE:
            long_cache = True
        else:
            unseen = unseen or group is None or group in _UNSEEN_SOUND
            audio = audio or group is not None
    return Traces(unseen, audio, long_cache)


def _brings(envelope: Mapping[str, Raw]) -> bool:
    names = [name for name in _BRINGING if name in envelope]
    return any(bytes(envelope[name]) not in _NOTHING for name in names)


def _short(raw: Raw, depth: int) -> bytes:
    """The same with the beginnings alone of its long texts."""
    whole = memoryview(raw)
    if len(whole) < _SHORT or depth == _DEEPEST:
        return bytes(whole)
    opening = whole[0]
    if opening == _QUOTE:
        return bytes(whole[:_BEGINNING]) + b'"'
    try:
        if opening == _BRACKET:
            return _of_items(whole, _LIST.decode(raw), depth + 1)
        return _of_fields(whole, _MAP.decode(raw), depth + 1)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return bytes(whole)


def _of_items(whole: memoryview, items: Sequence[Raw], depth: int) -> bytes:
    if _length(items, 1) != len(whole) and b"[%b]" % b", ".join(items) != whole:
        return bytes(whole)
    return b"[%b]" % b",".join([_short(item, depth) for item in items])


def _of_fields(whole: bytes | memoryview, fields: Mapping[str, Raw], depth: int) -> bytes:
    """
    As it is where there is more in it than these fields: a name that was given twice, of which
    somebody may read the first.
    """
    names = [name.encode("utf-8", "surrogatepass") for name in fields]
    values = fields.values()
    if _length(names, 4) + _length(values, 0) - 1 != len(whole):
        spaced = map(b'"%b": %b'.__mod__, zip(names, values, strict=True))
        if b"{%b}" % b", ".join(spaced) != whole:
            return bytes(whole)
    short = [_short(value, depth) for value in values]
    return b"{%b}" % b",".join(map(b'"%b":%b'.__mod__, zip(names, short, strict=True)))


def _length(pieces: Iterable[bytes | Raw], around: int) -> int:
    """Of an object or array of these without white space; each has so much beside it."""
    return sum([len(memoryview(piece)) + around for piece in pieces]) + 1
