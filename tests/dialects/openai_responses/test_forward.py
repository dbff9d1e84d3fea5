"""Requests that pass."""

from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import FOREIGN, OWN, deployment
from trunkline.dialects.openai_responses.carried import carry
from trunkline.dialects.openai_responses.forward import forward
from trunkline.dialects.openai_responses.reasoning import signature_of
from trunkline.dialects.thought_ids import signed


def passed(body, **quirks):
    envelope = {name: Raw(json.encode(value)) for name, value in body.items()}
    return forward(envelope, deployment(**quirks))


def test_all_but_the_model():
    """To the byte."""
    envelope = {"input": Raw(b'[ {"role" : "user"} ]'), "model": Raw(b'"x"'), "new": Raw(b"[1, 2]")}
    encoded = forward(envelope, deployment())
    assert b'{"input":[ {"role" : "user"} ],"model":"m","new":[1, 2]}' == encoded.body
    assert () == encoded.notes


def test_quirks():
    """Of the top level."""
    encoded = passed(
        {"model": "x", "user": "u", "store": True, "top_p": 1},
        drop=("user",),
        rename={"top_p": "p"},
        add={"store": Raw(b"false"), "tier": Raw(b'"a"')},
    )
    assert {"model": "m", "store": True, "p": 1, "tier": "a"} == json.decode(encoded.body)
    assert ["user"] == [note.field for note in encoded.notes]


def test_routing_is_not_the_client_s():
    """Where an upstream could have another model answer."""
    encoded = passed({"model": "x", "models": ["y"]}, routing=("models",))

    assert {"model": "m"} == json.decode(encoded.body)
    assert ["models"] == [note.field for note in encoded.notes]


def test_reasoning_of_others_stays_behind():
    """OpenAI would answer 400 to what it did not seal; its own goes back as it was."""
    proof = signature_of("rs_1", "gAAA")
    kept = {"type": "message", "role": "user", "content": 'says "trunkline.1:'}
    items = [
        {
            "type": "reasoning",
            "id": "rs_9",
            "encrypted_content": carry("sig", FOREIGN, redacted=False),
        },
        {"type": "reasoning", "id": "rs_8", "encrypted_content": carry(proof, OWN, redacted=True)},
        {"type": "reasoning", "id": "rs_7", "encrypted_content": "gBBB"},
        kept,
    ]
    encoded = passed({"model": "x", "input": items})
    own = {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA", "summary": []}

    assert [own, items[2], kept] == json.decode(encoded.body)["input"]
    assert ["input"] == [note.field for note in encoded.notes]


def test_what_is_no_list_of_items():
    """Is for the upstream to refuse."""
    raw = Raw(b'["trunkline.1:x",7]')
    encoded = forward({"model": Raw(b'"x"'), "input": raw}, deployment())
    assert ["trunkline.1:x", 7] == json.decode(encoded.body)["input"]


def test_signatures_in_call_ids_stay_behind():
    """They are Gemini's, and the id is too long with them; the call and its output still agree."""
    call_id = signed("call_1", "s" * 2000)
    call = {"type": "function_call", "id": "fc_1", "call_id": call_id, "name": "f"}
    output = {"type": "function_call_output", "call_id": call_id, "output": call_id}
    other = {"type": "function_call", "call_id": "call_2", "name": "__thought_x"}
    encoded = passed({"model": "x", "input": [call, output, other]})
    expected = [{**call, "call_id": "call_1"}, {**output, "call_id": "call_1"}, other]
    assert expected == json.decode(encoded.body)["input"]
    assert () == encoded.notes
