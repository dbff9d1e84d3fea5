"""Valkey or Redis as the house's shared counters."""

from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.state import Place, State, StateSpec
from trunkline.storage.valkey.counters import Counters
from trunkline.storage.valkey.link import Link, Unfit
from trunkline.storage.valkey.session import OnProblem, Pace, Session
from trunkline.storage.valkey.state import ValkeyState

_USUAL = Pace()


def open_valkey(
    url: str, clock: Clock, holder: str, on_problem: OnProblem, pace: Pace = _USUAL
) -> ValkeyState:
    """
    Connects when it is first asked: a server that is away now may be back by then.

    Raises StorageRefused where the address or the installation is wrong.
    """
    try:
        link = Link(url, pace.timeout)
    except Unfit as error:
        raise StorageRefused(str(error)) from None
    # A name may come again with the next process: what the one before held is not its successor's.
    life = f"{holder}#{round(clock.unix() * 1_000_000)}"
    counters = Counters(link, life, pace.ttl, pace.settling)
    return ValkeyState(Session(link, counters, clock, pace, on_problem), pace.settling)


def _open(place: Place) -> State:
    return open_valkey(place.url, place.clock, place.holder, place.tell)


SPEC = StateSpec("valkey", ("redis", "rediss", "valkey", "valkeys"), _open)
