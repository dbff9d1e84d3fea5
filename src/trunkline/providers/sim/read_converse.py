"""Reads a request of Bedrock's Converse API: its JSON, what it asks for, and what is refused."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import unquote

from msgspec import DecodeError, Raw, Struct, ValidationError, json

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

_PREFIX, _WHOLE, _STREAM = "/model/", "/converse", "/converse-stream"


class TextBlock(Struct, frozen=True):
    text: str | None = None


class ResultBlock(Struct, frozen=True, rename="camel"):
    tool_use_id: str
    content: list[TextBlock] = []


class CallBlock(Struct, frozen=True, rename="camel"):
    tool_use_id: str
    name: str
    input: Raw


class Media(Struct, frozen=True):
    format: str = ""


class Block(Struct, frozen=True, rename="camel"):
    text: str | None = None
    tool_use: CallBlock | None = None
    tool_result: ResultBlock | None = None
    image: Media | None = None
    document: Media | None = None


class Message(Struct, frozen=True):
    role: str
    content: list[Block]


class InputSchema(Struct, frozen=True):
    json: Raw = Raw(b"null")


class ToolSpec(Struct, frozen=True, rename="camel"):
    name: str
    description: str = ""
    input_schema: InputSchema = InputSchema()


class ToolEntry(Struct, frozen=True, rename="camel"):
    tool_spec: ToolSpec | None = None


class Named(Struct, frozen=True):
    name: str = ""


class Choice(Struct, frozen=True):
    any: Raw = Raw()
    tool: Named | None = None


class ToolConfig(Struct, frozen=True, rename="camel"):
    tools: list[ToolEntry]
    tool_choice: Choice | None = None


class Inference(Struct, frozen=True, rename="camel"):
    max_tokens: int | None = None
    stop_sequences: list[str] = []


class JsonSchema(Struct, frozen=True):
    schema: str = "null"


class Structure(Struct, frozen=True, rename="camel"):
    json_schema: JsonSchema = JsonSchema()


class TextFormat(Struct, frozen=True):
    structure: Structure = Structure()


class OutputConfig(Struct, frozen=True, rename="camel"):
    text_format: TextFormat | None = None


class ConverseBody(Struct, frozen=True, rename="camel"):
    messages: list[Message]
    system: list[TextBlock] = []
    inference_config: Inference = Inference()
    tool_config: ToolConfig | None = None
    output_config: OutputConfig | None = None


_BODY = json.Decoder(ConverseBody)


def placed(path: str) -> tuple[str, bool]:
    """The model and whether a stream is asked for: the path tells both."""
    model, _, operation = path.partition(_PREFIX)[2].rpartition("/")
    return unquote(model), "/" + operation == _STREAM


def read_converse(body: bytes) -> tuple[ConverseBody, Ask]:
    """`placed` has what is missing in the Ask. Raises Rejected."""
    try:
        body.decode()  # msgspec itself looks only at strings it makes
        decoded = _BODY.decode(body)
        return decoded, _ask(decoded)
    except ValidationError as error:
        raise Rejected(f"1 validation error detected: {error}") from None
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected("Unexpected token in the request body") from None


def check_converse(body: ConverseBody) -> None:
    """The rules of a conversation, in the service's words. Raises Rejected."""
    roles = [message.role for message in body.messages]
    if not roles or roles[0] != "user":
        raise Rejected(
            "A conversation must start with a user message. Try again with a conversation that "
            "starts with a user message."
        )
    if any(one == other for one, other in pairwise(roles)):
        raise Rejected("A conversation must alternate between user and assistant roles.")
    blocks = [block for message in body.messages for block in message.content]
    if any(block.text is not None and not block.text.strip() for block in blocks):
        raise Rejected("The text field in a ContentBlock object is blank. Add text and try again.")
    used = any(block.tool_use or block.tool_result for block in blocks)
    if used and body.tool_config is None:
        raise Rejected(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )


def _ask(body: ConverseBody) -> Ask:
    config = body.tool_config
    choice = config.tool_choice if config is not None else None
    form = body.output_config.text_format if body.output_config is not None else None
    named = choice.tool if choice is not None else None
    forced = "one" if named else "required" if choice is not None and bytes(choice.any) else "auto"
    messages = body.messages
    return Ask(
        model="",
        prompt=_prompt(messages),
        input_tokens=_count(body),
        tools=tuple(Tool(spec.name, plain(spec.input_schema.json)) for spec in _specs(body)),
        choice=forced,
        named=(named.name,) if named else (),
        results=_results(messages),
        history=tuple(Said(m.role, _text(m.content) if m.role == "user" else "") for m in messages),
        images=tuple(media.format for media in _media(messages)),
        limit=body.inference_config.max_tokens,
        stops=tuple(body.inference_config.stop_sequences),
        wants_json=form is not None,
        schema=None if form is None else json.decode(form.structure.json_schema.schema),
        include_usage=True,
    )


def _specs(body: ConverseBody) -> Iterator[ToolSpec]:
    entries = body.tool_config.tools if body.tool_config is not None else ()
    yield from (entry.tool_spec for entry in entries if entry.tool_spec is not None)


def _text(blocks: Sequence[TextBlock] | Sequence[Block]) -> str:
    return "".join([block.text or "" for block in blocks])


def _prompt(messages: Sequence[Message]) -> str:
    said = (_text(m.content) for m in reversed(messages) if m.role == "user")
    return next((text for text in said if text), "")


def _results(messages: Sequence[Message]) -> tuple[str, ...]:
    last = messages[-1] if messages else None
    if last is None or last.role != "user":
        return ()
    return tuple(_text(b.tool_result.content) for b in last.content if b.tool_result is not None)


def _media(messages: Sequence[Message]) -> Iterator[Media]:
    for message in messages:
        for block in message.content:
            if (media := block.image or block.document) is not None:
                yield media


def _count(body: ConverseBody) -> int:
    """As for the other dialects: three tokens a message and its texts, calls, images, and the tools."""
    total = count(_text(body.system)) + (MESSAGE_TOKENS if body.system else 0)
    for message in body.messages:
        text, results = _text(message.content), 0
        total += count(text)
        for block in message.content:
            if (call := block.tool_use) is not None:
                total += count(call.name) + (len(call.input) + 3) // 4
            elif (result := block.tool_result) is not None:
                results += 1
                total += count(_text(result.content))
        # A result stands for a message of its own, as it is one in Chat Completions.
        total += MESSAGE_TOKENS * (results + (1 if text or not results else 0))
    for spec in _specs(body):
        total += count(spec.name) + count(spec.description)
        total += (len(spec.input_schema.json) + 3) // 4
    return total + IMAGE_TOKENS * sum(1 for _ in _media(body.messages))
