"""GET /v1/models: what can be asked for, in OpenAI's list, Anthropic's or Google's, by who asks."""

import asyncio
from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from trunkline.admin import google_models
from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.model_facts import AT_ONCE, Facts, facts_for, facts_of, names_for
from trunkline.admin.times import rfc3339
from trunkline.canon.errors import Malformed
from trunkline.catalog.price import TokenRates

# Anthropic's list: 20 a page unless asked otherwise, 1000 at most (API reference, seen 2026-11-21).
_PAGE, _LARGEST_PAGE = 20, 1000
_PICO_PER_MICRO_USD = 10**6


class Pricing(Struct, frozen=True):
    """Dollars per million tokens."""

    input: str
    cache_read: str
    cache_write: str
    output: str


class OpenAIModel(Struct, frozen=True, kw_only=True):
    id: str
    object: str = "model"
    created: int
    owned_by: str
    context_window: int | None
    max_output_tokens: int | None
    pricing: Pricing | None
    capabilities: tuple[str, ...]
    providers: tuple[str, ...]
    """Who may answer, in the order of the route."""


class AnthropicModel(Struct, frozen=True, kw_only=True):
    type: str = "model"
    id: str
    display_name: str
    created_at: str
    max_input_tokens: int | UnsetType = UNSET
    max_tokens: int | UnsetType = UNSET


class OpenAIList(Struct, frozen=True):
    data: Sequence[OpenAIModel]
    object: str = "list"


class AnthropicList(Struct, frozen=True):
    data: Sequence[AnthropicModel]
    has_more: bool
    first_id: str | None
    last_id: str | None


def _speaks_anthropic(call: ControlCall) -> bool:
    return "anthropic-version" in call.request.headers


def _speaks_google(call: ControlCall) -> bool:
    """google-genai asks at /v1, too (3.4, seen 2026-11-21)."""
    return "x-goog-api-client" in call.request.headers or "x-goog-api-key" in call.request.headers


async def list_models(call: ControlCall) -> Response:
    if _speaks_google(call):
        return await google_models.list_models(call)
    table = call.plane.rooms.router.table
    names = await names_for(call, table)
    if not _speaks_anthropic(call):
        models = []
        for name in names:
            models.append(_openai(call, facts_of(call, name, table)))
            if len(models) % AT_ONCE == 0:
                await asyncio.sleep(0)
        return answer(OpenAIList(models))
    page, more = _page(names, call)
    data = [_anthropic(facts_of(call, n, table)) for n in page]
    first, last = (page[0], page[-1]) if page else (None, None)
    return answer(AnthropicList(data, more, first, last))


async def one_model(call: ControlCall) -> Response:
    if _speaks_google(call):
        return await google_models.one_model(call)
    facts = facts_for(call, call.request.path_params["model"])
    return answer(_anthropic(facts) if _speaks_anthropic(call) else _openai(call, facts))


def _page(names: list[str], call: ControlCall) -> tuple[list[str], bool]:
    """Anthropic's paging: ?limit, ?after_id, ?before_id."""
    query = call.request.query_params
    try:
        limit = int(query.get("limit", _PAGE))
    except ValueError:
        limit = 0
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Malformed(f"`limit` must be between 1 and {_LARGEST_PAGE}", param="limit")
    for parameter in ("after_id", "before_id"):
        if parameter in query and query[parameter] not in names:
            raise Malformed(
                f"`{parameter}` must be the id of a model in this list", param=parameter
            )
    if "before_id" in query:
        before = names[: names.index(query["before_id"])]
        return before[-limit:], len(before) > limit
    rest = names[names.index(query["after_id"]) + 1 :] if "after_id" in query else names
    return rest[:limit], len(rest) > limit


def _openai(call: ControlCall, facts: Facts) -> OpenAIModel:
    row, deployment = facts.row, facts.deployments[0]
    price = call.plane.catalog.price(row, call.plane.clock.unix()) if row else None
    return OpenAIModel(
        id=facts.name,
        created=int(facts.created),
        owned_by=(row.creator if row else "") or deployment.provider,
        context_window=facts.context_window,
        max_output_tokens=facts.max_output_tokens,
        pricing=_pricing(price.rates) if price else None,
        capabilities=row.capabilities if row else (),
        providers=tuple(d.provider for d in facts.deployments),
    )


def _anthropic(facts: Facts) -> AnthropicModel:
    row = facts.row
    return AnthropicModel(
        id=facts.name,
        display_name=(row.name if row else "") or facts.listed.name or facts.name,
        created_at=rfc3339(facts.created),
        max_input_tokens=facts.context_window or UNSET,
        max_tokens=facts.max_output_tokens or UNSET,
    )


def _pricing(rates: TokenRates) -> Pricing:
    return Pricing(
        *(
            f"{value // _PICO_PER_MICRO_USD}.{value % _PICO_PER_MICRO_USD:06d}"
            for value in (rates.input, rates.cache_read, rates.cache_write, rates.output)
        )
    )


ROUTES = (
    ControlRoute("GET", "/v1/models", Policy.KEY, list_models, "Every model", "models:read"),
    ControlRoute(
        "GET", "/v1/models/{model:path}", Policy.KEY, one_model, "One model", "models:read"
    ),
)
