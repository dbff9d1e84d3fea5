"""Text completions of the simulator: whole, in chunks, echoed, counted."""

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.beats import Mark, Pace, Stamp
from trunkline.providers.sim.completions import (
    CompletionsVoice,
    check_completions,
    read_completions,
    unknown_completions,
)
from trunkline.providers.sim.turns import Answer, Tally, Turn

STAMP = Stamp(bytes(32), "sim-chat", 1, "req_1")
ANSWER = Answer(turns=(Turn(text="Hello you"), Turn(text="Bye")), usage=Tally(input=2, output=4))
VOICE = CompletionsVoice()


def asked(**fields):
    return read_completions(json.encode({"model": "m", "prompt": "Say", **fields}))


def test_a_prompt():
    """Sixteen tokens unless told otherwise; several prompts are one here."""
    assert ("Say", 16, 1, ()) == (asked().prompt, asked().limit, asked().n, asked().stops)
    assert "a\nb" == asked(prompt=["a", "b"]).prompt
    assert (("x",), 5, True) == (
        asked(stop="x").stops,
        asked(max_tokens=5).limit,
        asked(stream_options={"include_usage": True}).include_usage,
    )


def test_a_whole_answer():
    """A choice for each turn, behind the echo."""
    body = json.decode(VOICE.whole(ANSWER, asked(echo=True), STAMP, Pace()))

    assert ("text_completion", ["SayHello you", "SayBye"]) == (
        body["object"],
        [choice["text"] for choice in body["choices"]],
    )
    assert {"prompt_tokens": 2, "completion_tokens": 4, "total_tokens": 6} == body["usage"]
    assert "usage" not in json.decode(VOICE.whole(ANSWER, asked(), STAMP, Pace(skew="missing")))


@pytest.mark.parametrize("wants", (True, False))
def test_a_stream_says_the_same(wants):
    """In pieces, each choice to its end; usage for whoever asked."""
    request = asked(stream_options={"include_usage": wants})
    beats = list(VOICE.beats(ANSWER, request, STAMP, Pace()))
    chunks = [json.decode(beat.data[6:]) for beat in beats[:-1]]
    said = [c for chunk in chunks for c in chunk["choices"]]

    for at, turn in enumerate(ANSWER.turns):
        assert turn.text == "".join(c["text"] for c in said if c["index"] == at)
    assert ["stop", "stop"] == [c["finish_reason"] for c in said if c["finish_reason"]]
    assert wants == (beats[-2].mark is Mark.USAGE)
    assert (Mark.END, b"data: [DONE]\n\n") == (beats[-1].mark, beats[-1].data)


@pytest.mark.parametrize(
    "body", (b"", b"[]", b"{}", b'{"model":"m"}', b'{"model":"m","prompt":7}', b"\xff")
)
def test_what_cannot_be_read(body):
    """Refused as the real API does."""
    with pytest.raises(Rejected):
        read_completions(body)


def test_the_rules_of_the_api():
    """Numbers in their range, and no field that nobody knows."""
    for fields in ({"n": 0}, {"n": 129}, {"max_tokens": -1}):
        with pytest.raises(Rejected):
            check_completions(asked(**fields))
    unknown_completions(b'{"model":"m","prompt":"a","best_of":1}')
    with pytest.raises(Rejected, match="messages"):
        unknown_completions(b'{"model":"m","messages":[]}')
