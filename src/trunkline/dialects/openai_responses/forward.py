"""A request passing from a client of this API to an upstream of it; and quirks, for any body."""

from collections.abc import Mapping

from msgspec import Raw, Struct, json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import Body, apply_quirks
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_responses.carried import carried
from trunkline.dialects.openai_responses.encode_request_items import fitted
from trunkline.dialects.openai_responses.reasoning import item_of, proof_of
from trunkline.dialects.openai_responses.upstream_wire import ITEM, KIND
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_LIST
from trunkline.dialects.thought_ids import mend_each, mend_id

_TAG = b'"trunkline.1:'
_FOREIGN = "another provider's reasoning dropped: it is not known here"


def forward(envelope: Mapping[str, Raw], deployment: Deployment) -> Encoded:
    """
    The client's own body, its model replaced, all else to the byte but for the quirks.

    What we had a client carry for another dialect's model stays behind, reasoning and signatures
    in call ids: OpenAI would answer 400.
    """
    quirks, notes = deployment.quirks, Notes()
    body: Body = dict(envelope)
    body["model"] = deployment.model
    items = envelope.get("input")
    if items is not None:
        items = _without_foreign(items, notes) if _TAG in bytes(items) else items
        body["input"] = mend_each(items, _unsigned)
    if quirks.drop or quirks.routing or quirks.rename or quirks.add:
        apply(body, quirks, notes)
    return Encoded(json.encode(body), notes=notes.all())


def apply(body: Body, quirks: Quirks, notes: Notes) -> None:
    apply_quirks(body, quirks, notes.add, why="dropped: the provider rejects it")


def _without_foreign(items: Raw, notes: Notes) -> Raw:
    """What is not the API's shape is left for the upstream to refuse."""
    try:
        before = RAW_LIST.decode(items)
        after = [_restored(item) for item in before]
    except NOT_JSON:
        return items
    if after == before:
        return items
    kept = [item for item in after if item is not None]
    if len(kept) < len(before):
        notes.add("input", _FOREIGN)
    return Raw(json.encode(kept))


def _unsigned(item: Raw) -> Raw:
    return mend_id(item, "call_id", fitted)


def _restored(item: Raw) -> Raw | Struct | None:
    """An item of ours as its maker wrote it; None for another maker's."""
    if _TAG not in bytes(item) or KIND.decode(item).type != "reasoning":
        return item
    read = ITEM.decode(item)
    texts = [part.text for part in (read.content or read.summary or ()) if part.text]
    part = carried("\n\n".join(texts), read.encrypted_content or "")
    if part is None:
        return item
    return item_of(part, proof_of(part)) if part.origin == NAME else None
