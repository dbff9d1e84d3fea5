"""The invariants of Cohere's dialect (see upstream.py), an event in each line, too."""

from tests.fuzz.upstream import UpstreamTargets, chosen
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.dialects.cohere_chat.dialect import CohereChat

_DIALECT = CohereChat()
_TARGETS = UpstreamTargets(
    _DIALECT,
    tuple(
        Deployment(id="p/m", provider="p", model="m", dialect=_DIALECT.name, quirks=quirks)
        for quirks in (
            Quirks(mid_system=False, max_temperature=1.0),
            Quirks(efforts=(), schema_output=False, max_tool_name=12, max_stop=1),
        )
    ),
)
_STATUSES = (200, 302, 400, 401, 404, 422, 429, 498, 500, 503)


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where an invariant is broken."""
    chosen((_TARGETS.request, _TARGETS.answer, _TARGETS.stream, _lines, _error), data)


def _lines(data: bytes) -> None:
    """An event in each line, whose framing is right."""
    _TARGETS.stream(b"".join(b"data: %b\n\n" % line for line in data.split(b"\n")))


def _error(body: bytes) -> None:
    _TARGETS.error(body, _STATUSES, ((b"retry-after", body[:9]),))
