"""Tests of flow/tiers.py: which service tier a request asks for."""

import pytest
from msgspec import Raw, json

from tests.flow.world import World, chat_body, openai
from trunkline.canon.deployment import Deployment
from trunkline.canon.usage import Usage
from trunkline.dialects.registry import DIALECTS
from trunkline.flow.tiers import tier_billed, tier_of, tier_sent


def said(**fields):
    """To Google's face."""
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]
    return json.encode({"model": "m", "contents": contents, **fields})


@pytest.mark.parametrize(
    ("raw", "tier"),
    (
        (None, None),
        (b'"flex"', "flex"),
        (b'"priority"', "priority"),
        (rb'"\u0070riority"', "priority"),
        (b'"auto"', None),
        (b'"standard_only"', None),
        (b"null", None),
        (b"7", None),
        (b'{"priority":1}', None),
        (b'"\xff"', None),
    ),
)
def test_tiers_that_may_have_a_price_of_their_own(raw, tier):
    """However they are written; others cost what is usual."""
    assert tier == tier_of({} if raw is None else {"service_tier": Raw(raw)})


def test_google_writes_it_in_another_way():
    """And takes both."""
    assert "priority" == tier_of({"serviceTier": Raw(b'"priority"')})


@pytest.mark.parametrize(
    ("client", "body", "upstream", "sent"),
    (
        ("openai-chat", chat_body(service_tier="flex"), "openai-responses", "flex"),
        ("openai-chat", chat_body(service_tier="flex"), "gemini", None),
        ("gemini", said(service_tier="flex"), "openai-chat", None),
        ("gemini", said(serviceTier="flex"), "openai-chat", None),
    ),
)
def test_a_tier_that_was_dropped_was_not_asked_for(client, body, upstream, sent):
    """The answer costs the usual: nobody served it any cheaper."""
    exchange = World(openai()).make(body, client)
    deployment = Deployment(id="p/m", provider="p", model="m", dialect=upstream)
    request = DIALECTS[client].decode_request(body, {})
    exchange.notes[:] = DIALECTS[upstream].encode_request(request, deployment).notes

    assert sent == tier_sent(exchange)


def test_fast_mode_is_a_speed():
    """Anthropic's, beside a service_tier that says nothing of it."""
    asked = {"service_tier": Raw(b'"auto"'), "speed": Raw(b'"fast"')}
    assert "fast" == tier_of(asked)
    assert tier_of({"speed": Raw(b'"standard"')}) is None


@pytest.mark.parametrize(
    ("asked", "told", "billed"),
    (
        ("flex", "", "flex"),
        ("flex", "auto", "flex"),
        ("priority", "default", None),
        ("priority", "standard", None),
        (None, "priority", "priority"),
        ("flex", "priority", "priority"),
        (None, "on_demand", None),
        (None, "", None),
    ),
)
def test_what_was_served_is_billed(asked, told, billed):
    """A provider may serve less than was asked for, and bill no more; or more, by its project's default."""
    body = chat_body() if asked is None else chat_body(service_tier=asked)
    assert billed == tier_billed(
        World(openai()).make(body, "openai-chat"), Usage(input=1, tier=told)
    )
