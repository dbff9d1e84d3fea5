"""Reads a Responses request: its JSON, and what it asks for."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET, DecodeError, Raw, ValidationError, json

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
from trunkline.providers.sim.responses_body import (
    CALLS,
    Reasoning,
    ResponsesBody,
    ResponsesItem,
    ResponsesPart,
    ResponsesStreamOptions,
    ResponsesTool,
    items,
    output_of,
)

_BODY = json.Decoder(ResponsesBody)
_SHALLOW = json.Decoder(dict[str, Raw])
# What the answer repeats, and what it says where the request did not (recorded 2026).
_ECHOED: Mapping[str, bytes] = {
    "background": b"false", "instructions": b"null", "max_output_tokens": b"null",
    "max_tool_calls": b"null", "metadata": b"{}", "parallel_tool_calls": b"true",
    "previous_response_id": b"null", "prompt_cache_key": b"null",
    "prompt_cache_retention": b"null", "reasoning": b'{"effort":null,"summary":null}',
    "safety_identifier": b"null", "service_tier": b'"auto"', "store": b"true",
    "temperature": b"1.0", "text": b'{"format":{"type":"text"},"verbosity":"medium"}',
    "tool_choice": b'"auto"', "tools": b"[]", "top_logprobs": b"0", "top_p": b"1.0",
    "truncation": b'"disabled"', "user": b"null",
}  # fmt: skip
_KNOWN = frozenset(_ECHOED) | {
    "model", "input", "include", "stream", "stream_options", "prompt", "conversation",
    "context_management", "moderation", "client_metadata",
}  # fmt: skip
"""Fields of CreateResponse (openai-openapi f85dbe22, 2026-08-21), and one that Codex sends."""
_SEALED = "reasoning.encrypted_content"


def read_responses(body: bytes) -> tuple[ResponsesBody, Ask]:
    """Raises Rejected with the words and codes of the real API where they are known."""
    try:
        body.decode()  # msgspec itself looks only at strings it makes
        decoded = _BODY.decode(body)
        if decoded.model is UNSET:
            raise Rejected(
                "Missing required parameter: 'model'.",
                param="model",
                code="missing_required_parameter",
            )
        return decoded, _ask(decoded, decoded.model, _SHALLOW.decode(body))
    except ValidationError as error:
        raise Rejected(f"Invalid type: {error}", param=_param(error), code="invalid_type") from None
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected("Invalid body: failed to parse JSON value.") from None


def unknown_responses(body: bytes) -> None:
    """Refuse top-level fields that the API does not have."""
    if unknown := _SHALLOW.decode(body).keys() - _KNOWN:
        name = min(unknown)
        raise Rejected(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _ask(body: ResponsesBody, model: str, sent: Mapping[str, Raw]) -> Ask:
    choice, named = _choice(body.tool_choice)
    found = items(body)
    form = body.text.format if body.text is not None else None
    stream_options = body.stream_options or ResponsesStreamOptions()
    return Ask(
        model=model,
        stream=bool(body.stream),
        prompt=_prompt(found),
        input_tokens=_count(body, found),
        tools=tuple(_tools(body.tools or ())),
        choice=choice,
        named=named,
        parallel=body.parallel_tool_calls,
        results=_results(found),
        history=tuple(_history(found)),
        images=tuple(_images(found)),
        limit=body.max_output_tokens,
        wants_json=form is not None and form.type in {"json_schema", "json_object"},
        schema=plain(form.schema) if form is not None else None,
        include_usage=True,
        obfuscate=stream_options.include_obfuscation is not False,
        thinking=_thinking(body.reasoning or Reasoning()),
        custom=frozenset(tool.name for tool in body.tools or () if tool.type == "custom"),
        sealed=_SEALED in (body.include or ()),
        echo={name: bytes(sent.get(name) or b"null") for name in _ECHOED if name in sent}
        | {name: usual for name, usual in _ECHOED.items() if name not in sent},
    )


def _thinking(reasoning: Reasoning) -> str:
    if reasoning.effort == "none":
        return "off"
    return "on" if reasoning.summary is not None else "omitted"


def _text(content: str | list[ResponsesPart] | None) -> str:
    if isinstance(content, str):
        return content
    return "".join([part.text or part.refusal or "" for part in content or ()])


def _prompt(found: Sequence[ResponsesItem]) -> str:
    for item in reversed(found):
        if item.role == "user":
            return _text(item.content)
    return _text(found[-1].content) if found else ""


def _results(found: Sequence[ResponsesItem]) -> tuple[str, ...]:
    texts: list[str] = []
    for item in reversed(found):
        if item.model_said:
            break
        if item.type in CALLS.values():
            texts.append(_text(output_of(item)))
    return tuple(reversed(texts))


def _history(found: Sequence[ResponsesItem]) -> Iterator[Said]:
    for item in found:
        if item.model_said:
            yield Said("assistant")
        else:
            yield Said(item.role, _text(item.content) if item.role == "user" else "")


def _images(found: Sequence[ResponsesItem]) -> list[str]:
    seen = []
    for item in found:
        output = output_of(item)
        for part in (*_parts(item.content), *_parts(output)):
            if part.type == "input_image":
                seen.append(_kind(part.image_url or part.file_id or "image"))
            elif part.type == "input_file":
                data = part.file_data or part.file_url
                seen.append(_kind(data) if data else part.file_id or "file")
    return seen


def _parts(content: str | list[ResponsesPart] | None) -> Sequence[ResponsesPart]:
    return content if isinstance(content, list) else ()


def _kind(url: str) -> str:
    """The media type of a data URI, or the URL."""
    return url[5:].partition(";")[0] if url.startswith("data:") else url


def _count(body: ResponsesBody, found: Sequence[ResponsesItem]) -> int:
    """The input, as Chat Completions count it: the items of a turn of the model are one message."""
    total = count(body.instructions or "") + (MESSAGE_TOKENS if body.instructions else 0)
    previous = False
    for item in found:
        if not (previous and item.model_said):
            total += MESSAGE_TOKENS
        previous = item.model_said
        total += count(_text(item.content)) + count(_text(output_of(item)))
        if item.type in CALLS:
            total += count(item.name or "") + count(item.arguments or item.input or "")
    for tool in body.tools or ():
        total += count(tool.name) + count(tool.description or "")
        total += (len(tool.parameters) + 3) // 4
    return total + IMAGE_TOKENS * len(_images(found))


def _tools(tools: Sequence[ResponsesTool]) -> Iterator[Tool]:
    for tool in tools:
        if tool.type in {"function", "custom"}:
            yield Tool(tool.name, plain(tool.parameters))


def _choice(raw: Raw) -> tuple[str, tuple[str, ...]]:
    value = plain(raw)
    if isinstance(value, str):
        return value, ()
    if not isinstance(value, Mapping):
        return "auto", ()
    if value.get("type") == "allowed_tools":
        names = tuple(str(tool.get("name", "")) for tool in value.get("tools", ()))
        return str(value.get("mode", "auto")), names
    return "one", (str(value.get("name", "")),)


def _param(error: ValidationError) -> str | None:
    """Msgspec says "... - at `$.input[0].role`"."""
    _, _, path = str(error).partition("`$.")
    return path.removesuffix("`") or None
