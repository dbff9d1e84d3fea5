"""Endpoints and deliveries as they are shown."""

import msgspec

from tests.webhooks.making import endpoint
from trunkline.storage.sql.deliveries import Delivery
from trunkline.webhooks.views import DeliveryView, EndpointView, SecretView


def test_an_endpoint_is_shown_without_its_secret():
    """In Unix seconds, with its face's names."""
    one = endpoint(face="plutosai", types=("usage.threshold_reached",), created_at=5_000_000)

    assert {
        "id": "whe_a",
        "tenant": "acme",
        "face": "plutosai",
        "url": one.url,
        "events": ["usage.threshold"],
        "enabled": True,
        "created_at": 5,
        "object": "webhook",
    } == msgspec.json.decode(msgspec.json.encode(EndpointView.of(one)))


def test_the_answer_that_made_a_secret_shows_it():
    """Its repr does not."""
    shown = SecretView.with_secret(endpoint(former_until=9_000_000), "whsec_x")

    assert ("whsec_x", 9) == (shown.secret, shown.former_secret_until)
    assert "whsec_x" not in repr(shown)


def test_a_delivery_shows_what_is_next_or_what_was_last():
    """The next attempt of one that is pending, the end of one that is over."""
    pending = Delivery(
        id="dlv_1",
        event="evt_1",
        type="usage.threshold_reached",
        endpoint="whe_a",
        status="pending",
        attempts=2,
        next_at=9_000_000,
        answered=503,
        error="answered 503",
        took_ms=12.5,
        created_at=1_000_000,
        ended_at=None,
    )
    over = msgspec.structs.replace(pending, status="dead", ended_at=7_000_000)

    shown, ended = DeliveryView.of(pending, "native"), DeliveryView.of(over, "plutosai")
    assert (9, None, 503, 12.5) == (
        shown.next_attempt_at,
        shown.ended_at,
        shown.response_status,
        shown.duration_ms,
    )
    assert (None, 7, "usage.threshold") == (
        ended.next_attempt_at,
        ended.ended_at,
        ended.type,
    )
