"""What holds for every request, answer and stream."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.openai_responses.grammar import violations
from tests.dialects.openai_responses.kit import DIALECT, FOREIGN, STAMP, accumulated, decode, parsed
from tests.strategies import (
    canon_answers,
    canon_requests,
    canon_streams,
    interleaved,
    json_objects,
    texts,
    words,
)
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import Disconnected, Malformed
from trunkline.canon.fold import fold
from trunkline.canon.request import OutputFormat, Thinking

OWN = "openai-responses"
PLACE = Deployment(
    id="p/m",
    provider="p",
    model="a-model",
    dialect=OWN,
    quirks=Quirks(system_role="developer"),
)
MORE = {
    "top_logprobs": st.none() | st.integers(1, 20),
    "metadata": st.none() | json_objects(),
    "verbosity": st.none() | st.sampled_from(("low", "high")),
    "service_tier": st.none() | st.sampled_from(("auto", "flex")),
    "thinking": st.sampled_from((None, Thinking(effort="low"), Thinking(display="auto"))),
    "output_format": st.none()
    | st.builds(OutputFormat, kind=st.just("json_object"))
    | st.builds(
        OutputFormat,
        kind=st.just("json_schema"),
        schema=json_objects(),
        name=words,
        strict=st.none() | st.booleans(),
    ),
    "stop": st.just(()),
    "extra": st.dictionaries(words.map("x_{}".format), st.just(Raw(b"[1, 2]")), max_size=2),
}


@given(canon_requests(OWN, "", MORE))
def test_requests_come_back(canonical):
    """decode∘encode is the identity on requests."""
    canonical = replace(
        canonical,
        tools=tuple(replace(tool, origin=OWN) for tool in canonical.tools),
        logprobs=True if canonical.top_logprobs else None,
        include_usage=True,
        max_output_tokens=canonical.max_output_tokens and canonical.max_output_tokens + 15,
    )
    sent = DIALECT.encode_request(canonical, PLACE)

    assert canonical == replace(DIALECT.decode_request(sent.body, {}), echo={})
    assert () == sent.notes


@given(canon_answers(OWN))
def test_answers_come_back(answer):
    """decode∘encode is the identity on whole answers, but for the ids of their items."""
    body = DIALECT.encode_answer(answer, decode(), STAMP)
    again = DIALECT.decode_answer(body)
    (choice,) = again.choices
    parts = tuple(replace(p, extra={}) if hasattr(p, "extra") else p for p in choice.parts)

    assert answer.choices[0].parts == parts
    assert (answer.choices[0].finish, answer.usage, answer.id) == (
        choice.finish,
        replace(again.usage, tier=""),  # a response always names one
        again.id,
    )


@given(canon_streams(FOREIGN, FOREIGN), st.booleans())
def test_a_stream_is_its_whole(events, alternate):
    """What a stream ends with is what the folded answer is, byte for byte, and all of it obeys."""
    events = interleaved(events) if alternate else events
    told = parsed(DIALECT.encoder(decode(), STAMP).feed(events))

    assert [] == violations(told)
    assert json.decode(DIALECT.encode_answer(fold(events), decode(), STAMP)) == told[-1]["response"]


@settings(max_examples=40)  # the SDK's types take their time
@given(canon_streams(FOREIGN, FOREIGN))
def test_the_sdk_accumulates_the_whole(events):
    """The official SDK's snapshot says what the last response says, and its types hold."""
    snapshot, last = accumulated(DIALECT.encoder(decode(), STAMP).feed(events))
    said = [_said(item) for item in snapshot.output]

    assert [_said(item) for item in last.output] == said


def _said(item):
    if item.type == "message":
        return [content.text for content in item.content if content.type == "output_text"]
    return item.type, item.arguments if item.type == "function_call" else ""


@given(canon_streams(FOREIGN, FOREIGN), st.data())
def test_a_broken_stream(events, data):
    """Wherever it breaks, the fault continues its numbers."""
    encoder = DIALECT.encoder(decode(), STAMP)
    before = encoder.feed(events[: data.draw(st.integers(0, len(events) - 1))])
    told = parsed(before + encoder.fault(Disconnected("gone"), "req_1"))

    assert [] == violations(told)
    assert "failed" == told[-1]["response"]["status"]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
)
fields = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "id",
        "call_id",
        "name",
        "namespace",
        "arguments",
        "input",
        "output",
        "summary",
        "encrypted_content",
        "tools",
        "text",
        "image_url",
        "file_data",
        "file_id",
        "phase",
    ]
)
kinds = st.sampled_from(
    [
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "item_reference",
        "additional_tools",
        "input_text",
        "input_image",
        "input_file",
        "refusal",
        "namespace",
        "function",
        "custom",
    ]
)
objects = st.recursive(
    st.dictionaries(fields, kinds | values, max_size=5),
    lambda inner: st.dictionaries(fields, kinds | inner | st.lists(inner, max_size=3), max_size=5),
)
bodies = st.fixed_dictionaries(
    {"model": st.just("m")},
    optional={
        "input": texts | st.lists(objects, max_size=4) | values,
        "tools": st.lists(objects, max_size=3) | values,
        "tool_choice": kinds | objects,
        "text": st.dictionaries(st.sampled_from(("format", "verbosity")), objects | values),
        "reasoning": st.dictionaries(st.sampled_from(("effort", "summary")), values) | values,
        "include": st.lists(texts) | values,
        "instructions": values,
        "truncation": values,
    },
)


@given(bodies.map(json.encode) | st.binary(max_size=60))
def test_only_malformed_escapes(body):
    """Whatever a client sends; and what is taken can be answered."""
    try:
        request = DIALECT.decode_request(body, {})
    except Malformed:
        return
    DIALECT.encoder(request, STAMP).fault(Disconnected("gone"), "req_1")


@given(canon_streams(FOREIGN, FOREIGN), st.data())
def test_the_checker_sees_what_is_missing(events, data):
    """Any event left out of a stream is missed, even with the numbers set right."""
    told = parsed(DIALECT.encoder(decode(), STAMP).feed(events))
    del told[data.draw(st.integers(0, len(told) - 1))]
    for number, event in enumerate(told):
        event["sequence_number"] = number

    assert [] != violations(told)
