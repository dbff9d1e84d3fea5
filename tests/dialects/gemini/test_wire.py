"""Google's answers as far as we read them."""

from msgspec import Raw, json

from trunkline.dialects.gemini.wire import RESPONSE, block_reason, extra_of, present


def test_tolerance():
    """Whatever may be left out is: candidates, contents, parts."""
    for body in (b"{}", b'{"candidates":[{}]}', b'{"candidates":[{"content":{"role":"model"}}]}'):
        RESPONSE.decode(body)


def test_present():
    """Null says as little as nothing."""
    assert present(None) is None
    assert present(Raw(b"null")) is None
    assert b"0" == bytes(present(Raw(b"0")) or b"")


def test_block_reason():
    """Why a prompt was refused; feedback without a reason is none."""
    assert "SAFETY" == block_reason(Raw(b'{"blockReason":"SAFETY","safetyRatings":[]}'))
    assert "" == block_reason(Raw(b'{"safetyRatings":[]}'))
    assert "" == block_reason(Raw(b"null"))


def test_extra():
    """What only our own clients know is kept by the wire's name."""
    response = RESPONSE.decode(json.encode({"createTime": "2026", "promptFeedback": None}))
    assert {"createTime": Raw(b'"2026"')} == extra_of(response)
