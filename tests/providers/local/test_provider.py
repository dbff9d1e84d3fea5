"""The embedded model: configured, started on demand, started again, stopped."""

import asyncio
import importlib.util

import pytest
import uvloop
from msgspec import Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Unreachable
from trunkline.catalog.catalog import Catalog
from trunkline.config.errors import ConfigError
from trunkline.dialects.base import Encoded
from trunkline.kernel.tasks import Tasks
from trunkline.providers.base import Surroundings
from trunkline.providers.local.provider import (
    EMBEDDER,
    SHIPPED,
    SPEC,
    available,
    build,
    shipped_embedder,
    shipped_weights,
)
from trunkline.providers.rows import ProviderRows
from trunkline.testing.fakes import ManualClock
from trunkline.transport.base import Timeouts
from trunkline.transport.http import HttpTransport
from trunkline.transport.proxy import Proxies
from trunkline.transport.tls import TlsContexts

if importlib.util.find_spec("xllamacpp") is None:
    pytest.skip("the extra `local` is not installed", allow_module_level=True)


def surroundings(transport=None, data=None):
    return Surroundings(
        transport=transport,
        clock=ManualClock(),
        catalog=Catalog.load(),
        rows=ProviderRows.load(),
        entropy=lambda size: bytes(range(size)),
        dice=lambda: 0.0,
        data=data,
    )


SENTENCES = ("That is a happy person", "That is a happy dog", "Today is a sunny day")
CHAT = Deployment(id="local/m", provider="local", model="m", dialect="openai-chat")


def made(table=b"{}", transport=None):
    return build("local", Raw(table), surroundings(transport))


@pytest.fixture
def gguf(tmp_path):
    """A file that is named like a model and is none."""
    file = tmp_path / "my-model.gguf"
    file.write_bytes(b"GGUF of sorts")
    return file


def test_a_file_is_called_by_its_name(gguf):
    """Unless the configuration calls it otherwise."""
    table = {"gguf": str(gguf)}

    assert "my-model" == made(json.encode(table)).models()[0]
    assert "mine" == made(json.encode({**table, "model": "mine"})).models()[0]


def test_only_the_model_that_comes_along_is_sampled_as_that(gguf):
    """Its engine is told which it is; of a file of somebody's nothing is known."""
    own = made(json.encode({"gguf": str(gguf)}))
    kinds = [own._chat._arguments[0]]
    if available():
        kinds.append(made()._chat._arguments[0])

    assert ["chat", "smollm2"][: len(kinds)] == kinds


def test_a_deployment_has_its_share_of_the_context(gguf):
    """The slots divide it; and no price but one of nothing."""
    table = {"gguf": str(gguf), "context": 6000, "slots": 3}
    deployment = made(json.encode(table)).deployment("my-model")

    assert ("local/my-model", 2000, "openai-chat") == (
        deployment.id,
        deployment.context_window,
        deployment.dialect,
    )
    row = Catalog.load().row(deployment.price_model)
    assert 0 == Catalog.load().price(row, 0.0).rates.output


@pytest.mark.parametrize(
    ("table", "key", "says"),
    (
        (b'{"gguf":"/no/such.gguf"}', "providers.local.gguf", "no such file"),
        (b'{"gguf":5}', "providers.local.gguf", "expected `str | null`"),
        (b'{"ggfu":"x"}', "providers.local.ggfu", "unknown key"),
        (b'{"slots":0}', "providers.local.slots", "expected `int` >= 1"),
        (b'{"context":0}', "providers.local.context", "expected `int` >= 1"),
    ),
)
def test_a_wrong_table_is_told_by_its_key(table, key, says):
    """Before anything is started."""
    with pytest.raises(ConfigError) as refused:
        made(table)

    assert key == refused.value.key
    assert says in refused.value.expected


def test_before_its_start_it_cannot_be_asked(gguf):
    """The flow awaits `ready` first; whoever does not is told."""
    provider = made(json.encode({"gguf": str(gguf)}))

    assert not provider.is_ready
    with pytest.raises(Unreachable, match="not running"):
        provider.request(provider.deployment("m"), "/x", Encoded(b""), provider.credentials[0])


def test_a_file_that_is_no_model(gguf):
    """Told as that, with nothing left running."""

    async def main():
        provider = made(json.encode({"gguf": str(gguf)}))
        with pytest.raises(Unreachable, match="is the file a GGUF"):
            await provider.ready(CHAT)
        assert not provider.is_ready
        await provider.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_why_it_did_not_start_stands_in_the_data_folder(gguf, tmp_path):
    """The error names the file; where that lies is for our log. An older start's lines are gone."""
    log = tmp_path / "my_own-engine.log"
    log.write_text("of an older start")

    async def main():
        table = Raw(json.encode({"kind": "local", "gguf": str(gguf)}))
        provider = build("my/own", table, surroundings(data=tmp_path))
        with pytest.raises(
            Unreachable, match=r"`my_own-engine\.log` in the gateway's data"
        ) as told:
            await provider.ready(CHAT)
        return told.value

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        error = runner.run(main())

    assert "failed to load model" in log.read_text()
    assert "of an older start" not in log.read_text()
    assert str(tmp_path) not in error.message
    assert error.detail.endswith(f"; see {log}")


