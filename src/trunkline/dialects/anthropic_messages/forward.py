"""A request passing from an Anthropic client to an Anthropic upstream: model replaced, little else."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.note import Note
from trunkline.dialects.anthropic_messages.encode_request import VERSION, VERSION_HEADER
from trunkline.dialects.anthropic_messages.names import fit_id
from trunkline.dialects.anthropic_messages.quirks import apply_quirks, beta_header
from trunkline.dialects.anthropic_messages.signature import TAG
from trunkline.dialects.anthropic_messages.wire import (
    BETA_HEADER,
    BROKEN,
    RAW_LIST,
    RAW_MAP,
    Fields,
)
from trunkline.dialects.base import Encoded
from trunkline.dialects.thought_ids import mend_each, mend_id, mend_list

_TAG = TAG.encode()


def forward(
    envelope: Mapping[str, Raw], deployment: Deployment, headers: Mapping[bytes, bytes]
) -> Encoded:
    """All but the model and quirks to the byte, and the client's version and beta headers."""
    notes: list[Note] = []

    def note(field: str, message: str) -> None:
        notes.append(Note(field, message))

    body: Fields = {**envelope, "model": deployment.model}
    messages = envelope.get("messages")
    if messages is not None and _TAG in bytes(messages):
        kept = _without_foreign(messages)
        if kept != messages:
            note(
                "messages", "another provider's reasoning dropped: its signature is not known here"
            )
            messages = kept
    if messages is not None:
        body["messages"] = mend_each(messages, _unsigned)
    apply_quirks(body, deployment.quirks, note)
    version = headers.get(VERSION_HEADER, VERSION)
    betas = beta_header(headers.get(BETA_HEADER.encode(), b""), deployment.quirks, note)
    return Encoded(json.encode(body), ((VERSION_HEADER, version), *betas), tuple(notes))


def _without_foreign(messages: Raw) -> Raw:
    """
    History without the blocks whose signature we packed for another dialect: Anthropic would
    answer 400. What is not the API's shape is left for the upstream to refuse.
    """
    try:
        before = RAW_LIST.decode(messages)
        kept = [after for message in before if (after := _stripped(message)) is not None]
    except BROKEN:
        return messages
    return messages if kept == before else Raw(json.encode(kept))


def _stripped(message: Raw) -> Raw | None:
    """None for a message of which nothing is left."""
    if _TAG not in bytes(message):
        return message
    fields = RAW_MAP.decode(message)
    content = fields.get("content")
    if content is None or not bytes(content).startswith(b"["):
        return message
    blocks = RAW_LIST.decode(content)
    kept = [block for block in blocks if not _foreign(block)]
    if kept == blocks:
        return message
    if not kept:
        return None
    return Raw(json.encode({**fields, "content": Raw(json.encode(kept))}))


def _unsigned(message: Raw) -> Raw:
    """Without the signatures that we put into the ids of calls."""
    return mend_list(message, "content", _unsigned_block)


def _unsigned_block(block: Raw) -> Raw:
    return mend_id(mend_id(block, "id", fit_id), "tool_use_id", fit_id)


def _foreign(block: Raw) -> bool:
    if _TAG not in bytes(block):
        return False
    fields = RAW_MAP.decode(block)
    return any(
        bytes(fields.get(field, b"")).startswith(b'"' + _TAG) for field in ("signature", "data")
    )
