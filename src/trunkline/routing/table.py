"""From the name a client uses to the route that serves it, in the contract's four steps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import UnknownModel
from trunkline.routing.base import Route


class Serving(Protocol):
    """A configured provider, as far as names are concerned."""

    @property
    def name(self) -> str: ...
    def deployment(self, model: str) -> Deployment: ...
    def models(self) -> Sequence[str]: ...


class Names(Protocol):
    """What the catalogue knows of names."""

    def direct(self, name: str) -> tuple[str, str] | None:
        """An OpenRouter-style id as (direct provider, its own model name)."""

    def nearest(self, name: str, known: Sequence[str]) -> Sequence[str]: ...
    def holders(self, name: str) -> Sequence[str]:
        """Providers that serve a model of this name, configured or not."""


OPENROUTER = "openrouter"
_MOST_REMEMBERED = 10_000


class RouteTable:
    """
    Resolves, in this order: an alias; `provider/model`; a catalogue name of a configured
    provider; an OpenRouter-style id at its direct provider; a name that a provider itself
    lists; any other OpenRouter-style id at OpenRouter.

    Answers are remembered, so a known name costs one dictionary look-up. Immutable but for
    that: when a provider lists other models than before, `relisted` makes the next table.
    """

    def __init__(
        self,
        aliases: Mapping[str, Route],
        providers: Mapping[str, Serving],
        names: Names,
        listed: Mapping[str, Sequence[str]] | None = None,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """
        `listed`: the models that providers list, by provider, where that is known.
        `missed` is called for a name that nobody knows.
        """
        self._aliases = aliases
        self._providers = providers
        self._names = names
        self._missed = missed
        self._catalogued: dict[str, list[str]] = {}
        self._listed: dict[str, list[str]] = {}
        shown = dict.fromkeys(aliases)
        for provider in providers.values():
            catalogued, own = provider.models(), (listed or {}).get(provider.name)
            for model in catalogued:
                self._catalogued.setdefault(model, []).append(provider.name)
            for model in own or ():
                self._listed.setdefault(model, []).append(provider.name)
            shown.update(dict.fromkeys(catalogued if own is None else own))
        self._shown = tuple(shown)
        self._known: dict[str, Route] = {}

    def relisted(self, listed: Mapping[str, Sequence[str]]) -> "RouteTable":
        """The same, but for what providers list."""
        return RouteTable(self._aliases, self._providers, self._names, listed, self._missed)

    def resolve(self, name: str) -> Route:
        """Raises UnknownModel, naming the nearest known names."""
        route = self._known.get(name)
        if route is None:
            route = self._find(name)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[name] = route
        return route

    def names(self) -> list[str]:
        """
        Every name that is certain to resolve: aliases, then each provider's models.

        Those that the provider lists, or where that is not known, that the catalogue has.
        """
        return list(self._shown)

    def _find(self, name: str) -> Route:
        steps: tuple[Callable[[str], Route | None], ...] = (
            self._aliases.get,
            self._of_provider,
            self._of_catalogue,
            self._direct,
            self._of_lists,
            self._via_openrouter,
        )
        for step in steps:
            route = step(name)
            if route is not None:
                return route
        self._missed()
        raise self._unknown(name)

    def _of_provider(self, name: str) -> Route | None:
        provider, slash, model = name.partition("/")
        serving = self._providers.get(provider)
        if not slash or not model or serving is None:
            return None
        # "openai/gpt-4o" is both: a configured openai takes it; "openrouter/x/y" keeps x/y.
        direct = self._names.direct(name)
        if direct is not None and direct[0] == provider:
            model = direct[1]
        return Route(name, (serving.deployment(model),))

    def _of_catalogue(self, name: str) -> Route | None:
        holders = self._catalogued.get(name)
        if not holders:
            return None
        return Route(name, tuple(self._providers[h].deployment(name) for h in holders))

    def _direct(self, name: str) -> Route | None:
        """An OpenRouter-style id at whoever made the model."""
        direct = self._names.direct(name)
        serving = None if direct is None else self._providers.get(direct[0])
        if direct is None or serving is None:
            return None
        return Route(name, (serving.deployment(direct[1]),))

    def _of_lists(self, name: str) -> Route | None:
        """What no catalogue has: a model pulled, deployed or released since."""
        holders = self._listed.get(name)
        if not holders:
            return None
        return Route(name, tuple(self._providers[h].deployment(name) for h in holders))

    def _via_openrouter(self, name: str) -> Route | None:
        via = self._providers.get(OPENROUTER)
        if via is not None and "/" in name:
            return Route(name, (via.deployment(name),))
        return None

    def _unknown(self, name: str) -> UnknownModel:
        shown = name if len(name) <= 100 else name[:100] + "..."
        holders = [h for h in self._names.holders(name[:100]) if h not in self._providers]
        if holders:
            served = " or ".join(holders[:3])
            return UnknownModel(
                f"The model '{shown}' is served by {served}, not configured here: the gateway "
                f"needs a key for it, in its environment or as [providers.{holders[0]}].",
                param="model",
            )
        near = self._names.nearest(name[:100], self.names())
        *most, last = near or ("",)
        either = f"{', '.join(most)} or {last}" if most else last
        hint = f" Did you mean {either}?" if last else " See GET /v1/models."
        return UnknownModel(f"The model '{shown}' does not exist here.{hint}", param="model")

    def __repr__(self) -> str:
        return f"<RouteTable {len(self._aliases)} aliases, {len(self._shown)} names>"
