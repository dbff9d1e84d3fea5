"""The fuzz target of Completions, over its corpus and over what Hypothesis thinks of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.openai_completions import check

CORPUS = sorted((Path(__file__).parent / "corpus" / "openai_completions").iterdir())


@pytest.mark.parametrize("seed", CORPUS, ids=lambda path: path.name)
def test_corpus(seed):
    """Every seed obeys, whole and with each of its bytes missing or turned."""
    data = seed.read_bytes()
    check(data)
    for at in range(1, len(data), max(1, len(data) // 60)):
        check(data[:at])
        check(data[:at] + data[at + 1 :])
        check(data[:at] + bytes([data[at] ^ 0x5D]) + data[at + 1 :])


@given(st.integers(0, 4), st.binary(max_size=60))
def test_anything(target, data):
    """Bytes of no form at all are refused, and nothing else."""
    check(bytes([target]) + data)


@given(st.sampled_from(CORPUS).map(Path.read_bytes), st.data())
def test_pieces(seed, data):
    """A seed with a piece of another in its middle obeys, too."""
    other = data.draw(st.sampled_from(CORPUS)).read_bytes()
    at = data.draw(st.integers(1, len(seed)))
    start = data.draw(st.integers(1, len(other)))
    end = data.draw(st.integers(start, len(other)))
    check(seed[:at] + other[start:end] + seed[at:])
