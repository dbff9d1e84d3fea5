"""
Where other gateways fell with Gemini: their bugs as tests.

The numbers are places of a list of issues that users of other gateways have filed; those between
two dialects stand in tests/conformance/test_pitfalls.py.
"""

import pytest
from msgspec import Raw, json

from tests.dialects.gemini.kit import (
    DIALECT,
    answer_of,
    decode,
    deployment,
    event,
    notes,
    request,
    results,
    sent,
    whole,
)
from tests.dialects.turns import assistant, system, user
from trunkline.canon.answer import Answer
from trunkline.canon.content import (
    Image,
    Inline,
    Message,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.event import FinishReason
from trunkline.canon.request import ChoiceMode, OutputFormat, Thinking, Tool, ToolChoice
from trunkline.canon.usage import Usage
from trunkline.dialects.invented_ids import all_named

CALL = {"functionCall": {"name": "f", "args": {"a": 1}}}
STOP = event(finish="STOP")


def replayed(answer: Answer, **quirks):
    """The model's turn, sent back by a client of another dialect that keeps what it was given."""
    said = Message(Role.ASSISTANT, answer.choices[0].parts)
    return sent(request(user("hi"), said), **quirks)["contents"][1]["parts"]


def test_pitfall_31_pictures_in_a_tools_result_reach_the_model():
    """Inside the response where the model takes them, else behind it."""
    result = ToolResult("c1", (Text("see"), Image(Inline("image/png", "aGk="))))
    said = request(user("hi"), assistant(ToolCall("c1", "f", "{}")), results(result))
    inline = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    inside = sent(said, tool_images=True)["contents"][2]["parts"][0]["functionResponse"]
    assert [inline] == inside["parts"]
    assert inline in sent(said)["contents"][3]["parts"]


@pytest.mark.parametrize("streamed", (False, True))
def test_pitfall_32_thought_signatures_go_back_where_they_came_from(streamed):
    """On the first of parallel calls, on a thought, on a text; whole or streamed."""
    given = [
        {"text": "hm", "thought": True, "thoughtSignature": "c2lnMQ=="},
        {"text": "look", "thoughtSignature": "c2lnMg=="},
        {**CALL, "thoughtSignature": "c2lnMw=="},
        CALL,
    ]
    answer = answer_of(*map(event, given), STOP) if streamed else whole(*given)
    again = replayed(answer, thought_signatures=True)
    assert ["c2lnMQ==", "c2lnMg==", "c2lnMw==", None] == [
        part.get("thoughtSignature") for part in again
    ]
    assert ["thought" in again[0], again[1]["text"]] == [True, "look"]


def test_pitfall_32_a_signature_on_the_last_empty_text_is_kept():
    """Gemini 3 ends its streams with one."""
    last = event({"text": "", "thoughtSignature": "c2ln"}, finish="STOP")
    answer = answer_of(event({"text": "a"}), last)
    assert [{"text": "a", "thoughtSignature": "c2ln"}] == replayed(answer)


def test_pitfall_32_calls_of_other_models_do_not_fail_for_want_of_a_signature():
    """Gemini 3 answers 400 without."""
    said = request(user("hi"), assistant(ToolCall("call_1", "f", "{}")))
    (part,) = sent(said, thought_signatures=True)["contents"][1]["parts"]
    assert "skip_thought_signature_validator" == part["thoughtSignature"]


def test_pitfall_34_another_providers_signature_never_reaches_google():
    """The thought is dropped, and that is said."""
    said = request(user("hi"), assistant(Reasoning("hm", "sig", "anthropic-messages"), "a"))
    assert "sig" not in json.encode(sent(said)).decode()
    assert "messages.1.content.0" in notes(said)


def test_pitfall_38_a_later_system_message_stays_in_place():
    """As a user's text: Google has no other place for it."""
    contents = sent(request(user("a"), assistant("b"), system("c"), user("d")))["contents"]
    assert ["a", "b", "c", "d"] == [content["parts"][0]["text"] for content in contents]


def test_pitfall_39_long_names_are_shortened_everywhere_alike():
    """In the declaration, the choice, the history; and the way back is told."""
    name = "n" * 100
    asked = request(
        user("hi"),
        assistant(ToolCall("c1", name, "{}")),
        results(ToolResult("c1", (Text("x"),))),
        tools=(Tool(name=name),),
        tool_choice=ToolChoice(ChoiceMode.ONE, (name,)),
    )
    encoded = DIALECT.encode_request(asked, deployment())
    ((short, original),) = encoded.tool_names.items()
    body = json.decode(encoded.body)
    assert (name, True) == (original, len(short) <= 64)
    assert [short] == body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"]
    assert short == body["tools"][0]["functionDeclarations"][0]["name"]
    assert short == body["contents"][1]["parts"][0]["functionCall"]["name"]
    assert short == body["contents"][2]["parts"][0]["functionResponse"]["name"]


def test_pitfall_40_no_word_of_json_schema_is_refused():
    """Schemas go whole into the fields that take all of it, for tools and for answers."""
    schema = Raw(
        b'{"$schema":"x","type":"object","properties":{"a":{"anyOf":[{"const":1},{"type":"null"}]}},'
        b'"propertyNames":{"pattern":"a"},"exclusiveMinimum":0,"additionalProperties":false}'
    )
    wanted = OutputFormat(kind="json_schema", schema=schema)
    body = sent(request(tools=(Tool(name="f", parameters=schema),), output_format=wanted))
    (function,) = body["tools"][0]["functionDeclarations"]
    assert json.decode(schema) == function["parametersJsonSchema"]
    assert json.decode(schema) == body["generationConfig"]["responseJsonSchema"]
    assert {"parameters", "responseSchema"}.isdisjoint({*function, *body["generationConfig"]})


def test_pitfall_42_a_choice_among_some_tools_is_carried():
    """With its names."""
    tools = (Tool(name="f"), Tool(name="g"), Tool(name="h"))
    asked = request(tools=tools, tool_choice=ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("f", "h")))
    assert {"mode": "ANY", "allowedFunctionNames": ["f", "h"]} == sent(asked)["toolConfig"][
        "functionCallingConfig"
    ]


