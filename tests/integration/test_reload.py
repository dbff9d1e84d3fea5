"""Changing the file of a running gateway: nothing is dropped, and a bad file changes nothing."""

import signal
import threading
from collections.abc import Generator
from typing import Self

import msgspec
import pytest

from tests.integration.program import Answer, Gateway, pause, serving

HELLO = [{"role": "user", "content": "Say hello."}]
CONFIG = """
[providers.sim]

[models.old]
targets = ["sim/sim-chat"]
"""
NEW = """
[models.{name}]
targets = ["sim/sim-echo"]
"""
BAD = "\n[models.broken]\ntargets = 'sim/sim-chat'\n"
BAD_LINE = CONFIG.count("\n") + 3


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """A gateway with a file to change."""
    with serving(tmp_path_factory.mktemp("reload"), CONFIG) as gateway:
        gateway.wait_for("Try it:")
        yield gateway


def ask(own: Gateway, model: str) -> Answer:
    return own.post("/v1/chat/completions", {"model": model, "messages": HELLO})


def served(own: Gateway, model: str, seconds: float) -> bool:
    """Whether a name is served within that time."""
    for _ in range(int(seconds / 0.015)):
        if 200 == ask(own, model).status:
            return True
        pause()
    return False


class Load:
    """Requests without a pause from two clients, until told to stop; what they were answered."""

    def __init__(self, own: Gateway) -> None:
        self._own = own
        self._over = threading.Event()
        self.statuses: list[int] = []
        self._clients = [threading.Thread(target=self._ask) for _ in range(2)]

    def _ask(self) -> None:
        while not self._over.is_set():
            self.statuses.append(ask(self._own, "old").status)

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for client in self._clients:
            client.join()


def test_a_new_alias_under_load(own: Gateway) -> None:
    """Saved, it is served within three seconds; no request is lost or refused meanwhile."""
    with Load(own) as load:
        own.config.write_text(CONFIG + NEW.format(name="new"))
        found = served(own, "new", 3.0)

    assert found
    assert len(load.statuses) > 10
    assert {200} == set(load.statuses)
    own.wait_for("configuration loaded", log=True)


def test_an_answer_under_way_keeps_its_configuration(own: Gateway) -> None:
    """An alias that is gone before its stream has ended: the stream ends as it began."""
    body = {"model": "slow", "messages": HELLO, "stream": True}
    own.config.write_text(
        CONFIG + "[models.slow]\ntargets = ['sim/sim-chat@rate=100,tokens=150']\n"
    )
    assert 200 == own.admin("POST", "/config/reload").status
    answers: list[Answer] = []
    client = threading.Thread(target=lambda: answers.append(own.post("/v1/chat/completions", body)))
    client.start()
    while not own.admin("GET", "/targets").json()["targets"]:
        pause()
    own.config.write_text(CONFIG)
    reloaded = own.admin("POST", "/config/reload").json()
    gone = ask(own, "slow")
    client.join()

    assert {"generation": 3} == reloaded
    assert 404 == gone.status
    assert 200 == answers[0].status
    assert answers[0].body.endswith(b"data: [DONE]\n\n")


def test_a_bad_file_changes_nothing(own: Gateway) -> None:
    """The log names file, line and key; so does the admin's reload, with 400; the old one serves."""
    own.config.write_text(CONFIG + BAD)
    logged = own.wait_for(r"configuration refused[^\n]*", log=True)[0]
    refused = own.admin("POST", "/config/reload")

    reason = f"{own.config.name}:{BAD_LINE}: models.broken.targets: expected `array`, got `str`"
    assert reason in logged
    error = refused.json()["error"]
    assert (400, reason, "models.broken.targets", "invalid_config") == (
        refused.status,
        error["message"],
        error["param"],
        error["code"],
    )
    assert 200 == ask(own, "old").status


def test_mended_it_is_loaded(own: Gateway) -> None:
    """After a bad file comes a good one, without a restart."""
    own.config.write_text("[server\n")
    own.wait_for(r"configuration refused[^\n]*trunkline.toml:1: not valid TOML", log=True)
    own.config.write_text(CONFIG + NEW.format(name="mended"))

    assert served(own, "mended", 3.0)


def test_sighup(own: Gateway) -> None:
    """Reloads at once, good and bad files alike."""
    own.config.write_text(CONFIG + NEW.format(name="told"))
    own.process.send_signal(signal.SIGHUP)
    own.wait_for("configuration loaded", log=True)
    now = ask(own, "told").status
    own.config.unlink()
    own.process.send_signal(signal.SIGHUP)
    logged = own.wait_for(r"configuration refused[^\n]*", log=True)[0]

    assert 200 == now
    assert "cannot read the file" in logged
    assert 200 == ask(own, "told").status


def test_a_mended_credential_is_used_at_once(own: Gateway, simulator: str) -> None:
    """A refused key rests for a while; a new one in its place does not have to."""
    table = '[providers.box]\ndialect = "openai-chat"\nbase_url = "{}/v1"\napi_key = "{}"\n'
    own.config.write_text(table.format(simulator, "sk-bad@status=401"))
    assert 200 == own.admin("POST", "/config/reload").status
    before = ask(own, "box/sim-chat").status
    own.config.write_text(table.format(simulator, "sk-good"))
    assert 200 == own.admin("POST", "/config/reload").status

    assert (502, 200) == (before, ask(own, "box/sim-chat").status)


def test_what_needs_a_restart_is_said(own: Gateway) -> None:
    """The port of a running gateway does not change; whoever changes it in the file is told."""
    own.config.write_text(CONFIG + "[server]\nmax_body_bytes = 10\n")
    assert 200 == own.admin("POST", "/config/reload").status

    own.wait_for(
        r"changes of \[server\], \[ledger\] and \[webhooks\] wait for the next start", log=True
    )
    assert 200 == ask(own, "old").status


def test_every_log_line_is_json(own: Gateway) -> None:
    """With time, level and event: fit for any collector."""
    own.process.send_signal(signal.SIGHUP)
    own.wait_for("configuration loaded", log=True)

    for line in own.log.splitlines():
        assert {"at", "level", "event"} <= set(msgspec.json.decode(line))
