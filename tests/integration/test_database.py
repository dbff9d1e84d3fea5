"""From a laptop's SQLite to a cluster's PostgreSQL and back, by real programs: keys, usage, answers."""

import subprocess
from pathlib import Path
from typing import Any

import apsw
import msgspec
import openai
import psycopg
import pytest

from tests.integration.program import COMMAND, Gateway, bare_environment, pause, run, serving
from tests.storage.postgres_server import PASSWORD, PostgresServer

pytestmark = pytest.mark.slow

SIM = "[providers.sim]\n"
BODY = {"model": "sim/sim-chat", "messages": [{"role": "user", "content": "Say hello."}]}
USERS = 150_000


def told_by(gateway: Gateway) -> tuple[Any, Any]:
    """What it says of its books and of its keys."""
    asked = gateway.admin("GET", "/usage?group_by=day,key&from=2026-01-01")
    assert 200 == asked.status, asked.body
    return asked.json(), gateway.admin("GET", "/keys").json()["data"]


def command(folder: Path, *words: str) -> Any:
    """`trunkline database ...` on the folder's configuration, with its JSON."""
    ended = run(folder, "database", *words, "--data", "data", "--json")
    assert 0 == ended.returncode, ended.stderr
    assert PASSWORD not in ended.stdout + ended.stderr
    return msgspec.json.decode(ended.stdout)


def configured(folder: Path, url: str) -> str:
    text = f'[server]\ndatabase = "{url}"\n{SIM}'
    (folder / "trunkline.toml").write_text(text)
    return text


def test_a_laptop_becomes_a_cluster_and_comes_back(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """Each time the old key is good, usage is the same, and a conversation goes on."""
    url = postgres.fresh()
    with serving(tmp_path, SIM) as laptop:
        key = laptop.new_key(name="old", tenant="acme", limits={"requests_per_day": 100})
        for _ in range(5):
            assert 200 == laptop.post("/v1/chat/completions", BODY, key).status
        with openai.OpenAI(base_url=f"{laptop.base}/v1", api_key=key) as client:
            said = client.responses.create(model="sim/sim-chat", input="One.")
        first = told_by(laptop)
        refused = run(tmp_path, "database", "copy", "--data", "data", "--to", url)
    assert 1 == refused.returncode
    assert "stop it first" in refused.stderr

    copied = command(tmp_path, "copy", "--to", url)
    assert 6 == copied["tables"]["requests"]["rows"]
    with serving(tmp_path, configured(tmp_path, url)) as cluster:
        assert first == told_by(cluster)
        assert 200 == cluster.post("/v1/chat/completions", BODY, key).status
        with openai.OpenAI(base_url=f"{cluster.base}/v1", api_key=key) as client:
            client.responses.create(
                model="sim/sim-chat", input="Two.", previous_response_id=said.id
            )
        second = told_by(cluster)
        assert "postgres" == cluster.admin("GET", "/statistics").json()["storage"]["backend"]
    assert first != second

    back = command(tmp_path, "copy", "--to", "back")
    assert 8 == back["tables"]["requests"]["rows"]
    (tmp_path / "data").rename(tmp_path / "as-it-was")
    (tmp_path / "back").rename(tmp_path / "data")
    with serving(tmp_path, SIM) as laptop:
        assert second == told_by(laptop)
        assert 200 == laptop.post("/v1/chat/completions", BODY, key).status


@pytest.mark.parametrize("kind", ("sqlite", "postgres"))
def test_a_killed_copy_goes_on(tmp_path: Path, postgres: PostgresServer, kind: str) -> None:
    """SIGKILL in its midst: no gateway starts on the half, and --resume makes it whole."""
    with serving(tmp_path, SIM):
        pass
    with apsw.Connection(str(tmp_path / "data" / "trunkline.db")) as connection:
        connection.executemany(
            "INSERT INTO users VALUES ('acme', ?, '', '{}', 1, NULL)",
            ((f"{number:08}",) for number in range(USERS)),
        )
    connection.close()
    target = "copy" if kind == "sqlite" else postgres.fresh()
    words = ["database", "copy", "--data", "data", "--to", target]
    with (tmp_path / "told").open("wb") as told:
        copying = subprocess.Popen(
            [COMMAND, *words], cwd=tmp_path, env=bare_environment(tmp_path), stderr=told
        )
        while not arrived(tmp_path, target):
            assert copying.poll() is None
            pause()
        copying.kill()
        copying.wait()
    if kind == "postgres":
        configured(tmp_path, target)
        refused = run(tmp_path, "serve", "--port", "0", "--data", "data")
    else:
        refused = run(tmp_path, "serve", "--port", "0", "--data", "copy")
    assert 1 == refused.returncode
    assert "with --resume finishes it" in refused.stderr

    (tmp_path / "trunkline.toml").write_text(SIM)
    unasked = run(tmp_path, *words)
    assert (1, True) == (unasked.returncode, "--resume goes on" in unasked.stderr)
    done = command(tmp_path, "copy", "--to", target, "--resume")
    assert USERS == done["tables"]["users"]["rows"]


def arrived(folder: Path, target: str) -> bool:
    """Some users are in the target, and by the time this is known hardly all."""
    if "://" not in target:
        wal = folder / target / "trunkline.db-wal"
        return wal.exists() and wal.stat().st_size > 2 << 20
    with psycopg.connect(target) as connection:
        return connection.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None
