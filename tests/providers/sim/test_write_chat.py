"""Chat Completions on the wire, beside what OpenAI was recorded to send."""

from pathlib import Path

import pytest
from msgspec import json

from tests.providers.sim.kit import CHAT, TOOL, ask, engine, events, play, tools_of

USAGE = {"stream_options": {"include_usage": True}}


def stream(model: str, prompt: str = "hi", **more):
    return play(engine(), ask(CHAT, model, prompt, stream=True, **more))


def chunks(seen) -> list:
    return [data for _, data in seen.events if isinstance(data, dict)]


def deltas(seen) -> list:
    return [choice["delta"] for chunk in chunks(seen) for choice in chunk["choices"]]


def recorded(shared: Path, name: str) -> list:
    """Chunks of a recorded stream."""
    body = (shared / "fixtures" / "openai-chat" / f"{name}.sse").read_bytes()
    return [data for _, data in events(body) if isinstance(data, dict)]


def test_a_stream_begins_with_the_role_and_ends_with_done() -> None:
    """Role, pieces of text, the finish, the usage in a chunk without choices, the sentinel."""
    seen = stream("sim-echo", "abcdefgh", **USAGE)

    assert [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "abcd"},
        {"content": "efgh"},
        {},
    ] == deltas(seen)
    assert [None, None, None, "stop"] == [
        choice["finish_reason"] for chunk in chunks(seen) for choice in chunk["choices"]
    ]
    assert [None, None, None, None, 2] == [
        (chunk["usage"] or {}).get("completion_tokens") for chunk in chunks(seen)
    ]
    assert ("", "[DONE]") == seen.events[-1]


def test_usage_only_where_asked() -> None:
    """Without include_usage there is no such key."""
    assert all("usage" not in chunk for chunk in chunks(stream("sim-chat")))


def test_obfuscation_unless_refused() -> None:
    """Each chunk is padded; include_obfuscation false stops it."""
    plain = stream("sim-chat", stream_options={"include_obfuscation": False})

    assert all(chunk["obfuscation"] for chunk in chunks(stream("sim-chat")))
    assert all("obfuscation" not in chunk for chunk in chunks(plain))


def test_one_answer_has_one_identity() -> None:
    """All chunks share id, model and time; another answer has another id."""
    subject = engine()
    first, second = (
        chunks(play(subject, ask(CHAT, "sim-chat@tag=x", stream=True))) for _ in range(2)
    )

    assert 1 == len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in first})
    assert first[0]["id"] != second[0]["id"]
    assert "sim-chat" == first[0]["model"]


def test_calls_are_streamed_by_index() -> None:
    """Id and name once, then fragments with the index alone; content null when there is no text."""
    seen = stream("sim-tools@calls=2", tools=tools_of(CHAT, TOOL, {**TOOL, "name": "b"}))
    found = [delta["tool_calls"][0] for delta in deltas(seen) if "tool_calls" in delta]
    starts = [call for call in found if "id" in call]
    joined = ["", ""]
    for call in found:
        joined[call["index"]] += call["function"]["arguments"]

    assert {"role": "assistant", "content": None} == deltas(seen)[0]
    assert [(0, "get_weather"), (1, "b")] == [
        (call["index"], call["function"]["name"]) for call in starts
    ]
    assert all({"index", "function"} == set(call) for call in found if call not in starts)
    assert all({"city", "unit"} == set(json.decode(arguments)) for arguments in joined)


@pytest.mark.parametrize("field", ("reasoning_content", "reasoning"))
def test_reasoning_comes_before_the_text(field: str) -> None:
    """In the field that the option names; redacted it is only counted."""
    model = f"sim-reason@think=3,tokens=2,field={field}"
    keys = [next(iter(delta), "") for delta in deltas(stream(model))[1:]]
    whole = play(engine(), ask(CHAT, model)).json
    hidden = play(engine(), ask(CHAT, model + ",redacted")).json

    assert [field] * 3 + ["content"] * 2 + [""] == keys
    assert 12 == len(whole["choices"][0]["message"][field])
    assert field not in hidden["choices"][0]["message"]
    assert 3 == hidden["usage"]["completion_tokens_details"]["reasoning_tokens"]


