"""Top-level quirks of a provider, applied to any body, decoded or not; and a body sent on as it is."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import Body, apply_quirks
from trunkline.dialects.notes import Notes
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_TRUE = b"true"
_INCLUDE_USAGE = Raw(b'{"include_usage":true}')


def apply(body: Body, quirks: Quirks, notes: Notes) -> None:
    apply_quirks(body, quirks, notes.add, why="dropped: the provider rejects it")


def forward(envelope: Mapping[str, Raw], deployment: Deployment) -> Encoded:
    """
    The client's own body, its model replaced, all else to the byte but for the quirks.

    A stream is asked for its usage: what passes through is billed, too.
    """
    quirks = deployment.quirks
    body: Body = dict(envelope)
    body["model"] = deployment.model
    if quirks.stream_usage and "stream" in envelope and bytes(envelope["stream"]) == _TRUE:
        body["stream_options"] = _with_usage(envelope.get("stream_options"))
    if not (quirks.drop or quirks.rename or quirks.add):
        return Encoded(json.encode(body))
    notes = Notes()
    apply(body, quirks, notes)
    return Encoded(json.encode(body), notes=notes.all())


def _with_usage(options: Raw | None) -> object:
    if options is None:
        return _INCLUDE_USAGE
    try:
        return {**RAW_MAP.decode(options), "include_usage": True}
    except NOT_JSON:
        return _INCLUDE_USAGE
