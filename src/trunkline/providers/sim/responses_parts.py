"""Pieces that whole Responses answers and their streams share: items, the response, events."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, json

from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.beats import Stamp
from trunkline.providers.sim.ids import token
from trunkline.providers.sim.responses_body import seal
from trunkline.providers.sim.turns import Tally, Turn
from trunkline.providers.sim.usage import number

# Keys in front of and behind `status ... completed_at`, in the order that was recorded.
_BEFORE_MODEL = ("instructions", "max_output_tokens", "max_tool_calls")
_BEHIND_OUTPUT = (
    "parallel_tool_calls", "previous_response_id", "prompt_cache_key", "prompt_cache_retention",
    "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text",
    "tool_choice", "tools", "top_logprobs", "top_p", "truncation",
)  # fmt: skip
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class Item(Struct, frozen=True):
    """An item of the output before it has bytes."""

    kind: str
    """ "reasoning", "message", "function_call" or "custom_tool_call"."""
    id: str
    text: str = ""
    """What is said, thought (as far as it is shown) or handed over."""
    refusal: bool = False
    name: str = ""
    call_id: str = ""
    sealed: str | None = None
    chunks: tuple[str, ...] | None = None


class How(Struct, frozen=True):
    """How far a response is."""

    status: str
    reason: str | None = None
    """Why it is incomplete."""


IN_PROGRESS = How("in_progress")


def finished(finish: str) -> How:
    reason = _INCOMPLETE.get(finish)
    return How("incomplete" if reason else "completed", reason)


def outputs(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[Item]:
    """Thought, text or refusal, calls."""
    seed = stamp.seed
    if turn.thinking:
        shown = "" if turn.redacted or ask.thinking == "omitted" else turn.thinking
        sealed = seal(turn.thinking) if ask.sealed else None
        yield Item("reasoning", "rs_" + token(seed, "thought", 48), shown, sealed=sealed)
    if turn.text or turn.refusal or not turn.calls:
        yield Item(
            "message",
            "msg_" + token(seed, "message", 48),
            turn.text or turn.refusal,
            refusal=not turn.text and bool(turn.refusal),
            chunks=turn.chunks,
        )
    for at, call in enumerate(turn.calls):
        kind = "custom_tool_call" if call.name in ask.custom else "function_call"
        short = "ctc_" if kind == "custom_tool_call" else "fc_"
        yield Item(
            kind,
            short + token(seed, f"item-{at}", 48),
            call.arguments,
            name=call.name,
            call_id=call.id or "call_" + token(seed, f"call-{at}", 24),
        )


def part(item: Item, text: str) -> Mapping[str, object]:
    """The content part of a message."""
    if item.refusal:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def opened(item: Item) -> bytes:
    """An item before anything of it was said."""
    return json.encode(_shape(item, "in_progress", ""))


def closed(item: Item, finish: str) -> bytes:
    """An item with all it has."""
    return json.encode(_shape(item, finished(finish).status, item.text))


def _shape(item: Item, status: str, text: str) -> Mapping[str, object]:
    head: dict[str, object] = {"id": item.id, "type": item.kind}
    if item.kind == "reasoning":
        summary = [{"type": "summary_text", "text": text}] if text else []
        sealed = {"encrypted_content": item.sealed} if item.sealed is not None else {}
        return head | sealed | {"summary": summary}
    if item.kind == "message":
        content = [part(item, text)] if status != "in_progress" else []
        return head | {"status": status, "content": content, "role": "assistant"}
    field = "input" if item.kind == "custom_tool_call" else "arguments"
    return head | {"status": status, field: text, "call_id": item.call_id, "name": item.name}


def usage(tally: Tally, skew: str) -> bytes:
    return (
        b'{"input_tokens":%b,"input_tokens_details":{"cached_tokens":%b,"cache_write_tokens":%b},'
        b'"output_tokens":%b,'
        b'"output_tokens_details":{"reasoning_tokens":%b},"total_tokens":%b}'
    ) % (
        number(tally.input, skew),
        number(tally.cache_read, skew),
        number(tally.cache_write, skew),
        number(tally.output, skew),
        number(tally.reasoning, skew),
        number(tally.input + tally.output, skew),
    )


def response(
    id_: str,
    stamp: Stamp,
    ask: Ask,
    how: How,
    output: Sequence[bytes],
    tally: Tally | None,
    skew: str,
) -> bytes:
    """The response object, every key of it; `tally` None: no usage is told."""
    completed = stamp.created if how.status == "completed" else None
    why = {"reason": how.reason} if how.reason is not None else None
    return (
        b'{"id":"%b","object":"response","created_at":%d,"status":"%b","background":%b,'
        b'"completed_at":%b,"error":null,"frequency_penalty":0.0,"incomplete_details":%b,%b,'
        b'"model":%b,"moderation":null,"output":[%b],"presence_penalty":0.0,%b,"usage":%b,'
        b'"user":%b,"metadata":%b}'
    ) % (
        id_.encode(),
        stamp.created,
        how.status.encode(),
        ask.echo.get("background", b"false"),
        json.encode(completed),
        json.encode(why),
        _echoed(ask, _BEFORE_MODEL),
        json.encode(stamp.model),
        b",".join(output),
        _echoed(ask, _BEHIND_OUTPUT),
        usage(tally, skew) if tally is not None else b"null",
        ask.echo.get("user", b"null"),
        ask.echo.get("metadata", b"{}"),
    )


def _echoed(ask: Ask, names: Sequence[str]) -> bytes:
    return b",".join([b'"%b":%b' % (name.encode(), ask.echo.get(name, b"null")) for name in names])


def event(name: str, data: bytes, number_: int) -> bytes:
    """One event; `data` is what stands between the type and the sequence number."""
    kind = name.encode()
    return b'event: %b\ndata: {"type":"%b",%b,"sequence_number":%d}\n\n' % (
        kind,
        kind,
        data,
        number_,
    )
