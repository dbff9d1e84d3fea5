"""Claude Code, headless, over upstreams of its own dialect and of others."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from tests.agents.errand import Ended, Errand
from tests.agents.manual import exports
from tests.integration.program import call

LINES = ("anthropic-messages", "openai-chat", "openai-responses")
ALL = (*LINES, "gemini")
# Beside the gateway: no update, no telemetry, no other model for small jobs.
QUIET = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
LONG = 60_000
"""Characters of a task, on top of 50 to 120 KB that it sends with any (2.1.197 and 2.1.330)."""


@pytest.fixture
def claude(
    installed: Callable[[str], str], errand: Errand
) -> Callable[..., tuple[Ended, Mapping[str, Any]]]:
    """Runs it once; what it printed, too, as JSON."""
    program = installed("@anthropic-ai/claude-code-*/claude")

    def run(*, thoughtful: bool = True, **environ: str) -> tuple[Ended, Mapping[str, Any]]:
        prompt = errand.prompt("Bash", "command", thoughtful=thoughtful, description="Look")
        prompt += "More of it. " * (LONG // 12)
        ended = errand.run(
            [program, "-p", prompt, "--output-format", "json", "--allowedTools", "Bash"],
            {**exports("Claude Code", errand.base, errand.key), **QUIET, **environ},
        )
        return ended, msgspec.json.decode(ended.said.strip().splitlines()[-1])

    return run


def _thought(block: Any) -> bool:
    return block["type"] in {"thinking", "redacted_thinking"}


@pytest.mark.parametrize("line", ALL, indirect=True)
def test_a_task(errand: Errand, claude: Any) -> None:
    """The whole loop, told and billed right; its query changes nothing."""
    ended, result = claude()

    errand.prove_done(ended, result["result"])
    errand.prove_loop()
    errand.prove_books()
    assert (False, 4, "end_turn") == (
        result["is_error"],
        result["num_turns"],
        result["stop_reason"],
    )
    for turn in errand.turns():
        assert "/v1/messages?beta=true" == turn.target
        assert len(turn.body) > 100_000
        assert f"Bearer {errand.key}" == turn.headers["authorization"]
    history: Any = errand.turns()[-1].field("messages")
    blocks = [b for m in history if m["role"] == "assistant" for b in m["content"]]
    # It asks for thoughts without their text, so what comes back may be the proof alone.
    proofs = [block.get("signature") or block.get("data") for block in blocks if _thought(block)]
    assert [True, True] == [bool(proof) for proof in proofs]
    counted = result["usage"]
    assert sum(row["usage"]["input"] for row in errand.rows()) == counted["input_tokens"]
    assert sum(row["usage"]["output"] for row in errand.rows()) == counted["output_tokens"]
    assert [200] * 3 == [asked.status for asked in errand.asked()]


@pytest.mark.parametrize("line", LINES[:1], indirect=True)
def test_a_probe(errand: Errand) -> None:
    """Versions up to 2.1.197 looked first whether anybody is there."""
    assert 200 == call(errand.base, "HEAD", "/").status


@pytest.mark.parametrize("line", LINES, indirect=True)
def test_betas_reach_anthropic_alone(errand: Errand, claude: Any) -> None:
    """What it asks for in `anthropic-beta` is forwarded to its own dialect, and to no other."""
    claude()

    (asked,) = {turn.headers["anthropic-beta"] for turn in errand.turns()}
    forwarded = {row["headers"].get("anthropic-beta") for row in errand.rows()}
    assert "claude-code-20250219" in asked
    assert {asked if errand.line.dialect == "anthropic-messages" else None} == forwarded


@pytest.mark.parametrize("line", LINES, indirect=True)
def test_an_api_key(errand: Errand, claude: Any) -> None:
    """Its other way to show a key."""
    ended, result = claude(ANTHROPIC_AUTH_TOKEN="", ANTHROPIC_API_KEY=errand.key)

    errand.prove_done(ended, result["result"])
    errand.prove_books()
    assert {errand.key} == {turn.headers["x-api-key"] for turn in errand.turns()}


# The pace of these two sees to it that the client has had content when the stream breaks: before,
# the gateway asks again by itself.
@pytest.mark.parametrize("line", LINES, indirect=True)
@pytest.mark.parametrize("broken", ("u13:after=2", "u5:after=2", "u5:after=2:kind=clean"))
def test_a_broken_call(errand: Errand, claude: Any, broken: str) -> None:
    """An error in the middle of a call: it asks the same again, without a stream."""
    model = f"up/sim-agent@rate=40,fault={broken},fail=1,tag={errand.key[-8:]}"

    ended, result = claude(thoughtful=False, ANTHROPIC_MODEL=model)

    errand.prove_done(ended, result["result"])
    first, second, *_ = errand.turns()
    assert (True, False) == (first.field("stream"), bool(second.field("stream")))
    assert first.field("messages") == second.field("messages")
    _prove_one_broken(errand)


@pytest.mark.parametrize("line", LINES, indirect=True)
def test_a_stream_that_breaks_behind_a_text(errand: Errand, claude: Any) -> None:
    """An error once a text is whole: it keeps what it has, and asks for the rest."""
    thought = 5 if errand.line.dialect == "openai-chat" else 1  # events; the others hide it
    broken = f"fault=u5:after={thought + 4},fail=1"

    ended, result = claude(ANTHROPIC_MODEL=f"up/sim-agent@rate=40,{broken},tag={errand.key[-8:]}")

    errand.prove_done(ended, result["result"])
    history: Any = errand.turns()[1].field("messages")
    (kept,) = [message["content"] for message in history if message["role"] == "assistant"]
    assert [True, False] == [_thought(block) for block in kept]
    assert "Let me see." == kept[1]["text"]
    _prove_one_broken(errand)


def _prove_one_broken(errand: Errand) -> None:
    """The ledger tells the broken answer from the good ones."""
    told = [errand.entry(turn)["status"] for turn in errand.turns()]
    assert ["partial"] + ["ok"] * (len(told) - 1) == told


@pytest.mark.parametrize("line", LINES, indirect=True)
@pytest.mark.parametrize("status", (429, 529))
def test_a_busy_upstream(errand: Errand, claude: Any, status: int) -> None:
    """Busy for longer than the gateway tries: the client is told so in words it retries at."""
    fault = f"u{10 if status == 429 else 11}:status={status}"
    model = f"up/sim-agent@fault={fault},fail=4,tag={errand.key[-8:]}"

    ended, result = claude(ANTHROPIC_MODEL=model, CLAUDE_CODE_MAX_RETRIES="6")

    errand.prove_done(ended, result["result"])
    told = [turn.status for turn in errand.turns()]
    assert status in told
    assert [200, 200] == told[-2:]
