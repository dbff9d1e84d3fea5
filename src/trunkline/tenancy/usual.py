"""How much each key's requests usually write, learned: what is reserved where the client sets no bound."""

from collections import OrderedDict

from msgspec import Struct

from trunkline.canon.exchange import Principal

# RFC 6298 estimates the round trips of TCP so: a smoothed mean, a smoothed deviation, and four of
# these above the mean for what nearly never is exceeded.
_MEAN_SHARE = 1 / 8
_DEVIATION_SHARE = 1 / 4
_DEVIATIONS = 4
_MOST_KNOWN = 8192
FIRST = 1024
"""Tokens, before anything is known: what a paragraph or two take."""


class _Known(Struct):
    mean: float
    deviation: float


class UsualOutput:
    """Tokens written, by tenant, key and model. A worker's own knowledge: a guess needs no agreement."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], _Known] = OrderedDict()

    def of(self, principal: Principal, model: str) -> int | None:
        """What one request hardly ever exceeds; None where there was none yet."""
        known = self._known.get((principal.tenant, principal.key_id, model))
        return None if known is None else round(known.mean + _DEVIATIONS * known.deviation)

    def learn(self, principal: Principal, model: str, written: int) -> None:
        place = (principal.tenant, principal.key_id, model)
        known = self._known.get(place)
        if known is None:
            self._known[place] = _Known(written, written / 2)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
            return
        off = abs(written - known.mean)
        known.deviation += _DEVIATION_SHARE * (off - known.deviation)
        known.mean += _MEAN_SHARE * (written - known.mean)
        self._known.move_to_end(place)

    def __repr__(self) -> str:
        return f"<UsualOutput of {len(self._known)} keys and models>"
