"""Tests of blocks only this dialect understands, streamed."""

from typing import Any

from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import delta, raw
from trunkline.dialects.anthropic_messages.opaque import OpaqueBlock, streamed


def gathered(start: dict[str, Any], *deltas: dict[str, Any]) -> Any:
    block = OpaqueBlock(raw(start))
    for fields in deltas:
        block.feed(json.encode(delta(0, **fields)))
    return json.decode(block.close())


CALL = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
SUMMARY = {"type": "compaction", "content": None, "encrypted_content": None}


def test_a_block_without_deltas_keeps_its_bytes() -> None:
    """A server's tool result stands whole in its start."""
    written = Raw(b'{ "type": "web_search_tool_result", "content": [ 1 ] }')

    assert bytes(written) == bytes(OpaqueBlock(written).close())


def test_pieces_of_json_fill_the_input() -> None:
    """As they do a tool call's."""
    assert {**CALL, "input": {"query": "x"}} == gathered(
        CALL,
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"query"'},
        {"type": "input_json_delta", "partial_json": ':"x"}'},
    )


def test_text_fills_the_field_of_its_name() -> None:
    """A compaction's summary, in one delta or more."""
    assert {**SUMMARY, "content": "all of it", "encrypted_content": "E"} == gathered(
        SUMMARY,
        {"type": "compaction_delta", "content": "all ", "encrypted_content": "E"},
        {"type": "compaction_delta", "content": "of it"},
    )


def test_streaming_it_again() -> None:
    """What is gathered is streamed as it came: start and deltas amount to the same block."""
    for whole in (
        {**CALL, "input": {"query": "x"}},
        CALL,
        {**SUMMARY, "content": "all"},
        {**SUMMARY, "content": "all", "encrypted_content": "E"},
        {"type": "container_upload", "file_id": "f"},
        {"type": "unheard_of"},
        {"no_type": 1},
    ):
        start, deltas = streamed(raw(whole))
        assert whole == gathered(json.decode(start), *[json.decode(piece) for piece in deltas])


def test_a_call_starts_empty() -> None:
    """Clients gather every call's input from its deltas."""
    start, deltas = streamed(raw({**CALL, "input": {"query": "x"}}))

    assert CALL == json.decode(start)
    assert ["", '{"query":"x"}'] == [json.decode(piece)["partial_json"] for piece in deltas]
