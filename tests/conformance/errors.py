"""Errors as recorded: told by their kind, and rendered so that every SDK raises the right class."""

from collections.abc import Callable, Iterator, Mapping

import anthropic
import openai
from google.genai import errors as genai_errors
from msgspec import Struct, json

from tests.conformance import sdk
from tests.conformance.recordings import ANTHROPIC, GEMINI, Recording
from tests.conformance.ways import CLIENTS, STAMP, Verdict, Ways
from trunkline.canon.errors import GatewayError, ModelMissing, QuotaExhausted, Refused, Throttled
from trunkline.canon.event import Faulted


class Told(Struct, frozen=True):
    """What clients shall hear of an error."""

    kind: type[GatewayError]
    status: int
    openai_type: str
    openai_code: str | None
    anthropic_type: str

    def type_for(self, client: str) -> str:
        if client == GEMINI:
            return _GOOGLES[self.status]
        return self.anthropic_type if client == ANTHROPIC else self.openai_type


def _refused(code: str | None) -> Told:
    return Told(Refused, 400, "invalid_request_error", code, "invalid_request_error")


_MISSING = Told(ModelMissing, 404, "invalid_request_error", "model_not_found", "not_found_error")
_THROTTLED = Told(Throttled, 429, "requests", "rate_limit_exceeded", "rate_limit_error")

_BROKE = Told(QuotaExhausted, 429, "insufficient_quota", "insufficient_quota", "rate_limit_error")

# By words of the recorded error, as the providers' documents explain them (seen 2026-11-21).
_GOOGLES = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
_EXPECTED: tuple[tuple[bytes, Told], ...] = (
    (b"GenerateRequestsPerMinutePerProjectPerModel", _THROTTLED),
    (b"Cannot fetch content from the provided URL", _refused("INVALID_ARGUMENT")),
    (b"does not support effort level", _refused(None)),
    (b"model: claude-sonet-4-5", _MISSING),
    (b"does not exist or you do not have access", _MISSING),
    (b"tool_use_failed", _refused("tool_use_failed")),
    (b"invalid_value", _refused("invalid_value")),
    (b"unsupported_value", _refused("unsupported_value")),
    (b"unsupported_parameter", _refused("unsupported_parameter")),
    (b"Web search options not supported", _refused(None)),
    (b"temporarily rate-limited upstream", _THROTTLED),
    (b"Token limit reached", _refused(None)),
    (b"No tool output found for tool call", _refused(None)),
    (b"unsupported_file", _refused("unsupported_file")),
    (b"The requested model 'gpt-5.2-proo' does not exist", _MISSING),
    (b"was provided without its required following item", _refused(None)),
    (b"You exceeded your current quota", _BROKE),
    (b"model identifier is invalid", _MISSING),
    (b"doesn't support the", _refused(None)),
    (b"The model returned the following errors", _refused(None)),
)
_WORDS = 20
"""So much of a message tells that it is the provider's."""
_RAISED: Mapping[int, tuple[type[Exception], type[Exception]]] = {
    400: (openai.BadRequestError, anthropic.BadRequestError),
    404: (openai.NotFoundError, anthropic.NotFoundError),
    429: (openai.RateLimitError, anthropic.RateLimitError),
}


def check(ways: Ways, recording: Recording) -> Verdict:
    if not (recording.fails or recording.breaks):
        return Verdict()
    recorded = recording.stream or recording.body or b""
    told = next((told for words, told in _EXPECTED if words in recorded), None)
    if told is None:
        return Verdict(("nobody has said what this error is",))
    error = _decoded(ways, recording)
    faults = [] if type(error) is told.kind else [f"{error!r} is no {told.kind.__name__}"]
    if error.message[:_WORDS].encode() not in recorded:
        faults.append(f"its words are lost: {error.message}")
    for client in CLIENTS:
        faults += _before_the_first_byte(ways, client, error, told)
        faults += _after_it(ways, client, error)
    if recording.stream is not None:
        faults += _in_its_stream(ways, recording, told)
    return Verdict(tuple(faults))


def _decoded(ways: Ways, recording: Recording) -> GatewayError:
    speaks = ways.upstream(recording.dialect)
    if recording.stream is None:
        # A bare body was recorded without its status: all of these had 400.
        status = max(recording.status, 400)
        return speaks.decode_error(status, recording.headers, recording.body or b"")
    last = ways.events(recording.dialect, recording.stream)[-1]
    return last.error if isinstance(last, Faulted) else GatewayError("the stream has no fault")


def _before_the_first_byte(
    ways: Ways, client: str, error: GatewayError, told: Told
) -> Iterator[str]:
    wire = ways.of(client).render_error(error, "req_1")
    said = json.decode(wire.body)["error"]
    expected = (told.status, told.type_for(client))
    kind = said["status" if client == GEMINI else "type"]
    if expected != (wire.status, kind):
        yield f"{client} hears {wire.status} {kind}, not {expected}"
    if client not in (ANTHROPIC, GEMINI) and told.openai_code != said["code"]:
        yield f"{client} hears the code {said['code']}, not {told.openai_code}"
    raised = sdk.LENIENT.error(client, wire)
    raises = genai_errors.ClientError if client == GEMINI else None
    if type(raised) is not (raises or _RAISED[told.status][client == ANTHROPIC]):
        yield f"the SDK raises {raised!r}"
    if error.message[:_WORDS] not in str(raised):
        yield f"the SDK's error does not say what happened: {raised}"


def _after_it(ways: Ways, client: str, error: GatewayError) -> Iterator[str]:
    event = ways.of(client).encoder(ways.hello(client), STAMP).fault(error, "req_1")
    try:
        sdk.LENIENT.listen(client, event)
    except (openai.APIError, anthropic.APIStatusError, genai_errors.APIError) as raised:
        if error.message[:_WORDS] not in str(raised):
            yield f"the SDK's error does not say what happened: {raised}"
    else:
        yield f"the SDK for {client} takes an error in a stream for an answer"


def _in_its_stream(ways: Ways, recording: Recording, told: Told) -> Iterator[str]:
    """Both ways through raise it, and what came before is passed on."""
    stream = recording.stream or b""
    for client in CLIENTS:
        pipe = ways.translation(recording, client)
        yield from _raises(pipe.feed, stream, told, f"translated for {client}")
    pipe = ways.passthrough(recording.dialect)
    yield from _raises(pipe.feed, stream, told, "passing through")
    if not pipe.before_error or not stream.startswith(pipe.before_error):
        yield "what passed before the error does not"


def _raises(feed: Callable[[bytes], bytes], stream: bytes, told: Told, way: str) -> Iterator[str]:
    try:
        feed(stream)
    except told.kind:
        return
    yield f"{way}, the error in the stream is not raised"
