"""The bytes a stream is made of, but for what it says."""

from trunkline.canon.event import PartKind

MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
START = (
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
)
DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":%b}\n\n'
)
STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
PREFIX = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"%b":'
)
SUFFIX = b"}}\n\n"
TEXT_START = b'{"type":"text","text":""}'
THINKING_START = b'{"type":"thinking","thinking":"","signature":""}'
CONTENT = {
    PartKind.TEXT: b'text_delta","text',
    PartKind.REFUSAL: b'text_delta","text',
    PartKind.REASONING: b'thinking_delta","thinking',
    PartKind.TOOL_CALL: b'input_json_delta","partial_json',
}
