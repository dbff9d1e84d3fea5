"""Top-level quirks of a provider, applied to any body, decoded or not; and a body sent on as it is."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import Body, apply_quirks
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.openai_chat.reasoning import UNPROVEN, without_ours
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_TRUE = b"true"
_INCLUDE_USAGE = Raw(b'{"include_usage":true}')


def apply(body: Body, quirks: Quirks, notes: Notes) -> None:
    apply_quirks(body, quirks, notes.add, why="dropped: the provider rejects it")


def forward(envelope: Mapping[str, Raw], deployment: Deployment) -> Encoded:
    """
    The client's own body, its model replaced, all else to the byte but for the quirks, and for
    call ids that carry another upstream's signature: they are longer than OpenAI takes.

    A stream is asked for its usage: what passes through is billed, too. What we had the client
    carry of another dialect's reasoning stays behind.
    """
    quirks, notes = deployment.quirks, Notes()
    body: Body = dict(envelope)
    body["model"] = deployment.model
    messages = envelope.get("messages")
    if messages is not None:
        if (kept := without_ours(messages)) is not messages:
            notes.add("messages", UNPROVEN)
        body["messages"] = call_ids.mended(kept, signatures=quirks.thought_signatures)
    if quirks.stream_usage and "stream" in envelope and bytes(envelope["stream"]) == _TRUE:
        body["stream_options"] = _with_usage(envelope.get("stream_options"))
    if quirks.drop or quirks.routing or quirks.rename or quirks.add:
        apply(body, quirks, notes)
    return Encoded(json.encode(body), notes=notes.all())


def _with_usage(options: Raw | None) -> object:
    if options is None:
        return _INCLUDE_USAGE
    try:
        return {**RAW_MAP.decode(options), "include_usage": True}
    except NOT_JSON:
        return _INCLUDE_USAGE
