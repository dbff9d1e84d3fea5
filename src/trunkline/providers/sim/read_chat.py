"""Reads a Chat Completions request: its JSON, and what it asks for."""

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
from trunkline.providers.sim.chat_body import (
    ChatBody,
    ChatMessage,
    ChatPart,
    ChatStreamOptions,
    ChatTool,
)

_BODY = json.Decoder(ChatBody)
_SHALLOW = json.Decoder(dict[str, Raw])
_KNOWN = frozenset(ChatBody.__struct_fields__) | {
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "metadata",
    "modalities", "moderation", "prediction", "presence_penalty", "prompt_cache_key",
    "prompt_cache_retention", "safety_identifier", "seed", "service_tier", "store", "user",
    "verbosity", "web_search_options",
}  # fmt: skip
"""Fields of CreateChatCompletionRequest (openai-openapi f85dbe22, 2026-08-21)."""


def read_chat(body: bytes) -> tuple[ChatBody, Ask]:
    """Raises Rejected with the words and codes of the real API where they are known."""
    try:
        body.decode()  # msgspec itself looks only at strings it makes
        decoded = _BODY.decode(body)
        if decoded.model is UNSET:
            raise Rejected("you must provide a model parameter")
        if decoded.messages is UNSET:
            raise Rejected(
                "Missing required parameter: 'messages'.",
                param="messages",
                code="missing_required_parameter",
            )
        return decoded, _ask(decoded, decoded.model, decoded.messages)
    except ValidationError as error:
        raise Rejected(f"Invalid type: {error}", param=_param(error), code="invalid_type") from None
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected(
            "We could not parse the JSON body of your request. (HINT: This likely means you "
            "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but "
            "what was sent was not valid JSON.)"
        ) from None


def unknown_chat(body: bytes) -> None:
    """Refuse top-level fields that the API does not have."""
    if unknown := _SHALLOW.decode(body).keys() - _KNOWN:
        name = min(unknown)
        raise Rejected(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _ask(body: ChatBody, model: str, messages: Sequence[ChatMessage]) -> Ask:
    choice, named = _choice(body.tool_choice)
    stream_options = body.stream_options or ChatStreamOptions()
    limit = body.max_completion_tokens
    form = body.response_format
    spec = form.json_schema if form is not None else None
    return Ask(
        model=model,
        stream=bool(body.stream),
        prompt=_prompt(messages),
        input_tokens=_count(body, messages),
        tools=tuple(_tools(body.tools or ())),
        choice=choice,
        named=named,
        parallel=body.parallel_tool_calls,
        results=_results(messages),
        history=tuple(_history(messages)),
        images=tuple(_images(messages)),
        limit=limit if limit is not None else body.max_tokens,
        stops=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        n=max(1, min(body.n or 1, 128)),
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        wants_json=form is not None and form.type in {"json_schema", "json_object"},
        schema=plain(spec.schema) if spec is not None else None,
        include_usage=bool(stream_options.include_usage),
        obfuscate=stream_options.include_obfuscation is not False,
        thinking="off" if body.reasoning_effort == "none" else "default",
    )


def _text(content: str | list[ChatPart] | None) -> str:
    if isinstance(content, str):
        return content
    return "".join([part.text or part.refusal or "" for part in content or ()])


def _prompt(messages: Sequence[ChatMessage]) -> str:
    for message in reversed(messages):
        if message.role == "user":
            return _text(message.content)
    return _text(messages[-1].content) if messages else ""


def _results(messages: Sequence[ChatMessage]) -> tuple[str, ...]:
    found = []
    for message in reversed(messages):
        if message.role == "assistant":
            break
        if message.role == "tool":
            found.append(_text(message.content))
    return tuple(reversed(found))


def _history(messages: Sequence[ChatMessage]) -> Iterator[Said]:
    for message in messages:
        yield Said(message.role, _text(message.content) if message.role == "user" else "")


def _images(messages: Sequence[ChatMessage]) -> list[str]:
    found = []
    for message in messages:
        for part in message.content if isinstance(message.content, list) else ():
            if part.image_url is not None:
                found.append(_kind(part.image_url.url))
            elif part.file is not None:
                data = part.file.file_data
                found.append(_kind(data) if data else part.file.file_id or "file")
    return found


def _kind(url: str) -> str:
    """The media type of a data URI, or the URL."""
    return url[5:].partition(";")[0] if url.startswith("data:") else url


def _count(body: ChatBody, messages: Sequence[ChatMessage]) -> int:
    """The input: three tokens a message and its texts, calls, images, and the tools."""
    total = 0
    for message in messages:
        total += MESSAGE_TOKENS + count(_text(message.content))
        for call in message.tool_calls or ():
            if call.function is not None:
                total += count(call.function.name) + count(call.function.arguments or "")
    for tool in body.tools or ():
        if tool.function is not None:
            function = tool.function
            total += count(function.name) + count(function.description or "")
            total += (len(function.parameters) + 3) // 4
    return total + IMAGE_TOKENS * len(_images(messages))


def _tools(tools: Sequence[ChatTool]) -> list[Tool]:
    functions = [tool.function for tool in tools if tool.function is not None]
    return [Tool(function.name, plain(function.parameters)) for function in functions]


def _choice(raw: Raw) -> tuple[str, tuple[str, ...]]:
    value = plain(raw)
    if isinstance(value, str):
        return value, ()
    if not isinstance(value, Mapping):
        return "auto", ()
    if isinstance(subset := value.get("allowed_tools"), Mapping):
        names = tuple(_name(tool) for tool in subset.get("tools", ()))
        return str(subset.get("mode", "auto")), names
    return "one", (_name(value),)


def _name(tool: object) -> str:
    """The name in {"type": "function", "function": {"name"}}."""
    function = tool.get("function") if isinstance(tool, Mapping) else None
    return str(function.get("name", "")) if isinstance(function, Mapping) else ""


def _param(error: ValidationError) -> str | None:
    """Msgspec says "... - at `$.messages[0].role`"."""
    _, _, path = str(error).partition("`$.")
    return path.removesuffix("`") or None
