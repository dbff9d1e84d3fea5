"""Gemini's answers, with and without usage."""

import pytest
from msgspec import json

from trunkline.canon.errors import Garbled, Throttled
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini_embeddings.decode_answer import decode_answer


@pytest.mark.parametrize(
    ("told", "usage"),
    (
        ({}, None),
        ({"usageMetadata": {"promptTokenCount": 7}}, Usage(input=7)),
        ({"usageMetadata": {"promptTokenCount": 0}}, None),
        ({"usageMetadata": {}}, None),
    ),
)
def test_an_answer(told, usage):
    """Its numbers stay as they are; not every model tells of its usage."""
    body = b'{"embeddings":[{"values":[1.50,2]},{"values":[3,4]}],%b' % json.encode(told)[1:]
    found = decode_answer(body.replace(b",}", b"}"), 2)

    assert ([b"[1.50,2]", b"[3,4]"], 2, usage) == (
        [bytes(vector) for vector in found.vectors],
        found.size,
        found.usage,
    )


@pytest.mark.parametrize(
    "body",
    (b"", b"[]", b'{"embeddings":[]}', b'{"embeddings":[{"values":[]}]}', b'{"embeddings":[{}]}'),
)
def test_what_is_no_answer(body):
    """Garbled, and nothing else."""
    with pytest.raises(Garbled):
        decode_answer(body, 1)


def test_a_failure_that_says_200():
    """Is the failure that it tells of."""
    with pytest.raises(Throttled):
        decode_answer(b'{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}', 1)
