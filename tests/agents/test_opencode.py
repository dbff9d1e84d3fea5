"""opencode, headless, by each of its kinds of provider."""

from collections.abc import Callable

import pytest

from tests.agents.errand import Ended, Errand
from tests.agents.manual import KEY, snippet

USUAL = "@ai-sdk/openai-compatible"
"""What it names a kind of provider by: a package that its binary has inside."""
KINDS = {
    USUAL: "/v1/chat/completions",
    "@ai-sdk/anthropic": "/v1/messages",
    "@ai-sdk/openai": "/v1/responses",
}
ALL = ("openai-chat", "anthropic-messages", "openai-responses", "gemini")
# Beside the gateway: no update, no list of models from elsewhere.
QUIET = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}


@pytest.fixture
def opencode(installed: Callable[[str], str], errand: Errand) -> Callable[[str], Ended]:
    """Runs it once, with a provider of this kind."""
    program = installed("opencode-*/bin/opencode")

    def run(kind: str) -> Ended:
        text = snippet("opencode", "json", errand.base)
        (errand.folder / "opencode.json").write_text(text.replace(USUAL, kind), "utf-8")
        prompt = errand.prompt("bash", "command", description="Look")
        # By standard input: it quotes what it is given as an argument.
        return errand.run([program, "run"], {**QUIET, KEY: errand.key}, stdin=prompt)

    return run


@pytest.mark.parametrize("line", ALL, indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_a_task(errand: Errand, opencode: Callable[[str], Ended], kind: str) -> None:
    """The whole loop and a title beside it, told and billed right."""
    ended = opencode(kind)

    errand.prove_done(ended, ended.said)
    errand.prove_loop()
    errand.prove_books()
    assert {KINDS[kind]} == {turn.path for turn in errand.turns()}
    header = "x-api-key" if kind == "@ai-sdk/anthropic" else "authorization"
    assert all(turn.headers[header].endswith(errand.key) for turn in errand.turns())
