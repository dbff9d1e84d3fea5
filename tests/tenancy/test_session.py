"""Tests of tenancy/session.py: which session a request is of, and what it is counted in."""

import pytest
from msgspec import Raw, json

from trunkline.canon.exchange import Exchange, Principal
from trunkline.canon.limit import Unit
from trunkline.config.schema import SessionsConfig
from trunkline.tenancy.session import LONGEST, fingerprint, session_limits, session_of

UUID = "0b8a3f2e-1111-4222-8333-944455556666"
CLAUDE = f"user_{'a' * 64}_account_{UUID[::-1]}_session_{UUID}"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def envelope(body):
    return json.decode(json.encode(body), type=dict[str, Raw])


@pytest.mark.parametrize(
    ("headers", "body", "dialect", "expected"),
    (
        ({}, {}, "openai-chat", ""),
        ({b"x-trunkline-session-id": b" s1 "}, {}, "openai-chat", "s1"),
        ({b"x-plexor-session-id": b"gw_1"}, {"plexor_session_id": "gw_2"}, "openai-chat", "gw_1"),
        ({}, {"plexor_session_id": "gw_2"}, "anthropic-messages", "gw_2"),
        ({b"x-claude-code-session-id": b"c"}, {}, "anthropic-messages", "c"),
        ({}, {"metadata": {"user_id": CLAUDE}}, "anthropic-messages", UUID),
        (
            {},
            {"metadata": {"user_id": json.encode({"session_id": UUID}).decode()}},
            "anthropic-messages",
            UUID,
        ),
        ({}, {"metadata": {"user_id": "somebody"}}, "anthropic-messages", ""),
        ({}, {"metadata": {"user_id": "{"}}, "anthropic-messages", ""),
        ({}, {"metadata": {"user_id": 7}}, "anthropic-messages", ""),
        ({}, {"metadata": {}}, "anthropic-messages", ""),
        ({}, {"metadata": {"user_id": CLAUDE}}, "openai-chat", ""),
        ({b"session-id": b"codex"}, {"prompt_cache_key": "k"}, "openai-responses", "codex"),
        ({b"session_id": b"old"}, {}, "openai-responses", "old"),
        ({}, {"prompt_cache_key": "k"}, "openai-responses", "k"),
        ({}, {"prompt_cache_key": "k"}, "anthropic-messages", ""),
        ({}, {"prompt_cache_key": 7}, "openai-chat", ""),
        ({b"x-trunkline-session-id": b"x" * 300}, {}, "openai-chat", "x" * LONGEST),
        ({b"x-trunkline-session-id": b"\xe9"}, {}, "openai-chat", "\u00e9"),
    ),
)
def test_whose_session_it_is(headers, body, dialect, expected):
    """What says so first wins; what cannot be read says nothing."""
    assert expected == session_of(headers, envelope(body), dialect)


def exchange(body=CHAT, session="s", key="k1", tenant="acme"):
    who = Principal(key_id=key, tenant=tenant)
    return Exchange(
        "req_1",
        "native",
        "openai-chat",
        "chat",
        who,
        envelope(body),
        "m",
        False,
        {},
        0,
        0,
        session=session,
    )


def test_nothing_is_counted_unless_it_is_asked_for():
    """All brakes are off by default."""
    assert [] == session_limits(SessionsConfig(), exchange())


def test_a_session_has_its_limits():
    """Budget and requests over a window, and a rate of spending."""
    config = SessionsConfig(budget_usd=0.5, requests=7, window=60.0, spend_per_minute_usd=0.1)

    limits = session_limits(config, exchange())

    assert [
        ("sessions.requests", Unit.REQUESTS, 7, 60_000_000, "session"),
        ("sessions.budget_usd", Unit.COST, 500_000_000, 60_000_000, "session"),
        ("sessions.spend_per_minute_usd", Unit.COST, 100_000_000, 60_000_000, "session"),
    ] == [(x.field, x.unit, x.most, x.window, x.scope) for x in limits]
    assert 3 == len({limit.counter for limit in limits})
    assert limits == session_limits(config, exchange({"model": "another"}))


def test_without_a_session_only_repeats_are_counted():
    """There is nothing else to count them by than the key."""
    config = SessionsConfig(budget_usd=1, repeats=3, repeat_window=10.0)

    (limit,) = session_limits(config, exchange(session=""))

    assert ("sessions.repeats", Unit.REQUESTS, 3, 10_000_000) == (
        limit.field,
        limit.unit,
        limit.most,
        limit.window,
    )


def test_the_same_name_is_another_session_of_another_key():
    """Whoever guesses a session's id cannot use up its budget."""
    config = SessionsConfig(budget_usd=1, repeats=3)
    asked = (
        exchange(),
        exchange(key="k2"),
        exchange(tenant="other"),
        exchange(session="t"),
        exchange(session=""),
        exchange(key="k1\0s", session=""),
    )

    counters = [limit.counter for one in asked for limit in session_limits(config, one)]

    assert len(counters) == len(set(counters))


@pytest.mark.parametrize(
    "other",
    (
        {"messages": CHAT["messages"], "model": "m"},
        {**CHAT, "stream": True, "stream_options": {"include_usage": True}},
        {**CHAT, "user": "u", "metadata": {"a": "b"}, "prompt_cache_key": "k"},
    ),
)
def test_what_asks_the_same_is_the_same(other):
    """Order, who asks and in which manner the answer comes do not count."""
    assert fingerprint(envelope(CHAT)) == fingerprint(envelope(other))


@pytest.mark.parametrize(
    "other",
    (
        {**CHAT, "model": "n"},
        {**CHAT, "messages": [{"role": "user", "content": "hi!"}]},
        {**CHAT, "temperature": 1},
        {**CHAT, "system": "x"},
    ),
)
def test_what_asks_something_else_is_not(other):
    """A conversation that goes on is no loop."""
    assert fingerprint(envelope(CHAT)) != fingerprint(envelope(other))


def test_fields_do_not_run_into_each_other():
    """No two bodies are one because of where a name ends."""
    assert fingerprint({"a": Raw(b"1"), "b": Raw(b"2")}) != fingerprint({"a": Raw(b"1b2")})


def test_the_billing_header_of_claude_code_does_not_count():
    """It differs in every request, and stands in the system prompt."""

    def body(number):
        first = {"type": "text", "text": f"x-anthropic-billing-header: cc_version=2; cch={number};"}
        return envelope({**CHAT, "system": [first, {"type": "text", "text": "You are."}]})

    assert fingerprint(body(1)) == fingerprint(body(2))
