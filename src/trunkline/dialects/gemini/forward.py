"""A request passing from a Gemini client to a Gemini upstream: to the byte, but for our own words."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import apply_quirks
from trunkline.dialects.gemini.signature import TAG, sign_calls
from trunkline.dialects.gemini.wire import NOT_TAKEN, Fields
from trunkline.dialects.notes import Notes
from trunkline.dialects.raws import NOT_JSON, RAW_LIST, RAW_MAP

_IN_PATH = ("model", "stream")
"""What a face reads from the path and puts into the envelope."""
_MODEL = Raw(b'"model"')
_CALLS = (b'"functionCall"', b'"function_call"')


def forward(envelope: Mapping[str, Raw], deployment: Deployment) -> Encoded:
    body: Fields = {name: raw for name, raw in envelope.items() if name not in _IN_PATH}
    notes = Notes()
    contents = envelope.get("contents")
    if contents is not None and TAG in bytes(contents):
        kept = _without_foreign(contents)
        if kept != contents:
            body["contents"] = contents = kept
            why = "another provider's reasoning dropped: its signature is not known here"
            notes.add("contents", why)
    if contents is not None and deployment.quirks.thought_signatures:
        body["contents"] = _with_signatures(contents)
    apply_quirks(body, deployment.quirks, notes.add, why=NOT_TAKEN)
    return Encoded(json.encode(body), notes=notes.all())


def _with_signatures(contents: Raw) -> Raw:
    """History in which other models' calls may stand: Google would answer 400 to a bare one."""
    raw = bytes(contents)
    if not any(word in raw for word in _CALLS):
        return contents
    try:
        read = [RAW_MAP.decode(content) for content in RAW_LIST.decode(contents)]
        parts = [_parts(fields) for fields in read]
    except NOT_JSON:
        return contents
    roles = ["model" if fields.get("role") == _MODEL else "" for fields in read]
    if not sign_calls(zip(roles, parts, strict=True)):
        return contents
    return Raw(
        json.encode(
            [
                {**fields, "parts": said} if said else fields
                for fields, said in zip(read, parts, strict=True)
            ]
        )
    )


def _parts(fields: Mapping[str, Raw]) -> list[Fields]:
    return [dict(RAW_MAP.decode(part)) for part in RAW_LIST.decode(fields.get("parts", b"[]"))]


def _without_foreign(contents: Raw) -> Raw:
    """
    History without the parts whose signature we packed for another dialect: Google would answer
    400. What is not the API's shape is left for the upstream to refuse.
    """
    try:
        before = RAW_LIST.decode(contents)
        kept = [after for content in before if (after := _stripped(content)) is not None]
    except NOT_JSON:
        return contents
    return contents if kept == before else Raw(json.encode(kept))


def _stripped(content: Raw) -> Raw | None:
    """None for a content of which nothing is left."""
    if TAG not in bytes(content):
        return content
    fields = RAW_MAP.decode(content)
    parts = RAW_LIST.decode(fields.get("parts", b"[]"))
    kept = [part for part in parts if not _foreign(part)]
    if kept == parts:
        return content
    if not kept:
        return None
    return Raw(json.encode({**fields, "parts": kept}))


def _foreign(part: Raw) -> bool:
    if TAG not in bytes(part):
        return False
    fields = RAW_MAP.decode(part)
    named = (fields.get("thoughtSignature"), fields.get("thought_signature"))
    return any(raw is not None and bytes(raw).startswith(b'"' + TAG) for raw in named)
