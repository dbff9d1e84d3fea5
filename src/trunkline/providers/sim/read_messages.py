"""Reads a Messages request: its JSON, and what it asks for."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, DecodeError, MsgspecError, Raw, ValidationError, json

from trunkline.providers.sim.ask import (
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    Ask,
    Rejected,
    Said,
    Tool,
    count,
    plain,
)
from trunkline.providers.sim.messages_body import Block, Message, MessagesBody, Source, ToolChoice

_BODY = json.Decoder(MessagesBody)
_BLOCKS = json.Decoder(str | list[Block])
_SOURCE = json.Decoder(Source)
_SHALLOW = json.Decoder(dict[str, Raw])
_KNOWN = frozenset(MessagesBody.__struct_fields__) | {
    "betas", "container", "context_management", "inference_geo", "mcp_servers", "metadata",
    "service_tier", "speed", "top_k", "top_p", "cache_control", "diagnostics", "fallbacks",
}  # fmt: skip
"""Fields of MessageCreateParams (anthropic-sdk-python 009b0353)."""
_CHOICES = {"auto": "auto", "any": "required", "tool": "one", "none": "none"}


def read_messages(body: bytes) -> tuple[MessagesBody, Ask]:
    """Raises Rejected with the words of the real API where they are known."""
    try:
        body.decode()  # msgspec itself looks only at strings it makes
        decoded = _BODY.decode(body)
        if decoded.model is UNSET:
            raise Rejected("model: Field required")
        if decoded.messages is UNSET:
            raise Rejected("messages: Field required")
        return decoded, _ask(decoded, decoded.model, decoded.messages)
    except ValidationError as error:
        raise Rejected(_located(error)) from None
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"The request body is not valid JSON: {error}") from None


def unknown_messages(body: bytes) -> None:
    """Refuse top-level fields that the API does not have."""
    if unknown := _SHALLOW.decode(body).keys() - _KNOWN:
        raise Rejected(f"{min(unknown)}: Extra inputs are not permitted")


def _ask(body: MessagesBody, model: str, messages: Sequence[Message]) -> Ask:
    choice = body.tool_choice or ToolChoice("auto")
    form = body.output_format
    if body.output_config is not None and body.output_config.format is not None:
        form = body.output_config.format
    return Ask(
        model=model,
        stream=bool(body.stream),
        prompt=_prompt(messages),
        input_tokens=_count(body, messages),
        tools=tuple(_tools(body)),
        choice=_CHOICES.get(choice.type, "auto"),
        named=(choice.name,) if choice.name else (),
        parallel=False if choice.disable_parallel_tool_use else None,
        results=_results(messages),
        history=tuple(_history(messages)),
        images=tuple(_images(messages)),
        limit=body.max_tokens if body.max_tokens is not UNSET else None,
        stops=tuple(body.stop_sequences or ()),
        wants_json=form is not None,
        schema=plain(form.schema) if form is not None else None,
        include_usage=True,
        thinking=_thinking(body),
    )


def _thinking(body: MessagesBody) -> str:
    if body.thinking is None:
        return "default"
    if body.thinking.type == "disabled":
        return "off"
    return "omitted" if body.thinking.display == "omitted" else "on"


def _blocks(content: str | list[Block] | None) -> Iterator[Block]:
    if isinstance(content, str):
        yield Block("text", text=content)
    else:
        yield from content or ()


def _text(content: str | list[Block] | None) -> str:
    return "".join([block.text or "" for block in _blocks(content)])


def _inner(block: Block) -> str | list[Block]:
    """What a tool result holds; a server tool's own result means nothing here."""
    try:
        return _BLOCKS.decode(block.content) if block.content else ""
    except MsgspecError:
        return ""


def _prompt(messages: Sequence[Message]) -> str:
    for message in reversed(messages):
        if message.role == "user" and (text := _text(message.content)):
            return text
    return ""


def _results(messages: Sequence[Message]) -> tuple[str, ...]:
    found: list[str] = []
    for message in reversed(messages):
        if message.role == "assistant":
            break
        blocks = reversed(list(_blocks(message.content)))
        found += [_text(_inner(block)) for block in blocks if block.type == "tool_result"]
    return tuple(reversed(found))


def _history(messages: Sequence[Message]) -> Iterator[Said]:
    for message in messages:
        yield Said(message.role, _text(message.content) if message.role == "user" else "")


def _images(messages: Sequence[Message]) -> list[str]:
    found: list[str] = []
    for message in messages:
        for block in _blocks(message.content):
            nested = _inner(block) if block.type == "tool_result" else ""
            found += [
                _kind(one.source)
                for one in (block, *_blocks(nested))
                if one.type in {"image", "document"} and one.source
            ]
    return found


def _kind(raw: Raw) -> str:
    try:
        source = _SOURCE.decode(raw)
    except MsgspecError:
        return "unknown"
    return source.url or source.media_type or source.file_id or source.type


def _count(body: MessagesBody, messages: Sequence[Message]) -> int:
    """The input: three tokens a message and its texts, calls, images, and the tools."""
    total = count(_text(body.system)) + (MESSAGE_TOKENS if body.system else 0)
    for message in messages:
        text = _text(message.content)
        total += count(text)
        results = 0
        for block in _blocks(message.content):
            if block.type == "tool_use":
                total += count(block.name or "") + (len(block.input) + 3) // 4
            elif block.type == "tool_result":
                results += 1
                total += count(_text(_inner(block)))
        # A result stands for a message of its own, as it is one in Chat Completions.
        total += MESSAGE_TOKENS * (results + (1 if text or not results else 0))
    for tool in body.tools or ():
        total += count(tool.name) + count(tool.description or "")
        total += (len(tool.input_schema) + 3) // 4
    return total + IMAGE_TOKENS * len(_images(messages))


def _tools(body: MessagesBody) -> Iterator[Tool]:
    for tool in body.tools or ():
        if tool.type in {None, "custom"}:
            yield Tool(tool.name, plain(tool.input_schema))


def _located(error: ValidationError) -> str:
    """Field first, as the real API puts it: "messages.0.role: Input should be ..."."""
    text, _, path = str(error).partition(" - at `$.")
    where = path.removesuffix("`").replace("[", ".").replace("]", "")
    return f"{where}: {text}" if where else text
