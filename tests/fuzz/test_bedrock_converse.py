"""The fuzz target of Bedrock's dialect, over its corpus and over what Hypothesis thinks of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.bedrock_converse import check

CORPUS = sorted((Path(__file__).parent / "corpus" / "bedrock_converse").iterdir())
NAMES = (
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
)
PAYLOADS = (
    '{"contentBlockIndex":0,"delta":{"text":"a"}}',
    '{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{"}}}',
    '{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"a"}}}',
    '{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"s"}}}',
    '{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"YQ=="}}}',
    '{"contentBlockIndex":1,"delta":{"citation":{}}}',
    '{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}',
    '{"contentBlockIndex":0,"start":{"toolResult":{}}}',
    '{"stopReason":"end_turn"}',
    '{"usage":{"inputTokens":1}}',
    "{}",
    "[",
)
LINES = st.lists(
    st.tuples(
        st.sampled_from((*NAMES, "metadata", "throttlingException", "new")),
        st.sampled_from(PAYLOADS),
    ),
    max_size=12,
)


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


@given(LINES)
def test_any_order_of_events(lines):
    """Sound events in an order nobody documents: the grammar holds, or it is Garbled."""
    told = [("messageStart", "{}"), *lines]
    check(b"\x03" + "\n".join(f"{name} {payload}" for name, payload in told).encode())


@given(st.sampled_from(CORPUS).map(Path.read_bytes), st.data())
def test_pieces(seed, data):
    """A seed with a piece of another in its middle obeys, too."""
    other = data.draw(st.sampled_from(CORPUS)).read_bytes()
    at = data.draw(st.integers(1, len(seed)))
    start = data.draw(st.integers(1, len(other)))
    end = data.draw(st.integers(start, len(other)))
    check(seed[:at] + other[start:end] + seed[at:])
