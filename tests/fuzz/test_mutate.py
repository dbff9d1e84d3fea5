"""Mutations: what they know of an input, and that they stay within bounds."""

from random import Random  # noqa: TID251 - seeded: the same inputs on every run

from tests.fuzz.mutate import LONGEST, Seed, mutated

STREAM = b'event: a\ndata: {"text":"one","n":[1,null]}\n\ndata: [DONE]\n\n'


def test_values() -> None:
    """Strings, numbers, words and containers, the inner before the outer; also of many texts."""
    data = b'{"a":[1.5,"x\\"y"]}\n{"b":null}'
    found = [data[start:end] for start, end in Seed(data).values]

    assert [b'"a"', b"1.5", b'"x\\"y"', b'[1.5,"x\\"y"]', data[:18]] == found[:5]
    assert [b'"b"', b"null", b'{"b":null}'] == found[5:]


def test_lines() -> None:
    """With what ends them, the last without."""
    data = b"one\n\ntwo"

    assert [b"one\n", b"\n", b"two"] == [data[start:end] for start, end in Seed(data).lines]


def test_most_inputs_are_almost_right() -> None:
    """Different, mostly still with the seed's beginning, never longer than the limit."""
    dice, seed, other = Random(1), Seed(STREAM), Seed(b'{"type":"other"}')
    made = [mutated(seed, other, dice) for _ in range(500)]

    assert len(set(made)) > 400
    assert sum(data[:5] == STREAM[:5] for data in made) > 250
    assert max(map(len, made)) <= LONGEST
    assert any(b"other" in data for data in made)


def test_empty_inputs() -> None:
    """Nothing can be made of, too."""
    dice, empty = Random(2), Seed(b"")

    assert {b""} < {mutated(empty, empty, dice) for _ in range(100)}
