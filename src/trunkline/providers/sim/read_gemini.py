"""Reads a generateContent request: its JSON, its path, and what it asks for."""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from msgspec import DecodeError, Raw, ValidationError, json

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
from trunkline.providers.sim.gemini_body import (
    Blob,
    Calling,
    Content,
    Declaration,
    GeminiBody,
    Generation,
    Part,
)

WHOLE, STREAM, COUNT = ":generateContent", ":streamGenerateContent", ":countTokens"
_MODELS = "/models/"

_BODY = json.Decoder(GeminiBody)
_COUNTED = json.Decoder(dict[str, Raw])
_WITHIN = "generateContentRequest"
_NOT_OURS = frozenset(
    (
        *("args", "response", "parameters", "parametersJsonSchema"),
        *("responseSchema", "responseJsonSchema"),
    )
)
"""What holds names of the client's own."""
_SHALLOW = json.Decoder(dict[str, Raw])
_RESPONSE = json.Decoder(dict[str, Raw])
_TEXT = json.Decoder(str)
_KNOWN = frozenset(
    (
        *("contents", "systemInstruction", "tools", "toolConfig", "safetySettings"),
        *("generationConfig", "cachedContent", "labels", "serviceTier", "store"),
    )
)
"""Fields of GenerateContentRequest (ai.google.dev/api/generate-content, seen 2026-11-21)."""
_CHOICES = {"AUTO": "auto", "NONE": "none", "ANY": "required", "VALIDATED": "auto"}


def is_gemini(path: str) -> bool:
    return path.endswith((WHOLE, STREAM))


def is_gemini_count(path: str) -> bool:
    return path.endswith(COUNT)


def placed_gemini(path: str) -> tuple[str, bool]:
    """The model and whether a stream is asked for: the path tells both."""
    model, _, method = path.partition(_MODELS)[2].rpartition(":")
    return unquote(model), ":" + method == STREAM


def read_gemini(body: bytes) -> tuple[GeminiBody, Ask]:
    """`placed_gemini` has what is missing in the Ask. Raises Rejected."""
    try:
        body.decode()  # msgspec itself looks only at strings it makes
        if b"_" in body:
            body = json.encode(_camel(json.decode(body)))
        decoded = _BODY.decode(body)
        return decoded, _ask(decoded)
    except ValidationError as error:
        raise Rejected(f"Invalid value: {error}") from None
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"Invalid JSON payload received. {error}") from None


def read_gemini_count(body: bytes) -> tuple[GeminiBody, Ask]:
    """Of countTokens: contents, or a whole request within. Raises Rejected."""
    try:
        within = _COUNTED.decode(body).get(_WITHIN)
    except (DecodeError, RecursionError) as error:
        raise Rejected(f"Invalid JSON payload received. {error}") from None
    return read_gemini(body if within is None else bytes(within))


