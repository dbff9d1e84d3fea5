"""No credential is left, wherever and however it was said; what was JSON still is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from tests.observe.test_shapes import CREDENTIALS
from trunkline.observe.redact import Redactor

REDACT = Redactor(["badge no"])
CORE = "Zq7cZq7c"
"""In each credential."""

_words = st.text(alphabet='abc xyz.,é"\\/\n{}[]:', max_size=12)
_telling = st.sampled_from([c for c in CREDENTIALS if CORE in c])
_said = st.builds(lambda before, key, after: f"{before} {key} {after}", _words, _telling, _words)
_field = st.builds(
    lambda name, value: {name: value},
    st.sampled_from(("api_key", "Authorization", "OPENAI_API_KEY", "password", "badge_no")),
    st.builds(lambda around: f"{around}{CORE}{around}", _words)
    | st.lists(st.just(CORE), max_size=2),
)
_pem = st.just(f"-----BEGIN PRIVATE KEY-----\n{CORE}\n-----END PRIVATE KEY-----")
_secrets = _said | _field | _pem
_nested = _secrets.map(lambda value: json.encode({"q": value}).decode())
_image = st.just(f"data:image/png;base64,{CORE * 9}")


def documents(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=4),
        max_leaves=12,
    )


_plain = st.text(alphabet='abc xyz.,é"\\\n') | st.integers() | st.booleans() | st.none()


@given(documents(_plain | _secrets | _nested | _image))
def test_no_credential_is_left_in_json(document):
    """In strings, in names, in fields that say so, in JSON within JSON; and it is JSON."""
    told = REDACT(json.encode(document).decode())

    assert CORE not in told
    json.decode(told)


@given(documents(_plain))
def test_what_is_no_secret_stays_to_the_byte(document):
    """Spaces, escapes and the order of fields."""
    text = json.format(json.encode(document), indent=2).decode()

    assert text == REDACT(text)


def stream(pieces, index=0):
    """As Chat Completions streams: one delta an event."""
    return "".join(
        f'data: {{"id":"x","choices":[{{"index":{index},"delta":{{"content":{said}}}}}]}}\n\n'
        for said in (json.encode(piece).decode() for piece in pieces)
    )


def cut(text, places):
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(edges)]


def left(redact, text, places):
    """Whether the credential can be read in the deltas that are left, or any half of it."""
    told = redact(stream(cut(text, places)))
    events = [json.decode(line[6:]) for line in told.split("\n") if line.startswith("data: ")]
    said = "".join(event["choices"][0]["delta"]["content"] for event in events)
    return CORE in said


_in_pieces = (_said | _nested | _pem, st.lists(st.integers(0, 500), max_size=60))


@given(*_in_pieces)
def test_no_credential_is_left_in_a_stream(text, places):
    """However the model cut it; each event is still one."""
    assert not left(REDACT, text, places)


def test_one_that_looks_at_each_piece_alone_is_caught():
    """Or the test above would show nothing."""
    text = f"my key is sk-{CORE}{CORE}."

    assert not left(REDACT, text, range(0, 99, 10))
    assert left(lambda t: "".join(REDACT(line) + "\n" for line in t.split("\n")), text, [18])


def test_two_choices_do_not_hide_it():
    """Their events stand between each other's."""
    one, two = (cut(f"the key sk-{CORE}{CORE} is", range(0, 40, 5)) for _ in range(2))
    text = "".join(stream([a]) + stream([b], 1) for a, b in zip(one, two, strict=True))

    assert "Zq7c" not in REDACT(text)


@settings(max_examples=200)
@given(st.text(), st.text(alphabet='{}[],:"\\\n sk-e', max_size=60))
def test_nothing_is_too_strange(text, marks):
    """Whatever the bytes were, some text comes of them."""
    for cut_short in (False, True):
        assert isinstance(REDACT(text + marks + text, cut=cut_short), str)


@given(documents(_said | _field | _pem | _nested), st.integers(0, 10_000))
def test_a_text_that_was_cut_ends_without_half_a_credential(document, length):
    """Wherever it was cut."""
    text = json.encode(document).decode()
    told = REDACT(text[: length % (len(text) + 1)], cut=True)

    assert "Zq7c" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    (
        ('{"token":"a","q":1.50}', '{"token":"[redacted]","q":1.50}'),
        ('{"Client-Secret" : 5 , "a":"b"}', '{"Client-Secret" : "[redacted]" , "a":"b"}'),
        ('{"BadgeNo":["a",true,null]}', '{"BadgeNo":["[redacted]",true,null]}'),
        ('{"password":null,"max_tokens":5}', '{"password":null,"max_tokens":5}'),
        ('{"a":"{\\"secret\\":\\"b\\"}"}', '{"a":"{\\"secret\\":\\"[redacted]\\"}"}'),
        ("password=hunter2", "password=[redacted]"),
        ('{"password":"hun', '{"password":"[redacted]"'),
        ("", ""),
    ),
)
def test_a_field_is_masked_by_its_name(text, told):
    """In any spelling; numbers, too."""
    assert told == REDACT(text)


def test_addresses_only_when_asked():
    """The default leaves them."""
    text = '{"a":"ada@x.example"}'

    assert text == REDACT(text)
    assert '{"a":"[redacted]"}' == Redactor(emails=True)(text)
