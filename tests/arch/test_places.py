"""Nothing committed knows the machine or the workshop it was made on."""

import re
import subprocess
from pathlib import Path

import pytest

# Taken apart, or this file would find itself.
_FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "tm" + "p", "ho" + "me", "Use" + "rs", "op" + "t"))
_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry.np" + "mjs", "deb.de" + "bian.org")
_OTHERS = ("shared/de" + "sign", "shared/so" + "urces")
PLACES = re.compile(
    rf"(?<![\w.~}}\])/:-])/(?:{_FOLDERS})/|" + "|".join(map(re.escape, (*_HOSTS, *_OTHERS)))
)

# A corpus holds whatever a fuzzer thought of.
EXEMPT = ("tests/corpus/",)


def committed(repository: Path) -> list[str]:
    """The paths under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=True
    )
    return [path for path in listed.stdout.split("\0") if path and not path.startswith(EXEMPT)]


def faults(path: str, text: str) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), 1)
        if PLACES.search(line)
    ]


def test_no_file_names_a_place(repository: Path) -> None:
    """No path of a developer's machine, no package registry's host, in any file."""
    found = []
    for path in committed(repository):
        file = repository / path
        if file.is_file() and b"\0" not in (data := file.read_bytes()):
            found += faults(path, data.decode("utf-8", "replace"))

    assert [] == found


@pytest.mark.parametrize(
    ("line", "seen"),
    (
        ("see /wo" + "rk/main/src", True),
        ('open("/tm' + 'p/x")', True),
        ("cd /ro" + "ot/x", True),
        ("index = https://py" + "pi.org/simple", True),
        ("POST /v1/wo" + "rk/1", False),
        ("https://example.com/ho" + "me/", False),
        ("the wo" + "rk/life balance", False),
    ),
)
def test_a_place_is_seen(line: str, seen: bool) -> None:
    """A machine's path is seen; a word or a URL's path of the same name is not."""
    assert seen == bool(faults("a.py", line))
