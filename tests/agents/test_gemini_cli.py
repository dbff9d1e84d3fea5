"""Gemini CLI, headless: it speaks Gemini's own dialect, whatever the upstream does."""

from collections.abc import Callable

import msgspec
import pytest

from tests.agents.errand import Ended, Errand
from tests.agents.manual import exports, snippet

LINES = ("openai-chat", "anthropic-messages", "openai-responses")
ALL = (*LINES, "gemini")
# Beside the gateway: no update, no telemetry, and the folder is not asked about.
QUIET = {
    "general": {"disableAutoUpdate": True, "disableUpdateNag": True},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
}


@pytest.fixture
def gemini(
    installed: Callable[[str], str], node: str, errand: Errand
) -> Callable[..., tuple[Ended, str]]:
    """Runs it once; what it printed, and its last words."""
    program = installed("@google/gemini-cli/bundle/gemini.js")

    def run(**environ: str) -> tuple[Ended, str]:
        folder = errand.home / ".gemini"
        folder.mkdir()
        documented = msgspec.json.decode(snippet("Gemini CLI", "json", errand.base))
        (folder / "settings.json").write_bytes(msgspec.json.encode({**documented, **QUIET}))
        prompt = errand.prompt("run_shell_command", "command")
        ended = errand.run(
            [node, program, "-p", prompt, "-o", "json", "--yolo", "--skip-trust"],
            {**exports("Gemini CLI", errand.base, errand.key), **environ},
        )
        printed = ended.said[ended.said.find("{") :] or "{}"
        return ended, msgspec.json.decode(printed).get("response", "")

    return run


@pytest.mark.parametrize("line", ALL, indirect=True)
def test_a_task(errand: Errand, gemini: Callable[..., tuple[Ended, str]]) -> None:
    """The whole loop, told and billed right."""
    ended, final = gemini()

    errand.prove_done(ended, final)
    errand.prove_loop()
    errand.prove_books()
    assert {"/v1beta/models/smart:streamGenerateContent?alt=sse"} >= {
        turn.target for turn in errand.turns()
    }
    assert {errand.key} == {turn.headers["x-goog-api-key"] for turn in errand.turns()}


# It waits for seconds before it asks again, so one upstream must do.
@pytest.mark.parametrize("line", LINES[:1], indirect=True)
@pytest.mark.parametrize("broken", ("u13:after=4", "u5:after=4", "u5:after=4:kind=clean"))
def test_a_broken_stream(
    errand: Errand, gemini: Callable[..., tuple[Ended, str]], broken: str
) -> None:
    """An error in the middle: it asks again, and the loop goes on."""
    model = f"up/sim-agent@rate=40,fault={broken},fail=1,tag={errand.key[-8:]}"

    ended, final = gemini(GEMINI_MODEL=model)

    errand.prove_done(ended, final)
    told = [errand.entry(turn)["status"] for turn in errand.turns()]
    assert ["ok"] * (len(told) - 1) == told[1:]
    assert "ok" != told[0]


@pytest.mark.parametrize("line", LINES[:1], indirect=True)
def test_a_busy_upstream(errand: Errand, gemini: Callable[..., tuple[Ended, str]]) -> None:
    """Busy for longer than the gateway tries: the client is told so by a status it retries at."""
    model = f"up/sim-agent@fault=u10:status=429,fail=4,tag={errand.key[-8:]}"

    ended, final = gemini(GEMINI_MODEL=model)

    errand.prove_done(ended, final)
    told = [turn.status for turn in errand.turns()]
    assert 429 in told
    assert [200, 200] == told[-2:]
