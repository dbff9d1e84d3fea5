"""Virtual keys from birth to revocation, by the API and by the command line, beside a running gateway."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.integration.program import Answer, Gateway, call, pause, run, serving
from trunkline.kernel.clock import SystemClock

HELLO = [{"role": "user", "content": "Say hello."}]
BODY = {"model": "sim/sim-chat", "messages": HELLO}
SECONDS_TO_REVOKE = 1.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """A gateway whose keys nobody else counts."""
    with serving(tmp_path_factory.mktemp("keys"), "[providers.sim]\n") as gateway:
        yield gateway


def keys(own: Gateway, *arguments: str) -> Any:
    """`trunkline keys ... --json` on the running gateway's folder."""
    ended = run(own.data.parent, "keys", *arguments, "--data", str(own.data), "--json")
    assert (0, "") == (ended.returncode, ended.stderr)
    return msgspec.json.decode(ended.stdout)


def ask(own: Gateway, key: str) -> Answer:
    return own.post("/v1/chat/completions", BODY, key)


def soon(own: Gateway, key: str, status: int) -> bool:
    """Whether a request with this key gets this status within the time revoking may take."""
    clock = SystemClock()
    until = clock.monotonic() + SECONDS_TO_REVOKE
    while True:
        asked_at = clock.monotonic()
        if status == ask(own, key).status:
            return True
        if asked_at > until:
            return False
        pause()


def test_by_the_api(own: Gateway) -> None:
    """Created (the secret is shown this once), listed, looked at, used, revoked for ever."""
    created = own.admin("POST", "/keys", {"name": "api", "tenant": "acme"})
    view = created.json()
    secret = view.pop("key")
    listed = own.admin("GET", "/keys").json()["data"]
    one = own.admin("GET", f"/keys/{view['id']}")
    used = ask(own, secret)
    revoked = own.admin("DELETE", f"/keys/{view['id']}")
    refused = ask(own, secret)

    assert (201, "active", "acme") == (created.status, view["status"], view["tenant"])
    assert secret.startswith(view["prefix"])
    assert view in listed
    assert secret not in str(listed)
    assert view == one.json()
    assert (200, "acme") == (used.status, _tenant(own, used))
    assert (200, "revoked") == (revoked.status, revoked.json()["status"])
    assert (401, "invalid_api_key") == (refused.status, refused.json()["error"]["code"])
    assert "was revoked" in refused.json()["error"]["message"]
    assert 200 == own.admin("DELETE", f"/keys/{view['id']}").status
    assert 404 == own.admin("DELETE", "/keys/nothing").status


def _tenant(own: Gateway, answer: Answer) -> str:
    entry = own.admin("GET", f"/requests/{answer.headers['x-trunkline-request-id']}").json()
    return str(entry["tenant"])


def test_by_the_command_line(own: Gateway) -> None:
    """The running gateway knows a key made beside it, and forgets it, within a second."""
    created = keys(own, "create", "--name", "shell", "--tenant", "acme", "--model", "sim/sim-chat")
    known = soon(own, created["key"], 200)
    listed = keys(own, "list")
    revoked = keys(own, "revoke", created["id"])
    forgotten = soon(own, created["key"], 401)

    assert known
    assert (["sim/sim-chat"], "acme") == (created["models"], created["tenant"])
    assert created["id"] in [key["id"] for key in listed]
    assert created["key"] not in str(listed)
    assert "revoked" == revoked["status"]
    assert forgotten


def test_for_people(own: Gateway) -> None:
    """Without --json: the key first, then what one must know; a table; a plain sentence."""
    folder, data = own.data.parent, str(own.data)
    created = run(folder, "keys", "create", "--name", "for people", "--data", data)
    key = created.stdout.split()[0]
    table = run(folder, "keys", "list", "--data", data).stdout.splitlines()
    row = next(line for line in table if "for people" in line)
    revoked = run(folder, "keys", "revoke", row.split()[0], "--data", data)
    unknown = run(folder, "keys", "revoke", "nothing", "--data", data)

    assert key.startswith("tl_")
    assert "only time it is shown" in created.stdout
    assert table[0].split()[:3] == ["ID", "STATUS", "TENANT"]
    assert "active" in row
    assert "within a second" in revoked.stdout
    assert (1, "trunkline: There is no key `nothing`.\n") == (unknown.returncode, unknown.stderr)


