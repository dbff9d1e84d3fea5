"""A background response outlives the process that began it."""

from pathlib import Path

import apsw
import openai

from tests.integration.program import Gateway, pause, serving

CONFIG = """
[server]
drain_timeout = 0.1

[providers.near]
kind = "sim"
"""


def client(gateway: Gateway) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0)


def statuses(gateway: Gateway) -> list[str]:
    """Of all requests in the books, once the gateway has stopped."""
    connection = apsw.Connection(str(gateway.data / "trunkline.db"))
    try:
        return sorted(status for (status,) in connection.execute("SELECT status FROM requests"))
    finally:
        connection.close()


def test_a_restart_begins_it_anew(tmp_path: Path) -> None:
    """Whoever polls sees it finished under its own id; the first try is in the books, too."""
    slow = "near/sim-chat@ttft=1500"
    with serving(tmp_path, CONFIG) as gateway, client(gateway) as gpt:
        queued = gpt.responses.create(model=slow, input="Take your time.", background=True)
        while gpt.responses.retrieve(queued.id).status == "queued":
            pause()
    with serving(tmp_path, CONFIG) as gateway, client(gateway) as gpt:
        answer = queued
        while answer.status in ("queued", "in_progress"):
            pause()
            answer = gpt.responses.retrieve(queued.id)

    assert ("completed", queued.id) == (answer.status, answer.id)
    assert answer.output_text
    assert ["cancelled", "ok"] == statuses(gateway)


def test_a_drain_waits_for_it(tmp_path: Path) -> None:
    """As for an open stream: it is finished once, and billed once."""
    patient = CONFIG.replace("0.1", "30")
    with serving(tmp_path, patient) as gateway, client(gateway) as gpt:
        queued = gpt.responses.create(
            model="near/sim-chat@ttft=1500", input="Take your time.", background=True
        )
        while gpt.responses.retrieve(queued.id).status == "queued":
            pause()
    with serving(tmp_path, patient) as gateway, client(gateway) as gpt:
        assert "completed" == gpt.responses.retrieve(queued.id).status

    assert ["ok"] == statuses(gateway)


def test_cancelling_stops_it(tmp_path: Path) -> None:
    """The upstream is let go, what it cost is in the books, and the response says so for good."""
    with serving(tmp_path, CONFIG) as gateway, client(gateway) as gpt:
        queued = gpt.responses.create(
            model="near/sim-chat@ttft=60000", input="Never mind.", background=True
        )
        cancelled = gpt.responses.cancel(queued.id)
        again = gpt.responses.retrieve(queued.id)

    assert ("cancelled", "cancelled") == (cancelled.status, again.status)
    assert ["cancelled"] == statuses(gateway)
