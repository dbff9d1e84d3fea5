"""Inputs cut into legs: as many as an upstream takes in one request, in their order."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.embedding import EmbeddingRequest, Input

# A token is three bytes or more of nearly every text: too small a leg does no harm.
_BYTES_PER_TOKEN = 3
# A thousand vectors of 3,072 numbers are some 40 MB of digits, which is less than we accept in one
# answer; base64 is a third of that.
_MOST_IN_NUMBERS = 1024


def first_leg(request: EmbeddingRequest, plan: Sequence[Deployment]) -> int:
    """How many inputs go into the next request, so that whoever of the plan is asked takes them."""
    embeds = [deployment.embeds or Embeds() for deployment in plan]
    most = min(e.max_inputs for e in embeds)
    if not (request.base64 and all(e.base64 for e in embeds)):
        most = min(most, _MOST_IN_NUMBERS)
    room = min(e.max_tokens for e in embeds)
    for number, one in enumerate(request.inputs[:most]):
        room -= tokens_at_most(one)
        if room < 0:
            return max(1, number)  # one that is too long alone is refused by who knows its limit
    return min(most, len(request.inputs))


def tokens_at_most(one: Input) -> int:
    if not isinstance(one, str):
        return len(one)
    size = len(one) if one.isascii() else len(one.encode("utf-8", "replace"))
    return size // _BYTES_PER_TOKEN + 1
