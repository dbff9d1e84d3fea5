"""What is sealed opens with its key, at its place, unchanged; and nowhere else."""

import os

import pytest
from msgspec import structs

from trunkline.tenancy.envelope import CannotOpen, Place, named, seal, unseal, unwrap, wrap

DATA_KEY = bytes(range(32))
PLACE = Place("acme", "openai", "cred_1", 1)
SECRET = "sk-canary-of-this-test"
KEK = named(bytes(32))


def test_what_was_sealed_opens():
    """And is not to be seen in what is kept."""
    sealed = seal(DATA_KEY, SECRET, PLACE, os.urandom)

    assert SECRET == unseal(DATA_KEY, sealed, PLACE)
    assert SECRET.encode() not in sealed


def test_the_same_secret_is_never_sealed_alike():
    """A nonce of its own each time."""
    assert seal(DATA_KEY, SECRET, PLACE, os.urandom) != seal(DATA_KEY, SECRET, PLACE, os.urandom)


@pytest.mark.parametrize(
    "other",
    ({"tenant": "rival"}, {"provider": "mybox"}, {"id": "cred_2"}, {"version": 2}),
)
def test_it_opens_at_no_other_place(other):
    """Another tenant's, another provider's, another row's, another key's."""
    sealed = seal(DATA_KEY, SECRET, PLACE, os.urandom)

    with pytest.raises(CannotOpen):
        unseal(DATA_KEY, sealed, structs.replace(PLACE, **other))


def test_no_two_places_are_written_alike():
    """However their names are chosen."""
    one = Place("a", "b|c", "d", 1)
    sealed = seal(DATA_KEY, SECRET, one, os.urandom)

    with pytest.raises(CannotOpen):
        unseal(DATA_KEY, sealed, Place("a|b", "c", "d", 1))


def test_a_changed_or_cut_text_does_not_open():
    """Any of its bytes, the nonce's and the tag's too."""
    sealed = seal(DATA_KEY, SECRET, PLACE, os.urandom)

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            unseal(DATA_KEY, bytes(changed), PLACE)
    for length in (0, 5, 12, 20, len(sealed) - 1):
        with pytest.raises(CannotOpen):
            unseal(DATA_KEY, sealed[:length], PLACE)


def test_a_data_key_is_wrapped_for_its_tenant():
    """Another tenant's does not unwrap, nor with another key."""
    wrapped = wrap(KEK, DATA_KEY, "acme", 1, os.urandom)

    assert DATA_KEY == unwrap(KEK, wrapped, "acme", 1)
    for kek, tenant, version in ((KEK, "rival", 1), (KEK, "acme", 2), (named(DATA_KEY), "acme", 1)):
        with pytest.raises(CannotOpen):
            unwrap(kek, wrapped, tenant, version)


def test_a_wrapped_data_key_is_no_sealed_secret():
    """Each says what it is for."""
    place = Place("data key", "acme", "1", 1)
    with pytest.raises(CannotOpen):
        unseal(KEK.key, wrap(KEK, DATA_KEY, "acme", 1, os.urandom), place)


def test_a_key_is_known_by_an_id_that_says_nothing_of_it():
    """The same for the same key; its repr is the id alone."""
    assert named(bytes(32)) == KEK
    assert KEK.id != named(DATA_KEY).id
    assert f"<Kek {KEK.id}>" == repr(KEK)
    assert DATA_KEY.hex()[:16] != named(DATA_KEY).id
