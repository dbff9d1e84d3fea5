"""A request that asks for its count: bare contents, or a whole request in an envelope."""

import pytest
from msgspec import json

from trunkline.canon.content import Role
from trunkline.canon.errors import Garbled, Malformed, UpstreamError
from trunkline.dialects.base import Encoded
from trunkline.dialects.gemini.count import (
    count_request,
    decode_count,
    decode_count_request,
    encode_count,
)
from trunkline.dialects.gemini.dialect import Gemini

SAID = [{"role": "user", "parts": [{"text": "hi"}]}]
SYSTEM = {"parts": [{"text": "be brief"}]}


def sent(body, model="m"):
    return json.decode(count_request(Encoded(json.encode(body)), model).body)


def test_bare_contents_go_as_they_are():
    """To the byte: the endpoint takes them so."""
    asked = Encoded(b'{ "contents" : [] }')

    assert asked is count_request(asked, "m")


@pytest.mark.parametrize(
    ("model", "named"), (("m", "models/m"), ("tunedModels/mine", "tunedModels/mine"))
)
def test_anything_more_goes_as_a_whole_request(model, named):
    """The endpoint takes system instructions and tools within such a one alone."""
    body = {"contents": SAID, "systemInstruction": SYSTEM, "generationConfig": {"topK": 1}}
    asked = sent(body, model)

    assert {"generateContentRequest": {**body, "model": named}} == asked
    renamed = sent({"generate_content_request": {"model": "models/alias", **body}}, model)
    assert asked == renamed


@pytest.mark.parametrize("name", ("generateContentRequest", "generate_content_request"))
def test_a_clients_request(name):
    """In either form it means the same conversation; the path's model counts before the one within."""
    inner = {"model": "models/within", "contents": SAID, "systemInstruction": SYSTEM}
    whole = decode_count_request(json.encode({"model": "path", name: inner}))
    bare = decode_count_request(json.encode({"model": "path", "contents": SAID}))

    assert ("path", [Role.SYSTEM, Role.USER]) == (whole.model, [m.role for m in whole.messages])
    assert ("path", [Role.USER]) == (bare.model, [m.role for m in bare.messages])


@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"[]",
        b"{",
        b'{"a":' * 100_000,
        b'{"generateContentRequest":5}',
        b'{"generateContentRequest":{"contents":5}}',
        b'{"contents":[],"\xff":1}',
    ),
)
def test_what_is_no_request_is_refused(body):
    """Nothing else is raised, whatever the bytes."""
    with pytest.raises(Malformed):
        decode_count_request(body)


def test_a_count_there_and_back():
    """As the API writes it."""
    assert b'{"totalTokens":12}' == encode_count(12)
    assert 12 == decode_count(encode_count(12))


@pytest.mark.parametrize("body", (b"", b"{}", b'{"totalTokens":-1}', b'{"totalTokens":"7"}'))
def test_what_is_no_count(body):
    """Not understood, so that the gateway counts instead."""
    with pytest.raises(Garbled):
        decode_count(body)


def test_an_error_in_a_200_is_that_error():
    """Google's own."""
    with pytest.raises(UpstreamError):
        decode_count(b'{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}')


def test_where_it_is_asked():
    """Beside the method that answers."""
    assert "/models/gemini-2.5-flash:countTokens" == Gemini().count_path("gemini-2.5-flash")
    assert "/tunedModels/mine:countTokens" == Gemini().count_path("tunedModels/mine")


def test_recorded_counts_are_read(shared):
    """What the real endpoint was asked and what it said."""
    found = 0
    for path in sorted((shared / "fixtures/gemini").glob("*.json")):
        recorded = json.decode(path.read_bytes())
        if "request" not in recorded or not recorded["request"]["path"].endswith(":countTokens"):
            continue
        found += 1
        assert recorded["request"]["body"] == sent(recorded["request"]["body"])
        if recorded["response"]["status"] == 200:
            told = recorded["response"]["body"]
            assert told["totalTokens"] == decode_count(json.encode(told))
    assert found
