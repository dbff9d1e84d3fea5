"""
An embedded model's own process: `python -m trunkline.providers.local.engine KIND FILE CONTEXT SLOTS NAME`.

KIND is "chat", and FILE a GGUF; "smollm2", the same, and it is that model; or "embeddings", and FILE
the folder of a MiniLM.

Reads one line, the key its server shall ask for; writes one line, the address it serves on;
lives until its standard input closes, so it never outlives the gateway. llama.cpp's server
runs in threads of its own; Python only waits.
"""

import importlib
import os
import select
import sys
import tempfile
from pathlib import Path
from typing import Any

from trunkline.providers.local.minilm import convert

_MOST_THREADS = 8
_LOG_LIMIT = 1 << 20
# Seconds between looks at the log's size.
_LOOK = 60.0
DEFAULT_ANSWER = 512
"""Tokens, where the client sets no limit: a small model may not find an end of its own."""
# The model card's (huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct, seen 2026-11-22).
_SMOL_TEMPERATURE, _SMOL_TOP_P = 0.2, 0.9
# With llama.cpp's own sampling one "Say hello." of six ended in 512 tokens of emoji; with the card's
# and a penalty of 1.05, one of six; with 1.1, none of seventy.
_SMOL_REPEAT_PENALTY = 1.1


def asked(kind: str, file: str, context: int, slots: int, name: str) -> Any:
    """Parameters for a model of this kind, without what all have in common."""
    params = importlib.import_module("xllamacpp").CommonParams()
    params.model.path = file
    params.model_alias = {name}  # or its answers would name the file
    params.n_parallel = slots
    if kind == "embeddings":
        params.embedding = True
        params.n_ctx = context * slots
        params.n_ubatch = context  # it must see all of a text at once
    else:
        params.n_ctx = context
        params.n_predict = DEFAULT_ANSWER
    if kind == "smollm2":  # where the client names none itself
        params.sampling.temp = _SMOL_TEMPERATURE
        params.sampling.top_p = _SMOL_TOP_P
        params.sampling.penalty_repeat = _SMOL_REPEAT_PENALTY
    return params


def serve(params: Any, key: str) -> Any:
    """llama.cpp's OpenAI-compatible server on a free loopback port; keep the result alive."""
    # One core stays free: llama.cpp's threads wait for each other by spinning, so that one which
    # has lost its core to the gateway stops them all (130 tokens a second became one).
    threads = max(1, min(_MOST_THREADS, (os.cpu_count() or 2) - 1))
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    params.verbosity = 1  # errors, without which nobody learns why a file does not load
    return importlib.import_module("xllamacpp").Server(params)


def load(kind: str, file: str, context: int, slots: int, name: str, key: str) -> Any:
    """Raises OSError or ValueError where a MiniLM is none."""
    if kind != "embeddings":
        return serve(asked(kind, file, context, slots, name), key)
    with tempfile.TemporaryDirectory() as folder:
        gguf = Path(folder) / "model.gguf"
        convert(Path(file), gguf, name)
        # The file may go once the model is loaded: what is mapped of it stays.
        return serve(asked(kind, str(gguf), context, slots, name), key)


def ended(descriptor: int, seconds: float) -> bool:
    """Waits up to that long for its other end to be closed."""
    if not select.select([descriptor], [], [], seconds)[0]:
        return False
    return not os.read(descriptor, 4096)


def bound(descriptor: int, most: int) -> None:
    """Empty a log that has grown beyond `most` bytes; its next line stands at its beginning."""
    if os.fstat(descriptor).st_size > most:
        os.ftruncate(descriptor, 0)


def main() -> None:
    kind, file, context, slots, name = sys.argv[1:]
    key = sys.stdin.readline().strip()
    answers = os.dup(1)
    os.dup2(2, 1)  # llama.cpp writes to standard output, too; the address must stand alone
    server = load(kind, file, int(context), int(slots), name, key)
    os.write(answers, f"{server.listening_address}\n".encode())
    while not ended(0, _LOOK):
        bound(2, _LOG_LIMIT)
    os._exit(0)  # its threads would keep an orderly exit waiting for an answer under way


if __name__ == "__main__":
    main()
