"""Codex, headless: it speaks Responses alone, whatever the upstream does."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.agents.errand import Ended, Errand
from tests.agents.manual import KEY, snippet

LINES = ("openai-responses", "anthropic-messages", "openai-chat")
ALL = (*LINES, "gemini")
# Beside the gateway: no update, no telemetry; the arguments of `-c`.
QUIET = ("check_for_update_on_startup=false", "analytics.enabled=false", 'otel.exporter="none"')


@pytest.fixture
def codex(installed: Callable[[str], str], errand: Errand) -> Callable[..., tuple[Ended, str]]:
    """Runs it once; what it printed, and its last words."""
    program = installed("@openai/codex-*/vendor/*/bin/codex")

    def run(model: str = "smart") -> tuple[Ended, str]:
        folder = errand.home / ".codex"
        folder.mkdir()
        (folder / "config.toml").write_text(snippet("Codex", "toml", errand.base), "utf-8")
        prompt = errand.prompt("exec_command", "cmd")
        settings = [word for setting in QUIET for word in ("-c", setting)]
        ended = errand.run(
            [
                *(program, "exec", "--strict-config", "--skip-git-repo-check", "--json"),
                # A sandbox of its own may not be had inside another: in a container, in CI.
                *("-s", "danger-full-access", *settings, "-m", model, prompt),
            ],
            {KEY: errand.key},
        )
        return ended, _last_words(ended)

    return run


def _events(ended: Ended) -> Iterator[Any]:
    for text in ended.said.splitlines():
        if text.startswith("{"):
            yield msgspec.json.decode(text)


def _last_words(ended: Ended) -> str:
    items = [event["item"] for event in _events(ended) if event["type"] == "item.completed"]
    said = [item["text"] for item in items if item["type"] == "agent_message"]
    return said[-1] if said else ""


@pytest.mark.parametrize("line", ALL, indirect=True)
def test_a_task(errand: Errand, codex: Callable[..., tuple[Ended, str]]) -> None:
    """The whole loop, told and billed right."""
    ended, final = codex()

    errand.prove_done(ended, final)
    errand.prove_loop()
    errand.prove_books()
    assert {("POST", "/v1/responses")} == {(turn.method, turn.target) for turn in errand.turns()}
    assert {f"Bearer {errand.key}"} == {turn.headers["authorization"] for turn in errand.turns()}
    history: Any = errand.turns()[-1].field("input")
    thoughts = [item for item in history if item.get("type") == "reasoning"]
    assert 2 == len(thoughts)
    assert all(thought["encrypted_content"] for thought in thoughts)
    (usage,) = [event["usage"] for event in _events(ended) if event["type"] == "turn.completed"]
    rows = errand.rows()
    assert sum(row["usage"]["input"] for row in rows) == usage["input_tokens"]
    assert sum(row["usage"]["output"] for row in rows) == usage["output_tokens"]


@pytest.mark.parametrize("line", LINES, indirect=True)
@pytest.mark.parametrize("broken", ("u13:after=4", "u5:after=4", "u5:after=4:kind=clean"))
def test_a_broken_stream(
    errand: Errand, codex: Callable[..., tuple[Ended, str]], broken: str
) -> None:
    """An error in the middle: it asks again, and the loop goes on."""
    model = f"up/sim-agent@rate=40,fault={broken},fail=1,tag={errand.key[-8:]}"

    ended, final = codex(model)

    errand.prove_done(ended, final)
    first, second, *_ = errand.turns()
    assert first.field("input") == second.field("input")
    told = [errand.entry(turn)["status"] for turn in errand.turns()]
    assert ["ok"] * (len(told) - 1) == told[1:]
    assert "ok" != told[0]


@pytest.mark.parametrize("line", LINES, indirect=True)
def test_a_busy_upstream(errand: Errand, codex: Callable[..., tuple[Ended, str]]) -> None:
    """Busy for longer than the gateway tries: the client is told so by a status it retries at."""
    ended, final = codex(f"up/sim-agent@fault=u10:status=429,fail=4,tag={errand.key[-8:]}")

    errand.prove_done(ended, final)
    told = [turn.status for turn in errand.turns()]
    assert 429 in told
    assert [200, 200] == told[-2:]
