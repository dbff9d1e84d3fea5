"""Parts on their way into a stream."""

from tests.dialects.openai_responses.kit import parsed, types
from trunkline.canon.event import PartKind, PartOpened
from trunkline.dialects.openai_responses import encoder_parts as write
from trunkline.dialects.openai_responses.encode_items import CallHead
from trunkline.dialects.openai_responses.encoder_events import Events
from trunkline.dialects.openai_responses.encoder_output import Item


def opened(kind, **more):
    return write.Part(PartOpened(0, kind, **more))


def test_text():
    """Announced empty, said again whole; the next one of the item stands behind it."""
    events, part, item = Events(), opened(PartKind.TEXT), Item("message", "msg_1", 2)
    write.begin_text(part, item, events)
    part.pieces += ("a", "b")
    write.end_text(part, item, events)
    second = opened(PartKind.REFUSAL)
    write.begin_refusal(second, item, events)
    second.pieces.append("no")
    write.end_refusal(second, item, events)
    told = parsed(b"".join(events.out))
    assert [
        "content_part.added",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.done",
        "content_part.done",
    ] == types(told)
    assert [0, 0, 0, 1, 1, 1] == [event["content_index"] for event in told]
    assert ["", "ab", "", "no"] == [
        told[0]["part"]["text"],
        told[2]["part"]["text"],
        told[3]["part"]["refusal"],
        told[5]["part"]["refusal"],
    ]


def test_reasoning_without_text():
    """Has no summary, but says whose it is."""
    events, part, item = Events(), opened(PartKind.REASONING), Item("reasoning", "rs_1", 0)
    write.begin_reasoning(part, item)
    write.end_reasoning(part, item, events, "openai-chat")
    assert [] == events.out
    assert b'"encrypted_content":"trunkline.1:openai-chat:0:"' in item.thought


def test_a_call_without_arguments():
    """Is given an empty object; a custom tool's is left empty."""
    for kind, given in (("function", "{}"), ("custom", "")):
        events, item = Events(), Item(kind, "i", 0)
        part = opened(PartKind.TOOL_CALL, call_kind=kind)
        write.begin_call(part, item, CallHead("i", "c", "f", kind, {}))
        write.end_call(part, item, events)
        assert given == item.given


def test_a_custom_call_that_was_a_function():
    """Unwrapped piece by piece."""
    events, item = Events(), Item("custom", "i", 0)
    part = opened(PartKind.TOOL_CALL)
    write.begin_call(part, item, CallHead("i", "c", "f", "custom", {}))
    for piece in ('{"input":"a', "\\n", 'b"}'):
        write.unwrap(part, piece, events)
    write.end_call(part, item, events)
    assert ["a", "\n", "b"] == [e["delta"] for e in parsed(b"".join(events.out))[:-1]]
    assert ("a\nb", False) == (item.given, part.plain)