def _camel(value: object) -> object:
    """JSON of protocol buffers may write its fields in snake case."""
    if isinstance(value, list):
        return [_camel(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    named = {}
    for name, inner in value.items():
        first, *rest = name.split("_")
        camel = first + "".join(word.capitalize() for word in rest)
        named[camel] = inner if camel in _NOT_OURS else _camel(inner)
    return named


def unknown_gemini(body: bytes) -> None:
    """Refuse top-level fields that the API does not have."""
    named = _SHALLOW.decode(json.encode(_camel(json.decode(body))))
    if unknown := named.keys() - _KNOWN:
        raise Rejected(
            f'Invalid JSON payload received. Unknown name "{min(unknown)}": Cannot find field.'
        )


def _ask(body: GeminiBody) -> Ask:
    config = body.generation_config or Generation()
    calling = body.tool_config.function_calling_config if body.tool_config is not None else None
    calling = calling or Calling()
    schema = config.response_json_schema or config.response_schema
    return Ask(
        model="",
        prompt=_prompt(body.contents),
        input_tokens=_count(body),
        tools=tuple(Tool(f.name, _schema(f)) for f in _functions(body)),
        choice=_CHOICES.get(calling.mode, "auto"),
        named=tuple(calling.allowed_function_names),
        results=_results(body.contents),
        history=tuple(_history(body.contents)),
        images=tuple(blob.file_uri or blob.mime_type for blob in _media(body.contents)),
        limit=config.max_output_tokens,
        stops=tuple(config.stop_sequences),
        n=config.candidate_count or 1,
        wants_json=config.response_mime_type == "application/json",
        schema=_lower(plain(schema)) if schema else None,
        include_usage=True,
        thinking=_thinking(config),
    )


def _thinking(config: Generation) -> str:
    told = config.thinking_config
    if told is None:
        return "default"
    if told.thinking_budget == 0:
        return "off"
    return "on" if told.include_thoughts else "omitted"


def _schema(function: Declaration) -> object:
    raw = function.parameters_json_schema or function.parameters
    return _lower(plain(raw)) if raw else None


def _lower(schema: object) -> object:
    """Types in capitals are Google's own."""
    if isinstance(schema, list):
        return [_lower(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else _lower(value)
        for name, value in schema.items()
    }


def _functions(body: GeminiBody) -> Iterator[Declaration]:
    for tool in body.tools:
        yield from tool.function_declarations


def _text(content: Content | None) -> str:
    parts = content.parts if content is not None else ()
    return "".join([part.text or "" for part in parts if not part.thought])


def _prompt(contents: Sequence[Content]) -> str:
    said = (_text(content) for content in reversed(contents) if content.role == "user")
    return next((text for text in said if text), "")


def _results(contents: Sequence[Content]) -> tuple[str, ...]:
    found: list[str] = []
    for content in reversed(contents):
        if content.role == "model":
            break
        parts = [p.function_response for p in content.parts if p.function_response is not None]
        found = [_said(response.response) for response in parts] + found
    return tuple(found)


def _said(response: Raw) -> str:
    """The text under the key Google suggests, else the object."""
    if not response:
        return ""
    fields = _RESPONSE.decode(response)
    only = next(iter(fields.values()), Raw(b"{}"))
    if len(fields) == 1 and bytes(only).startswith(b'"'):
        return _TEXT.decode(only)
    return bytes(response).decode()


def _history(contents: Sequence[Content]) -> Iterator[Said]:
    for content in contents:
        if any(part.function_response is not None for part in content.parts):
            yield Said("tool")
        elif content.role == "model":
            yield Said("assistant")
        else:
            yield Said("user", _text(content))


def _media(contents: Sequence[Content]) -> Iterator[Blob]:
    for content in contents:
        for part in content.parts:
            response = part.function_response
            for one in (part, *(response.parts if response is not None else ())):
                blob = one.inline_data or one.file_data
                if blob is not None:
                    yield blob


def _count(body: GeminiBody) -> int:
    """As for the other dialects: three tokens a message and its texts, calls, images, and the tools."""
    system = body.system_instruction
    total = count(_text(system)) + (MESSAGE_TOKENS if system is not None else 0)
    for content in body.contents:
        text, results = _text(content), 0
        total += count(text)
        for part in content.parts:
            total += _part(part)
            results += part.function_response is not None
        # A result stands for a message of its own, as it is one in Chat Completions.
        total += MESSAGE_TOKENS * (results + (1 if text or not results else 0))
    for function in _functions(body):
        schema = function.parameters_json_schema or function.parameters
        total += count(function.name) + count(function.description) + (len(schema) + 3) // 4
    return total + IMAGE_TOKENS * sum(1 for _ in _media(body.contents))


def _part(part: Part) -> int:
    if (call := part.function_call) is not None:
        return count(call.name) + (len(call.args) + 3) // 4
    if (response := part.function_response) is not None:
        return count(_said(response.response))
    return 0
