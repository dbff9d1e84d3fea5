"""
Conformance suites: one call checks an extension against what the house asks of its kind.

Each returns a list of what is wrong, in words; an empty list is a pass.
"""

from collections.abc import Sequence

from msgspec import Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Message, Reasoning, Role, Text, ToolCall
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Disconnected, GatewayError, Overloaded, UnknownModel
from trunkline.canon.event import Event, FinishReason
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest, Tool
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Dialect, Sighting, Stamp
from trunkline.routing.base import Standing, Strategy
from trunkline.wire.sse import Splitter

_STAMP = Stamp("0123456789abcdef", "model", 1_795_000_000)
_GARBAGE = (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"model":1}', b"data: {")


def _deployment(dialect: str) -> Deployment:
    return Deployment(id="p/model", provider="p", model="model", dialect=dialect)


def _request(dialect: str, *, stream: bool) -> ChatRequest:
    return ChatRequest(
        model="model",
        origin=dialect,
        messages=(
            Message(Role.SYSTEM, (Text("Be brief."),)),
            Message(Role.USER, (Text("What is the weather in Oslo?"),)),
        ),
        tools=(Tool(name="weather", parameters=Raw(b'{"type":"object","properties":{}}')),),
        max_output_tokens=100,
        stream=stream,
        include_usage=stream,
    )


def _answers() -> tuple[Answer, ...]:
    said = Choice(parts=(Text("It is fine, \u20ac5 a day."),), finish=FinishReason.STOP)
    called = Choice(
        parts=(
            Reasoning("They want the weather."),
            Text("Let me look."),
            ToolCall("call_1", "weather", '{"city":"Oslo"}'),
            ToolCall("call_2", "weather", "{}"),
        ),
        finish=FinishReason.TOOL_CALLS,
    )
    cut = Choice(parts=(Text("It is"),), finish=FinishReason.LENGTH)
    usage = Usage(input=10, cache_read=3, output=5, reasoning=2)
    return tuple(
        Answer(id="a1", model="model", created=1_795_000_000, choices=(c,), usage=usage)
        for c in (said, called, cut)
    )


def check_dialect(dialect: Dialect) -> list[str]:
    """Both roles against each other: what one writes the other must read, whole and streamed."""
    wrong: list[str] = []
    for answer in _answers():
        wrong += _check_whole(dialect, answer)
        wrong += _check_stream(dialect, answer)
    wrong += _check_requests(dialect)
    wrong += _check_errors(dialect)
    wrong += _check_garbage(dialect)
    return wrong


def _essence(answer: Answer) -> tuple[object, ...]:
    """What every dialect must keep of an answer."""
    choice = answer.choices[0]
    text = "".join(p.text for p in choice.parts if isinstance(p, Text))
    calls = tuple((p.id, p.name, p.arguments) for p in choice.parts if isinstance(p, ToolCall))
    thought = "".join(p.text for p in choice.parts if isinstance(p, Reasoning))
    return text, calls, thought, choice.finish, answer.usage and answer.usage.total


def _check_whole(dialect: Dialect, answer: Answer) -> list[str]:
    body = dialect.encode_answer(answer, _request(dialect.name, stream=False), _STAMP)
    again = dialect.decode_answer(body)
    if _essence(answer) != _essence(again):
        return [f"a whole answer changes: {_essence(answer)} -> {_essence(again)}"]
    usage = dialect.read_usage(body)
    if usage is None or answer.usage is None or usage.total != answer.usage.total:
        return [f"read_usage sees {usage}, the answer holds {answer.usage}"]
    return []


def _check_stream(dialect: Dialect, answer: Answer) -> list[str]:
    encoder = dialect.encoder(_request(dialect.name, stream=True), _STAMP)
    wire = encoder.feed(unfold(answer))
    wrong = []
    for step in (len(wire), 1, 7):
        events = _decode(dialect, [wire[i : i + step] for i in range(0, len(wire), step)])
        wrong += [f"fed by {step}: {v}" for v in violations(events)]
        if _essence(answer) != _essence(fold(events)):
            wrong.append(f"a stream fed by {step} changes: {_essence(fold(events))}")
    wrong += _check_watcher(dialect, wire)
    return wrong + _check_cut(dialect, wire)


