"""opencode, headless, by each of its kinds of provider."""

from collections.abc import Callable

import msgspec
import pytest

from tests.agents.errand import Ended, Errand

# What it names a kind of provider by: the package that its binary has inside.
KINDS = {
    "@ai-sdk/openai-compatible": "/v1/chat/completions",
    "@ai-sdk/anthropic": "/v1/messages",
    "@ai-sdk/openai": "/v1/responses",
}
LINES = ("openai-chat", "anthropic-messages", "openai-responses")
# Beside the gateway: no update, no list of models from elsewhere.
QUIET = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}


@pytest.fixture
def opencode(installed: Callable[[str], str], errand: Errand) -> Callable[[str], Ended]:
    """Runs it once, with a provider of this kind."""
    program = installed("opencode-*/bin/opencode")

    def run(kind: str) -> Ended:
        gateway = {
            "npm": kind,
            "options": {"baseURL": f"{errand.base}/v1", "apiKey": errand.key},
            "models": {"house-model": {}},
        }
        config = {"autoupdate": False, "share": "disabled", "provider": {"trunkline": gateway}}
        (errand.folder / "opencode.json").write_bytes(msgspec.json.encode(config))
        prompt = errand.prompt("bash", "command", description="Look")
        # By standard input: it quotes what it is given as an argument.
        return errand.run([program, "run", "-m", "trunkline/house-model"], QUIET, stdin=prompt)

    return run


@pytest.mark.parametrize("line", LINES, indirect=True)
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
