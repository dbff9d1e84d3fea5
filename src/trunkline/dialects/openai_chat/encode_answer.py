"""The canonical answer as a whole Chat Completions object."""

from collections.abc import Container, Mapping

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason
from trunkline.canon.request import Request
from trunkline.dialects.base import Stamp
from trunkline.dialects.custom_input import input_of
from trunkline.dialects.invented_ids import all_named
from trunkline.dialects.openai_chat.reasoning import write_details
from trunkline.dialects.openai_chat.tools import custom_names, uses_functions
from trunkline.dialects.openai_chat.usage import write_usage
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_LIST, RAW_MAP


def encode_answer(answer: Answer, request: Request, stamp: Stamp) -> bytes:
    own = answer.origin == NAME
    functions = uses_functions(request)
    customs = custom_names(request)
    choices = all_named(answer, stamp.id).choices
    body: dict[str, object] = {
        "id": (own and answer.id) or "chatcmpl-" + stamp.id,
        "object": "chat.completion",
        "created": answer.created or stamp.created,
        "model": answer.model or stamp.model,
        "choices": [_choice(choice, customs, functions=functions) for choice in choices],
    }
    if answer.usage is not None:
        body["usage"] = write_usage(answer.usage)
    body["system_fingerprint"] = None
    if own:
        body.update(answer.extra)
    return json.encode(body)


def _choice(choice: Choice, customs: Container[str], *, functions: bool) -> Mapping[str, object]:
    finish = choice.finish or FinishReason.STOP
    word = finish.value
    if functions and finish is FinishReason.TOOL_CALLS:
        word = "function_call"
    return {
        "index": choice.index,
        "message": _message(choice, customs, functions=functions),
        "logprobs": choice.logprobs,
        "finish_reason": word,
    }


def _message(choice: Choice, customs: Container[str], *, functions: bool) -> Mapping[str, object]:
    texts = [part for part in choice.parts if isinstance(part, Text)]
    refusals = [part.text for part in choice.parts if isinstance(part, Refusal)]
    calls = [_restored(part, customs) for part in choice.parts if isinstance(part, ToolCall)]
    silent = None if refusals or calls else ""
    message: dict[str, object] = {
        "role": "assistant",
        "content": "".join(part.text for part in texts) if texts else silent,
        "refusal": "".join(refusals) if refusals else None,
        "annotations": [note for part in texts for note in _annotations(part)],
    }
    thoughts = [part for part in choice.parts if isinstance(part, Reasoning)]
    if shown := "".join(part.text for part in thoughts):
        message["reasoning_content"] = shown
    details = [raw for n, part in enumerate(thoughts) for raw in write_details(part, n)]
    if details:
        message["reasoning_details"] = details
    if calls and functions:
        message["function_call"] = {"name": calls[0].name, "arguments": calls[0].arguments}
    elif calls:
        message["tool_calls"] = [write_call(call, call.id, call.name) for call in calls]
    for part in choice.parts:
        if isinstance(part, Opaque) and part.origin == NAME:
            message.update(_fields(part.raw))
    return message


def _restored(call: ToolCall, customs: Container[str]) -> ToolCall:
    """A custom tool is called as such, even if its upstream knew it as a function."""
    if call.kind == "custom" or call.name not in customs:
        return call
    return replace(call, kind="custom", arguments=input_of(call.arguments))


def write_call(call: ToolCall, call_id: str, name: str) -> Mapping[str, object]:
    if call.kind == "custom":
        return {
            "id": call_id,
            "type": "custom",
            "custom": {"name": name, "input": call.arguments},
        }
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": call.arguments},
    }


def _annotations(text: Text) -> list[Raw]:
    """Another dialect's citations mean nothing to an OpenAI client."""
    if text.annotations is None or text.origin != NAME:
        return []
    try:
        return RAW_LIST.decode(text.annotations)
    except NOT_JSON:
        return []


def _fields(raw: Raw) -> Mapping[str, Raw]:
    try:
        return RAW_MAP.decode(raw)
    except NOT_JSON:
        return {}
