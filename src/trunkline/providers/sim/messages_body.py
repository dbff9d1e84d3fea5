"""A Messages request as api.anthropic.com takes it, and what it refuses in one."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from msgspec import UNSET, Raw, Struct, UnsetType

from trunkline.providers.sim.ask import Rejected


class Source(Struct):
    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None


class Block(Struct):
    type: str
    text: str | None = None
    source: Raw = Raw()
    id: str | None = None
    name: str | None = None
    input: Raw = Raw()
    tool_use_id: str | None = None
    content: Raw = Raw()
    is_error: bool | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None


class Message(Struct):
    role: str
    content: str | list[Block]


class MessagesTool(Struct):
    name: str
    description: str | None = None
    input_schema: Raw = Raw()
    type: str | None = None


class ToolChoice(Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Struct):
    type: str
    budget_tokens: int | None = None
    display: str | None = None


class Format(Struct):
    type: str
    schema: Raw = Raw()


class OutputConfig(Struct):
    format: Format | None = None
    effort: str | None = None


class MessagesBody(Struct):
    model: str | UnsetType = UNSET
    messages: list[Message] | UnsetType = UNSET
    max_tokens: int | UnsetType = UNSET
    system: str | list[Block] | None = None
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    tools: list[MessagesTool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: Format | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


def sign(thinking: str) -> str:
    """The signature of a thought: as opaque as the real one, and checked when it comes back."""
    digest = sha256(b"trunkline-sim" + thinking.encode()).digest()
    return b64encode(b"\x12\x40" + digest * 3).decode()


def check_messages(body: MessagesBody, *, counting: bool = False) -> None:
    """What the types do not say; `counting`: count_tokens asks for no max_tokens."""
    if body.max_tokens is UNSET:
        if not counting:
            raise Rejected("max_tokens: Field required")
    elif body.max_tokens < 1:
        raise Rejected("max_tokens: Input should be greater than or equal to 1")
    messages = body.messages if body.messages is not UNSET else []
    if not messages:
        raise Rejected("messages: at least one message is required")
    if body.temperature is not None and not 0 <= body.temperature <= 1:
        raise Rejected("temperature: range: 0..1")
    if body.top_p is not None and not 0 <= body.top_p <= 1:
        raise Rejected("top_p: range: 0..1")
    if body.top_k is not None and body.top_k < 0:
        raise Rejected("top_k: Input should be greater than or equal to 0")
    for at, message in enumerate(messages):
        _check_message(at, message)
    _check_calls(messages)
    _check_thinking(body)


def _check_message(at: int, message: Message) -> None:
    # Claude Code 2.1.197 sends system messages among the others (beta mid-conversation-system).
    if message.role not in {"user", "assistant", "system"}:
        raise Rejected(
            f'messages: Unexpected role "{message.role}". The Messages API accepts a top-level '
            '`system` parameter, not "system" as an input message role.'
        )
    if not message.content:
        raise Rejected(f"messages.{at}: user messages must have non-empty content")
    for index, block in enumerate(message.content if isinstance(message.content, list) else ()):
        if block.type == "text" and not block.text:
            raise Rejected("messages: text content blocks must be non-empty")
        if block.type == "thinking" and block.signature != sign(block.thinking or ""):
            raise Rejected(
                f"messages.{at}.content.{index}: Invalid `signature` in `thinking` block"
            )


def _check_calls(messages: Sequence[Message]) -> None:
    """The results of a turn's calls stand in the very next message, before anything else."""
    wanted: set[str] = set()
    for at, message in enumerate(messages):
        blocks = message.content if isinstance(message.content, list) else []
        given = [block.tool_use_id or "" for block in blocks if block.type == "tool_result"]
        if missing := sorted(wanted.difference(given)):
            raise Rejected(
                f"messages.{at - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a "
                "corresponding `tool_result` block in the next message."
            )
        for unknown in given:
            if unknown not in wanted:
                raise Rejected(
                    f"messages.{at}.content.0: unexpected `tool_use_id` found in `tool_result` "
                    f"blocks: {unknown}. Each `tool_result` block must have a corresponding "
                    "`tool_use` block in the previous message."
                )
        wanted = {block.id or "" for block in blocks if block.type == "tool_use"}
    if wanted:
        raise Rejected(
            f"messages.{len(messages) - 1}: `tool_use` ids were found without `tool_result` blocks "
            f"immediately after: {', '.join(sorted(wanted))}."
        )


def _check_thinking(body: MessagesBody) -> None:
    if body.thinking is None or body.thinking.type == "disabled":
        return
    if body.tool_choice is not None and body.tool_choice.type in {"any", "tool"}:
        raise Rejected("Thinking may not be enabled when tool_choice forces tool use.")
    budget = body.thinking.budget_tokens
    if body.thinking.type == "enabled":
        if budget is None:
            raise Rejected("thinking.enabled.budget_tokens: Field required")
        if budget < 1024:
            raise Rejected(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
            )
        if body.max_tokens is not UNSET and budget >= body.max_tokens:
            raise Rejected("`max_tokens` must be greater than `thinking.budget_tokens`.")