def test_a_refusal_has_its_field() -> None:
    """content is null, refusal the words; streamed in refusal deltas."""
    message = play(engine(), ask(CHAT, "sim-refusal")).json["choices"][0]["message"]
    said = "".join(delta.get("refusal") or "" for delta in deltas(stream("sim-refusal")))

    assert (None, "I cannot help with that.") == (message["content"], message["refusal"])
    assert said == message["refusal"]


def test_choices_are_interleaved() -> None:
    """n=2: both begin before either ends, and each has its finish."""
    indices = [
        choice["index"]
        for chunk in chunks(stream("sim-chat@tokens=3", n=2))
        for choice in chunk["choices"]
    ]

    assert [0, 1, 0, 1, 0, 1, 0, 1, 0, 1] == indices


def test_logprobs_cover_the_text() -> None:
    """Each token with its bytes and so many alternatives, whole and streamed."""
    more = {"logprobs": True, "top_logprobs": 2}
    whole = play(engine(), ask(CHAT, "sim-echo", "abcdef", **more)).json["choices"][0]["logprobs"]
    streamed = [
        token
        for chunk in chunks(stream("sim-echo", "abcdef", **more))
        for choice in chunk["choices"]
        for token in (choice["logprobs"] or {"content": []})["content"]
    ]

    assert ["abcd", "ef"] == [token["token"] for token in whole["content"]]
    assert list(b"ef") == whole["content"][1]["bytes"]
    assert {2} == {len(token["top_logprobs"]) for token in whole["content"]}
    assert whole["content"] == streamed


def test_cached_and_written_tokens_are_told() -> None:
    """prompt_tokens includes both; the write has a key of its own only when there is one."""
    usage = play(engine(), ask(CHAT, "sim-chat@cached=2,cache_write=1", "12345678")).json["usage"]
    none = play(engine(), ask(CHAT, "sim-chat")).json["usage"]["prompt_tokens_details"]

    assert 5 == usage["prompt_tokens"]
    assert {"cached_tokens": 2, "audio_tokens": 0, "cache_write_tokens": 1} == (
        usage["prompt_tokens_details"]
    )
    assert {"cached_tokens": 0, "audio_tokens": 0} == none


def test_headers_are_those_of_the_provider() -> None:
    """Request id, processing time, version and rate limits."""
    seen = play(engine(), ask(CHAT, "sim-chat"))

    assert seen.row.id.encode() == seen.header(b"x-request-id")
    assert b"2020-10-01" == seen.header(b"openai-version")
    for name in (b"openai-processing-ms", b"x-ratelimit-remaining-tokens"):
        assert seen.header(name)


def test_chunks_have_the_recorded_keys(shared: Path) -> None:
    """A text stream's first, middle, last and usage chunk have the keys in the recorded order."""
    real = recorded(shared, "pai-test-openai-test-run-stream-sync-streams-real-model.01")
    made = chunks(stream("sim-chat", **USAGE))

    for at in (0, 1, -2, -1):
        assert list(real[at]) == list(made[at])
        assert [list(choice) for choice in real[at]["choices"]] == (
            [list(choice) for choice in made[at]["choices"]]
        )
    assert real[0]["choices"][0]["delta"] == made[0]["choices"][0]["delta"]
    assert list(real[-1]["usage"]) == list(made[-1]["usage"])


def test_tool_chunks_have_the_recorded_keys(shared: Path) -> None:
    """The deltas of a call have the recorded keys."""
    real = recorded(shared, "pai-test-dbos-test-complex-agent-run-in-workflow.00")
    made = chunks(stream("sim-tools", tools=tools_of(CHAT, TOOL), **USAGE))

    for at in (1, 2):
        left = real[at]["choices"][0]["delta"]["tool_calls"][0]
        right = made[at]["choices"][0]["delta"]["tool_calls"][0]
        assert (list(left), list(left["function"])) == (list(right), list(right["function"]))


def test_a_whole_answer_has_the_recorded_keys(shared: Path) -> None:
    """Message, choice, usage and the answer itself."""
    file = shared / "fixtures" / "openai-chat" / "llm-test-tool-use-chain-of-two-calls.00.json"
    real = json.decode(file.read_bytes())["response"]["body"]
    made = play(engine(), ask(CHAT, "sim-tools", tools=tools_of(CHAT, TOOL))).json

    assert list(real) == list(made)
    assert list(real["choices"][0]) == list(made["choices"][0])
    assert list(real["choices"][0]["message"]) == list(made["choices"][0]["message"])
    assert list(real["usage"]) == list(made["usage"])