@pytest.mark.parametrize(
    "quirks", ({"thinking_budget": (0, 24_576)}, {"efforts": ("low", "high")}, {"efforts": ()})
)
@pytest.mark.parametrize(
    "asked",
    (
        Thinking(effort="high"),
        Thinking(mode="enabled", budget_tokens=9_000, effort="low"),
        Thinking(mode="adaptive", effort="medium"),
        Thinking(mode="disabled"),
    ),
)
def test_pitfall_45_never_a_level_and_a_budget(quirks, asked):
    """One of them, by what the model takes; or neither."""
    config = sent(request(thinking=asked), **quirks).get("generationConfig", {})
    told = config.get("thinkingConfig", {}).keys() & {"thinkingLevel", "thinkingBudget"}
    assert len(told) == ("thinking_budget" in quirks or bool(quirks["efforts"]))


def test_pitfall_47_all_results_of_a_turn_in_one_content():
    """Contiguous, and before what the user says besides."""
    calls = [ToolCall(f"c{n}", f"f{n}", "{}") for n in range(3)]
    given = [ToolResult(f"c{n}", (Text("x"),)) for n in range(3)]
    contents = sent(request(user("hi"), assistant(*calls), results(*given), user("and?")))[
        "contents"
    ]
    assert ["user", "model", "user", "user"] == [content["role"] for content in contents]
    assert ["f0", "f1", "f2"] == [p["functionResponse"]["name"] for p in contents[2]["parts"]]


def test_pitfall_49_tools_keep_their_order():
    """Prompt caches hold by it."""
    tools = tuple(Tool(name=name) for name in ("z", "a", "m"))
    (entry,) = sent(request(tools=tools))["tools"]
    assert ["z", "a", "m"] == [f["name"] for f in entry["functionDeclarations"]]


def test_pitfall_51_a_censored_answer_says_so():
    """Also where the prompt was refused and there is no candidate at all."""
    assert FinishReason.CONTENT_FILTER == whole(finish="SAFETY").choices[0].finish
    blocked = DIALECT.decode_answer(b'{"promptFeedback":{"blockReason":"OTHER"}}')
    assert FinishReason.CONTENT_FILTER == blocked.choices[0].finish


def test_pitfall_53_a_call_ends_as_a_call():
    """Though Google says STOP; each call has an id, and arguments that are JSON text."""
    first, second = all_named(answer_of(event(CALL, CALL), STOP), "t").choices[0].parts
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert ('{"a":1}', True) == (first.arguments, first.id != second.id)
    assert FinishReason.TOOL_CALLS == answer_of(event(CALL), STOP).choices[0].finish


def test_pitfall_53_a_result_without_an_id_finds_its_call():
    """By name and order."""
    said = decode(
        contents=[
            {"role": "model", "parts": [CALL, CALL]},
            {"parts": [{"functionResponse": {"name": "f", "response": {"output": "x"}}}] * 2},
        ]
    )
    called = [p.id for p in said.messages[0].parts if isinstance(p, ToolCall)]
    assert called == [p.call_id for p in said.messages[1].parts if isinstance(p, ToolResult)]


def test_pitfall_54_cached_tokens_are_counted_once():
    """They are within the prompt's; thoughts are beside the answer's."""
    told = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 60,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
    }
    usage = whole({"text": "a"}, usageMetadata=told).usage
    assert Usage(input=40, cache_read=60, output=5, reasoning=7) == usage
    assert usage is not None
    assert 112 == usage.total
