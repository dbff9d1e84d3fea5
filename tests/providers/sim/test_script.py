"""Answers word for word."""

import pytest

from tests.providers.sim.kit import CHAT, MESSAGES, ask, engine, play
from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.script import play as turn_of
from trunkline.providers.sim.script import read_script
from trunkline.providers.sim.turns import Call, Turn


def test_a_script_becomes_a_turn() -> None:
    """Every field has its place; arguments may be JSON or the very text."""
    script = read_script(
        b'{"reasoning":"hm","text":"hi","tool_calls":[{"name":"a","arguments":{"x":1}},'
        b'{"name":"b","arguments":"{broken","id":"call_7"},{"name":"c"}],"stop_sequence":"!"}'
    )

    assert Turn(
        thinking="hm",
        text="hi",
        calls=(Call("a", '{"x":1}'), Call("b", "{broken", "call_7"), Call("c", "{}")),
        finish="tool_calls",
        stopped_by="!",
    ) == turn_of(script)


@pytest.mark.parametrize(
    "script", (b"", b"[]", b'{"text":"\xff"}', b'{"txt":"a"}', b'{"finish":"done"}', b'{"text":1}')
)
def test_a_bad_script_is_refused(script: bytes) -> None:
    """A typing error in a test must not pass for an empty answer."""
    with pytest.raises(Rejected, match="x-sim-script"):
        read_script(script)


def test_chunks_are_the_events() -> None:
    """The text arrives in exactly these pieces."""
    script = b'{"chunks":["one ","t","wo"]}'
    seen = play(engine(), ask(CHAT, "any", stream=True, headers=((b"x-sim-script", script),)))
    pieces = [
        choice["delta"]["content"]
        for _, data in seen.events
        if isinstance(data, dict)
        for choice in data["choices"]
        if choice["delta"].get("content")
    ]

    assert ["one ", "t", "wo"] == pieces


@pytest.mark.parametrize(
    ("finish", "native"),
    (("pause", "pause_turn"), ("length", "max_tokens"), ("refusal", "refusal")),
)
def test_a_script_chooses_the_finish(finish: str, native: str) -> None:
    """Whatever the text is."""
    script = b'{"text":"a","finish":"%b"}' % finish.encode()
    seen = play(engine(), ask(MESSAGES, "any", headers=((b"x-sim-script", script),)))

    assert native == seen.json["stop_reason"]


def test_a_bad_script_is_told_to_the_caller() -> None:
    """400 in the dialect."""
    seen = play(engine(), ask(CHAT, "any", headers=((b"x-sim-script", b"nope"),)))

    assert (400, "x-sim-script") == (seen.status, seen.json["error"]["param"])
