"""Tests of the whole body."""

import pytest
from hypothesis import given
from msgspec import Raw, json

from tests.dialects.bedrock_converse.kit import (
    LLAMA,
    NOVA,
    OPUS_4_8,
    SONNET_4,
    body_of,
    chat,
    encode,
    noted,
    to,
)
from tests.dialects.turns import user
from tests.strategies import canon_requests
from trunkline.canon.content import CacheMark, Text
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import OutputFormat, Thinking

SCHEMA = Raw(b'{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}')


def test_the_plainest_request():
    """Model and stream are in the path."""
    body, encoded = encode(chat(user("hi"), stream=True))

    assert {"messages": [{"role": "user", "content": [{"text": "hi"}]}]} == body
    assert ((), ()) == (encoded.headers, encoded.notes)


def test_every_plain_field():
    """Each by its name here."""
    body = body_of(
        chat(max_output_tokens=9, temperature=0.5, stop=("END",), service_tier="flex"), to(LLAMA)
    )

    assert {"maxTokens": 9, "temperature": 0.5, "stopSequences": ["END"]} == body["inferenceConfig"]
    assert {"type": "flex"} == body["serviceTier"]


def test_fields_without_a_place_are_noted():
    """And those that only the client's dialect knows: never a beta header among them."""
    asked = chat(
        seed=1,
        presence_penalty=1.0,
        frequency_penalty=1.0,
        logprobs=True,
        logit_bias=Raw(b"{}"),
        verbosity="low",
        metadata=Raw(b"{}"),
        user="u",
        service_tier="scale",
        extra={"anthropic-beta": Raw(b'"x"'), "store": Raw(b"true")},
    )
    body, encoded = encode(asked)

    assert ["messages"] == list(body)
    assert {
        "seed", "presence_penalty", "frequency_penalty", "logprobs", "logit_bias", "verbosity",
        "metadata", "user", "service_tier", "anthropic-beta", "store",
    } == {note.field for note in encoded.notes}  # fmt: skip


@pytest.mark.parametrize("n", (0, 2))
def test_one_answer_at_a_time(n):
    """Anything else could not be told as one."""
    with pytest.raises(Unsupported):
        encode(chat(n=n))


@pytest.mark.parametrize(
    ("model", "fields", "sent"),
    (
        (SONNET_4, {"temperature": 1.7}, {"temperature": 1.0}),
        (SONNET_4, {"temperature": 0.2, "top_p": 0.9}, {"temperature": 0.2}),
        (LLAMA, {"temperature": 0.2, "top_p": 0.9}, {"temperature": 0.2, "topP": 0.9}),
        (OPUS_4_8, {"temperature": 0.2, "thinking": Thinking(effort="low")}, None),
        (OPUS_4_8, {"top_p": 0.97, "thinking": Thinking(effort="low")}, {"topP": 0.97}),
        (LLAMA, {"stop": (" ", "x")}, {"stopSequences": ["x"]}),
    ),
)
def test_sampling(model, fields, sent):
    """Within what the model takes; what is changed is noted, in each case but the third."""
    assert sent == body_of(chat(**fields), to(model)).get("inferenceConfig")
    assert (sent in ({"temperature": 0.2, "topP": 0.9}, {"topP": 0.97})) == (
        not noted(chat(**fields), to(model))
    )


def test_top_k():
    """Each family has a place of its own for it, or none."""
    asked = chat(top_k=5)

    assert {"top_k": 5} == body_of(asked)["additionalModelRequestFields"]
    assert {"inferenceConfig": {"topK": 5}} == body_of(asked, to(NOVA))[
        "additionalModelRequestFields"
    ]
    assert ["top_k"] == noted(asked, to(LLAMA))


def test_structured_output():
    """The schema as a string, closed and without bounds."""
    wanted = OutputFormat(kind="json_schema", schema=SCHEMA, name="n", description="d")
    body = body_of(chat(output_format=wanted), to(schema_output=True))
    told = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]

    assert ("n", "d") == (told["name"], told["description"])
    assert {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "additionalProperties": False,
    } == json.decode(told["schema"])


def test_an_object_of_any_properties_is_asked_for():
    """Closed, it could only be {}."""
    free = OutputFormat(kind="json_schema", schema=Raw(b'{"type":"object"}'))
    asked = chat(output_format=free)
    body = body_of(asked, to(schema_output=True))

    assert '{"type":"object"}' in body["system"][0]["text"]
    assert "outputConfig" not in body
    assert ["response_format"] == noted(asked, to(schema_output=True))


@pytest.mark.parametrize("kind", ("json_object", "json_schema"))
def test_structured_output_where_it_cannot_be_enforced(kind):
    """The system prompt asks for it, and a note tells."""
    asked = chat(output_format=OutputFormat(kind=kind, schema=SCHEMA))
    body = body_of(asked, to(schema_output=False))

    assert "JSON" in body["system"][0]["text"]
    assert (b"minimum" in body["system"][0]["text"].encode()) == (kind == "json_schema")
    assert ["response_format"] == noted(asked, to(schema_output=False))


def test_surplus_cache_points_are_gone():
    """Four are left, and no empty block where others stood."""
    marked = [Text(str(at), CacheMark()) for at in range(6)]
    content = body_of(chat(user(*marked)))["messages"][0]["content"]

    assert 4 == sum("cachePoint" in block for block in content)
    assert 10 == len(content)


def test_quirks():
    """Dropped, renamed and added at the top."""
    place = to(
        drop=("serviceTier",),
        rename={"inferenceConfig": "x"},
        add={"performanceConfig": Raw(b'{"latency":"optimized"}')},
    )
    body, encoded = encode(chat(service_tier="flex", temperature=0.1), place)

    assert {"messages", "x", "performanceConfig"} == set(body)
    assert ["serviceTier"] == [note.field for note in encoded.notes]


@given(canon_requests("openai-chat"))
def test_whatever_is_asked_alternates(request):
    """Turns alternate and begin with the user; no block is empty."""
    try:
        messages = body_of(request)["messages"]
    except Unsupported:
        return

    assert ["user", "assistant"] * (len(messages) // 2) + ["user"] * (len(messages) % 2) == [
        message["role"] for message in messages
    ]
    assert all(message["content"] and all(message["content"]) for message in messages)
