"""
The embedded model's own process: `python -m trunkline.providers.local.engine FILE CONTEXT SLOTS NAME`.

Reads one line, the key its server shall ask for; writes one line, the address it serves on;
lives until its standard input closes, so it never outlives the gateway. llama.cpp's server
runs in threads of its own; Python only waits.
"""

import importlib
import os
import sys
from typing import Any

_MOST_THREADS = 8
DEFAULT_ANSWER = 512
"""Tokens, where the client sets no limit: a small model may not find an end of its own."""


def start(file: str, context: int, slots: int, name: str, key: str) -> Any:
    """llama.cpp's OpenAI-compatible server on a free loopback port; keep the result alive."""
    xllamacpp = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = file
    params.model_alias = {name}  # or its answers would name the file
    params.n_ctx = context
    params.n_parallel = slots
    params.n_predict = DEFAULT_ANSWER
    # One core stays free: llama.cpp's threads wait for each other by spinning, so that one which
    # has lost its core to the gateway stops them all (130 tokens a second became one).
    threads = max(1, min(_MOST_THREADS, (os.cpu_count() or 2) - 1))
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    params.verbosity = 0
    return xllamacpp.Server(params)


def main() -> None:
    file, context, slots, name = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    key = sys.stdin.readline().strip()
    answers = os.dup(1)
    os.dup2(2, 1)  # llama.cpp writes to standard output, too; the address must stand alone
    server = start(file, context, slots, name, key)
    os.write(answers, f"{server.listening_address}\n".encode())
    sys.stdin.read()
    os._exit(0)  # its threads would keep an orderly exit waiting for an answer under way


if __name__ == "__main__":
    main()
