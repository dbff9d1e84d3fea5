"""Which credential a provider is asked with: the tenant's own before those of the platform."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import (
    BadCredential,
    CredentialMissing,
    QuotaExhausted,
    Throttled,
    UpstreamError,
)
from trunkline.canon.exchange import Principal
from trunkline.flow.rooms import Rooms
from trunkline.providers.base import Credential

# What a client is told while every credential rests.
_PAUSED: Mapping[type[UpstreamError], str] = {
    BadCredential: "{provider} refused {whose} credentials a moment ago",
    QuotaExhausted: "the account of {owner} at {provider} has run dry",
    Throttled: "{provider} asked for a pause on '{model}'; try again in {seconds} s",
}
_NONE = (
    "{provider} is asked with its tenants' own credentials alone, and yours has brought none;"
    " ask whoever runs this gateway to add it"
)

_CLOSED = (
    "the credentials that your tenant brought for {provider} cannot be opened here; ask whoever"
    " runs this gateway"
)


class Choice(Struct, frozen=True):
    """Those of one tenant at one provider."""

    first: Sequence[Credential]
    second: Sequence[Credential] = ()
    """Asked once all of the first rest."""
    brought: bool = False
    """The tenant has some of its own there, whether or not they can be opened."""

    @property
    def count(self) -> int:
        return len(self.first) + len(self.second)


def choice(rooms: Rooms, principal: Principal, deployment: Deployment) -> Choice:
    """A tenant that has brought none pays one look-up for that."""
    provider = rooms.providers[deployment.provider]
    own = rooms.own_keys(principal.tenant)
    brought = None if own is None else own.get(deployment.provider)
    if not brought:
        return Choice(provider.credentials)
    mine = [provider.credential(key.id, key.key) for key in brought if key.key is not None]
    # All must allow it: nobody shall pay for what one of two keys was not meant for.
    platform = provider.credentials if all(key.fallback for key in brought) else ()
    return Choice([one for one in mine if one is not None], platform, brought=True)


def usable(rooms: Rooms, those: Choice, model: str, now: float) -> Credential | None:
    """The next in turn that does not rest; None where all do."""
    cooling = rooms.router.cooling
    for credentials in (those.first, those.second):
        if len(credentials) == 1:
            if not cooling.remaining(credentials[0].id, model, now):
                return credentials[0]
        elif credentials:
            turn = int(rooms.dice() * len(credentials))
            index = cooling.pick([one.id for one in credentials], model, now, turn)
            if index is not None:
                return credentials[index]
    return None


def soonest(
    rooms: Rooms, those: Choice, model: str, now: float
) -> tuple[float, type[UpstreamError]]:
    """Seconds until one may be used again, and why not now."""
    ids = [one.id for one in (*those.first, *those.second)]
    return rooms.router.cooling.soonest(ids, model, now)


def resting(rooms: Rooms, those: Choice, deployment: Deployment, now: float) -> UpstreamError:
    """What made them rest, with the shortest wait."""
    if not those.count and those.brought:
        return BadCredential(_CLOSED.format(provider=deployment.provider))
    if not those.count:
        return CredentialMissing(_NONE.format(provider=deployment.provider))
    wait, why = soonest(rooms, those, deployment.model, now)
    own = those.first[0].own if those.first else False
    told = _PAUSED.get(why, _PAUSED[Throttled]).format(
        provider=deployment.provider,
        model=deployment.model,
        seconds=max(1, round(wait)),
        whose="your tenant's own" if own else "this gateway's",
        owner="your tenant" if own else "this gateway",
    )
    return why(told, retry_after=wait)
