"""
A client's request to the canonical one.

What the gateway itself sees to (storing, background, the previous response) stands in `echo` alone:
whoever stores answers reads it off the body, and has put a previous response's items into `input`.
"""

from collections.abc import Mapping, Sequence

from msgspec import Raw, json

from trunkline.canon.content import Message, Opaque, Role, Text
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChatRequest, OutputFormat, Thinking, Tool
from trunkline.dialects.fields import BOOL, INT, NUMBER, STR, Fields, missing, read
from trunkline.dialects.openai_responses.decode_items import ItemReader
from trunkline.dialects.openai_responses.decode_tools import read_choice, read_tools, together
from trunkline.dialects.openai_responses.echo import echo_of
from trunkline.dialects.openai_responses.upstream_wire import KIND
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
_STRINGS = json.Decoder(list[str])
_LOGPROBS = "message.output_text.logprobs"
_SEEN_TO = frozenset({_LOGPROBS, "reasoning.encrypted_content"})
# Nothing an upstream must know, but for one that stores answers; see the file's docstring.
_OURS = ("store", "background", "previous_response_id", "stream_options")
_OUTPUT = "_call_output"
_NAMED = ("prompt", "conversation")
"""What is said, by its name alone."""
_CONTEXT = (*_NAMED, "previous_response_id")


_KEPT_THERE = (
    "'{}' names what only the provider of the Responses API keeps, and the provider of this model "
    "cannot read it: send what it holds as 'instructions' and 'input'"
)


def decode_request(raw: bytes) -> ChatRequest:
    """Raises Malformed, only."""
    try:
        if not raw.isascii():
            raw.decode()
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    wire = read(raw, RAW_MAP, "")
    body = Fields(wire)
    for field in _OURS:
        body.raw(field)
    tools = read_tools(body)
    items = _conversation(body, wire, tools)
    top_logprobs = body.get("top_logprobs", INT)
    output = body.inner("text")
    return ChatRequest(
        model=body.need("model", STR),
        messages=tuple(items.messages),
        origin=NAME,
        tools=together(tools, items.tools),
        tool_choice=read_choice(body).choice,
        parallel_tool_calls=body.get("parallel_tool_calls", BOOL),
        max_output_tokens=body.get("max_output_tokens", INT),
        temperature=body.get("temperature", NUMBER),
        top_p=body.get("top_p", NUMBER),
        presence_penalty=body.get("presence_penalty", NUMBER),
        frequency_penalty=body.get("frequency_penalty", NUMBER),
        logprobs=True if _include(body) or top_logprobs else None,
        top_logprobs=top_logprobs or None,
        thinking=_thinking(body),
        output_format=_output_format(output),
        verbosity=output.get("verbosity", STR) if output else None,
        user=_user(body),
        metadata=body.raw("metadata"),
        service_tier=body.get("service_tier", STR),
        stream=body.get("stream", BOOL) or False,
        include_usage=True,
        extra=_rest(body),
        needs=_needs(body, items.messages),
        echo=echo_of(wire),
    )


def _conversation(body: Fields, wire: Mapping[str, Raw], tools: Sequence[Tool]) -> ItemReader:
    items = ItemReader(tools)
    instructions = body.get("instructions", STR)
    if instructions is not None:
        items.messages.append(Message(Role.SYSTEM, (Text(instructions),)))
    items.read(body)
    if not items.messages and not any(field in wire for field in _CONTEXT):
        raise missing("input")
    return items


def _include(body: Fields) -> bool:
    """Whether log probabilities are wanted; what else is asked for and ours to give is gone."""
    raw = body.raw("include")
    if raw is None:
        return False
    wanted: list[str] = read(raw, _STRINGS, "include")
    rest = [word for word in wanted if word not in _SEEN_TO]
    if rest:
        body.keep("include", Raw(json.encode(rest)))
    return _LOGPROBS in wanted


def _thinking(body: Fields) -> Thinking | None:
    """`native` keeps all of it where there is more than effort and summary, as their types tell."""
    raw = body.raw("reasoning")
    if raw is None:
        return None
    asked = Fields.of(raw, "reasoning")
    effort = asked.get("effort", STR)
    display = asked.get("summary", STR)
    display = asked.get("generate_summary", STR) or display  # its older name
    native = {"reasoning": raw} if asked.rest() or effort not in {*_EFFORTS, None} else {}
    effort = effort if effort in _EFFORTS else None
    if effort is None and display is None and not native:
        return None
    mode = "disabled" if effort == "none" else None
    return Thinking(mode=mode, effort=effort, display=display, native=native)


def _output_format(output: Fields | None) -> OutputFormat | None:
    wanted = output.inner("format") if output else None
    if wanted is None:
        return None
    kind = wanted.need("type", STR)
    if kind not in ("text", "json_object", "json_schema"):
        param = wanted.at("type")
        raise Malformed(f"invalid '{param}': unknown value '{kind[:50]}'", param=param)
    if kind != "json_schema":
        return OutputFormat(kind=kind)
    return OutputFormat(
        kind=kind,
        schema=wanted.raw("schema"),
        name=wanted.need("name", STR),
        description=wanted.get("description", STR),
        strict=wanted.get("strict", BOOL),
    )


def _needs(body: Fields, messages: Sequence[Message]) -> Mapping[str, str]:
    """What is kept elsewhere; and a last item that tells what came of a tool only this API has."""
    needs = {name: _KEPT_THERE.format(name) for name in _NAMED if name in body.rest()}
    last = messages[-1].parts[-1] if messages and messages[-1].parts else None
    if isinstance(last, Opaque) and _is_output(last.raw):
        needs["input"] = "the last item of 'input' is of a kind that only the Responses API has"
    return needs


def _is_output(raw: Raw) -> bool:
    try:
        return KIND.decode(raw).type.endswith(_OUTPUT)
    except NOT_JSON:
        return False


def _user(body: Fields) -> str | None:
    """`safety_identifier` is the newer name of `user`; who sends both means two things."""
    user = body.get("user", STR)
    return body.get("safety_identifier", STR) if user is None else user


def _rest(body: Fields) -> Mapping[str, Raw]:
    """What only this API knows. To refuse an input too long is what every API does unasked."""
    truncation = body.get("truncation", STR)
    if truncation not in (None, "disabled"):
        body.keep("truncation", Raw(json.encode(truncation)))
    return body.rest()
