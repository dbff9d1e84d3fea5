"""Requests to Gemini: its own clients' as they said it, others' in its words."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.dialects.gemini_embeddings.making import TARGET, decoded, texts
from tests.dialects.openai_embeddings.making import asked
from trunkline.dialects.gemini_embeddings.encode_request import encode_request


def sent(request):
    return json.decode(encode_request(request, TARGET).body)


def test_others_in_gemini_s_words():
    """One of a batch for each text, each with all that was said."""
    extra = {"task_type": Raw(b'"CLUSTERING"'), "title": Raw(b'"T"')}
    body = sent(asked("a", "b", dimensions=7, extra=extra))

    said = {"model": "models/up", "outputDimensionality": 7, "taskType": "CLUSTERING", "title": "T"}
    assert {"requests": [texts("a", **said), texts("b", **said)]} == body


def test_what_gemini_does_not_know_is_dropped_with_a_note():
    """An unknown field is a 400 there."""
    encoded = encode_request(asked(user="u", extra={"x": Raw(b"1")}), TARGET)

    assert ["user", "x"] == [note.field for note in encoded.notes]
    assert {"model", "content"} == set(json.decode(encoded.body)["requests"][0])


def test_a_single_text_is_a_batch_of_one():
    """With all that was said of it, and without a note: nothing is lost."""
    said = {"taskType": "CLUSTERING", "title": "T", "outputDimensionality": 7, "new": [1]}
    request = decoded(**texts("a", "b", **said))

    assert {"requests": [texts("a", "b", **said, model="models/up")]} == sent(request)
    assert () == encode_request(request, TARGET).notes


ENTRIES = st.lists(
    st.builds(
        lambda parts, task, title: texts(*parts, "end", taskType=task, title=title),
        st.lists(st.text(), max_size=3),
        st.sampled_from(("RETRIEVAL_QUERY", "CLUSTERING")),
        st.text(),
    ),
    min_size=1,
    max_size=5,
)


@given(ENTRIES, st.integers(0, 5), st.integers(0, 5))
def test_any_part_of_a_batch_is_what_its_client_said(batch, start, end):
    """Cut wherever it is: the entries in their order, but for the name of the model."""
    expected = [{**entry, "model": "models/up"} for entry in batch[start:end]]

    assert {"requests": expected} == sent(decoded(requests=batch).part(start, end))
