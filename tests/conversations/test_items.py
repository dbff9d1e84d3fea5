"""Items as the store keeps them: each with an id and a type, whatever the client left out."""

import itertools

import pytest
from msgspec import Raw, json

from trunkline.canon.errors import Malformed, NotFound
from trunkline.conversations.items import (
    brought,
    head_of,
    id_of,
    joined,
    may_refer,
    read_items,
    references,
    resolved,
    said,
    sendable,
)


def tokens():
    count = itertools.count(1)
    return lambda: f"t{next(count)}"


def items(given):
    found = brought(None if given is None else Raw(json.encode(given)), tokens())
    return [json.decode(item) for item in found]


def test_text_is_a_users_message():
    """As the API lists it."""
    assert [
        {
            "id": "msg_t1",
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": 'say "hi"'}],
        }
    ] == items('say "hi"')


@pytest.mark.parametrize("given", (None, []))
def test_nothing_is_no_items(given):
    """A request may live by its previous response alone."""
    assert [] == items(given)
    assert [] == brought(Raw(b"null"), tokens())


def test_a_message_may_leave_out_its_type():
    """Its text is a part, of a kind that fits who spoke; what it has beside stays."""
    user, own, parts = items(
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b", "status": "completed"},
            {"role": "user", "id": "msg_own", "content": [{"type": "input_text", "text": "c"}]},
        ]
    )
    assert ("message", [{"type": "input_text", "text": "a"}]) == (user["type"], user["content"])
    assert [{"type": "output_text", "text": "b"}] == own["content"]
    assert "completed" == own["status"]
    assert "msg_own" == parts["id"]


def test_a_reference_may_leave_out_its_type():
    """What has an id and nobody who said it."""
    assert [{"type": "item_reference", "id": "msg_1"}] == items([{"id": "msg_1"}])


def test_every_item_has_an_id():
    """Made for its kind where the client sent none; one that has all stays to the byte."""
    call = {"type": "function_call_output", "call_id": "c1", "output": "1"}
    other = {"type": "web_search_call"}
    whole = Raw(b'{ "type":"reasoning","id":"rs_1","summary":[] }')
    assert ["fco_t1", "item_t2"] == [item["id"] for item in items([call, other])]
    assert [whole] == brought(Raw(b"[" + bytes(whole) + b"]"), tokens())


@pytest.mark.parametrize(
    "given", (b"7", b"[7]", b'{"a":1}', b'"\xff"', b'[{"type":7}]', b"[" * 5000 + b"]" * 5000)
)
def test_what_is_no_input_is_refused(given):
    """With the field's name."""
    with pytest.raises(Malformed) as refused:
        brought(Raw(given), tokens())
    assert "input" == refused.value.param


def test_a_reference_is_the_item_it_names():
    """Within what was said before; a name that nobody has is told."""
    known = [Raw(b'{"type":"message","id":"msg_1"}')]
    own, by_id = Raw(b'{"type":"message","id":"msg_2"}'), {"msg_1": known[0]}
    assert [known[0], own] == resolved([Raw(b'{"type":"item_reference","id":"msg_1"}'), own], by_id)
    with pytest.raises(NotFound, match="msg_9"):
        resolved([Raw(b'{"type":"item_reference","id":"msg_9"}')], by_id)


@pytest.mark.parametrize(
    ("body", "may"),
    ((b'{"input":[{"type":"item_reference","id":"a"}]}', True), (b'{"input":"hi"}', False)),
)
def test_references_are_seen_at_a_glance(body, may):
    """So that a request without them costs next to nothing."""
    assert may == may_refer(body)


def test_references_are_named_in_order():
    """Text that speaks of them is none; one without an id is refused."""
    text = Raw(b'{"type":"message","role":"user","content":"item_reference"}')
    one, none = (Raw(b'{"type":"item_reference"%b}' % more) for more in (b',"id":"a"', b""))
    assert ["a", "a"] == references([one, text, one])
    with pytest.raises(Malformed):
        references([none])


def test_what_is_kept_comes_back():
    """And an answer tells its id, its status and its items."""
    kept = [Raw(b'{"id":"a"}'), Raw(b'{"id":"b"}')]
    assert kept == read_items(joined(kept))
    assert [] == read_items(b"")
    body = b'{"id":"resp_1","status":"completed","output":[{"id":"x"}]}'
    head = head_of(body)
    assert head is not None
    assert ("resp_1", "completed", ["x"]) == (
        head.id,
        head.status,
        [id_of(item) for item in said(body)],
    )


def test_calls_of_a_provider_s_tools_need_the_reasoning_before_them():
    """Sealed, or none at all; what clients answer is never taken away."""
    kinds = ("message", "web_search_call", "reasoning", "web_search_call", "function_call")
    plain = [Raw(b'{"type":"%b"}' % kind.encode()) for kind in kinds]
    sealed = [*plain[:2], Raw(b'{"type":"reasoning","encrypted_content":"gAAA"}'), *plain[3:]]
    assert [*plain[:3], plain[4]] == sendable(plain)
    assert sealed == sendable(sealed)
    odd = Raw(b'{"type":"message","id":7}')
    assert [plain[2], plain[0], plain[1], odd] == sendable([plain[2], plain[0], plain[1], odd])


@pytest.mark.parametrize("body", (None, b"", b"[]", b"{", b'{"id":7}', b'{"output":7}'))
def test_what_is_no_response_has_no_head(body):
    """An upstream may send anything under that name."""
    assert head_of(body) is None
