"""Gateways on PostgreSQL, with two workers each: everything is kept there, and shared."""

import shutil
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import openai
import pytest

from tests.integration.program import Gateway, Program, pause, run, serving
from tests.storage.postgres_server import PASSWORD, PostgresServer

CONFIG = """
[server]
workers = 2
database = "{url}"

[providers.sim]
"""
BODY = {"model": "sim/sim-chat", "messages": [{"role": "user", "content": "Say hello."}]}


class Pair(NamedTuple):
    """Two machines, as far as they can tell: only the database and the pepper are the same."""

    one: Gateway
    other: Gateway
    key: str
    """Made by the one."""


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, url: str) -> Generator[Pair]:
    here, there = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    config = CONFIG.format(url=url)
    with serving(here, config) as one:
        (there / "data").mkdir()
        shutil.copy(one.data / "pepper", there / "data" / "pepper")
        with serving(there, config) as other:
            one.await_workers(2)
            other.await_workers(2)
            yield Pair(one, other, one.new_key(name="shared"))


def sdk(gateway: Gateway, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=key, max_retries=0)


def test_a_key_of_one_is_a_key_of_the_other(pair: Pair) -> None:
    """And when it is revoked here, it is refused there within the second that is promised."""
    key = pair.other.new_key(name="brief")
    assert [200, 200] == [
        gateway.post("/v1/chat/completions", BODY, key).status for gateway in (pair.one, pair.other)
    ]
    [listed] = [
        one for one in pair.one.admin("GET", "/keys").json()["data"] if one["name"] == "brief"
    ]
    assert 200 == pair.one.admin("DELETE", f"/keys/{listed['id']}").status
    statuses = {200}
    while 200 in statuses:
        statuses = {pair.other.post("/v1/chat/completions", BODY, key).status for _ in range(4)}
    assert {401} == statuses


def test_both_write_one_set_of_books(pair: Pair) -> None:
    """Every request is counted once, and either tells of it."""
    key = pair.one.new_key(name="books", tenant="books")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda number: (pair.one, pair.other)[number % 2].post(
                    "/v1/chat/completions", BODY, key
                ),
                range(60),
            )
        )
    assert {200} == {answer.status for answer in answers}
    ids = [answer.headers["x-request-id"] for answer in answers]
    entries = [pair.other.entry(one, key) for one in ids]
    assert {"ok"} == {entry["status"] for entry in entries}


def test_a_conversation_goes_on_at_the_other(pair: Pair) -> None:
    """Stored responses lie in the database, too; background ones are made by whoever has time."""
    with sdk(pair.one, pair.key) as here, sdk(pair.other, pair.key) as there:
        first = here.responses.create(model="sim/sim-chat", input="One.")
        second = there.responses.create(
            model="sim/sim-chat", input="Two.", previous_response_id=first.id
        )
        items = list(here.responses.input_items.list(second.id))
        queued = here.responses.create(model="sim/sim-chat", input="Later.", background=True)
        while (answer := there.responses.retrieve(queued.id)).status in ("queued", "in_progress"):
            pass
    assert 3 == len(items)
    assert ("completed", True) == (answer.status, bool(answer.output_text))


def test_a_node_that_starts_leaves_the_others_requests_alone(
    pair: Pair, url: str, tmp_path: Path
) -> None:
    """What is running elsewhere has no journal here, and is no dead worker's."""
    slow = {**BODY, "model": "sim/sim-chat@ttft=6000"}
    (tmp_path / "data").mkdir()
    shutil.copy(pair.one.data / "pepper", tmp_path / "data" / "pepper")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(pair.one.post, "/v1/chat/completions", slow, pair.key)
        with serving(tmp_path, CONFIG.format(url=url)) as third:
            third.await_workers(2)
            while third.admin("GET", "/statistics").json()["ledger"]["recovered"] is None:
                pause()
            assert not asked.done()
        answer = asked.result()

    assert 200 == answer.status
    assert "ok" == pair.one.entry(answer.headers["x-request-id"], pair.key)["status"]


def test_commands_ask_the_database(pair: Pair) -> None:
    """`trunkline keys` sees the keys of both, and no command tells the password."""
    listed = run(pair.one.config.parent, "keys", "list", "--data", str(pair.one.data))
    checked = run(pair.one.config.parent, "check")

    assert "shared" in listed.stdout
    assert 0 == checked.returncode
    for gateway in (pair.one, pair.other):
        assert PASSWORD not in gateway.log + gateway.said + listed.stdout + checked.stdout


def test_statistics_name_it(pair: Pair) -> None:
    """Kind and version."""
    said = pair.one.admin("GET", "/statistics").json()["storage"]

    assert "postgres" == said["backend"]


def test_another_pepper_is_refused(pair: Pair, url: str, tmp_path: Path) -> None:
    """At start, with the name of the file to copy: keys of the others would be refused here."""
    (tmp_path / "trunkline.toml").write_text(CONFIG.format(url=url))
    stranger = Program(["serve", "--port", "0"], tmp_path)

    assert 1 == stranger.process.wait(30)
    assert "copy the file `pepper`" in stranger.log
    assert PASSWORD not in stranger.log


@pytest.mark.parametrize(
    "database, reason",
    (
        ("mysql://u:s3cret@h/x", "server.database"),
        ("postgresql://u:s3cret@[::/x", "server.database"),
        ("postgresql://u:s3cret@127.0.0.1:1/x", "cannot open the database"),
    ),
)
def test_what_cannot_be_opened_is_told_at_start(tmp_path: Path, database: str, reason: str) -> None:
    """In a line, without the password."""
    (tmp_path / "trunkline.toml").write_text(f'[server]\ndatabase = "{database}"\n[providers.sim]')
    said = run(tmp_path, "serve", "--port", "0")

    assert 1 == said.returncode
    assert reason in said.stderr
    assert "s3cret" not in said.stderr
