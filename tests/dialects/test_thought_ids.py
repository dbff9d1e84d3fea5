"""Thought signatures in the ids of tool calls."""

import re

from msgspec import Raw, json

from trunkline.dialects.thought_ids import mend_each, mend_id, mend_list, signed, unsigned


def test_there_and_back():
    """Travel in the id, in letters any dialect takes, and come off it again."""
    call_id = signed("call_1", "A+/=b")
    assert re.fullmatch("[a-zA-Z0-9_-]+", call_id)
    assert ("call_1", "A+/=b") == unsigned(call_id)


def test_nothing_to_carry():
    """No signature leaves the id alone, and so does what only looks like one."""
    assert "c" == signed("c", "")
    assert ("c", "") == unsigned("c")
    assert ("c__thought_", "") == unsigned("c__thought_")
    assert ("c__thought_!", "") == unsigned("c__thought_!")


def _mended(raw):
    return mend_id(raw, "id", str.upper)


def test_lists():
    """Lose the signatures in the field that is named; what has none stays to the byte."""
    packed = signed("a", "sig").encode()
    plain = Raw(b'[ {"id" : "__thought_"},{"id":"b", "x":1} ]')
    assert plain == mend_each(plain, _mended)
    before = Raw(b'[{"id":"%b","y":[ 1 ]},{"id":"b", "x" : 1},{"y":"%b"}]' % (packed, packed))
    expected = b'[{"id":"A","y":[ 1 ]},{"id":"b", "x" : 1},{"y":"%b"}]' % packed
    assert expected == bytes(mend_each(before, _mended))


def test_lists_inside():
    """Of one field of an object; none, or something else there, is left alone."""
    call = b'{"id":"%b"}' % signed("a", "sig").encode()
    before = Raw(b'{"calls":[%b],"others":[%b]}' % (call, call))
    mended = json.decode(mend_list(before, "calls", _mended))
    assert ({"id": "A"}, json.decode(call)) == (mended["calls"][0], mended["others"][0])
    assert before == mend_list(before, "no", _mended)
    text = Raw(b'{"calls":"%b"}' % signed("a", "sig").encode())
    assert text == mend_list(text, "calls", _mended)


def test_other_shapes():
    """Are for the upstream to refuse."""
    packed = signed("a", "sig").encode()
    for body in (b'"%b"', b'["%b"]', b'[{"id":["%b"]}]', b'[{"id":{"a":"%b"}}]', b'{"id":"%b"}'):
        raw = Raw(body % packed)
        assert raw == mend_each(raw, _mended)
