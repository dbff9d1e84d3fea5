"""
What a body asks for that its length does not tell of: pictures, sound, searches, a long cache.

They are known by names and types alone, which are short: long texts are left out of the search, and
that takes a fifth of the time of a search through 200 KB (2026-11-21).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import MsgspecError, Raw, Struct, json

# Parts and tools by their type, as OpenAI and Anthropic say it, or by their name, as Google does; what
# may be sound; a cache that holds for an hour. An expression that begins with a letter is quick to
# search with: with a look behind it this would take ten times as long (measured 2026-11-21).
_TRACE = re.compile(
    rb'"(?:type"\s*:\s*"(?:(input_audio)"|'
    rb"(image|input_image|file|input_file|document|web_|code_|file_search|mcp|computer))"
    rb"|(inline_?[dD]ata|file_?[dD]ata|google_?[sS]earch|code_?[eE]xecution|url_?[cC]ontext"
    rb'|web_search_options)"'
    rb'|(modalities"|response_?[mM]odalities"|mime_?[tT]ype"\s*:\s*"audio)|ttl"\s*:\s*"1h")'
)
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
    unseen = audio = long_cache = False
    for trace in _TRACE.finditer(told):
        if told[trace.start() - 1] == _BACKSLASH:
            continue  # within a text
        sound, part, named, spoken = trace.groups()
        if sound or part or named:
            unseen = True
        elif not spoken:
            long_cache = True
        audio = audio or bool(sound or spoken)
    return Traces(unseen, audio, long_cache)


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