def test_an_expired_key(own: Gateway) -> None:
    """Good until then, refused from then on, and a date in the past is refused at once."""
    now = own.admin("GET", "/keys").json()["data"][0]["created_at"]
    key = own.new_key(expires_at="2100-01-01T00:00:00Z")
    past = own.admin("POST", "/keys", {"name": "late", "expires_at": now - 1})
    short = keys(own, "create", "--name", "short", "--expires", "2100-01-01")

    assert 200 == ask(own, key).status
    assert (400, "expires_at") == (past.status, past.json()["error"]["param"])
    assert soon(own, short["key"], 200)
    # Set over HTTP: a command takes longer to start on a busy machine than the key has to live.
    end = {"expires_at": _clock(own) + 1.5}
    assert 200 == own.admin("PATCH", f"/keys/{short['id']}", end).status
    assert any(soon(own, short["key"], 401) for _ in range(3))
    assert "has expired" in ask(own, short["key"]).json()["error"]["message"]
    assert "expired" == own.admin("GET", f"/keys/{short['id']}").json()["status"]


def _clock(own: Gateway) -> float:
    """The gateway's own time in Unix seconds."""
    return float(own.admin("POST", "/keys", {"name": "clock"}).json()["created_at"])


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    (
        ("chat:write", "POST", "/v1/chat/completions", 200),
        ("models:read", "POST", "/v1/chat/completions", 403),
        ("models:read", "POST", "/v1/messages", 403),
        ("models:read", "GET", "/v1/models", 200),
        ("chat:write", "GET", "/v1/models", 403),
    ),
)
def test_scopes(own: Gateway, scope: str, method: str, path: str, status: int) -> None:
    """A key with scopes may do these things alone; the refusal names what it lacks."""
    key = own.new_key(scopes=[scope])

    answer = call(own.base, method, path, {**BODY, "max_tokens": 9}, {"x-api-key": key})

    assert status == answer.status
    if status == 403:
        wanted = "chat:write" if scope == "models:read" else "models:read"
        assert wanted in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ("/v1/chat/completions", "/v1/messages"))
def test_models(own: Gateway, path: str) -> None:
    """A key for some models is refused all others, by name."""
    key = own.new_key(models=["sim/sim-chat"])

    allowed = own.post(path, {**BODY, "max_tokens": 9}, key)
    refused = own.post(path, {**BODY, "max_tokens": 9, "model": "sim/sim-echo"}, key)

    assert (200, 403) == (allowed.status, refused.status)
    assert "sim/sim-echo" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    (
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "tenant": "not a tenant"}, "tenant"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "expires_at": "soon"}, "expires_at"),
        ({"name": "x", "scopes": "chat:write"}, "scopes"),
        ({"name": "x", "scopes": ["chat:wrte"]}, "scopes"),
    ),
)
def test_a_key_that_makes_no_sense(own: Gateway, body: dict[str, object], param: str) -> None:
    """400 naming the field."""
    answer = own.admin("POST", "/keys", body)

    assert (400, param) == (answer.status, answer.json()["error"]["param"])


def test_every_way_to_send_a_key(own: Gateway) -> None:
    """Four headers; X-Plexor-Key counts before all others, and a wrong one is not made good."""
    good, bad = own.key, "tl_wrong"
    tried = {
        name: call(own.base, "POST", "/v1/chat/completions", BODY, headers).status
        for name, headers in {
            "bearer": {"authorization": f"Bearer {good}"},
            "lower case": {"authorization": f"bearer {good}"},
            "anthropic": {"x-api-key": good},
            "plexor": {"x-plexor-key": good},
            "google": {"x-goog-api-key": good},
            "plexor first": {"x-plexor-key": good, "authorization": f"Bearer {bad}"},
            "bearer before x-api-key": {"authorization": f"Bearer {good}", "x-api-key": bad},
            "a wrong one first": {"x-plexor-key": bad, "authorization": f"Bearer {good}"},
            "basic": {"authorization": f"Basic {good}"},
            "none": {},
        }.items()
    }

    assert {
        "bearer": 200,
        "lower case": 200,
        "anthropic": 200,
        "plexor": 200,
        "google": 200,
        "plexor first": 200,
        "bearer before x-api-key": 200,
        "a wrong one first": 401,
        "basic": 401,
        "none": 401,
    } == tried


def test_no_keys_yet(tmp_path: Path) -> None:
    """`keys list` in an empty folder says how to make one."""
    ended = run(tmp_path, "keys", "list", "--data", "data")

    assert (0, "No keys yet; `trunkline keys create --name NAME` makes one.\n") == (
        ended.returncode,
        ended.stdout,
    )
