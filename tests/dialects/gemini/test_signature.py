"""Other providers' proofs, carried through a Gemini client."""

import base64

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from trunkline.dialects.gemini.signature import PLACEHOLDER, TAG, pack, sign_calls, unpack

ORIGINS = st.sampled_from(("anthropic-messages", "openai-chat", "openai-responses"))


@given(st.text(st.characters(codec="utf-8"), max_size=40), ORIGINS)
def test_there_and_back(signature, origin):
    """What another dialect signed comes back with its owner, whatever alphabet the client writes."""
    packed = pack(signature, origin)
    assert packed.startswith(TAG.decode())
    assert (signature, origin) == unpack(packed)
    again = base64.urlsafe_b64encode(base64.b64decode(packed, validate=True)).decode()
    assert (signature, origin) == unpack(again)
    assert (signature, origin) == unpack(again.rstrip("="))


def test_its_own():
    """Google's is left alone in both directions."""
    assert "CiQB+/=" == pack("CiQB+/=", "gemini")
    assert ("CiQB+/=", "gemini") == unpack("CiQB+/=")


def test_what_only_looks_like_it():
    """A tag with nothing readable behind it is Google's, whatever it means."""
    odd = TAG.decode() + "!"
    assert (odd, "gemini") == unpack(odd)
    untold = base64.b64encode(b"trunkline.1:no colon").decode()
    assert (untold, "gemini") == unpack(untold)


def test_the_placeholder_is_bytes():
    """Google's field is bytes in base64: what stands in for a signature must be, too."""
    assert base64.b64decode(PLACEHOLDER, altchars=b"-_", validate=True)


def test_calls_to_sign():
    """The first of each turn that has no signature; a turn may stand in several contents."""
    turns = (
        ("model", [Raw(b'{"text":"a"}'), {"functionCall": 1}, {"functionCall": 2}]),
        ("model", [{"functionCall": 3}]),
        ("user", [{"functionResponse": 4}]),
        ("model", [{"function_call": 5, "thought_signature": Raw(b'""')}]),
        ("user", []),
        ("model", [{"functionCall": 6, "thoughtSignature": "own"}, {"functionCall": 7}]),
    )
    assert sign_calls(turns)
    signs = [
        part.get("thoughtSignature") for _, parts in turns for part in parts if type(part) is dict
    ]
    assert [PLACEHOLDER, None, None, None, None, "own", None] == signs
    assert PLACEHOLDER == turns[3][1][0]["thought_signature"]
    assert not sign_calls(turns)