def test_the_engines_log_is_its_owners_alone(gguf, tmp_path):
    """As everything in the data folder."""
    provider = build("local", Raw(json.encode({"gguf": str(gguf)})), surroundings(data=tmp_path))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, pytest.raises(Unreachable):
        runner.run(provider.ready(CHAT))

    assert 0o600 == (tmp_path / "local-engine.log").stat().st_mode & 0o777


def test_a_client_that_leaves_during_the_start(gguf):
    """Takes the process along: nobody would find it again."""

    async def main():
        provider = made(json.encode({"gguf": str(gguf)}))
        start = Tasks(lambda *_: None).spawn("start", provider.ready(CHAT))
        while not provider._chat.is_alive:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert not provider._chat.is_alive

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_its_kind_is_offered_where_it_is_installed():
    """Engine and weights both."""
    assert "local" == SPEC.name
    assert (shipped_weights() is not None) == available() == SPEC.available()


async def ask(provider, transport, credential):
    body = {
        "model": SHIPPED,
        "max_tokens": 3,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    request = provider.request(
        provider.deployment(SHIPPED), "/chat/completions", Encoded(json.encode(body)), credential
    )
    response = await transport.send(request, Timeouts())
    try:
        return response.status, json.decode(await response.body(1 << 20))
    finally:
        response.close()


@pytest.mark.slow
@pytest.mark.skipif(shipped_weights() is None, reason="the small model's weights are not installed")
def test_a_real_model_answers():
    """Started once by all who ask at the same time, for its key alone; again after it died."""

    async def main():
        transport = HttpTransport(ManualClock(), TlsContexts(), Proxies.from_environment({}))
        provider = made(transport=transport)
        try:
            await asyncio.gather(provider.ready(CHAT), provider.ready(CHAT), provider.ready(CHAT))
            first = provider._chat.process.pid
            status, answer = await ask(provider, transport, provider.credentials[0])
            assert (200, SHIPPED) == (status, answer["model"])
            assert 0 < answer["usage"]["completion_tokens"] <= 3

            stranger = type(provider.credentials[0])("x", ())
            assert 401 == (await ask(provider, transport, stranger))[0]

            provider._chat.process.kill()
            await provider._chat.process.wait()
            assert not provider._chat.is_ready
            await provider.ready(CHAT)
            assert provider._chat.is_ready
            assert first != provider._chat.process.pid
        finally:
            await provider.aclose()
            await transport.aclose()
        assert not provider.is_ready

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@pytest.mark.slow
@pytest.mark.skipif(shipped_embedder() is None, reason="the model that embeds is not installed")
def test_a_real_model_embeds():
    """Without waking the one that talks. The distances are those of the model's own card."""

    async def main():
        transport = HttpTransport(ManualClock(), TlsContexts(), Proxies.from_environment({}))
        provider = made(transport=transport)
        deployment = provider.deployment(EMBEDDER)
        body = {"model": EMBEDDER, "input": SENTENCES}
        try:
            await provider.ready(deployment)
            assert (True, False) == (provider._embedder.is_ready, provider._chat.is_alive)
            request = provider.request(
                deployment, "/embeddings", Encoded(json.encode(body)), provider.credentials[0]
            )
            response = await transport.send(request, Timeouts())
            told = json.decode(await response.body(1 << 20))
            response.close()
        finally:
            await provider.aclose()
            await transport.aclose()
        assert not provider._embedder.is_alive
        return [one["embedding"] for one in told["data"]]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        person, dog, sunny = runner.run(main())

    def near(one, other):
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert 384 == len(person)
    assert [1.0, 0.695, 0.257] == [round(near(person, other), 3) for other in (person, dog, sunny)]


def test_what_embeds_is_a_deployment_of_its_own(gguf):
    """Another window, another dialect; the model that talks does not embed."""
    provider = made(json.encode({"gguf": str(gguf)}))
    if shipped_embedder() is None:
        assert ("my-model",) == provider.models()
        return
    deployment = provider.deployment(EMBEDDER)

    assert ("my-model", EMBEDDER) == provider.models()
    assert ("openai-embeddings", 512, "") == (
        deployment.dialect,
        deployment.context_window,
        deployment.embeds.dimensions,
    )
    assert provider.deployment("my-model").embeds is None


def test_it_takes_no_credential():
    """It is nobody's account."""
    assert made().credential("cred_1", "any") is None
