"""Signatures: AWS's own examples, and what the receiving side makes of ours."""

import pytest

from tests.providers.bedrock.verifier import faults
from trunkline.providers.bedrock.signing import Keys, Signer, available

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = Keys("AKIDEXAMPLE", SECRET)
URL = "https://bedrock-runtime.us-east-1.amazonaws.com"


class At:
    """A clock that stands."""

    def __init__(self, unix=1_440_938_160.0):
        self._unix = unix

    def monotonic(self):
        return 0.0

    def unix(self):
        return self._unix


def signer(keys=KEYS, service="bedrock", clock=None):
    return Signer(keys, "us-east-1", clock or At(), service)


@pytest.mark.parametrize(
    ("service", "method", "url", "headers", "signature"),
    (
        # aws-sig-v4-test-suite, get-vanilla and post-vanilla.
        ("service", "GET", "https://example.amazonaws.com/", (), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("service", "POST", "https://example.amazonaws.com/", (), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        # The example of the documentation of Signature Version 4: IAM's ListUsers.
        ("iam", "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", ((b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
    ),
    ids=("get-vanilla", "post-vanilla", "list-users"),
)  # fmt: skip
def test_the_documented_examples(service, method, url, headers, signature):
    """Of 2015-08-30, 12:36:00 UTC: so the time is our clock's."""
    signed = dict(signer(service=service).sign(method, url, headers, b""))

    assert b"20150830T123600Z" == signed[b"x-amz-date"]
    assert signed[b"authorization"].decode().endswith(f"Signature={signature}")


@pytest.mark.parametrize("token", (None, "session/token=="))
@pytest.mark.parametrize(
    "path",
    (
        "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse-stream",
        "/proxy/model/%E2%82%AC%20b/converse",
    ),
)
def test_the_receiving_side_agrees(path, token):
    """Paths are encoded once more in what is signed; a session's token is signed, too."""
    given = ((b"content-type", b"application/json"),)
    signed = signer(Keys("AKIDEXAMPLE", SECRET, token)).sign("POST", URL + path, given, b"{}")
    headers = {n.decode(): v.decode() for n, v in signed}
    headers["host"] = URL.removeprefix("https://")

    assert [] == faults("POST", path, headers, b"{}", SECRET, region="us-east-1")
    assert ["the signature does not match"] == faults(
        "POST", path, headers, b"{ }", SECRET, region="us-east-1"
    )
    assert token == headers.get("x-amz-security-token")


def test_the_verifier_sees_what_is_not_signed():
    """It is no mirror of the signer."""
    signed = {
        "host": "h",
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/s3/aws4_request, "
        "SignedHeaders=host, Signature=" + "0" * 64,
    }

    assert [
        "scope us-east-1/s3",
        "x-amz-date is not signed",
        "the signature does not match",
    ] == faults("POST", "/", signed, b"", SECRET, region="us-east-1")
    assert ["no authorization of this kind"] == faults("POST", "/", {}, b"", "", region="us-east-1")


def test_a_port_that_is_not_the_schemes_is_signed():
    """As the Host header has it."""
    signed = signer().sign("POST", "http://127.0.0.1:9000/model/m/converse", (), b"x")
    headers = {n.decode(): v.decode() for n, v in signed} | {"host": "127.0.0.1:9000"}

    assert [] == faults("POST", "/model/m/converse", headers, b"x", SECRET, region="us-east-1")


def test_keys_do_not_show():
    """Not in a log, not in a traceback."""
    assert "EXAMPLE" not in repr(KEYS)


def test_the_extra_is_found_without_loading_it():
    """Here it is installed, for these tests."""
    assert available()
