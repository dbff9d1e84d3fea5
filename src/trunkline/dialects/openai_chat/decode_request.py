"""A client's request to the canonical one."""

from collections.abc import Mapping

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChatRequest, OutputFormat, Thinking
from trunkline.dialects.fields import BOOL, INT, NUMBER, STR, Fields
from trunkline.dialects.openai_chat.decode_messages import read_messages
from trunkline.dialects.openai_chat.tools import read_choice, read_tools, uses_functions
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_STRINGS = json.Decoder(str | list[str])
_EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})


def decode_request(raw: bytes) -> ChatRequest:
    """Raises Malformed, only."""
    try:
        if not raw.isascii():
            raw.decode()
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    body = Fields.of(raw, "")
    output_format, needs = _output_format(body)
    request = ChatRequest(
        model=body.need("model", STR),
        messages=read_messages(body),
        origin=NAME,
        tools=read_tools(body),
        tool_choice=read_choice(body),
        parallel_tool_calls=body.get("parallel_tool_calls", BOOL),
        max_output_tokens=_limit(body),
        temperature=body.get("temperature", NUMBER),
        top_p=body.get("top_p", NUMBER),
        top_k=body.get("top_k", INT),
        stop=_stop(body),
        seed=body.get("seed", INT),
        presence_penalty=body.get("presence_penalty", NUMBER),
        frequency_penalty=body.get("frequency_penalty", NUMBER),
        n=body.get("n", INT),
        logprobs=body.get("logprobs", BOOL),
        top_logprobs=body.get("top_logprobs", INT),
        logit_bias=body.raw("logit_bias"),
        thinking=_thinking(body),
        output_format=output_format,
        verbosity=body.get("verbosity", STR),
        user=_user(body),
        metadata=body.raw("metadata"),
        service_tier=body.get("service_tier", STR),
        stream=body.get("stream", BOOL) or False,
        include_usage=_include_usage(body),
        extra=body.rest(),
        needs=needs,
    )
    return _as_functions(request)


def wants_usage(envelope: Mapping[str, Raw]) -> bool:
    """From the body decoded one level deep."""
    raw = envelope.get("stream_options")
    if raw is None or b"include_usage" not in bytes(raw):
        return False
    try:
        return bytes(RAW_MAP.decode(raw).get("include_usage", b"")) == b"true"
    except NOT_JSON:
        return False


def _limit(body: Fields) -> int | None:
    older, newer = body.get("max_tokens", INT), body.get("max_completion_tokens", INT)
    return older if newer is None else newer


def _stop(body: Fields) -> tuple[str, ...]:
    stop = body.get("stop", _STRINGS)
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def _thinking(body: Fields) -> Thinking | None:
    """`reasoning_effort` is OpenAI's; `reasoning` OpenRouter's, `thinking` DeepSeek's and Z.AI's."""
    effort = _effort(body)
    mode, budget = None, None
    native: dict[str, Raw] = {}
    for field in ("reasoning", "thinking"):
        raw = body.raw(field)
        if raw is None:
            continue
        try:
            native[field] = raw
            asked = Fields.of(raw, field)
            said = asked.get("effort", STR)
            effort = said if said in _EFFORTS else effort
            budget = asked.get("max_tokens", INT) or asked.get("budget_tokens", INT) or budget
            if (enabled := asked.get("enabled", BOOL)) is not None:
                mode = "enabled" if enabled else "disabled"
            mode = asked.get("type", STR) or mode
        except Malformed:
            # Not the shape we know: its own dialect's upstream may.
            continue
    if effort is None and mode is None and budget is None and not native:
        return None
    if effort == "none":
        mode = "disabled"
    return Thinking(mode=mode, budget_tokens=budget, effort=effort, native=native)


def _effort(body: Fields) -> str | None:
    """A word of one provider's own (Groq's "default") stays among the body's fields."""
    effort = body.get("reasoning_effort", STR)
    if effort is None or effort in _EFFORTS:
        return effort
    body.keep("reasoning_effort", Raw(json.encode(effort)))
    return None


def _output_format(body: Fields) -> tuple[OutputFormat | None, Mapping[str, str]]:
    """One of a form we do not know is for the dialect's own providers to judge, and none of others'."""
    raw = body.raw("response_format")
    if raw is None:
        return None, {}
    wanted = Fields.of(raw, "response_format")
    kind = wanted.need("type", STR)
    if kind in ("text", "json_object"):
        return OutputFormat(kind=kind), {}
    described = wanted.inner("json_schema") if kind == "json_schema" else None
    if described is None:
        body.keep("response_format", raw)
        return None, _unknown_format(wanted, kind)
    wanted_format = OutputFormat(
        kind=kind,
        schema=described.raw("schema"),
        name=described.get("name", STR),
        description=described.get("description", STR),
        strict=described.get("strict", BOOL),
    )
    return wanted_format, {}


def _unknown_format(wanted: Fields, kind: str) -> Mapping[str, str]:
    if kind == "json_schema":
        param = wanted.at("json_schema")
        return {param: f"missing required parameter: '{param}'"}
    param = wanted.at("type")
    return {param: f"invalid '{param}': unknown value '{kind[:50]}'"}


def _user(body: Fields) -> str | None:
    """`safety_identifier` is the newer name of `user`; who sends both means two things."""
    user = body.get("user", STR)
    return body.get("safety_identifier", STR) if user is None else user


def _include_usage(body: Fields) -> bool:
    options = body.inner("stream_options")
    if options is None:
        return False
    wanted = options.get("include_usage", BOOL) or False
    if others := options.rest():
        body.keep("stream_options", Raw(json.encode(others)))
    return wanted


def _as_functions(request: ChatRequest) -> ChatRequest:
    """The API before tools knew one call an answer."""
    if not uses_functions(request):
        return request
    return replace(request, parallel_tool_calls=False)
