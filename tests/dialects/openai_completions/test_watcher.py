"""What passes is looked at, and only a usage that nobody asked for is kept back."""

import pytest

from tests.dialects.openai_completions.making import DIALECT, DONE, USAGE, chunk
from trunkline.canon.errors import Disconnected, Garbled
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting

STREAM = chunk("Hel") + chunk("lo") + chunk("", "stop") + USAGE + DONE


@pytest.mark.parametrize("wants", (True, False))
def test_it_passes_untouched(wants):
    """All of it, but for the usage that only we asked for."""
    watcher = DIALECT.watcher(wants_usage=wants)

    assert (STREAM if wants else STREAM.replace(USAGE, b"")) == watcher.feed(STREAM)
    assert ["Hel", "lo"] == watcher.delivered
    assert (Usage(input=3, output=2), Sighting.ENDED) == (watcher.usage, watcher.sighting)


def test_how_far_it_has_come():
    """Event by event."""
    watcher, seen = DIALECT.watcher(wants_usage=True), []
    for event in (chunk(""), chunk("a"), chunk("", "stop"), USAGE, DONE):
        watcher.feed(event)
        seen.append(watcher.sighting)

    assert [
        Sighting.NOTHING,
        Sighting.CONTENT,
        Sighting.FINISHED,
        Sighting.FINISHED,
        Sighting.ENDED,
    ] == seen


def test_other_ends_of_lines():
    """CRLF passes as CRLF."""
    data = STREAM.replace(b"\n", b"\r\n")

    assert data == DIALECT.watcher(wants_usage=True).feed(data)


def test_what_came_before_an_error_is_kept():
    """The client gets it, and then the error."""
    watcher = DIALECT.watcher(wants_usage=True)
    with pytest.raises(Garbled):
        watcher.feed(chunk("a") + b"data: nonsense\n\n")

    assert chunk("a") == watcher.before_error
    assert b"gone" in watcher.fault(Disconnected("gone"), "req_1")
