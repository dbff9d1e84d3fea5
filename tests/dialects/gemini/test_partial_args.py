"""Arguments that come value by value."""

import pytest
from msgspec import Raw, json

from trunkline.canon.errors import Garbled
from trunkline.dialects.gemini.partial_args import PartialArgs
from trunkline.dialects.gemini.wire import PartialArg


def built(*pieces):
    args = PartialArgs()
    for path, fields in pieces:
        args.add(PartialArg(json_path=path, **fields))
    return json.decode(args.text())


def test_strings_grow():
    """A string goes on until its last, empty piece."""
    assert {"city": "Boston"} == built(
        ("$.city", {"string_value": "Bos", "will_continue": True}),
        ("$.city", {"string_value": "ton", "will_continue": True}),
        ("$.city", {"string_value": ""}),
    )


def test_a_string_said_anew():
    """What did not go on is replaced."""
    first = ("$.city", {"string_value": "Bos"})
    assert {"city": "ton"} == built(first, ("$.city", {"string_value": "ton"}))


def test_values_of_every_kind():
    """Numbers, booleans, null, in lists and objects in them."""
    assert {"a": [{"b": 0.5}, {"b": 2}], "c": [None, True], "d e": None} == built(
        ("$.a[0].b", {"number_value": Raw(b"0.5")}),
        ("$.a[1].b", {"number_value": Raw(b"2")}),
        ("$.c[1]", {"bool_value": True}),
        ("$['d e']", {}),
    )


@pytest.mark.parametrize(
    "path",
    ("", "$", "a", "$.a[", "$..b", "$[*]", "$.a[999999]", "$" + ".a" * 65, "$[0]"),
)
def test_unreadable_paths(path):
    """What is no path of names and indices is refused, and nothing grows without end."""
    with pytest.raises(Garbled):
        built((path, {"string_value": "x"}))


def test_a_path_through_a_value():
    """A text has no entries."""
    with pytest.raises(Garbled):
        built(("$.a", {"string_value": "x"}), ("$.a.b", {"string_value": "y"}))


def test_a_number_that_is_none():
    """Nothing else may stand where a number should."""
    with pytest.raises(Garbled):
        built(("$.a", {"number_value": Raw(b"{}")}))
