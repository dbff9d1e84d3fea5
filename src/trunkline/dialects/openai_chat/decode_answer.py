"""A whole answer of an upstream to the canonical one."""

from collections.abc import Mapping

from msgspec import UNSET, Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Refusal, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.openai_chat.finish import FAILURES, finish_reason
from trunkline.dialects.openai_chat.reasoning import read_reasoning
from trunkline.dialects.openai_chat.think_tags import ThinkTags
from trunkline.dialects.openai_chat.usage import read_raw_usage, read_usage
from trunkline.dialects.openai_chat.wire import (
    NAME,
    TOLD,
    WHOLE_CHOICES,
    Call,
    Delta,
    Segment,
    WholeChoice,
    read_head,
)
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON, NULL, RAW_MAP

NO_ERRORS = (b"null", b'""', b"{}", b"false")
"""An `error` field that tells of none."""
UNFINISHED = "the provider ended its answer before saying why it finished"


def decode_answer(body: bytes, *, think_tags: bool = False) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    fields = read_fields(body)
    try:
        choices = WHOLE_CHOICES.decode(fields["choices"])
    except KeyError:
        raise Garbled(_no_answer(fields)) from None
    except NOT_JSON as error:
        raise Garbled("the provider's answer has no readable choices", detail=str(error)) from None
    if not choices:
        raise Garbled(_no_answer(fields))
    if len({choice.index for choice in choices}) < len(choices):
        raise Garbled("the provider's answer has two choices of one number")
    head = read_head(fields)
    return Answer(
        id=head.id,
        model=head.model,
        created=head.created,
        choices=tuple(_choice(choice, think_tags=think_tags) for choice in choices),
        usage=read_raw_usage(fields.get("usage"), fields.get("service_tier")),
        extra=head.extra,
        origin=NAME,
    )


def read_usage_of(body: bytes) -> Usage | None:
    """Only the usage. Raises as `decode_answer`."""
    if body.isascii():
        try:
            told = TOLD.decode(body)
        except NOT_JSON:
            pass  # looked at again below, where an odd usage is no reason to lose the answer
        else:
            if told.error is UNSET:
                return read_usage(told.usage, told.service_tier)
    fields = read_fields(body)
    return read_raw_usage(fields.get("usage"), fields.get("service_tier"))


def read_fields(body: bytes) -> Mapping[str, Raw]:
    """One level deep. Raises Garbled, or the error it tells of."""
    try:
        if not body.isascii():
            body.decode()
        fields = RAW_MAP.decode(body)
    except NOT_JSON as error:
        if body.lstrip()[:1] == b"[" and b'"error"' in body[:200]:
            raise decode_error(200, (), body) from None
        raise Garbled("the provider's answer is not JSON", detail=str(error)) from None
    if "error" in fields and bytes(fields["error"]) not in NO_ERRORS:
        raise decode_error(200, (), body)
    return fields


def broken_off(word: str) -> GatewayError:
    return Disconnected("the provider broke off its answer", detail=f"finish_reason {word}")


def read_logprobs(logprobs: Mapping[str, Raw] | None) -> Raw | None:
    told = logprobs is not None and any(raw != NULL for raw in logprobs.values())
    return Raw(json.encode(logprobs)) if told else None


def tells(raw: Raw) -> bool:
    """Snowflake fills in every field of every message, empty (recorded 2026-08)."""
    return bytes(raw) not in (b"null", b'""', b"0", b"{}", b"[]")


def is_call(call: Call) -> bool:
    """As `tells`: a call of nothing, without an id, is none."""
    return bool(call.id or name_of(call) or arguments_of(call))


def arguments_of(call: Call) -> str:
    """The text of a call's arguments, or of a piece of them."""
    if is_custom(call):
        return (call.custom.input if call.custom else None) or ""
    arguments = call.function.arguments if call.function else None
    return json.encode(arguments).decode() if isinstance(arguments, dict) else arguments or ""


def thought_in(segment: Segment) -> str:
    """What an entry of Mistral's content list thinks; "" where it speaks."""
    thinking = segment.thinking
    if isinstance(thinking, str):
        return thinking
    return "".join(thought.text for thought in thinking or ())


def _no_answer(fields: Mapping[str, Raw]) -> str:
    if bytes(fields.get("object", b"")) == b'"response"':
        return "the provider answered with a Responses object to a Chat Completions request"
    return "the provider's answer has no choices"


def _choice(choice: WholeChoice, *, think_tags: bool) -> Choice:
    word = choice.finish_reason
    if word in FAILURES:
        raise broken_off(word or "")
    parts = tuple(_parts(choice.message or Delta(), think_tags=think_tags))
    called = any(isinstance(part, ToolCall) for part in parts)
    return Choice(
        index=choice.index,
        parts=parts,
        finish=finish_reason(word, called=called),
        native=word or "",
        logprobs=read_logprobs(choice.logprobs),
    )


def _parts(message: Delta, *, think_tags: bool) -> list[Part]:
    thought, text = _thought_and_text(message, think_tags=think_tags)
    parts: list[Part] = list(read_reasoning(thought, message.reasoning_details or ()))
    if text or message.annotations:
        notes = Raw(json.encode(message.annotations)) if message.annotations else None
        parts.append(Text(text, annotations=notes, origin=NAME if notes else ""))
    if message.refusal:
        parts.append(Refusal(message.refusal))
    if message.audio is not None and any(map(tells, message.audio.values())):
        parts.append(Opaque(NAME, Raw(json.encode({"audio": message.audio}))))
    calls = [*(message.tool_calls or ()), Call(function=message.function_call)]
    parts += map(_called, filter(is_call, calls))
    return parts


def _thought_and_text(message: Delta, *, think_tags: bool) -> tuple[str, str]:
    content = message.content
    thought = message.reasoning_content or message.reasoning or ""
    if isinstance(content, list):
        thought += "".join(map(thought_in, content))
        return thought, "".join(segment.text for segment in content)
    if not content or not think_tags:
        return thought, content or ""
    tags = ThinkTags()
    pieces = [*tags.feed(content), *tags.finish()]
    thought += "".join(piece for thinking, piece in pieces if thinking)
    return thought, "".join(piece for thinking, piece in pieces if not thinking)


def _called(call: Call) -> ToolCall:
    call_id = call_ids.signed(call.id or "", call.extra_content)
    return ToolCall(call_id, name_of(call), arguments_of(call), kind_of(call))


def name_of(call: Call) -> str:
    named = call.custom if is_custom(call) else call.function
    return (named.name if named else None) or ""


def kind_of(call: Call) -> str:
    return "custom" if is_custom(call) else "function"


def is_custom(call: Call) -> bool:
    """Snowflake sends an empty `custom` beside every `function`."""
    return call.custom is not None and bool(call.custom.name or call.custom.input)
