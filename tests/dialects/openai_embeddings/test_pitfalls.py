"""Where other gateways fell: what the SDKs ask for by default, and what they make of anything else."""

import base64
import struct

import pytest
from msgspec import json

from tests.dialects.openai_embeddings.making import envelope, target
from trunkline.dialects.openai_embeddings.dialect import OpenAIEmbeddings

DIALECT = OpenAIEmbeddings()
NUMBERS = [0.5, -0.25, 1.0, 2.0]
WRITTEN = base64.b64encode(struct.pack("<4f", *NUMBERS)).decode()


@pytest.mark.parametrize("knows", (True, False))
@pytest.mark.parametrize("came", (NUMBERS, WRITTEN), ids=("numbers", "base64"))
def test_pitfall_57_base64_is_what_sdks_ask_for_and_must_get(came, knows):
    """
    Numbers, read as base64 by a client, become a quarter of a vector or none at all.

    So it gets base64, whether the upstream knows the field, heeds it, or neither.
    """
    request = DIALECT.decode_request(envelope(model="m", input=["hello"], encoding_format="base64"))
    sent = json.decode(DIALECT.encode_request(request, target(base64=knows)).body)
    found = DIALECT.decode_answer(
        json.encode({"object": "list", "data": [{"index": 0, "embedding": came}]}), 1
    )
    [one] = json.decode(b"".join(DIALECT.encode_answer(found, request)))["data"]

    assert knows == ("encoding_format" in sent)
    assert WRITTEN == one["embedding"]
