"""A client's request to the canonical one."""

from collections.abc import Mapping

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChatRequest, OutputFormat, Thinking
from trunkline.dialects.camel import Camel
from trunkline.dialects.fields import BOOL, INT, NUMBER, STR
from trunkline.dialects.gemini.decode_contents import read_contents
from trunkline.dialects.gemini.decode_tools import read_choice, read_tools
from trunkline.dialects.gemini.schema import json_schema
from trunkline.dialects.gemini.wire import NAME
from trunkline.dialects.one_of import KIND, words_of

_STRINGS = json.Decoder(list[str])
_JSON = "application/json"
_TEXT = "text/plain"
_ENUM = "text/x.enum"
_CACHED = "cachedContent"
_KEPT_THERE = (
    "'cachedContent' names what only Google keeps, and the provider of this model cannot read it: "
    "send its content"
)
_SCHEMAS = ("responseJsonSchema", "responseSchema")


def decode_request(raw: bytes) -> ChatRequest:
    """
    Raises Malformed, only.

    Model and stream stand in the path of a Gemini request; a face puts them into the body, as
    `model` and `stream`.
    """
    try:
        if not raw.isascii():
            raw.decode()
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    body = Camel.of(raw, "")
    messages = read_contents(body)
    tools = read_tools(body)
    choice, tool_config = read_choice(body)
    config = body.inner("generationConfig") or Camel({}, "generationConfig")
    output_format, needs = _output_format(config)
    request = ChatRequest(
        model=(body.get("model", STR) or "").removeprefix("models/"),
        messages=messages,
        origin=NAME,
        tools=tools,
        tool_choice=choice,
        max_output_tokens=config.get("maxOutputTokens", INT),
        temperature=config.get("temperature", NUMBER),
        top_p=config.get("topP", NUMBER),
        top_k=_whole(config, "topK"),
        stop=_stop(config),
        seed=config.get("seed", INT),
        presence_penalty=config.get("presencePenalty", NUMBER),
        frequency_penalty=config.get("frequencyPenalty", NUMBER),
        n=config.get("candidateCount", INT),
        logprobs=config.get("responseLogprobs", BOOL),
        top_logprobs=config.get("logprobs", INT),
        thinking=_thinking(config),
        output_format=output_format,
        stream=body.get("stream", BOOL) or False,
        include_usage=True,
    )
    return _with_extra(request, body, config, tool_config, needs)


def _with_extra(
    request: ChatRequest,
    body: Camel,
    config: Camel,
    tool_config: Raw | None,
    needs: Mapping[str, str],
) -> ChatRequest:
    extra = dict(body.rest())
    if rest := config.rest():
        extra["generationConfig"] = Raw(json.encode(rest))
    if tool_config is not None:
        extra["toolConfig"] = tool_config
    if _CACHED in extra:
        needs = {_CACHED: _KEPT_THERE, **needs}
    return replace(request, extra=extra, needs=needs)


def _stop(config: Camel) -> tuple[str, ...]:
    given = config.get("stopSequences", _STRINGS)
    return tuple(given or ())


def _whole(config: Camel, name: str) -> int | None:
    """gemini-cli and others send 40.0 where a count is meant."""
    value = config.get(name, NUMBER)
    return None if value is None else int(value)


def _thinking(config: Camel) -> Thinking | None:
    raw = config.raw("thinkingConfig")
    if raw is None:
        return None
    told = Camel.of(raw, config.at("thinkingConfig"))
    shown = told.get("includeThoughts", BOOL)
    budget = told.get("thinkingBudget", INT)
    level = told.get("thinkingLevel", STR)
    mode = None
    if budget is not None:
        mode = "adaptive" if budget < 0 else "enabled" if budget else "disabled"
    return Thinking(
        mode=mode,
        budget_tokens=budget if budget is not None and budget > 0 else None,
        effort=None if level is None or "UNSPECIFIED" in level else level.lower(),
        display="summarized" if shown else "omitted" if shown is not None else None,
        native={"thinkingConfig": raw},
    )


def _output_format(config: Camel) -> tuple[OutputFormat | None, Mapping[str, str]]:
    """A media type that only Google knows stays among the fields, and others cannot do without it."""
    media_type = config.get("responseMimeType", STR)
    if media_type is None:
        return None, {}
    if media_type == _TEXT:
        return OutputFormat(kind="text"), {}
    field, given = _schema(config)
    schema = None if given is None else json_schema(given, config.at(field))
    if media_type == _ENUM and schema is not None and words_of(schema):
        native = {"responseMimeType": Raw(json.encode(_ENUM)), field: given or schema}
        return OutputFormat(kind=KIND, schema=schema, native=native), {}
    if media_type != _JSON:
        config.keep("responseMimeType", Raw(json.encode(media_type)))
        if given is not None:
            config.keep(field, given)
        path = config.at("responseMimeType")
        return None, {path: f"invalid '{path}': no other provider answers in '{media_type[:50]}'"}
    if schema is None or given is None:
        return OutputFormat(kind="json_object"), {}
    usual = field == _SCHEMAS[0] and schema == given
    native = {} if usual else {field: given}
    return OutputFormat(kind="json_schema", schema=schema, native=native), {}


def _schema(config: Camel) -> tuple[str, Raw | None]:
    """Of the two fields for one, the first that is there."""
    for field in _SCHEMAS:
        given = config.raw(field)
        if given is not None:
            return field, given
    return "", None
