"""Secrets and signatures."""

import hashlib
import hmac
import os
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from trunkline.canon.errors import Malformed
from trunkline.webhooks.signing import (
    check_secret,
    hex_signature,
    new_secret,
    standard_signature,
)


def now() -> int:
    """Asked by every test anew: collected is not run."""
    return int(datetime.now(UTC).timestamp())  # noqa: TID251 - the reference library looks at the real clock


def signed(*secrets: str, ago: int = 0, body: bytes = b'{"a":1}') -> dict[str, str]:
    at = now() - ago
    signature = standard_signature(secrets, "evt_1", at, body)
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(at),
        "webhook-signature": signature.decode(),
    }


def test_the_reference_library_verifies_us():
    """standardwebhooks, from PyPI, by the secret as we show it."""
    secret = new_secret(os.urandom)

    assert {"a": 1} == Webhook(secret).verify(b'{"a":1}', signed(secret))


def test_both_secrets_verify_after_a_rotation():
    """Two signatures in one header."""
    old, new, never = (new_secret(os.urandom) for _ in range(3))
    headers = signed(new, old)

    for secret in (old, new):
        assert {"a": 1} == Webhook(secret).verify(b'{"a":1}', headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(never).verify(b'{"a":1}', headers)


def test_what_was_changed_or_is_old_does_not_verify():
    """A byte of the body, or a timestamp of more than five minutes ago."""
    secret = new_secret(os.urandom)

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b'{"a":2}', signed(secret))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b'{"a":1}', signed(secret, ago=301))


def test_a_hex_signature_is_the_plain_hmac():
    """Under the secret as it is written."""
    expected = hmac.new(b"s" * 24, b"body", hashlib.sha256).hexdigest()

    assert expected == hex_signature("s" * 24, b"body")


@pytest.mark.parametrize(
    "secret",
    (
        "",
        "whsec_",
        "whsec_" + b64encode(b"x" * 23).decode(),
        "whsec_" + b64encode(b"x" * 65).decode(),
        b64encode(b"x" * 32).decode(),
        "whsec_" + "!" * 44,
        "whsec_é",
    ),
)
def test_a_secret_that_protects_nothing_is_refused(secret):
    """Empty, short, long, not base64, without its prefix; and it is not repeated."""
    with pytest.raises(Malformed, match="24 to 64 bytes") as refused:
        check_secret(secret, standard=True)

    assert not secret.strip("whsec_") or secret not in refused.value.message


@pytest.mark.parametrize("secret", ("", " " * 30, "x" * 23, "x" * 257, "ü" * 30))
def test_a_written_secret_has_a_length(secret):
    """Of visible characters."""
    with pytest.raises(Malformed, match="24 to 256"):
        check_secret(secret, standard=False)


def test_good_secrets_pass():
    """Of the shortest length and of the longest."""
    for size in (24, 64):
        check_secret("whsec_" + b64encode(b"x" * size).decode(), standard=True)
    for size in (24, 256):
        check_secret("x" * size, standard=False)
