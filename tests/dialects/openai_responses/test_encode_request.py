"""Requests to upstreams: everything but their conversation and tools."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import (
    FOREIGN,
    encoded,
    items,
    notes,
    own,
    request,
    sent,
)
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChoiceMode, OutputFormat, Thinking, Tool, ToolChoice
from trunkline.dialects.openai_responses.wire import ADDITIONAL

CLAUDES = Thinking(mode="enabled", budget_tokens=10_000)


def test_the_least():
    """Nothing is stored for who did not ask for it."""
    assert {
        "model": "m",
        "input": [{"role": "user", "content": "hi"}],
        "store": False,
    } == sent(request())


def test_instructions():
    """Apart from the input where the client gave them there; else in their place."""
    said = (Message(Role.SYSTEM, (Text("Be brief."),)), Message(Role.USER, (Text("hi"),)))
    apart = sent(own(*said, echo={"instructions": Raw(b'"Be brief."')}))
    assert ("Be brief.", 1) == (apart["instructions"], len(apart["input"]))
    assert [{"role": "system", "content": "Be brief."}] == items(own(*said))[:1]
    assert "instructions" not in sent(request(*said))


def test_sampling():
    """What both know, by its name here."""
    body = sent(request(max_output_tokens=99, temperature=0.5, top_p=0.9, top_logprobs=3))
    assert (99, 0.5, 0.9, 3) == (
        body["max_output_tokens"],
        body["temperature"],
        body["top_p"],
        body["top_logprobs"],
    )


def test_too_few_tokens():
    """The API refuses fewer than 16."""
    short = request(max_output_tokens=1)
    assert 16 == sent(short)["max_output_tokens"]
    assert "max_tokens" in notes(short)


@pytest.mark.parametrize(
    ("field", "value"),
    (
        ("stop", ("END",)),
        ("seed", 7),
        ("presence_penalty", 0.5),
        ("frequency_penalty", 0.5),
        ("logit_bias", Raw(b'{"1":2}')),
        ("top_k", 5),
    ),
)
def test_what_the_api_lacks(field, value):
    """Is noted, not lost silently."""
    asked = request(**{field: value})
    assert field in notes(asked)
    assert field not in sent(asked)


@pytest.mark.parametrize("n", (0, 2))
def test_several_answers(n):
    """Cannot be given one."""
    with pytest.raises(Unsupported) as refused:
        encoded(request(n=n))
    assert "n" == refused.value.param


def test_models_that_reason():
    """Take no sampling parameters, and seal their reasoning unasked."""
    asked = request(temperature=0.5, top_p=0.9)
    body = sent(asked, reasoning_model=True)
    assert {"temperature", "top_p"} == set(notes(asked, reasoning_model=True))
    assert not {"temperature", "top_p"} & set(body)
    assert ["reasoning.encrypted_content"] == body["include"]


@pytest.mark.parametrize(
    ("thinking", "expected"),
    (
        (Thinking(effort="low"), {"effort": "low"}),
        (CLAUDES, {"effort": "medium", "summary": "auto"}),
        (
            Thinking(mode="adaptive", effort="high", display="omitted"),
            {"effort": "high"},
        ),
        (Thinking(effort="max"), {"effort": "xhigh"}),
        (Thinking(mode="disabled"), {"effort": "none"}),
        (Thinking(effort="low", display="detailed"), {"effort": "low", "summary": "detailed"}),
    ),
)
def test_reasoning(thinking, expected):
    """A client that is shown thinking gets its summary; it comes along sealed."""
    body = sent(request(thinking=thinking))
    assert expected == body["reasoning"]
    assert ["reasoning.encrypted_content"] == body["include"]


def test_reasoning_nobody_asked_for():
    """Models that do not reason refuse to seal it."""
    assert "include" not in sent(request())


def test_models_that_do_not_reason():
    """Are not asked for a summary of it either."""
    asked = request(thinking=CLAUDES)
    assert {"model", "input", "store"} == set(sent(asked, efforts=()))
    assert "thinking" in notes(asked, efforts=())


def test_fields_of_reasoning_we_do_not_know():
    """Go to their own API, beside what we know."""
    native = {"reasoning": Raw(b'{"effort":"low","context":"auto"}')}
    body = sent(own(thinking=Thinking(effort="low", native=native)))
    assert {"effort": "low", "context": "auto"} == body["reasoning"]


def test_stored_answers_are_not_sealed():
    """Who keeps the reasoning needs no copy."""
    body = sent(request(thinking=CLAUDES, extra={"store": Raw(b"true")}))
    assert (True, False) == (body["store"], "include" in body)


def test_log_probabilities():
    """Asked for by a word of `include`, beside those the client said."""
    body = sent(own(logprobs=True, extra={"include": Raw(b'["file_search_call.results"]')}))
    assert ["file_search_call.results", "message.output_text.logprobs"] == body["include"]


def test_structured_output():
    """The definition stands flat here."""
    wanted = OutputFormat(
        kind="json_schema", schema=Raw(b'{ "type":"object"}'), name="o", strict=True
    )
    body = encoded(request(output_format=wanted, verbosity="low")).body
    assert (
        b'"text":{"format":{"type":"json_schema","name":"o","schema":{ "type":"object"},'
        b'"strict":true},"verbosity":"low"}' in body
    )
    plain = sent(request(output_format=OutputFormat(kind="json_object")))
    assert {"format": {"type": "json_object"}} == plain["text"]


def test_a_schema_the_provider_does_not_take():
    """Is asked for in words."""
    wanted = OutputFormat(kind="json_schema", schema=Raw(b'{"type":"object"}'))
    asked = request(output_format=wanted)
    body = sent(asked, schema_output=False)
    assert {"format": {"type": "json_object"}} == body["text"]
    assert '{"type":"object"}' in body["input"][0]["content"]
    assert "text.format" in notes(asked, schema_output=False)


def test_who_it_is_for():
    """Claude Code's user is longer than OpenAI takes; whose tier it is must be known here."""
    body = sent(request(user="u" * 99, metadata=Raw(b'{"a":"b"}'), service_tier="standard_only"))
    assert (64, {"a": "b"}, "default") == (
        len(body["user"]),
        body["metadata"],
        body["service_tier"],
    )
    assert "user" in notes(request(user="u" * 99))
    assert "service_tier" in notes(request(service_tier="on_demand"))


