"""What each face is told, and how receivers verify it."""

import hashlib
import hmac
import json  # noqa: TID251 - what receivers have
from datetime import UTC, datetime

from msgspec import structs
from standardwebhooks.webhooks import Webhook

from tests.webhooks.making import SECRET
from trunkline.webhooks.payload import Told, for_whom, rendered

EVENT = Told(
    id="evt_1",
    type="usage.threshold_reached",
    data=b'{"threshold":80,"name":"\xc3\xbc"}',
    happened_at=1_795_262_400_500_000,
    attempted_at=1_795_262_400,
)
TEXT = "a secret of my own making"


def test_the_native_face_speaks_standard_webhooks():
    """Three headers, and the recommended payload."""
    now = int(datetime.now(UTC).timestamp())  # noqa: TID251 - the reference library looks at the real clock
    headers, body = rendered("native", structs.replace(EVENT, attempted_at=now), (SECRET,))
    named = {name.decode(): value.decode() for name, value in headers}

    assert {
        "type": "usage.threshold_reached",
        "timestamp": "2026-11-21T12:00:00.500Z",
        "data": {"threshold": 80, "name": "ü"},
    } == Webhook(SECRET).verify(body, named)
    assert ("evt_1", str(now)) == (named["webhook-id"], named["webhook-timestamp"])


def test_keyplex_signs_the_raw_body():
    """As its documentation verifies it."""
    headers, body = rendered("keyplex", EVENT, (TEXT,))

    expected = hmac.new(TEXT.encode(), body, hashlib.sha256).hexdigest()
    assert f"sha256={expected}".encode() == dict(headers)[b"x-keyplex-signature"]
    assert {
        "id": "evt_1",
        "type": "usage.threshold_reached",
        "created": 1_795_262_400,
        "data": {"threshold": 80, "name": "ü"},
    } == json.loads(body)


def test_plutosai_signs_the_payload_without_its_signature():
    """A receiver takes it out and writes the rest as compact JSON."""
    _, body = rendered("plutosai", EVENT, (TEXT,))
    payload = json.loads(body)
    signature = payload.pop("signature")
    bare = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()

    assert f"sha256={hmac.new(TEXT.encode(), bare, hashlib.sha256).hexdigest()}" == signature
    assert {
        "event": "usage.threshold",
        "timestamp": "2026-11-21T12:00:00.500Z",
        "data": {"threshold": 80, "name": "ü"},
    } == payload


def test_a_former_secret_signs_in_a_header_of_its_own():
    """Where the first header is known to hold one signature."""
    headers, body = rendered("keyplex", EVENT, (TEXT, "b" * 24))

    expected = hmac.new(b"b" * 24, body, hashlib.sha256).hexdigest().encode()
    assert b"sha256=" + expected == dict(headers)[b"x-webhook-signature-previous"]

    headers, body = rendered("plutosai", EVENT, (TEXT, "b" * 24))
    bare = body[: body.index(b',"signature"')] + b"}"
    expected = hmac.new(b"b" * 24, bare, hashlib.sha256).hexdigest().encode()
    assert b"sha256=" + expected == dict(headers)[b"x-webhook-signature-previous"]


def test_the_platform_is_told_whose_event_it_is():
    """A tenant is not told its own name, nor is anybody told the platform's."""
    assert ("acme", "", "") == (for_whom("acme", "*"), for_whom("acme", "acme"), for_whom("*", "*"))
    told = structs.replace(EVENT, tenant="acme")
    assert ["acme"] * 3 == [
        json.loads(rendered(face, told, (SECRET,))[1])["tenant"]
        for face in ("native", "keyplex", "plutosai")
    ]
