"""Items while they are streamed."""

from msgspec import Raw

from trunkline.canon.event import PartClosed, PartDelta, PartKind, PartOpened
from trunkline.dialects.openai_responses.decoder_item import OpenItem, Parts
from trunkline.dialects.openai_responses.upstream_wire import ItemIn, TextIn

TEXT = "response.output_text.delta"
REFUSAL = "response.refusal.delta"


def opened(kind, **fields):
    return OpenItem(ItemIn(type=kind, **fields), {}, Parts())


def test_parts_open_with_their_first_content():
    """So that none is empty."""
    item, out = opened("message"), []
    item.more(PartKind.TEXT, TEXT, 0, "", out)
    item.complete(0, TextIn("output_text", ""), out)
    assert [] == out


def test_one_part_at_a_time():
    """A message's next part closes the one before."""
    item, out = opened("message"), []
    item.more(PartKind.TEXT, TEXT, 0, "a", out)
    item.more(PartKind.REFUSAL, REFUSAL, 1, "b", out)
    assert [
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "a"),
        PartClosed(0),
        PartOpened(1, PartKind.REFUSAL),
        PartDelta(1, "b"),
    ] == out


def test_a_closed_part_stays_closed():
    """What is said again of it is not said twice."""
    item, out = opened("message"), []
    told = TextIn("output_text", "a")
    item.complete(0, told, out)
    before = list(out)
    item.complete(0, told, out)
    item.more(PartKind.TEXT, TEXT, 0, "a", out)
    item.end_message(ItemIn(type="message", content=[told]), out)
    assert before == out


def test_what_does_not_belong():
    """No text within a call, no arguments within a message."""
    call, message, out = opened("function_call"), opened("message"), []
    call.more(PartKind.TEXT, TEXT, 0, "a", out)
    message.more(PartKind.TOOL_CALL, "response.function_call_arguments.delta", 0, "{}", out)
    assert [] == out


def test_a_call_that_nobody_named():
    """The client shall see that there was one."""
    item, out = opened("function_call"), []
    item.open_call(out)
    assert [] == out
    item.end_call(ItemIn(type="function_call", arguments="{}"), Raw(b"{}"), out)
    assert [
        PartOpened(0, PartKind.TOOL_CALL, 0, "call_0", "unknown"),
        PartDelta(0, "{}"),
        PartClosed(0),
    ] == out
