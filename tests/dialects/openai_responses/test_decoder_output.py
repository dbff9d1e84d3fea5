"""The items of a stream, all together."""

from msgspec import Raw, json

from trunkline.canon.event import PartKind, PartOpened
from trunkline.dialects.openai_responses.decode_item import known_item
from trunkline.dialects.openai_responses.decoder_output import OpenItems
from trunkline.dialects.openai_responses.upstream_wire import EventIn


def item(kind, **fields):
    raw = Raw(json.encode({"type": kind, **fields}))
    return known_item(raw), raw


def kinds(out):
    return [event.kind for event in out if isinstance(event, PartOpened)]


def test_places():
    """By index where there is one, else by the id an item came with, else a new one."""
    items, out = OpenItems(), []
    items.add(4, *item("message", id="m"), out)
    assert 7 == items.place(EventIn(output_index=7), "m")
    assert 4 == items.place(EventIn(), "m")
    assert 4 != items.place(EventIn(), "other")


def test_an_item_begins_once():
    """Said again, it is the one there is."""
    items, out = OpenItems(), []
    call = item("function_call", call_id="c", name="f", arguments="{}")
    assert items.add(0, *call, out) is not None
    assert items.add(0, *call, out) is None
    items.end(0, *call, out)
    assert items.add(0, *call, out) is None
    items.end(0, *call, out)
    assert [PartKind.TOOL_CALL] == kinds(out)
    assert items.called


def test_an_item_that_ends_as_another():
    """Closed, and the other said whole."""
    items, out = OpenItems(), []
    items.add(0, *item("function_call", call_id="c", name="f"), out)
    items.end(0, *item("message", content=[{"type": "output_text", "text": "hi"}]), out)
    assert [PartKind.TOOL_CALL, PartKind.TEXT] == kinds(out)


def test_the_last_word():
    """What was left open ends as it tells; what is done is not said again."""
    items, out = OpenItems(), []
    items.end(0, *item("web_search_call"), out)
    items.add(1, *item("message"), out)
    items.add(2, *item("message"), out)
    text = {"type": "output_text", "text": "hi"}
    told = [item("web_search_call"), item("message", content=[text])]
    items.end_all([raw for _, raw in told], out)
    assert [PartKind.OPAQUE, PartKind.TEXT] == kinds(out)
    assert {} == items.open
