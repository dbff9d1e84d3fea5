"""How a provider embeds: what its row and its configuration say, put together."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from trunkline.canon.deployment import Embeds


class Elsewhere(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where embeddings are asked for, as far as that is not where chat is. Fields of a row."""

    base_url: str = ""
    path: str = ""
    """Instead of the dialect's path; "{model}" is replaced. May carry a query."""
    auth: str = ""
    """The header that carries the key; empty: as for chat."""


_OWN = frozenset(Elsewhere.__struct_fields__)
_ELSEWHERE = msgspec.json.Decoder(Elsewhere)
_EMBEDS = msgspec.json.Decoder(Embeds)


def merge_embeds(layers: Sequence[Mapping[str, Raw]]) -> Embeds | None:
    """
    From layers of single fields, the later ones first in force; None where nothing is said,
    or where the dialect is "".

    Raises msgspec.ValidationError for a field that neither Embeds nor Elsewhere has, or of a
    wrong type.
    """
    merged = _merged(layers)
    if not merged:
        return None
    unknown = merged.keys() - set(Embeds.__struct_fields__) - _OWN
    if unknown:
        raise msgspec.ValidationError(f"no such field of embeddings: {', '.join(sorted(unknown))}")
    own = {name: raw for name, raw in merged.items() if name not in _OWN}
    embeds = _EMBEDS.decode(msgspec.json.encode(own))
    return embeds if embeds.dialect else None


def merge_elsewhere(layers: Sequence[Mapping[str, Raw]]) -> Elsewhere:
    """As `merge_embeds`, of the other fields."""
    own = {name: raw for name, raw in _merged(layers).items() if name in _OWN}
    return _ELSEWHERE.decode(msgspec.json.encode(own))


def _merged(layers: Sequence[Mapping[str, Raw]]) -> Mapping[str, Raw]:
    merged: dict[str, Raw] = {}
    for layer in layers:
        merged.update(layer)
    return merged
