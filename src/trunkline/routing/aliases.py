"""The configuration's [models]: names of ours, checked against the providers there are."""

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from trunkline.canon.deployment import Deployment
from trunkline.config.errors import ConfigError
from trunkline.config.schema import ModelConfig, Target
from trunkline.routing.base import Route
from trunkline.routing.table import Serving


def alias_routes(
    models: Mapping[str, ModelConfig],
    providers: Mapping[str, Serving],
    strategies: Collection[str],
) -> dict[str, Route]:
    """Raises ConfigError, naming the key and what there is."""
    routes = {}
    for name, model in models.items():
        if model.strategy not in strategies:
            known = ", ".join(strategies)
            raise ConfigError(f"models.{name}.strategy", f"no such strategy; there are {known}")
        targets = [t if isinstance(t, Target) else Target(model=t) for t in model.targets]
        deployments = tuple(_deployment(name, t, providers) for t in targets)
        ids = [d.id for d in deployments]
        if len(set(ids)) < len(ids):
            raise ConfigError(f"models.{name}.targets", "the same target stands there twice")
        if model.strategy == "weighted" and not any(d.weight for d in deployments):
            raise ConfigError(f"models.{name}.targets", "all weights are 0; nobody would be asked")
        routes[name] = Route(name, deployments, model.strategy)
    return routes


def _deployment(alias: str, target: Target, providers: Mapping[str, Serving]) -> Deployment:
    provider, slash, model = target.model.partition("/")
    if not slash or not model:
        raise ConfigError(
            f"models.{alias}.targets", 'expected "provider/model", like "openai/gpt-4o-mini"'
        )
    if provider not in providers:
        known = ", ".join(sorted(providers)) or "none"
        raise ConfigError(
            f"models.{alias}.targets", f"no provider '{provider}' is configured; there are: {known}"
        )
    found = providers[provider].deployment(model)
    return replace(
        found,
        weight=target.weight,
        first_content_timeout=target.first_content_timeout or found.first_content_timeout,
        idle_timeout=target.idle_timeout or found.idle_timeout,
        answer_timeout=target.answer_timeout or found.answer_timeout,
        context_window=target.context_window or found.context_window,
    )
