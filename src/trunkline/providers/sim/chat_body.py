"""A Chat Completions request as api.openai.com takes it, and what it refuses in one."""

import re
from collections.abc import Sequence
from math import inf

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from trunkline.providers.sim.ask import Rejected, plain


class ChatUrl(Struct):
    url: str


class ChatFile(Struct):
    filename: str | None = None
    file_data: str | None = None
    file_id: str | None = None


class ChatPart(Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: ChatUrl | None = None
    file: ChatFile | None = None


class ChatFunction(Struct):
    name: str
    arguments: str | None = None
    parameters: Raw = Raw()
    description: str | None = None


class ChatCall(Struct):
    id: str
    function: ChatFunction | None = None
    type: str = "function"


class ChatMessage(Struct):
    role: str
    content: str | list[ChatPart] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ChatCall] | None = None
    tool_call_id: str | None = None


class ChatTool(Struct):
    type: str = "function"
    function: ChatFunction | None = None


class ChatSchema(Struct):
    name: str
    schema: Raw = Raw()


class ChatFormat(Struct):
    type: str
    json_schema: ChatSchema | None = None


class ChatStreamOptions(Struct):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatBody(Struct):
    model: str | UnsetType = UNSET
    messages: list[ChatMessage] | UnsetType = UNSET
    stream: bool | None = None
    stream_options: ChatStreamOptions | None = None
    tools: list[ChatTool] | None = None
    tool_choice: Raw = Raw()
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: ChatFormat | None = None
    reasoning_effort: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None


_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")

# platform.openai.com, Create chat completion (seen 2026-11-21). What a model may write besides is
# its own matter.
_RANGES: tuple[tuple[str, str, int, float], ...] = (
    ("max_tokens", "integer", 1, inf),
    ("max_completion_tokens", "integer", 1, inf),
    ("n", "integer", 1, 128),
    ("top_logprobs", "integer", 0, 20),
    ("temperature", "decimal", 0, 2),
    ("top_p", "decimal", 0, 1),
    ("frequency_penalty", "decimal", -2, 2),
    ("presence_penalty", "decimal", -2, 2),
)


def check_chat(body: ChatBody) -> None:
    """What the types do not say."""
    messages = body.messages if body.messages is not UNSET else []
    if not messages:
        raise Rejected(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
            param="messages",
            code="empty_array",
        )
    for at, message in enumerate(messages):
        if message.role not in _ROLES:
            raise Rejected(
                f"Invalid value: '{message.role}'. Supported values are: 'system', 'assistant', "
                "'user', 'function', 'tool', and 'developer'.",
                param=f"messages[{at}].role",
                code="invalid_value",
            )
    _check_calls(messages)
    _check_tools(body)
    _check_limits(body)
    _check_ranges(body)


def _check_tools(body: ChatBody) -> None:
    if plain(body.tool_choice) is not None and not body.tools:
        raise Rejected(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
            "specified.",
            param="tool_choice",
        )
    for at, tool in enumerate(body.tools or ()):
        if tool.function is not None and not _TOOL_NAME.match(tool.function.name):
            raise Rejected(
                f"Invalid 'tools[{at}].function.name': string does not match pattern. Expected a "
                "string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                param=f"tools[{at}].function.name",
                code="invalid_value",
            )


def _check_limits(body: ChatBody) -> None:
    if isinstance(body.stop, list) and len(body.stop) > 4:
        raise Rejected(
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an "
            f"array with length {len(body.stop)} instead.",
            param="stop",
            code="array_above_max_length",
        )
    if body.top_logprobs is not None and not body.logprobs:
        raise Rejected(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            param="top_logprobs",
        )


def _check_ranges(body: ChatBody) -> None:
    values = msgspec.structs.asdict(body)
    for field, kind, least, most in _RANGES:
        value = values[field]
        if value is None or least <= value <= most:
            continue
        below = value < least
        sign, bound = (">=", least) if below else ("<=", most)
        raise Rejected(
            f"Invalid '{field}': {kind} {'below minimum' if below else 'above maximum'} value. "
            f"Expected a value {sign} {bound}, but got {value:g} instead.",
            param=field,
            code=f"{kind}_{'below_min' if below else 'above_max'}_value",
        )


def _check_calls(messages: Sequence[ChatMessage]) -> None:
    """Every call is answered before anybody else speaks, and nothing else is."""
    open_calls: dict[str, None] = {}
    for at, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id is None or message.tool_call_id not in open_calls:
                raise Rejected(
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",
                    param=f"messages.[{at}].role",
                )
            del open_calls[message.tool_call_id]
            continue
        if open_calls:
            break
        open_calls = {call.id: None for call in message.tool_calls or ()}
    if open_calls:
        raise Rejected(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(open_calls),
            param="messages",
        )
