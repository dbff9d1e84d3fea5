"""A generateContent request as Google takes it, and what it refuses in one."""

from base64 import b64decode
from collections.abc import Sequence
from itertools import groupby

from msgspec import Raw, Struct

from trunkline.providers.sim.ask import Rejected

# What the protocol buffer behind `parameters` and `responseSchema` has no field for.
_NO_SCHEMA = (
    b'"$schema"',
    b'"additionalProperties"',
    b'"const"',
    b'"exclusiveMinimum"',
    b'"exclusiveMaximum"',
    b'"propertyNames"',
)
_PLACEHOLDER = "skip_thought_signature_validator"
_MOST_STOPS = 5


class Blob(Struct, rename="camel"):
    mime_type: str = ""
    data: str = ""
    file_uri: str = ""


class FunctionCall(Struct):
    name: str
    id: str | None = None
    args: Raw = Raw()


class Attached(Struct, rename="camel"):
    inline_data: Blob | None = None
    file_data: Blob | None = None


class FunctionResponse(Struct):
    name: str
    response: Raw = Raw()
    id: str | None = None
    parts: list[Attached] = []


class Part(Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: Blob | None = None
    file_data: Blob | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None


class Content(Struct):
    parts: list[Part] = []
    role: str = "user"


class Declaration(Struct, rename="camel"):
    name: str
    description: str = ""
    parameters: Raw = Raw()
    parameters_json_schema: Raw = Raw()


class Tool(Struct, rename="camel"):
    function_declarations: list[Declaration] = []


class Calling(Struct, rename="camel"):
    mode: str = "AUTO"
    allowed_function_names: list[str] = []


class ToolConfig(Struct, rename="camel"):
    function_calling_config: Calling | None = None


class Thinking(Struct, rename="camel"):
    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class Generation(Struct, rename="camel"):
    candidate_count: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] = []
    temperature: float | None = None
    response_mime_type: str | None = None
    response_schema: Raw = Raw()
    response_json_schema: Raw = Raw()
    thinking_config: Thinking | None = None


class GeminiBody(Struct, rename="camel"):
    contents: list[Content] = []
    system_instruction: Content | None = None
    tools: list[Tool] = []
    tool_config: ToolConfig | None = None
    generation_config: Generation | None = None


def check_gemini(body: GeminiBody) -> None:
    """What the types do not say, in the words of the real API where they are known."""
    if not body.contents:
        raise Rejected("* GenerateContentRequest.contents: contents is not specified")
    for at, content in enumerate(body.contents):
        if content.role not in {"user", "model"}:
            raise Rejected("Please use a valid role: user, model.")
        if not content.parts:
            where = f"GenerateContentRequest.contents[{at}].parts"
            raise Rejected(f"* {where}: contents.parts must not be empty.")
        _check_parts(content.parts)
    _check_calls(body.contents)
    _check_tools(body)
    _check_generation(body.generation_config or Generation())


def _check_parts(parts: Sequence[Part]) -> None:
    for part in parts:
        if part.thought_signature is not None and not _signed(part.thought_signature):
            raise Rejected("Thought signature is not valid.")


def _signed(signature: str) -> bool:
    """One of ours (messages_body.sign), in either alphabet, or what stands in for one."""
    if signature == _PLACEHOLDER:
        return True
    try:
        data = b64decode(signature.replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        return False
    digest = data[2:34]
    return data == b"\x12\x40" + digest * 3 and len(digest) == 32


def _check_calls(contents: Sequence[Content]) -> None:
    """
    As many responses as calls, in the very next turn; calls behind a user's turn alone.

    A turn may come in several contents: Google's SDK returns one for each chunk of a stream
    (google-genai 3.4.0, automatic function calling).
    """
    wanted = 0
    for at, (role, turn) in enumerate(groupby(contents, lambda content: content.role)):
        parts = [part for content in turn for part in content.parts]
        given = sum(part.function_response is not None for part in parts)
        if given != wanted and (given or role == "user"):
            raise Rejected(
                "Please ensure that the number of function response parts is equal to the number of "
                "function call parts of the function call turn."
            )
        wanted = sum(part.function_call is not None for part in parts)
        if wanted and at == 0:
            raise Rejected(
                "Please ensure that function call turn comes immediately after a user turn or after "
                "a function response turn."
            )


def _check_tools(body: GeminiBody) -> None:
    names = [f.name for tool in body.tools for f in tool.function_declarations]
    for tool in body.tools:
        for at, declared in enumerate(tool.function_declarations):
            _check_schema(declared.parameters, f"tools[0].function_declarations[{at}].parameters")
    config = body.tool_config
    calling = config.function_calling_config if config is not None else None
    if calling is None:
        return
    if calling.allowed_function_names and calling.mode not in {"ANY", "VALIDATED"}:
        raise Rejected("Allowed function names should only be set when the mode is ANY.")
    if not set(calling.allowed_function_names) <= set(names):
        raise Rejected("allowed_function_names should be a subset of the function declarations.")


def _check_schema(schema: Raw, where: str) -> None:
    for name in _NO_SCHEMA:
        if name in bytes(schema):
            raise Rejected(
                f"Invalid JSON payload received. Unknown name {name.decode()} at '{where}': "
                "Cannot find field."
            )


def _check_generation(config: Generation) -> None:
    _check_schema(config.response_schema, "generation_config.response_schema")
    if len(config.stop_sequences) > _MOST_STOPS:
        raise Rejected("The number of stop sequences must be between 0 and 5.")
    if config.temperature is not None and not 0 <= config.temperature <= 2:
        raise Rejected(
            "* GenerateContentRequest.generation_config.temperature: must be in [0.0, 2.0]"
        )
    if config.max_output_tokens is not None and config.max_output_tokens < 1:
        raise Rejected("max_output_tokens must be positive.")
    thinking = config.thinking_config or Thinking()
    if thinking.thinking_budget is not None and thinking.thinking_level is not None:
        raise Rejected("You can only set only one of thinking budget and thinking level.")
