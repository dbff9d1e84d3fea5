"""What a translation could not honour, said aloud instead of lost."""

from msgspec import Struct


class Note(Struct, frozen=True, gc=False):
    """
    One thing dropped or changed between dialects; reaches the client in `x-trunkline-warnings`.

    `field` is the path in the client's own request ("logit_bias", "messages.2.content"),
    `message` one clause that says what was done ("dropped: Anthropic has no such field").
    Neither ever holds content or a secret.
    """

    field: str
    message: str