def _decode(dialect: Dialect, pieces: Sequence[bytes]) -> list[Event]:
    decoder = dialect.decoder()
    events: list[Event] = []
    for piece in pieces:
        events.extend(decoder.feed(piece))
    events.extend(decoder.finish())
    return events


def _check_watcher(dialect: Dialect, wire: bytes) -> list[str]:
    watcher, splitter = dialect.watcher(wants_usage=True), Splitter()
    seen = watcher.feed(splitter.feed(wire))
    wrong = []
    if seen != wire:
        wrong.append("the watcher changes a stream whose client asked for everything")
    least = Sighting.ENDED if dialect.sentinel else Sighting.FINISHED
    if watcher.sighting.value < least.value:
        wrong.append(f"the watcher sees a whole stream as {watcher.sighting}")
    if not watcher.delivered or watcher.usage is None:
        wrong.append("the watcher misses content or usage")
    return wrong


def _check_cut(dialect: Dialect, wire: bytes) -> list[str]:
    """A stream cut before it said why it finished is never an ending."""
    half = wire[: len(wire) // 3]
    decoder = dialect.decoder()
    decoder.feed(half)
    try:
        decoder.finish()
    except Disconnected:
        return []
    return ["a stream cut in its first third is taken for whole"]


def _check_requests(dialect: Dialect) -> list[str]:
    wrong = []
    for stream in (False, True):
        request = _request(dialect.name, stream=stream)
        encoded = dialect.encode_request(request, _deployment(dialect.name))
        again = dialect.decode_request(_arrived(dialect, encoded.body, stream=stream), {})
        if (request.messages, request.stream) != (again.messages, again.stream):
            wrong.append(f"a request changes: {request.messages} -> {again.messages}")
        if request.tools[0].name != again.tools[0].name:
            wrong.append("a request loses its tools")
    return wrong


def _arrived(dialect: Dialect, body: bytes, *, stream: bool) -> bytes:
    """As a face gives it to the dialect: what stands in the path of some stands in their body."""
    if dialect.path("model", stream=True) == dialect.path("model", stream=False):
        return body
    fields = json.decode(body, type=dict[str, Raw])
    return json.encode({**fields, "model": "model", "stream": stream})


def _check_errors(dialect: Dialect) -> list[str]:
    wrong = []
    for error in (UnknownModel("no such model", param="model"), Overloaded("busy", status=529)):
        wire = dialect.render_error(error, "req_1")
        if error.message.encode() not in wire.body:
            wrong.append(f"{error!r} loses its message")
        if not isinstance(dialect.decode_error(wire.status, wire.headers, wire.body), GatewayError):
            wrong.append(f"{error!r} cannot be read back")
        told = dialect.encoder(_request(dialect.name, stream=True), _STAMP).fault(error, "req_1")
        if Splitter().feed(told) != told or error.message.encode() not in told:
            wrong.append(f"{error!r} is not told within a stream")
    return wrong


def _check_garbage(dialect: Dialect) -> list[str]:
    """Only GatewayError escapes, on anything."""
    wrong = []
    for garbage in (*_GARBAGE, json.encode({"choices": 7, "content": 8, "messages": 9})):
        for name, call in (
            ("decode_request", lambda g: dialect.decode_request(g, {})),
            ("decode_answer", dialect.decode_answer),
            ("read_usage", dialect.read_usage),
            ("decode_error", lambda g: dialect.decode_error(500, (), g)),
            ("decoder", lambda g: dialect.decoder().feed(b"data: " + g + b"\n\n")),
        ):
            try:
                call(garbage)
            except GatewayError:
                continue
            except Exception as error:  # noqa: BLE001 - finding these is the point
                wrong.append(f"{name} of {garbage[:20]!r} raises {error!r}")
    return wrong


def check_strategy(strategy: Strategy, standing: Standing) -> list[str]:
    """A strategy orders; it neither loses nor invents a deployment, whatever the dice."""
    names = ("a", "b", "c")
    given = [Deployment(id=n, provider=n, model="m", dialect="d", weight=1) for n in names]
    wrong = []
    for dice in (0.0, 0.25, 0.5, 0.75, 0.999999):
        ordered = strategy.order(given, standing, dice)
        if sorted(d.id for d in ordered) != list(names):
            wrong.append(f"{strategy.name} with dice {dice} answers {[d.id for d in ordered]}")
    return wrong
