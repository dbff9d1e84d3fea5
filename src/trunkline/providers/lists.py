"""
What each provider said last that it serves: asked on the side, so that nobody waits for it.

A list holds for minutes; one that cannot be had anew stays as it is. Somebody who asks for a
name that nobody knows hurries the next round: it may have come to be since.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from trunkline.canon.errors import Garbled, GatewayError, TimedOut, UpstreamError
from trunkline.kernel.clock import Clock
from trunkline.providers.base import Provider
from trunkline.providers.listing import Listed
from trunkline.transport.base import Timeouts

# Seconds one provider may take, connecting included.
_PATIENCE = 10.0
_TIMEOUTS = Timeouts(connect=5.0, headers=_PATIENCE, idle=_PATIENCE)
# The longest list we know, OpenRouter's, has some 700 KB (2026-11-21).
_MAX_BODY = 8 << 20
# Seconds between two rounds, however many unknown names are asked for.
_LEAST_PAUSE = 10.0


class Statistics(Struct, frozen=True):
    listed: int
    """Models, over all lists."""
    failing: int
    """Providers whose list could not be had the last time."""


class _List(Struct):
    provider: Provider
    models: Mapping[str, Listed] | None = None
    """None: never had."""
    failing: bool = False


class ModelLists:
    """By provider; replaced one by one as they come in."""

    def __init__(
        self, clock: Clock, on_change: Callable[[], None], on_problem: Callable[[str], None]
    ) -> None:
        """`on_change` is called after a list has become another than it was."""
        self._clock = clock
        self._on_change = on_change
        self._on_problem = on_problem
        self._lists: dict[str, _List] = {}
        self._interval = 0.0
        self._hurry = asyncio.Event()

    def follow(self, providers: Mapping[str, Provider], interval: float) -> None:
        """
        From now on these, every `interval` seconds; 0: nobody is asked.

        A provider that stayed keeps its list.
        """
        known = self._lists
        self._lists = {
            name: known[name]
            if name in known and known[name].provider is provider
            else _List(provider)
            for name, provider in providers.items()
        }
        self._interval = interval
        self._hurry.set()

    def names(self) -> Mapping[str, Sequence[str]]:
        """Of those whose list was had."""
        return {
            name: tuple(known.models)
            for name, known in self._lists.items()
            if known.models is not None
        }

    def find(self, provider: str, model: str) -> Listed | None:
        """What the provider's own list says of the model."""
        known = self._lists.get(provider)
        return None if known is None or known.models is None else known.models.get(model)

    def missed(self) -> None:
        """Somebody asked for a name that nobody knows."""
        self._hurry.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._hurry.clear()
            began = self._clock.monotonic()
            if self._interval:
                await self.refresh()
            try:
                async with asyncio.timeout(self._interval or None):
                    await self._hurry.wait()
            except TimeoutError:
                continue
            pause = began + _LEAST_PAUSE - self._clock.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)

    async def refresh(self) -> None:
        """Ask everybody, at the same time. Each list counts as soon as it is there."""
        async with asyncio.TaskGroup() as group:
            for name, known in self._lists.items():
                group.create_task(self._renew(name, known))

    async def _renew(self, name: str, known: _List) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                listed = await _ask(known.provider)
        except Exception as error:  # noqa: BLE001 - one provider's surprise must not keep the others from being asked
            if not known.failing:
                self._on_problem(
                    f"the models of '{name}' cannot be listed at the moment: {_why(error)}"
                )
            known.failing = True
            return
        known.failing = False
        if listed is None:
            return
        models = {model.id: model for model in listed}
        changed = known.models is None or known.models.keys() != models.keys()
        known.models = models
        if changed and self._lists.get(name) is known:
            self._on_change()

    def statistics(self) -> Statistics:
        lists = self._lists.values()
        return Statistics(
            listed=sum(len(known.models or ()) for known in lists),
            failing=sum(known.failing for known in lists),
        )

    def __repr__(self) -> str:
        return f"<ModelLists of {', '.join(self.names()) or 'nobody yet'}>"


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return error.message if isinstance(error, GatewayError) else repr(error)


async def _ask(provider: Provider) -> Sequence[Listed] | None:
    """None where there is nobody to ask. Raises UpstreamError, the last credential's."""
    if not provider.credentials:  # our tenants' keys are not for our questions
        return None
    failure: UpstreamError | None = None
    for credential in provider.credentials:
        request = provider.models_request(credential)
        if request is None:
            return None
        response = await provider.transport.send(request, _TIMEOUTS)
        try:
            body = await response.body(_MAX_BODY)
        finally:
            response.close()
        if response.status == 200:
            return provider.listed(body)
        failure = Garbled(f"it answered with status {response.status}")
        if response.status not in {401, 403, 429}:  # another credential would hear the same
            break
    raise failure or TimedOut("nobody was asked")
