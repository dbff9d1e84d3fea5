"""The engine's process: a key in, an address out, and an end when its input closes."""

import os
import subprocess
import sys

import pytest
from msgspec import json

from trunkline.providers.local.engine import bound, ended

# Stands for llama.cpp's bindings: keeps what it was asked for, and chatters as llama.cpp does.
FAKE = """
import json, os
from types import SimpleNamespace
class CommonParams(SimpleNamespace):
    def __init__(self):
        threads = SimpleNamespace(), SimpleNamespace()
        super().__init__(
            model=SimpleNamespace(),
            sampling=SimpleNamespace(temp=0.8, top_p=0.95, penalty_repeat=1.0),
            cpuparams=threads[0],
            cpuparams_batch=threads[1],
        )
class Server:
    def __init__(self, params):
        os.write(1, b"llama.cpp says hello\\n")
        asked = dict(vars(params), model=params.model.path, model_alias=sorted(params.model_alias))
        asked["sampling"] = vars(params.sampling)
        asked["threads"] = [asked.pop(n).n_threads for n in ("cpuparams", "cpuparams_batch")]
        with open(os.environ["ASKED"], "w") as file:
            json.dump(asked, file)
        self.listening_address = "http://127.0.0.1:12345"
"""


@pytest.fixture
def kind():
    """Of the model that is served."""
    return "chat"


@pytest.fixture
def engine(tmp_path, kind):
    """The module as the provider starts it, over the fake bindings."""
    (tmp_path / "xllamacpp.py").write_text(FAKE)
    environ = {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)]),
        "ASKED": str(tmp_path / "asked"),
    }
    command = [sys.executable, "-m", "trunkline.providers.local.engine"]
    process = subprocess.Popen(
        [*command, kind, "weights.gguf", "4096", "2", "small"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    )
    with process:
        yield process
        process.kill()


def test_a_key_in_an_address_out(engine, tmp_path):
    """The address stands alone on standard output; what the engine prints goes elsewhere."""
    said, chatter = engine.communicate(b"secret\n", timeout=30)
    asked = json.decode((tmp_path / "asked").read_bytes())

    assert b"http://127.0.0.1:12345\n" == said
    assert b"llama.cpp says hello" in chatter
    assert 0 == engine.returncode
    assert ("weights.gguf", ["small"], 4096, 2) == tuple(
        asked[name] for name in ("model", "model_alias", "n_ctx", "n_parallel")
    )
    cores = os.cpu_count() or 2
    assert [max(1, min(8, cores - 1))] * 2 == asked["threads"]
    assert (["127.0.0.1"], 0, ["secret"]) == tuple(
        asked[name] for name in ("hostnames", "port", "api_keys")
    )


@pytest.mark.parametrize(
    ("kind", "sampling"),
    (
        ("chat", {"temp": 0.8, "top_p": 0.95, "penalty_repeat": 1.0}),
        ("smollm2", {"temp": 0.2, "top_p": 0.9, "penalty_repeat": 1.1}),
    ),
)
def test_the_small_model_is_sampled_as_its_makers_advise(engine, tmp_path, sampling):
    """By chance it would lose itself in emoji; another file's makers advise something else."""
    engine.communicate(b"secret\n", timeout=30)

    assert sampling == json.decode((tmp_path / "asked").read_bytes())["sampling"]


def test_it_lives_until_its_input_closes(engine):
    """However that comes about: so it never outlives the gateway."""
    engine.stdin.write(b"secret\n")
    engine.stdin.flush()
    engine.stdout.readline()
    assert engine.poll() is None

    engine.stdin.close()
    assert 0 == engine.wait(30)


def test_its_log_does_not_grow_for_ever(tmp_path):
    """Emptied beyond the limit, not before; what is written next stands at its beginning."""
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as file:
        file.write(b"x" * 10)
        bound(file.fileno(), 10)
        assert 10 == log.stat().st_size
        file.write(b"x")
        bound(file.fileno(), 10)
        file.write(b"next")
    assert b"next" == log.read_bytes()


def test_an_end_is_seen_at_once_and_a_silence_is_none():
    """What comes in between is nobody's."""
    reader, writer = os.pipe()
    try:
        assert not ended(reader, 0.001)
        os.write(writer, b"x")
        assert not ended(reader, 60)
    finally:
        os.close(writer)
    assert ended(reader, 60)
    os.close(reader)
