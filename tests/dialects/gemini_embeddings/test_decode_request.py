"""embedContent and batchEmbedContents: what is read, what is kept, and every way to get it wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.dialects.gemini_embeddings.making import decoded, texts
from trunkline.canon.errors import Malformed
from trunkline.dialects.gemini_embeddings.decode_request import decode_request

PICTURE = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}


def test_one_text():
    """Alone, and to be answered so."""
    request = decoded(**texts("a"), stream=False)

    assert (("a",), True, "m", None) == (
        request.inputs,
        request.single,
        request.model,
        request.dimensions,
    )
    assert not request.extra
    assert {"content"} == request.asides[0].own.keys()


def test_a_batch_keeps_its_order():
    """An object alone is an array of one, as everywhere at Google."""
    request = decoded(requests=[texts(text) for text in "cab"])

    assert (("c", "a", "b"), False) == (request.inputs, request.single)
    assert (("a",), False) == (
        decoded(requests=texts("a")).inputs,
        decoded(requests=texts("a")).single,
    )


def test_several_texts_of_one_content_are_one():
    """What cannot be told to others is named."""
    request = decoded(**texts("a", "b"))

    assert ("a\nb",) == request.inputs
    assert ["content.parts"] == [note.field for note in request.asides[0].lost]
    assert not decoded(**texts("a")).asides[0].lost


@pytest.mark.parametrize(
    "said",
    (
        {"taskType": "CLUSTERING", "title": "T", "outputDimensionality": 7},
        {"task_type": "CLUSTERING", "title": "T", "output_dimensionality": 7},
        {
            "embedContentConfig": {
                "taskType": "CLUSTERING",
                "title": "T",
                "outputDimensionality": 7,
            }
        },
        {
            "embed_content_config": {
                "task_type": "CLUSTERING",
                "title": "T",
                "output_dimensionality": 7,
            }
        },
    ),
    ids=("camel", "snake", "config", "snake config"),
)
def test_what_is_said_of_a_text(said):
    """In either spelling, and where newer clients say it."""
    for request in (decoded(**texts("a", **said)), decoded(requests=[texts("a", **said)])):
        assert (7, "CLUSTERING") == (request.dimensions, request.asides[0].task)
        assert ["title"] == [note.field for note in request.asides[0].lost]


def test_purposes_and_titles_may_differ():
    """Documents of one batch have a title each."""
    batch = [texts("a", title="A", taskType="X"), texts("b", title="B", taskType="Y")]
    request = decoded(requests=batch)

    assert ["X", "Y"] == [aside.task for aside in request.asides]
    assert [b'"A"', b'"B"'] == [bytes(aside.own["title"]) for aside in request.asides]


def test_what_nobody_knows_is_kept_and_named():
    """Of a text, of its content, of a part, of the batch."""
    entry = texts("a", x=1, embedContentConfig={"autoTruncate": False})
    entry["content"] |= {"role": "user", "y": 2}
    entry["content"]["parts"][0]["z"] = 3
    request = decoded(requests=[entry], w=4)

    assert {"x", "autoTruncate", "content.y", "content.z"} == {
        note.field for note in request.asides[0].lost
    }
    assert {"content", "x", "embedContentConfig"} == request.asides[0].own.keys()
    assert {"w": b"4"} == {name: bytes(raw) for name, raw in request.extra.items()}


@pytest.mark.parametrize("named", ("m", "models/m", "publishers/google/models/m"))
def test_a_model_named_once_more(named):
    """Is the path's own, and not passed on."""
    request = decoded(requests=[texts("a", model=named)])

    assert "model" not in request.asides[0].own


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    (
        ({}, "content", "missing required parameter: 'content' or 'requests'"),
        ({"content": None}, "content", "missing"),
        ({"content": "a"}, "content", "Expected `object`"),
        ({"content": {}}, "content.parts", "text that is not empty"),
        ({"content": {"parts": []}}, "content.parts", "text that is not empty"),
        (texts("", ""), "content.parts", "text that is not empty"),
        ({"content": {"parts": [PICTURE]}}, "content.parts[0]", "only texts"),
        ({"content": {"parts": [{"text": "a"}, PICTURE]}}, "content.parts[1]", "only texts"),
        ({"content": {"parts": [{"text": 7}]}}, "content.parts[0].text", "Expected `str`"),
        ({"content": {"parts": "a"}}, "content.parts", "Expected `array`"),
        (texts("a", outputDimensionality=0), "outputDimensionality", ">= 1"),
        (texts("a", outputDimensionality="7"), "outputDimensionality", "Expected `int`"),
        (texts("a", taskType=7), "taskType", "Expected `str`"),
        (texts("a", embedContentConfig=7), "embedContentConfig", "Expected `object`"),
        (
            texts("a", embedContentConfig={"taskType": 7}),
            "embedContentConfig.taskType",
            "Expected `str`",
        ),
        ({"requests": []}, "requests", "at least one"),
        ({"requests": [texts("a")] * 2049}, "requests", "2049 entries; at most 2048"),
        ({"requests": [texts("a")], **texts("a")}, "content", "not both"),
        ({"requests": [{}]}, "requests[0].content", r"'requests\[0\].content'"),
        ({"requests": [7]}, "requests[0]", "Expected `object`"),
        (
            {"requests": [texts("a"), {"content": {"parts": [PICTURE]}}]},
            "requests[1].content.parts[0]",
            "only texts",
        ),
        (
            {"requests": [texts("a"), texts("b", outputDimensionality=7)]},
            "requests[1].outputDimensionality",
            "one length",
        ),
        ({"requests": [texts("a", model="models/n")]}, "requests[0].model", "another model"),
        ({"requests": [texts("a", model="xm")]}, "requests[0].model", "another model"),
    ),
)
def test_what_is_wrong_is_named(fields, param, says):
    """A 400 with the field's path, as Google answers."""
    with pytest.raises(Malformed, match=says) as caught:
        decoded(**fields)
    assert param == caught.value.param


@pytest.mark.parametrize("field", (b"title", b"x"))
def test_what_is_no_utf_8_goes_nowhere(field):
    """Also where nobody here looks at it."""
    content = Raw(json.encode(texts("a")["content"]))
    with pytest.raises(Malformed, match="UTF-8"):
        decode_request({"model": Raw(b'"m"'), "content": content, field.decode(): Raw(b'"\xff"')})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(("parts", "text", "content", "taskType", "z")), inner)
    ),
)
ENTRY = st.dictionaries(
    st.sampled_from(("content", "taskType", "outputDimensionality", "embedContentConfig", "x")),
    JSON,
)
TEXTS = st.lists(st.text(), min_size=1).map(lambda found: texts(*found))


@given(ENTRY | st.fixed_dictionaries({"requests": st.lists(ENTRY | TEXTS) | JSON}))
def test_nothing_but_malformed_escapes(fields):
    """Whatever the values: a request with something said of each text, or a 400."""
    try:
        request = decoded(**fields)
    except Malformed:
        return
    assert all(request.inputs)
    assert len(request.inputs) == len(request.asides)


@given(st.lists(TEXTS, min_size=1))
def test_each_content_is_one_input(batch):
    """In its place, unless one of them is empty."""
    said = [[part["text"] for part in entry["content"]["parts"]] for entry in batch]
    if all(any(parts) for parts in said):
        assert tuple("\n".join(parts) for parts in said) == decoded(requests=batch).inputs
    else:
        with pytest.raises(Malformed, match="not empty"):
            decoded(requests=batch)
