"""Idempotency-Key in a running program: over two workers, through kills, from the official SDK."""

import os
import signal
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.integration.program import Answer, Gateway, call, pause, serving, simulating

CONFIG = """
[server]
workers = {workers}

[providers.up]
dialect = "openai-chat"
base_url = "{base}/v1"
api_key = "k"

[routing]
same_target_retries = 0
"""
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The simulator, whose log tells what truly reached it."""
    with simulating(tmp_path_factory.mktemp("sim")) as base:
        yield base


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, upstream: str) -> Generator[Gateway]:
    """Two workers before it."""
    config = CONFIG.format(workers=2, base=upstream)
    with serving(tmp_path_factory.mktemp("pair"), config) as gateway:
        gateway.await_workers(2)
        yield gateway


def workers(gateway: Gateway) -> list[str]:
    """Their journals' folders; each ends with its process id once it has begun one."""
    folder = gateway.data / "journal"
    return [path.name for path in folder.iterdir() if path.is_dir()] if folder.exists() else []


def body(model: str, **more: object) -> Mapping[str, object]:
    said = [{"role": "user", "content": "Say hello."}]
    return {"model": f"up/{model}", "messages": said, **more}


def ask(gateway: Gateway, idem: str, what: Mapping[str, object], key: str | None = None) -> Answer:
    return gateway.post(CHAT, what, key, idempotency_key=idem)


def arrivals(upstream: str, tag: str) -> int:
    """How many requests with this tag reached the upstream."""
    rows = call(upstream, "GET", "/sim/log").json()["rows"]
    return sum(f"tag={tag}" in row["model"] for row in rows)


def settled(gateway: Gateway, idem: str, what: Mapping[str, object]) -> Answer:
    """The answer, however often one is told to wait."""
    for turn in range(3000):
        if turn % 20 == 0 and (answer := ask(gateway, idem, what)).status != 409:
            return answer
        pause()
    raise AssertionError("it is under way for ever")


def test_of_two_hundred_at_once_one_is_run(pair: Gateway, upstream: str) -> None:
    """Whichever worker each comes to; the others wait or get its answer, and one is billed."""
    key = pair.new_key(name="many")
    what = body("sim-chat@ttft=150,tag=many")
    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda _: ask(pair, "many", what, key), range(200)))
    last = ask(pair, "many", what, key)

    assert 1 == arrivals(upstream, "many")
    assert {200, 409} == {answer.status for answer in answers}
    good = [answer for answer in (*answers, last) if answer.status == 200]
    assert 1 == sum("idempotent-replayed" not in answer.headers for answer in good)
    assert {last.body} == {answer.body for answer in good}
    refused = next(answer for answer in answers if answer.status == 409)
    assert ("1", "idempotency_in_progress") == (
        refused.headers["retry-after"],
        refused.json()["error"]["code"],
    )
    entry = pair.entry(last.headers["x-trunkline-request-id"], key)
    assert ("ok", 1) == (entry["status"], len(entry["attempts"]))
    query = f"/usage?key_id={key.split('_')[1]}"
    assert 1 == pair.admin("GET", query).json()["total"]["requests"]


def test_a_stream_is_replayed_by_the_other_worker(pair: Gateway, upstream: str) -> None:
    """Byte by byte, on whichever connection it is asked for again."""
    what = body("sim-chat@tag=stream", stream=True)
    answers = [ask(pair, "stream", what) for _ in range(12)]

    assert 1 == arrivals(upstream, "stream")
    assert [answers[0].body] * 12 == [answer.body for answer in answers]
    assert ["true"] * 11 == [a.headers["idempotent-replayed"] for a in answers[1:]]
    assert answers[0].body.endswith(b"data: [DONE]\n\n")


def test_a_stream_that_breaks_is_run_again(pair: Gateway, upstream: str) -> None:
    """Its key is free at once."""
    broken = body("sim-chat@rate=200,tokens=20,fault=u5:after=3,fail=1,tag=broken", stream=True)
    first, second, third = [ask(pair, "broken", broken) for _ in range(3)]

    assert b"[DONE]" not in first.body
    assert b"[DONE]" in second.body
    assert (second.body, "true") == (third.body, third.headers["idempotent-replayed"])
    assert 2 == arrivals(upstream, "broken")


