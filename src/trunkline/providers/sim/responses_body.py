"""A Responses request as api.openai.com takes it, and what it refuses in one."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType, json

from trunkline.providers.sim.ask import Rejected


class ResponsesPart(Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None


class ResponsesItem(Struct):
    """An item of the input; without a `type` it is a message."""

    type: str = "message"
    role: str = ""
    content: str | list[ResponsesPart] | None = None
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    input: str | None = None
    output: Raw = Raw()
    encrypted_content: str | None = None

    @property
    def model_said(self) -> bool:
        """It is (a part of) a turn of the model."""
        return self.role == "assistant" or self.type in {*CALLS, "reasoning"}


class ResponsesTool(Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: Raw = Raw()


class ResponsesFormat(Struct):
    type: str
    schema: Raw = Raw()


class ResponsesText(Struct):
    format: ResponsesFormat | None = None


class Reasoning(Struct):
    effort: str | None = None
    summary: str | None = None


class ResponsesStreamOptions(Struct):
    include_obfuscation: bool | None = None


class ResponsesBody(Struct):
    model: str | UnsetType = UNSET
    input: str | list[ResponsesItem] | UnsetType = UNSET
    instructions: str | None = None
    stream: bool | None = None
    stream_options: ResponsesStreamOptions | None = None
    tools: list[ResponsesTool] | None = None
    tool_choice: Raw = Raw()
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    text: ResponsesText | None = None
    reasoning: Reasoning | None = None
    include: list[str] | None = None
    previous_response_id: str | None = None
    temperature: float | None = None
    top_p: float | None = None


CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
"""What the model calls, and what answers it."""
_LEAST = 16
"""The fewest output tokens (platform.openai.com, Create a model response, seen 2026-11-21)."""
_TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_OUTPUT = json.Decoder(str | list[ResponsesPart])
_SEALED = 64
"""Bytes: a digest, and a digest of that."""


def items(body: ResponsesBody) -> Sequence[ResponsesItem]:
    """The input as a list, however it was sent."""
    if body.input is UNSET:
        return ()
    if isinstance(body.input, str):
        return (ResponsesItem(role="user", content=body.input),)
    return body.input


def output_of(item: ResponsesItem) -> str | list[ResponsesPart]:
    """What a tool gave; "" where it is of a kind that means nothing here."""
    try:
        return _OUTPUT.decode(item.output) if item.output else ""
    except MsgspecError:
        return ""


def seal(thinking: str) -> str:
    """A thought, encrypted: as opaque as the real one, and checked when it comes back."""
    digest = sha256(b"trunkline-sim" + thinking.encode()).digest()
    return b64encode(digest + sha256(digest).digest()).decode()


def _sealed(content: str) -> bool:
    try:
        data = b64decode(content, validate=True)
    except ValueError:
        return False
    return len(data) == _SEALED and sha256(data[:32]).digest() == data[32:]


def check_responses(body: ResponsesBody) -> None:
    """What the types do not say."""
    if not items(body):
        raise Rejected(
            "Missing required parameter: 'input'.", param="input", code="missing_required_parameter"
        )
    if body.previous_response_id is not None:
        raise Rejected(
            f"Previous response with id '{body.previous_response_id}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    if body.max_output_tokens is not None and body.max_output_tokens < _LEAST:
        raise Rejected(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= "
            f"{_LEAST}, but got {body.max_output_tokens} instead.",
            param="max_output_tokens",
            code="integer_below_min_value",
        )
    _check_range("temperature", body.temperature, 2)
    _check_range("top_p", body.top_p, 1)
    _check_tools(body)
    _check_calls(items(body))
    _check_thoughts(items(body))


def _check_range(field: str, value: float | None, most: int) -> None:
    if value is None or 0 <= value <= most:
        return
    below = value < 0
    raise Rejected(
        f"Invalid '{field}': decimal {'below minimum' if below else 'above maximum'} value. "
        f"Expected a value {'>= 0' if below else f'<= {most}'}, but got {value:g} instead.",
        param=field,
        code=f"decimal_{'below_min' if below else 'above_max'}_value",
    )


def _check_tools(body: ResponsesBody) -> None:
    for at, tool in enumerate(body.tools or ()):
        if tool.type in {"function", "custom"} and not _TOOL_NAME.match(tool.name):
            raise Rejected(
                f"Invalid 'tools[{at}].name': string does not match pattern. Expected a string "
                "that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                param=f"tools[{at}].name",
                code="invalid_value",
            )


def _check_calls(found: Sequence[ResponsesItem]) -> None:
    """Every call has its output somewhere behind it, and nothing else has one."""
    open_: dict[str, None] = {}
    for item in found:
        if item.type in CALLS:
            open_[item.call_id or ""] = None
        elif item.type in CALLS.values() and (item.call_id or "") not in open_:
            raise Rejected(
                f"No tool call found for {item.type.replace('_', ' ')} with call_id {item.call_id}.",
                param="input",
            )
        elif item.type in CALLS.values():
            del open_[item.call_id or ""]
    for call_id in open_:
        raise Rejected(f"No tool output found for function call {call_id}.", param="input")


def _check_thoughts(found: Sequence[ResponsesItem]) -> None:
    for item in _foreign(found):
        raise Rejected(
            f"The encrypted content for item {item.id} could not be verified. Reason: Encrypted "
            "content could not be decrypted or parsed.",
            code="invalid_encrypted_content",
        )


def _foreign(found: Sequence[ResponsesItem]) -> Iterator[ResponsesItem]:
    for item in found:
        if (
            item.type == "reasoning"
            and item.encrypted_content
            and not _sealed(item.encrypted_content)
        ):
            yield item
