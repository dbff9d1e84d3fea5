"""U7: odd framing, the same answer."""

import re

import pytest
from msgspec import json

from tests.providers.sim.kit import CHAT, EVERY, ask, engine, play
from trunkline.providers.sim.faults_framing import KINDS
from trunkline.providers.sim.steps import Wait

MODEL = "sim-echo"
PROMPT = "Grüße, 世界 — all the same"


def stream(path: str, kind: str):
    model = MODEL + (f"@fault=u7:kind={kind}" if kind else "")
    return play(engine(), ask(path, model, PROMPT, stream=True))


def parse(body: bytes) -> list[tuple[str, object]]:
    """A parser after the HTML standard, written for this test alone."""
    text = body.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for block in re.split("\n\n+", text):
        name, data = "", []
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            if field == "event":
                name = value.removeprefix(" ")
            elif field == "data":
                data.append(value.removeprefix(" "))
        if data:
            joined = "\n".join(data)
            found.append((name, joined if joined == "[DONE]" else json.decode(joined)))
    return found


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    "kind", (*KINDS, "crlf+split", "bom+comments+multiline+nospace", "mixed+noend+fields")
)
def test_the_answer_is_the_same(path: str, kind: str) -> None:
    """However it is framed, the events are those of the plain stream, and it is all counted."""
    plain, odd = stream(path, ""), stream(path, kind)

    assert parse(plain.body) == parse(odd.body)
    assert (plain.row.tokens, plain.row.text_sha256) == (odd.row.tokens, odd.row.text_sha256)
    assert kind == "split" or plain.body != odd.body


@pytest.mark.parametrize(
    ("kind", "holds", "lacks"),
    (
        ("crlf", rb"\r\n\r\n", rb"[^\r]\n"),
        ("cr", rb"\r\r", rb"\n"),
        ("bom", rb"\A\xef\xbb\xbf", rb".\xef\xbb\xbf"),
        ("comments", rb"(?m)^: OPENROUTER PROCESSING$", rb"\x00"),
        ("fields", rb"(?m)^retry: 3000$", rb"\x00"),
        ("multiline", rb"(?m)^data: \{\ndata: ", rb"\x00"),
        ("nospace", rb"(?m)^data:\{", rb"(?m)^data: "),
        ("noend", rb"[^\n]\Z", rb"\n\Z"),
        ("mixed", rb"\r\r", rb"\x00"),
    ),
)
def test_the_oddity_is_there(kind: str, holds: bytes, lacks: bytes) -> None:
    """And the plain form of it is not."""
    body = stream(CHAT, kind).body

    assert re.search(holds, body)
    assert not re.search(lacks, body)


@pytest.mark.parametrize("streamed", (False, True))
def test_split_sends_single_bytes(streamed: bool) -> None:
    """Each in a packet of its own; size= makes them larger."""
    model = f"{MODEL}@fault=u7:kind=split"
    performance = engine().respond(ask(CHAT, model, PROMPT, stream=streamed))
    waits = sum(isinstance(step, Wait) for step in performance.steps)
    seen = play(engine(), ask(CHAT, model, PROMPT, stream=streamed))
    larger = play(engine(), ask(CHAT, model + ":size=10", PROMPT, stream=streamed))

    assert ({1}, len(seen.body)) == ({len(data) for data in seen.sends}, waits)
    assert 10 == max(len(data) for data in larger.sends)


def test_a_whole_answer_can_only_be_split() -> None:
    """Other kinds leave it as it is."""
    plain = play(engine(), ask(CHAT, MODEL, PROMPT))

    assert plain.body == play(engine(), ask(CHAT, f"{MODEL}@fault=u7:kind=crlf", PROMPT)).body
