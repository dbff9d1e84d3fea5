"""Shapes of what upstreams write."""

from trunkline.dialects.openai_responses.upstream_wire import EVENT, ITEM, KNOWN, RESPONSE


def test_nulls_are_nothing():
    """Providers fill in fields they have nothing to say in."""
    item = ITEM.decode(b'{"type":"reasoning","content":null,"encrypted_content":null,"id":null}')
    assert ("reasoning", None, None) == (item.type, item.content, item.id)
    event = EVENT.decode(b'{"type":"response.created","output_index":null,"logprobs":null}')
    assert event.output_index is None


def test_every_field_we_read_of_a_response_is_known():
    """What is known is not kept a second time."""
    assert set(RESPONSE.type.__struct_fields__) <= KNOWN
