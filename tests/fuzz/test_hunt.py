"""The fuzzer itself: a short run over every target, and bugs that it must find."""

from collections.abc import Sequence
from random import Random  # noqa: TID251 - seeded: the same inputs on every run

import pytest
from msgspec import json

from tests.fuzz.hunt import Hunt, shrunk
from tests.fuzz.seeds import of_corpus
from tests.fuzz.targets import Target, pieces, targets
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.registry import (
    COUNTING,
    DIALECTS,
    EMBEDDING_SERVERS,
    EMBEDDINGS,
    TEXT_ONLY,
    UPSTREAM_ONLY,
)

EXECUTIONS = 250
EVERY = tuple(targets())
ANSWER = b'{"id":"a","usage":{"input_tokens":3,"output_tokens":4},"content":[{"text":"hello"}]}'


def seeds(target: Target) -> Sequence[bytes]:
    corpus = of_corpus(target.dialect)
    return [data for kind in target.seeds for data in corpus.get(kind, ())]


def hunted(check, *begin, executions=4000):
    hunt = Hunt(Target("planted", "answer", ("answer",), check), begin, Random(1))
    hunt.run(executions)
    return hunt


@pytest.mark.parametrize("target", EVERY, ids=lambda target: target.name)
def test_nothing_escapes(target: Target) -> None:
    """But GatewayError; and what is true of every stream, answer and request is true of these."""
    begin = seeds(target)
    hunt = Hunt(target, begin, Random(7))

    hunt.run(len(begin) + EXECUTIONS)

    assert [] == [(finding.signature, finding.data) for finding in hunt.findings.values()]
    assert len(hunt.edges) > 10


def test_every_registered_dialect_is_a_target() -> None:
    """A new dialect is fuzzed from its first day."""
    registries = (DIALECTS, TEXT_ONLY, UPSTREAM_ONLY, COUNTING, EMBEDDING_SERVERS, EMBEDDINGS)

    assert {name for registry in registries for name in registry} == {t.dialect for t in EVERY}


def test_a_planted_bug_is_found() -> None:
    """A number taken for granted: found, told by its line, and its input made small."""

    def check(data: bytes, dice: Random) -> None:
        try:
            answer = json.decode(data)
        except NOT_JSON:
            return
        if isinstance(answer, dict) and isinstance(answer.get("usage"), dict):
            sum([answer["usage"].get("input_tokens", 0)])

    hunt = hunted(check, ANSWER)

    assert any(signature.startswith("TypeError") for signature in hunt.findings)
    assert all(len(finding.data) < len(ANSWER) for finding in hunt.findings.values())


def test_a_planted_dependence_on_cuts_is_found() -> None:
    """A reader that only works where a read ends behind a line."""

    def check(data: bytes, dice: Random) -> None:
        whole = [piece for piece in data.split(b"\n") if piece]
        cut = [line for piece in pieces(data, dice) for line in piece.split(b"\n") if line]
        if whole != cut:
            raise LookupError

    assert ["LookupError"] == [
        signature.partition(" ")[0]
        for signature in hunted(check, b"data: one\n\ndata: two\n\n").findings
    ]


def test_a_planted_loop_without_end_would_be_found() -> None:
    """Whatever is raised into an execution from outside counts as its own."""

    class Stuck(Exception):
        """As the watchdog raises it."""

    def check(data: bytes, dice: Random) -> None:
        if b"null" in data:
            raise Stuck

    assert any("Stuck" in signature for signature in hunted(check, ANSWER).findings)


def test_a_hunt_repeats() -> None:
    """The same seeds and dice, the same inputs: a finding can be found again."""
    heard: list[bytes] = []

    def check(data: bytes, dice: Random) -> None:
        heard.append(data + b"%d" % dice.getrandbits(8))

    hunted(check, ANSWER, executions=300)
    first = list(heard)
    heard.clear()
    hunted(check, ANSWER, executions=300)

    assert first == heard
    assert len(set(first)) > 250


def test_new_ways_are_followed() -> None:
    """Inputs that took an edge nobody had taken join the pool."""
    target = next(target for target in EVERY if target.name == "anthropic-messages/decoder")
    begin = seeds(target)
    hunt = Hunt(target, begin, Random(3))
    hunt.run(len(begin))
    before, edges = hunt.pool, len(hunt.edges)

    hunt.run(1500)

    assert hunt.pool > before
    assert len(hunt.edges) > edges
    assert hunt.newest > len(begin)


def test_shrinking() -> None:
    """Down to what the condition needs."""
    assert b"<>" == shrunk(
        b"a long text with < and then > in it", lambda x: b"<" in x and b">" in x
    )
