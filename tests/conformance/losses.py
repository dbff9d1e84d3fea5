"""What may be lost on the way, and why. What is not listed here may not be lost."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.conformance.recordings import ANTHROPIC, GEMINI, OPENAI, RESPONSES

_ECHOED = (
    "background",
    "frequency_penalty",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
Patterns = tuple[tuple[str, str], ...]
"""Paths of an answer as its SDK dumps it, with the key of WHY."""

WHY: Mapping[str, str] = {
    "usage": (
        "A provider's own figures beside the tokens (cost, times, sources). Usage is counted in "
        "classes every provider shares."
    ),
    "totals": (
        "xAI and Gemini leave reasoning out of completion_tokens; the answer counts it in, as "
        "OpenAI does."
    ),
    "reasoning": "Thinking stands in `reasoning_content`, whatever the provider calls the field.",
    "details": (
        "Entries of `reasoning_details` that prove nothing repeat the thinking; those with a "
        "signature or encrypted data come through."
    ),
    "own": (
        "Fields only this provider writes into choices and messages (content filter results, "
        "native finish reasons, seeds, tools it ran itself)."
    ),
    "late": "Top-level fields that a stream first tells of in a later chunk.",
    "thought": (
        "Gemini's signature of a whole message. Those of its tool calls, which it insists on, "
        "travel in the calls' ids."
    ),
    "citations": (
        "The dialects cite in ways that do not translate: a text's own citations are dropped. A whole "
        "answer names that in a warning; a stream's head has left by then."
    ),
    "logprobs": "Messages has no log probabilities.",
    "audio": "Messages speaks no audio.",
    "choices": "Messages has one choice: of several, the first.",
    "top": "Top-level fields that mean something to clients of the provider's dialect alone.",
    "stopped": (
        "Which stop sequence was met, and why a model refused, have no field in OpenAI's APIs; "
        "the finish reason tells that it did."
    ),
    "echo": "What a Responses answer repeats of its request.",
    "phase": "Whether a message comments or concludes, which only Responses tells.",
    "server": (
        "Tools the provider ran itself (search, code, MCP), with their results and containers: "
        "what the model says of them comes through. A whole answer names them in a warning."
    ),
    "fallback": "The note that another model took over; a stream has named the first one by then.",
    "compaction": "A summary of the history for the provider's own use.",
    "noted": "Fields of requests that the other dialect lacks: each is named in a warning.",
    "refused": (
        "Requests that cannot be put in the other dialect without losing their point (audio, files "
        "only their provider holds, documents by URL): answered by a 400 that says so."
    ),
    "empty": "A text block, or a message, that says nothing is none.",
    "repeated": "An answer repeats its request's tools as the client sent them.",
    "sealed": "OpenAI seals reasoning anew in a stream's last event; what came before opens as well.",
    "settled": "In an answer that is complete every call is.",
    "ids": (
        "GitHub's gateway calls an item by another id in each event; and what says nothing has none."
    ),
}

SAME: Mapping[str, Patterns] = {
    OPENAI: (
        ("usage.completion_tokens", "totals"),
        ("usage.*", "usage"),
        ("choices[].message.reasoning", "reasoning"),
        ("choices[].message.reasoning_details[].*", "details"),
        ("choices[].message.extra_content.google.*", "thought"),
        ("choices[].message.thought_signature", "thought"),
        ("choices[].message.channel", "own"),
        ("choices[].message.executed_tools[].*", "own"),
        ("choices[].content_filter_results.*", "own"),
        ("choices[].native_finish_reason", "own"),
        ("choices[].seed", "own"),
        ("choices[].stop_reason", "own"),
        ("moderation.*", "late"),
        ("system_fingerprint", "late"),
    ),
    ANTHROPIC: (("content[].type", "empty"),),
    RESPONSES: (
        ("tools[].*", "repeated"),
        ("usage.*", "usage"),
        ("output[].encrypted_content", "sealed"),
        ("output[].status", "settled"),
        ("output[].id", "ids"),
        ("output[].role", "empty"),
        ("output[].type", "empty"),
        ("output[].content[].type", "empty"),
    ),
    GEMINI: (("usageMetadata.*", "usage"),),
}
"""Through the canonical events to a client of the same dialect. Passing through, nothing is."""


CARRIED: Mapping[str, tuple[str, ...]] = {
    OPENAI: (
        "id",  # the answer has one of its own in either dialect
        "created",
        "model",
        "object",
        "choices[].finish_reason",
        "choices[].message.role",
        "choices[].message.content",
        "choices[].message.refusal",
        "choices[].message.reasoning",
        "choices[].message.reasoning_content",
        "choices[].message.reasoning_details[].*",
        "choices[].message.tool_calls[].*",
        "usage.prompt_tokens",
        "usage.completion_tokens",
        "usage.total_tokens",
        "usage.prompt_tokens_details.cached_tokens",
        "usage.prompt_tokens_details.cache_write_tokens",
        "usage.completion_tokens_details.reasoning_tokens",
        "usage.num_cached_tokens",
        "usage.prompt_cache_hit_tokens",
        "usage.prompt_cache_miss_tokens",
    ),
    ANTHROPIC: (
        "id",
        "type",
        "role",
        "model",
        "stop_reason",
        "content.text[].text",
        "content.text[].type",
        "content.thinking[].*",
        "content.redacted_thinking[].*",
        "content.tool_use[].id",
        "content.tool_use[].input.*",
        "content.tool_use[].name",
        "content.tool_use[].type",
        "usage.input_tokens",
        "usage.output_tokens",
        "usage.cache_creation_input_tokens",
        "usage.cache_read_input_tokens",
        "usage.output_tokens_details.thinking_tokens",
    ),
    RESPONSES: (
        "id",
        "created_at",
        "model",
        "object",
        "status",
        "incomplete_details.reason",
        "output.message[].role",
        "output.message[].type",
        "output.message[].id",
        "output.message[].status",
        "output.message[].content[].text",
        "output.message[].content[].refusal",
        "output.message[].content[].type",
        "output.reasoning[].*",
        "output.function_call[].arguments",
        "output.function_call[].call_id",
        "output.function_call[].id",
        "output.function_call[].name",
        "output.function_call[].namespace",
        "output.function_call[].status",
        "output.function_call[].type",
        "usage.input_tokens",
        "usage.input_tokens_details.cached_tokens",
        "usage.input_tokens_details.cache_write_tokens",
        "usage.output_tokens",
        "usage.output_tokens_details.reasoning_tokens",
        "usage.total_tokens",
    ),
    GEMINI: (
        "responseId",
        "modelVersion",
        "candidates[].finishReason",
        "candidates[].content.parts[].text",
        "candidates[].content.parts[].thought",
        "candidates[].content.parts[].thoughtSignature",
        "candidates[].content.parts[].functionCall.*",
        "usageMetadata.promptTokenCount",
        "usageMetadata.toolUsePromptTokenCount",
        "usageMetadata.cachedContentTokenCount",
        "usageMetadata.candidatesTokenCount",
        "usageMetadata.thoughtsTokenCount",
        "usageMetadata.totalTokenCount",
    ),
}
"""Across the dialects: what suite 2 compares by its meaning."""

CARRIED_TO: Mapping[tuple[str, str], tuple[str, ...]] = {
    (OPENAI, RESPONSES): ("choices[].logprobs.*",),
    (OPENAI, GEMINI): ("choices[].logprobs.*",),
    (RESPONSES, OPENAI): ("output.message[].content[].logprobs[].*",),
}
"""To clients of one other dialect alone."""

CROSS: Mapping[str, Patterns] = {
    OPENAI: (
        ("choices[].message.annotations[].*", "citations"),
        ("choices[].logprobs.*", "logprobs"),
        ("choices[].message.audio.*", "audio"),
        ("choices[].message.extra_content.google.*", "thought"),
        ("choices[].message.thought_signature", "thought"),
        ("choices[].message.*", "own"),
        ("choices[].*", "own"),
        ("usage.*", "usage"),
        ("citations[]", "citations"),
        *(
            (f"{field}*", "top")
            for field in (
                "metadata",
                "moderation",
                "prompt_filter_results",
                "provider",
                "request_id",
                "service_tier",
                "sla_metrics",
                "system_fingerprint",
                "time_info",
                "usage_breakdown",
                "x_groq",
            )
        ),
    ),
    ANTHROPIC: (
        ("stop_sequence", "stopped"),
        ("stop_details.*", "stopped"),
        ("container.*", "server"),
        ("content.tool_use[].caller.*", "server"),
        ("content.text[].citations[].*", "citations"),
        ("content.fallback[].*", "fallback"),
        ("content.compaction[].*", "compaction"),
        ("content.*_tool_use[].*", "server"),
        ("content.*_tool_result[].*", "server"),
        ("usage.*", "usage"),
    ),
    RESPONSES: (
        ("output.message[].content[].annotations[].*", "citations"),
        ("output.message[].content[].logprobs[].*", "logprobs"),
        ("output.message[].phase", "phase"),
        ("output.function_call[].caller.*", "server"),
        ("output.compaction[].*", "compaction"),
        ("output.*", "server"),
        ("usage.*", "usage"),
        *((f"{field}*", "echo") for field in _ECHOED),
        *(
            (f"{field}*", "top")
            for field in (
                "billing",
                "completed_at",
                "content_filters",
                "conversation",
                "debug_output",
                "moderation",
            )
        ),
    ),
    GEMINI: (
        ("candidates[].groundingMetadata.*", "citations"),
        ("candidates[].citationMetadata.*", "citations"),
        ("candidates[].content.parts[].executableCode.*", "server"),
        ("candidates[].content.parts[].codeExecutionResult.*", "server"),
        ("candidates[].content.parts[].toolCall.*", "server"),
        ("candidates[].content.parts[].toolResponse.*", "server"),
        ("candidates[].*", "own"),
        ("usageMetadata.*", "usage"),
        ("createTime", "top"),
        ("promptFeedback.*", "own"),
    ),
}
"""Across the dialects: all else, with the reason why it may be lost."""


CONVERSE_CARRIED: Patterns = tuple((pattern, "") for pattern in (
    "output.message.role",
    "output.message.content[].text",
    "output.message.content[].reasoningContent.reasoningText.*",
    "output.message.content[].toolUse.*",
    "stopReason",
    "usage.inputTokens",
    "usage.outputTokens",
    "usage.totalTokens",
    "usage.cacheReadInputTokens",
    "usage.cacheWriteInputTokens",
))  # fmt: skip
"""Of Bedrock's answers: what is compared by its meaning."""

