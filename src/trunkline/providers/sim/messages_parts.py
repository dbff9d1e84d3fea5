"""Pieces that whole Messages answers and their streams share: usage, stop reasons, ids."""

from trunkline.providers.sim.ids import token
from trunkline.providers.sim.turns import Tally, Turn
from trunkline.providers.sim.usage import number

FINISH = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
}
REFUSAL = {
    "type": "refusal",
    "category": "cyber",
    "explanation": "This request was refused due to policy.",
}


def stop_reason(turn: Turn) -> str:
    if turn.stopped_by is not None and turn.finish == "stop":
        return "stop_sequence"
    return FINISH[turn.finish]


def classes(tally: Tally, skew: str) -> bytes:
    """Anthropic's input_tokens leaves out what was read from or written to the cache."""
    fresh = max(0, tally.input - tally.cache_read - tally.cache_write)
    return (b'"input_tokens":%b,"cache_creation_input_tokens":%b,"cache_read_input_tokens":%b') % (
        number(fresh, skew),
        number(tally.cache_write, skew),
        number(tally.cache_read, skew),
    )


def creation(tally: Tally, skew: str) -> bytes:
    return (
        b'"cache_creation":{"ephemeral_5m_input_tokens":%b,"ephemeral_1h_input_tokens":0}'
        % number(tally.cache_write, skew)
    )


def output(tally: Tally, skew: str) -> bytes:
    output = b'"output_tokens":%b' % number(tally.output, skew)
    if tally.reasoning:
        output += b',"output_tokens_details":{"thinking_tokens":%b}' % number(tally.reasoning, skew)
    return output


PLACE = b'"service_tier":"standard","inference_geo":"not_available"'


def usage(tally: Tally, skew: str) -> bytes:
    return b"{%b,%b,%b,%b}" % (
        classes(tally, skew),
        creation(tally, skew),
        output(tally, skew),
        PLACE,
    )


def tool_id(seed: bytes, at: int) -> str:
    return "toolu_01" + token(seed, f"call-{at}", 22)
