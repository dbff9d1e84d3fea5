"""Recorded exchanges with OpenAI-speaking providers, found in the shared folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import json

PROVIDERS = (
    "alibaba",
    "azure",
    "cerebras",
    "crusoe",
    "deepseek",
    "gemini-openai-compat",
    "groq",
    "huggingface",
    "mistral",
    "moonshot",
    "ollama",
    "openai-chat",
    "openrouter",
    "perplexity",
    "snowflake",
    "xai",
    "zai",
)


class Recording(NamedTuple):
    name: str
    status: int
    request: dict[str, Any] | None
    body: Any
    """A whole answer or error; None for a stream."""
    stream: bytes | None


def recordings(shared: Path) -> list[Recording]:
    """Chat Completions only: some of these providers were recorded with the Responses API, too."""
    return [
        recording
        for provider in PROVIDERS
        for path in sorted((shared / "fixtures" / provider).iterdir())
        for recording in _read(path, f"{provider}/{path.name}")
    ]


def _read(path: Path, name: str) -> Iterator[Recording]:
    if path.name.endswith(".chunks.txt"):
        chunks = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        if b'"choices"' in chunks[0] or b'"choices"' in chunks[-1]:
            stream = b"".join(b"data: " + chunk + b"\n\n" for chunk in chunks)
            yield Recording(name, 200, None, None, stream + b"data: [DONE]\n\n")
    elif path.suffix == ".json":
        found = json.decode(path.read_bytes())
        if "request" not in found or "response" not in found:
            if "choices" in found or "error" in found:
                yield Recording(name, 200, None, found, None)
        elif "/chat/completions" in found["request"]["path"]:
            response = found["response"]
            stream = None
            if "sse_file" in response:
                stream = (path.parent / Path(response["sse_file"]).name).read_bytes()
            yield Recording(
                name, response["status"], found["request"]["body"], response.get("body"), stream
            )
