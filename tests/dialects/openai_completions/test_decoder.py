"""An upstream's chunks to events that obey the grammar, however they are cut."""

import pytest

from tests.dialects.openai_completions.making import COLUMNS, DIALECT, DONE, USAGE, chunk
from trunkline.canon.errors import Disconnected, Throttled
from trunkline.canon.event import (
    Ended,
    Faulted,
    Finished,
    Logprobs,
    PartDelta,
    Started,
    UsageReported,
)
from trunkline.canon.grammar import violations
from trunkline.canon.usage import Usage

STREAM = chunk("Hel") + chunk("lo") + chunk("", "length") + USAGE + DONE


def events(*pieces):
    decoder = DIALECT.decoder()
    found = [event for piece in pieces for event in decoder.feed(piece)]
    return [*found, *decoder.finish()]


def test_a_stream():
    """Begun, said, finished, counted, ended."""
    found = events(STREAM)

    assert [] == violations(found)
    assert Started("cmpl-1", "up", 5, origin="openai-completions") == found[0]
    assert ["Hel", "lo"] == [e.text for e in found if isinstance(e, PartDelta)]
    assert [UsageReported(Usage(input=3, output=2))] == [
        e for e in found if isinstance(e, UsageReported)
    ]


@pytest.mark.parametrize("size", (1, 7, 64))
def test_any_chunking_gives_the_same_events(size):
    """Bytes are cut anywhere."""
    assert events(STREAM) == events(*(STREAM[i : i + size] for i in range(0, len(STREAM), size)))


def test_several_choices():
    """Each has its part and its end."""
    data = chunk("a") + chunk("b", index=1) + chunk("", "stop", 1) + chunk("", "stop") + DONE
    found = events(data)

    assert [] == violations(found)
    assert [1, 0] == [e.choice for e in found if isinstance(e, Finished)]


def test_logprobs_come_behind_their_text():
    """In canonical rows."""
    found = events(chunk(" hi!", logprobs=COLUMNS) + chunk("", "stop") + DONE)

    assert [Logprobs] == [type(e) for e in found if isinstance(e, Logprobs)]


@pytest.mark.parametrize(
    "data", (b"", DONE, chunk("Hel"), chunk("a") + chunk("", "stop", 1), chunk("Hel") + DONE)
)
def test_a_stream_that_breaks_off(data):
    """A sentinel without a reason is no end."""
    with pytest.raises(Disconnected):
        events(data)


def test_a_missing_sentinel_is_forgiven():
    """It has said why it finished."""
    assert isinstance(events(chunk("a") + chunk("", "stop"))[-1], Ended)


def test_an_error_among_the_chunks():
    """Faulted, behind what came before; nothing comes after."""
    bad = b'data: {"error":{"message":"slow","code":"rate_limit_exceeded"}}\n\n'
    found = events(chunk("Hel") + bad + chunk("lo"))

    assert isinstance(found[-1], Faulted)
    assert isinstance(found[-1].error, Throttled)
    assert ["Hel"] == [e.text for e in found if isinstance(e, PartDelta)]
    assert isinstance(events(b"data: nonsense\n\n")[-1], Faulted)


def test_the_recorded_stream(shared):
    """As text it is what was recorded whole."""
    lines = (
        shared / "fixtures/openai-completions/vai-openai-completion-text.chunks.txt"
    ).read_bytes()
    data = b"".join(b"data: " + line + b"\n\n" for line in lines.splitlines() if line) + DONE
    found = events(data)

    assert [] == violations(found)
    assert "".join(e.text for e in found if isinstance(e, PartDelta)).startswith("The holiday is")
    assert UsageReported(Usage(input=14, output=16)) in found
