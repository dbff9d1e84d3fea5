"""
What a client gets out of an answer, read from what its SDK parsed; in words all dialects share.

Written from the APIs' documentation, apart from the dialects under test: they are what it judges.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, json
from msgspec.structs import replace

from tests.conformance.recordings import ANTHROPIC, GEMINI, RESPONSES

Fields = Mapping[str, Any]

END, TOOL, LENGTH, FILTER = "end", "tool", "length", "filter"
_STOPS: Mapping[str, str] = {
    # Chat Completions, and what look-alikes say besides.
    "stop": END,
    "length": LENGTH,
    "tool_calls": TOOL,
    "function_call": TOOL,
    "content_filter": FILTER,
    # Messages. A pause and a compaction are natural ends to whoever knows neither.
    "end_turn": END,
    "stop_sequence": END,
    "pause_turn": END,
    "compaction": END,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "tool_use": TOOL,
    "refusal": FILTER,
    # Gemini.
    "STOP": END,
    "MAX_TOKENS": LENGTH,
    "SAFETY": FILTER,
}


class Call(Struct, frozen=True):
    id: str
    name: str
    arguments: Any
    """Parsed; as it stands where it is no JSON."""


class Counts(Struct, frozen=True):
    """Tokens: `input` and `output` are totals, the others parts of them."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0


class Turn(Struct, frozen=True):
    """One choice."""

    text: str
    refusal: str
    reasoning: str
    calls: tuple[Call, ...]
    stop: str


class Meaning(Struct, frozen=True):
    turns: tuple[Turn, ...]
    usage: Counts
    """All zero where none was reported."""
    model: str
    id: str


def meaning(dialect: str, parsed: Any) -> Meaning:
    """Of an SDK's ChatCompletion, Message or Response."""
    fields = parsed.model_dump(warnings=False)
    reads = {ANTHROPIC: _of_message, RESPONSES: _of_response, GEMINI: _of_google}
    return reads.get(dialect, _of_completion)(fields)


def _of_completion(fields: Fields) -> Meaning:
    return Meaning(
        tuple(_turn(choice) for choice in fields.get("choices") or ()),
        counts_of_chat(fields.get("usage") or {}),
        fields.get("model") or "",
        fields.get("id") or "",
    )


def _turn(choice: Fields) -> Turn:
    message = choice.get("message") or {}
    calls = [
        _call(call.get("id"), call.get("function") or call.get("custom") or {})
        for call in message.get("tool_calls") or ()
    ]
    if (message.get("function_call") or {}).get("name"):
        calls.append(_call("", message["function_call"]))
    called = tuple(call for call in calls if call.name or call.id)
    return Turn(
        text=message.get("content") or "",
        refusal=message.get("refusal") or "",
        reasoning=_reasoning(message),
        calls=called,
        stop=_stop(choice.get("finish_reason"), called),
    )


def _reasoning(message: Fields) -> str:
    """DeepSeek's name for it, Groq's, and OpenRouter's details where there is neither."""
    said = message.get("reasoning_content") or message.get("reasoning")
    details = message.get("reasoning_details") or ()
    return said or "".join(d.get("text") or d.get("summary") or "" for d in details)


def _call(call_id: str | None, function: Fields) -> Call:
    arguments = function.get("arguments", function.get("input")) or ""
    return Call(call_id or "", function.get("name") or "", parsed_json(arguments))


def parsed_json(text: Any) -> Any:
    """No arguments are an empty object."""
    if not isinstance(text, str):
        return text
    try:
        return json.decode(text or "{}")
    except ValueError:
        return text


def _stop(word: str | None, calls: Sequence[Call]) -> str:
    """Whoever calls tools waits for them, but for a turn that was cut or censored."""
    stop = _STOPS.get(word or "stop", END)
    return TOOL if calls and stop == END else stop


def counts_of_chat(usage: Fields) -> Counts:
    """
    Totals as OpenAI counts them. xAI and Gemini leave reasoning out of completion_tokens: there
    the total tells.
    """
    prompt, completion = _int(usage, "prompt_tokens"), _int(usage, "completion_tokens")
    into = usage.get("prompt_tokens_details") or {}
    out = usage.get("completion_tokens_details") or {}
    hits = [_int(usage, name) for name in ("prompt_cache_hit_tokens", "num_cached_tokens")]
    read = max([_int(into, "cached_tokens"), _int(usage, "cached_tokens"), *hits])
    reasoning = max(_int(out, "reasoning_tokens"), _int(usage, "reasoning_tokens"))
    beyond = _int(usage, "total_tokens") - prompt - completion
    if beyond > 0 and reasoning in (0, beyond):
        completion, reasoning = completion + beyond, beyond
    write = min(_int(into, "cache_write_tokens"), prompt - read)
    return Counts(prompt, read, write, completion, min(reasoning, completion))


def counts_of_messages(usage: Fields) -> Counts:
    read, write = _int(usage, "cache_read_input_tokens"), _int(usage, "cache_creation_input_tokens")
    details = usage.get("output_tokens_details") or {}
    return Counts(
        _int(usage, "input_tokens") + read + write,
        read,
        write,
        _int(usage, "output_tokens"),
        _int(details, "thinking_tokens"),
    )


