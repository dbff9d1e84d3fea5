"""How a provider departs from the dialect, applied to a body's top level."""

from collections.abc import Callable

from trunkline.canon.deployment import Quirks
from trunkline.dialects.anthropic_messages.wire import BETA_HEADER, Fields
from trunkline.dialects.field_quirks import drop_routing

Noting = Callable[[str, str], None]


def apply_quirks(body: Fields, quirks: Quirks, note: Noting) -> None:
    """Drops with a note, then renames, then adds what is missing."""
    drop_routing(body, quirks, note)
    for field in quirks.drop:
        if field in body:
            del body[field]
            note(field, "dropped: this provider does not take it")
    for old, new in quirks.rename.items():
        if old in body:
            body[new] = body.pop(old)
    for field, value in quirks.add.items():
        body.setdefault(field, value)


def beta_header(betas: bytes, quirks: Quirks, note: Noting) -> tuple[tuple[bytes, bytes], ...]:
    """The client's beta features, unless the provider chokes on them (`drop` names the header)."""
    if not betas:
        return ()
    if BETA_HEADER in quirks.drop:
        note(BETA_HEADER, "dropped: this provider does not take it")
        return ()
    return ((BETA_HEADER.encode(), betas),)
