"""Runs of events: what they read is what reading one by one gives, and nothing is taken on trust."""

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import json

from tests.strategies import texts
from trunkline.wire.run import Run, RunReader, write_numbered, write_run

BEFORE, AFTER = b'data: {"id":"a","delta":{"content":', b'},"logprobs":null}\n\n'
MARKER = b'"content":"'
RUN = Run(BEFORE + b'"', b'"' + AFTER)
OTHER = b'data: {"id":"a","delta":{},"finish_reason":"stop"}\n\n'

tricky = st.text('",\\\n{}[]: a\u20ac', max_size=4)
strings = st.lists(tricky | texts | st.just(""), max_size=8)


def events(said):
    return [BEFORE + json.encode(text) + AFTER for text in said]


@given(strings)
@example([",", "b"])
@example(['"', ","])
@example(["\\", ',"b'])
def test_writing_a_run_is_writing_each(said):
    """Whatever the strings hold: quotes, commas and backslashes at their ends, too."""
    if said:
        assert b"".join(events(said)) == write_run(BEFORE, AFTER, said)


@given(strings, st.integers(0, 10**6))
@example([",", "b"], 0)
@example([",", "", ","], 9)
@example(['"', ","], 0)
@example(["%b", "%"], 1)
def test_a_numbered_run_is_counted_up(said, first):
    """As each written by itself, the template filled with nothing but its own string and number."""
    if said:
        assert b"".join(
            b"data: 50%% {" + json.encode(text) + b":%d}\n\n" % number
            for number, text in enumerate(said, first)
        ) == write_numbered(b'data: 50%%%% {"%b":%d}\n\n', said, first)


@given(strings, st.sampled_from([b"", OTHER, b": comment\n\n", b"data: [DONE]\n\n", BEFORE]))
def test_reading_a_run(said, rest):
    """All strings up to the first event of another kind, or none; never half, never more."""
    block = b"".join(events(said))
    found, length = RUN.read(block + rest)

    assert length in (0, len(block))
    assert (said if length else []) == list(found)
    quoted = json.encode(said)
    if said and b'\\","' not in quoted and not quoted.endswith(b'\\"]'):
        assert len(block) == length  # but for quotes at the end of a string, it is always known


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=4))
@example([b"a\\", b',"x'])
@example([b'a","b'])
@example([b'a"},"x":{"content":"b'])
@example([b"\xff"])
@example([b"a\nb"])
@example([b"\\"])
def test_what_is_no_string_is_left(bodies):
    """Bytes that only look like a string, or like several, are for whoever reads in full."""
    block = b"".join(BEFORE + b'"' + body + b'"' + AFTER for body in bodies)
    found, length = RUN.read(block)
    assert block[:length] == b"".join(
        BEFORE + b'"' + body + b'"' + AFTER for body in bodies[: len(found)]
    )
    for body, text in zip(bodies, found, strict=False):
        assert text == json.decode(b'"' + body + b'"')


def test_a_foreign_event_between_two_of_a_run_is_seen():
    """An event of another kind cannot hide among its neighbours."""
    block = b"".join([*events(["a", "b"]), OTHER, *events(["c"])])
    assert (["a", "b"], len(block) - len(OTHER) - len(events(["c"])[0])) == RUN.read(block)
    assert ((), 0) == RUN.read(OTHER + block)


def test_what_a_run_can_be_learned_from():
    """One event, whole, whose string is plain to see."""
    [event] = events(["hello"])
    run = Run.of(event, MARKER)

    assert run is not None
    assert (RUN.before, RUN.after) == (run.before, run.after)
    for other in (
        event + event,
        event + OTHER,
        event[:-1],
        event.replace(b"\n", b"\r\n"),
        *events(['say "hello"', "back\\slash"]),
        OTHER,
        event.replace(b'"logprobs"', b'"content":"x","logprobs"'),
    ):
        assert Run.of(other, MARKER) is None


def cut(reader, block):
    """The strings read in runs, the pieces left to be read in full; learns as an owner does."""
    runs, rest = [], []
    for found, piece in reader.cut(block):
        if found:
            runs += found
            continue
        rest.append(piece)
        reader.learn(piece, MARKER)
    return runs, rest


def test_a_reader_learns_as_it_goes():
    """The first event is read in full, the others of its kind are not; nor those of the next read."""
    reader, said = RunReader(), ["a", "b", "c"]
    assert (["b", "c"], [events("a")[0], OTHER]) == cut(reader, b"".join([*events(said), OTHER]))
    assert (said, []) == cut(reader, b"".join(events(said)))
    reader.forget()
    assert (["b", "c"], events("a")) == cut(reader, b"".join(events(said)))


@given(strings, st.integers(0, 3))
def test_nothing_is_lost_and_nothing_twice(said, lessons):
    """The pieces are the block, in order, whatever has been learned."""
    block = b"".join([OTHER, *events(said), OTHER, *events(said)])
    reader = RunReader(lessons)
    pieces = []
    for found, piece in reader.cut(block):
        pieces.append(piece)
        if not found:
            reader.learn(piece, MARKER)
    assert block == b"".join(pieces)


def test_a_stream_that_pads_each_event_is_not_studied_forever():
    """After its lessons a reader hands on whole blocks."""
    reader = RunReader(lessons=2)
    padded = [event.replace(b"null", b"%d" % n) for n, event in enumerate(events("abcdef"))]
    assert ([], [*padded[:2], b"".join(padded[2:])]) == cut(reader, b"".join(padded))
    assert ([], [b"".join(padded[2:])]) == cut(reader, b"".join(padded[2:]))
