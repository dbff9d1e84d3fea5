"""An empty folder and one command, as on the first screen of the README."""

import re
import shlex
import signal
import stat
import subprocess
from collections.abc import Generator

import openai
import pytest

from tests.integration.program import (
    PATIENCE,
    Gateway,
    Program,
    bare_environment,
    call,
    run,
    serving,
)

HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """A gateway without any configuration."""
    with serving(tmp_path_factory.mktemp("fresh")) as gateway:
        yield gateway


def test_what_it_prints_is_all_one_needs(fresh: Gateway) -> None:
    """Base URLs for both kinds of SDK, a key, the control plane and where its key lies."""
    fresh.wait_for("Try it:")

    assert f"base_url {fresh.base}/v1" in fresh.said
    assert f"API key         {fresh.key}" in fresh.said
    assert f"{fresh.base}/admin/v1" in fresh.said
    assert str(fresh.data / "admin-key") in fresh.said
    assert re.search(r"providers +.*\bsim\b", fresh.said)


def test_the_printed_call_answers(fresh: Gateway) -> None:
    """The very text, pasted into a shell, gets an answer from whatever model it names."""
    pasted = fresh.wait_for(r"(?s)Try it:\n(.*\S)\s*$")[1]
    pasted = pasted.replace("smollm2-135m-instruct", "sim-chat")  # test_local.py asks the model

    shell = subprocess.run(
        ["/bin/sh", "-c", pasted.replace("curl ", "curl -sS ", 1)],
        capture_output=True,
        text=True,
        env=bare_environment(fresh.data.parent),
        timeout=30,
        check=True,
    )

    assert '"object":"chat.completion"' in shell.stdout
    assert "" == shell.stderr


def test_the_printed_call_is_one_command(fresh: Gateway) -> None:
    """It has nothing that a shell would read otherwise than meant."""
    pasted = fresh.wait_for(r"(?s)Try it:\n(.*\S)\s*$")[1]

    words = shlex.split(pasted.replace("\\\n", " "))

    assert ["curl", f"{fresh.base}/v1/chat/completions"] == words[:2]
    assert {"-H", "-d"} == {word for word in words if word.startswith("-")}


def test_secrets_are_their_owners_alone(fresh: Gateway) -> None:
    """Keys, pepper and books can be read by nobody else on the machine."""
    for path in (fresh.data, *fresh.data.iterdir()):
        others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        assert 0 == others, f"{path}: {stat.filemode(path.stat().st_mode)}"


def test_probes_need_no_key(fresh: Gateway) -> None:
    """Live, ready, and a HEAD for clients that look whether there is anybody (Claude Code does)."""
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = fresh.get(path, "")
        assert (200, {"status": status}) == (answer.status, answer.json())
    head = call(fresh.base, "HEAD", "/")
    assert (200, b"") == (head.status, head.body)


def test_without_a_configuration_the_simulator_speaks_both_dialects(fresh: Gateway) -> None:
    """For trying things: passthrough and translation, each with a provider of its own."""
    for provider in ("sim", "sim-anthropic"):
        answer = fresh.post(
            "/v1/chat/completions", {"model": f"{provider}/sim-chat", "messages": HELLO}
        )
        assert (200, provider) == (answer.status, answer.headers["x-trunkline-provider"])


def test_a_second_start_keeps_keys_and_books(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The same folder: the key works, but is not printed again; old entries are still there."""
    folder = tmp_path_factory.mktemp("again")
    with serving(folder) as first:
        key = first.key
        answer = first.post("/v1/chat/completions", {"model": "sim-chat", "messages": HELLO})
        request_id = answer.headers["x-trunkline-request-id"]
        entry = first.entry(request_id)
    with serving(folder) as second:
        second.wait_for("Try it:")
        assert key not in second.said
        assert f"API key         in {second.data / 'first-key'}" in second.said
        assert entry == second.entry(request_id, key)
        (second.data / "first-key").unlink()
    with serving(folder) as third:
        third.wait_for("Try it:")
        assert key not in third.said
        assert "trunkline keys create" in third.said
        assert 200 == third.get("/v1/models", key).status


def test_a_preset_admin_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """TRUNKLINE_ADMIN_KEY is the admin's key, and none is kept in the folder."""
    folder = tmp_path_factory.mktemp("preset")
    preset = "an-admin-key-of-my-own-choosing"
    with serving(folder, environ={"TRUNKLINE_ADMIN_KEY": preset}) as gateway:
        answer = gateway.get("/admin/v1/keys", preset)
        wrong = gateway.get("/admin/v1/keys", preset + "!")
        gateway.wait_for("Try it:")
        said = gateway.said

    assert (200, 401) == (answer.status, wrong.status)
    assert not (gateway.data / "admin-key").exists()
    assert "its key: as TRUNKLINE_ADMIN_KEY says" in said
    assert preset not in said


def test_a_port_that_is_taken(fresh: Gateway, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Said in one line, with what to do; exit code 1."""
    port = fresh.base.rpartition(":")[2]

    ended = run(tmp_path_factory.mktemp("taken"), "serve", "--port", port, "--data", "data")

    assert 1 == ended.returncode
    assert re.fullmatch(rf"trunkline: cannot listen on .*{port}: .*--port.*\n", ended.stderr)


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_an_orderly_end(tmp_path_factory: pytest.TempPathFactory, number: int) -> None:
    """Either signal stops it with exit code 0 and nothing to complain of."""
    folder = tmp_path_factory.mktemp("end")
    gateway = Gateway(folder)
    gateway.wait_for("Try it:")

    assert 0 == gateway.stop(number)
    assert "" == gateway.log
    assert not [path for path in (gateway.data / "journal").iterdir() if path.is_dir()]


def test_an_open_stream_is_finished_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SIGTERM in the middle of an answer: not ready any more, but the answer comes whole."""
    gateway = Gateway(tmp_path_factory.mktemp("drain"))
    gateway.wait_for("Try it:")
    with (
        openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0) as client,
        client.chat.completions.create(
            model="sim/sim-chat@rate=100,tokens=60", messages=HELLO, stream=True
        ) as stream,
    ):
        chunks = [next(iter(stream))]
        gateway.process.send_signal(signal.SIGTERM)
        chunks += list(stream)

    assert "stop" == chunks[-1].choices[0].finish_reason
    assert 60 < len(chunks)
    assert 0 == gateway.process.wait(PATIENCE)


def test_the_simulator_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    """`trunkline sim --port 0`: prints how to use it, answers, writes its log, ends with 0."""
    folder = tmp_path_factory.mktemp("sim")
    simulator = Program(["sim", "--port", "0", "--log", "sim.jsonl"], folder)
    base = simulator.wait_for(r"OpenAI +base_url=(\S+)/v1")[1]
    pasted = simulator.wait_for(r"(?s)(curl .*\S)\s*$")[1]

    shell = subprocess.run(
        ["/bin/sh", "-c", pasted.replace("curl ", "curl -sS ", 1)],
        capture_output=True,
        text=True,
        env=bare_environment(folder),
        timeout=30,
        check=True,
    )

    assert '"object":"chat.completion"' in shell.stdout.replace('": "', '":"')
    assert 200 == call(base, "GET", "/sim").status
    assert 0 == simulator.stop()
    assert 1 == len((folder / "sim.jsonl").read_text().splitlines())
    assert "" == simulator.log
