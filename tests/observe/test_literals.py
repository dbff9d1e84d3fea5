"""Where strings stand in JSON, in streams of it, and in what is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.observe.literals import escaped, literals, plain_name, unescaped


def never(_name):
    return False


def test_all_spellings_of_a_name_are_one():
    """As programs of all kinds write it."""
    assert {"apikey"} == {plain_name(n) for n in ("api_key", "Api-Key", "apiKey", "API KEY")}


@given(st.text())
def test_a_string_is_read_as_json_reads_it(text):
    """And written so that JSON reads it."""
    assert text == unescaped(json.encode(text).decode()[1:-1])
    assert text == json.decode(escaped(text))


@pytest.mark.parametrize(
    ("raw", "value"),
    ((r"a\/b\u0041", "a/bA"), (r"\ud800x", "\ufffdx"), (r"\q\n", "q\n"), ("a\\", "a\\")),
)
def test_what_json_would_refuse_is_read_all_the_same(raw, value):
    """A text that was cut, or that never was JSON."""
    assert value == unescaped(raw)
    assert value == json.decode(escaped(value))


@given(st.text(alphabet='{}[],:"\\ \nab\0'))
def test_any_text_is_cut_without_loss(text):
    """Each piece is where it says it is, in order, and only punctuation is between them."""
    last = 0
    for piece in literals(text, lambda name: name == "a"):
        assert "" == text[last : piece.start].strip("{}[],: \r\n")
        assert piece.start < piece.end
        if not piece.quoted or piece.secret:
            assert piece.secret or piece.value == text[piece.start : piece.end]
        last = piece.end
    assert "" == text[last:].strip("{}[],: \r\n")


def places(text):
    return [(piece.value, piece.place) for piece in literals(text, never) if piece.place]


def same(one, other):
    """Whether the first two strings that are no names stand at the same place."""
    [(_, first), (_, second)] = places(f"{one}\n\n{other}")[:2]
    return first == second


def test_deltas_of_one_choice_go_on_from_each_other():
    """Those of another do not, wherever its index is told."""
    event = 'data: {{"choices": [{{"delta": {{"content": "{}"}}, "index": {}}}]}}'

    assert same(event.format("a", 0), event.format("b", 0))
    assert not same(event.format("a", 0), event.format("b", 1))
    assert same('data: {"delta":"a","output_index":1}', 'data: {"delta":"b","output_index":1}')
    assert not same('data: {"delta":"a","output_index":1}', 'data: {"delta":"b","output_index":2}')


def test_a_text_in_an_array_is_a_text():
    """As one provider streams; entries of an inner array are apart."""
    [(_, first), (_, second)] = places('[{"t": "a"}\n,\r\n{"t": "b"}]')
    assert first == second
    [(_, first), (_, second)] = places('{"m": [{"t": "a"}, {"t": "b"}]}')
    assert first != second


def test_an_event_that_broke_off_ends_with_it():
    """The next is not inside it."""
    assert same('data: {"a": "x"}', 'data: {"a": "y"}')
    [_, (_, second), (_, third)] = places(
        'data: {"b": {"a": "x"\n\ndata: {"a": "y"}\n\ndata: {"a": "z"}'
    )
    assert second == third


def test_a_secret_field_is_secret_to_its_depth():
    """Whatever stands in it but true, false and null, and however it ends."""
    text = '{"s": "a", "t": "b", "s": {"x": ["c"], "y": 1}, "z": "d", "s": 12.5, "s": true, "s": "e'
    found = [p.value for p in literals(text, lambda name: name == "s") if p.secret]

    assert ["a", "c", "12.5", "e"] == found
