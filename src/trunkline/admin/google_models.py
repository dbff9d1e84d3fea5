"""What can be asked for, in Google's list: GET /v1beta/models, or /v1/models from its own clients."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.model_facts import Facts, facts_for, facts_of, names_for
from trunkline.canon.errors import Malformed

PATH = "/v1beta/models"
# ai.google.dev/api/models, seen 2026-11-21.
_PAGE, _LARGEST_PAGE = 50, 1000
_METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_EMBEDS = ("embedContent", "batchEmbedContents")


class Model(Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    """ "models/" and the name that goes into the path of a request."""
    base_model_id: str
    version: str
    display_name: str
    description: str
    input_token_limit: int | UnsetType = UNSET
    output_token_limit: int | UnsetType = UNSET
    supported_generation_methods: tuple[str, ...] = _METHODS


class Models(Struct, frozen=True, rename="camel"):
    models: Sequence[Model]
    next_page_token: str | UnsetType = UNSET


async def list_models(call: ControlCall) -> Response:
    table = call.plane.rooms.router.table
    names = await names_for(call, table)
    first, size = _page(call, len(names))
    page = [_model(facts_of(call, name, table)) for name in names[first : first + size]]
    more = first + size < len(names)
    return answer(Models(page, str(first + size) if more else UNSET))


async def one_model(call: ControlCall) -> Response:
    return answer(_model(facts_for(call, call.request.path_params["model"])))


def _page(call: ControlCall, count: int) -> tuple[int, int]:
    """Where to begin, and how many: ?pageToken is a number we gave, ?pageSize the caller's wish."""
    query = call.request.query_params
    size, first = query.get("pageSize", str(_PAGE)), query.get("pageToken") or "0"
    if not (size.isdecimal() and len(size) <= 6):
        raise Malformed("`pageSize` must be a number", param="pageSize")
    if not (first.isdecimal() and len(first) <= 9 and int(first) <= count):
        raise Malformed("`pageToken` must be one that this list gave", param="pageToken")
    return int(first), min(int(size) or _PAGE, _LARGEST_PAGE)


def _model(facts: Facts) -> Model:
    row = facts.row
    return Model(
        name=f"models/{facts.name}",
        base_model_id=facts.name,
        version=facts.deployments[0].model,
        display_name=(row.name if row else "") or facts.listed.name or facts.name,
        description=f"Served by {', '.join(d.provider for d in facts.deployments)}",
        input_token_limit=facts.context_window or UNSET,
        output_token_limit=facts.max_output_tokens or UNSET,
        supported_generation_methods=_EMBEDS if row and row.kind == "embedding" else _METHODS,
    )


ROUTES = (
    ControlRoute("GET", PATH, Policy.KEY, list_models, "Every model, as Google", "models:read"),
    ControlRoute(
        "GET", PATH + "/{model:path}", Policy.KEY, one_model, "One model, as Google", "models:read"
    ),
)
