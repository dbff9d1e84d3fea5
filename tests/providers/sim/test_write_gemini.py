"""Gemini on the wire: whole answers, streams, errors; as Google writes them."""

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.providers.sim.kit import engine, play
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.errors import Overloaded, Throttled
from trunkline.canon.event import Faulted
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.dialects.thought_ids import unsigned
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.steps import Cut

DIALECT = Gemini()
TOOLS = [
    {
        "functionDeclarations": [
            {
                "name": "get_weather",
                "parametersJsonSchema": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            }
        ]
    }
]


def asked(model, prompt="hi", *, stream=False, **more):
    contents = [{"role": "user", "parts": [{"text": prompt}]}]
    headers = ((b"x-goog-api-key", b"AIza-test"), (b"content-type", b"application/json"))
    path = "/v1beta" + DIALECT.path(model, stream=stream)
    return Arrival("POST", path, headers, json.encode({"contents": contents, **more}))


def whole(model, prompt="hi", **more):
    return DIALECT.decode_answer(play(engine(), asked(model, prompt, **more)).body)


def events(model, prompt="hi", **more):
    seen = play(engine(), asked(model, prompt, stream=True, **more))
    assert b"text/event-stream" == seen.header(b"content-type")
    decoder = DIALECT.decoder()
    return [*decoder.feed(seen.body), *decoder.finish()]


@pytest.mark.parametrize(
    ("model", "more"),
    (
        ("sim-echo", {}),
        ("sim-chat@tokens=20", {"generationConfig": {"maxOutputTokens": 7}}),
        ("sim-chat", {"generationConfig": {"candidateCount": 2}}),
        ("sim-reason@think=3,tokens=2", {}),
        ("sim-reason@redacted", {}),
        ("sim-tools@calls=2,preamble", {"tools": TOOLS}),
        ("sim-chat@cached=3", {}),
        ("sim-filter", {}),
        ("sim-refusal", {}),
    ),
)
def test_a_stream_amounts_to_the_whole(model, more):
    """The dialect itself reads both, and finds nothing but the ids different."""
    one, other = whole(model, **more), events(model, **more)
    assert [] == violations(other)
    folded = fold(other)
    assert (one.usage, one.model) == (folded.usage, folded.model)
    assert [said(choice) for choice in one.choices] == [said(choice) for choice in folded.choices]


def said(choice):
    calls = [(p.name, p.arguments) for p in choice.parts if isinstance(p, ToolCall)]
    return (
        "".join(p.text for p in choice.parts if isinstance(p, Text)),
        "".join(p.text for p in choice.parts if isinstance(p, Reasoning)),
        [p.signature for p in choice.parts if isinstance(p, Reasoning) and p.signature],
        calls,
        choice.native,
    )


def test_signatures():
    """On the first of parallel calls alone; a thought's on the last of what was said."""
    calls = whole("sim-tools@calls=2", tools=TOOLS).choices[0].parts
    assert [True, False] == [bool(unsigned(p.id)[1]) for p in calls if isinstance(p, ToolCall)]
    thought, _, proof = whole("sim-reason").choices[0].parts
    assert isinstance(thought, Reasoning)
    assert isinstance(proof, Reasoning)
    assert (True, True) == (proof.redacted, bool(proof.signature))


def test_no_sentinel():
    """The last event says why the answer ended, and what it took; CRLF throughout."""
    body = play(engine(), asked("sim-chat", stream=True)).body
    last = json.decode(body.split(b"\r\n\r\n")[-2].removeprefix(b"data: "))
    assert "STOP" == last["candidates"][0]["finishReason"]
    assert last["usageMetadata"]["totalTokenCount"] > 0
    assert body.count(b"\n") == body.count(b"\r\n")


def test_errors():
    """In Google's shape, before the first byte and behind it."""
    seen = play(engine(), asked("sim-chat@fault=u10:retry_after=3"))
    error = DIALECT.decode_error(seen.status, (), seen.body)
    assert (429, Throttled) == (seen.status, type(error))
    assert "RESOURCE_EXHAUSTED" == json.decode(seen.body)["error"]["status"]
    last = events("sim-chat@fault=u13:after=2")[-1]
    assert isinstance(last, Faulted)
    assert isinstance(last.error, Overloaded)


def test_counting():
    """A number, and no answer."""
    arrival = replace(asked("sim-chat"), path="/v1beta/models/sim-chat:countTokens")
    seen = play(engine(), arrival)
    assert (200, ["totalTokens"]) == (seen.status, list(json.decode(seen.body)))


def test_usage_that_is_missing():
    """Or falsified, as with the other dialects."""
    assert whole("sim-chat@fault=u17:kind=missing").usage is None
    assert whole("sim-chat@fault=u17:kind=zero").usage.total == 0


def test_the_last_candidate_is_the_end() -> None:
    """The log knows that a stream without a sentinel went out to its end."""
    row = play(engine(), asked("sim-echo", "abcdefgh", stream=True)).row

    assert row is not None
    assert (2, "stop", True, True) == (
        row.content_events,
        row.finish,
        row.finished,
        row.usage_told,
    )


@pytest.mark.parametrize("after", ("finish", "usage"))
def test_the_finish_is_the_last_there_is(after):
    """Google sends no sentinel, so a cut behind the finish takes nothing away."""
    plain = play(engine(), asked("sim-chat@tokens=6", stream=True))
    seen = play(engine(), asked(f"sim-chat@tokens=6,fault=u5:after={after}", stream=True))

    assert plain.body == seen.body
    assert ("stop", True, Cut) == (seen.row.finish, seen.row.finished, type(seen.last))


@pytest.mark.parametrize("kind", ("crlf", "cr", "mixed", "multiline", "noend", "comments+fields"))
def test_odd_framing_makes_no_difference(kind):
    """Though Google's own lines end with CRLF already."""
    plain = events("sim-chat@tokens=6")
    odd = events(f"sim-chat@tokens=6,fault=u7:kind={kind}")

    assert fold(plain).choices == fold(odd).choices


def test_odd_line_breaks_are_the_ones_asked_for():
    """No CR doubled, none left over."""
    bodies = [
        play(engine(), asked(f"sim-chat@tokens=2,fault=u7:kind={kind}", stream=True)).body
        for kind in ("crlf", "cr")
    ]

    assert b"\r\r" not in bodies[0]
    assert b"\n" not in bodies[1]
