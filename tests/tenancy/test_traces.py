"""What a body asks for beyond its own length, found without reading its texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from trunkline.tenancy.traces import Traces, traces_in

PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOUND = {"type": "input_audio", "input_audio": {}}
LASTING = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
LONG = "word " * 2000


def found(body: bytes) -> Traces:
    return traces_in(body, json.decode(body, type=dict[str, Raw]))


def spaced(value: object) -> bytes:
    """As Python's own encoder writes."""
    return json.format(json.encode(value), indent=0)


def lines(value: object) -> bytes:
    """As people write."""
    return json.format(json.encode(value))


@pytest.mark.parametrize("text", ("", LONG), ids=("short", "long"))
@pytest.mark.parametrize("encode", (json.encode, spaced, lines), ids=("tight", "spaced", "lines"))
@pytest.mark.parametrize(
    ("part", "traces"),
    (
        ({"type": "text", "text": "a"}, Traces()),
        (PICTURE, Traces(unseen=True)),
        (SOUND, Traces(unseen=True, audio=True)),
        (LASTING, Traces(long_cache=True)),
        ({"type": "text", "text": json.encode(PICTURE).decode()}, Traces()),
        ({"type": "text", "text": json.encode(PICTURE).decode() + LONG}, Traces()),
        ({"type": "text", "text": LONG, "deep": [[{"a": [LONG, PICTURE]}]]}, Traces(unseen=True)),
    ),
)  # fmt: skip
def test_found_beside_texts_of_any_length(text, encode, part, traces):
    """Wherever it stands, however the body is spaced; within a text it is a text."""
    turns = [{"role": "user", "content": text}, {"role": "user", "content": [part]}]
    assert traces == found(encode({"model": "m", "messages": turns, "max_tokens": 5}))


@pytest.mark.parametrize(
    "body",
    (
        b'{"messages":[{"content":[%b],"content":"%b"}]}',
        b'{"messages": [{"content": [%b], "content": "%b"}]}',
        b'{"input":[{"content":[%b],"c\\u006fntent":"%b"}]}',
        b'{"contents":[%b],"contents":"%b"}',
    ),
)
def test_a_name_that_is_given_twice(body):
    """Somebody may read the first of them."""
    assert Traces(unseen=True) == found(body % (json.encode(PICTURE), LONG.encode()))


@pytest.mark.parametrize(
    ("part", "traces"),
    (
        ({"inline_data": {"mime_type": "audio/wav;x=" + LONG}}, Traces(unseen=True, audio=True)),
        ({"mimeType": "audio/" + LONG}, Traces(audio=True)),
        ({"type": "image" + LONG}, Traces(unseen=True)),
        ({"text": 'x" "inline_data' * 500}, Traces()),
    ),
)  # fmt: skip
def test_a_type_is_not_hidden_by_its_length(part, traces):
    """It is known by how it begins, as in a short body."""
    assert traces == found(json.encode({"contents": [{"parts": [part]}]}))


def test_a_body_that_is_nested_too_deep_is_searched_whole():
    """Nobody's depth hides anything."""
    value: object = [PICTURE, LONG]
    for _ in range(40):
        value = {"a": value, "b": LONG}
    assert found(json.encode({"a": value})).unseen


names = st.sampled_from(("type", "text", "content", "ttl", "mimeType", "inlineData", 'a"b', "é"))
leaves = st.sampled_from(
    ("text", "image", "input_audio", "1h", "audio/wav", LONG, 'é\\"' * 900, 5, None)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(names, values, max_size=4), st.sampled_from((json.encode, spaced, lines)))
def test_long_texts_make_no_difference(fields, encode):
    """What is found is what is found in the same body without them."""

    def cut(value):
        if isinstance(value, dict):
            return {name: cut(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [cut(inner) for inner in value]
        return "" if isinstance(value, str) and len(value) > 100 else value

    assert found(json.encode(cut(fields))) == found(encode(fields))
