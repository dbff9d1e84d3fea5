"""The simulator as a provider of the gateway: no key, no port, real answers."""

import asyncio

import msgspec
import pytest

from tests.providers.sim.kit import FakeClock, body_of, zeros
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.request import ChatRequest
from trunkline.catalog.catalog import Catalog
from trunkline.config.errors import ConfigError
from trunkline.dialects.base import Encoded
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.providers.base import Provider, Surroundings
from trunkline.providers.rows import ProviderRows
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.provider import SPEC
from trunkline.transport.base import Timeouts


def build(**table) -> Provider:
    lent = Surroundings(
        transport=None,
        clock=FakeClock(),
        catalog=Catalog.load(),
        rows=ProviderRows.load(),
        entropy=zeros,
        dice=float,
    )
    return SPEC.build("sim", msgspec.Raw(msgspec.json.encode(table)), lent)


def status(provider: Provider, model: str) -> int:
    dialect = provider.deployment(model).dialect
    path = "/chat/completions" if dialect == "openai-chat" else "/v1/messages"
    version = ((b"anthropic-version", b"2023-06-01"),)
    encoded = Encoded(body_of(path, model, max_tokens=9), version)
    sent = provider.request(
        provider.deployment(model), path, encoded, next(iter(provider.credentials))
    )

    async def main() -> int:
        await provider.ready(provider.deployment("m"))
        response = await provider.transport.send(sent, Timeouts())
        await provider.aclose()
        return response.status

    return asyncio.run(main())


@pytest.mark.parametrize("dialect", ("openai-chat", "anthropic-messages"))
def test_it_answers_in_the_dialect_it_is_told(dialect: str) -> None:
    """Every model it lists can be deployed; a fault in a model's name strikes."""
    provider = build(dialect=dialect)

    assert set(MODELS) == set(provider.models())
    assert dialect == provider.deployment("sim-chat").dialect
    assert (200, 503) == (
        status(provider, "sim-chat"),
        status(provider, "sim-chat@fault=u11:status=503"),
    )


def test_it_answers_where_the_path_names_the_model() -> None:
    """Gemini: its address stands before the dialect's path, options within the name and all."""
    provider = build(dialect="gemini")
    gemini = Gemini()

    async def ask(model: str) -> int:
        place = provider.deployment(model)
        said = (Message(Role.USER, (Text("hi"),)),)
        encoded = gemini.encode_request(ChatRequest(model="m", messages=said, origin="x"), place)
        path = gemini.path(model, stream=False)
        sent = provider.request(place, path, encoded, next(iter(provider.credentials)))
        return (await provider.transport.send(sent, Timeouts())).status

    async def main() -> tuple[int, int]:
        found = await ask("sim-chat"), await ask("sim-chat@fault=u11:status=503")
        await provider.aclose()
        return found

    assert (200, 503) == asyncio.run(main())


def test_its_defaults_strike_where_a_request_names_none() -> None:
    """As configured."""
    assert 500 == status(build(defaults="fault=u11"), "sim-chat")


def test_a_bad_table_is_told() -> None:
    """With the key's path."""
    with pytest.raises(ConfigError, match="unknown key"):
        build(dialects="openai-chat")


def test_a_dialect_that_it_does_not_speak_is_told() -> None:
    """With those that it does."""
    with pytest.raises(
        ConfigError, match="speaks openai-chat, openai-responses, anthropic-messages"
    ) as told:
        build(dialect="nope")
    assert "providers.sim.dialect" == told.value.key


def test_it_takes_any_credential() -> None:
    """So that a tenant's own can be tried without an account anywhere."""
    own = build().credential("cred_1", "any")

    assert ("cred_1", (), True) == (own.id, own.headers, own.own)
