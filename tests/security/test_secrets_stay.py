"""A word put into any place of the input comes out nowhere it does not belong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.canary import Kind
from tests.security.homes import Home
from tests.security.inputs import BODIES, BROKEN, FAULTS, HEADERS, KEYS, PASTED, SESSIONS
from tests.security.watched import Watched, bodies, secrets_of_tenants, watched, with_key
from trunkline.storage.records import ResponseRecord

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
PLAIN = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 20}
GEMINI = "/v1beta/models/any:generateContent"


@pytest.fixture
def town(home: Home) -> Iterator[Watched]:
    with watched(home) as made:
        yield made


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Watched]:
    """What a provider does wrong is written down as all else is: one database tells enough."""
    with watched(Home(tmp_path)) as made:
        yield made


def test_what_a_body_says_is_left_nowhere(town: Watched) -> None:
    """In every dialect, passed on as it is and translated, whole and streamed."""
    statuses = []
    for path, body in bodies(town):
        for target in ("o1/sim-echo", "a1/sim-echo"):
            target = "o1/sim-embed" if "embed" in path.lower() else target
            answer = town.ask(path, body, target)
            statuses.append(0 if answer is None else answer.status)

    assert [] == town.leaks()
    # Or it would be the refusals alone that were looked at.
    assert 2 * statuses.count(200) > len(statuses)
    assert len(town.canaries.places) > 150


def test_a_secret_told_to_a_model_is_not_logged(town: Watched) -> None:
    """Whole, and in a stream that tells it a few letters at a time; the words around it are."""
    for path, template in PASTED.items():
        for stream in (False, True):
            for target in ("o1/sim-echo@chunk=3", "a1/sim-echo@chunk=3"):
                body = town.canaries.plant(f"pasted {path}", template, Kind.PASTED)
                answer = town.ask(path, {**body, "stream": stream}, target)
                assert answer is not None
                assert 200 == answer.status, answer.body

    assert [] == town.leaks()
    bodies = [data for sink, data in town.shown() if sink.endswith("/bodies")]
    assert sum(data.count(b"my key is [redacted], and curl") for data in bodies) > 10


def test_what_a_header_says_is_left_nowhere(town: Watched) -> None:
    """The idempotency key, cookies, trace ids and whatever else a client sends along."""
    for name in HEADERS:
        for path in (CHAT, MESSAGES):
            value = town.canaries.new(f"header {name}")
            town.ask(path, PLAIN, "o1/sim-chat", **{name: value})
    for name in SESSIONS:
        value = town.canaries.new(f"header {name}", Kind.NAME)
        town.ask(CHAT, PLAIN, "o1/sim-chat", **{name: value})

    assert [] == town.leaks()


def test_a_key_is_left_nowhere(town: Watched) -> None:
    """Not a wrong one in any form, nor our own beyond its public middle."""
    for place, form in KEYS:
        for path in (CHAT, GEMINI, "/v1/nowhere", "/admin/v1/usage"):
            answer = with_key(town, place, form, path, PLAIN)
            assert answer is None or answer.status in {401, 404, 405}, (place, path)
    town.ask(CHAT, PLAIN, "o1/sim-chat")
    told = town.send(
        CHAT, {"model": "model-0", **PLAIN}, {"authorization": f"Bearer {town.token()}"}
    )
    assert told is not None
    assert 200 == told.status, told.body
    secret = town.key.rpartition("_")[2][:12].encode()

    assert [] == town.leaks()
    for _, data in (*town.shown(), *town.heard, ("log", "".join(town.logged).encode())):
        assert secret not in data


def test_what_is_refused_is_left_nowhere(town: Watched) -> None:
    """Bodies that no dialect takes, bodies that are none, models that are not there."""
    for number, template in enumerate(BROKEN):
        body = town.canaries.plant(f"broken {number}", template)
        for path in (CHAT, MESSAGES, "/v1/responses", "/v1/completions", "/v1/embeddings"):
            town.ask(path, body, "o1/sim-chat")
    for path in BODIES:
        word = town.canaries.new("no JSON", Kind.CONTENT)
        town.ask(path, f'{{"model": "{word}", "{word}'.encode(), "o1/sim-chat")
        name = town.canaries.new("a model that is not there", Kind.NAME)
        town.ask(path.replace("{model}", name), {"model": name, **PLAIN})
    for path in ("/admin/v1/usage?from=", "/admin/v1/usage?x=", "/v1/requests/", "/v1/responses/"):
        word = town.canaries.new(f"in {path}", Kind.CONTENT)
        town.send(path + word, None, {"authorization": f"Bearer {town.admin_key}"}, "GET")
        town.send(path + word, None, {"authorization": f"Bearer {town.key}"}, "GET")

    assert [] == town.leaks()


def test_a_failure_of_the_provider_leaves_nothing(faulty: Watched) -> None:
    """Of any class: neither of the request nor of the key it was asked with; whole and streamed."""
    asks = [
        (f"{letter}1/sim-echo@lax,fault={fault}", path, body)
        for fault in FAULTS
        for letter, path in (("o", CHAT), ("a", CHAT), ("a", MESSAGES), ("o", MESSAGES))
        for path, body in bodies(faulty, path, why=fault)
    ]
    answers = faulty.ask_all(asks)

    assert [] == faulty.leaks()
    failed = sum(answer is None or answer.status >= 400 for answer in answers)
    assert 2 * failed > len(asks)
    # The simulator's own secret, which it tells with a refusal (U12).
    heard = b"".join(data for _, data in (*faulty.heard, *faulty.shown()))
    assert b"canary-7f3a" not in heard + "".join(faulty.logged).encode()
    assert {fault.partition(":")[0] for fault in FAULTS} == {f"u{n}" for n in range(1, 20)}


def test_secrets_that_rest_are_sealed(town: Watched) -> None:
    """Webhooks' and tenants' own are in the database, and nobody can read them there."""
    secrets_of_tenants(town)
    town.ask(CHAT, PLAIN, "o1/sim-chat")

    assert [] == town.leaks()


def test_each_place_is_searched(town: Watched) -> None:
    """A word planted in each is found there: the log, an answer, a metric, a file, a column."""
    canary = town.canaries.new("planted")
    town.ask(CHAT, PLAIN, f"o1/sim-chat@tag={canary}")
    town.ask(CHAT, {"model": canary, **PLAIN})
    storage = town.gateway.storage
    town.gateway.log.info("planted", word=canary)
    town.heard.append(("an answer", canary.encode()))
    town.do(storage.settings.put("planted", canary.encode()))
    record = ResponseRecord(
        tenant="t",
        id="resp_planted",
        key_id="k",
        previous_id=None,
        status="completed",
        created_at=0.0,
        input=b"[]",
        body=canary.encode() * 9,
    )
    town.do(storage.responses.put(record))
    (town.data / "journal" / "planted").write_text(canary)
    word = town.canaries.new("in a body")
    town.ask(CHAT, {"messages": [{"role": "user", "content": word * 9}]}, "o1/sim-chat")

    sinks = {leak.partition(": ")[0] for leak in town.leaks()}

    assert {
        "the log",
        "an answer",
        "GET /metrics",
        "GET /admin/v1/statistics",
        "GET /admin/v1/targets",
        "journal/planted",
        "trunkline.db settings.value",
        "trunkline.db attempts.deployment",
        "responses.db responses.body unpacked",
    } <= sinks
    kept = {leak.partition(": ")[0] for leak in town.leaks() if ": in a body" in leak}
    assert {"bodies.db request_bodies.request unpacked"} <= kept
    assert any(sink.endswith("/bodies") for sink in kept)
    assert any(sink.startswith("GET /admin/v1/requests/") for sink in sinks)
    assert any(sink.startswith("GET /admin/v1/usage?group_by") for sink in sinks)
