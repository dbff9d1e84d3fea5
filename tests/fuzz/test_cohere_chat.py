"""The fuzz target of Cohere's dialect, over its corpus and over what Hypothesis thinks of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.cohere_chat import check

CORPUS = sorted((Path(__file__).parent / "corpus" / "cohere_chat").iterdir())
EVENTS = (
    '{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}',
    '{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}',
    '{"type":"content-delta","index":1,"delta":{"message":{"content":{"thinking":"b"}}}}',
    '{"type":"content-delta","delta":{"message":{"content":{"thinking":"b","text":"c"}}}}',
    '{"type":"content-end","index":0}',
    '{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"p"}}}',
    '{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"f","arguments":"nu"}}}}}',
    '{"type":"tool-call-start","index":1}',
    '{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"ll"}}}}}',
    '{"type":"tool-call-end","index":0}',
    '{"type":"citation-start","delta":{"message":{"citations":{"text":"a"}}}}',
    '{"type":"citation-end","index":0}',
    '{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}',
    '{"type":"message-end","delta":{"finish_reason":"TIMEOUT","usage":{"tokens":{"input_tokens":1}}}}',
    '{"type":"message-start"}',
    '{"type":"new"}',
    '{"message":"no more","id":"x"}',
    "[DONE]",
    "{}",
    "[",
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


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_any_order_of_events(events):
    """Sound events in an order nobody documents: the grammar holds, or it is Garbled."""
    check(b"\x03" + "\n".join(('{"type":"message-start"}', *events)).encode())


@given(st.sampled_from(CORPUS).map(Path.read_bytes), st.data())
def test_pieces(seed, data):
    """A seed with a piece of another in its middle obeys, too."""
    other = data.draw(st.sampled_from(CORPUS)).read_bytes()
    at = data.draw(st.integers(1, len(seed)))
    start = data.draw(st.integers(1, len(other)))
    end = data.draw(st.integers(start, len(other)))
    check(seed[:at] + other[start:end] + seed[at:])
