"""The search itself: it finds a word in every form and every place, and nothing where there is none."""

import base64
import urllib.parse
import zlib
from pathlib import Path

import apsw
import msgspec
import pytest

from tests.security.canary import PREFIX, Canaries, Kind, left_behind, written


@pytest.mark.parametrize("offset", range(6))
@pytest.mark.parametrize(
    "encode",
    (
        lambda text: text.encode(),
        lambda text: text.upper().encode(),
        lambda text: text.encode()[: text.index(PREFIX[:5]) + 12],
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(text.encode()),
        lambda text: urllib.parse.quote(text + "/é").encode(),
        lambda text: msgspec.json.encode(text + '"\n'),
        lambda text: text.encode().hex().encode(),
        lambda text: text.encode("utf-16-le"),
    ),
)
def test_every_form_is_found(encode, offset):
    """Wherever in other text it stands, and if no more than its first twelve letters are left."""
    canaries = Canaries()
    text = "x" * offset + canaries.new("here") + "yz"

    assert [] != canaries.found("sink", b"ab " + encode(text) + b" cd")
    assert [] == canaries.found("sink", encode("x" * offset + PREFIX[:5] + "-" * 24))


def test_it_is_told_where_it_was_put():
    """And what may stand there is not."""
    canaries = Canaries()
    body = canaries.plant("body", {"a@": ["@", 1, None, {"b": "x@y@"}]})
    secret = canaries.new("header")

    assert 5 == len(canaries.places)
    assert 5 == len(set(canaries.places))
    shown = msgspec.json.encode([body, secret])
    assert ["log: header, as it is"] == canaries.found(
        "log", shown, allowed=frozenset({Kind.CONTENT})
    )
    assert 4 == len(canaries.found("log", shown))


def test_every_corner_of_a_folder_is_looked_into(tmp_path: Path) -> None:
    """Text, packed columns, files with holes, logs that are not yet in the database."""
    canaries = Canaries()
    words = [canaries.new(f"{n}").encode() for n in range(4)]
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "1.log").write_bytes(b"\x00\x01" + words[0])
    with (tmp_path / "large").open("wb") as file:
        file.seek(1 << 34)
        file.write(words[1])
    database = apsw.Connection(str(tmp_path / "x.db"))
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE t (a TEXT, b BLOB)")
    database.execute(
        "INSERT INTO t VALUES (?, ?)", (words[2].decode(), zlib.compress(words[3] * 9))
    )

    hits = [hit for name, data in left_behind(tmp_path) for hit in canaries.found(name, data)]
    database.close()

    assert {"journal/1.log: 0", "large: 1", "x.db t.a: 2", "x.db t.b unpacked: 3"} <= {
        hit.partition(",")[0] for hit in hits
    }
    assert len(written(tmp_path / "large")) < 1 << 20
