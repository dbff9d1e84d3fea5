"""Answers within stop sequences and limits, and what they are said to cost."""

import pytest

from tests.providers.sim.kit import (
    CHAT,
    EVERY,
    MESSAGES,
    TOOL,
    ask,
    engine,
    play,
    text_of,
    tools_of,
    usage_of,
)
from trunkline.providers.sim.answer import compose
from trunkline.providers.sim.ask import Ask, Rejected, Tool
from trunkline.providers.sim.options import Options, parse
from trunkline.providers.sim.turns import Call, Tally


def test_a_stop_sequence_ends_the_text() -> None:
    """The earliest hit counts, and the text stands before it."""
    turn = compose(
        Ask(model="m", prompt="one two three", stops=("three", "two")), "sim-echo", Options(), None
    ).turns[0]

    assert ("one ", "stop", "two") == (turn.text, turn.finish, turn.stopped_by)


def test_sim_stop_runs_into_the_first_stop_sequence() -> None:
    """Half the text is said; without a stop sequence all of it."""
    with_stop = compose(Ask(model="m", stops=("@@",)), "sim-stop", Options(tokens=20), None)
    without = compose(Ask(model="m"), "sim-stop", Options(tokens=20), None)

    assert (10, "@@") == (with_stop.usage.output, with_stop.turns[0].stopped_by)
    assert (20, None) == (without.usage.output, without.turns[0].stopped_by)


@pytest.mark.parametrize("limit", (0, 1, 7, 12, 13, 20, 31, 32, 100))
def test_the_limit_is_kept(limit: int) -> None:
    """Thought first, then text: never more tokens than allowed, and "length" when cut."""
    answer = compose(Ask(model="m", limit=limit), "sim-reason", Options(tokens=20, think=12), None)

    assert min(limit, 32) == answer.usage.output
    assert ("length" if limit < 32 else "stop") == answer.turns[0].finish


def test_the_limit_cuts_arguments() -> None:
    """A call that does not fit is cut in the middle of its JSON, as real ones are."""
    tools = (Tool("name", {"type": "string", "const": "x" * 40}),)
    answer = compose(
        Ask(model="m", tools=tools, choice="required", limit=4), "sim-chat", Options(), None
    )

    assert (Call("name", '"xxxxxxxxxxx'),) == answer.turns[0].calls
    assert ("length", 4) == (answer.turns[0].finish, answer.usage.output)


def test_a_call_that_has_no_room_is_left_out() -> None:
    """Not even its name fits."""
    tools = (Tool("a_long_name", None),)
    answer = compose(
        Ask(model="m", tools=tools, choice="required", limit=1), "sim-chat", Options(), None
    )

    assert () == answer.turns[0].calls


def test_cached_tokens_are_part_of_the_input() -> None:
    """Never more than there is: reading first, writing from the rest."""
    ask_ = Ask(model="m", input_tokens=100)
    some = compose(ask_, "sim-chat", parse(["tokens=5,cached=30,cache_write=20"]), None).usage
    many = compose(ask_, "sim-chat", parse(["tokens=5,cached=90,cache_write=20"]), None).usage

    assert Tally(input=100, output=5, cache_read=30, cache_write=20) == some
    assert (90, 10) == (many.cache_read, many.cache_write)


def test_several_choices_differ() -> None:
    """n=3: three texts of their own, paid for together."""
    answer = compose(Ask(model="m", n=3), "sim-chat", Options(tokens=10), None)

    assert 3 == len({turn.text for turn in answer.turns})
    assert 30 == answer.usage.output


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    "model", ("sim-chat", "sim-reason", "sim-tools", "sim-refusal", "sim-echo")
)
def test_a_stream_says_what_a_whole_answer_says(path: str, model: str) -> None:
    """Text and usage are the same, and the log's tokens are those of the usage."""
    more = {"tools": tools_of(path, TOOL)}
    options = {"stream_options": {"include_usage": True}} if path == CHAT else {}
    whole = play(engine(), ask(path, model, "something to say", **more))
    stream = play(engine(), ask(path, model, "something to say", stream=True, **more, **options))

    assert text_of(path, whole) == text_of(path, stream)
    assert usage_of(path, whole) == usage_of(path, stream)
    assert usage_of(path, whole)[1] == whole.row.tokens == stream.row.tokens
    assert whole.row.text_sha256 == stream.row.text_sha256


def test_a_script_without_a_finish_obeys_the_limit() -> None:
    """With one it is played as written."""
    short = Ask(model="m", limit=1)
    free = compose(short, "sim-chat", Options(), b'{"text":"abcdefgh"}').turns[0]
    exact = compose(short, "sim-chat", Options(), b'{"text":"abcdefgh","finish":"stop"}').turns[0]

    assert ("abcd", "length") == (free.text, free.finish)
    assert ("abcdefgh", "stop") == (exact.text, exact.finish)


def test_a_script_sets_the_usage() -> None:
    """Named classes replace the counted ones; an unknown class is an error."""
    told = compose(Ask(model="m"), "x", Options(), b'{"text":"abcd","usage":{"input":9}}').usage

    assert (9, 1) == (told.input, told.output)
    with pytest.raises(Rejected, match="prompt"):
        compose(Ask(model="m"), "x", Options(), b'{"usage":{"prompt":9}}')


def test_model_sim_script_plays_its_prompt() -> None:
    """The way for a script when headers do not come through."""
    seen = play(engine(), ask(MESSAGES, "sim-script", '{"chunks":["a","bc"],"finish":"stop"}'))

    assert "abc" == text_of(MESSAGES, seen)
