"""
Sessions and agent runs: which one a request belongs to, and what keeps one from running away.

Both brakes are limits like any other, with counters of their own: exact over all workers. An agent
that asks the same again and again is counted by the hash of what it asks.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType, json

from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Limit, Unit
from trunkline.config.schema import SessionsConfig

LONGEST = 200
"""Characters of a session's id that count."""
SCOPE = "session"
REPEATS = "sessions.repeats"
"""The field of the limit that counts identical requests."""

_NANO = 10**9
_MICROS = 1_000_000
_MINUTE = 60 * _MICROS
_HEADERS = (b"x-trunkline-session-id", b"x-plexor-session-id", b"x-claude-code-session-id")
# Codex sends session-id; older ones, and their forks, session_id (Codex 0.169, seen 2026-11-21).
_LATER_HEADERS = (b"session-id", b"session_id")
_ANY_HEADER = frozenset((*_HEADERS, *_LATER_HEADERS))
_SAYING = frozenset(("plexor_session_id", "metadata", "prompt_cache_key"))
# Claude Code: "user_<hash>_account_<uuid>_session_<uuid>"; newer ones a JSON object in a string
# (2.1, seen 2026-11-21).
_SESSION_PART = "_session_"
# What differs between two requests that ask the same: who asks, how it is accounted for, and the
# manner in which the answer is sent.
_VOLATILE = frozenset(
    (
        "client_metadata",
        "metadata",
        "plexor_session_id",
        "prompt_cache_key",
        "safety_identifier",
        "stream",
        "stream_options",
        "user",
    )
)
# Claude Code opens its system prompt with this, and a number that differs in every request.
_BILLING = re.compile(rb"x-anthropic-billing-header:[^\"]*")

_TEXT = json.Decoder(str)


class _UserId(Struct):
    session_id: str | UnsetType = UNSET


class _Metadata(Struct):
    user_id: str | UnsetType = UNSET


_METADATA = json.Decoder(_Metadata)
_USER_ID = json.Decoder(_UserId)


def session_of(headers: Mapping[bytes, bytes], envelope: Mapping[str, Raw], dialect: str) -> str:
    """
    The session's id as its client gave it, cut to LONGEST; empty: it belongs to none.

    What says "session" comes before what only implies one: a key for the prompt cache is last.
    """
    if _SAYING.isdisjoint(envelope) and _ANY_HEADER.isdisjoint(headers):
        return ""  # as most requests
    return (
        _header(headers, _HEADERS)
        or _text(envelope.get("plexor_session_id"))
        or (_claude_code(envelope.get("metadata")) if dialect == "anthropic-messages" else "")
        or _header(headers, _LATER_HEADERS)
        or (_text(envelope.get("prompt_cache_key")) if dialect.startswith("openai-") else "")
    )


def session_limits(config: SessionsConfig, exchange: Exchange) -> Sequence[Limit]:
    """What this request is counted in besides the limits of its key; mostly nothing."""
    limits = []
    principal = exchange.principal
    owner = f"{principal.tenant}\0{principal.key_id}\0"
    session = exchange.session
    if session:
        limits = _of_session(config, f"session/{_digest(owner + session)}")
    if config.repeats is not None:
        same = fingerprint(exchange.envelope)
        counter = f"session/{_digest(owner + session)}/{same}"
        limits.append(
            Limit(
                counter=counter,
                unit=Unit.REQUESTS,
                most=config.repeats,
                window=round(config.repeat_window * _MICROS),
                field=REPEATS,
                scope=SCOPE,
            )
        )
    return limits


def _of_session(config: SessionsConfig, counter: str) -> list[Limit]:
    window = round(config.window * _MICROS)
    wanted = (
        ("requests", Unit.REQUESTS, config.requests, window),
        ("budget_usd", Unit.COST, _nano(config.budget_usd), window),
        ("spend_per_minute_usd", Unit.COST, _nano(config.spend_per_minute_usd), _MINUTE),
    )
    return [
        Limit(
            counter=f"{counter}/{name}",
            unit=unit,
            most=most,
            window=length,
            field=f"sessions.{name}",
            scope=SCOPE,
        )
        for name, unit, most, length in wanted
        if most is not None
    ]


def fingerprint(envelope: Mapping[str, Raw]) -> str:
    """The same for two requests that ask the same: the order of fields and who asks do not count."""
    digest = blake2b(digest_size=16)
    for name in sorted(envelope.keys() - _VOLATILE):
        value: bytes | Raw = envelope[name]
        if name == "system":
            value = _BILLING.sub(b"", bytes(value))
        digest.update(b"%d %s %d " % (len(name), name.encode(), len(value)))
        digest.update(value)
    return digest.hexdigest()


def _claude_code(metadata: Raw | None) -> str:
    if metadata is None:
        return ""
    try:
        user_id = _METADATA.decode(metadata).user_id
        if user_id is UNSET:
            return ""
        if user_id.startswith("{"):
            return (_USER_ID.decode(user_id).session_id or "")[:LONGEST]
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return ""  # refused, if it is wrong, when it is read as a whole
    return user_id.rpartition(_SESSION_PART)[2][:LONGEST] if _SESSION_PART in user_id else ""


def _header(headers: Mapping[bytes, bytes], names: Sequence[bytes]) -> str:
    for name in names:
        if value := headers.get(name, b"").strip():
            return value.decode("latin-1")[:LONGEST]
    return ""


def _text(raw: Raw | None) -> str:
    if raw is None:
        return ""
    try:
        return _TEXT.decode(raw)[:LONGEST]
    except (MsgspecError, UnicodeDecodeError):
        return ""


def _nano(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * _NANO)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