def _int(fields: Fields, name: str) -> int:
    return int(fields.get(name) or 0)


def _of_message(fields: Fields) -> Meaning:
    blocks = fields.get("content") or ()
    calls = tuple(Call(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use")
    turn = Turn(
        text="".join(b["text"] for b in blocks if b["type"] == "text"),
        refusal="",
        reasoning="".join(b["thinking"] for b in blocks if b["type"] == "thinking"),
        calls=calls,
        stop=_stop(fields.get("stop_reason"), calls),
    )
    usage = counts_of_messages(fields.get("usage") or {})
    return Meaning((turn,), usage, fields.get("model") or "", fields.get("id") or "")


def _of_response(fields: Fields) -> Meaning:
    items = fields.get("output") or ()
    said = [part for item in items if item["type"] == "message" for part in item["content"]]
    calls = tuple(_called(item) for item in items if _is_call(item, fields.get("tools")))
    turn = Turn(
        text="".join(part.get("text") or "" for part in said),
        refusal="".join(part.get("refusal") or "" for part in said),
        reasoning="".join(_thought(item) for item in items if item["type"] == "reasoning"),
        calls=calls,
        stop=_stop_of_response(fields, calls),
    )
    usage = counts_of_response(fields.get("usage") or {})
    return Meaning((turn,), usage, fields.get("model") or "", fields.get("id") or "")


def _of_google(fields: Fields) -> Meaning:
    turns = tuple(_candidate(candidate) for candidate in fields.get("candidates") or ())
    return Meaning(
        turns,
        counts_of_google(fields.get("usageMetadata") or {}),
        fields.get("modelVersion") or "",
        fields.get("responseId") or "",
    )


def _candidate(candidate: Fields) -> Turn:
    parts = (candidate.get("content") or {}).get("parts") or ()
    said = [part for part in parts if "text" in part]
    calls = tuple(
        Call(call.get("id") or "", call["name"], call.get("args") or {})
        for part in parts
        if (call := part.get("functionCall")) is not None
    )
    return Turn(
        text="".join(part["text"] for part in said if not part.get("thought")),
        refusal="",
        reasoning="".join(part["text"] for part in said if part.get("thought")),
        calls=calls,
        stop=_stop(candidate.get("finishReason"), calls),
    )


def counts_of_google(usage: Fields) -> Counts:
    """What tools of the provider read is input, too; thoughts stand beside the candidates."""
    thoughts = _int(usage, "thoughtsTokenCount")
    return Counts(
        _int(usage, "promptTokenCount") + _int(usage, "toolUsePromptTokenCount"),
        _int(usage, "cachedContentTokenCount"),
        0,
        _int(usage, "candidatesTokenCount") + thoughts,
        thoughts,
    )


def _is_call(item: Fields, tools: Any) -> bool:
    """xAI's own tools are written as calls of custom ones, which the client never had."""
    if item["type"] != "custom_tool_call":
        return bool(item["type"] == "function_call")
    return not tools or item["name"] in [tool.get("name") for tool in tools]


def _called(item: Fields) -> Call:
    """A tool of a namespace goes by both names."""
    space, name = item.get("namespace"), item.get("name") or ""
    given = item.get("arguments", item.get("input")) or ""
    return Call(
        item.get("call_id") or "", f"{space}__{name}" if space else name, parsed_json(given)
    )


def _thought(item: Fields) -> str:
    """Its texts are paragraphs: of the reasoning itself, or else of its summary."""
    texts = [part.get("text") or "" for part in item.get("content") or ()]
    texts = texts or [part.get("text") or "" for part in item.get("summary") or ()]
    return "\n\n".join(texts)


def _stop_of_response(fields: Fields, calls: Sequence[Call]) -> str:
    if fields.get("status") != "incomplete":
        return TOOL if calls else END
    reason = (fields.get("incomplete_details") or {}).get("reason")
    return FILTER if reason == "content_filter" else LENGTH


def counts_of_response(usage: Fields) -> Counts:
    into = usage.get("input_tokens_details") or {}
    out = usage.get("output_tokens_details") or {}
    return Counts(
        _int(usage, "input_tokens"),
        _int(into, "cached_tokens"),
        _int(into, "cache_write_tokens"),
        _int(usage, "output_tokens"),
        _int(out, "reasoning_tokens"),
    )


def seen_by(client: str, recorded: Meaning) -> Meaning:
    """
    The same answer as a client of the other dialect should find it.

    Messages and Responses have one choice; Gemini knows no refusal but a text, and no cache that is
    written; Messages has no word for a refusal's text but a stop
    reason of its own; no dialect takes over another's id.
    """
    if client == GEMINI:
        told = tuple(replace(t, text=t.text + t.refusal, refusal="") for t in recorded.turns)
        return replace(recorded, turns=told, usage=replace(recorded.usage, cache_write=0), id="")
    if client == RESPONSES:
        return replace(recorded, turns=recorded.turns[:1], id="")
    if client != ANTHROPIC:
        return replace(recorded, id="")
    turns = tuple(
        replace(
            turn,
            text=turn.text + turn.refusal,
            refusal="",
            stop=FILTER if turn.refusal and turn.stop == END else turn.stop,
        )
        for turn in recorded.turns[:1]
    )
    return replace(recorded, turns=turns, id="")
