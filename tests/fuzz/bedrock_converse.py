"""The invariants of Bedrock's dialect (see upstream.py), framed as AWS frames it, too."""

from tests.fuzz.upstream import UpstreamTargets, chosen
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.dialects.bedrock_converse.dialect import BedrockConverse
from trunkline.wire.awsstream import encode as framed

_DIALECT = BedrockConverse()
_TARGETS = UpstreamTargets(
    _DIALECT,
    tuple(
        Deployment(id="p/m", provider="p", model=model, dialect=_DIALECT.name, quirks=quirks)
        for model, quirks in (
            ("us.anthropic.claude-opus-4-8", Quirks(cache_marks=True)),
            ("anthropic.claude-3-7-sonnet-20250219-v1:0", Quirks(schema_output=False)),
            ("us.amazon.nova-2-lite-v1:0", Quirks(cache_marks=True)),
            ("meta.llama4", Quirks(max_tool_name=12)),
        )
    ),
)
_STATUSES = (200, 302, 400, 403, 404, 408, 424, 429, 500, 503)


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where an invariant is broken."""
    chosen((_TARGETS.request, _TARGETS.answer, _TARGETS.stream, _framed, _error), data)


def _framed(data: bytes) -> None:
    """Lines of an event's name and its payload, whose checksums are right: what a CRC keeps out."""
    messages = []
    for line in data.split(b"\n"):
        name, _, payload = line.partition(b" ")
        kind = "exception" if name.endswith(b"Exception") else "event"
        headers = {f":{kind}-type": name.decode("latin-1")[:99], ":message-type": kind}
        messages.append(framed(headers, payload))
    _TARGETS.stream(b"".join(messages))


def _error(body: bytes) -> None:
    for headers in ((), ((b"x-amzn-errortype", body[:40]), (b"retry-after", body[:9]))):
        _TARGETS.error(body, _STATUSES, headers)
