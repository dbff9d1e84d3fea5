"""Tests of the dialect as the flow uses it."""

import pytest

from tests.dialects.bedrock_converse.kit import DIALECT, SONNET_4


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    (
        (SONNET_4, False, "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse"),
        ("m", True, "/model/m/converse-stream"),
        (
            "arn:aws:bedrock:eu-west-1:1:inference-profile/x",
            False,
            "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fx/converse",
        ),
        ("../a b", False, "/model/..%2Fa%20b/converse"),
    ),
)
def test_paths(model, stream, path):
    """The model is one segment, whatever it is made of."""
    assert path == DIALECT.path(model, stream=stream)


def test_streams_have_a_media_type_of_their_own():
    """Anything else is not a stream of this dialect."""
    assert b"application/vnd.amazon.eventstream" == DIALECT.stream_type
