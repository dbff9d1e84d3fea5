"""Key-encryption keys: made at first use, readable by their owner alone, replaced whole."""

import hashlib
from base64 import b64encode

import pytest

from trunkline.storage.keks import KEK_FILE, FileKeks, GivenKeks

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


def entropy(size):
    return hashlib.shake_256(b"kek").digest(size)


def test_the_file_is_made_at_first_use_and_not_before(tmp_path):
    """Looking for keys makes none; afterwards they are the same for everybody."""
    keks = FileKeks(tmp_path, entropy)
    assert () == keks.read()
    assert not (tmp_path / KEK_FILE).exists()

    made = keks.make()

    assert [entropy(32)] == made == FileKeks(tmp_path, entropy).read() == keks.make()
    assert 0o600 == (tmp_path / KEK_FILE).stat().st_mode & 0o777


def test_the_file_is_replaced_whole(tmp_path):
    """The first line wraps; nothing is left lying beside it."""
    keks = FileKeks(tmp_path, entropy)
    keks.make()

    assert keks.replace([TWO, ONE])

    assert [TWO, ONE] == keks.read()
    assert [KEK_FILE] == [path.name for path in tmp_path.iterdir()]
    assert 0o600 == (tmp_path / KEK_FILE).stat().st_mode & 0o777


@pytest.mark.parametrize("content", (b"", b"\n", b"short\n", b"\xff\xfe", b64encode(b"x" * 31)))
def test_a_damaged_file_is_not_taken_for_keys(tmp_path, content):
    """Nor replaced by a new key, under which nothing would open."""
    (tmp_path / KEK_FILE).write_bytes(content)

    with pytest.raises(ValueError):
        FileKeks(tmp_path, entropy).make()
    assert content == (tmp_path / KEK_FILE).read_bytes()


def test_keys_are_given_in_base64_or_hexadecimal():
    """Several with commas; the URL-safe letters, and no padding, are read as well."""
    odd = b"\xfb\xef\xbe" * 10 + b"\xff\xff"
    plain = b64encode(odd).decode()
    safe = plain.replace("+", "-").replace("/", "_").rstrip("=")

    assert [ONE, odd, odd] == list(GivenKeks(f"{ONE.hex()}, {plain},{safe}").read())


@pytest.mark.parametrize("given", ("", "secret-but-short", ONE.hex() + ",", "é" * 32))
def test_what_is_no_key_is_refused_and_not_quoted(given):
    """It may be a key mistyped."""
    with pytest.raises(ValueError, match="32 bytes") as caught:
        GivenKeks(given)

    assert "secret-but" not in str(caught.value)


def test_given_keys_are_not_ours_to_replace():
    """Whoever gave them changes them; and no repr shows them."""
    keks = GivenKeks(ONE.hex())

    assert not keks.replace([TWO])
    assert [ONE] == list(keks.make())
    assert "<GivenKeks 1>" == repr(keks)