def test_the_official_sdk_gets_its_answer_once(pair: Gateway, upstream: str) -> None:
    """It tries again by itself after the provider dropped the connection, and again it is run."""

    def create(gpt: openai.OpenAI, **more: Any) -> Any:
        return gpt.chat.completions.with_raw_response.create(
            model="up/sim-chat@fault=u5:after=3,fail=1,tag=sdk",
            messages=[{"role": "user", "content": "Say hello."}],
            extra_headers={"Idempotency-Key": "stainless-python-retry-1"},
            **more,
        )

    with openai.OpenAI(base_url=f"{pair.base}/v1", api_key=pair.key, max_retries=3) as gpt:
        first, second = create(gpt), create(gpt)
        assert 2 == arrivals(upstream, "sdk")
        assert first.parse().id == second.parse().id
        assert (None, "true") == tuple(
            r.headers.get("idempotent-replayed") for r in (first, second)
        )
        with pytest.raises(openai.UnprocessableEntityError) as caught:
            create(gpt, max_tokens=5)
        assert "idempotency_mismatch" == caught.value.code


def test_the_official_sdk_waits_for_the_first(pair: Gateway, upstream: str) -> None:
    """A 409 that says when to come back is an answer it knows what to do with."""

    def create(number: int) -> str:
        with openai.OpenAI(base_url=f"{pair.base}/v1", api_key=pair.key, max_retries=4) as gpt:
            return gpt.chat.completions.create(
                model="up/sim-chat@ttft=300,tag=wait",
                messages=[{"role": "user", "content": "Say hello."}],
                extra_headers={"Idempotency-Key": "wait"},
            ).id

    with ThreadPoolExecutor(4) as clients:
        assert 1 == len(set(clients.map(create, range(4))))
    assert 1 == arrivals(upstream, "wait")


def test_a_restart_forgets_nothing(tmp_path: Path, upstream: str) -> None:
    """And what a killed program was at can be run again once it is held no longer."""
    config = CONFIG.format(workers=1, base=upstream)
    what, slow = body("sim-chat@tag=restart"), body("sim-chat@ttft=20000,tag=slow")
    with ThreadPoolExecutor(1) as beside:
        gateway = Gateway(tmp_path, config)
        first = ask(gateway, "restart", what)
        dying = beside.submit(ask, gateway, "slow", slow)
        while not arrivals(upstream, "slow"):
            pause()
        gateway.process.kill()
        gateway.process.wait()
        assert isinstance(dying.exception(), OSError)
    with serving(tmp_path, config) as gateway:
        second = ask(gateway, "restart", what)
        assert (first.body, "true") == (second.body, second.headers["idempotent-replayed"])
        assert 409 == ask(gateway, "slow", slow).status
        other = body("sim-chat@tag=other")
        assert 422 == ask(gateway, "slow", other).status
    assert [1, 1] == [arrivals(upstream, tag) for tag in ("restart", "slow")]


def test_a_killed_workers_keys_come_free(pair: Gateway, upstream: str) -> None:
    """The other worker is told to wait at first, then runs the request itself."""
    what = body("sim-chat@fail=1,fault=u2,tag=killed")
    with ThreadPoolExecutor(1) as beside:
        dying = beside.submit(ask, pair, "killed", what)
        while not arrivals(upstream, "killed"):
            pause()
        statuses = {ask(pair, "killed", what).status for _ in range(4)}
        for worker in children(pair.process.pid):
            os.kill(worker, signal.SIGKILL)
        assert isinstance(dying.exception(), OSError)
    while not _live(pair):
        pause()
    answer = settled(pair, "killed", what)

    assert {409} == statuses
    assert (200, None) == (answer.status, answer.headers.get("idempotent-replayed"))
    assert 2 == arrivals(upstream, "killed")


def _live(gateway: Gateway) -> bool:
    try:
        return 200 == gateway.get("/healthz", "").status
    except OSError:
        return False


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(word) for word in listed.split()]
