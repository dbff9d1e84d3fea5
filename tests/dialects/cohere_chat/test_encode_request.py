"""The body as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.dialects.cohere_chat.kit import (
    DIALECT,
    SCHEMA,
    WEATHER,
    body_of,
    chat,
    encode,
    noted,
    to,
)
from trunkline.canon.errors import GatewayError, Unsupported
from trunkline.canon.request import OutputFormat
from trunkline.dialects.openai_chat.dialect import OpenAIChat

JSON = OutputFormat(kind="json_object")
PERSON = OutputFormat(kind="json_schema", schema=SCHEMA, name="person")
CHAT = OpenAIChat()


def test_the_least_of_it():
    """Nothing is said that the client did not say."""
    assert {
        "model": "command-a-reasoning-08-2025",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    } == body_of(chat())


def test_sampling_and_limits():
    """In Cohere's words."""
    request = chat(
        max_output_tokens=100,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        seed=7,
        frequency_penalty=0.5,
        logprobs=True,
        stop=("END", ""),
        presence_penalty=0.0,
    )

    body = body_of(request)
    assert {
        "max_tokens": 100,
        "temperature": 0.5,
        "p": 0.9,
        "k": 40,
        "seed": 7,
        "frequency_penalty": 0.5,
        "logprobs": True,
        "stop_sequences": ["END"],
    } == {name: body[name] for name in body.keys() - {"model", "messages", "stream"}}
    assert [] == noted(request)


@pytest.mark.parametrize(
    ("fields", "sent", "told"),
    (
        ({"temperature": 1.7}, ("temperature", 1.0), "temperature"),
        ({"top_p": 1.0}, ("p", 0.99), "top_p"),
        ({"top_p": 0.0}, ("p", 0.01), "top_p"),
        ({"top_k": 900}, ("k", 500), "top_k"),
        ({"presence_penalty": -2.0}, ("presence_penalty", 0.0), "presence_penalty"),
        ({"frequency_penalty": 2.0}, ("frequency_penalty", 1.0), "frequency_penalty"),
        ({"max_output_tokens": 9000}, ("max_tokens", 4000), "max_tokens"),
        ({"stop": tuple("abcdef")}, ("stop_sequences", list("abcde")), "stop"),
    ),
)
def test_what_is_beyond_its_bounds_is_fitted(fields, sent, told):
    """Rather than answered by a 400; and noted."""
    name, value = sent

    assert value == body_of(chat(**fields), to(most=4000))[name]
    assert [told] == noted(chat(**fields), to(most=4000))


def test_one_penalty_alone():
    """400: "cannot specify both"."""
    request = chat(frequency_penalty=0.5, presence_penalty=0.5)

    assert "presence_penalty" not in body_of(request)
    assert ["presence_penalty"] == noted(request)


def test_formats():
    """A schema to the byte; text is the default."""
    assert {"type": "json_object"} == body_of(chat(output_format=JSON))["response_format"]
    assert {
        "type": "json_object",
        "json_schema": json.decode(SCHEMA),
    } == body_of(chat(output_format=PERSON))["response_format"]
    assert "response_format" not in body_of(chat(output_format=OutputFormat(kind="text")))


def test_a_schema_for_who_takes_none():
    """In words, beside the format."""
    body = body_of(chat(output_format=PERSON), to(schema_output=False))

    assert {"type": "json_object"} == body["response_format"]
    assert bytes(SCHEMA).decode() in body["messages"][0]["content"]


@pytest.mark.parametrize("fields", ({"tools": (WEATHER,)}, {"extra": {"documents": Raw(b'["d"]')}}))
def test_beside_tools_and_documents_a_format_is_asked_for_in_words(fields):
    """The API refuses both at once."""
    request = chat(output_format=PERSON, **fields)
    body = body_of(request)

    assert "response_format" not in body
    assert "system" == body["messages"][0]["role"]
    assert ["response_format"] == noted(request)


def test_coheres_own_fields_pass():
    """And those of others are noted."""
    request = chat(
        extra={"safety_mode": Raw(b'"STRICT"'), "documents": Raw(b'["d"]'), "store": Raw(b"true")}
    )
    body = body_of(request)

    assert ("STRICT", ["d"]) == (body["safety_mode"], body["documents"])
    assert "store" not in body
    assert ["store"] == noted(request)


def test_what_there_is_no_field_for_is_noted():
    """Unless it is what happens anyway."""
    request = chat(
        user="u",
        verbosity="low",
        logit_bias=Raw(b"{}"),
        metadata=Raw(b"{}"),
        top_logprobs=2,
        service_tier="flex",
    )

    assert [
        "top_logprobs",
        "logit_bias",
        "verbosity",
        "metadata",
        "user",
        "service_tier",
    ] == noted(request)
    assert [] == noted(chat(service_tier="auto", n=1))


@pytest.mark.parametrize("n", (0, 2))
def test_several_answers_are_refused(n):
    """It gives one."""
    with pytest.raises(Unsupported):
        body_of(chat(n=n))


def test_quirks_of_a_row():
    """Fields dropped, called otherwise and added."""
    place = to(drop=("seed", "k"), rename={"p": "top_p"}, add={"priority": Raw(b"1")})
    body, encoded = encode(chat(seed=7, top_p=0.5), place)

    assert (0.5, 1) == (body["top_p"], body["priority"])
    assert not {"seed", "p"} & body.keys()
    assert ["seed"] == [note.field for note in encoded.notes]


@given(st.binary(max_size=60))
def test_only_a_gateway_error_escapes(body):
    """Whatever a client asks, what goes out is JSON."""
    for data in (body, b'{"model":"m","messages":[{"role":"user","content":' + body + b"}]}"):
        try:
            request = CHAT.decode_request(data, {})
            encoded = DIALECT.encode_request(request, to())
        except GatewayError:
            continue
        assert json.decode(encoded.body)["messages"] is not None