def test_fields_of_the_client_alone():
    """Its own API gets them; another's are noted, but for those both have."""
    extra = {"truncation": Raw(b'"auto"')}
    assert "auto" == sent(own(extra=extra))["truncation"]
    assert "truncation" in notes(request(extra=extra))
    shared = request(origin="openai-chat", extra={"prompt_cache_key": Raw(b'"k"')})
    assert ("k", {}) == (sent(shared)["prompt_cache_key"], notes(shared))


def test_tools_and_the_choice_among_them():
    """A choice among no tools is none."""
    tools = (Tool(name="f"),)
    body = sent(
        request(tools=tools, tool_choice=ToolChoice(ChoiceMode.AUTO), parallel_tool_calls=False)
    )
    assert ("auto", False, 1) == (
        body["tool_choice"],
        body["parallel_tool_calls"],
        len(body["tools"]),
    )
    bare = request(tool_choice=ToolChoice(ChoiceMode.AUTO), parallel_tool_calls=True)
    assert {"model", "input", "store"} == set(sent(bare))
    assert "tool_choice" in notes(bare)


def test_a_choice_among_tools_that_all_were_dropped():
    """What is written counts: another provider's search is no tool here."""
    search = Tool(name="web_search", kind="builtin", raw=Raw(b"{}"), origin=FOREIGN)
    asked = request(
        tools=(search,), tool_choice=ToolChoice(ChoiceMode.AUTO), parallel_tool_calls=True
    )

    assert {"model", "input", "store"} == set(sent(asked))
    assert {"tools.0", "tool_choice"} == set(notes(asked))


def test_a_choice_among_tools_that_the_input_brings_along():
    """They are written there."""
    tool = Tool(name="f", origin=ADDITIONAL)

    body = sent(own(tools=(tool,), tool_choice=ToolChoice(ChoiceMode.REQUIRED)))
    assert ("required", False) == (body["tool_choice"], "tools" in body)


def test_long_names_come_back():
    """The flow restores them in the answer."""
    (name,) = encoded(request(tools=(Tool(name="f" * 99),))).tool_names
    assert ("f" * 99, 64) == (
        encoded(request(tools=(Tool(name="f" * 99),))).tool_names[name],
        len(name),
    )


def test_streams():
    """Usage comes unasked."""
    assert sent(request(stream=True))["stream"] is True
    assert "stream_options" not in sent(request(stream=True))


def test_quirks_of_the_top_level():
    """Dropped with a note, renamed, added."""
    asked = request(user="u", stream=True)
    body = sent(asked, drop=("user",), rename={"stream": "s"}, add={"a": Raw(b"1")})
    assert (True, 1, False) == (body["s"], body["a"], "user" in body)
    assert "user" in notes(asked, drop=("user",))


def test_bytes_stay_for_prompt_caches():
    """The same request gives the same bytes."""
    asked = request(tools=(Tool(name="f" * 99), Tool(name="g")), origin=FOREIGN)
    assert encoded(asked).body == encoded(asked).body
    assert json.decode(encoded(asked).body)["tools"][1]["name"] == "g"


def test_the_silence_of_anthropics_clients():
    """No reasoning, where the model can be told so, and no note where it cannot."""
    assert {"effort": "minimal"} == sent(request(), efforts=("minimal", "low"))["reasoning"]
    assert {"effort": "none"} == sent(request(), efforts=("none", "low"))["reasoning"]
    for quirks in ({"efforts": ("low",)}, {"efforts": ("none",), "drop": ("reasoning",)}):
        assert "reasoning" not in sent(request(), **quirks)
        assert {} == notes(request(), **quirks)
    assert "reasoning" not in sent(own(), efforts=("none",))
    kept = request(thinking=Thinking(effort="low"))
    assert {"effort": "low"} == sent(kept, efforts=("none", "low"))["reasoning"]
