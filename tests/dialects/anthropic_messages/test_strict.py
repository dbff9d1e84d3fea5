"""Tests of the reader that types what it knows and keeps what it does not."""

import pytest
from msgspec import Raw, Struct

from trunkline.canon.errors import Malformed
from trunkline.dialects.anthropic_messages.strict import Reader, object_of


class Cat(Struct, tag_field="type", tag="cat", forbid_unknown_fields=True):
    lives: int
    toys: list[str] = []


class Dog(Struct, tag_field="type", tag="dog", forbid_unknown_fields=True):
    name: str


READER: Reader[Cat | Dog] = Reader(Cat | Dog, Cat, Dog)


def test_what_is_known_is_typed() -> None:
    """The usual case leaves nothing over."""
    assert (Cat(9), {}) == READER.read(Raw(b'{"type":"cat","lives":9}'), "pets.0", "cat")


def test_what_is_unknown_is_kept() -> None:
    """Fields beyond the type are given back beside it."""
    animal, extra = READER.read(Raw(b'{"type":"dog","name":"Rex","age":{"y":3}}'), "pets.0", "dog")

    assert Dog("Rex") == animal
    assert {"age": Raw(b'{"y":3}')} == extra


def test_a_type_without_a_tag_is_unknown() -> None:
    """A struct that no tag tells apart has a `type` only if it has a field of that name."""

    class Fish(Struct, forbid_unknown_fields=True):
        name: str

    reader: Reader[Fish] = Reader(Fish, Fish)
    fish, extra = reader.read(Raw(b'{"type":"fish","name":"Nemo"}'), "pets.0")

    assert Fish("Nemo") == fish
    assert {"type": Raw(b'"fish"')} == extra


@pytest.mark.parametrize(
    "body, param",
    (
        (b'{"type":"cat"}', "pets.0.lives"),
        (b'{"type":"cat","lives":"x"}', "pets.0.lives"),
        (b'{"type":"cat","lives":1,"toys":["a",2]}', "pets.0.toys.1"),
        (b'{"type":"cat","lives":"x","colour":1}', "pets.0.lives"),
        (b"[]", "pets.0"),
    ),
)
def test_what_is_wrong_is_located(body: bytes, param: str) -> None:
    """The error leads to the field, array positions included."""
    with pytest.raises(Malformed) as caught:
        READER.read(Raw(body), "pets.0", "cat")

    assert param == caught.value.param
    assert caught.value.message.startswith(f"{param}: ")


def test_a_missing_field_is_said_to_be_required() -> None:
    """In the API's own words."""
    with pytest.raises(Malformed, match=r"^lives: Field required$"):
        READER.read(Raw(b'{"type":"cat"}'), "", "cat")


def test_only_objects_have_fields() -> None:
    """What should be an object and is not is malformed."""
    with pytest.raises(Malformed) as caught:
        object_of(Raw(b"3"), "metadata")

    assert "metadata" == caught.value.param


def test_it_knows_its_tags() -> None:
    """Told by the structs it was made of."""
    assert [True, False] == [READER.knows(tag) for tag in ("cat", "cow")]