CONVERSE_LOST: Patterns = (
    ("output.message.content[].toolResult.*", "server"),
    ("usage.*", "usage"),
    ("metrics.*", "usage"),
)


def paths(answer: Any) -> Iterator[str]:
    """Of all an answer says, each once; a message's blocks and a response's items by their type."""
    output = answer.get("output")
    if isinstance(output, list):
        items = {kind: [i for i in output if i["type"] == kind] for kind in _kinds(output)}
        answer = {**answer, "output": items}
    content = answer.get("content")
    if isinstance(content, list):
        blocks = {kind: [b for b in content if b["type"] == kind] for kind in _kinds(content)}
        answer = {**answer, "content": blocks}
    yield from dict.fromkeys(path for path, _ in leaves(answer))


def _kinds(content: Iterable[Any]) -> list[str]:
    return sorted({block["type"] for block in content})


def plain(answer: Any) -> Any:
    """Reasoning items with one summary: paragraphs stream as one, and an open model's thought as it."""
    output = answer.get("output")
    if not isinstance(output, list):
        return answer
    return {**answer, "output": [_summed(i) if i["type"] == "reasoning" else i for i in output]}


def _summed(item: Any) -> Any:
    texts = [part["text"] for part in item.get("content") or item.get("summary") or ()]
    summary = [{"type": "summary_text", "text": "\n\n".join(texts)}] if texts else []
    return {**item, "content": None, "summary": summary}


def lost(theirs: Any, ours: Any) -> Iterator[str]:
    """Paths of what stands in `theirs` and not in `ours`, each once."""
    have = set(leaves(ours))
    yield from dict.fromkeys(path for path, value in leaves(theirs) if (path, value) not in have)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nothing, nought and the empty say nothing."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    elif value not in (None, "", 0):
        yield path, repr(value)


def explained(paths: Iterable[str], table: Patterns) -> tuple[list[str], list[str]]:
    """What nothing explains, and the keys of what explains the rest."""
    unknown, keys = [], dict[str, None]()
    for path in paths:
        key = next((key for pattern, key in table if _matches(path, pattern)), None)
        if key is None:
            unknown.append(path)
        else:
            keys[key] = None
    return unknown, list(keys)


def _matches(path: str, pattern: str) -> bool:
    """Brackets mean a list, in path and pattern alike."""
    return fnmatchcase(path.replace("[]", "#"), pattern.replace("[]", "#"))
