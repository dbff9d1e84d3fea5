"""Several processes on one port: load is spread, all books are one, and all end together."""

import os
import signal
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest

from tests.integration.program import Answer, Gateway, pause, run, serving

CONFIG = """
[server]
workers = 2

[providers.sim]
"""
BODY = {"model": "sim/sim-chat", "messages": [{"role": "user", "content": "Say hello."}]}
REQUESTS = 60


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Gateway, str]]:
    """A gateway of two workers, and a key made beside it."""
    folder = tmp_path_factory.mktemp("workers")
    with serving(folder, CONFIG) as gateway:
        gateway.await_workers(2)
        created = run(folder, "keys", "create", "--data", str(gateway.data))
        yield gateway, created.stdout.split()[0]


def _ask(pair: tuple[Gateway, str]) -> Answer:
    gateway, key = pair
    return gateway.post("/v1/chat/completions", BODY, key)


def _client(pair: tuple[Gateway, str]) -> openai.OpenAI:
    """With a connection of its own, so that either worker may get it."""
    gateway, key = pair
    return openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=key, max_retries=0)


def test_any_worker_goes_on_with_a_conversation(pair: tuple[Gateway, str]) -> None:
    """At once, and tells all events of what another makes in the background."""
    previous: str | openai.Omit = openai.omit
    for number in range(8):
        with _client(pair) as gpt:
            previous = gpt.responses.create(
                model="sim/sim-chat", input=f"{number}", previous_response_id=previous
            ).id
    assert isinstance(previous, str)
    with _client(pair) as gpt:
        assert 15 == len(list(gpt.responses.input_items.list(previous, limit=100)))
        slow = "sim/sim-chat@ttft=300"
        queued = gpt.responses.create(model=slow, input="Once more.", background=True)
    read = []
    for _ in range(8):
        with _client(pair) as gpt:
            events = list(gpt.responses.retrieve(queued.id, stream=True, starting_after=0))
        read.append([event.sequence_number for event in events])
        assert "response.completed" == events[-1].type
    assert [list(range(1, len(read[0]) + 1))] * 8 == read


def test_every_worker_knows_a_key_at_once(pair: tuple[Gateway, str]) -> None:
    """Whichever made it: nobody is refused with a key that he has just been given."""
    gateway, _ = pair
    statuses = []
    for number in range(10):
        key = gateway.new_key(name=f"fresh {number}")
        statuses += [_ask((gateway, key)).status for _ in range(4)]

    assert [200] * 40 == statuses


def test_what_it_prints(pair: tuple[Gateway, str]) -> None:
    """Where it serves, with how many workers, and the first key; once, not by every worker."""
    gateway, _ = pair

    assert 1 == gateway.said.count(f"API key         {gateway.key}")
    assert f'-H "Authorization: Bearer {gateway.key}"' in gateway.said
    assert f"Trunkline serves on {gateway.base} with 2 workers" in gateway.said


def test_all_books_are_one(pair: tuple[Gateway, str]) -> None:
    """Whichever worker answers the question, it knows the other's requests."""
    gateway, _ = pair
    key = gateway.new_key(name="books")
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda _: _ask((gateway, key)), range(REQUESTS)))
    ids = [answer.headers["x-trunkline-request-id"] for answer in answers]

    assert {200} == {answer.status for answer in answers}
    assert {"ok"} == {gateway.entry(i, key)["status"] for i in ids}
    for _ in range(200):  # other workers' sums lag by their movers' interval
        if REQUESTS == _total(gateway, key):
            break
        pause()
    assert REQUESTS == _total(gateway, key)


def _total(gateway: Gateway, key: str) -> int:
    """Of this key alone: what others asked for may still be on its way to the sums."""
    usage = gateway.admin("GET", f"/usage?key_id={key.split('_')[1]}").json()
    return int(usage["total"]["requests"])


def test_both_are_asked(pair: tuple[Gateway, str]) -> None:
    """New connections go to either: each has written a journal of its own."""
    gateway, _ = pair
    with ThreadPoolExecutor(4) as clients:
        list(clients.map(lambda _: _ask(pair), range(REQUESTS)))

    journals = list((gateway.data / "journal").glob("*/*.journal"))
    assert 2 == len({journal.parent for journal in journals if journal.stat().st_size > 0})


def test_a_revoked_key_is_refused_by_both(pair: tuple[Gateway, str]) -> None:
    """Revoked at one of them, the other follows within a second."""
    gateway, _ = pair
    created = gateway.admin("POST", "/keys", {"name": "short"}).json()
    gateway.admin("DELETE", f"/keys/{created['id']}")
    for _ in range(50):
        if 401 == gateway.get("/v1/models", created["key"]).status:
            break
        pause()

    for _ in range(100):
        pause()
    refused = {gateway.get("/v1/models", created["key"]).status for _ in range(20)}
    assert {401} == refused


def test_one_that_died_is_replaced(pair: tuple[Gateway, str]) -> None:
    """Killed, a worker is started anew, and what it had booked is not lost."""
    gateway, _ = pair
    key = gateway.new_key(name="survivor")
    victim, other = gateway.children()
    assert 200 == _ask((gateway, key)).status
    os.kill(victim, signal.SIGKILL)
    for _ in range(1000):
        now = gateway.children()
        if 2 == len(now) and victim not in now:
            break
        pause()

    assert other in now
    for _ in range(1000):
        if 1 == _total(gateway, key):
            break
        pause()
    assert 1 == _total(gateway, key)


def test_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    """Even where it is killed: what is under way is answered to its end, and the port is free."""
    gateway = Gateway(tmp_path, CONFIG)
    gateway.await_workers(2)
    with _client((gateway, gateway.key)) as gpt:
        stream = gpt.chat.completions.create(
            model="sim/sim-chat@rate=50", messages=[{"role": "user", "content": "Hi."}], stream=True
        )
        next(stream)
        gateway.process.kill()
        gateway.process.wait()
        assert "stop" == list(stream)[-1].choices[0].finish_reason
    for _ in range(1000):
        if not gateway.alive():
            break
        pause()

    assert not gateway.alive()
    assert 2 == gateway.log.count("whoever started this worker is gone")
